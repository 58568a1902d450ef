"""What a person sees of a comparison: the plan, bars while it runs, the table and the verdicts at the end.

Events are plain dicts with a ``type``:

- ``plan``: ``data``, ``class_names``, ``size``, ``channels``, ``labelled``, ``validation``, ``unlabelled``, ``test``
  (counts of images in the first seed's split), ``device``, ``precision``, ``jobs``, ``strategies``, ``seeds``
  (their numbers), ``steps``, ``batch_size``, ``generator_steps``, ``arms`` (how many in all), ``done`` (how many of
  them already), ``estimate_s`` (for those left). What is missing is not shown.
- ``progress``: ``strategy``, ``seed``, ``phase``, ``step``, ``steps``, ``images_per_s``, ``done_s``, ``left_s``
  (of the whole comparison).
- ``arm``: ``row``, as in results.jsonl.  - ``note``: ``message``.  - ``download``: ``name``, ``done``, ``total`` bytes.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from ganlift.cli.words import duration, safe, size, some

Event = Mapping[str, Any]
Tell = Callable[[Event], None]


def is_terminal(errors: bool = False) -> bool:
    """Whether standard output (or standard error) is a person's terminal."""
    return (sys.stderr if errors else sys.stdout).isatty()


@contextmanager
def following(console: Console, silent: bool = False) -> Iterator[Tell]:
    """Show a comparison's events: live bars on a terminal, plain lines elsewhere, nothing if ``silent``."""
    if silent:
        yield lambda event: None
    elif console.is_terminal:
        with Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[rate]}", markup=False, justify="right"),
            _Left(),
            console=console,
        ) as bars:
            yield _Live(console, bars)
    else:
        yield _Lines(console)


class _Lines:
    """One line for each thing that is finished."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.arms = 0
        self.finished = 0
        self.left_s: float | None = None
        self.downloads: set[str] = set()

    def __call__(self, event: Event) -> None:
        match event["type"]:
            case "plan":
                self.arms, self.finished = event.get("arms", 0), event.get("done", 0)
                for line in plan_lines(event):
                    say(self.console, line)
            case "progress":
                self.left_s = event.get("left_s")
                self.progress(event)
            case "arm":
                self.finished += 1
                self.arm(event["row"])
                count = f"[{self.finished}/{self.arms}] " if self.arms else ""
                left = "" if self.left_s is None or self.finished == self.arms else f"; {duration(self.left_s)} left"
                say(self.console, f"{count}{arm_line(event['row'])}{left}")
            case "note":
                say(self.console, f"Note: {safe(event['message'])}")
            case "download":
                self.download(event)

    def progress(self, event: Event) -> None:
        """Nothing: between finished arms plain output keeps still."""

    def arm(self, row: Mapping[str, Any]) -> None:
        """Nothing more than the line."""

    def download(self, event: Event) -> None:
        if event["name"] not in self.downloads:
            self.downloads.add(event["name"])
            total = f" ({size(event['total'])})" if event.get("total") else ""
            say(self.console, f"Downloading {safe(event['name'])}{total}")


class _Live(_Lines):
    """The same lines, and below them a bar for each arm that runs, and one for all."""

    def __init__(self, console: Console, bars: Progress) -> None:
        super().__init__(console)
        self.bars = bars
        self.tasks: dict[object, TaskID] = {}

    def progress(self, event: Event) -> None:
        key = (event["strategy"], event["seed"])
        rate = f"{event['images_per_s']:,.0f} images/s" if event.get("images_per_s") else ""
        self._set(key, f"{_arm(event)}, {safe(event['phase'])}", event["step"], event["steps"], rate)
        if event.get("left_s") is not None:
            done_s = event.get("done_s") or 0.0
            of = f"{self.finished}/{self.arms} arms" if self.arms else "all arms"
            self._set("all", of, done_s, done_s + event["left_s"], "", left_s=event["left_s"])

    def arm(self, row: Mapping[str, Any]) -> None:
        task = self.tasks.pop((row["strategy"], row["seed"]), None)
        if task is not None:
            self.bars.remove_task(task)

    def download(self, event: Event) -> None:
        total = event.get("total")
        self._set(event["name"], safe(event["name"]), event["done"], total, size(event["done"]))
        if event["done"] == total:
            self.bars.remove_task(self.tasks.pop(event["name"]))

    def _set(
        self, key: object, description: str, done: float, total: float | None, rate: str, left_s: float | None = None
    ) -> None:
        if key not in self.tasks:
            self.tasks[key] = self.bars.add_task("", rate="", left_s=None)
        task = self.bars.tasks[self.bars.task_ids.index(self.tasks[key])]
        if task.description != description and left_s is None:
            self.bars.reset(task.id)  # another phase has another speed
        description = description[:34]
        self.bars.update(task.id, description=description, completed=done, total=total, rate=rate, left_s=left_s)


class _Left(ProgressColumn):
    """Time left: as the event says, else from the bar's own speed."""

    def render(self, task: Task) -> Text:
        left = task.fields.get("left_s")
        left = task.time_remaining if left is None else left
        return Text("" if left is None else f"{duration(left)} left", justify="right")


