"""What a reader needs to believe a result or not: the split, what was tuned, what is missing, alarms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ganlift.nouns import IMAGE
from ganlift.report import words
from ganlift.report.read import Row, Run, mapping, pretty, sequence
from ganlift.report.tables import validation_score

PARTS = ("labelled", "validation", "unlabelled", "test")
MOST_NOTES = 30

EQUAL = {
    "both": "steps; for a claim of a gain the time as well",
    "steps": "steps",
    "time": "time",
}
"""What ``plan.json`` calls the budget that arms share."""


@dataclass(frozen=True)
class SplitLine:
    """Images of each part in one seed, and a digest of what they are."""

    seed: int
    sizes: list[str]
    digest: str


@dataclass(frozen=True)
class TunedLine:
    """How one strategy's options were found."""

    strategy: str
    trials: int
    best: str
    options: str


@dataclass(frozen=True)
class AlarmLine:
    """An alarm, the seeds that raised it, and the first step at which one did."""

    strategy: str
    phase: str
    step: str
    message: str
    seeds: list[int]


def split_lines(run: Run) -> list[SplitLine]:
    """Sizes from the split files; from the rows where there are none."""
    if not run.splits:
        return _sizes_from_rows(run)
    return [
        SplitLine(seed, [words.count(_size(_part(split, part))) for part in PARTS], _digest(split))
        for seed, split in run.splits.items()
    ]


def same_test_images(run: Run) -> bool:
    """Whether the split files of two or more seeds name the same test images."""
    tests = {_digest(_hashes(split)) for split in run.splits.values() if _hashes(split)}
    return len(run.splits) > 1 and len(tests) == 1


def tuned_lines(run: Run) -> list[TunedLine]:
    """A line a searched strategy; none where nothing was searched."""
    tuning = run.tuning if isinstance(run.tuning, dict) else {"trials": run.tuning}
    trials = [trial for trial in sequence(tuning.get("trials")) if isinstance(trial, dict)]
    chosen = mapping(tuning.get("chosen"))
    lines = []
    for name in dict.fromkeys(str(trial.get("strategy")) for trial in trials):
        by_trial: dict[Any, list[float]] = {}
        for trial in trials:
            if trial.get("strategy") == name:
                score = validation_score(trial)
                by_trial.setdefault(trial.get("trial"), []).extend([] if score is None else [score])
        most = max(map(len, by_trial.values()))  # of those that ran on all seeds
        best = max((fmean(own) for own in by_trial.values() if own and len(own) == most), default=None)
        options = chosen.get(name)
        said = (
            ", ".join(f"{key} {_short(value)}" for key, value in options.items()) if isinstance(options, dict) else ""
        )
        lines.append(TunedLine(name, len(by_trial), words.percent(best), said))
    return lines


def alarm_lines(run: Run) -> list[AlarmLine]:
    """Alarms of the same name, strategy and phase as one line, with the seeds."""
    found: dict[tuple[str, str, str], list[tuple[int, dict[str, Any]]]] = {}
    for name, rows in run.rows.items():
        for row in rows:
            for alarm in sequence(row.get("alarms")):
                if isinstance(alarm, dict):
                    key = (name, str(alarm.get("phase", "")), str(alarm.get("name", "")))
                    found.setdefault(key, []).append((row["seed"], alarm))
    return [_alarm_line(key, raised) for key, raised in found.items()]


def _alarm_line(key: tuple[str, str, str], raised: list[tuple[int, dict[str, Any]]]) -> AlarmLine:
    name, phase, kind = key
    steps = [step for _, alarm in raised if (step := words.number(alarm.get("step"))) is not None]
    message = str(raised[0][1].get("message", kind))
    seeds = sorted({seed for seed, _ in raised})
    return AlarmLine(name, phase, words.count(min(steps)) if steps else words.NONE, message, seeds)


def missing(run: Run) -> list[str]:
    """A sentence about each arm that failed, and each seed that a strategy lacks; not those it was settled without."""
    said = [
        f"{row['strategy']}, seed {row['seed']}, failed: {row.get('reason') or 'no reason was recorded'}"
        for row in run.failed
    ]
    for name in dict.fromkeys([*sequence(run.plan.get("strategies")), *run.rows]):
        have = {row["seed"] for row in [*run.rows.get(str(name), []), *run.failed] if row["strategy"] == name}
        lacking = [str(seed) for seed in _asked(run, str(name), have) if seed not in have]
        if lacking:
            said.append(f"{name} has no result for seed{'s' * (len(lacking) > 1)} {words.listed(lacking)}.")
    return said


def _asked(run: Run, name: str, have: set[int]) -> list[Any]:
    """The seeds that an arm was to have: up to the look at which it was settled, or at which nothing was open."""
    seeds = sequence(run.plan.get("seeds")) or run.seeds
    if name in run.in_time:
        return []
    planned = [
        int(count) for one in sequence(mapping(run.plan.get("looks")).get("seeds")) if (count := words.number(one))
    ]
    reached = {verdict["strategy"]: look for verdict in run.verdicts if (look := _look(verdict, len(planned)))}
    if not reached:
        return seeds
    if name in reached:
        return seeds[: planned[reached[name] - 1]]
    looks = [seeds[:count] for count in planned[: max(reached.values())]]
    return next((one for one in looks if set(one) == have), looks[-1])  # beaten by all that are open, a rival stops


