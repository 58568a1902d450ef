"""Data sets that Hugging Face's datasets saved: images, sound and rows in them, and what is refused in words."""

from __future__ import annotations

import io
import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from ganlift.data import ImageSet, Reading, VectorSet, load, load_examples, survey
from ganlift.data.types import SoundSet
from ganlift.errors import ConfigError, DataError

Save = Callable[..., Path]
NAMED = {"_type": "ClassLabel", "names": ["ants", "bees"]}
PICTURES = {"image": {"_type": "Image"}, "label": NAMED}


CELL = pa.struct({"bytes": pa.binary(), "path": pa.string()})


def png(level: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), (level, 0, 255 - level), np.uint8)).save(out, "PNG")
    return out.getvalue()


def cells(*levels: int) -> list[dict[str, Any]]:
    return [{"bytes": png(level), "path": None} for level in levels]


def pictures(levels: tuple[int, ...], labels: tuple[Any, ...], **more: Any) -> dict[str, Any]:
    """Columns with an image of each level."""
    return {"image": pa.array(cells(*levels), CELL), "label": pa.array(labels, pa.int64()), **more}


def red(images: ImageSet) -> list[int]:
    """The level that tells each image."""
    return [int(pixels[0, 0, 0]) for pixels in images.pixels]


def guess(found: Any, about: str) -> str:
    return next(one.taken for one in found.guesses if one.about == about)


def test_one_split_is_images_with_labels_by_name(tmp_path: Path, save_split: Save) -> None:
    home = save_split(
        tmp_path / "set", pictures((10, 20, 30, 40, 50), (1, 0, 1, -1, None), text=["t"] * 5), PICTURES, 2
    )
    images = load(str(home))
    assert (images.class_names, images.labels.tolist(), red(images)) == (
        ("ants", "bees"),
        [1, 0, 1, -1, -1],
        [10, 20, 30, 40, 50],
    )
    assert images.parts.tolist() == [""] * 5
    assert images.names.tolist() == [f"image[{row}]" for row in range(5)]
    assert guess(images, "columns") == "1 learned from (image); 'label' is the label; 'text' is left out"


def test_check_walks_over_the_same_images(tmp_path: Path, save_split: Save) -> None:
    home = save_split(tmp_path / "set", pictures((10, 20, 30, 40), (1, 0, 1, 0)), PICTURES)
    found = survey(str(home)).images
    assert found.hashes.tolist() == load(str(home)).hashes.tolist()


def test_splits_are_parts_by_the_rule_for_folders(tmp_path: Path, save_splits: Save) -> None:
    splits = {
        "train": pictures((10, 20, 30), (0, 1, 0), speaker=["a", "b", ""]),
        "validation": pictures((40, 50), (1, 0), speaker=["c", "c"]),
        "unsupervised": pictures((60,), (1,), speaker=["d"]),
        "extra": pictures((70,), (1,), speaker=["d"]),
    }
    save_splits(tmp_path / "set", splits, PICTURES)
    images = load(str(tmp_path / "set"))
    by_part = {part: sorted(np.array(red(images))[images.parts == part].tolist()) for part in set(images.parts)}
    assert by_part == {"train": [10, 20, 30], "test": [40, 50], "unlabelled": [60]}
    assert images.labels[images.parts == "unlabelled"].tolist() == [-1]
    assert "validation/ is the test set" in guess(images, "parts")
    assert any("extra (1 image(s))" in note for note in images.notes)
    assert images.groups is not None
    assert sorted(images.groups) == ["", "a", "b", "c", "c", "d"]
    kept = load(str(tmp_path / "set"), Reading(parts={"validation": "val", "extra": "test", "unsupervised": "skip"}))
    assert {part: int((kept.parts == part).sum()) for part in set(kept.parts)} == {"train": 3, "val": 2, "test": 1}


