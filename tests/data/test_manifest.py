"""Manifests as other programs and other systems write them: paths, labels, and names of classes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import ganlift
from ganlift.cli.main import app
from ganlift.data import load
from ganlift.errors import DataError

CLASSES = ("ant", "bee")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder ``i`` of 10 images for each of two classes, and room beside it for manifests."""
    rng = np.random.default_rng(0)
    for name in CLASSES:
        (tmp_path / "i" / name).mkdir(parents=True)
        for index in range(10):
            picture = Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8))
            picture.save(tmp_path / "i" / name / f"{index}.png")
    return tmp_path


def manifest(folder: Path, lines: Sequence[str], head: str = "path,label") -> str:
    file = folder / "set.csv"
    file.write_text("\n".join([head, *lines]), encoding="utf-8")
    return str(file)


def every(path: str, *labels: str) -> list[str]:
    """A line for each image: ``path`` with its class and number, and its class or what ``labels`` has in its place."""
    named = zip(CLASSES, labels or CLASSES, strict=True)
    return [f"{path.format(name, index)},{label}" for name, label in named for index in range(10)]


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("i\\{}\\{}.png", "20 path(s) of {} have backslashes between folders and were found as {}/i/ant/0.png, "),
        ("i/{}/{}", "20 path(s) of {} have no suffix and were found as {}/i/ant/0.png, "),
    ],
)
def test_paths_of_another_kind_are_found_and_told(photos: Path, path: str, note: str) -> None:
    plain = load(manifest(photos, every("i/{}/{}.png")))
    assert plain.notes == ()
    spec = manifest(photos, every(path))
    found = load(spec)
    assert np.array_equal(found.names, plain.names)
    assert np.array_equal(found.labels, plain.labels)
    assert len(found.notes) == 1
    assert found.notes[0].startswith(note.format(spec, photos))
    assert ganlift.check(spec).notes == found.notes


def test_both_at_once_are_two_notes(photos: Path) -> None:
    found = load(manifest(photos, every("i\\{}\\{}")))
    assert len(found) == 20
    assert [" ".join(note.split()[4:7]) for note in found.notes] == ["have backslashes between", "have no suffix"]


def test_a_path_as_it_is_comes_first(photos: Path) -> None:
    Image.new("L", (8, 8), 7).save(photos / "i\\ant\\0.png")  # here a backslash may be a part of a name
    Image.new("L", (8, 8), 9).save(photos / "i" / "ant" / "5", format="PNG")
    found = load(manifest(photos, ["i\\ant\\0.png,ant", "i/ant/5,ant", "i/bee/0.png,bee"]))
    assert found.notes == ()
    assert [int(image.max()) for image in found.pixels[:2]] == [7, 9]


def test_a_name_that_several_images_have_is_refused(photos: Path) -> None:
    Image.new("L", (8, 8)).save(photos / "i" / "ant" / "3.jpg")
    with pytest.raises(DataError, match=r"set.csv, line 5: 'i/ant/3' may be any of 3.jpg, 3.png; write the suffix\."):
        load(manifest(photos, every("i/{}/{}")))


def test_a_name_that_no_image_has_is_missing(photos: Path) -> None:
    (photos / "i" / "ant" / "3.png").rename(photos / "i" / "ant" / "3.txt")
    found = load(manifest(photos, every("i/{}/{}")))
    assert len(found) == 19
    assert f"1 file(s) left out, listed and not there: {photos}/i/ant/3." in found.notes


def test_two_ways_to_write_one_path_are_one_image(photos: Path) -> None:
    with pytest.raises(DataError, match="two labels, 'ant' and 'bee'"):
        load(manifest(photos, ["i/ant/0.png,ant", "i\\ant\\0.png,bee"]))


def test_where_no_path_leads_anywhere_the_paths_are_the_matter(photos: Path) -> None:
    with pytest.raises(
        DataError, match=r"None of the 2 files that .*set.csv lists is there \(.*/C:.x.0.png, .*/j/1.png\)"
    ):
        load(manifest(photos, ["C:\\x\\0.png,ant", "j/1.png,bee"]))


def test_a_column_is_found_by_paths_of_another_kind(photos: Path) -> None:
    from ganlift.data.manifest import read_column

    spec = manifest(
        photos, [f"{line},s{index % 2}" for index, line in enumerate(every("i\\{}\\{}"))], "path,label,site"
    )
    values = read_column(Path(spec), "site")
    assert [values[name] for name in load(spec).names[:3]] == ["s0", "s1", "s0"]


