"""Names that a person would read as one: told with their code points, and never merged."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

import ganlift
from ganlift.cli.main import app
from ganlift.data.names import alike_names, read
from ganlift.errors import DataError

CYRILLIC = "c\u0430t"
TWINS = {
    "Cyrillic": (("cat", CYRILLIC), "'cat' (U+0061) and 'c\u0430t' (U+0430) differ by characters that look alike"),
    "accents": (
        ("che\u0301", "ch\u00e9"),
        "'che\u0301' (U+0065, U+0301) and 'ch\u00e9' (U+00E9) differ by how accents are stored alone.",
    ),
    "full width": (("cat", "\uff43at"), "'cat' (U+0063) and '\uff43at' (U+FF43) differ by characters that look alike"),
    "not drawn": (("cat", "cat\u200b"), "'cat' and 'cat\u200b' (U+200B) differ by characters that look alike"),
    "no-break space": (("a cat", "a\u00a0cat"), "'a cat' (U+0020) and 'a\u00a0cat' (U+00A0) differ by spaces"),
    "case": (("Cat", "cat"), "'Cat' and 'cat' differ by upper and lower case alone"),
}


def folder_of(folder: Path, names: tuple[str, ...], seed: int = 0) -> Path:
    """Twelve images of noise in a class folder for each of ``names``."""
    rng = np.random.default_rng(seed)
    for name in names:
        (folder / name).mkdir(parents=True)
        for number in range(12):
            Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(folder / name / f"{number}.png")
    return folder


@pytest.mark.parametrize("kind", TWINS)
def test_class_folders_that_look_alike_are_told_with_code_points_and_stay_apart(kind: str, tmp_path: Path) -> None:
    names, words = TWINS[kind]
    folder = folder_of(tmp_path / "photos", names)
    told = json.loads(CliRunner().invoke(app, ["check", str(folder), "--json"]).stdout)
    (found,) = (one for one in told["findings"] if one["code"] == "alike-names")
    assert found["message"].startswith(f"Classes {words}"), found["message"]
    assert (told["classes"], told["per_class"]) == (sorted(names), [12, 12])


def test_compare_tells_them_and_keeps_two_classes(tmp_path: Path) -> None:
    names, words = TWINS["Cyrillic"]
    notes: list[str] = []
    found = ganlift.compare(
        folder_of(tmp_path / "photos", names),
        strategies=["real-only", "augment"],
        seeds=1,
        budget=2,
        batch_size=4,
        jobs=1,
        out=tmp_path / "run",
        on_event=lambda event: notes.append(event["message"]) if event["type"] == "note" else None,
    )
    assert sum(words in note for note in notes) == 1
    assert all(len(row["per_class_recall"]) == 2 for row in found.rows)
    others = folder_of(tmp_path / "others", (names[0],), seed=1)
    (others / names[0]).rename(others / "\u0441at")
    with pytest.raises(DataError, match=r"compared exactly; '\u0441at' \(U\+0441\) reads like 'cat' \(U\+0063\)"):
        ganlift.evaluate(tmp_path / "run", others)


def test_files_of_one_folder_that_look_alike_are_all_used_and_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "photos", ("a", "b"))
    for old, new in (("a/0", "a/\u00e9"), ("a/1", "a/e\u0301"), ("a/2", "a/X"), ("b/2", "b/x")):
        (folder / f"{old}.png").rename(folder / f"{new}.png")
    (found,) = (one for one in ganlift.check(folder).findings if one.code == "alike-files")
    assert found.message == (
        "Files 'a/e\u0301.png' (U+0065, U+0301) and 'a/\u00e9.png' (U+00E9) differ by how accents are stored alone."
    )
    assert ganlift.check(folder).facts["per_class"] == [12, 12]


def test_what_can_be_told_apart_by_eye_is_no_twin() -> None:
    assert (
        alike_names(["O", "0", "l", "1", "x2", "x\u00b2", "cat", "cats", "\u043a\u043e\u0442", "d\u00f3g", "dog"]) == []
    )


@given(st.text(max_size=12))
def test_what_is_read_does_not_depend_on_how_it_is_stored(name: str) -> None:
    assert read(unicodedata.normalize("NFD", name)) == read(unicodedata.normalize("NFC", name))
    assert read(f" {name}\u200b") == read(name)
