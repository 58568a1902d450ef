"""Every kind of finding, planted and found; a clean set; and that memory and `load` agree with the walk over files."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import ganlift
from ganlift.data import check_images, load
from ganlift.data.findings import KINDS, Finding
from ganlift.data.generated import STATEMENT
from ganlift.errors import DataError
from ganlift.runs.folder import open_run

DOCS = Path(__file__).parents[2] / "docs" / "check.md"
CLASSES = {"Sandal": 5, "Shirt": 6}
COUNTS = {"train": 24, "test": 50}


@pytest.fixture(scope="module")
def garments() -> dict[str, list[Image.Image]]:
    """100 different images a class, no two of them near copies, 28 px."""
    images = load("fashion-mini")
    near = {name for one in check_images(images).findings for name in re.findall(r"\w+\[\d+\]", one.message)}
    found = {}
    for name, label in CLASSES.items():
        chosen = [i for i in np.flatnonzero(images.labels == label)[:110] if images.names[i] not in near]
        found[name] = [Image.fromarray(images.image(i)[..., 0]) for i in chosen[:100]]
    return found


@pytest.fixture
def clean(tmp_path: Path, garments: dict[str, list[Image.Image]]) -> Path:
    """A folder with train/ and test/, and one of unlabelled images beside it."""
    for name, pictures in garments.items():
        start = 0
        for part, count in COUNTS.items():
            folder = tmp_path / "set" / part / name
            folder.mkdir(parents=True)
            for index in range(count):
                pictures[start + index].save(folder / f"{index}.png")
            start += count
    (tmp_path / "more").mkdir()
    for name, pictures in garments.items():
        for index, picture in enumerate(pictures[80:90]):
            picture.save(tmp_path / "more" / f"{name}-{index}.png")
    return tmp_path / "set"


def codes(path: Path | str, **settings: object) -> dict[str, object]:
    found = ganlift.check(path, **settings)  # type: ignore[arg-type]
    return {finding.code: finding for finding in found.findings}


def test_in_a_clean_set_nothing_is_found(clean: Path) -> None:
    found = ganlift.check(clean, unlabelled=clean.parent / "more")
    assert found.findings == ()
    assert found.notes == ()
    assert found.ok
    assert all(line["lacks"] == [] for line in found.strategies)
    assert found.facts["per_part"] == {"test": 100, "train": 48, "unlabelled": 20}
    assert found.facts["files"]["formats"] == {"PNG": 168}
    assert found.facts["files"]["width"] == [28, 28.0, 28]


def again(folder: Path, change: Callable[[Image.Image], Image.Image], target: str, **settings: object) -> None:
    """A changed copy of the first sandal of train."""
    with Image.open(folder / "train" / "Sandal" / "0.png") as picture:
        change(picture.copy()).save(folder / target, **settings)


def same(picture: Image.Image) -> Image.Image:
    return picture


def in_colour(folder: Path) -> None:
    for path in folder.rglob("*.png"):
        with Image.open(path) as picture:
            tinted = Image.merge("RGB", [picture, picture.point(lambda v: v * 0.7), picture])
        tinted.save(path)


def grey_among_colours(folder: Path) -> None:
    in_colour(folder)
    with Image.open(folder / "train" / "Shirt" / "1.png") as picture:
        picture.convert("L").save(folder / "train" / "Shirt" / "1.png")


def turned(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(folder / "train" / "Shirt" / "1.png") as picture:
        picture.copy().save(folder / "train" / "Shirt" / "1.png", exif=exif)


def animated(folder: Path) -> None:
    first = Image.new("RGB", (28, 28), "red")
    first.save(folder / "train/Shirt/a.webp", save_all=True, append_images=[Image.new("RGB", (28, 28), "blue")])


def truncated(folder: Path) -> None:
    stream = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(stream, "PNG")
    (folder / "train/Shirt/t.png").write_bytes(stream.getvalue()[:1000])


def damaged(folder: Path) -> None:
    data = bytearray((folder / "train/Shirt/1.png").read_bytes())
    data[60:90] = bytes(30)
    (folder / "train/Shirt/d.png").write_bytes(data)


def keep(folder: Path, part: str, name: str, count: int) -> None:
    for path in sorted((folder / part / name).glob("*.png"))[count:]:
        path.unlink()


def empty_class(folder: Path) -> None:
    (folder / "train" / "Boot").mkdir()


def only_in_test(folder: Path) -> None:
    (folder / "test" / "Boot").mkdir()
    again(folder, same, "test/Boot/0.png")


def unreadable_class(folder: Path) -> None:
    (folder / "train" / "Boot").mkdir()
    (folder / "train" / "Boot" / "0.png").write_bytes(b"no image")


def only_in_train(folder: Path) -> None:
    rng = np.random.default_rng(0)
    (folder / "train" / "Boot").mkdir()
    for index in range(24):
        noise = Image.fromarray(rng.integers(0, 256, (7, 7), dtype=np.uint8)).resize((28, 28))
        noise.save(folder / "train" / "Boot" / f"{index}.png")


def unused(folder: Path) -> None:
    (folder / "extra").mkdir()
    again(folder, same, "extra/0.png")


def without_class_folders(folder: Path) -> None:
    (folder / "val").mkdir()
    again(folder, same, "val/0.png")


def marked_as_generated(folder: Path) -> None:
    text = PngInfo()
    text.add_text("Comment", STATEMENT)
    again(folder, same, "train/Sandal/0.png", pnginfo=text)


PLANTED: dict[str, Callable[[Path], object]] = {
    "empty-class": empty_class,
    "too-few-classes": lambda folder: [shutil.rmtree(folder / part / "Shirt") for part in ("train", "test")],
    "class-not-in-train": only_in_test,
    "class-unreadable": unreadable_class,
    "cannot-split": lambda folder: keep(folder, "train", "Sandal", 1),
    "empty-file": lambda folder: (folder / "train/Shirt/e.png").touch(),
    "truncated": truncated,
    "unreadable": damaged,
    "huge-image": lambda folder: Image.new("1", (20_000, 10_000)).save(folder / "train/Shirt/h.png"),
    "animated": animated,
    "not-an-image": lambda folder: (folder / "train/Shirt/n.jpg").write_text("text"),
    "other-file": lambda folder: (folder / "train/Shirt/notes.txt").write_text("text"),
    "loose-image": lambda folder: again(folder, same, "0.png"),
    "unused-folder": unused,
    "no-class-folders": without_class_folders,
    "run-folder": lambda folder: open_run(folder / "train" / "Shirt" / "run", {}),
    "generated-image": marked_as_generated,
    "wrong-suffix": lambda folder: (folder / "train/Shirt/1.png").rename(folder / "train/Shirt/1.jpg"),
    "exif-rotated": turned,
    "converted": lambda folder: again(folder, lambda one: one.convert("P"), "train/Sandal/0.png"),
    "grey-as-rgb": lambda folder: again(folder, lambda one: one.convert("RGB"), "train/Sandal/0.png"),
    "grey-and-colour": grey_among_colours,
    "wide-image": lambda folder: again(folder, lambda one: one.resize((61, 28)), "train/Sandal/0.png"),
    "enlarged": lambda folder: again(folder, lambda one: one.resize((20, 20)), "train/Sandal/0.png"),
    "class-not-in-test": only_in_train,
    "tiny-class": lambda folder: keep(folder, "train", "Sandal", 9),
    "imbalance": lambda folder: keep(folder, "train", "Sandal", 4),
    "small-test": lambda folder: keep(folder, "test", "Sandal", 49),
    "constant-image": lambda folder: Image.new("L", (28, 28), 77).save(folder / "train/Shirt/c.png"),
    "duplicates": lambda folder: again(folder, same, "train/Sandal/copy.png"),
    "duplicates-across-parts": lambda folder: again(folder, same, "test/Sandal/copy.png"),
    "conflicting-labels": lambda folder: again(folder, same, "train/Shirt/copy.png"),
    "near-duplicates": lambda folder: again(folder, same, "train/Sandal/copy.jpg", quality=60),
    "near-duplicates-across-parts": lambda folder: again(
        folder, lambda one: one.resize((56, 56)), "test/Sandal/copy.png"
    ),
    "near-conflicting-labels": lambda folder: again(folder, same, "train/Shirt/copy.jpg", quality=60),
    "alike-names": lambda folder: [
        (folder / part / name).rename(folder / part / renamed)
        for part in ("train", "test")
        for name, renamed in (("Sandal", "T shirt"), ("Shirt", "T  shirt"))
    ],
    "alike-files": lambda folder: [
        (folder / f"train/Sandal/{number}.png").rename(folder / f"train/Sandal/{name}.png")
        for number, name in ((0, "a"), (1, "A"))
    ],
    "no-flips": lambda folder: [
        (folder / part / "Sandal").rename(folder / part / "left-Sandal") for part in ("train", "test")
    ],
    "few-for-generator": lambda folder: keep(folder, "train", "Sandal", 19),
}
ELSEWHERE = {
    "label-errors",
    "test-label-errors",
    "unclear-labels",
    "absent-label",
    "clipped-sound",
    "constant-column",
    "mixed-rates",
    "not-a-sound",
    "unequal-scales",
    "missing-file",
    "no-frames",
    "one-frame",
    "no-picture",
    "not-a-clip",
    "near-duplicates-unsplit",
    "no-unlabelled",
    "unused-class",
    "unmatched-file",
}


def test_every_kind_has_its_planted_example() -> None:
    assert PLANTED.keys() | ELSEWHERE == KINDS.keys()


@pytest.mark.parametrize("code", PLANTED)
def test_what_is_planted_is_found(clean: Path, code: str) -> None:
    PLANTED[code](clean)
    found = codes(clean, unlabelled=clean.parent / "more")
    assert code in found
    allowed = {"tiny-class": {"few-for-generator"}, "imbalance": {"few-for-generator", "tiny-class"}}
    allowed |= {"conflicting-labels": {"duplicates"}, "near-conflicting-labels": {"near-duplicates"}}
    allowed |= {"cannot-split": {"few-for-generator"}, "class-unreadable": {"not-an-image", "few-for-generator"}}
    allowed |= {"empty-class": {"few-for-generator"}}
    allowed |= {"class-not-in-train": {"few-for-generator", "duplicates-across-parts", "conflicting-labels"}}
    assert found.keys() - {code} <= allowed.get(code, set())
    one = found[code]
    assert one.count >= 1  # type: ignore[attr-defined]
    assert one.message.endswith(".")  # type: ignore[attr-defined]


def test_a_manifest_that_lists_missing_files(clean: Path) -> None:
    lines = ["path,label,split", "set/none.png,Shirt,train"]
    lines += [f"{path.relative_to(clean.parent)},{path.parent.name},{path.parts[-3]}" for path in clean.rglob("*.png")]
    (clean.parent / "m.csv").write_text("\n".join(lines))
    found = codes(clean.parent / "m.csv")
    assert found.keys() == {"missing-file", "no-unlabelled"}
    assert "none.png" in found["missing-file"].message  # type: ignore[attr-defined]


def test_near_copies_where_the_test_images_are_drawn(clean: Path) -> None:
    again(clean, same, "train/Sandal/copy.jpg", quality=60)
    found = codes(clean / "train", unlabelled=clean.parent / "more")
    assert found.keys() == {"near-duplicates-unsplit", "small-test"}


def test_copies_name_their_places_and_who_mends_them(clean: Path) -> None:
    again(clean, same, "test/Sandal/copy.png")
    again(clean, same, "test/Sandal/near.jpg", quality=60)
    found = codes(clean)
    exact, near = found["duplicates-across-parts"], found["near-duplicates-across-parts"]
    assert "1 of test in train" in exact.message  # type: ignore[attr-defined]
    assert "train/Sandal/0.png = test/Sandal/copy.png" in exact.message  # type: ignore[attr-defined]
    assert "compare mends this" in exact.sentence  # type: ignore[attr-defined]
    assert "train/Sandal/0.png = test/Sandal/near.jpg" in near.message  # type: ignore[attr-defined]
    assert "compare keeps your split" in near.sentence  # type: ignore[attr-defined]


def test_copies_of_unlabelled_images_are_seen(clean: Path) -> None:
    again(clean, same, "../more/copy.png")
    again(clean, same, "test/Sandal/other.png")
    (clean / "train" / "Sandal" / "0.png").unlink()
    found = codes(clean, unlabelled=clean.parent / "more")
    assert "1 of test in unlabelled" in found["duplicates-across-parts"].message  # type: ignore[attr-defined]


@pytest.mark.parametrize("prepare", [lambda folder: None, grey_among_colours, damaged, turned])
def test_the_walk_over_files_agrees_with_images_in_memory(clean: Path, prepare: Callable[[Path], None]) -> None:
    prepare(clean)
    again(clean, same, "test/Sandal/copy.png")
    again(clean, same, "test/Sandal/near.jpg", quality=60)
    more = clean.parent / "more"
    walked = ganlift.check(clean, unlabelled=more).to_json()
    lacking = {"no-unlabelled", "few-for-generator"}
    walked["findings"] = [one for one in walked["findings"] if one["code"] not in lacking]
    del walked["strategies"]
    assert check_images(load(str(clean), unlabelled=str(more))).to_json() == walked


def test_a_folder_in_which_all_is_broken_is_told(clean: Path) -> None:
    for path in clean.rglob("*.png"):
        path.write_bytes(b"broken")
    found = codes(clean)
    assert found["not-an-image"].count == 148  # type: ignore[attr-defined]
    assert found["class-unreadable"].count == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("spec", ["fashion-mini", "digits"])
def test_named_sets_are_checked(spec: str) -> None:
    found = ganlift.check(spec)
    assert {one.kind.severity for one in found.findings} <= {"warning", "info"}
    json.dumps(found.to_json())


def test_arrays_are_checked(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (300, 12, 12), dtype=np.uint8), np.arange(300) % 3
    x[200] = x[0]
    np.savez(tmp_path / "a.npz", x_train=x[:150] / 255, y_train=y[:150], x_test=x[150:] / 255, y_test=y[150:])
    found = ganlift.check(tmp_path / "a.npz")
    assert "duplicates-across-parts" in {one.code for one in found.findings}
    assert "0 is black and 1 is white (float64" in found.facts["guesses"][0]["taken"]


def test_what_cannot_be_read_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 class folder"):
        ganlift.check(tmp_path)
    with pytest.raises(DataError, match="no path"):
        ganlift.check(tmp_path / "none")


def test_the_table_of_findings_is_the_code_s() -> None:
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    of_images = {code: Finding(code, "", 1) for code in KINDS}
    assert rows == [
        f"| `{code}` | {kind.severity} | {kind.meaning} | {of_images[code].advice} |" for code, kind in KINDS.items()
    ]
