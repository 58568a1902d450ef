"""The table that ends a comparison: one a space, and no name that says the space in every line."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from ganlift.cli.arms import tables
from ganlift.yardstick import ACCURACY

NETWORK = "efficientnet-lite0"


def row(strategy: str, features: str | None, seed: int, accuracy: float) -> dict[str, Any]:
    known = {"features": features} if features else {}
    return {"strategy": strategy, "seed": seed, "status": "done", "test_accuracy": accuracy, "elapsed_s": 2.0, **known}


def printed(rows: list[dict[str, Any]], verdicts: list[dict[str, Any]]) -> list[tuple[str, list[list[str]]]]:
    found = []
    for heading, table in tables(rows, verdicts, ACCURACY):
        console = Console(width=80)
        with console.capture() as said:
            console.print(table)
        found.append((heading, [line.split() for line in said.get().splitlines()[1:]]))
    return found


def test_each_space_has_a_table_of_plain_names() -> None:
    arm = f"sgan@{NETWORK}"
    rows = [row("augment", None, seed, 0.7) for seed in (0, 1)] + [row(arm, NETWORK, seed, 0.8) for seed in (0, 1)]
    rows.append({"strategy": arm, "seed": 2, "status": "failed", "reason": "out of memory", "elapsed_s": 1.0})
    judged = {"strategy": arm, "gain": 0.01, "ci_low": -0.01, "ci_high": 0.03, "reference": f"linear-probe@{NETWORK}"}
    assert printed(rows, [judged]) == [
        ("Pixels", [["augment", "2", "70.0", "±", "0.0", "2", "s"]]),
        (
            f"Features of {NETWORK}",
            [["sgan", "2", "of", "3", "80.0", "±", "0.0", "+1.0", "(-1.0", "to", "+3.0)", "linear-probe", "2", "s"]],
        ),
    ]


def test_pixels_alone_need_no_heading() -> None:
    ((heading, lines),) = printed([row("augment", None, 0, 0.7)], [])
    assert heading == ""
    assert lines == [["augment", "1", "70.0", "2", "s"]]


def test_a_long_name_breaks_behind_a_hyphen() -> None:
    arm, rival = f"sgan-fixmatch@{NETWORK}", f"distribution-calibration@{NETWORK}"
    judged = {"strategy": arm, "gain": -0.01, "ci_low": -0.01, "ci_high": 0.03, "reference": rival}
    ((_, lines),) = printed([row(arm, NETWORK, 0, 0.8), row(rival, NETWORK, 0, 0.8)], [judged])
    assert [line[0] for line in lines] == ["sgan-fixmatch", "calibration", "distribution-", "calibration"]
    assert lines[0][-3:] == ["distribution-", "2", "s"]


def test_two_columns_of_longish_names_break_behind_a_hyphen_too() -> None:
    """Each would fit a line of its own, and not both in 80 columns: a name would be cut in its middle."""
    names = ("entropy-minimisation", "fixmatch-rotation", "sgan-fixmatch-rotation")
    judged = {"strategy": names[2], "gain": -0.01, "ci_low": -0.01, "ci_high": 0.03, "reference": names[0]}
    rows = [row(name, None, seed, 0.8) for name in names for seed in (0, 1)]
    ((_, lines),) = printed(rows, [judged])
    first = ["entropy-", "minimisation", "fixmatch-", "rotation", "sgan-fixmatch-", "rotation"]
    assert [line[0] for line in lines] == first
    assert lines[4][-3:] == ["entropy-", "2", "s"]
    ((_, alone),) = printed(rows[:4], [])
    assert [line[0] for line in alone] == list(names[:2])  # where there is room they are left whole


def test_a_wide_interval_leaves_less_room_for_names() -> None:
    """Of two seeds gains are wide, and arms of `compare-generators` have long names beside a short one."""
    names = ("augment", "synthetic-only-sngan", "gan-augment-gaussian")
    judged = {"strategy": names[2], "gain": -0.145, "ci_low": -0.84, "ci_high": 0.55, "reference": names[0]}
    ((_, lines),) = printed([row(name, None, seed, 0.8) for name in names for seed in (0, 1)], [judged])
    assert [line[0] for line in lines] == ["augment", "synthetic-only-", "sngan", "gan-augment-", "gaussian"]


@pytest.mark.parametrize(("answer", "key"), [("helps", "nearest"), ("no gain worth having", "ruled_out")])
def test_the_gain_that_decides_is_shown(answer: str, key: str) -> None:
    over = {"name": "fixmatch", "gain": 0.004, "ci_low": 0.001, "ci_high": 0.007}
    judged = {"strategy": "sgan", "verdict": answer, "reference": "augment", "gain": 0.05, "ci_low": 0.02, key: over}
    ((_, (line,)),) = printed([row("sgan", None, 0, 0.8)], [judged])
    assert line[3:8] == ["+0.4", "(+0.1", "to", "+0.7)", "fixmatch"]


def test_what_sees_one_block_alone_stands_among_those_that_see_all() -> None:
    alone = {**row("linear-probe@words", None, 0, 0.9), "block": "words"}
    ((heading, lines),) = printed([row("sgan", None, 0, 0.8), alone], [])
    assert heading == ""
    assert [line[0] for line in lines] == ["sgan", "linear-probe", "@words"]


def test_a_rival_given_the_same_time_stands_in_the_way() -> None:
    in_time = {"name": "fixmatch", "gain": -0.0003, "ci_low": -0.02, "ci_high": 0.02}
    judged = {"strategy": "sgan", "verdict": "undecided", "reference": "fixmatch", "gain": 0.02, "ci_low": 0.01}
    rows = [row("sgan", None, 0, 0.8), row("fixmatch-in-time-of-sgan", None, 0, 0.8)]
    ((_, lines),) = printed(rows, [{**judged, "ci_high": 0.03, "in_time": in_time}])
    said = " ".join(word for line in lines for word in line)
    assert "+0.0 (-2.0 to +2.0) fixmatch in the" in said
    assert [line[0] for line in lines[-3:]] == ["fixmatch-", "in-time-of-", "sgan"]


def test_a_seed_in_which_the_machine_slept_moves_no_time() -> None:
    rows = [row("augment", None, seed, 0.7) | {"elapsed_s": elapsed} for seed, elapsed in enumerate((3.0, 900.0, 2.0))]
    ((_, ((*_, time, unit),)),) = printed(rows, [])
    assert (time, unit) == ("3", "s")
