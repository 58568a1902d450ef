"""Features are made once: what is kept, what is made anew, and what is said on the way."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from PIL import Image

from ganlift.data.reading import Reading
from ganlift.data.types import ImageSet
from ganlift.errors import ConfigError, DataError
from ganlift.features import Files, Network, Pixels, Recipe, embed, store_folder
from ganlift.features.embed import BLOCK

PLAIN = Recipe(1)
Counted = tuple[Network, list[int]]


def part(images: ImageSet, many: int | np.ndarray) -> ImageSet:  # type: ignore[type-arg]
    where = np.arange(many) if isinstance(many, int) else many
    names = ("pixels", "labels", "parts", "hashes", "names")
    return replace(images, **{name: getattr(images, name)[where] for name in names})


def test_features_are_those_of_the_network(small: Network, images: ImageSet, tmp_path: Path) -> None:
    recipe = Recipe(3, flips=True)
    found = embed(Pixels(images), images.hashes, small, recipe, folder=tmp_path)
    assert (found.shape, found.dtype) == ((150, 3, 6), np.float16)
    pixels = Pixels(images).read(np.arange(150), 16)
    views = recipe.make(pixels, list(images.hashes))
    expected = small(views.reshape(450, 3, 16, 16)).reshape(150, 3, 6)
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-3)
    np.testing.assert_allclose(found[:, 0], small(images.batch(np.arange(150))), rtol=0.02, atol=5e-3)


def test_a_second_time_nothing_is_computed(counted: Counted, images: ImageSet, tmp_path: Path) -> None:
    network, calls = counted
    first = embed(Pixels(images), images.hashes, network, PLAIN, folder=tmp_path)
    assert sum(calls) == 150
    again = embed(Pixels(images), images.hashes, network, PLAIN, folder=tmp_path)
    assert sum(calls) == 150
    assert isinstance(again, np.memmap)
    assert np.array_equal(first, again)


def test_a_grown_set_costs_its_new_images(counted: Counted, images: ImageSet, tmp_path: Path) -> None:
    network, calls = counted
    few = part(images, 100)
    before = embed(Pixels(few), few.hashes, network, PLAIN, folder=tmp_path)
    order = np.arange(150)[::-1].copy()
    found = embed(Pixels(part(images, order)), images.hashes[order], network, PLAIN, folder=tmp_path)
    assert sum(calls) == 150
    assert np.array_equal(found[::-1][:100], before)


def test_equal_images_are_computed_once(counted: Counted, images: ImageSet, tmp_path: Path) -> None:
    network, calls = counted
    twice = part(images, np.array([0, 1, 0, 2, 1]))
    found = embed(Pixels(twice), twice.hashes, network, PLAIN, folder=tmp_path)
    assert sum(calls) == 3
    assert np.array_equal(found[[0, 1]], found[[2, 4]])
    assert not np.array_equal(found[0], found[1])


def test_networks_recipes_and_ways_of_reading_keep_apart(counted: Counted, images: ImageSet, tmp_path: Path) -> None:
    network, calls = counted
    few = part(images, 4)
    for one, recipe in ((network, PLAIN), (replace(network, version="other"), PLAIN), (network, Recipe(2, flips=True))):
        embed(Pixels(few), few.hashes, one, recipe, folder=tmp_path)
    assert sum(calls) == 4 + 4 + 8
    files = Files([Path("a.png")])
    assert store_folder(files, network, PLAIN) != store_folder(Pixels(few), network, PLAIN)


KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from ganlift.data.build import from_arrays
from ganlift.features import Pixels, Recipe, embed, feature_network

pixels = np.random.default_rng(0).integers(0, 256, (150, 8, 8, 1), dtype=np.uint8)
images = from_arrays({"": (pixels, np.zeros(150))}, ["a"], "noise")
tell = lambda event: os._exit(9) if event.get("done", 0) >= 100 else None
network, folder = feature_network("smallnet:make"), Path(sys.argv[1])
embed(Pixels(images), images.hashes, network, Recipe(1), folder=folder, on_progress=tell)
"""


