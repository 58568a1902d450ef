"""Where everything lies in a run folder (`docs/run-folder.md`): names only, nothing is read or written."""

from __future__ import annotations

from pathlib import Path


def config_file(run: Path) -> Path:
    return run / "config.yaml"


def environment_file(run: Path) -> Path:
    return run / "environment.json"


def plan_file(run: Path) -> Path:
    return run / "plan.json"


def data_file(run: Path) -> Path:
    """What the images are that the run learns from: a hash, a label and a part each, and no pixel."""
    return run / "data.npz"


def check_file(run: Path) -> Path:
    return run / "check.json"


def split_file(run: Path, seed: int) -> Path:
    return run / f"split-{seed}.json"


def tuning_file(run: Path) -> Path:
    return run / "tuning.json"


def results_file(run: Path) -> Path:
    return run / "results.jsonl"


def verdict_file(run: Path) -> Path:
    return run / "verdict.json"


def copies_file(run: Path) -> Path:
    """What near copies on both sides of the split are worth; there where there are such."""
    return run / "copies.json"


def points_file(run: Path, label: str) -> Path:
    """Where images lie in the features of the network that the run's arms call ``label``."""
    return run / f"features-{label}.json"


def points_files(run: Path) -> list[Path]:
    """Those of all networks of the run, by name."""
    return sorted(run.glob("features-*.json"))


def privacy_file(run: Path) -> Path:
    """What membership inference attacks on the winner and on a generator reach, at the end of a comparison."""
    return run / "privacy.json"


def report_file(run: Path) -> Path:
    return run / "report.html"


def log_file(run: Path) -> Path:
    return run / "run.log"


def holder_file(run: Path) -> Path:
    """Who holds the folder; its presence means "held"."""
    return run / ".lock.json"


def turn_file(run: Path) -> Path:
    """There while a process looks who holds the folder, and changes it."""
    return run / ".lock.turn"


def cache_folder(run: Path) -> Path:
    """The images as every worker reads them."""
    return run / ".cache"


def winner_folder(run: Path) -> Path:
    """The winner, ready to use: ``model.safetensors`` and ``model.json``."""
    return run / "classifier"


def weights_file(folder: Path) -> Path:
    """Of a kept classifier or generator."""
    return folder / "model.safetensors"


def model_file(folder: Path) -> Path:
    """What the weights beside it belong to; written last, so its presence means "whole"."""
    return folder / "model.json"


def generator_folder(run: Path, key: str) -> Path:
    """A generator: one that the arms of a seed share, or an arm's own under STRATEGY-SEED."""
    return run / "generators" / key


def measures_file(run: Path, key: str) -> Path:
    """How good a generator's images are, measured at the end of a comparison."""
    return generator_folder(run, key) / "measures.json"


def measured_generators(run: Path) -> list[Path]:
    """The folders of all generators whose samples were measured, kept or not, by name."""
    return sorted(path.parent for path in run.glob("generators/*/measures.json"))


def generator_folders(run: Path) -> list[Path]:
    """The folders of all generators that are kept whole, by name."""
    return sorted(path.parent for path in run.glob("generators/*/model.json"))


def arm_folder(run: Path, strategy: str, seed: int) -> Path:
    return run / "arms" / strategy / str(seed)


def row_file(run: Path, strategy: str, seed: int) -> Path:
    """The arm's row; its presence means "done"."""
    return arm_folder(run, strategy, seed) / "row.json"


def trace_file(run: Path, strategy: str, seed: int) -> Path:
    return arm_folder(run, strategy, seed) / "trace.jsonl"


def facts_file(run: Path, strategy: str, seed: int) -> Path:
    return arm_folder(run, strategy, seed) / "facts.json"


def predictions_file(run: Path, strategy: str, seed: int) -> Path:
    return arm_folder(run, strategy, seed) / "predictions.npz"


def samples_folder(run: Path, strategy: str, seed: int) -> Path:
    return arm_folder(run, strategy, seed) / "samples"


def classifier_file(run: Path, strategy: str, seed: int) -> Path:
    return arm_folder(run, strategy, seed) / "classifier.safetensors"


def row_files(run: Path) -> list[Path]:
    """The rows of all finished arms, by strategy, then seed."""
    found = [path for path in run.glob("arms/*/*/row.json") if path.parent.name.lstrip("-").isdigit()]
    return sorted(found, key=lambda path: (path.parent.parent.name, int(path.parent.name)))
