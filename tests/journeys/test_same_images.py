"""A run is a run on its images: by their content, under whatever path; others in its folder are refused."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ganlift
from ganlift.data import load
from ganlift.data.recorded import record_images
from ganlift.errors import ConfigError, DamagedFileError, DataError, RunFolderError
from ganlift.inference import generator_quality, own_network
from ganlift.runs import layout
from ganlift.runs.files import read_json, write_json
from ganlift.runs.folder import open_run, rows

CLASSES = ("daisy", "iris", "rose")
QUICK: dict[str, Any] = {"budget": 3, "batch_size": 8, "precision": "fp32"}
COMPARED: dict[str, Any] = {**QUICK, "strategies": "augment,real-only", "seeds": 2, "jobs": 1}
REMEDY = "choose another folder with --out, or put the images back as they were to continue it."


def draw(folder: Path, first: int, count: int, size: int = 16) -> None:
    """``count`` pictures of coloured noise, each from its class and number alone."""
    folder.mkdir(parents=True, exist_ok=True)
    tint = sum(map(ord, folder.name)) % 7 * np.array([20, 9, 3])
    for number in range(first, first + count):
        noise = np.random.default_rng([*folder.name.encode(), number]).integers(0, 96, (size, size, 3))
        Image.fromarray(np.uint8(tint + noise)).save(folder / f"{number:03d}.png")


def files_of(run: Path) -> dict[str, str]:
    """Every file of ``run`` but its lock, by the hash of its bytes."""
    found = [path for path in run.rglob("*") if path.is_file() and not path.name.startswith(".lock")]
    return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "photos"
    for name in CLASSES:
        draw(folder / name, 0, 30)
    return folder


@pytest.fixture(scope="module")
def finished(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison of two arms on two seeds, brought to its end."""
    return ganlift.compare(photos, out=tmp_path_factory.mktemp("runs") / "run", **COMPARED).run


@pytest.fixture
def own(photos: Path, tmp_path: Path) -> Path:
    """The images in another folder, to be changed."""
    return Path(shutil.copytree(photos, tmp_path / "own"))


def renamed(own: Path) -> None:
    (own / "iris").rename(own / "blue iris")


def added_class(own: Path) -> None:
    draw(own / "anemone", 0, 30)


def removed_class(own: Path) -> None:
    shutil.rmtree(own / "iris")


def mixed(own: Path) -> None:
    draw(own / "rose", 100, 3)
    for number in range(2):
        (own / "daisy" / f"{number:03d}.png").unlink()
    for number in range(4):
        (own / "iris" / f"{number:03d}.png").rename(own / "rose" / f"from-iris-{number}.png")


def retouched(own: Path) -> None:
    draw(own / "other", 0, 1)
    (own / "other" / "000.png").rename(own / "rose" / "000.png")
    (own / "other").rmdir()


def replaced(own: Path) -> None:
    for name in CLASSES:
        shutil.rmtree(own / name)
        draw(own / name, 500, 20)


def larger(own: Path) -> None:
    for name in CLASSES:
        draw(own / name, 0, 30, size=32)


CHANGES = {
    renamed: "30 images changed class; 'iris' is now 'blue iris'",
    added_class: "30 images came; class 'anemone' is new",
    removed_class: "30 images went; class 'iris' is gone",
    mixed: "3 images came, 2 went and 4 changed class",
    retouched: "1 image came and 1 went",
    replaced: "none of its 90 images is among the 60 that are there now",
    larger: "there are 90 of 32×32 RGB now, and there were 90 of 16×16 RGB",
}


@pytest.mark.parametrize(("change", "words"), CHANGES.items(), ids=[one.__name__ for one in CHANGES])
def test_other_images_are_refused_and_leave_a_finished_run_as_it_is(
    finished: Path, own: Path, change: Callable[[Path], None], words: str
) -> None:
    before = files_of(finished)
    change(own)
    with pytest.raises(RunFolderError) as refused:
        ganlift.compare(own, out=finished, **COMPARED)
    assert str(refused.value) == f"{finished} holds a run on other images: {words}; {REMEDY}"
    assert files_of(finished) == before


def test_from_the_shell_it_is_one_sentence_and_the_exit_code_2(finished: Path, own: Path) -> None:
    renamed(own)
    words = [sys.executable, "-m", "ganlift", "compare", own, "--out", finished, "--strategies", "augment,real-only"]
    words += ["--seeds", 2, "--budget", 3, "--batch-size", 8, "--precision", "fp32"]
    ended = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=200)
    said = " ".join(ended.stderr.split())
    assert (ended.returncode, ended.stdout, said) == (
        *(2, ""),
        f"Error: {finished} holds a run on other images: {CHANGES[renamed]}; {REMEDY}",
    )
    assert read_json(finished / "classifier" / "model.json")["class_names"] == ["daisy", "iris", "rose"]


def same(photos: Path, place: Path) -> Path:
    return photos


def with_a_slash(photos: Path, place: Path) -> str:
    return f"{photos}/./"


def relative(photos: Path, place: Path) -> str:
    return f"{'../' * 40}{str(photos.resolve()).lstrip('/')}"


