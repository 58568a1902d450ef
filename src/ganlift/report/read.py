"""A run folder's facts, as far as they are there: what is absent or damaged is left out, and noted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.errors import GanliftError, RunFolderError
from ganlift.nouns import noun_of
from ganlift.report.spaces import shared_network, without
from ganlift.report.words import number
from ganlift.runs import layout
from ganlift.runs.files import read_bytes, read_json, read_npz
from ganlift.runs.folder import rows as read_rows
from ganlift.runs.lines import read_jsonl
from ganlift.yardstick import Yardstick, named

Row = dict[str, Any]

IN_TIME = "in-time"
"""The kind of an arm without a GAN that was given the time of a GAN arm in place of its steps."""
_NAMING = ("strategy", "rival", "time_of")
"""What names an arm in a row."""


@dataclass(frozen=True)
class Run:
    """What `read_run` found.

    Attributes:
        rows: those of arms that are done, by strategy, each in the order of seeds; arms in time come last.
        failed: the rows of arms that failed.
        verdicts: the objects of ``verdict.json``, best gain first.
        class_names: one a class, in label order.
        copies: the content of ``copies.json``.
        privacy: the content of ``privacy.json``; empty where there is none.
        winner: the content of ``classifier/model.json``; empty where no classifier is laid ready.
        points: the objects of ``features-LABEL.json``, one a frozen network.
        network: whose features all arms learn from, which then is left out of their names; "" where there is none.
        recorded: what the records call an arm whose name is shortened.
        splits: the content of ``split-SEED.json`` by seed.
        damaged: a sentence about each file that could not be read.
    """

    path: Path
    rows: dict[str, list[Row]]
    failed: list[Row]
    verdicts: list[Row]
    class_names: list[str]
    plan: Row
    check: Any
    copies: Any
    tuning: Any
    environment: Row
    config: str
    splits: dict[int, Row]
    damaged: list[str] = field(default_factory=list)
    winner: Row = field(default_factory=dict)
    points: list[Row] = field(default_factory=list)
    privacy: Row = field(default_factory=dict)
    network: str = ""
    recorded: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.resolve().name or str(self.path)

    @property
    def seeds(self) -> list[int]:
        """Every seed that any arm has a row for."""
        return sorted({row["seed"] for rows in [*self.rows.values(), self.failed] for row in rows})

    @property
    def in_time(self) -> set[str]:
        """Arms whose steps are as many as another arm's time held: no candidates for anything."""
        rows = [*(row for rows in self.rows.values() for row in rows), *self.failed]
        return {row["strategy"] for row in rows if row.get("kind") == IN_TIME}

    @property
    def uneven(self) -> bool:
        """Whether arms have different numbers of seeds: the comparison of some was settled earlier."""
        return len({len(rows) for name, rows in self.rows.items() if name not in self.in_time}) > 1

    @property
    def matched(self) -> bool:
        """Whether the arms are clusters, matched to classes: their probabilities then are no confidence."""
        return any(row.get("matched") for rows in self.rows.values() for row in rows)

    @property
    def examples(self) -> str:
        """What the examples are called, in the plural."""
        return f"{self.noun}s"

    @property
    def noun(self) -> str:
        """What one of the examples is called."""
        return noun_of(self.plan)

    @property
    def made(self) -> str:
        """What one that a generator makes is called: of films it makes frames, one by one."""
        return "frame" if self.plan.get("frames") else self.noun

    @property
    def of_rows(self) -> bool:
        """Whether the data are rows of numbers, and no images."""
        return bool(self.plan.get("space") == "rows")

    @property
    def measure(self) -> Yardstick:
        """What the arms were judged by."""
        return named(self.plan.get("measure"))

    def called(self, strategy: str) -> str:
        """What the records and folders call the arm ``strategy``."""
        return self.recorded.get(strategy, strategy)

    def predictions(self, strategy: str, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]] | None:
        """Test probabilities (n, K) and labels (n,) of an arm; None where they are absent or unusable."""
        path = layout.predictions_file(self.path, self.called(strategy), seed)
        if not path.exists():
            return None
        try:
            arrays = read_npz(path)
        except GanliftError as fault:
            self._note(str(fault))
            return None
        probabilities, labels = arrays.get("probabilities"), arrays.get("labels")
        if probabilities is None or labels is None or probabilities.shape[:1] != labels.shape or not len(labels):
            return None
        if probabilities.ndim != 2 or probabilities.shape[1] != len(self.class_names):
            return None
        return probabilities.astype(np.float64), labels.astype(np.int64)

    def facts(self, strategy: str, seed: int) -> Row:
        """The arm's ``facts.json``; empty where there is none."""
        return mapping(_json(layout.facts_file(self.path, self.called(strategy), seed), self.damaged))

    @cached_property
    def measures(self) -> dict[str, Row]:
        """``measures.json`` of each generator that has one, by its name."""
        found = {
            path.name: layout.measures_file(self.path, path.name) for path in layout.measured_generators(self.path)
        }
        return {name: mapping(_json(path, self.damaged)) for name, path in found.items()}

    def trace(self, strategy: str, seed: int) -> list[Row]:
        """The arm's ``trace.jsonl``; empty where there is none."""
        try:
            return read_jsonl(layout.trace_file(self.path, self.called(strategy), seed), self._note)
        except GanliftError as fault:
            self._note(str(fault))
            return []

    def _note(self, fault: str) -> None:
        if fault not in self.damaged:
            self.damaged.append(fault)