def test_a_test_split_without_labels_is_left_out_and_said(tmp_path: Path, save_splits: Save) -> None:
    splits = {
        "train": pictures((10, 20), (0, 1)),
        "test": pictures((30, 40), (-1, -1)),
    }
    save_splits(tmp_path / "set", splits, PICTURES)
    images = load(str(tmp_path / "set"))
    assert red(images) == [10, 20]
    assert any("The split 'test'" in note and "no labels" in note for note in images.notes)


def test_without_a_split_for_training_it_asks_which(tmp_path: Path, save_splits: Save) -> None:
    splits = {
        "test": pictures((10, 20), (0, 1)),
        "english": pictures((10, 20), (0, 1)),
    }
    save_splits(tmp_path / "set", splits, PICTURES)
    with pytest.raises(DataError, match=r"No split of .* for training .*--parts english=train"):
        load(str(tmp_path / "set"))
    with pytest.raises(
        DataError, match=r"--parts names 'englsh', and .* has no such split; it has 'test' and 'english'"
    ):
        load(str(tmp_path / "set"), Reading(parts={"englsh": "train"}))


def test_the_order_and_choice_of_an_older_save_are_kept(tmp_path: Path, save_split: Save) -> None:
    home = save_split(tmp_path / "set", pictures((10, 20, 30, 40), (0, 1, 0, 1)), PICTURES, 2)
    save_split(tmp_path / "chosen", {"indices": pa.array([3, 0, 1], pa.uint64())}, {})
    (tmp_path / "chosen" / "data-00000-of-00001.arrow").rename(home / "indices.arrow")
    state = json.loads((home / "state.json").read_text())
    (home / "state.json").write_text(json.dumps({**state, "_indices_data_files": [{"filename": "indices.arrow"}]}))
    images = load(str(home))
    assert (red(images), images.labels.tolist()) == ([40, 10, 20], [1, 0, 1])
    save_split(tmp_path / "beyond", {"indices": pa.array([4], pa.uint64())}, {})
    (tmp_path / "beyond" / "data-00000-of-00001.arrow").rename(home / "beyond.arrow")
    (home / "state.json").write_text(json.dumps({**state, "_indices_data_files": [{"filename": "beyond.arrow"}]}))
    with pytest.raises(DataError, match=r"flatten_indices"):
        load(str(home))


def test_an_image_may_be_a_path_below_the_folder(tmp_path: Path, save_split: Save) -> None:
    gone = str(tmp_path / "gone.png")
    given = [{"bytes": None, "path": path} for path in ("a/x.png", "y.png", gone)] + [None]
    home = save_split(tmp_path / "set", {"image": pa.array(given, CELL), "label": [0, 1, 1, 0]}, PICTURES)
    with pytest.raises(DataError, match=r"None of the 4 files that 'image' of .* names is there \(the first: .*x\.png"):
        load(str(home))
    (home / "a").mkdir()
    (home / "a" / "x.png").write_bytes(png(10))
    (home / "y.png").write_bytes(png(20))
    images = load(str(home))
    assert (red(images), images.names.tolist()) == ([10, 20], ["a/x.png", "y.png"])
    assert any("2 file(s)" in note and gone in note and "image[3]" in note for note in images.notes)


def test_which_column_is_learned_from_is_asked_where_several_can_be(tmp_path: Path, save_split: Save) -> None:
    home = save_split(
        tmp_path / "set", pictures((10, 20), (0, 1), width=[1, 2], vector=[[1.0, 2.0], [3.0, 4.0]]), PICTURES
    )
    with pytest.raises(DataError, match=r"image, width, vector.*--column image"):
        load_examples(str(home))
    assert red(load(str(home), Reading(column=("image",)))) == [10, 20]
    rows = load_examples(str(home), Reading(column=("vector",)))
    assert isinstance(rows, VectorSet)
    assert rows.vectors.tolist() == [[1, 2], [3, 4]]
    with pytest.raises(DataError, match=r"no column 'imge' to learn from.*did you mean 'image'\?"):
        load_examples(str(home), Reading(column=("imge",)))
    with pytest.raises(DataError, match=r"no column 'labl' as --label-column.*did you mean 'label'\?"):
        load_examples(str(home), Reading(label_column="labl"))