def plan_lines(plan: Event) -> list[str]:
    """The plan in lines of words; what the plan does not say is left out."""
    names = plan.get("class_names", ())
    pixels = f", {plan['size']} px, {'grey' if plan.get('channels') == 1 else 'colour'}" if plan.get("size") else ""
    counts = [f"{plan[part]:,} {part}" for part in ("labelled", "validation", "unlabelled", "test") if part in plan]
    steps = f"{plan['steps']:,} steps of {plan.get('batch_size', 64)}" if plan.get("steps") else ""
    generator = f", a generator's own {plan['generator_steps']:,}" if plan.get("generator_steps") else ""
    where = [
        f"{plan['device']}",
        f"{plan.get('precision', '')}",
        f"{plan['jobs']} at a time" if plan.get("jobs") else "",
    ]
    seeds = plan.get("seeds", ())
    arms = f"{len(plan.get('strategies', ()))} strategies × {len(seeds)} seeds = {plan.get('arms', 0)}"
    already = f", {plan['done']} of them already done" if plan.get("done") else ""
    facts = {
        "Data": f"{safe(plan.get('data', ''))}{pixels}",
        "Classes": f"{len(names)}: {some(names)}" if names else "",
        "Images": ", ".join(counts) + (" in each seed" if counts else ""),
        "Strategies": some(plan.get("strategies", ()), 20),
        "Arms": f"{arms}{already}",
        "Each arm": f"{steps}{generator}",
        "Runs on": safe(", ".join(part for part in where if part)),
        "Takes": f"about {duration(plan['estimate_s'])}" if plan.get("estimate_s") is not None else "",
    }
    return [f"{name + ':':<12}{fact}" for name, fact in facts.items() if fact]


def arm_line(row: Mapping[str, Any]) -> str:
    """A finished arm in a line."""
    if row.get("status") == "failed":
        return f"{_arm(row)}: FAILED: {safe(row.get('reason', 'no reason given'))}"
    generator = row.get("generator_elapsed_s") or 0.0
    own = f" (generator {duration(generator)})" if generator else ""
    return f"{_arm(row)}: accuracy {100 * row['test_accuracy']:.1f} %, {duration(row['elapsed_s'])}{own}"


def outcome(console: Console, comparison: Any, brief: bool = False) -> None:
    """The table of strategies, a sentence for each verdict, and where the winner and the report lie."""
    verdicts = [verdict.to_json() for verdict in comparison.verdicts]
    if not brief:
        console.print()
        console.print(table(comparison.rows, verdicts))
    for verdict in verdicts:
        say(console, safe(verdict["sentence"]))
    if not brief and comparison.best:
        say(console, f"\nThe winner, ready to use: {safe(comparison.run / 'classifier')}", wrap=False)
    say(console, f"Report: {safe(comparison.report_path)}", wrap=False)


def table(rows: Sequence[Mapping[str, Any]], verdicts: Sequence[Mapping[str, Any]]) -> Table:
    """One line a strategy: accuracy in percent, gain in points of accuracy with its interval, seconds."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("strategy", "seeds", "accuracy, %", "gain, points (95 %)", "against", "an arm"):
        shown.add_column(name, justify="left" if name in ("strategy", "against") else "right", no_wrap=True)
    judged = {verdict["strategy"]: verdict for verdict in verdicts}
    for strategy in dict.fromkeys(row["strategy"] for row in rows):
        mine = [row for row in rows if row["strategy"] == strategy]
        done = [row for row in mine if row.get("status") != "failed"]
        seeds = f"{len(done)}" if len(done) == len(mine) else f"{len(done)} of {len(mine)}"
        cells = [safe(strategy), seeds, _accuracy(done), *_gain(judged.get(strategy)), _seconds(done)]
        shown.add_row(*(Text(cell) for cell in cells))
    return shown


def say(console: Console, text: str, wrap: bool = True) -> None:
    """``text`` as it is: nothing in it is markup. Paths are not wrapped, so that they can be copied."""
    console.print(Text(text), soft_wrap=not wrap)


def _arm(place: Mapping[str, Any]) -> str:
    return f"{safe(place['strategy'])}, seed {place['seed']}"


def _accuracy(rows: Sequence[Mapping[str, Any]]) -> str:
    values = [100 * row["test_accuracy"] for row in rows]
    if not values:
        return "-"
    return f"{statistics.fmean(values):.1f}" + (f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else "")


def _gain(verdict: Mapping[str, Any] | None) -> tuple[str, str]:
    if not verdict or verdict.get("gain") is None:
        return "", ""
    gain = f"{100 * verdict['gain']:+.1f}"
    if verdict.get("ci_low") is not None and verdict.get("ci_high") is not None:
        gain += f" ({100 * verdict['ci_low']:+.1f} to {100 * verdict['ci_high']:+.1f})"
    return gain, safe(verdict.get("reference") or "")


def _seconds(rows: Sequence[Mapping[str, Any]]) -> str:
    return duration(statistics.fmean(row["elapsed_s"] for row in rows)) if rows else "-"
