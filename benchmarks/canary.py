"""Figures that move when results do: of strategies and generators after 20 steps, of splits, and of verdicts.

    python benchmarks/canary.py           what has moved since benchmarks/canary.json; exit code 1 where something has
    python benchmarks/canary.py --keep    the same, and writes the figures of what moved
    python benchmarks/canary.py --processor   what moved did so by this processor alone: it is let pass from now on

A record under ``benchmarks/results/`` states the `marks` of its arms (``canary.json``, written by ``table.py --keep``).
Where an arm's figures are others today, the record is older than the code, and `stale` names the arm; where the
verdict's are, it was judged by an older form of it, and `stale` names `VERDICT`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import ganlift.strategies.setup
from ganlift.data import draw_split, load
from ganlift.data.imbalance import tail_counts
from ganlift.data.kin import with_near
from ganlift.data.split_files import PARTS
from ganlift.data.types import ImageSet, Task
from ganlift.generators.base import generators
from ganlift.runs.files import read_json
from ganlift.strategies import sgan
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.options import build_options
from ganlift.strategies.setup import Setup, space_of
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng, seeded
from ganlift.verdict import Question, verdicts
from ganlift.verdict.arms import TIME_OF
from ganlift.verdict.simulate import Design, Spread, simulate
from ganlift.verdict.types import ANSWERS
from ganlift.yardstick import ACCURACY, MACRO_RECALL

FILE = Path(__file__).parent / "canary.json"
SWAY_FILE = FILE.with_name("canary-sway.json")
CPU = torch.device("cpu")
STEPS, BATCH = 20, 16
LABELS, UNLABELLED, SCORED = 5, 200, 100
TAIL = "exp:5"
SPLITS = {"few": {"labels_per_class": 10}, "all": {}, "tail": {"imbalance": "exp:100"}}
RELATIVE, ABSOLUTE, SWAY = 0.03, 0.003, 3.0
"""What another processor may make of the same code: its sums have another order, and 20 steps let that grow. Least, and
how many times what other kernels on the same processor make of it (``canary-sway.json``)."""

VERDICT = "the verdict"
"""What stands among the arms of a record for how they were judged."""

Figures = dict[str, float]


def task_of(images: ImageSet, tail: bool = False) -> tuple[Task, Tensor, Tensor]:
    """Five labelled images a class (or a tail) and 200 unlabelled ones; what is scored, and its labels."""
    rng = np.random.default_rng(0)
    pool = rng.permutation(np.flatnonzero(images.parts == "train"))
    classes = [pool[images.labels[pool] == label] for label in range(10)]
    counts = tail_counts(TAIL, 2 * LABELS, 10) if tail else [LABELS] * 10
    labelled = np.concatenate([own[:count] for own, count in zip(classes, counts, strict=True)])
    validation = np.concatenate([own[2 * LABELS : 3 * LABELS] for own in classes])
    rest = np.concatenate([own[3 * LABELS : 3 * LABELS + UNLABELLED // 10] for own in classes])
    scored = rng.permutation(np.flatnonzero(images.parts == "test"))[:SCORED]
    parts = [(images.batch(index), images.labels[index]) for index in (labelled, validation, rest)]
    (x, y), (x_val, y_val), (x_rest, _) = parts
    task = Task(x, y, x_val, y_val, x_rest, images.class_names)
    return task, torch.from_numpy(images.batch(scored)), torch.from_numpy(images.labels[scored])


def as_vectors(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
    """Images (n, 1, 28, 28) as vectors (n, 2, 49) in place of a network's: means of 4 × 4 pixels, and mirrored."""
    pooled = pixels.reshape(len(pixels), 7, 4, 7, 4).mean((2, 4), dtype=np.float32)
    return np.stack([pooled, pooled[:, :, ::-1]], axis=1).reshape(len(pixels), 2, 49).astype(np.float16)


def of_strategy(name: str, images: ImageSet, tail: bool = False, vectors: bool = False) -> Figures:
    """How sure its classifier is of a hundred test images, and of their classes where it learns any."""
    entry = strategies.get(name)
    task, x, y = task_of(images, tail)
    if not entry.labels:
        task = replace(task, labelled=task.labelled[:0], labels=task.labels[:0])
    if vectors:
        parts = {part: as_vectors(getattr(task, part)) for part in ("labelled", "validation", "unlabelled")}
        task, x = replace(task, **parts, weak_views=2), torch.from_numpy(as_vectors(x.numpy()))
    measure, classifier = MACRO_RECALL if tail else ACCURACY, "mlp" if vectors else "small-cnn"
    setup = Setup(task, Budget(STEPS, BATCH, STEPS), Rng(0, name, CPU), CPU, classifier, measure=measure)
    options = build_options(entry, {}, "vectors" if vectors else "pixels")
    with channels_first():
        outcome, _ = run_phases(entry.phases(setup, options), lambda phase: Settings(make_fabric(CPU, "fp32")))
    found = setup.predict(outcome.classifier, x).double().clamp(min=1e-9)
    figures = {"entropy": float(-(found * found.log()).sum(1).mean()), "largest": float(found.amax(1).mean())}
    return figures | ({"nll": float(-found[torch.arange(len(y)), y].log().mean())} if entry.labels else {})


