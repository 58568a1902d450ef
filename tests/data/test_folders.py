"""What each folder and file below a data folder is taken for, and that nothing is left out without a word."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import ganlift
from ganlift.data import Reading, draw_split, load
from ganlift.data.generated import STATEMENT
from ganlift.data.types import ImageSet
from ganlift.data.visible import load_run
from ganlift.errors import DataError

AS_CLASSES: Mapping[str, str] = {}


def put(folder: Path, count: int, suffix: str = "png", form: str | None = None) -> Path:
    """``count`` images of noise in ``folder``, other ones in each folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(list(os.fsencode(folder)))
    for index in range(count):
        Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(folder / f"{index}.{suffix}", form)
    return folder


def classes(folder: Path, count: int, names: tuple[str, ...] = ("ant", "bee")) -> Path:
    for name in names:
        put(folder / name, count)
    return folder


def per_part(images: ImageSet) -> dict[str, int]:
    return dict(Counter(images.parts.tolist()))


def of_parts(images: ImageSet) -> list[tuple[str, str]]:
    """What was guessed about parts, and the option against it."""
    return [(guess.taken, guess.option) for guess in images.guesses if guess.about == "parts"]


def left_out(folder: Path) -> dict[str, int]:
    return {one.code: one.count for one in ganlift.check(folder).findings if one.left_out}


@pytest.mark.parametrize(
    ("train", "val", "test"),
    [
        ("train", "val", "test"),
        ("Training", "Validation", "Testing"),
        ("TRAIN", "dev", "holdout"),
        ("train_set", "valid-set", "test set"),
        ("trainset", "devset", "testset"),
        ("train_data", "val_data", "held-out"),
        ("Train Images", "validate", "evaluation"),
        ("trn", "development", "tests"),
        ("seg_train/seg_train", "seg_val/seg_val", "seg_test/seg_test"),
        ("train2017", "val2017", "test2017"),
        ("x_train_HR/images", "x_valid_HR/images", "x_eval_HR/images"),
    ],
)
def test_the_usual_names_are_parts(tmp_path: Path, train: str, val: str, test: str) -> None:
    for name, count in ((train, 6), (val, 3), (test, 2)):
        classes(tmp_path / name, count)
    images = load(str(tmp_path))
    assert images.class_names == ("ant", "bee")
    assert per_part(images) == {"train": 12, "val": 6, "test": 4}
    assert left_out(tmp_path) == {}
    names = [Path(name).parts[0] for name in (train, val, test)]
    said = " ".join(taken for taken, _ in of_parts(images))
    assert [f"{name}/ is" in said for name in names] == [name.lower() not in ("train", "val", "test") for name in names]


def test_validation_is_the_test_set_where_there_is_no_other(tmp_path: Path) -> None:
    classes(tmp_path / "train", 10)
    classes(tmp_path / "val", 5)
    images = load(str(tmp_path))
    assert per_part(images) == {"train": 20, "test": 10}
    split = draw_split(images, 0)
    assert (len(split.labelled), len(split.validation), len(split.test)) == (16, 4, 10)
    assert all(images.names[index].startswith("val/") for index in split.test)
    (taken, option), *others = of_parts(images)
    assert "val/ is the test set, as no other folder is" in taken
    assert (option, others) == ("--parts val=val", [])
    assert per_part(load(str(tmp_path), Reading(parts={"val": "val"}))) == {"train": 20, "val": 10}
    classes(tmp_path / "test", 2)
    assert per_part(load(str(tmp_path))) == {"train": 20, "val": 10, "test": 4}


@pytest.mark.parametrize("above", ["train", "."])
def test_a_folder_of_unlabelled_images_is_used_without_labels(tmp_path: Path, above: str) -> None:
    classes(tmp_path / above, 10)
    put(tmp_path / "Unlabeled" / "deep", 7)
    images = load(str(tmp_path))
    assert images.class_names == ("ant", "bee")
    assert int(np.sum(images.labels == -1)) == 7
    assert per_part(images)["unlabelled"] == 7
    assert len(draw_split(images, 0).unlabelled) == 7
    assert "Unlabeled/ is images without labels" in of_parts(images)[0][0]