def linked(photos: Path, place: Path) -> Path:
    (place / "link").symlink_to(photos)
    return place / "link"


def moved(photos: Path, place: Path) -> Path:
    return Path(shutil.copytree(photos, place / "moved"))


def with_other_file_names(photos: Path, place: Path) -> Path:
    """The same images, which come in another order now."""
    folder = moved(photos, place)
    for path in sorted(folder.glob("*/*.png")):
        path.rename(path.with_name(f"{999 - int(path.stem)}.png"))
    return folder


def as_a_manifest(photos: Path, place: Path) -> Path:
    lines = [f"{path},{path.parent.name}" for path in sorted(photos.rglob("*.png"), reverse=True)]
    (place / "list.csv").write_text("\n".join(["path,label", *lines]), encoding="utf-8")
    return place / "list.csv"


@pytest.mark.parametrize("spelled", [same, with_a_slash, relative, linked, moved, with_other_file_names, as_a_manifest])
def test_the_same_images_under_another_path_continue_and_change_nothing(
    finished: Path, photos: Path, tmp_path: Path, spelled: Callable[[Path, Path], str | Path]
) -> None:
    before = files_of(finished)
    found = ganlift.compare(spelled(photos, tmp_path), out=finished, **COMPARED)
    assert len(found.rows) == 4
    assert files_of(finished) == before


def write_npz(path: Path, order: np.ndarray, names: tuple[str, str]) -> Path:
    """Forty pictures of two classes, in the given order of rows, and of classes."""
    pixels = np.random.default_rng(0).integers(0, 255, (40, 8, 8), np.uint8)
    labels = np.array([names.index(("a", "b")[number % 2]) for number in range(40)])
    np.savez(path, x_train=pixels[order], y_train=labels[order], class_names=np.array(names))
    return path


def test_rows_and_classes_in_another_order_are_brought_into_that_of_the_run(tmp_path: Path) -> None:
    data, run, straight = tmp_path / "set.npz", tmp_path / "run", np.arange(40)
    ganlift.train(write_npz(data, straight, ("a", "b")), out=run, **QUICK)
    before = files_of(run)
    ganlift.train(write_npz(data, straight[::-1], ("b", "a")), out=run, **QUICK)
    assert files_of(run) == before
    swapped = np.load(data)["y_train"]
    np.savez(data, **{**np.load(data), "y_train": 1 - swapped})
    with pytest.raises(RunFolderError, match="40 images changed class"):
        ganlift.train(data, out=run, **QUICK)


def stopped_after_one_arm(data: Path, out: Path, settings: Mapping[str, Any]) -> None:
    """Break a comparison off when its first arm is over."""

    def stop(event: Mapping[str, Any]) -> None:
        if event["type"] == "arm":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ganlift.compare(data, out=out, on_event=stop, **settings)


def test_images_that_come_after_an_interruption_train_no_arm(finished: Path, own: Path, tmp_path: Path) -> None:
    run = tmp_path / "broken"
    stopped_after_one_arm(own, run, COMPARED)
    before = files_of(run)
    for name in CLASSES:
        draw(own / name, 30, 32)
    with pytest.raises(RunFolderError, match=r"on other images: 96 images came; choose"):
        ganlift.compare(own, out=run, **COMPARED)
    assert files_of(run) == before
    for path in own.glob("*/*.png"):
        if int(path.stem) >= 30:
            path.unlink()
    assert len(ganlift.compare(own.rename(tmp_path / "put back"), out=run, **COMPARED).rows) == 4
    for path in finished.rglob("predictions.npz"):
        ours = np.load(run / path.relative_to(finished))["probabilities"]
        assert np.array_equal(np.load(path)["probabilities"], ours)


def test_every_arm_says_what_images_it_learned_from(finished: Path) -> None:
    assert {row["data_hash"] for row in rows(finished)} == {read_json(layout.plan_file(finished))["data_hash"]}


def test_a_folder_of_unlabelled_images_is_known_by_its_content(photos: Path, tmp_path: Path) -> None:
    more, run = tmp_path / "more", tmp_path / "run"
    draw(more, 0, 12)
    asked: dict[str, Any] = {**QUICK, "strategy": "fixmatch", "out": run}
    ganlift.train(photos, unlabelled=more, **asked)
    before = files_of(run)
    there = more.rename(tmp_path / "elsewhere")
    ganlift.train(photos, unlabelled=f"{there}/", **asked)
    assert files_of(run) == before
    for other in ("rest", "none"):
        with pytest.raises((RunFolderError, ConfigError), match=f"unlabelled: {more} → {other}"):
            ganlift.train(photos, unlabelled=other, **asked)
    draw(there, 90, 2)
    with pytest.raises(RunFolderError, match="2 images came"):
        ganlift.train(photos, unlabelled=there, **asked)
    assert files_of(run) == before


