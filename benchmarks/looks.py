"""Fixed seeds against planned looks, on the rows of one real run: the same trainings, judged in both ways.

    ganlift compare fashion-mini --labels-per-class 10 --seeds 12 --budget 500 --out RUN \\
        --strategies augment,rotation,fixmatch,fixmatch-rotation,mean-teacher,gan-augment,sgan,sgan-fixmatch
    python benchmarks/looks.py RUN --keep benchmarks/results/looks/fashion-mini

A run of 12 seeds holds what a design that looks at the first 3, 5 and 7 of them would have trained, so its answers and
its cost are read off. What the rivals in the GAN arms' time would cost is not in there. Shorter designs are judged on
the run's other seeds as well (the next 7, and so on), for how much an answer depends on them.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganlift.looks import AUTO, Looks, one_look
from ganlift.runs import layout
from ganlift.runs.files import read_npz
from ganlift.runs.lines import read_jsonl
from ganlift.verdict import Question, after_look, verdicts

DESIGNS = {"5 seeds": one_look(5), "7 seeds": one_look(7), "looks at 3, 5, 7": AUTO}


def main() -> None:
    options = _options()
    rows = [row for row in read_jsonl(layout.results_file(options.run), print) if row["status"] == "done"]
    arms = {row["strategy"] for row in rows}
    whole = set.intersection(*({row["seed"] for row in rows if row["strategy"] == name} for name in arms))
    rows = [row for row in rows if row["seed"] in whole]
    correct, labels = {}, {}
    for row in rows:
        arrays = read_npz(layout.predictions_file(options.run, row["strategy"], row["seed"]))
        correct[row["strategy"], row["seed"]] = arrays["probabilities"].argmax(1) == arrays["labels"]
        labels[row["seed"]] = arrays["labels"]
    seeds = sorted({row["seed"] for row in rows})
    designs = {**DESIGNS, f"{len(seeds)} seeds": one_look(len(seeds))}
    found = [
        judged(rows, correct, labels, seeds[start : start + looks.seeds[-1]], name, looks)
        for name, looks in designs.items()
        for start in range(0, len(seeds) - looks.seeds[-1] + 1, looks.seeds[-1])
    ]
    print(table(found))
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        shutil.copy(layout.environment_file(options.run), options.keep / "environment.json")
        (options.keep / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (options.keep / "looks.json").write_text(json.dumps(found, indent=1) + "\n")
        (options.keep / "looks.md").write_text(table(found) + "\n")


def judged(rows: Any, correct: Any, labels: Any, seeds: Sequence[int], name: str, looks: Looks) -> dict[str, Any]:
    """The answers of one design on ``seeds``, and the seconds of the trainings that it asks for."""
    own = [row for row in rows if row["seed"] in seeds]
    classes = [str(one) for one in range(int(max(labels[seeds[0]])) + 1)]
    question = Question(own, correct, labels, classes, looks=looks, seeds=seeds)
    asked = after_look(question).seeds
    spent = sum(row["elapsed_s"] for row in own if row["seed"] in seeds[: asked[row["strategy"]]])
    answers = [
        {key: getattr(one, key) for key in ("strategy", "verdict", "reference", "gain", "ci_low", "ci_high", "seeds")}
        for one in verdicts(question)
    ]
    return {"design": name, "of": list(seeds), "answers": answers, "asked": asked, "core_minutes": spent / 60}


def table(found: Sequence[dict[str, Any]]) -> str:
    """A line a design and GAN arm."""
    lines = ["| design | of seeds | arm | gain, points (interval) | answer | after seeds | trainings | core-minutes |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for one in found:
        of, trained = f"{one['of'][0]} to {one['of'][-1]}", sum(one["asked"].values())
        for place, arm in enumerate(one["answers"]):
            gain = f"{100 * arm['gain']:+.1f} ({100 * arm['ci_low']:+.1f} to {100 * arm['ci_high']:+.1f})"
            cost = (str(trained), f"{one['core_minutes']:.0f}") if place == 0 else ("", "")
            cells = (one["design"], of, f"`{arm['strategy']}`", f"{gain} over `{arm['reference']}`", arm["verdict"])
            lines.append(f"| {' | '.join((*cells, str(arm['seeds']), *cost))} |")
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("run", type=Path, help="a run folder with many seeds")
    parser.add_argument("--keep", type=Path, help="folder for its records and the table")
    return parser.parse_args()


if __name__ == "__main__":
    main()
