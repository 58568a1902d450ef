"""Weights & Biases: one run of theirs for one of ours, its files below ``RUN/wandb``; ``WANDB_MODE=offline`` works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import wandb

from ganlift.events import Event
from ganlift.runs.folder import run_config
from ganlift.trackers.base import Opened, grids, numbers, place, scores


def open_tracker(run: Path) -> Opened:
    """Scalars under STRATEGY/SEED/PHASE against images seen, scores, the last sample grid, verdicts in the summary."""
    quiet = wandb.Settings(console="off")  # what is printed is the user's own, and stays here
    theirs: Any = wandb.init(project="ganlift", name=run.name, dir=str(run), config=run_config(run), settings=quiet)

    def track(event: Event) -> None:
        if event["type"] == "metrics":
            phase = f"{place(event)}/{event['phase']}"
            theirs.define_metric(f"{phase}/*", step_metric=f"{phase}/images_seen")
            found = {f"{phase}/{key}": value for key, value in numbers(event).items()}
            theirs.log({**found, f"{phase}/images_seen": event["images_seen"]})
        elif event["type"] == "verdict":
            theirs.summary[f"verdict/{event['strategy']}"] = event["sentence"]
        row = event.get("row", event)
        for key, value in scores(event).items():
            theirs.summary[f"{place(row)}/{key}"] = value
        for path in grids(run, event)[-1:]:
            theirs.log({f"{place(row)}/samples": wandb.Image(str(path))})

    return track, theirs.finish
