"""Folders, manifests and odd images, as users have them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganlift.data import Reading, draw_split, load
from ganlift.errors import DataError


def picture(seed: int, size: tuple[int, int] = (40, 32), mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).convert(mode)


def make(folder: Path, classes: dict[str, int], suffix: str = "png", start: int = 0) -> Path:
    for place, (name, count) in enumerate(classes.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            picture(start + 1000 * place + index).save(folder / name / f"{index}.{suffix}")
    return folder


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp"])
def test_a_flat_folder_gets_a_test_set(tmp_path: Path, suffix: str) -> None:
    images = load(str(make(tmp_path, {"ant": 10, "bee": 10}, suffix)))
    assert images.class_names == ("ant", "bee")
    assert images.pixels.shape == (20, 32, 32, 3)
    first, second = (draw_split(images, seed) for seed in (0, 1))
    assert np.array_equal(first.test, second.test)
    assert np.bincount(images.labels[first.test]).tolist() == [2, 2]
    assert "drawn as the test set" in first.notes[0]


def test_parts_are_kept_and_val_validates(tmp_path: Path) -> None:
    for start, (part, count) in enumerate({"train": 6, "valid": 3, "test": 2}.items()):
        make(tmp_path / part, {"a b": count, "ü<b>": count}, start=10_000 * start)
    images = load(str(tmp_path), Reading(image_size=16))
    assert images.class_names == ("a b", "ü<b>")
    split = draw_split(images, 0)
    assert (len(split.labelled), len(split.validation), len(split.test)) == (12, 6, 4)


def test_unlabelled_images_take_the_shape_of_the_labelled(tmp_path: Path) -> None:
    make(tmp_path / "set", {"a": 6, "b": 6})
    make(tmp_path / "more", {"deep/er": 5}, start=50_000)
    images = load(str(tmp_path / "set"), unlabelled=str(tmp_path / "more"))
    split = draw_split(images, 0)
    assert np.sum(images.labels == -1) == 5
    assert len(split.unlabelled) == 5
    assert not set(split.unlabelled) & set(split.labelled)


def test_grey_stored_as_rgb_is_one_channel(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for index in range(4):
            picture(index + len(name), mode="L").convert("RGB").save(tmp_path / name / f"{index}.png")
    assert load(str(tmp_path)).channels == 1


def test_odd_images_are_listed_or_converted(tmp_path: Path) -> None:
    folder = make(tmp_path, {"a": 4, "b": 4})
    whole = io.BytesIO()
    picture(1).save(whole, "PNG")
    odd = folder / "a"
    (odd / "empty.png").write_bytes(b"")
    (odd / "text.png").write_text("no image")
    (odd / "truncated.png").write_bytes(whole.getvalue()[:500])
    picture(2).save(odd / "animated.webp", save_all=True, append_images=[picture(3)], format="WEBP")
    picture(4).save(odd / "really.gif", format="GIF")
    picture(5).save(odd / "named.png", format="JPEG")  # content decides, not the name
    picture(6, mode="CMYK").save(odd / "cmyk.jpg")
    picture(7).convert("P").save(odd / "palette.png")
    Image.fromarray(np.full((32, 32), 65535, np.uint16)).save(odd / "sixteen.png")
    Image.new("RGBA", (32, 32), (0, 0, 0, 0)).save(odd / "clear.png")
    (odd / "notes.txt").write_text("not an image")
    (odd / ".hidden.png").write_bytes(b"x")
    images = load(str(folder))
    kept = {Path(name).name for name in images.names if name.startswith("a")}
    assert kept == {
        "0.png",
        "1.png",
        "2.png",
        "3.png",
        "named.png",
        "cmyk.jpg",
        "palette.png",
        "sixteen.png",
        "clear.png",
    }
    words = " ".join(images.notes)
    for expected in ("empty", "truncated", "animated", "not a PNG, JPEG, WebP or BMP", "no images by name or content"):
        assert expected in words
    for white in ("sixteen.png", "clear.png"):
        index = next(i for i, name in enumerate(images.names) if name.endswith(white))
        assert images.image(index).min() == 255


def test_exif_rotation_is_applied(tmp_path: Path) -> None:
    make(tmp_path, {"a": 3, "b": 3})
    upright = Image.new("L", (32, 32), 0)
    upright.paste(255, (0, 0, 32, 16))  # white above
    turned = upright.rotate(90)
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn by 270 degrees to see it upright"
    turned.convert("RGB").save(tmp_path / "a" / "turned.png", exif=exif)
    images = load(str(tmp_path))
    image = images.image(next(i for i, name in enumerate(images.names) if name.endswith("turned.png")))
    assert image[4].min() > 200
    assert image[28].max() < 50


def test_a_decompression_bomb_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, {"a": 3, "b": 3})
    Image.new("1", (20_000, 20_000)).save(tmp_path / "a" / "bomb.png")
    images = load(str(tmp_path))
    assert len(images) == 6
    assert "larger than 100 million pixels" in images.notes[0]


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda folder: folder / "missing", "no data set and no path"),
        (lambda folder: folder, "0 class folder"),
        (lambda folder: make(folder, {"only": 3}), "1 class folder"),
        (lambda folder: make(folder, {"a": 3, "b": 0}), "holds no image"),
        (lambda folder: make(folder, {"a": 3, "b": 3}) / "a" / "0.png", "none of .npz, .npy, .csv and .parquet"),
    ],
)
def test_bad_folders_are_named(tmp_path: Path, prepare: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        load(str(prepare(tmp_path)))  # type: ignore[operator]


def test_a_misspelt_path_is_told_what_lies_beside_it(tmp_path: Path) -> None:
    make(tmp_path / "photos", {"a": 3, "b": 3})
    with pytest.raises(DataError, match=r"no path '.*fotos'\. Did you mean '.*photos'\?"):
        load(str(tmp_path / "fotos"))


def test_a_class_whose_files_all_break_is_fatal(tmp_path: Path) -> None:
    make(tmp_path, {"a": 3, "b": 1})
    (tmp_path / "b" / "0.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"No image of 1 class\(es\) of .* can be read: b\. Mend or replace"):
        load(str(tmp_path))


def test_a_typo_of_a_known_set_is_named() -> None:
    with pytest.raises(DataError, match="Did you mean 'fashion-mini'"):
        load("fashion-mimi")


def test_a_manifest_keeps_groups_on_one_side(tmp_path: Path) -> None:
    make(tmp_path / "i", {"a": 20, "b": 20})
    lines = ["\ufeffPath,label,group,extra"]
    lines += [f"i/{name}/{index}.png,{name},patient {index // 4},x" for name in "ab" for index in range(20)]
    lines.append("i/none.png,a,,")
    (tmp_path / "set.csv").write_text("\n".join(lines), encoding="utf-8")
    images = load(str(tmp_path / "set.csv"))
    assert len(images) == 40
    assert "listed and not there" in images.notes[0]
    assert images.groups is not None
    for seed in range(3):
        split = draw_split(images, seed, labels_per_class=4)
        sides = [set(images.groups[part]) for part in (split.test, split.labelled)]
        assert not sides[0] & sides[1]
        assert not set(images.groups[split.validation]) & set(images.groups[split.labelled])
        assert not set(images.groups[split.unlabelled]) & (sides[0] | set(images.groups[split.validation]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2", "column path and label"),
        ("path,label\ni/a/0.png,a;b\ni/b/0.png,b", "several labels in one cell"),
        ("path,label\ni/a/0.png,a\ni/a/0.png,b", "two labels, 'a' and 'b'"),
        ("path,label,split\ni/a/0.png,a,dev\n", "line 2: split 'dev'"),
        ("path,label\ni/a/0.png,a\n", "names 1 class"),
        ("path,label\n,a\n", "line 2: the path is empty"),
    ],
)
def test_bad_manifests_are_named(tmp_path: Path, text: str, words: str) -> None:
    make(tmp_path / "i", {"a": 1, "b": 1})
    (tmp_path / "set.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        load(str(tmp_path / "set.csv"))
