"""TensorBoard: a writer an arm below ``RUN/tensorboard``; look with ``tensorboard --logdir RUN/tensorboard``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from ganlift.trackers.base import Event, Opened, grids, numbers


def open_tracker(run: Path) -> Opened:
    """Scalars of each phase by images seen, the row's scores, sample grids, and the verdicts as text."""
    writers: dict[str, SummaryWriter] = {}

    def writer(name: str) -> SummaryWriter:
        if name not in writers:
            writers[name] = SummaryWriter(str(run / "tensorboard" / name))
        return writers[name]

    def track(event: Event) -> None:
        if event["type"] == "metrics":
            own = writer(f"{event['strategy']}/{event['seed']}")
            for key, value in numbers(event).items():
                own.add_scalar(f"{event['phase']}/{key}", value, event["images_seen"])
        elif event["type"] == "arm" and event["row"].get("status") == "done":
            row = event["row"]
            own = writer(f"{row['strategy']}/{row['seed']}")
            for key in ("validation_accuracy", "test_accuracy", "ece", "elapsed_s"):
                if key in row:
                    own.add_scalar(f"result/{key}", row[key], row["images_seen"])
            for path in grids(run, row["strategy"], row["seed"]):
                pixels = np.asarray(Image.open(path).convert("RGB"))
                own.add_image("samples", pixels, int(path.stem), dataformats="HWC")
        elif event["type"] == "verdict":
            writer("verdicts").add_text(event["strategy"], event["sentence"])

    def close() -> None:
        for own in writers.values():
            own.close()

    return track, close
