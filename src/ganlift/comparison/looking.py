"""The looks at a comparison: train what the next look needs, judge, drop what is settled, go on with the rest.

Which arms go on is a function of the rows alone (`ganlift.verdict.after_look`), so that a continued run goes the way
that an uninterrupted one goes. Before a GAN arm is said to help, the rivals that might take the lead are trained once
more, with its time in place of its steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganlift.comparison.jobs import arm_job, arm_jobs
from ganlift.comparison.plan import Plan, entry_of
from ganlift.config import CompareConfig
from ganlift.data import labelled_overlap
from ganlift.data.types import Examples, Split
from ganlift.events import Listener
from ganlift.executors.base import Job, Result
from ganlift.looks import Looks
from ganlift.runs import folder as run_folder
from ganlift.runs import layout
from ganlift.runs.files import read_json, read_npz, write_json
from ganlift.verdict import Question, Replay, after_look
from ganlift.verdict.arms import IN_TIME, in_time_name, times_as_long
from ganlift.yardstick import Yardstick

RunJobs = Callable[[Sequence[Job]], Iterable[Result]]

TRUST_AFTER = 0.2
"""Share of the work that must be over before the time left is told from its pace: the first arms say little."""


def question(
    run: Path, config: Any, images: Examples, split: Split, looks: Looks, seeds: Sequence[int], measure: Yardstick
) -> Question:
    """What is to be judged: the rows there are, which test images each was right on, and the terms.

    A row whose arm has lost its files is none: it is to be trained again.
    """
    finished, correct, labels = run_folder.done(run), {}, {}
    rows = [
        row for row in run_folder.rows(run) if row["status"] != "done" or (row["strategy"], row["seed"]) in finished
    ]
    for row in rows:
        if row["status"] == "done" and "test_accuracy" in row:
            arrays = read_npz(layout.predictions_file(run, row["strategy"], row["seed"]))
            correct[row["strategy"], row["seed"]] = arrays["probabilities"].argmax(1) == arrays["labels"]
            labels[row["seed"]] = arrays["labels"]
    compared = isinstance(config, CompareConfig)
    return Question(
        rows=rows,
        correct=correct,
        labels=labels,
        class_names=images.class_names,
        overlap=labelled_overlap(split, images, by_class=measure.by_class),
        measure=measure,
        margin=config.margin / 100 if compared else 0.01,
        looks=looks,
        seeds=seeds,
        equal=config.equal if compared else "steps",
        noun=images.noun,
    )


class Looking:
    """Runs the looks of one comparison.

    Args:
        ask: makes the `Question` from the rows that there are.
        template: what all jobs share.
        run_jobs: yields a result for each job.
    """

    def __init__(
        self,
        run: Path,
        plan: Plan,
        looks: Looks,
        template: Mapping[str, Any],
        run_jobs: RunJobs,
        ask: Callable[[], Question],
        tell: Listener,
    ) -> None:
        self.run, self.plan, self.looks, self.template = run, plan, looks, template
        self._run_jobs, self._ask, self._tell = run_jobs, ask, tell
        self._begun, self._over_s = time.perf_counter(), 0.0

    def go(self) -> None:
        """Every look until all is settled or none is left."""
        names = list(self.plan.strategies)
        self._confirm_again()
        for number, count in enumerate(self.looks.seeds, 1):
            self._train(names, self.plan.seeds[:count], self.plan.seeds[count:])
            found = after_look(self._ask(), number)
            while found.wanted:
                self._confirm(found, self.plan.seeds[:count])
                found = after_look(self._ask(), number)
            if len(self.looks.seeds) > 1 and found.standings:
                self._say(found, number)
            names = [name for name in names if name in found.going_on]
            if not names:
                return

    def _train(self, names: Sequence[str], seeds: Sequence[int], later: Sequence[int]) -> None:
        arms, seconds = self._open(names, seeds), {name: self.plan.seconds_of(name) for name in names}
        later_s = sum(seconds[name] for name, _ in self._open(names, later))
        self._do(arm_jobs(self.plan, arms, self.template), seconds, later_s)

    def _open(self, names: Sequence[str], seeds: Sequence[int]) -> list[tuple[str, int]]:
        """The arms that are not done yet, seed by seed."""
        done = run_folder.done(self.run)
        return [(name, seed) for seed in seeds for name in names if (name, seed) not in done]

    def _confirm_again(self) -> None:
        """Try the rivals in an arm's time that failed once more, as a continued run does with any arm."""
        rows = [row for row in run_folder.rows(self.run) if row["kind"] == IN_TIME and row["status"] == "failed"]
        jobs, seconds = [], {}
        for row in rows:
            steps = self._steps_in_time(row["rival"], row["time_of"], ())
            seconds[row["strategy"]] = self.plan.seconds_of(row["time_of"])
            jobs.append(in_time_job(row["rival"], row["time_of"], row["seed"], steps, self.template))
        self._do(jobs, seconds, 0.0)

    def _confirm(self, found: Replay, seeds: Sequence[int]) -> None:
        """Train the wanted rivals with the GAN arm's time."""
        done, rows = run_folder.done(self.run), run_folder.rows(self.run)
        jobs, seconds = [], {}
        for rival, arm in found.wanted:
            name, steps = in_time_name(rival, arm), self._steps_in_time(rival, arm, rows)
            seconds[name] = self.plan.seconds_of(arm)
            both = [one for one in seeds if {(rival, one), (arm, one)} <= done and (name, one) not in done]
            jobs += [in_time_job(rival, arm, seed, steps, self.template) for seed in both]
        self._tell({"type": "confirm", "pairs": [list(pair) for pair in found.wanted], "arms": len(jobs)})
        self._do(jobs, seconds, 0.0)

    def _steps_in_time(self, rival: str, arm: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """The rival's steps in the time that the arm took: settled when first asked for, and recorded."""
        path, name = layout.plan_file(self.run), in_time_name(rival, arm)
        recorded = read_json(path)
        known: dict[str, int] = recorded.get("in_time", {})
        if name not in known:
            own, given = ({row["seed"]: row for row in rows if _done(row, one)} for one in (rival, arm))
            ratio = times_as_long(given, own, own) or 1.0
            known = {**known, name: round(self.plan.steps_of(rival) * ratio)}
            write_json(path, {**recorded, "in_time": known})
        return known[name]

    def _do(self, jobs: Sequence[Job], seconds: Mapping[str, float], later_s: float) -> None:
        """Run ``jobs``, which take ``seconds`` by name; tell of each, and of the time left, ``later_s`` included."""
        if not jobs:
            return  # no worker need be started
        left_s = sum(seconds[named(job)] for job in jobs) + later_s
        for result in self._run_jobs(jobs):
            row = result.value or _failed(result)
            run_folder.add_row(self.run, row)
            self._over_s, left_s = self._over_s + seconds[row["strategy"]], left_s - seconds[row["strategy"]]
            known = self._over_s > TRUST_AFTER * (self._over_s + left_s)
            pace = (time.perf_counter() - self._begun) / self._over_s if self._over_s else 0.0
            self._tell({"type": "arm", "row": row, "left_s": pace * left_s if known else None})

    def _say(self, found: Replay, number: int) -> None:
        settled = {name: one.answer for name, one in found.standings.items() if found.looks_of[name] == number}
        self._tell(
            {
                "type": "look",
                "look": number,
                "of": len(self.looks.seeds),
                "seeds": self.looks.seeds[number - 1],
                "answers": settled,
                "going_on": list(found.going_on),
                "arms_left": len(self._open(found.going_on, self.plan.seeds[self.looks.seeds[number - 1] :])),
            }
        )


def in_time_job(rival: str, arm: str, seed: int, steps: int, template: Mapping[str, Any]) -> Job:
    """``rival`` once more, for ``steps`` steps, under a name of its own."""
    name, job = in_time_name(rival, arm), arm_job("arm", rival, seed, steps, steps, template)
    return {**job, "id": f"{name}/{seed}", "as": {"strategy": name, "kind": IN_TIME, "rival": rival, "time_of": arm}}


def named(job: Job) -> str:
    """The name that the job's row and folder have."""
    return str(job.get("as", job)["strategy"])


def _done(row: Mapping[str, Any], name: str) -> bool:
    return bool(row["strategy"] == name and row["status"] == "done")


def _failed(result: Result) -> dict[str, Any]:
    job = result.job
    kind = entry_of(job["strategy"], rows=job["shared"]["rows"]).kind
    row = {"strategy": job["strategy"], "kind": kind, **job.get("as", {})}
    return {**row, "seed": job["seed"], "status": "failed", "reason": result.reason}