@pytest.mark.parametrize("labelled", [True, False])
def test_a_generator_s_run_is_known_by_its_images_too(own: Path, tmp_path: Path, labelled: bool) -> None:
    run, data = tmp_path / "run", own if labelled else own / "iris"
    ganlift.train_generator(data, out=run, **QUICK)
    before = files_of(run)
    moved = data.rename(tmp_path / "moved")
    ganlift.train_generator(moved, out=run, **QUICK)
    assert files_of(run) == before
    draw(moved / "daisy" if labelled else moved, 70, 5)
    with pytest.raises(RunFolderError, match=r"on other images: 5 images came; choose"):
        ganlift.train_generator(moved, out=run, **QUICK)
    assert files_of(run) == before


def test_what_a_generator_saw_is_told_with_files_renamed_and_refused_with_others(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_network, "STEPS", 5)
    monkeypatch.setattr(generator_quality, "FOR_CAS", 5)
    run = tmp_path / "run"
    ganlift.train_generator(own, out=run, **QUICK)
    held_out = tmp_path / "new"
    for name in CLASSES:
        draw(held_out / name, 200, 20)
    for path in sorted(own.glob("*/*.png")):
        path.rename(path.with_name(f"{999 - int(path.stem)}.png"))
    assert ganlift.evaluate_generator(run, held_out, images=60).measures
    draw(own / "iris", 1, 1)
    with pytest.raises(DataError, match=r"have changed since the generator learned from them \(1 image came\)"):
        ganlift.evaluate_generator(run, held_out)
    own.rename(tmp_path / "away")
    with pytest.raises(DataError, match="told from its run's data, which are needed: There is no data set"):
        ganlift.evaluate_generator(run, held_out)


def test_another_configuration_is_said_first(finished: Path, own: Path) -> None:
    added_class(own)
    with pytest.raises(RunFolderError, match=r"another configuration \(image_size: None → 8\)"):
        ganlift.compare(own, out=finished, image_size=8, **COMPARED)


def listed(file: Path, photos: Path, column: str, value: Callable[[Path], str]) -> Path:
    """A manifest of ``photos`` with one more column."""
    lines = [f"{path},{path.parent.name},{value(path)}" for path in sorted(photos.rglob("*.png"))]
    file.write_text("\n".join([f"path,label,{column}", *lines]), encoding="utf-8")
    return file


def every_third(path: Path) -> str:
    return "test" if int(path.stem) % 3 == 0 else "train"


def all_train(path: Path) -> str:
    return "train"


def one_each(path: Path) -> str:
    return f"{path.parent.name} {path.stem}"


def first_two_alike(path: Path) -> str:
    return f"{path.parent.name} {path.stem.replace('001', '000')}"


@pytest.mark.parametrize(
    ("column", "before", "after", "words"),
    [
        ("split", every_third, all_train, "30 images changed part"),
        ("group", one_each, first_two_alike, "3 images changed group"),
    ],
)
def test_parts_and_groups_are_part_of_it(
    photos: Path,
    tmp_path: Path,
    column: str,
    before: Callable[[Path], str],
    after: Callable[[Path], str],
    words: str,
) -> None:
    run, file = tmp_path / "run", tmp_path / "list.csv"
    ganlift.train(listed(file, photos, column, before), out=run, **QUICK)
    with pytest.raises(RunFolderError, match=f"on other images: {words}; choose"):
        ganlift.train(listed(file, photos, column, after), out=run, **QUICK)


def test_a_run_from_before_images_were_recorded_goes_by_its_plan(finished: Path, own: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    layout.data_file(run).unlink()
    renamed(own)
    with pytest.raises(RunFolderError, match=r"on other images: their hash is [0-9a-f]{16}, and was [0-9a-f]{16}; cho"):
        ganlift.compare(own, out=run, **COMPARED)
    assert not layout.data_file(run).exists()
    (own / "blue iris").rename(own / "iris")
    ganlift.compare(own, out=run, **COMPARED)
    assert files_of(run) == {**files_of(finished), "report.html": files_of(run)["report.html"]}


def test_damaged_records_of_the_images_are_named(finished: Path, photos: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    split, data = layout.split_file(run, 0), layout.data_file(run)
    whole = split.read_bytes()
    for broken in ({}, {**read_json(split), "parts": {"labelled": {}}}):
        write_json(split, broken)
        with pytest.raises(DamagedFileError, match=r"split-0.json is damaged.*remove it and run again"):
            ganlift.compare(photos, out=run, **COMPARED)
    split.unlink()
    ganlift.compare(photos, out=run, **COMPARED)
    assert split.read_bytes() == whole
    data.write_bytes(data.read_bytes()[:-30])
    with pytest.raises(DamagedFileError, match=r"data.npz is damaged.*remove it and run again"):
        ganlift.compare(photos, out=run, **COMPARED)


def test_two_commands_that_begin_one_run_at_once_do_not_mix(own: Path, tmp_path: Path) -> None:
    """The second one had its images read when the first had not recorded any yet."""
    run = open_run(tmp_path / "run", {"data": "x"})
    record_images(run, load(str(own)))
    record_images(run, load(str(own)))
    renamed(own)
    with pytest.raises(RunFolderError, match="Another command began"):
        record_images(run, load(str(own)))