def test_rows_are_lists_or_numbers_and_their_classes_keep_their_names(
    tmp_path: Path, save_split: Save, save_splits: Save
) -> None:
    digits = {"label": {"_type": "ClassLabel", "names": ["7", "3", "5"]}}
    fixed = pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.float32(), 2))
    splits = {"train": {"v": fixed, "label": [0, 1, -1]}, "test": {"v": fixed, "label": [1, 0, 0]}}
    save_splits(tmp_path / "set", splits, digits)
    rows = load_examples(str(tmp_path / "set"), Reading(parts={"test": "val"}))
    assert isinstance(rows, VectorSet)
    assert (rows.class_names, rows.labels.tolist()) == (("3", "7"), [1, 0, -1, 0, 1, 1])
    assert (rows.parts.tolist(), rows.columns) == (["train"] * 3 + ["val"] * 3, ("v",))
    assert guess(rows, "classes") == "2 of 3 names have rows; without 5"
    plain = save_split(
        tmp_path / "plain", {"x": [1, 2], "y": [0.5, 1.5], "label": ["u", "w"], "split": ["", "test"]}, {}
    )
    found = load_examples(str(plain))
    assert isinstance(found, VectorSet)
    assert (found.vectors.tolist(), found.parts.tolist()) == ([[1, 0.5], [2, 1.5]], ["", "test"])


def test_what_cannot_be_learned_from_is_refused(tmp_path: Path, save_split: Save) -> None:
    nested = save_split(tmp_path / "nested", {"deep": [[[1.0]], [[2.0]]], "label": [0, 1]}, {"label": NAMED})
    with pytest.raises(DataError, match=r"column 'deep' has 'list<.*no number"):
        load_examples(str(nested))
    texts = save_split(tmp_path / "texts", {"image": ["a.png", "b.png"], "label": [0, 1]}, PICTURES)
    with pytest.raises(DataError, match=r"'image' is called Image and has 'string' for bytes and a path"):
        load(str(texts))
    beyond = save_split(tmp_path / "beyond", pictures((10, 20), (0, 2)), PICTURES)
    with pytest.raises(DataError, match=r"beyond, row 1: the label 2 is none of its 2 class names"):
        load(str(beyond))
    one = save_split(tmp_path / "one", pictures((10, 20), (0, 0)), PICTURES)
    with pytest.raises(DataError, match=r"has 1 class\(es\) with rows and at least 2"):
        load(str(one))
    with pytest.raises(DataError, match=r"--files is about the names of files"):
        load(str(one), Reading(files=("*.png",)))


