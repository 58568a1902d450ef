"""What a person sees of a comparison: the plan, bars while it runs, the table and the verdicts at the end.

What each event holds is in ``docs/events.md``.
"""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from ganlift.cli.crash import logged_in
from ganlift.cli.plan import plan_lines
from ganlift.cli.words import duration, safe, size
from ganlift.nouns import IMAGE, noun_of
from ganlift.yardstick import Yardstick, named

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
            transient=True,
        ) as bars:
            yield _Live(console, bars)
    else:
        yield _Lines(console)


@contextmanager
def session(run: Path, as_json: bool, quiet: bool) -> Iterator[tuple[Console, Tell]]:
    """Where a verb that trains speaks, and what hears its events; a fault inside is logged in ``run``."""
    console = Console(stderr=as_json, width=None if is_terminal(as_json) else 80)
    silent = quiet or (as_json and not console.is_terminal)
    with logged_in(run), following(console, silent=silent) as tell:
        yield console, tell


class _Lines:
    """One line for each thing that is finished."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.arms = 0
        self.finished = 0
        self.end: float | None = None
        self.downloads: set[str] = set()
        self.measure = named(None)
        self.noun = IMAGE

    def __call__(self, event: Event) -> None:
        match event["type"]:
            case "plan":
                self.plan(event)
            case "progress":
                if event.get("left_s") is not None:
                    self.end = time.monotonic() + event["left_s"]
                self.progress(event)
            case "arm":
                self.finished += 1
                if event.get("left_s") is not None:
                    self.end = time.monotonic() + event["left_s"]
                self.arm(event["row"])
            case "look":
                self.look(event)
            case "confirm":
                self.confirm(event)
            case "note":
                say(self.console, f"Note: {safe(event['message'])}", indent=6)
            case "download":
                self.download(event)
            case "reading":
                self.reading(event)
            case "embedding":
                self.embedding(event)

    def plan(self, plan: Event) -> None:
        self.arms, self.measure = plan.get("arms", 0), named(plan.get("measure"))
        self.noun = noun_of(plan)
        left = plan.get("arms_left", self.arms)
        self.finished = self.arms - left
        if plan.get("estimate_s") is not None:
            self.end = time.monotonic() + plan["estimate_s"] * left / max(self.arms, 1)
        for line in plan_lines(plan):
            say(self.console, line, indent=13)

    def progress(self, event: Event) -> None:
        """Nothing: between finished arms plain output keeps still."""

    def arm(self, row: Mapping[str, Any]) -> None:
        count = f"[{self.finished}/{self.arms}] " if self.arms else ""
        left = "" if self.end is None or self.finished >= self.arms else f"; about {duration(self.left_s())} left"
        say(self.console, f"{count}{arm_line(row, self.measure)}{left}", indent=len(count))

    def look(self, event: Event) -> None:
        self.arms = self.finished + event["arms_left"]
        if not event["arms_left"]:
            self.end = None
        by_answer: dict[str, list[str]] = {}
        for name, answer in event["answers"].items():
            by_answer.setdefault(answer, []).append(safe(name))
        found = "; ".join(f"{answer}: {', '.join(names)}" for answer, names in by_answer.items())
        going_on = f". Going on: {', '.join(map(safe, event['going_on']))}" if event["going_on"] else ""
        say(self.console, f"Look {event['look']} of {event['of']}, {event['seeds']} seeds: {found}{going_on}", indent=6)

    def confirm(self, event: Event) -> None:
        self.arms += event["arms"]
        pairs = "; ".join(f"{safe(rival)} with the time of {safe(arm)}" for rival, arm in event["pairs"])
        say(self.console, f"Before a gain is claimed: {pairs}", indent=6)

    def download(self, event: Event) -> None:
        if event["name"] not in self.downloads:
            self.downloads.add(event["name"])
            total = f" ({size(event['total'])})" if event.get("total") else ""
            say(self.console, f"Downloading {safe(event['name'])}{total}")

    def reading(self, event: Event) -> None:
        """Nothing: plain output keeps still."""

    def embedding(self, event: Event) -> None:
        """A line when all are done; those that were made before take no time."""
        if event["total"] and event["done"] == event["total"]:
            say(self.console, f"Features of {safe(event['network'])}: {event['total']:,} {noun_of(event)}s.")

    def left_s(self) -> float:
        """Seconds left of the whole comparison, as far as is known."""
        return max(0.0, (self.end or 0.0) - time.monotonic())


class _Live(_Lines):
    """The same lines, and below them a bar for each arm that runs, and one for all."""

    def __init__(self, console: Console, bars: Progress) -> None:
        super().__init__(console)
        self.bars = bars
        self.tasks: dict[object, TaskID] = {}

    def plan(self, plan: Event) -> None:
        super().plan(plan)
        self._all()

    def progress(self, event: Event) -> None:
        rate = f"{event['images_per_s']:,.0f} {self.noun}s/s" if event.get("images_per_s") else ""
        words = f"{_arm(event)}, {safe(event['phase'])}"
        self._set((event["strategy"], event["seed"]), words, event["step"], event["steps"], rate)
        self._all()

    def arm(self, row: Mapping[str, Any]) -> None:
        task = self.tasks.pop((row["strategy"], row["seed"]), None)
        if task is not None:
            self.bars.remove_task(task)
        super().arm(row)
        self._all()

    def download(self, event: Event) -> None:
        self._set(event["name"], safe(event["name"]), event["done"], event.get("total"), size(event["done"]))
        if event["done"] == event.get("total"):
            self.bars.remove_task(self.tasks.pop(event["name"]))

    def reading(self, event: Event) -> None:
        far = f"{event['done']:,} of {event['total']:,}"
        self._set("reading", event["what"], event["done"], event["total"], far)
        if event["done"] == event["total"]:
            self.bars.remove_task(self.tasks.pop("reading"))

    def embedding(self, event: Event) -> None:
        """A bar of examples through a frozen network."""
        if not event["total"]:
            return
        words = f"features of {event['network']}"
        rate = f"{event['done']:,} of {event['total']:,}"
        self._set("embedding", words, event["done"], event["total"], rate, event["seconds_left"])
        if event["done"] == event["total"]:
            self.bars.remove_task(self.tasks.pop("embedding"))

    def _all(self) -> None:
        left_s = None if self.end is None else self.left_s()
        self._set("all", "all arms", self.finished, self.arms or None, f"{self.finished}/{self.arms} arms", left_s)

    def _set(
        self, key: object, words: str, done: float, total: float | None, rate: str, left_s: float | None = None
    ) -> None:
        if key not in self.tasks:
            self.tasks[key] = self.bars.add_task("", rate="", left_s=None, visible=False)
        task = self.bars.tasks[self.bars.task_ids.index(self.tasks[key])]
        words = textwrap.shorten(words, 34, placeholder="...")
        if task.description != words:
            self.bars.reset(task.id)  # another phase has another speed
        self.bars.update(
            task.id, description=words, completed=done, total=total, visible=True, rate=rate, left_s=left_s
        )


class _Left(ProgressColumn):
    """Time left: as the event says, else from the bar's own speed."""

    def render(self, task: Task) -> Text:
        left = task.fields.get("left_s")
        left = task.time_remaining if left is None else left
        return Text("" if left is None else f"{duration(left)} left", justify="right")


def arm_line(row: Mapping[str, Any], measure: Yardstick) -> str:
    """A finished arm in a line."""
    if row.get("status") == "failed":
        return f"{_arm(row)}: FAILED: {safe(row.get('reason', 'no reason given'))}"
    generator = row.get("generator_elapsed_s") or 0.0
    own = f" (generator {duration(generator)})" if generator else ""
    on_test = "test_accuracy" in row
    score = f"{measure.words} {100 * row[measure.test if on_test else measure.validation]:.1f} %"
    return f"{_arm(row)}: {'' if on_test else 'validation '}{score}, {duration(row['elapsed_s'])}{own}"


def say(console: Console, text: str, indent: int = 0) -> None:
    """``text`` as it is, nothing in it being markup; lines after the first are set in by ``indent``."""
    filled = textwrap.fill(text, console.width, subsequent_indent=" " * indent, break_on_hyphens=False)
    console.print(Text(filled), soft_wrap=True)


def point(console: Console, words: str, path: object) -> None:
    """A path on one line, however long, so that it can be copied."""
    console.print(Text(f"{safe(words)} {safe(path)}"), soft_wrap=True)


def _arm(place: Mapping[str, Any]) -> str:
    return f"{safe(place['strategy'])}, seed {place['seed']}"
