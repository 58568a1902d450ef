"""Whether a mirrored image keeps its class: asked for, or told from the classes' names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ganlift.data.reading import Guess
from ganlift.data.types import ImageSet

OPTION = "--flips on|off"

MOST = 0.6
"""Share of the names that must be numbers or letters for the others to be taken for slips, such as one "nan"."""

_SIDES = {
    *("left", "right", "lefthand", "righthand", "lh", "rh", "leftward", "rightward", "leftwards", "rightwards"),
    *("clockwise", "counterclockwise", "anticlockwise", "cw", "ccw", "east", "west", "eastbound", "westbound"),
}
_WORDS = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
_BEFORE = re.compile(r"(class|label|digit|number|num|letter|char|character|sign|category|cat|id|no|nr)[\s_.:#-]*(?=\S)")


def flips_safe(images: ImageSet) -> bool:
    """Whether a mirrored image keeps its class: as asked, else not for digits, letters and sides in the names."""
    return not why_no_flips(images.class_names) if images.flips is None else images.flips


def guess(class_names: Sequence[str], asked: bool | None) -> Guess:
    """What is taken for granted of mirroring."""
    if asked is not None:
        return Guess("mirroring", f"{'on' if asked else 'off'}, as asked", OPTION)
    reason = why_no_flips(class_names)
    taken = f"off: {reason}" if reason else "on: no class has a number, a letter or a side for a name"
    return Guess("mirroring", taken, OPTION)


def why_no_flips(class_names: Sequence[str]) -> str:
    """Why a mirrored image may belong to another class; "" where it keeps its own."""
    signs = [name for name in class_names if _is_sign(name)]
    if signs and len(signs) >= MOST * len(class_names):
        shown = ", ".join(f"'{name}'" for name in signs[:3])
        return f"classes are named like digits or letters ({shown}{', ...' if len(signs) > 3 else ''})"
    for name in class_names:
        if found := _SIDES.intersection(_tokens(name)):
            return f"a class is named '{name}', with '{min(found)}' in it"
    return ""


def _is_sign(name: str) -> bool:
    """Whether ``name`` is a number, a single letter or a digit's word, perhaps after a word such as "class"."""
    bare = name.strip().lower()
    bare = _BEFORE.sub("", bare, count=1) if _BEFORE.match(bare) else bare
    return len(bare) == 1 or bare in _WORDS or re.fullmatch(r"[-+]?\d+(\.\d*)?", bare) is not None


def _tokens(name: str) -> list[str]:
    """The words of a name, those run together as in ``leftHand`` too, in lower case."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.split(r"[^a-z]+", parted.lower())
