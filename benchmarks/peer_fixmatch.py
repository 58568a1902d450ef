"""`semilearn`'s FixMatch (USB) beside ours: the same network, images, labels, batches and steps; accuracy and seconds.

    python benchmarks/peer_fixmatch.py --cifar10 FOLDER --place FOLDER --out benchmarks/results/peer-fixmatch.json
    python benchmarks/peer_fixmatch.py --table --out benchmarks/results/peer-fixmatch.json

CIFAR-10, 40 labels a class, 5,000 images without, 2,000 test images; `small-cnn`, 64 labelled and 64 unlabelled images
a step, fp32, one thread. Each package has its own augmentation. Ours is scored by its averaged weights, the peer by
these or by the last, whichever is better: its average is for a million steps. ``semilearn`` runs once with the
settings that it ships for CIFAR-10 and once with our optimiser, rate, decay, threshold and average.
Runs take turns, each in a process of its own. FOLDER holds the binary version of CIFAR-10; ``--place`` is where pip
puts the peer and torchvision, without what they depend on: what else the peer imports, for texts, sound, other networks
and trackers, is not asked for here, and what stands in its place does nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peers import CPU, nothing
from torch import Tensor, nn

from ganlift.data import load
from ganlift.data.types import Task
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.options import build_options
from ganlift.strategies.setup import Setup, predict
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

PEERS = ("semilearn==0.3.2", "torchvision==0.29.1")
NOT_NEEDED = (
    "torchvision._meta_registrations",  # of operations on boxes, compiled for another torch
    *("transformers", "transformers.data", "transformers.data.data_collator"),
    *("transformers.file_utils", "transformers.tokenization_utils_base", "torchaudio", "torchaudio.transforms"),
    *(
        "skimage",
        "skimage.util",
        "ruamel",
        "ruamel.yaml",
        "progress",
        "progress.bar",
        "aim",
        "wandb",
        "torch.utils.tensorboard",
    ),
    *("timm", "timm.models", "timm.models.layers", "timm.models.helpers", "timm.models.vision_transformer"),
)
CLASSES, PER_CLASS, UNLABELLED, TEST, BATCH, SIDE = 10, 40, 5000, 2000, 64, 32
SEEDS = 3
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the peer's own loader of CIFAR-10."""
SHIPPED: dict[str, Any] = {
    "optim": "SGD",
    "lr": 0.03,
    "momentum": 0.9,
    "weight_decay": 5e-4,
    "p_cutoff": 0.95,
    "ema_m": 0.999,
}
"""The peer's settings for CIFAR-10."""

ALWAYS: dict[str, Any] = {
    "algorithm": "fixmatch",
    "T": 0.5,
    "hard_label": True,
    "ulb_loss_ratio": 1.0,
    "use_cat": True,
    "num_classes": CLASSES,
    "batch_size": BATCH,
    "epoch": 1,
    "num_warmup_iter": 0,
    "layer_decay": 1.0,
    "amp": False,
    "clip_grad": 0.0,
    "gpu": None,
    "rank": 0,
    "distributed": False,
    "world_size": 1,
    "num_log_iter": 1000,
    "save_name": "x",
    "resume": False,
    "use_wandb": False,
    "use_aim": False,
    "net": "x",
    "dataset": "none",
    "num_labels": CLASSES * PER_CLASS,
    "data_dir": "",
    "include_lb_to_ulb": False,
    "use_pretrain": False,
    "pretrain_path": "",
}
"""Settings of the peer that are the same in both of its rows; of a data set and files of its own there are none."""

WHO = ("ganlift", "semilearn", "semilearn, our settings")

Scored = tuple[float, float]
"""Accuracy on the test images, and seconds of the steps."""


def drawn(folder: Path, seed: int) -> tuple[Task, NDArray[np.uint8], NDArray[np.int64]]:
    """Labelled and unlabelled images of ``seed``, and the test images with their labels."""
    images = load(f"cifar10:{folder}")
    rng = np.random.default_rng([31, seed])
    train = rng.permutation(np.flatnonzero(images.parts == "train"))
    test = np.random.default_rng(31).permutation(np.flatnonzero(images.parts == "test"))[:TEST]
    labelled = np.concatenate([train[images.labels[train] == label][:PER_CLASS] for label in range(CLASSES)])
    others = np.setdiff1d(train, labelled)
    unlabelled = others[rng.permutation(len(others))[:UNLABELLED]]
    parts = [images.batch(part) for part in (labelled, labelled[:0], unlabelled, test)]
    y = images.labels
    task = Task(parts[0], y[labelled], parts[1], y[labelled[:0]], parts[2], images.class_names, flips=True)
    return task, parts[3], y[test]


def setup_of(task: Task, seed: int, steps: int) -> Setup:
    return Setup(task, Budget(steps, BATCH, steps), Rng(seed, "fixmatch", CPU), CPU, classifier="small-cnn")


def ours(task: Task, test: NDArray[np.uint8], y: NDArray[np.int64], seed: int, steps: int) -> Scored:
    entry, setup = strategies.get("fixmatch"), setup_of(task, seed, steps)
    phases = entry.phases(setup, build_options(entry, {}, "pixels"))
    settings = Settings(make_fabric(CPU, "fp32"))
    torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # what torch imports for its first optimiser is no step
    begun = time.perf_counter()
    outcome, _ = run_phases(phases, lambda phase: settings)
    seconds = time.perf_counter() - begun
    found = predict(outcome.classifier, torch.from_numpy(test)).argmax(1).numpy()
    return float((found == y).mean()), seconds