@contextmanager
def channels_first() -> Iterator[None]:
    """Weights as PyTorch makes them: how they lie in memory changes the order of sums alone, and no method."""
    with patch.object(ganlift.strategies.setup, "lay_out", _as_it_is), patch.object(sgan, "lay_out", _as_it_is):
        yield


def _as_it_is(model: nn.Module, device: torch.device) -> nn.Module:
    return model


def of_generator(name: str, images: ImageSet, vectors: bool = False) -> Figures:
    """Mean and spread of 64 samples, and how much they differ from one another."""
    entry, (task, _, _) = generators.get(name), task_of(images)
    rng = Rng(0, name, CPU)
    if vectors:
        task = replace(task, labelled=as_vectors(task.labelled))
    space = space_of(task)
    with seeded(rng.derive("weights")):
        model = entry.build(space.shape(task.classes), entry.options(), CPU)
    x, y, noise = space.plain(torch.from_numpy(task.labelled)), torch.from_numpy(task.labels), rng.generator("noise")
    optimizers = model.optimizers()

    def update(player: str, loss: Tensor) -> None:
        weights = [weight for group in optimizers[player].param_groups for weight in group["params"]]
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights, allow_unused=True), strict=True):
            weight.grad = gradient
        optimizers[player].step()

    for _ in range(STEPS):
        index = torch.randint(len(x), (BATCH,), generator=noise)
        model.step(x[index], y[index], noise, update)
    made = model.sample(64, torch.arange(64) % task.classes, noise).double()
    return {
        "mean": float(made.mean()),
        "spread": float(made.std()),
        "differ": float((made - made.mean(0)).abs().mean()),
    }


def of_splits(images: ImageSet, **how: Any) -> Figures:
    """A figure for each part, another one where any of its images is in one of five seeds."""
    splits = [draw_split(images, seed, **how) for seed in range(5)]
    parts = {part: np.concatenate([getattr(split, part) for split in splits]) for part in PARTS}
    digests = {part: hashlib.sha256(index.astype("<i8").tobytes()).digest() for part, index in parts.items()}
    return {part: int.from_bytes(digest[:4]) / 2**32 for part, digest in digests.items()}


def of_verdict(images: ImageSet) -> Figures:
    """Answers and ends of intervals, in points, of simulated arms; one varies much over seeds, and another, which
    validation may not pick, is far ahead. No image is looked at."""
    without = {"baseline": "baseline", "rival": "rival", "restless": "rival", "ahead": "rival"}
    kinds = {**without, "better": "gan", "equal": "gan"}
    design = Design(
        kinds, {"better": 0.03, "restless": -0.2, "ahead": 0.02}, seeds=7, validation=20, restless={"restless": 9.0}
    )
    spread = Spread(0.73, difficulty=0.7, arm_images=0.02, seed_images=0.2, seed_sd=0.016, arm_sd=0.006)
    rows, correct, labels = simulate(spread, design, np.random.default_rng(8))
    found = verdicts(Question(rows, correct, labels, [str(one) for one in range(10)]))
    answers = {f"{one.strategy}, answer": float(ANSWERS.index(one.verdict)) for one in found}
    ends = {f"{one.strategy}, {end}": 100 * getattr(one, f"ci_{end}") for one in found for end in ("low", "high")}
    return answers | ends


def figures() -> dict[str, Callable[[ImageSet], Figures]]:
    """What makes the figures of each thing there is: "strategy/NAME", "tail/NAME" and "vectors/NAME" of strategies,
    "generator/NAME" and "features/NAME" of generators, "split/NAME", `VERDICT`; each of the set that `images` gives."""
    found: dict[str, Callable[[ImageSet], Figures]] = {VERDICT: of_verdict} | {
        f"split/{name}": partial(of_splits, **how) for name, how in SPLITS.items()
    }
    for name, entry in strategies:
        if "vectors" in entry.spaces:
            found[f"vectors/{name}"] = partial(of_strategy, name, vectors=True)
        if "pixels" not in entry.spaces:
            continue
        found[f"strategy/{name}"] = partial(of_strategy, name)
        if entry.labels and entry.unlabelled != "required":
            found[f"tail/{name}"] = partial(of_strategy, name, tail=True)
    for name, entry in generators:
        if "pixels" in entry.spaces:
            found[f"generator/{name}"] = partial(of_generator, name)
        if "vectors" in entry.spaces:
            found[f"features/{name}"] = partial(of_generator, name, vectors=True)
    return found


def images() -> ImageSet:
    """The set that all figures are of."""
    return with_near(load("fashion-mini"))


def measured() -> dict[str, Figures]:
    """The figures of all there is."""
    own = images()
    return {name: figures_of(own) for name, figures_of in figures().items()}


