"""How far one head goes: jobs a second that it feeds, what workers gain, and ten thousand arms on five hundred workers.

    python benchmarks/scaling.py --out benchmarks/results/scaling.json

`feed`: workers that do nothing, started through ``--launch`` as a cluster's are; each job's row is written as a
comparison writes it. `speed_up`: the same real arms by 1, 2 and 4 local workers, and by one that gives each arm two
threads. `simulation`: the head's own loop over workers that take, on a clock of their own, the seconds that arms took
in the demo's record; what the head itself takes is measured. `folder`: reading a run of so many arms, as each look and
each continued command does.
"""

from __future__ import annotations

import argparse
import heapq
import json
import shlex
import socket
import sys
import tempfile
import time
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from typing import Any

import ganlift
from ganlift.events import Event
from ganlift.executors import Place, executors
from ganlift.executors.base import Job
from ganlift.executors.dispatch import dispatch
from ganlift.runs import folder, layout
from ganlift.runs.files import read_json, write_json
from ganlift.runs.lines import read_jsonl

ROOT = Path(__file__).parent
DEMO = ROOT / "results" / "demo" / "results.jsonl"
JOBS, ARMS, WORKERS, STRATEGIES = 2000, 10_000, 500, 20
BUDGET = 500
"""Steps of a real arm."""
PROGRESS = 20
"""Events of progress that a simulated arm tells before it ends."""


def idle() -> None:
    """A worker that is done with every job at once."""
    print(json.dumps({"type": "ready", "ganlift": version("ganlift"), "host": socket.gethostname()}), flush=True)
    for line in sys.stdin:
        if json.loads(line).get("type") == "stop":
            return
        print(json.dumps({"type": "result", "value": {"status": "done"}, "reason": ""}), flush=True)


def jobs_of(count: int) -> list[Job]:
    """``count`` jobs of `STRATEGIES` strategies, seed by seed."""
    names = [f"s{number:02d}" for number in range(STRATEGIES)]
    return [
        {"id": f"{name}/{seed}", "strategy": name, "seed": seed, "after": [], "shared": {"threads": 1}}
        for seed in range(-(-count // STRATEGIES))
        for name in names
    ][:count]


def feed(workers: int, row: dict[str, Any]) -> dict[str, float]:
    """Jobs a second that ``workers`` idle ones are fed, each row written and synced."""
    launch = shlex.join([sys.executable, str(Path(__file__).resolve()), "--idle", "{worker}"])
    with tempfile.TemporaryDirectory() as run:
        executor = executors.get("local-processes").open(Place(Path(run), workers, launch=launch), _no_work)
        try:
            list(executor.run(jobs_of(workers), _ignore, lambda: 0))  # all have started
            begun = time.perf_counter()
            for result in executor.run(jobs_of(JOBS), _ignore, lambda: 0):
                folder.add_row(Path(run), {**row, "strategy": result.job["strategy"], "seed": result.job["seed"]})
            return {"workers": workers, "jobs_per_s": JOBS / (time.perf_counter() - begun)}
        finally:
            executor.close()


def speed_up(workers: int, threads: int = 1) -> dict[str, float]:
    """Seconds of eight real arms, the start of their workers included; each arm on so many ``threads``."""
    with tempfile.TemporaryDirectory() as out:
        done = ganlift.compare(
            "digits", labels_per_class=10, strategies=["augment"], seeds=8, budget=BUDGET, jobs=workers,
            threads=threads, executor="local-processes", out=Path(out) / "run",
        )  # fmt: skip
        seconds = read_json(layout.plan_file(done.run))["actual_s"]
        return {"workers": workers, "threads": threads, "seconds": seconds}


class Simulated:
    """Workers on a clock that jumps to whatever happens next; ``now`` is its time in seconds."""

    def __init__(self, count: int, seconds: list[float]) -> None:
        self.now, self._free, self._seconds = 0.0, list(range(count)), cycle(seconds)
        self._coming: list[tuple[float, int, int, Job]] = []

    def idle(self) -> list[int]:
        return list(self._free)

    def give(self, number: int, job: Job) -> None:
        self._free.remove(number)
        takes = next(self._seconds)
        for step in range(1, PROGRESS + 2):
            heapq.heappush(self._coming, (self.now + takes * step / (PROGRESS + 1), number, step, job))

    def events(self) -> list[Event]:
        self.now, number, step, job = heapq.heappop(self._coming)
        if step <= PROGRESS:
            return [{"type": "progress", "strategy": job["strategy"], "seed": job["seed"], "step": step}]
        self._free.append(number)
        return [{"type": "result", "job": job, "value": {"status": "done"}, "reason": ""}]

    def interrupt(self) -> None:
        """Nobody asks for it."""


def simulation(rows: list[dict[str, Any]], run: Path) -> dict[str, float]:
    """The head's seconds beside those of the arms, and how long they all take at best and by its loop."""
    seconds = [row["elapsed_s"] for row in rows]
    workers, jobs = Simulated(WORKERS, seconds), jobs_of(ARMS)
    begun = time.perf_counter()
    for result, row in zip(dispatch(workers, jobs, _ignore, lambda: 0), cycle(rows)):
        folder.add_row(run, {**row, "strategy": result.job["strategy"], "seed": result.job["seed"]})
    head_s = time.perf_counter() - begun
    ideal_s = sum(seconds) / len(seconds) * ARMS / WORKERS
    return {"arms": ARMS, "workers": WORKERS, "ideal_s": ideal_s, "takes_s": workers.now, "head_s": head_s}


def reading(rows: list[dict[str, Any]], run: Path) -> dict[str, float]:
    """Seconds of reading a run of `ARMS` arms, whose rows lie in their folders too."""
    for job, row in zip(jobs_of(ARMS), cycle(rows)):
        path = layout.row_file(run, job["strategy"], job["seed"])
        path.parent.mkdir(parents=True)
        write_json(path, {**row, "strategy": job["strategy"], "seed": job["seed"]})
    found, begun = {}, time.perf_counter()
    for name, read in (("rows_s", folder.rows), ("done_s", folder.done)):
        read(run)
        found[name], begun = time.perf_counter() - begun, time.perf_counter()
    return {"arms": ARMS, **found, "results_mb": layout.results_file(run).stat().st_size / 1e6}


def _no_work(*asked: Any) -> dict[str, Any]:
    raise AssertionError("an idle worker was asked to work")


def _ignore(event: Event) -> None:
    """What a terminal would show."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    rows = [row for row in read_jsonl(DEMO) if row["status"] == "done"]
    found: dict[str, Any] = {"feed": [feed(count, rows[0]) for count in (1, 4, 16)]}
    with tempfile.TemporaryDirectory() as run:
        found["simulation"] = simulation(rows, Path(run))
        found["folder"] = reading(rows, Path(run))
    write_json(out, found)  # what follows trains
    found["speed_up"] = [speed_up(count) for count in (1, 2, 4)] + [speed_up(1, threads=2)]
    write_json(out, found)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    idle() if sys.argv[1:2] == ["--idle"] else main()