def _look(verdict: Row, planned: int) -> int | None:
    """The look at which it was settled or given up, from 1 to ``planned``; None where the record doesn't tell."""
    looks = sequence(verdict.get("looks"))
    number = words.number(looks[1]) if len(looks) == 2 else None
    return int(number) if number and 1 <= number <= planned else None


def planned_looks(run: Run) -> int:
    """How many times the arms were to be looked at, as the plan says or else the verdicts do."""
    planned = len(sequence(mapping(run.plan.get("looks")).get("seeds")))
    said = [words.number(looks[0]) or 1 for one in run.verdicts if (looks := sequence(one.get("looks")))]
    return planned or int(max(said, default=1))


def margin(run: Run) -> str:
    """The least gain worth having, in words."""
    found = [words.size(one.get("margin")) for one in [*run.verdicts, run.plan]]
    return next((one for one in found if one != words.NONE), "a gain")


_TOLD_ELSEWHERE = ("findings", "guesses", "classes", "per_class_and_part", "training_per_class", "noun", "labels")


def notes(run: Run) -> tuple[list[str], int]:
    """The first data notes and how many more there are: the worth of near copies, ``check.json``'s, the splits'."""
    of_splits = (
        note for split in run.splits.values() for note in sequence(split.get("notes")) if isinstance(note, str)
    )
    check = run.check if isinstance(run.check, dict) else {}
    told = [
        f"{one.get('message', '')} {one.get('advice', '')}"
        for one in sequence(check.get("findings"))
        if isinstance(one, dict)
    ]
    told += [
        f"{one.get('about', '')}: {one.get('taken', '')}; else {one.get('option', '')}"
        for one in sequence(check.get("guesses"))
        if isinstance(one, dict)
    ]
    called = {"images": run.examples, "image_size": "image_size" if run.noun == IMAGE else "picture_size"}
    told_here = {called.get(key, key): value for key, value in check.items() if key not in _TOLD_ELSEWHERE}
    facts = told_here if check else run.check
    worth = mapping(run.copies).get("sentence")
    found = list(dict.fromkeys([*([worth] if isinstance(worth, str) else []), *told, *_sentences(facts), *of_splits]))
    return found[:MOST_NOTES], max(0, len(found) - MOST_NOTES)


def _sentences(value: Any, label: str = "") -> Iterator[str]:
    """A nested value as lines of text: its sentences first, then a line a fact."""
    if isinstance(value, dict) and (not label or not all(map(_is_plain, value.values()))):
        for key, item in sorted(value.items(), key=lambda pair: pair[0] != "notes"):
            yield from _sentences(item, "" if key == "notes" else str(key).replace("_", " "))
    elif isinstance(value, list) and not (label and all(map(_is_plain, value))):
        for item in value:
            yield from _sentences(item, label)
    elif value is not None and value != [] and value != {}:
        yield f"{label}: {_listing(value)}" if label else _listing(value)


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _listing(value: Any) -> str:
    """A plain value, or a list or mapping of such, on one line."""
    if isinstance(value, dict):
        return ", ".join(f"{key or '(none)'} {_short(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    return _short(value)


def _sizes_from_rows(run: Run) -> list[SplitLine]:
    lines = []
    for seed in run.seeds:
        rows = [row for rows in run.rows.values() for row in rows if row["seed"] == seed]
        sizes = [
            max((words.number(row.get(key)) or 0.0 for row in rows), default=0.0)
            for key in ("labels", "validation_n", "unlabelled_n", "test_n")
        ]
        lines.append(SplitLine(seed, [words.count(size) for size in sizes], ""))
    return lines


def _part(split: Row, name: str) -> Row:
    return mapping(mapping(split.get("parts")).get(name))


def _hashes(split: Row) -> Any:
    return _part(split, "test").get("hashes")


def _size(part: Row) -> int | None:
    hashes = part.get("hashes")
    return len(hashes) if isinstance(hashes, list) else None


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else value if isinstance(value, str) else pretty(value)


def settings(run: Run) -> list[tuple[str, str]]:
    """The plan's main facts as name and value: what was run on which device, and whether the estimate held."""
    plan: Row = run.plan
    estimate, actual = words.number(plan.get("estimate_s")), words.number(plan.get("actual_s"))
    per_class = ", ".join(map(words.count, sequence(plan.get("labelled_per_class"))))
    least = words.number(plan.get("least_s"))
    estimated = words.seconds(estimate)
    if estimate and least and least < estimate:
        estimated = f"{words.seconds(least)} to {estimated}"
    looks = list(map(words.count, sequence(mapping(plan.get("looks")).get("seeds"))))
    lines = [
        ("data", str(plan.get("data") or words.NONE)),
        ("data hash", str(plan.get("data_hash") or words.NONE)),
        (run.examples, str(plan.get("image") or words.NONE)),
        ("long tail", str(plan.get("imbalance") or words.NONE)),
        (f"labelled {run.examples} a class", per_class or words.NONE),
        ("judged by", run.measure.words),
        ("a gain worth having", words.size(plan.get("margin"))),
        ("arms have the same", EQUAL.get(str(plan.get("equal")), words.NONE)),
        ("looked at after", f"{words.listed(looks)} seeds" if len(looks) > 1 else words.NONE),
        ("classifier steps an arm", words.count(plan.get("steps"))),
        ("generator steps", words.count(plan.get("generator_steps"))),
        ("device", str(plan.get("device") or words.NONE)),
        ("precision", str(plan.get("precision") or words.NONE)),
        ("time, estimated", estimated),
        ("time, taken", words.seconds(actual)),
    ]
    return [(name, value) for name, value in lines if value != words.NONE]