class Answers(nn.Module):
    """Our network as the peer wants one: answers and features by name."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features = self.model.features(x)  # type: ignore[operator]
        return {"logits": self.model.head(features), "feat": features}  # type: ignore[operator]


def our_settings() -> dict[str, Any]:
    """The peer's names for what `fixmatch` ships."""
    entry = strategies.get("fixmatch")
    own: Any = build_options(entry, {}, "pixels")
    return {
        "optim": "AdamW",
        "lr": own.lr,
        "momentum": 0.9,
        "weight_decay": own.weight_decay,
        "p_cutoff": own.threshold,
        "ema_m": own.ema,
    }


def theirs(
    task: Task, test: NDArray[np.uint8], y: NDArray[np.int64], seed: int, steps: int, settings: dict[str, Any]
) -> Scored:
    """The peer's algorithm, hooks, data set, augmentation, loader, optimiser, schedule; the better of its weights."""
    from semilearn.algorithms.fixmatch.fixmatch import FixMatch
    from semilearn.algorithms.hooks import FixedThresholdingHook, PseudoLabelingHook
    from semilearn.core.hooks import EMAHook, ParamUpdateHook
    from semilearn.core.utils import get_data_loader
    from semilearn.datasets.augmentation import RandAugment
    from semilearn.datasets.cv_datasets.datasetbase import BasicDataset
    from torchvision import transforms

    class Alone(FixMatch):  # type: ignore[misc]
        """Without what writes files, measures cards and reports."""

        def set_hooks(self) -> None:
            self.register_hook(PseudoLabelingHook(), "PseudoLabelingHook")
            self.register_hook(FixedThresholdingHook(), "MaskingHook")
            self.register_hook(ParamUpdateHook(), None, "HIGHEST")
            self.register_hook(EMAHook(), None, "HIGH")

    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the peer draws from it
    torch.Tensor.cuda = lambda self, *words, **named: self  # type: ignore[method-assign, assignment]
    begin = [transforms.RandomCrop(SIDE, padding=4, padding_mode="reflect"), transforms.RandomHorizontalFlip()]
    end = [transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)]
    weak = transforms.Compose([*begin, *end])
    strong = transforms.Compose([*begin, RandAugment(3, 5), *end])
    labelled, unlabelled = (np.asarray(part).transpose(0, 2, 3, 1) for part in (task.labelled, task.unlabelled))
    sets = {
        "train_lb": BasicDataset("fixmatch", labelled, task.labels, CLASSES, weak),
        "train_ulb": BasicDataset("fixmatch", unlabelled, np.zeros(len(unlabelled), int), CLASSES, weak, True, strong),
    }
    with tempfile.TemporaryDirectory() as place:
        args = Namespace(**ALWAYS, **settings, num_train_iter=steps, num_eval_iter=steps, save_dir=place)
        network = setup_of(task, seed, steps)
        run = Alone(args, lambda **_: Answers(network.new_classifier()), None, None)
        run.loader_dict = {
            name: get_data_loader(args, own, BATCH, num_workers=0, data_sampler="RandomSampler")
            for name, own in sets.items()
        }
        begun = time.perf_counter()
        run.train()
        seconds = time.perf_counter() - begun
    x = torch.from_numpy(test).float() / 255
    x = (x - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(DEVIATION).view(3, 1, 1)
    run.model.eval()
    last = _right(run.model, x, y)
    run.ema.apply_shadow()
    return max(last, _right(run.model, x, y)), seconds


@torch.no_grad()
def _right(model: nn.Module, x: Tensor, y: NDArray[np.int64]) -> float:
    found = torch.cat([model(part)["logits"].argmax(1) for part in x.split(500)]).numpy()
    return float((found == y).mean())


def turn(who: str, folder: Path, seed: int, steps: int) -> Scored:
    torch.set_num_threads(1)
    task, test, y = drawn(folder, seed)
    if who == "ganlift":
        return ours(task, test, y, seed, steps)
    return theirs(task, test, y, seed, steps, our_settings() if who.endswith("settings") else SHIPPED)


def table(record: dict[str, Any]) -> list[str]:
    lines = ["| package | accuracy, % | seconds of the steps, ours 1 |", "|---|---|---|"]
    ours_s = statistics.median(one["seconds"] for one in record["runs"] if one["who"] == "ganlift")
    for who in WHO:
        own = [one for one in record["runs"] if one["who"] == who]
        right = [100 * one["accuracy"] for one in own]
        spent = statistics.median(one["seconds"] for one in own) / ours_s
        lines.append(f"| {who} | {statistics.mean(right):.1f} ± {statistics.stdev(right):.1f} | {spent:.2f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cifar10", type=Path)
    parser.add_argument("--place", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--turn", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.turn:
        if asked.turn[0] != "ganlift":
            sys.path.append(str(asked.place))
            sys.modules.update({name: nothing(name) for name in NOT_NEEDED})
        print(json.dumps(turn(asked.turn[0], asked.cifar10, int(asked.turn[1]), asked.steps)))
        return
    if not asked.table:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(asked.place), *PEERS]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
        runs = list[dict[str, Any]]()
        for seed in range(SEEDS):
            for who in WHO:
                own = ["--turn", who, str(seed), "--steps", str(asked.steps)]
                words = [sys.executable, __file__, *own, "--cifar10", str(asked.cifar10), "--place", str(asked.place)]
                told = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
                accuracy, seconds = json.loads(told)
                runs.append({"who": who, "seed": seed, "accuracy": accuracy, "seconds": seconds})
                print(json.dumps(runs[-1]), flush=True)
        record = {"steps": asked.steps, "torch": torch.__version__, "runs": runs}
        asked.out.write_text(json.dumps(record, indent=1) + "\n")
    print("\n".join(table(json.loads(asked.out.read_text()))))


if __name__ == "__main__":
    main()
