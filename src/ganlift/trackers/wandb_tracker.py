"""Weights & Biases: one run of theirs for one of ours, its files below ``RUN/wandb``; ``WANDB_MODE=offline`` works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import wandb

from ganlift.runs.folder import run_config
from ganlift.trackers.base import Event, Opened, grids, numbers


def open_tracker(run: Path) -> Opened:
    """Scalars under STRATEGY/SEED/PHASE against images seen, scores, sample grids, verdicts in the summary."""
    theirs: Any = wandb.init(project="ganlift", name=run.name, dir=str(run), config=run_config(run))

    def track(event: Event) -> None:
        if event["type"] == "metrics":
            place = f"{event['strategy']}/{event['seed']}/{event['phase']}"
            theirs.define_metric(f"{place}/*", step_metric=f"{place}/images_seen")
            found = {f"{place}/{key}": value for key, value in numbers(event).items()}
            theirs.log({**found, f"{place}/images_seen": event["images_seen"]})
        elif event["type"] == "arm" and event["row"].get("status") == "done":
            row = event["row"]
            place = f"{row['strategy']}/{row['seed']}"
            for key in ("validation_accuracy", "test_accuracy", "ece", "elapsed_s"):
                if key in row:
                    theirs.summary[f"{place}/{key}"] = row[key]
            last = grids(run, row["strategy"], row["seed"])[-1:]
            theirs.log({f"{place}/samples": wandb.Image(str(path)) for path in last})
        elif event["type"] == "verdict":
            theirs.summary[f"verdict/{event['strategy']}"] = event["sentence"]

    return track, theirs.finish
