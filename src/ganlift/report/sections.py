"""The report's sections: what the template shows of a run, each made from records alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ganlift.report import answers, numbers, plots, spaces, tables, words
from ganlift.report.read import Row, Run

METRICS = {"validation_accuracy": "validation accuracy", "g_loss": "generator loss"}
MOST_ROWS = 40
"""Classes in a plot with a row a class: beyond, the ones in the middle are left out."""


@dataclass(frozen=True)
class Card:
    """A verdict as the page's head shows it."""

    strategy: str
    verdict: str
    style: str
    sentence: str
    plot: Markup | None
    facts: list[tuple[str, str]]


@dataclass(frozen=True)
class Plot:
    """A figure, what it is of, and a line beneath it."""

    heading: str
    svg: Markup
    note: str = ""


@dataclass(frozen=True)
class Confusion:
    """Confusion before and after, summed over the seeds that both arms have."""

    strategy: str
    reference: str
    maps: list[tuple[str, list[tuple[str, list[tables.Cell]]]]]
    changes: list[tuple[str, str, str, str, str]]


def cards(run: Run) -> list[Card]:
    """One a verdict, their intervals on a common axis."""
    gains = [answers.deciding(verdict) for verdict in run.verdicts]
    margins = [words.number(verdict.get("margin")) for verdict in run.verdicts]
    reach = [value for gain in gains if gain and gain.ends for value in gain.ends]
    reach += [margin for margin in margins if margin is not None]
    span = (min(reach, default=0.0), max(reach, default=0.0))
    found = []
    for verdict, gain, margin in zip(run.verdicts, gains, margins, strict=True):
        style = answers.style_of(verdict.get("verdict"))
        plot = plots.interval(gain.ends, span, style, run.measure.words, margin) if gain and gain.ends else None
        said = str(verdict.get("verdict") or "not judged") if gain else "not judged"
        sentence = str(verdict.get("sentence") or "")
        found.append(Card(verdict["strategy"], said, style, sentence, plot, answers.facts(verdict)))
    return found


def compared(run: Run) -> list[tuple[str, str, Row]]:
    """Each judged arm, the arm that its verdict is over, and the verdict; without one, GAN arms and the baseline."""
    if run.verdicts:
        gains = [(verdict, answers.deciding(verdict)) for verdict in run.verdicts]
        found = [(verdict["strategy"], gain.arm, verdict) for verdict, gain in gains if gain]
    else:
        gans = [name for name, rows in run.rows.items() if rows[0].get("kind") == "gan"]
        found = [(name, spaces.baseline(run, name), {}) for name in gans]
    return [one for one in found if one[0] in run.rows and one[1] in run.rows]


def slopes(run: Run) -> list[Plot]:
    found = []
    for arm, reference, verdict in compared(run):
        paired = numbers.pairs(run.rows[reference], run.rows[arm], run.measure.test)
        if paired:
            ahead = sum(pair.after > pair.before for pair in paired)
            note = f"{arm} is ahead in {ahead} of {len(paired)} seed{'s' * (len(paired) > 1)}."
            gain = answers.deciding(verdict)
            svg = plots.slope(paired, reference, arm, gain.ends if gain else None, run.measure.words)
            found.append(Plot(f"{arm} against {reference}", svg, note))
    return found


def class_plots(run: Run) -> list[Plot]:
    found = []
    for arm, reference, _ in compared(run):
        gains = numbers.class_gains(run.rows[reference], run.rows[arm], len(run.class_names))
        if any(gains):
            names, shown = _worst_and_best(run.class_names, gains)
            left_out = len(gains) - len(shown)
            note = f"{left_out} classes in the middle are left out." if left_out else ""
            found.append(Plot(f"{arm} against {reference}", plots.class_dots(names, shown, run.noun), note))
    return found


def _worst_and_best(
    names: Sequence[str], gains: Sequence[numbers.Spread | None]
) -> tuple[list[str], list[numbers.Spread | None]]:
    """In the order of gain where there are many classes, in the data's own order where there are few."""
    order = list(range(len(names)))
    if len(names) > MOST_ROWS:
        known = sorted((index for index in order if gains[index]), key=lambda index: -(gains[index] or (0.0,))[0])
        half = MOST_ROWS // 2
        order = known if len(known) <= MOST_ROWS else [*known[:half], *known[-half:]]
    return [names[index] for index in order], [gains[index] for index in order]