@pytest.mark.parametrize("label", ["nan", "NA", "N/A", "null", "None", "#N/A"])
def test_what_reads_like_an_empty_cell_is_no_class_beside_two_others(photos: Path, label: str) -> None:
    lines = [*every("i/{}/{}.png"), *(f"i/ant/{index}.png.gone,{label}" for index in (1, 2))]
    for index in (1, 2):
        (photos / "i" / "ant" / f"{index}.png.gone").write_bytes((photos / "i" / "ant" / f"{index}.png").read_bytes())
    spec = manifest(photos, lines)
    said = f"set.csv, line 22 (and 1 more): the label '{label}' reads like an empty cell."
    with pytest.raises(DataError) as refused:
        load(spec)
    assert str(refused.value).endswith(
        f"{said} Leave the cell empty for an image without a label; give the class another name if it is one."
    )
    (found,) = (one for one in ganlift.check(spec).findings if one.code == "absent-label")
    assert (found.kind.severity, found.count) == ("error", 2)
    emptied = load(manifest(photos, [line.replace(f",{label}", ",") for line in lines]))
    assert emptied.class_names == CLASSES
    assert np.sum(emptied.labels == -1) == 2


def test_beside_one_class_it_is_a_class_and_told(photos: Path) -> None:
    found = load(manifest(photos, every("i/{}/{}.png", "none", "crack")))
    assert found.class_names == ("crack", "none")
    assert found.notes[0].startswith("The label 'none' of ")
    assert found.notes[0].endswith("is taken as a class; where an image has no label, leave the cell empty.")


@pytest.mark.parametrize(
    ("labels", "difference"),
    [
        (("Cat", "cat"), "upper and lower case"),
        (("a  cat", "a cat"), "spaces"),
        (("A  cat", "a cat"), "case and spaces"),
        (("1", "1.0"), "how a number is written"),
    ],
)
def test_names_of_classes_that_are_alike_are_told(photos: Path, labels: tuple[str, str], difference: str) -> None:
    spec = manifest(photos, every("i/{}/{}.png", *labels))
    (found,) = (one for one in ganlift.check(spec).findings if one.code == "alike-names")
    assert found.message == f"Classes '{labels[0]}' and '{labels[1]}' differ by {difference} alone."
    assert found.kind.severity == "warning"
    told: list[str] = []
    ganlift.train(
        spec, budget=1, batch_size=4, precision="fp32", out=photos / "run", on_event=lambda e: told.append(str(e))
    )
    assert sum(found.message in one and "'note'" in one for one in told) == 1


def test_names_of_classes_in_an_npz_are_looked_at_too(tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8), np.arange(30) % 3
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, class_names=np.array(["Cat", "dog", "cat "]))
    (found,) = (one for one in ganlift.check(tmp_path / "a.npz").findings if one.code == "alike-names")
    assert found.message == "Classes 'Cat' and 'cat ' differ by case and spaces alone."
    assert found.count == 2


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_named_without_the_codec_s_words(tmp_path: Path, encoding: str) -> None:
    for name, head in {"list.csv": "path,label", "rows.csv": "a,label"}.items():
        (tmp_path / name).write_text(f"{head}\n1,été\n2,hiver\n", encoding=encoding)
        with pytest.raises(DataError, match=r"is not a CSV file in UTF-8; save it in that encoding") as found:
            load(str(tmp_path / name))
        assert "codec" not in str(found.value)


def test_a_comma_in_a_path_without_quotation_marks_is_refused(photos: Path) -> None:
    lines = every("i/{}/{}.png")
    with pytest.raises(DataError, match=r"set\.csv, line 3 has more cells than the first line has columns"):
        load(manifest(photos, [lines[0], "i/ant/one, two.png,ant", *lines[2:]]))
    assert len(load(manifest(photos, [f"{line}," for line in lines])).names) == 20  # a comma at each end is nothing


def test_a_class_with_a_comma_is_chosen_in_quotation_marks(photos: Path) -> None:
    spec = manifest(photos, every("i/{}/{}.png", '"ant, red"', "bee"))
    told = CliRunner().invoke(app, ["check", spec, "--classes", '"ant, red",bee', "--json"])
    assert json.loads(told.stdout)["classes"] == ["ant, red", "bee"]
