"""What ``evaluate --what privacy`` shows: membership inference attacks on a run's models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganlift.cli.tables import table
from ganlift.cli.words import safe

if TYPE_CHECKING:
    from rich.table import Table

    from ganlift.inference.privacy import Attack, PrivacyEvaluation


def head(found: PrivacyEvaluation) -> list[str]:
    """What was attacked, with which examples, what was found in a sentence, and which attacks were not made."""
    models = dict.fromkeys(f"the {one.kind} {safe(one.model)}" for one in found.attacks)
    others = dict.fromkeys(safe(one.others) for one in found.attacks)
    told = [one.name for one in found.attacks if one.figures.tells]
    said = (
        f"Members are told from others by: {', '.join(told)}." if told else "No attack surely does better than chance."
    )
    return [
        f"Which {found.noun}s were trained on, told from {' and '.join(models)}.",
        f"Members are training {found.noun}s; others are of {' and of '.join(others)}.",
        f"{said} An attack that is not listed may do better.",
        *(f"Left out: {safe(one)}" for one in found.left_out),
    ]


def tables(found: PrivacyEvaluation) -> list[Table]:
    """A line an attack."""
    names = ["attack", "members", "others", "AUC", "95 % interval", "found at 10 %", "at 1 %"]
    return [table(names, [_line(one) for one in found.attacks])]


def _line(one: Attack) -> list[str]:
    got = one.figures
    return [
        one.name,
        str(got.members),
        str(got.others),
        f"{got.auc:.3f}",
        f"{got.low:.3f} to {got.high:.3f}",
        *("-" if share is None else f"{100 * share:.1f} %" for share in got.found.values()),
    ]