def test_what_is_not_used_is_named_and_counted(tmp_path: Path) -> None:
    classes(tmp_path / "train", 10)
    put(tmp_path / "test", 4)
    put(tmp_path / "extra" / "deep", 3)
    (tmp_path / "notes").mkdir()
    put(tmp_path, 2)
    put(tmp_path / "train", 1)
    (tmp_path / "README.txt").write_text("text")
    (tmp_path / "train" / "ant" / "labels.csv").write_text("text")
    for silent in (".hidden.png", "Thumbs.db", "desktop.ini", "train/ant/.DS_Store"):
        (tmp_path / silent).write_text("x")
    put(tmp_path / "__MACOSX", 2)
    said = {one.code: one.message for one in ganlift.check(tmp_path).findings if one.left_out}
    assert left_out(tmp_path) == {"other-file": 2, "loose-image": 3, "unused-folder": 3, "no-class-folders": 4}
    assert said["unused-folder"].endswith(": extra (3 image(s)), notes (0 image(s)).")
    assert said["no-class-folders"].endswith(": test (4 image(s)).")
    assert said["loose-image"].endswith(": 0.png, 1.png, train/0.png.")
    assert set(said.values()) == set(load(str(tmp_path)).notes)
    assert ganlift.check(tmp_path).facts["files"]["left_out"] == 12


def test_loose_images_beside_flat_classes_are_named(tmp_path: Path) -> None:
    put(classes(tmp_path, 10), 3)
    assert left_out(tmp_path) == {"loose-image": 3}


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda at: [put(at / name, 5) for name in ("test", "val")], "'test' and 'val' of .* read like parts"),
        (lambda at: [classes(at / name, 5) for name in ("test", "val")], "'test' and 'val' of .* read like parts"),
        (lambda at: [put(at / name, 5) for name in ("train", "test")], "'train' of .* has no class folders"),
        (lambda at: [put(at / name, 5) for name in ("train", "bus", "car")], "'train' of .* has no class folders"),
        (lambda at: [classes(at, 5), classes(at / "test", 5)], "'test' of .* read like parts"),
        (lambda at: [put(at / name, 5) for name in ("seg_val", "seg_test")], "read like parts"),
        (
            lambda at: [classes(at / "test", 5), put(at / "unlabelled", 5)],
            "alone: ganlift compare .*test --unlabelled .*unlabelled --labels-per-class 0",
        ),
        (
            lambda at: [put(at / f"{p}_{s}", 5) for p in ("train", "test") for s in "ab"],
            "'test_a', 'train_a', 'test_b' and 'train_b' of",
        ),
        (lambda at: [put(at / name, 5) for name in ("images", "masks")], "'images' and 'masks' of .* annotations"),
        (lambda at: [classes(at / name, 5, ("train", "test")) for name in ("ant", "bee")], "parts belong above"),
    ],
)
def test_names_that_read_like_parts_are_no_classes(
    tmp_path: Path, prepare: Callable[[Path], object], words: str
) -> None:
    prepare(tmp_path)
    with pytest.raises(DataError, match=words) as refused:
        load(str(tmp_path))
    assert "--parts none" in str(refused.value)
    folders = sorted(path.name for path in tmp_path.iterdir())
    assert list(load(str(tmp_path), Reading(parts=AS_CLASSES)).class_names) == folders


@pytest.mark.parametrize(
    "names", [("test tube", "test strip"), ("freight train", "passenger train"), ("latest", "dataset")]
)
def test_names_with_a_part_in_them_are_classes(tmp_path: Path, names: tuple[str, str]) -> None:
    assert load(str(classes(tmp_path, 5, names))).class_names == tuple(sorted(names))