def test_a_killed_writer_loses_its_block(counted: Counted, images: ImageSet, tmp_path: Path) -> None:
    network, calls = counted
    ended = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "kept"], check=False, timeout=120)
    assert ended.returncode == 9
    rows = store_folder(Pixels(images), network, PLAIN, tmp_path / "kept") / "rows.f16"
    assert rows.stat().st_size == BLOCK * 6 * 2
    with rows.open("ab") as file:  # killed while the rows were written, and while the line was
        file.write(b"half a row")
    with rows.with_name("blocks.jsonl").open("ab") as file:
        file.write(b'{"start": 64, "hash')
    found = embed(Pixels(images), images.hashes, network, PLAIN, folder=tmp_path / "kept")
    assert sum(calls) == 150 - BLOCK
    assert rows.stat().st_size == 150 * 6 * 2
    np.testing.assert_array_equal(found, embed(Pixels(images), images.hashes, network, PLAIN, folder=tmp_path / "new"))


@pytest.mark.parametrize("file", ["rows.f16", "blocks.jsonl"])
def test_a_flipped_bit_costs_its_block(counted: Counted, images: ImageSet, tmp_path: Path, file: str) -> None:
    network, calls = counted
    first = np.array(embed(Pixels(images), images.hashes, network, PLAIN, folder=tmp_path))
    path = store_folder(Pixels(images), network, PLAIN, tmp_path) / file
    data = bytearray(path.read_bytes())
    data[20] ^= 4  # of the first block
    path.write_bytes(data)
    for _ in range(2):  # the block made anew is found the next time
        found = embed(Pixels(images), images.hashes, network, PLAIN, folder=tmp_path)
        assert sum(calls) == 150 + BLOCK
        assert np.array_equal(found, first)


def test_rows_that_were_cut_off_are_made_anew(counted: Counted, images: ImageSet, tmp_path: Path) -> None:
    network, calls = counted
    first = np.array(embed(Pixels(images), images.hashes, network, PLAIN, folder=tmp_path))
    path = store_folder(Pixels(images), network, PLAIN, tmp_path) / "rows.f16"
    path.write_bytes(path.read_bytes()[: BLOCK * 12])
    found = embed(Pixels(images), images.hashes, network, PLAIN, folder=tmp_path)
    assert sum(calls) == 150 + 150 - BLOCK
    assert np.array_equal(found, first)


def test_writers_take_turns_and_readers_do_not_wait(counted: Counted, images: ImageSet, tmp_path: Path) -> None:
    network, calls = counted
    few, told = part(images, 10), list[str]()
    embed(Pixels(few), few.hashes, network, PLAIN, folder=tmp_path)
    held, waits = threading.Event(), threading.Event()

    def other() -> None:
        with FileLock(store_folder(Pixels(few), network, PLAIN, tmp_path) / "lock"):
            held.set()
            waits.wait(60)

    threading.Thread(target=other).start()
    held.wait(60)
    embed(Pixels(few), few.hashes, network, PLAIN, folder=tmp_path)  # nothing to write

    def tell(event: dict[str, object]) -> None:
        told.append(str(event.get("message", event["type"])))
        waits.set()

    embed(Pixels(images), images.hashes, network, PLAIN, folder=tmp_path, on_progress=tell)
    assert told[0].startswith("Another process makes features in ")
    assert set(told[1:]) == {"embedding"}
    assert sum(calls) == 150


def test_progress_counts_what_is_computed(small: Network, images: ImageSet, tmp_path: Path) -> None:
    few, events = part(images, 30), list[dict[str, object]]()
    embed(Pixels(few), few.hashes, small, PLAIN, folder=tmp_path)
    embed(Pixels(images), images.hashes, small, PLAIN, folder=tmp_path, on_progress=events.append)
    first, last = events[0], events[-1]
    assert (first["done"], first["total"], first["images_per_s"], first["seconds_left"]) == (0, 120, None, None)
    assert (last["done"], last["total"], last["seconds_left"]) == (120, 120, 0.0)
    assert isinstance(last["images_per_s"], float)
    assert last["images_per_s"] > 0
    assert json.loads(json.dumps(last)) == last


