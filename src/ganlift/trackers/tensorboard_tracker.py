"""TensorBoard: a writer an arm below ``RUN/tensorboard``; look with ``tensorboard --logdir RUN/tensorboard``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from ganlift.events import Event
from ganlift.trackers.base import Opened, grids, numbers, place, scores


def open_tracker(run: Path) -> Opened:
    """Scalars of each phase by images seen, the row's scores, sample grids, and the verdicts as text."""
    writers: dict[str, SummaryWriter] = {}

    def writer(name: str) -> SummaryWriter:
        if name not in writers:
            writers[name] = SummaryWriter(str(run / "tensorboard" / name))
        return writers[name]

    def track(event: Event) -> None:
        if event["type"] == "metrics":
            for key, value in numbers(event).items():
                writer(place(event)).add_scalar(f"{event['phase']}/{key}", value, event["images_seen"])
        elif event["type"] == "verdict":
            writer("verdicts").add_text(event["strategy"], event["sentence"])
        row = event.get("row", event)
        for key, value in scores(event).items():
            writer(place(row)).add_scalar(f"result/{key}", value, row["images_seen"])
        for path in grids(run, event):
            pixels = np.asarray(Image.open(path).convert("RGB"))
            writer(place(row)).add_image("samples", pixels, int(path.stem), dataformats="HWC")

    def close() -> None:
        for own in writers.values():
            own.close()

    return track, close