def test_parts_can_be_said(tmp_path: Path) -> None:
    for name, count in (("one", 8), ("two", 4), ("Testing", 3), ("more", 2)):
        classes(tmp_path / name, count)

    def asked(**parts: str) -> ImageSet:
        return load(str(tmp_path), Reading(parts=parts))

    every = {"train": 16, "val": 8, "test": 6, "unlabelled": 4}
    assert per_part(asked(one="train", two="val", more="unlabelled")) == every
    found = asked(one="train", two="train", Testing="skip", more="skip")
    assert per_part(found) == {"train": 24}
    assert (found.notes, of_parts(found)) == ((), [])
    assert "more (4 image(s))" in asked(one="train", two="val").notes[0]
    with pytest.raises(DataError, match=r"names 'three', and .* it has 'Testing', 'more', 'one' and 'two'"):
        asked(three="train")
    with pytest.raises(DataError, match="--parts one=learn: a part is one of train, val, test, unlabelled, skip"):
        asked(one="learn")
    with pytest.raises(DataError, match=r"No folder of .* is for training: name one"):
        asked(two="val")


def test_classes_can_be_skipped_or_taken_as_unlabelled(tmp_path: Path) -> None:
    classes(tmp_path, 4, ("ant", "bee", "old", "unlabelled"))
    parts = {"old": "skip", "unlabelled": "skip"}
    assert load(str(tmp_path), Reading(parts=parts)).class_names == ("ant", "bee")
    images = load(str(tmp_path), Reading(parts={"old": "unlabelled"}))
    assert (images.class_names, per_part(images)) == (("ant", "bee"), {"": 8, "unlabelled": 8})


def test_single_folders_inside_one_another_are_gone_through(tmp_path: Path) -> None:
    classes(tmp_path / "a" / "archive" / "set" / "train", 6)
    classes(tmp_path / "a" / "archive" / "set" / "test", 3)
    (tmp_path / "a" / "archive" / "licence.txt").write_text("text")
    images = load(str(tmp_path / "a"))
    assert per_part(images) == {"train": 12, "test": 6}
    assert images.names[0] == "archive/set/test/ant/0.png"
    assert left_out(tmp_path / "a") == {"other-file": 1}
    classes(tmp_path / "b" / "pets", 6)
    pets = load(str(tmp_path / "b"))
    assert pets.class_names == ("ant", "bee")
    assert [guess.taken for guess in pets.guesses if guess.about == "classes"] == [
        "the folders of pets/, which has nothing beside it"
    ]
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "again").symlink_to(tmp_path / "c")
    with pytest.raises(DataError, match="0 class folder"):
        load(str(tmp_path / "c"))


