"""A comparison that is judged at planned looks: settled early, gone through to the end, broken off, refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

import ganlift
from ganlift.cli.main import app
from ganlift.runs import folder

SMALL = ["compare", "digits", "--labels-per-class", "10", "--precision", "fp32", "--jobs", "2"]
PAIR = [*SMALL, "--strategies", "augment,sgan"]
SETTLED = [*PAIR, "--budget", "60", "--set", "options.augment.lr=1e-9"]
"""augment stays at chance, so that sgan helps at the first look."""

OPEN = [*PAIR, "--budget", "3", "--batch-size", "16"]
"""Both stay near chance, so that nothing is settled."""

IN_TIME = "augment-in-time-of-sgan"
TIMED = ("cost_ratio", "sentence")


def run(out: Path, command: list[str], *more: str) -> Result:
    return CliRunner().invoke(app, [*command, *more, "--out", str(out)])


def rows(out: Path) -> list[dict[str, Any]]:
    return folder.rows(out)


def arms(out: Path) -> list[tuple[str, int]]:
    return sorted((row["strategy"], row["seed"]) for row in rows(out))


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def files(out: Path) -> dict[str, tuple[int, bytes]]:
    """What a refused command may not touch."""
    paths = (path for path in sorted(out.rglob("*")) if path.is_file() and not path.name.startswith(".lock"))
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


def predictions(out: Path) -> dict[Path, bytes]:
    found = sorted(out.rglob("predictions.npz"))
    return {path.relative_to(out): b"".join(value.tobytes() for value in np.load(path).values()) for path in found}


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The run that ends at its first look, through the Python door, and its events."""
    out, events = tmp_path_factory.mktemp("looks") / "settled", list[dict[str, Any]]()
    ganlift.compare(
        "digits",
        labels_per_class=10,
        precision="fp32",
        jobs=2,
        strategies=["augment", "sgan"],
        budget=60,
        options={"augment": {"lr": 1e-9}},
        out=out,
        on_event=lambda event: events.append(dict(event)),
    )
    return out, events


