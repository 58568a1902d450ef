"""Words for the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlift.cli.words import duration, safe, shortened, size, some


@given(st.text())
def test_safe_text_is_printable_and_on_one_line(text: str) -> None:
    assert safe(text).isprintable()
    if text.isprintable():
        assert safe(text) == text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (99.4, "99 s"), (99.6, "2 min"), (3570, "1 h 0 min"), (3569, "59 min"), (4800, "1 h 20 min")],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(("count", "words"), [(0, "0 B"), (999, "999 B"), (163e6, "163 MB"), (2.5e9, "2.5 GB")])
def test_size(count: float, words: str) -> None:
    assert size(count) == words


def test_some_says_how_many_there_are() -> None:
    assert some("ab") == "a, b"
    assert some("abcd", 2) == "a, b, ... (4 in all)"


@pytest.mark.parametrize(
    ("names", "width", "short"),
    [
        (("1", "10", "2"), 2, ["1", "10", "2"]),
        (("T-shirt/top", "Trouser", "Bag"), 4, ["T-s…", "Tro…", "Bag"]),
        (("T-shirt/top", "T-shirt", "Bag"), 4, None),
        (("ant hill", "bee"), 5, ["ant…", "bee"]),
        (("猫狗鸟", "狗"), 5, ["猫狗…", "狗"]),  # each is two columns wide
    ],
)
def test_names_are_shortened_as_long_as_they_stay_apart(
    names: tuple[str, ...], width: int, short: list[str] | None
) -> None:
    assert shortened(names, width) == short
