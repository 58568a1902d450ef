"""What may stand behind a comparison's keys that no plain type describes: a budget, a tail, seeds, spaces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ganlift.config_images import names
from ganlift.errors import ConfigError

AUTO_SEEDS = "auto"
AUTO_JOBS = "auto"


@dataclass(frozen=True)
class Steps:
    """A budget in classifier steps an arm."""

    count: int


@dataclass(frozen=True)
class Seconds:
    """A budget in seconds for the whole comparison."""

    seconds: float


def parse_budget(text: int | str) -> Steps | Seconds:
    """``500`` or ``"500"`` is steps an arm; ``"90s"``, ``"5m"``, ``"1h30m"`` is time for the whole comparison.

    Raises:
        ConfigError: it is neither, or not above zero.
    """
    try:
        checked = budget_value(text)
    except ValueError as fault:
        raise ConfigError(f"budget {text!r}: {fault}.") from None
    return Steps(checked) if isinstance(checked, int) else Seconds(_seconds(checked))


_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?", re.ASCII)


def _seconds(text: str) -> float:
    """Seconds of a duration; 0 where it is not one."""
    found = _DURATION.fullmatch(text)
    units = zip(found.groups("0"), (3600, 60, 1), strict=True) if found else ()
    return sum((float(part) * unit for part, unit in units), 0.0)


def budget_value(value: Any) -> int | str:
    text = str(value).strip().lower()
    count = int(text) if re.fullmatch(r"[0-9]{1,12}", text) else 0
    if isinstance(value, bool) or not (count > 0 or 0 < _seconds(text) < float("inf")):
        raise ValueError("expected steps such as 500 or a time such as 90s, 5m or 1h30m, above zero")
    return count or text


def optional_budget_value(value: Any) -> int | str | None:
    return None if value is None else budget_value(value)


def parse_imbalance(text: str) -> tuple[str, float]:
    """``"exp:100"`` or ``"step:10"``: the kind of tail, and how many times fewer images its last class has.

    Raises:
        ConfigError: it is neither.
    """
    try:
        kind, _, ratio = imbalance_value(text).partition(":")
    except ValueError as fault:
        raise ConfigError(f"imbalance {text!r}: {fault}.") from None
    return kind, float(ratio)


def imbalance_value(value: Any) -> str:
    text = str(value).strip().lower()
    found = re.fullmatch(r"(?:exp|step):([0-9]{1,6}(?:\.[0-9]{1,6})?)", text)
    if not found or float(found[1]) < 1:
        raise ValueError("expected exp:RATIO or step:RATIO with a ratio of 1 or more, such as exp:100")
    return text


def jobs_per_gpu_value(value: Any) -> int | str:
    text = AUTO_JOBS if value is None else str(value).strip().lower()
    count = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0
    if isinstance(value, bool) or (text != AUTO_JOBS and count < 1):
        raise ValueError("expected auto, or how many jobs, 1 or more")
    return count or text


def seeds_value(value: Any) -> int | list[int] | str:
    if isinstance(value, str) and value.strip().lower() == AUTO_SEEDS:
        return AUTO_SEEDS
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*,?", value.replace(" ", "")):
        numbers = [int(number) for number in value.split(",") if number.strip()]
        value = numbers if "," in value else numbers[0]
    numbers = list(value) if isinstance(value, list | tuple) else [value]
    whole = all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers)
    if not whole or not numbers or len(set(numbers)) != len(numbers) or value == 0:
        raise ValueError("expected auto, how many seeds, 1 or more, or different seed numbers such as 10,11,12")
    return numbers if isinstance(value, list | tuple) else numbers[0]


PIXELS = "pixels"
"""Among ``features``: the images as they are."""

ROWS = "rows"
"""In place of ``features``: what the data are where they are rows of numbers."""


def spaces_value(value: Any) -> list[str]:
    """Names of spaces to learn in; ``none`` is no network, so pixels."""
    given = names(value)
    found = [PIXELS if name == "none" else name for name in given]
    if len(found) > 1 and ("auto" in found or "none" in given):
        raise ValueError("auto and none stand alone, without other names beside them")
    return found