def test_features_that_16_bits_do_not_hold_name_the_image(small: Network, images: ImageSet, tmp_path: Path) -> None:
    few = part(images, 10)
    bright = np.asarray(few.pixels, int).sum((1, 2, 3)).argmax()

    def forward(scale: float) -> Network:
        def of(x: torch.Tensor) -> torch.Tensor:
            sums = x.mean((1, 2, 3), keepdim=False)[:, None].expand(-1, 6)
            limit = 0.0 if scale else float("inf")
            return torch.where(sums >= _mean_of(few, int(bright)) - 1e-4, sums * 0 + (scale or limit), sums)

        return replace(small, forward=of)

    for scale, said in ((7e4, "beyond 65,504"), (0.0, "not finite")):
        with pytest.raises(
            ConfigError, match=rf"smallnet:make gives features that are {said}.* image\[{bright}\] first"
        ):
            embed(Pixels(few), few.hashes, forward(scale), PLAIN, folder=tmp_path)


def _mean_of(images: ImageSet, index: int) -> float:
    return float((Pixels(images).read(np.array([index]), 16) / 127.5 - 1).mean())


def test_files_are_read_at_the_networks_size(small: Network, tmp_path: Path) -> None:
    x = np.linspace(0, 255, 400, dtype=np.uint8)
    wide = np.stack([np.tile(x, (300, 1)), np.tile(x[::-1], (300, 1)), np.full((300, 400), 90, np.uint8)], axis=2)
    paths = [tmp_path / "a.png", tmp_path / "b.jpg"]
    for path in paths:
        Image.fromarray(wide).save(path, quality=95)
    files = Files(paths)
    pixels = files.read(np.array([0, 1]), 16)
    # the middle square of a ramp, 300 of 400 px; the JPEG file is decoded at an eighth
    expected = np.linspace(32 + 6, 223 - 6, 16)
    assert pixels.shape == (2, 3, 16, 16)
    np.testing.assert_allclose(pixels[:, 0].mean(1), [expected, expected], atol=4)
    found = embed(files, files.hashes(), small, PLAIN, folder=tmp_path / "kept")
    assert found.shape == (2, 1, 6)
    np.testing.assert_allclose(found[0], found[1], rtol=0.05, atol=0.02)


def test_files_made_square_in_another_way_are_read_again(counted: Counted, tmp_path: Path) -> None:
    network, calls = counted
    Image.fromarray(np.arange(3200, dtype=np.uint8).reshape(40, 80)).save(tmp_path / "wide.png")
    for fit, images in (("crop", 1), ("pad", 2), ("stretch", 3), ("crop", 3)):
        source = Files([tmp_path / "wide.png"], Reading(fit=fit))  # type: ignore[arg-type]
        embed(source, source.hashes(), network, PLAIN, folder=tmp_path / "kept")
        assert sum(calls) == images, fit


def test_a_file_that_is_gone_is_named(small: Network, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(path)
    files = Files([path])
    hashes = files.hashes()
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"a.png can't be read any more \(empty\); remove it or put it back"):
        embed(files, hashes, small, PLAIN, folder=tmp_path / "kept")
    path.unlink()
    with pytest.raises(DataError, match=r"a.png can't be read"):
        files.hashes()


def test_features_lie_in_the_users_cache(
    small: Network, images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANLIFT_DATA", str(tmp_path / "data"))
    few = part(images, 2)
    embed(Pixels(few), few.hashes, small, PLAIN)
    assert [path.name for path in (tmp_path / "data" / "features").glob("smallnet-make-*/*")] == ["plain-pixels"]