@pytest.fixture(scope="module")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The run that goes through all looks, and what it printed."""
    out = tmp_path_factory.mktemp("looks") / "undecided"
    done = run(out, OPEN)
    assert done.exit_code == 0, done.output
    return out, done.stdout


def copy(run: Path, to: Path) -> Path:
    return Path(shutil.copytree(run, to, copy_function=shutil.copy2))


def test_what_is_settled_at_the_first_look_stops_there(settled: tuple[Path, Any]) -> None:
    out, _ = settled
    assert arms(out) == [(name, seed) for name in ("augment", IN_TIME, "sgan") for seed in (0, 1, 2)]
    (verdict,) = read(out / "verdict.json")
    assert (verdict["verdict"], verdict["looks"], verdict["seeds"]) == ("helps", [3, 1], 3)
    assert verdict["in_time"]["name"] == "augment"
    assert verdict["in_time"]["ci_low"] > 0
    assert read(out / "classifier" / "model.json")["strategy"] == "sgan"


def test_a_rival_in_a_gans_time_does_the_steps_that_the_plan_records(settled: tuple[Path, Any]) -> None:
    out, _ = settled
    steps = read(out / "plan.json")["in_time"]
    assert list(steps) == [IN_TIME]
    assert steps[IN_TIME] > 60
    sgan, augment = (
        median(row["elapsed_s"] for row in rows(out) if row["strategy"] == name) for name in ("sgan", "augment")
    )
    assert steps[IN_TIME] == round(60 * (sgan / augment))
    timed = [row for row in rows(out) if row["kind"] == "in-time"]
    assert {(row["strategy"], row["rival"], row["time_of"], row["steps"]) for row in timed} == {
        (IN_TIME, "augment", "sgan", steps[IN_TIME])
    }
    assert all(row["options"]["lr"] == 1e-9 for row in timed)


def test_looks_and_confirmations_are_told_of_in_order(settled: tuple[Path, list[dict[str, Any]]]) -> None:
    events = [one for one in settled[1] if one["type"] in ("plan", "arm", "confirm", "look", "verdict")]
    assert [one["type"] for one in events] == ["plan", *["arm"] * 6, "confirm", *["arm"] * 3, "look", "verdict"]
    (confirm,) = (one for one in events if one["type"] == "confirm")
    assert confirm == {"type": "confirm", "pairs": [["augment", "sgan"]], "arms": 3}
    (look,) = (one for one in events if one["type"] == "look")
    settled_all = {"answers": {"sgan": "helps"}, "going_on": [], "arms_left": 0}
    assert look == {"type": "look", "look": 1, "of": 3, "seeds": 3, **settled_all}


def test_the_same_command_again_trains_nothing_and_says_the_same(settled: tuple[Path, Any]) -> None:
    out, _ = settled
    before, trained = (out / "verdict.json").read_bytes(), files(out / "arms")
    again = run(out, SETTLED)  # the same from the shell
    assert again.exit_code == 0, again.output
    assert "6 of 14 arms are done already" in again.stdout
    assert (out / "verdict.json").read_bytes() == before
    assert files(out / "arms") == trained
    assert len(rows(out)) == 9


@pytest.mark.parametrize(
    ("more", "change", "why"),
    [
        (["--seeds", "10"], "seeds: auto → 10", "give false claims another chance"),
        (["--margin", "2"], "margin: 1.0 → 2.0", "A margin that is chosen after the gain was seen says nothing"),
    ],
)
def test_a_judged_run_is_not_changed(
    settled: tuple[Path, Any],
    more: list[str],
    change: str,
    why: str,
    ganlift_here: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    before = files(settled[0])
    refused = ganlift_here(*SETTLED, *more, "--out", settled[0])
    words = " ".join(refused.stderr.split())
    assert refused.returncode == 2, words
    assert change in words
    assert why in words
    assert files(settled[0]) == before


def test_a_rival_in_time_that_was_lost_or_failed_is_trained_again_alike(
    settled: tuple[Path, Any], tmp_path: Path
) -> None:
    out = copy(settled[0], tmp_path / "run")
    shutil.rmtree(out / "arms" / IN_TIME / "1")
    whose = {"strategy": IN_TIME, "kind": "in-time", "rival": "augment", "time_of": "sgan"}
    folder.add_row(out, {**whose, "seed": 1, "status": "failed", "reason": "out of memory"})
    assert run(out, SETTLED).exit_code == 0
    assert predictions(out) == predictions(settled[0])
    assert read(out / "verdict.json") == read(settled[0] / "verdict.json")
    assert read(out / "plan.json")["in_time"] == read(settled[0] / "plan.json")["in_time"]


@pytest.mark.parametrize(("which", "arm"), [("settled", f"{IN_TIME}/1"), ("undecided", "sgan/6")])
def test_an_arm_whose_predictions_were_lost_is_trained_again(
    request: pytest.FixtureRequest, tmp_path: Path, which: str, arm: str
) -> None:
    """A rival in time, which no look trains, and a seed that the first look has not come to."""
    whole, command = request.getfixturevalue(which)[0], SETTLED if which == "settled" else OPEN
    out = copy(whole, tmp_path / "run")
    (out / "arms" / arm / "predictions.npz").unlink()
    again = run(out, command)
    assert again.exit_code == 0, again.output
    assert predictions(out) == predictions(whole)


def test_equal_steps_alone_asks_for_no_rival_in_time(settled: tuple[Path, Any], tmp_path: Path) -> None:
    """The same rows, as if the comparison had been asked for so: nothing more is trained, and sgan helps."""
    out = copy(settled[0], tmp_path / "run")
    config = out / "config.yaml"
    config.write_text(config.read_text().replace("equal: both", "equal: steps"))
    lines = (out / "results.jsonl").read_text().splitlines()
    (out / "results.jsonl").write_text("".join(f"{line}\n" for line in lines if IN_TIME not in line))
    shutil.rmtree(out / "arms" / IN_TIME)
    done = run(out, SETTLED, "--equal", "steps")
    assert done.exit_code == 0, done.output
    assert len(rows(out)) == 6
    (verdict,) = read(out / "verdict.json")
    assert (verdict["verdict"], verdict["in_time"]) == ("helps", None)


def test_what_is_undecided_goes_through_all_looks(undecided: tuple[Path, str]) -> None:
    out, said = undecided
    assert arms(out) == [(name, seed) for name in ("augment", "sgan") for seed in range(7)]
    (verdict,) = read(out / "verdict.json")
    assert (verdict["verdict"], verdict["looks"], verdict["seeds"]) == ("undecided", [3, 3], 7)
    words = " ".join(said.split())
    looks = [
        "Look 1 of 3, 3 seeds: undecided: sgan. Going on: augment, sgan",
        "Look 2 of 3, 5 seeds: undecided: sgan. Going on: augment, sgan",
        "Look 3 of 3, 7 seeds: undecided: sgan",
    ]
    places = [words.index(look) for look in ["[6/14]", looks[0], "[10/14]", looks[1], "[14/14]", looks[2]]]
    assert places == sorted(places)


def test_arms_stand_in_the_order_of_the_plan_whichever_finished_first(undecided: tuple[Path, str]) -> None:
    out, _ = undecided
    lines = (out / "results.jsonl").read_text().splitlines()
    for finished in (lines, lines[::-1]):
        (out / "results.jsonl").write_text("".join(f"{line}\n" for line in finished))
        assert [(row["strategy"], row["seed"]) for row in rows(out)] == [
            (name, seed) for name in ("augment", "sgan") for seed in range(7)
        ]


def test_the_plan_says_the_least_and_the_most_time(undecided: tuple[Path, str]) -> None:
    out, said = undecided
    words, plan = " ".join(said.split()), read(out / "plan.json")
    assert "Arms: 2 strategies × up to 7 seeds = up to 14 arms" in words
    assert "Looks: after 3, 5 and 7 seeds; what is settled stops" in words
    assert " at least, " in words
    assert " at most " in words
    assert 0 < plan["least_s"] < plan["estimate_s"]
    assert plan["looks"] == {"seeds": [3, 5, 7], "shares": [0.2, 0.3, 0.5]}
    assert (plan["margin"], plan["equal"]) == (0.01, "both")


@pytest.mark.full  # test_compare.py and test_kills.py kill comparisons of one look in the short form
def test_broken_off_between_looks_it_comes_to_the_same(undecided: tuple[Path, str], tmp_path: Path) -> None:
    """SIGKILL after the first look, SIGINT after the second, then to the end."""
    out, command = tmp_path / "broken", [sys.executable, "-m", "ganlift", *OPEN, "--checkpoint-every", "0.1"]
    codes, counts = [], []
    for look, number in (("Look 1", signal.SIGKILL), ("Look 2", signal.SIGINT)):
        with subprocess.Popen(
            [*command, "--out", str(out)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        ) as process:
            assert process.stdout
            assert any(line.startswith(look) for line in process.stdout)
            process.send_signal(number)
            codes.append(process.wait(60))
            counts.append(len(arms(out)))
    assert codes == [-signal.SIGKILL, 130]
    assert 6 <= counts[0] < counts[1] < 14
    final = run(out, OPEN)
    assert final.exit_code == 0, final.output
    assert f"{counts[1]} of 14 arms are done already" in " ".join(final.stdout.split())
    assert "[14/14]" in final.stdout
    assert arms(out) == arms(undecided[0])
    assert predictions(out) == predictions(undecided[0])
    ours, theirs = (read(one / "verdict.json") for one in (out, undecided[0]))
    assert [{key: one[key] for key in one if key not in TIMED} for one in ours] == [
        {key: one[key] for key in one if key not in TIMED} for one in theirs
    ]


def test_equal_time_gives_cheap_arms_more_steps_and_two_seeds_are_one_look(tmp_path: Path) -> None:
    done = run(tmp_path / "run", PAIR, "--budget", "60", "--batch-size", "16", "--equal", "time", "--seeds", "2")
    assert done.exit_code == 0, done.output
    found = rows(tmp_path / "run")
    assert sorted((row["strategy"], row["seed"]) for row in found) == [
        (name, seed) for name in ("augment", "sgan") for seed in (0, 1)
    ]
    steps = {row["strategy"]: row["steps"] for row in found}
    plan = read(tmp_path / "run" / "plan.json")
    assert steps == plan["own_steps"]
    per_step = {cost["strategy"]: cost["per_step"] for cost in plan["costs"]}
    # by the plan's own seconds: how far apart the two are is the machine's affair, and a busy one may turn them round
    assert steps == {name: pytest.approx(60 * max(per_step.values()) / own, abs=1) for name, own in per_step.items()}
    least, most = sorted(steps.values())
    told = f"{least} to {most:,}" if least < most else f"{least}"
    assert least == 60
    assert f"Each arm: {told} steps" in " ".join(done.stdout.split())
    assert "Look" not in done.stdout
    assert plan["least_s"] == plan["estimate_s"]
    (verdict,) = read(tmp_path / "run" / "verdict.json")
    assert verdict["looks"] == [1, 1]


def test_without_a_gan_there_is_one_look_at_five_seeds(tmp_path: Path) -> None:
    done = run(tmp_path / "run", SMALL, "--strategies", "augment", "--budget", "2")
    assert done.exit_code == 0, done.output
    assert arms(tmp_path / "run") == [("augment", seed) for seed in range(5)]
    assert "Look" not in done.stdout
    assert read(tmp_path / "run" / "verdict.json") == []


def test_thorough_and_a_number_of_seeds_contradict_each_other(
    tmp_path: Path, ganlift_here: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    refused = ganlift_here(*PAIR, "--thorough", "--seeds", "5", "--out", tmp_path / "run")
    assert refused.returncode == 2
    assert " ".join(refused.stderr.split()).endswith(
        "thorough plans looks at 5, 10 and 20 seeds; leave seeds out, or thorough."
    )
    assert len(refused.stderr.splitlines()) <= 2
    assert not (tmp_path / "run").exists()
