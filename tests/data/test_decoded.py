"""Decoded images on the disk: the same as decoded ones to the bit, made once, and never handed out damaged."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganlift.data import load
from ganlift.data.cache import load_cache, save_cache
from ganlift.data.decode import READING, decode
from ganlift.data.decoded import CHECKING, decoded
from ganlift.data.hashes import content_hashes
from ganlift.data.keeping import CAP, kept
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.errors import ConfigError, DamagedFileError
from ganlift.nouns import IMAGE

SIZE = 16
READ = READING[IMAGE]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache of the test's own."""
    monkeypatch.setenv("GANLIFT_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """600 coloured pictures of two classes, and a broken file."""
    return make_folder(tmp_path / "images", 600)


def make_folder(folder: Path, count: int, grey: bool = False) -> Path:
    rng = np.random.default_rng(count)
    for number in range(count):
        path = folder / "ab"[number % 2] / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (SIZE, SIZE) if grey else (SIZE, SIZE, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    (folder / "a" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    return folder


class Told:
    """How often each kind of progress was told."""

    def __init__(self) -> None:
        self.counts = Counter[str]()

    def __call__(self, name: str, done: int, total: int) -> None:
        assert 0 <= done <= total
        self.counts[name] += 1


def rows_of(cache: Path) -> Path:
    [path] = cache.glob("images/*/*/images.u8")
    return path


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("colours", ["auto", "grey", "rgb"])
def test_what_is_on_the_disk_is_what_decoding_gives(tmp_path: Path, grey: bool, colours: str) -> None:
    paths = sorted(make_folder(tmp_path / "images", 20, grey).rglob("*.png"))
    asked = Reading(image_size=SIZE, colours=colours)  # type: ignore[arg-type]
    plain = decode(paths, asked)
    for _ in range(2):  # made, and found
        found = decoded(paths, asked)
        assert (found.kept, found.files) == (plain.kept, plain.files)
        np.testing.assert_array_equal(np.asarray(found.pixels), plain.pixels)
        assert found.hashes.tolist() == content_hashes(plain.pixels).tolist()


def test_nothing_is_decoded_twice_and_a_folder_may_move(folder: Path) -> None:
    first, second, moved = Told(), Told(), Told()
    before = load(str(folder), on_progress=first)
    load(str(folder), on_progress=second)
    folder.rename(folder.with_name("elsewhere"))
    after = load(str(folder.with_name("elsewhere")), on_progress=moved)
    assert first.counts[READ] == 601
    assert second.counts[READ] == moved.counts[READ] == 0 < moved.counts[CHECKING]
    np.testing.assert_array_equal(np.asarray(before.pixels), np.asarray(after.pixels))


def test_of_a_folder_that_grew_only_what_is_new_is_decoded(folder: Path) -> None:
    load(str(folder))
    Image.fromarray(np.full((SIZE, SIZE, 3), 7, np.uint8)).save(folder / "a" / "00000-more.png")
    told = Told()
    grown = load(str(folder), on_progress=told)
    assert told.counts[READ] == 1
    expected = decode([Path(path) for path in grown.paths], Reading(image_size=SIZE))  # type: ignore[union-attr]
    np.testing.assert_array_equal(np.asarray(grown.pixels), expected.pixels)


def test_grey_ones_are_copied_as_well(tmp_path: Path) -> None:
    folder, asked = make_folder(tmp_path / "images", 20), Reading(image_size=SIZE, colours="grey")
    paths = sorted(folder.rglob("*.png"))
    load(str(folder), asked)
    told = Told()
    found = decoded(paths[:10], asked, on_progress=told)
    assert told.counts[READ] == 0
    np.testing.assert_array_equal(np.asarray(found.pixels), decode(paths[:10], asked).pixels)


def test_a_command_that_was_interrupted_goes_on(folder: Path) -> None:
    def interrupt(name: str, done: int, total: int) -> None:
        if name == READ and done == 550:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(str(folder), on_progress=interrupt)
    told = Told()
    images = load(str(folder), on_progress=told)
    assert 51 <= told.counts[READ] <= 601 - 256
    expected = decode([Path(path) for path in images.paths], Reading(image_size=SIZE))  # type: ignore[union-attr]
    np.testing.assert_array_equal(np.asarray(images.pixels), expected.pixels)


@pytest.mark.parametrize("how", ["flip", "truncate", "foreign", "line"])
def test_what_is_damaged_is_made_anew_and_said(folder: Path, cache: Path, how: str) -> None:
    before = np.asarray(load(str(folder)).pixels)
    path = rows_of(cache) if how != "line" else rows_of(cache).with_name("blocks.jsonl")
    content = bytearray(path.read_bytes())
    if how == "truncate":
        content = content[: len(content) // 2]
    elif how == "foreign":
        content = bytearray(len(content))
    else:
        content[len(content) // 3] ^= 4
    path.write_bytes(content)
    told = Told()
    images = load(str(folder), on_progress=told)
    np.testing.assert_array_equal(np.asarray(images.pixels), before)
    assert any("anew" in note for note in images.notes)
    again = load(str(folder))
    assert not any("anew" in note for note in again.notes) or how == "line"
    np.testing.assert_array_equal(np.asarray(again.pixels), before)


@pytest.mark.parametrize("share", np.linspace(0, 0.999, 4))
def test_a_bit_that_flips_in_a_runs_own_files_is_noticed(folder: Path, tmp_path: Path, share: float) -> None:
    images = load(str(folder))
    save_cache(images, tmp_path / "run")
    there = load_cache(tmp_path / "run")
    np.testing.assert_array_equal(np.asarray(there.pixels), np.asarray(images.pixels))  # type: ignore[union-attr]
    path = tmp_path / "run" / "pixels-0.u8"
    content = bytearray(path.read_bytes())
    content[int(share * SIZE * SIZE * 3 * 600)] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="run the same command again"):
        load_cache(tmp_path / "run").batch(np.arange(600))  # type: ignore[union-attr]


def test_the_oldest_goes_first_and_what_is_used_stays(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [make_folder(tmp_path / f"images-{count}", count) for count in (40, 41, 42, 43)]
    in_use = load(str(folders[0]))
    for one in folders[1:3]:
        load(str(one))
    sizes = [one.bytes for one in kept()]
    assert [one.in_use for one in kept()] == [True, False, False]
    monkeypatch.setenv(CAP, str((sum(sizes) + 1000) / 1e9))
    load(str(folders[3]))
    assert [one.what.split()[0] for one in kept()] == ["41", "43", "44"]
    assert len(in_use) == 40
    del in_use
    assert not any(one.in_use for one in kept())
    monkeypatch.setenv(CAP, "much")
    with pytest.raises(ConfigError, match="much"):
        load(str(make_folder(tmp_path / "more", 4)))


def test_a_full_disk_is_a_sentence_and_what_was_decoded_is_kept(folder: Path, tmp_path: Path) -> None:
    few = SIZE * SIZE * 3 * 300
    full = subprocess.run(
        [sys.executable, "-m", "ganlift", "compare", str(folder), "--out", str(tmp_path / "run"), "--seeds", "1"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},  # a module that is cut off is no fault of ours
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (few, few)),
    )
    assert (full.returncode, len(full.stderr.splitlines())) == (2, 1), full.stderr
    assert "Make room and run the same command again" in full.stderr
    told = Told()
    assert len(load(str(folder), on_progress=told)) == 600
    assert told.counts[READ] == 601 - 256


def test_without_a_cache_that_can_be_written_a_temporary_folder_will_do(folder: Path) -> None:
    os.environ["GANLIFT_DATA"] = "/proc/none"  # the fixture puts it back
    images = load(str(folder))
    assert len(images) == 600
    [note] = [note for note in images.notes if "GANLIFT_DATA" in note]
    place = Path(note.split("lies in ")[1].split(" until")[0])
    assert place.is_dir()
    del images
    assert not place.exists()


def test_the_cache_is_shown_and_cleared(
    folder: Path, cache: Path, ganlift_here: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    images = load(str(folder))
    shown = json.loads(ganlift_here("cache", "--json").stdout)
    [one] = shown["kept"]
    assert (one["kind"], one["in_use"]) == ("images", True)
    assert one["bytes"] >= np.asarray(images.pixels).nbytes
    assert one["what"].startswith("601 images of 16×16")
    assert str(cache) in ganlift_here("cache").stdout
    assert "In use" in ganlift_here("cache", "--clear").stdout
    assert len(kept()) == 1
    del images
    assert "Removed" in ganlift_here("cache", "--clear").stdout
    assert not kept()
    assert not list(cache.rglob("*.u8"))


def test_two_commands_at_once_decode_each_file_once(folder: Path, cache: Path) -> None:
    program = "import sys, numpy as np; from ganlift.data import load; i = load(sys.argv[1]); print(i.hashes.tolist())"
    both = [
        subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    first, second = [one.communicate()[0] for one in both]
    assert first == second == f"{load(str(folder)).hashes.tolist()}\n"
    assert rows_of(cache).stat().st_size == 601 * SIZE * SIZE * 3


def test_as_found_has_a_size_of_its_own(folder: Path) -> None:
    assert decoded(sorted(folder.rglob("*.png")), AS_FOUND).pixels.shape[1:] == (SIZE, SIZE, 3)
