"""Pictures as data URIs."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from ganlift.report import pictures
from ganlift.report.pictures import FITS, Fit
from ganlift.report.read import read_run


def decoded(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,"))))


def test_a_picture_keeps_its_pixels_when_it_fits(tmp_path: Path) -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(6, 10)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = pictures.picture(tmp_path / "a.png", 640)
    assert found is not None
    np.testing.assert_array_equal(np.asarray(decoded(found.uri)), pixels)


def test_a_large_picture_is_shrunk_and_keeps_its_shape(tmp_path: Path) -> None:
    Image.new("RGB", (800, 400)).save(tmp_path / "a.png")
    found = pictures.picture(tmp_path / "a.png", 200)
    assert found is not None
    assert decoded(found.uri).size == (200, 100)
    assert (found.width, found.height) == (800, 400)


def test_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    assert pictures.picture(tmp_path / "a.png", 640) is None
    assert pictures.picture(tmp_path / "b.png", 640) is None


def test_a_picture_too_large_to_decode_is_left_out(tmp_path: Path) -> None:
    Image.new("1", (50_000, 1_000)).save(tmp_path / "a.png")
    assert pictures.picture(tmp_path / "a.png", 640) is None


def test_frames_are_thinned_out_and_keep_both_ends(run: Path) -> None:
    files = pictures.grid_files(read_run(run), "gan-augment", 0)
    assert len(files) == 7
    assert [frame.seen for frame in pictures.frames(files, Fit(3, 64))] == [0, 10800, 43200]
    assert [frame.seen for frame in pictures.frames(files, Fit(1, 64))] == [43200]
    assert pictures.frames(files, FITS[-1]) == []


def test_a_name_that_leads_out_of_the_arms_folder_is_not_followed(run: Path) -> None:
    Image.new("L", (4, 4)).save(run / "secret.png")
    found = read_run(run)
    for name in ("../../../secret.png", str(run / "secret.png"), "", None, 3):
        assert pictures.beside(found, "gan-augment", 0, name, 640) is None
    assert pictures.beside(found, "gan-augment", 0, "real.png", 640) is not None