def moved(now: Mapping[str, Figures], kept: Mapping[str, Figures], sway: Mapping[str, Figures]) -> dict[str, str]:
    """What has other figures than those ``kept``, is new or is gone, each with how; ``sway`` is what is let pass."""
    found = dict.fromkeys(kept.keys() - now.keys(), "is gone") | dict.fromkeys(now.keys() - kept.keys(), "is new")
    for name in now.keys() & kept.keys():
        own, before, let = now[name], kept[name], sway.get(name, {})
        far = [
            key
            for key in sorted(own.keys() | before.keys())
            if not _near(own.get(key), before.get(key), let.get(key, 0.0))
        ]
        if far:
            found[name] = ", ".join(f"{key} {before.get(key)} → {own.get(key)}" for key in far)
    return dict(sorted(found.items()))


def _near(now: float | None, kept: float | None, sway: float) -> bool:
    if now is None or kept is None:
        return False
    return abs(now - kept) <= max(ABSOLUTE, RELATIVE * abs(kept), SWAY * sway)


def swaying(now: Mapping[str, Figures]) -> dict[str, Figures]:
    """How far the figures lie from those ``now`` with other kernels for the same sums."""
    with torch.backends.mkldnn.flags(enabled=False):
        other = measured()
    return {name: {key: abs(other[name][key] - value) for key, value in own.items()} for name, own in now.items()}


def wider_by(
    found: Iterable[str], now: Mapping[str, Figures], before: Mapping[str, Figures], known: Mapping[str, Figures]
) -> dict[str, Figures]:
    """``known``, what is let pass, wide enough for what was ``found`` moved, and half as much again."""
    wide = {name: dict(own) for name, own in known.items()}
    for name in found:
        for key, value in now[name].items():
            own = wide.setdefault(name, {})
            own[key] = max(own.get(key, 0.0), 1.5 / SWAY * abs(value - before[name][key]))
    return wide


def sway() -> dict[str, Figures]:
    """The committed ones."""
    return json.loads(SWAY_FILE.read_text()) if SWAY_FILE.exists() else {}


def kept() -> dict[str, Figures]:
    """The committed figures."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def marks(arms: Iterable[str]) -> dict[str, str]:
    """A mark of the committed figures of each of ``arms``, which a record keeps: another one where they moved."""
    figures = kept()
    drawn = [figures.get(f"split/{name}") for name in SPLITS]
    own = {arm: [figures.get(f"{kind}/{_known(arm)}") for kind in _kinds(arm)] + drawn for arm in arms}
    own |= {VERDICT: [figures.get(VERDICT)]} if VERDICT in own else {}
    return {arm: hashlib.sha256(json.dumps(one).encode()).hexdigest()[:8] for arm, one in sorted(own.items())}


def stale(record: Path) -> list[str]:
    """The arms of ``record``, a folder, whose figures have moved since, and `VERDICT` where that has; ["all"] where it
    states no canary."""
    file = record / "canary.json"
    if not file.exists():
        return ["all"]
    stated: dict[str, str] = json.loads(file.read_text())
    found = record / "verdict.json"
    judged = {VERDICT} if found.exists() and read_json(found) else set()
    return [arm for arm, mark in marks(stated.keys() | judged).items() if mark != stated.get(arm)]


def _kinds(arm: str) -> tuple[str, ...]:
    """Which of its strategy's figures an arm rests on."""
    return ("vectors",) if "@" in arm else ("strategy", "tail")


def _known(arm: str) -> str:
    """The strategy of an arm: of one in another's time, or with a generator of its own, the part that is registered."""
    name = arm.split(TIME_OF)[0].partition("@")[0]
    return max((own for own in strategies.names() if name == own or name.startswith(f"{own}-")), key=len, default=name)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--keep", action="store_true", help="write the figures of what moved")
    parser.add_argument("--processor", action="store_true", help="the code is the same, and the processor another one")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    now, before = measured(), kept()
    found = moved(now, before, sway())
    for name, how in found.items():
        print(f"{name}: {how}")
    if asked.processor:
        _write(SWAY_FILE, wider_by(found, now, before, sway()))
        return 0
    if asked.keep:
        new = {name: now[name] if name in found else before[name] for name in now}
        _write(FILE, new)
        own, known = swaying(now), sway()
        wider = {  # another processor may have been further off
            name: {
                key: max(value, 0.0 if name in found else known.get(name, {}).get(key, 0.0))
                for key, value in one.items()
            }
            for name, one in own.items()
        }
        _write(SWAY_FILE, wider)
        return 0
    print(f"{len(found)} of {len(now)} have moved.")
    return int(bool(found))


def _write(file: Path, figures: Mapping[str, Figures]) -> None:
    rounded = {
        name: {key: round(value, 5) for key, value in sorted(own.items())} for name, own in sorted(figures.items())
    }
    file.write_text(json.dumps(rounded, indent=1) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