Predicted = tuple[NDArray[np.float64], NDArray[np.int64]]


def _predicted(run: Run, arm: str, reference: str) -> list[tuple[Predicted, Predicted]]:
    """Predictions of reference and arm for each seed that has both."""
    both = []
    for pair in numbers.pairs(run.rows[reference], run.rows[arm]):
        before, after = run.predictions(reference, pair.seed), run.predictions(arm, pair.seed)
        if before and after:
            both.append((before, after))
    return both


def confusions(run: Run) -> list[Confusion]:
    found, names = [], run.class_names
    for arm, reference, _ in compared(run):
        both = _predicted(run, arm, reference)
        if not both:
            continue
        empty = np.zeros((len(names), len(names)), np.int64)
        before = sum((numbers.confusion(*one) for one, _ in both), empty)
        after = sum((numbers.confusion(*one) for _, one in both), empty)
        maps = [(f"Before: {reference}", before), (f"After: {arm}", after)] if len(names) <= tables.MOST_CLASSES else []
        shown = [(title, tables.heat_map(table, names, run.noun)) for title, table in maps]
        found.append(Confusion(arm, reference, shown, tables.confusions(before, after, names)))
    return found


def reliability(run: Run) -> list[Plot]:
    found = []
    for arm, reference, _ in compared(run):
        both = _predicted(run, arm, reference)
        if not both:
            continue
        before, after = (
            numbers.reliability(
                np.concatenate([one[side][0] for one in both]), np.concatenate([one[side][1] for one in both])
            )
            for side in (0, 1)
        )
        errors = [words.decimal(numbers.calibration_error(bins)) for bins in (before, after)]
        note = f"Calibration error over all seeds: {reference} {errors[0]}, {arm} {errors[1]}."
        found.append(
            Plot(f"{arm} against {reference}", plots.reliability_plot(before, after, reference, arm, run.noun), note)
        )
    return found


def curves(run: Run) -> list[Plot]:
    """For each arm its last phase: validation accuracy where it was scored on the way, else the loss."""
    found = []
    for name, rows in run.rows.items():
        traces = {row["seed"]: run.trace(name, row["seed"]) for row in rows}
        for phase, metric in _shown(traces):
            series = [(f"seed {seed}", _points(trace, phase, metric)) for seed, trace in traces.items()]
            series = [one for one in series if len(one[1]) > 1]
            if series:
                said = (
                    (lambda value: words.percent(value, 0)) if "accuracy" in metric else (lambda value: f"{value:.3g}")
                )
                title = f"{name}: {METRICS.get(metric, metric)} of phase {phase} against steps"
                found.append(
                    Plot(f"{name}: {METRICS.get(metric, metric)}", plots.curves(title, series, said), f"phase {phase}")
                )
    return found


def _shown(traces: dict[int, list[Row]]) -> list[tuple[str, str]]:
    """Phase and metric of the plots worth a look: the classifier's at the end, and the generator's own."""
    lines = [line for trace in traces.values() for line in trace if isinstance(line.get("phase"), str)]
    if not lines:
        return []
    last = lines[-1]["phase"]
    found = []
    for phase, wanted in ((last, ("validation_accuracy", "loss")), ("generator", ("g_loss",)), (last, ("g_loss",))):
        keys = {key for line in lines if line["phase"] == phase for key in line}
        metric = next((key for key in wanted if key in keys), None)
        if metric and (phase, metric) not in found:
            found.append((phase, metric))
    return found


def _points(trace: Sequence[Row], phase: str, metric: str) -> list[tuple[float, float]]:
    spots = [
        (words.number(line.get("step")), words.number(line.get(metric))) for line in trace if line.get("phase") == phase
    ]
    return [(step, value) for step, value in spots if step is not None and value is not None]


def cost(run: Run) -> Plot | None:
    """Median training time of each arm, its generator's own phase lighter; not of those that were given another's."""
    named = [
        (name, numbers.typical(rows, "elapsed_s") or 0.0, numbers.typical(rows, "generator_elapsed_s") or 0.0)
        for name, rows in run.rows.items()
        if name not in run.in_time
    ]
    named = sorted((one for one in named if one[1]), key=lambda one: one[1])
    if not named:
        return None
    names, total, own = zip(*named, strict=True)
    return Plot("Training time of an arm", plots.bars("Training time of an arm", names, total, words.seconds, own))