def test_damage_is_one_sentence(tmp_path: Path, save_split: Save) -> None:
    home = save_split(tmp_path / "set", pictures((10, 20), (0, 1)), PICTURES)
    file = home / "data-00000-of-00001.arrow"
    whole = file.read_bytes()
    first, both = len(png(10)), len(png(10)) + len(png(20))
    file.write_bytes(whole.replace(struct.pack("<3i", 0, first, both), struct.pack("<3i", 0, first, 1 << 30)))
    assert file.read_bytes() != whole
    with pytest.raises(DataError, match=r"00001\.arrow is not a whole Arrow file"):
        load(str(home))
    file.write_bytes(whole[: len(whole) // 2])
    (home / "state.json").touch()
    with pytest.raises(DataError, match=r"00001\.arrow is not a whole Arrow file"):
        load(str(home))
    file.unlink()
    (home / "state.json").touch()
    with pytest.raises(DataError, match=r"00001\.arrow is missing, and state\.json beside it names it"):
        load(str(home))
    (home / "state.json").write_text('{"_data_files": [{"filename": "../other.arrow"}]}')
    with pytest.raises(DataError, match=r"names '\.\./other\.arrow', which is no plain name"):
        load(str(home))
    (home / "state.json").write_text("{")
    with pytest.raises(DataError, match=r"state\.json can't be read"):
        load(str(home))
    (tmp_path / "dict").mkdir()
    (tmp_path / "dict" / "dataset_dict.json").write_text('{"splits": ["train"]}')
    with pytest.raises(DataError, match=r"has no whole split 'train'"):
        load(str(tmp_path / "dict"))


def test_a_damaged_image_is_left_out(tmp_path: Path, save_split: Save) -> None:
    given = [*cells(10, 20), {"bytes": b"", "path": None}, {"bytes": png(30)[:40], "path": None}]
    home = save_split(tmp_path / "set", {"image": pa.array(given, CELL), "label": [0, 1, 0, 1]}, PICTURES)
    images = load(str(home))
    assert red(images) == [10, 20]
    assert [(str(one.path), one.fault) for one in images.files[2:]] == [
        ("image[2]", "empty-file"),
        ("image[3]", "not-an-image"),
    ]


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, save_split: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    home = save_split(tmp_path / "set", pictures((10, 20), (0, 1)), PICTURES)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'ganlift\[parquet\]'"):
        load(str(home))


def test_what_the_library_itself_saves_is_read(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["ants", "bees"])})
    drawn = [Image.fromarray(np.full((8, 8, 3), (level, 0, 0), np.uint8)) for level in (10, 20, 30, 40)]
    whole = datasets.Dataset.from_dict({"image": drawn, "label": [0, 1, 0, -1]}, features=features)
    parts = datasets.DatasetDict({"train": whole.select([3, 0, 1]), "test": whole.select([2])})
    parts.save_to_disk(tmp_path / "set", num_shards={"train": 2, "test": 1})
    images = load(str(tmp_path / "set"))
    assert (red(images), images.labels.tolist()) == ([40, 10, 20, 30], [-1, 0, 1, 0])
    assert images.names.tolist() == [*(f"train/image[{row}]" for row in range(3)), "test/image[0]"]


def test_unlabelled_images_may_lie_in_another_saved_set(tmp_path: Path, save_split: Save) -> None:
    home = save_split(tmp_path / "set", pictures((10, 20), (0, 1)), PICTURES)
    more = save_split(tmp_path / "more", {"image": pa.array(cells(30, 40), CELL)}, {"image": PICTURES["image"]})
    images = load(str(home), unlabelled=str(more))
    assert (red(images), images.labels.tolist()) == ([10, 20, 30, 40], [0, 1, -1, -1])
    assert survey(str(home), unlabelled=str(more)).images.hashes.tolist() == images.hashes.tolist()


def test_sound_in_cells_is_that_of_the_files(tmp_path: Path, save_split: Save) -> None:
    soundfile = pytest.importorskip("soundfile")
    waves = [np.sin(np.arange(4000) * 2 * np.pi * hertz / 8000) / 2 for hertz in (300, 500, 900, 1500)]
    held = []
    for row, (wave, name) in enumerate(zip(waves, ("high", "high", "low", "low"), strict=True)):
        file = tmp_path / "folder" / name / f"{row}.flac"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, wave, 8000)
        held.append({"bytes": file.read_bytes(), "path": None if row % 2 else file.name})
    features = {"audio": {"_type": "Audio"}, "name": {"_type": "Value", "dtype": "string"}}
    columns = {"audio": pa.array(held, CELL), "name": ["high", "high", "low", "low"], "text": ["a", "b", "c", "d"]}
    home = save_split(tmp_path / "set", columns, features)
    folder, found = load(str(tmp_path / "folder")), load(str(home), Reading(label_column="name"))
    assert isinstance(found, SoundSet)
    assert np.array_equal(found.pixels, folder.pixels)
    assert (found.sound.rate, found.sound.seconds) == (8000, 0.5)
    assert (found.class_names, found.labels.tolist()) == (("high", "low"), [0, 0, 1, 1])
    assert found.names.tolist() == ["audio[0].flac", "audio[1].wav", "audio[2].flac", "audio[3].wav"]
