"""MLflow: one run of theirs for one of ours, with one below it for each arm and seed, and for each verdict.

They go to where MLflow is told (``MLFLOW_TRACKING_URI``), else to a database in ``RUN/mlflow``. An arm has a run of its
own since MLflow takes no ``@`` in the name of a metric.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # importing it would tell its makers; the run is the user's

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from ganlift.events import Event
from ganlift.runs import layout
from ganlift.runs.folder import run_config
from ganlift.trackers.base import Opened, grids, numbers, place, scores

_FIGURES = ("gain", "ci_low", "ci_high", "p", "p_corrected", "margin", "cost_ratio")
"""Of a verdict."""


def open_tracker(run: Path) -> Opened:
    """Metrics of each phase by images seen, scores, sample grids, verdicts with their figures, and the report."""
    client, experiment = _experiment(run / "mlflow")
    top = client.create_run(experiment, run_name=run.name).info.run_id
    client.log_batch(top, params=[Param(key, str(value)) for key, value in run_config(run).items()])
    below: dict[str, str] = {}

    def own(name: str) -> str:
        if name not in below:
            tags = {MLFLOW_PARENT_RUN_ID: top}
            below[name] = client.create_run(experiment, run_name=name, tags=tags).info.run_id
        return below[name]

    def log(name: str, found: dict[str, float], step: int = 0) -> None:
        now = int(1000 * time.time())
        client.log_batch(own(name), metrics=[Metric(key, value, now, step) for key, value in found.items()])

    def track(event: Event) -> None:
        if event["type"] == "metrics":
            found = {f"{event['phase']}/{key}": value for key, value in numbers(event).items()}
            log(place(event), found, event["images_seen"])
        elif event["type"] == "verdict":
            log(event["strategy"], {key: event[key] for key in _FIGURES if event[key] is not None})
            texts = {"verdict": event["verdict"], "mlflow.note.content": event["sentence"]}
            client.log_batch(own(event["strategy"]), tags=[RunTag(key, value) for key, value in texts.items()])
        row = event.get("row", event)
        if found := scores(event):
            log(place(row), {f"result/{key}": value for key, value in found.items()}, row["images_seen"])
        for path in grids(run, event):
            client.log_artifact(own(place(row)), str(path), "samples")

    def close() -> None:
        if layout.report_file(run).exists():
            client.log_artifact(top, str(layout.report_file(run)))
        for one in (*below.values(), top):
            client.set_terminated(one)

    return track, close


def _experiment(folder: Path) -> tuple[Any, str]:
    """A client and the id of the experiment for the runs; both in ``folder`` where MLflow is told no other place."""
    told = mlflow.is_tracking_uri_set()
    if not told:
        folder.mkdir(parents=True, exist_ok=True)
        logging.getLogger("mlflow.store.db").setLevel(logging.WARNING)  # of the tables that it makes
    client: Any = mlflow.MlflowClient(None if told else f"sqlite:///{(folder / 'mlflow.db').as_posix()}")
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "ganlift")
    if found := client.get_experiment_by_name(name):
        return client, found.experiment_id
    return client, client.create_experiment(name, None if told else (folder / "artifacts").as_uri())
