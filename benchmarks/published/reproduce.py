"""Published numbers, done again with ganlift, as far as a machine goes.

    python benchmarks/published/reproduce.py improved-gan --form reduced-digits --out runs/published
    python benchmarks/published/reproduce.py dada --form reduced --point 50 --data-root DATA_ROOT --out runs/published
    python benchmarks/published/reproduce.py --list
    python benchmarks/published/reproduce.py --table

A recipe (``*.yaml`` here) says what a paper did and found, and what is run here: its ``full`` form is the paper's
protocol as nearly as ganlift has it, for a GPU; ``reduced`` forms are for two processor cores. Each point of a form is
one comparison; a broken-off one goes on where it stopped. Its record is kept in ``benchmarks/results/published/``, and
``--table`` puts the tables of all records into ``docs/published.md``. ``DATA_ROOT`` holds ``cifar-10-batches-bin/``,
``mnist/``, ``fashion-mnist/`` and ``svhn.npz``, those that the recipe names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from published import shown
from published.recipes import Run, names, runs

import ganlift
from ganlift.config import apply_sets
from ganlift.errors import ConfigError, GanliftError, Interrupted
from ganlift.runs.files import read_json, write_json
from ganlift.runs.lines import read_jsonl

COLUMNS = ("strategy", "kind", "seed", "status", "test_accuracy", "macro_recall", "validation_accuracy", "steps")
COSTS = ("images_seen", "generator_steps", "generator_images_seen", "elapsed_s", "generator_elapsed_s")
PLAN = ("data_hash", "measure", "steps", "generator_steps", "labelled", "validation", "unlabelled", "test", "actual_s")
MACHINE = ("versions", "python", "processor", "cores", "device", "precision", "threads")


def reproduce(run: Run, root: Path, out: Path, jobs: int | None) -> dict[str, Any]:
    """Run the comparison in ``out``; its record, which holds no path.

    Raises:
        GanliftError: the data are not there, or a setting can't be used.
    """
    done = ganlift.compare(run.config(root, out=out / run.name, jobs=jobs), on_event=_told)
    plan = read_json(done.run / "plan.json")
    machine = read_json(done.run / "environment.json")
    return {
        "recipe": run.recipe,
        "form": run.form,
        "point": run.point,
        "settings": run.settings,
        "rows": [_part(row, COLUMNS + COSTS) for row in read_jsonl(done.run / "results.jsonl")],
        "verdicts": read_json(done.run / "verdict.json"),
        "plan": _part(plan, (*PLAN, "jobs")),
        "environment": _part(machine, MACHINE),
    }


def _part(facts: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: facts[key] for key in keys if key in facts}


def _told(event: Mapping[str, Any]) -> None:
    """A line for the plan and for every arm."""
    if event["type"] == "plan":
        print(f"{event['arms_left']} arms, about {event['estimate_s'] / 60:.0f} minutes", flush=True)
    elif event["type"] == "arm":
        row = event["row"]
        found = f"{row['test_accuracy']:.3f}" if row["status"] == "done" else row["reason"]
        print(f"  {row['strategy']} seed {row['seed']}: {found}", flush=True)


def chosen(recipe: str, form: str, point: str | None) -> list[Run]:
    """The comparisons of a form, or the one at ``point``.

    Raises:
        ConfigError: the recipe has no such form, or the form no such point.
    """
    every = list(runs(recipe))
    if found := [run for run in every if run.form == form and point in (None, run.point)]:
        return found
    known = ", ".join(f"{run.form} {run.point}".strip() for run in every)
    raise ConfigError(f"The recipe '{recipe}' has no form '{' '.join(filter(None, (form, point)))}'; it has {known}.")


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", choices=names())
    parser.add_argument("--form", default="reduced")
    parser.add_argument("--point", help="one point of the form; all where not given")
    parser.add_argument("--data-root", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("runs/published"))
    parser.add_argument("--jobs", type=int, help="processes; as many as cores where not given")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="to try out; keeps no record")
    parser.add_argument("--keep", type=Path, help="where the record goes; benchmarks/results/published where not given")
    parser.add_argument("--list", action="store_true", help="the recipes and their forms")
    parser.add_argument("--table", action="store_true", help="write the tables of all records into docs/published.md")
    asked = parser.parse_args(words)
    if asked.list:
        print("\n".join(run.name for name in names() for run in runs(name)))
    elif asked.table:
        shown.write_page()
    elif asked.recipe is None:
        parser.error("which recipe? --list has them")
    else:
        keep = asked.keep or (None if asked.set else shown.RECORDS)
        for run in chosen(asked.recipe, asked.form, asked.point):
            run = run.model_copy(update={"settings": apply_sets(run.settings, asked.set)})
            print(run.name, flush=True)
            record = reproduce(run, asked.data_root, asked.out, asked.jobs)
            print("\n".join(shown.result_table([(run, record)])))
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                write_json(keep / f"{run.name}.json", record)


if __name__ == "__main__":
    try:
        main()
    except (GanliftError, Interrupted) as fault:
        print(fault, file=sys.stderr)
        sys.exit(fault.exit_code)