def test_images_are_told_by_their_content(tmp_path: Path) -> None:
    classes(tmp_path, 3)
    for suffix, form in (("jfif", "JPEG"), ("JPE", "JPEG"), ("download", "PNG"), ("x", "WEBP"), ("y", "BMP")):
        put(tmp_path / "ant" / suffix, 2, suffix, form)
    assert Counter(Path(name).parts[0] for name in load(str(tmp_path)).names) == {"ant": 13, "bee": 3}
    put(tmp_path / "bee" / "more", 1, "z", "GIF")
    put(tmp_path / "bee" / "more", 1, "zz", "TIFF")
    (tmp_path / "bee" / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1")
    (tmp_path / "bee" / "text.png").write_text("text")
    (tmp_path / "bee" / "weights.csv").write_text("BMI,weight and more of it")
    (tmp_path / "bee" / "empty").touch()
    (tmp_path / "bee" / "nowhere").symlink_to(tmp_path / "none")
    os.mkfifo(tmp_path / "bee" / "pipe")  # opening it would wait for ever
    assert left_out(tmp_path) == {"not-an-image": 4, "other-file": 4}


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    data, outside = classes(tmp_path / "data", 3), put(tmp_path / "outside", 5)
    put(outside / "below", 2)
    ant = data / "ant"
    links = {"1": outside / "below", "2": outside, "3": outside, "up": data, "self": ant, "loop": ant / "loop"}
    for name, target in {**links, "relative": Path("..") / "ant"}.items():
        (ant / name).symlink_to(target)
    found = ganlift.check(data)
    assert found.facts["per_class"] == [10, 3]
    assert "duplicates" not in {one.code for one in found.findings}
    assert {one.code: one.examples for one in found.findings if one.left_out} == {"other-file": ("ant/loop",)}
    (data / "wasp").symlink_to(outside)
    assert ganlift.check(data).facts["per_class"] == [10, 3, 7]


def test_a_run_folder_among_the_images_is_no_class(tmp_path: Path) -> None:
    data = classes(tmp_path / "data", 20)
    notes: list[str] = []

    def train(budget: int, out: str) -> None:
        events: list[dict[str, str]] = []
        ganlift.train(data, budget=budget, batch_size=4, precision="fp32", out=data / out, on_event=events.append)
        notes.extend(event["message"] for event in events if event["type"] == "note")

    train(2, "run")
    assert f"The run folder {data / 'run'} lies in {data}" in notes[0]
    put(data / "run" / "pictures", 3)
    train(3, "runs/second")
    assert ganlift.check(data).facts["per_class"] == [20, 20]
    assert left_out(data) == {"run-folder": 2}
    assert "2 folder(s) left out, made by ganlift and no data: run, runs/second." in load(str(data)).notes
    with pytest.raises(DataError, match="is a run folder of ganlift and no data"):
        load(str(data / "run"))
    with pytest.raises(DataError, match="is a run folder of ganlift and no data"):
        load(str(data), unlabelled=str(data / "run"))
    more = load(str(data), unlabelled=str(data))
    assert int(np.sum(more.labels == -1)) == 40


def test_generated_images_are_told_from_real_ones(tmp_path: Path) -> None:
    classes(tmp_path, 5)
    text = PngInfo()
    text.add_text("Comment", STATEMENT)
    with Image.open(tmp_path / "ant" / "0.png") as picture:
        picture.copy().save(tmp_path / "ant" / "0.png", pnginfo=text)
    said = "1 image(s) were generated by ganlift: ant/0.png."
    assert {one.message for one in ganlift.check(tmp_path).findings if one.code == "generated-image"} == {said}
    assert load(str(tmp_path)).notes == (said,)


def for_generator(folder: Path) -> ImageSet:
    return load_run(str(folder), "rest", Reading(), None)


def test_a_generator_alone_goes_by_the_same_rules(tmp_path: Path) -> None:
    classes(tmp_path / "parts" / "Training", 5)
    classes(tmp_path / "parts" / "Testing", 3)
    assert per_part(for_generator(tmp_path / "parts")) == {"train": 10, "test": 6}
    put(tmp_path / "flat" / "train", 4)
    assert per_part(for_generator(tmp_path / "flat")) == {"unlabelled": 4}
    put(tmp_path / "flat" / "test", 4)
    with pytest.raises(DataError, match=r"generator alone can learn: ganlift train-generator .*train\.$"):
        for_generator(tmp_path / "flat")


def test_a_generator_tells_what_it_leaves_out(tmp_path: Path) -> None:
    data, events = put(classes(tmp_path / "data", 6), 2), list[dict[str, str]]()
    out = tmp_path / "run"
    ganlift.train_generator(data, generator="gaussian", budget=2, batch_size=4, out=out, on_event=events.append)
    notes = [event["message"] for event in events if event["type"] == "note"]
    assert "2 file(s) left out, beside the class folders and so without a label: 0.png, 1.png." in notes


def test_a_folder_whose_name_is_no_utf8_is_a_class_that_can_be_written_down(tmp_path: Path) -> None:
    """Latin-1 bytes of an old archive: é is one byte there."""
    put(tmp_path / "tea", 4)
    put(tmp_path / os.fsdecode(b"caf\xe9"), 4)
    images = load(str(tmp_path))
    assert images.class_names == ("caf\\udce9", "tea")
    assert images.names[0] == "caf\\udce9/0.png"
    assert images.paths is not None
    assert Path(images.paths[0]).exists()