def read_run(path: Path) -> Run:
    """Read ``path``, a run folder.

    Raises:
        RunFolderError: there is no such folder, or it holds nothing that a report could show.
    """
    if not path.is_dir():
        raise RunFolderError(f"There is no run folder {path}; give a folder that `ganlift compare --out` made.")
    if not any(file.exists() for file in (layout.config_file(path), layout.results_file(path), path / "arms")):
        raise RunFolderError(
            f"{path} is not a run folder: it has no config.yaml and no results.jsonl; "
            "give a folder that `ganlift compare --out` made."
        )
    damaged: list[str] = []
    rows = [row for row in read_rows(path, damaged.append) if _is_named(row)]
    network = shared_network(rows)
    recorded = {without(row["strategy"], f"@{network}"): row["strategy"] for row in rows} if network else {}

    def short(value: Any) -> Any:
        return without(value, f"@{network}") if network else value

    rows = [row | {key: short(row[key]) for key in _NAMING if key in row} for row in rows]
    done: dict[str, list[Row]] = {}
    for row in sorted(filter(_is_done, rows), key=lambda row: (row.get("kind") == IN_TIME, row["seed"])):
        done.setdefault(row["strategy"], []).append(row)
    plan = mapping(_json(layout.plan_file(path), damaged))
    plan |= {key: short(plan[key]) for key in ("strategies",) if key in plan}
    verdicts = [short(one) for one in sequence(_json(layout.verdict_file(path), damaged)) if _is_verdict(one)]
    return Run(
        path=path,
        rows=done,
        failed=[row for row in rows if not _is_done(row)],
        verdicts=sorted(verdicts, key=lambda verdict: -(number(verdict.get("gain")) or 0.0)),
        class_names=_class_names(plan, done),
        plan=plan,
        check=_json(layout.check_file(path), damaged),
        copies=short(_json(layout.copies_file(path), damaged)),
        tuning=short(_json(layout.tuning_file(path), damaged)),
        environment=mapping(_json(layout.environment_file(path), damaged)),
        config=_text(layout.config_file(path)),
        splits=dict(_splits(path, damaged)),
        damaged=damaged,
        winner=mapping(_json(layout.model_file(layout.winner_folder(path)), damaged)),
        privacy=mapping(_json(layout.privacy_file(path), damaged)),
        points=[mapping(_json(file, damaged)) for file in layout.points_files(path)],
        network=network,
        recorded=recorded,
    )


def _is_named(row: Row) -> bool:
    return isinstance(row.get("strategy"), str) and isinstance(row.get("seed"), int)


def _is_done(row: Row) -> bool:
    return row.get("status", "done") == "done" and number(row.get("test_accuracy")) is not None


def _is_verdict(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("strategy"), str)


def _class_names(plan: Row, done: dict[str, list[Row]]) -> list[str]:
    """The plan's names; where it has none, ``class 0`` and so on for as many recalls as a row lists."""
    for key in ("class_names", "classes"):
        value = plan.get(key)
        if isinstance(value, dict):
            return [str(name) for name in value]
        if isinstance(value, list) and value:
            return [str(item.get("name", item)) if isinstance(item, dict) else str(item) for item in value]
    lengths = [len(sequence(row.get("per_class_recall"))) for rows in done.values() for row in rows]
    return [f"class {index}" for index in range(max(lengths, default=0))]


def _splits(path: Path, damaged: list[str]) -> Iterator[tuple[int, Row]]:
    seeds = [file.stem.removeprefix("split-") for file in path.glob("split-*.json")]
    for seed in sorted(int(seed) for seed in seeds if seed.lstrip("-").isdigit()):
        yield seed, mapping(_json(layout.split_file(path, seed), damaged))


def _json(path: Path, damaged: list[str]) -> Any:
    if not path.exists():
        return None
    try:
        return read_json(path)
    except GanliftError as fault:
        if str(fault) not in damaged:
            damaged.append(str(fault))
        return None


def _text(path: Path) -> str:
    return read_bytes(path).decode("utf-8", "replace") if path.exists() else ""


def mapping(value: Any) -> Row:
    """``value`` where it is one; empty where a file holds something else."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """``value`` where it is a list; empty where a file holds something else."""
    return value if isinstance(value, list) else []


def pretty(value: Any) -> str:
    """``value`` as indented JSON, for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False)
