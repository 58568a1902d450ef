"""The winner: which arm a user should take, and its classifier, laid ready."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from ganlift.errors import GanliftError, RunFolderError
from ganlift.measures.calibration import fit_temperature
from ganlift.runs import layout
from ganlift.runs.files import read_npz, sha256_file, write_bytes, write_json
from ganlift.yardstick import ACCURACY, Yardstick


def choose(
    rows: Sequence[Mapping[str, Any]], verdicts: Sequence[Mapping[str, Any]], measure: Yardstick = ACCURACY
) -> Mapping[str, Any] | None:
    """The row of the winning arm, or None where none is done whose classifier can be laid ready.

    A GAN arm can win only where the verdict says that it helps; among those, and else among the arms
    without a GAN, the mean of ``measure`` on validation decides, over the seeds that all of them have where there are
    such: looks let arms stop early, and seeds differ. Its seed is the best of its own on validation.
    """
    done = [row for row in rows if row["status"] == "done" and row.get("rebuildable", True)]
    helping = {one["strategy"] for one in verdicts if one["verdict"] == "helps"}
    candidates = [row for row in done if row["strategy"] in helping]
    candidates = candidates or [row for row in done if row["kind"] in ("baseline", "rival")]
    if not candidates:
        return None
    seeds = {name: {row["seed"] for row in candidates if row["strategy"] == name} for name in _names(candidates)}
    common = set.intersection(*seeds.values())

    def mean_validation(name: str) -> float:
        return fmean(
            row[measure.validation]
            for row in candidates
            if row["strategy"] == name and row["seed"] in (common or seeds[name])
        )

    winner = max(seeds, key=mean_validation)
    own = [row for row in candidates if row["strategy"] == winner]
    return max(own, key=lambda row: (row[measure.validation], -row["seed"]))


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({row["strategy"] for row in rows})


def lay_ready(run: Path, row: Mapping[str, Any], model: Mapping[str, Any]) -> Path:
    """Copy the winner's weights to ``classifier/`` with what is needed to use them; the folder's path.

    ``model`` holds the architecture, the classes and the preprocessing. The temperature is fitted on the arm's
    validation images.

    Raises:
        GanliftError: the classifier is of another architecture than the run's, so that nothing could load it.
        RunFolderError: its weights are gone.
    """
    if not row.get("rebuildable", True):
        raise GanliftError(
            f"'{row['strategy']}' with these options ends in a classifier of another architecture than "
            f"'{model['classifier']}', which cannot be laid ready; its scores are in {run}."
        )
    folder = layout.winner_folder(run)
    source = layout.classifier_file(run, row["strategy"], row["seed"])
    if not source.exists():
        raise RunFolderError(f"The winner's weights, {source}, are gone; remove {source.parent} and run again.")
    write_bytes(folder / "model.safetensors", source.read_bytes())
    predicted = read_npz(layout.predictions_file(run, row["strategy"], row["seed"]))
    temperature = fit_temperature(predicted["validation_probabilities"], predicted["validation_labels"])
    facts = {
        **model,
        "strategy": row["strategy"],
        "seed": row["seed"],
        "validation_accuracy": row["validation_accuracy"],
        "test_accuracy": row.get("test_accuracy"),
        "temperature": temperature.value,
        "validation_nll": temperature.nll_before,
        "validation_nll_calibrated": temperature.nll_after,
        "sha256": sha256_file(folder / "model.safetensors"),
    }
    write_json(folder / "model.json", facts)
    return folder


def clear_cache(run: Path) -> None:
    """Remove the images that the workers read; a continued run makes them again."""
    shutil.rmtree(layout.cache_folder(run), ignore_errors=True)
