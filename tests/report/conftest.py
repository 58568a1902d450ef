"""A run folder as `ganlift compare` leaves it: two looks, seven arms and one in time, pictures, verdicts."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

CLASSES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip
ARMS = {  # strategy: kind, mean accuracy, seconds, generator's seconds
    "augment": ("baseline", 0.689, 11, 0),
    "rotation": ("rival", 0.711, 35, 0),
    "fixmatch": ("rival", 0.721, 24, 0),
    "gan-augment": ("gan", 0.676, 96, 61),
    "sgan": ("gan", 0.725, 78, 0),
    "sgan-fixmatch": ("gan", 0.737, 74, 0),
    "ec-gan": ("gan", 0.719, 80, 0),
    "fixmatch-in-time-of-sgan-fixmatch": ("in-time", 0.724, 75, 0),
}
IN_TIME = {"fixmatch-in-time-of-sgan-fixmatch": {"rival": "fixmatch", "time_of": "sgan-fixmatch"}}
LOOKS = (3, 5)
SEEDS = range(LOOKS[-1])
SETTLED_EARLY = ("ec-gan",)
TEST = 400


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Path]:
    """Makes a complete run: ``make_run(folder)``, ``make_run(folder, classes, test)``."""
    return build_run


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_run(tmp_path_factory.mktemp("built") / "fashion-mini")


@pytest.fixture
def run(tmp_path: Path, built: Path) -> Path:
    """A complete run of ten classes, the test's own to change."""
    return Path(shutil.copytree(built, tmp_path / "fashion-mini"))


@pytest.fixture
def make_features() -> Callable[[Path, str, Sequence[str]], Path]:
    """Makes some arms of a run, or all of them, arms on features: ``make_features(folder, network, arms)``."""
    return on_features


@pytest.fixture
def bare_run(run: Path) -> Path:
    """A run without pictures, quick to render."""
    for path in run.rglob("*.png"):
        path.unlink()
    return run


def build_run(folder: Path, classes: Sequence[str] = CLASSES, test: int = TEST) -> Path:
    """Write a complete run folder of these classes, everything drawn from one seed."""
    rng = np.random.default_rng(0)
    labels = np.arange(test) % len(classes)
    rows = []
    for name in ARMS:
        for seed in SEEDS[: LOOKS[0]] if name in SETTLED_EARLY else SEEDS:
            rows.append(_arm(folder, name, seed, labels, classes, rng))
    folder.joinpath("results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    _write(folder / "verdict.json", _verdicts(classes))
    _write(folder / "environment.json", {"python": "3.12.4", "torch": "2.13.0", "processor": "2 cores", "threads": 1})
    named = [name for name in ARMS if name not in IN_TIME]
    plan = {"class_names": list(classes), "strategies": named, "seeds": list(SEEDS), "steps": 500, "device": "cpu"}
    plan |= {"looks": {"seeds": list(LOOKS), "shares": [0.4, 0.6]}, "margin": 0.01, "least_s": 330.0}
    _write(folder / "plan.json", {**plan, "generator_steps": 1000, "estimate_s": 540.0, "actual_s": 561.0})
    _write(
        folder / "check.json", {"notes": ["2 exact duplicates of test images were removed from the training images."]}
    )
    for seed in SEEDS:
        parts = {"labelled": 10, "validation": 10, "unlabelled": 400}
        split = {part: {"hashes": [f"{seed}-{part}-{i}" for i in range(n * len(classes))]} for part, n in parts.items()}
        split["test"] = {"hashes": [f"test-{i}" for i in range(test)]}
        _write(folder / f"split-{seed}.json", {"seed": seed, "notes": [], "parts": split})
    folder.joinpath("config.yaml").write_text("# A ganlift run\ndata: fashion-mini\nlabels_per_class: 10\nseeds: 5\n")
    return folder


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value))


def _arm(
    run: Path, name: str, seed: int, labels: NDArray[np.int64], classes: Sequence[str], rng: np.random.Generator
) -> dict[str, object]:
    kind, accuracy, elapsed, own = ARMS[name]
    folder = run / "arms" / name / str(seed)
    folder.mkdir(parents=True)
    # A strength a seed, common to its arms, and one an arm and seed: what pairing is about.
    strength = 2.0 + 6 * (accuracy - 0.68) + 0.25 * np.sin(seed * 2.1) + 0.08 * rng.standard_normal()
    logits = rng.standard_normal((len(labels), len(classes))) * 1.2
    logits[np.arange(len(labels)), labels] += strength
    logits *= 1.6 if name == "augment" else 1.2
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    arrays = {"probabilities": probabilities.astype(np.float32), "labels": labels, "index": np.arange(len(labels))}
    np.savez_compressed(folder / "predictions.npz", **arrays)
    right = probabilities.argmax(1) == labels
    recall = [float(right[labels == label].mean()) for label in range(len(classes))]
    _trace(folder, name, kind, float(right.mean()), rng)
    if kind == "gan":
        _pictures(folder, name, seed, classes, rng)
    row = {
        **IN_TIME.get(name, {}), "strategy": name, "kind": kind, "seed": seed, "status": "done",
        "uses_unlabelled": name != "augment",
        "test_accuracy": float(right.mean()), "balanced_accuracy": float(np.mean(recall)),
        "macro_recall": float(np.mean(recall)), "per_class_recall": recall, "ece": 0.05 + 0.01 * seed, "nll": 0.9,
        "validation_accuracy": 0.7, "validation_n": 100, "labels": 100,
        "unlabelled_n": 0 if name == "augment" else 5800, "test_n": len(labels), "steps": 500, "images_seen": 32000,
        "labelled_seen": 32000, "unlabelled_seen": 0 if name == "augment" else 32000,
        "steps_besides": 425 if own else 0,
        "generator_steps": 1000 if own else 0, "generator_images_seen": 64000 if own else 0,
        "elapsed_s": elapsed + seed / 3, "generator_elapsed_s": own, "options": {}, "alarms": [],
    }  # fmt: skip
    if name == "gan-augment" and seed in (1, 3):
        row["alarms"] = [{"step": 400, "phase": "generator", "name": "collapse", "message": "samples vary only 15%"}]
    _write(folder / "row.json", row)
    return row


def _trace(folder: Path, name: str, kind: str, accuracy: float, rng: np.random.Generator) -> None:
    lines = []
    for step in range(20, 1001, 20) if name == "gan-augment" else ():
        g_loss = 1.2 + 0.3 * np.sin(step / 150) + 0.05 * rng.standard_normal()
        lines.append({"phase": "generator", "step": step, "images_seen": step * 64, "d_loss": 1.1, "g_loss": g_loss})
    for step in range(20, 501, 20):
        line = {"phase": "classifier", "step": step, "images_seen": step * 64, "elapsed_s": step / 10}
        loss = 2.3 * np.exp(-step / 120) + 0.1 + 0.02 * rng.standard_normal()
        if name == "augment":
            line["validation_accuracy"] = accuracy * (1 - np.exp(-step / 90))
        lines.append(
            {**line, "loss": loss} | ({"g_loss": 0.4 * loss} if kind == "gan" and name != "gan-augment" else {})
        )
    (folder / "trace.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def _pictures(folder: Path, name: str, seed: int, classes: Sequence[str], rng: np.random.Generator) -> None:
    images = real_images(len(classes))
    rows = len(classes) if name == "gan-augment" else 8
    real = np.stack([images[row % len(images)][:8] for row in range(rows)])
    grid(real).save(folder / "real.png")
    for step in range(7):
        share = 0.15 + 0.13 * step
        noise = rng.integers(0, 256, real.shape)
        generated = (share * real[:, ::-1] + (1 - share) * noise).astype(np.uint8)
        (folder / "samples").mkdir(exist_ok=True)
        grid(generated).save(folder / "samples" / f"{step * step * 1200:08d}.png")
    facts: dict[str, object] = {"real_png": "real.png"}
    if name == "gan-augment":
        grid(np.concatenate([generated[:, :1], real[:, :5]], 1)).save(folder / "neighbours.png")
        distances = {
            key: list(rng.gamma(9, scale, 300)) for key, scale in (("generated_to_real", 0.12), ("real_to_real", 0.1))
        }
        tried = [
            {"weight": weight, "ratio": 1.0, "validation_accuracy": 0.66 + 0.02 * weight}
            for weight in (0, 0.25, 0.5, 1)
        ]
        facts |= {
            "neighbours": distances, "neighbours_png": "neighbours.png", "candidates": tried,
            "acceptance": list(rng.uniform(0.2, 0.95, len(classes))), "chosen": tried[seed % 4],
            "diversity": list(rng.uniform(0.4, 1.0, len(classes))), "generator": f"sngan-{seed}",
        }  # fmt: skip
        home = folder.parents[2] / "generators" / f"sngan-{seed}"
        home.mkdir(parents=True)
        _write(home / "model.json", {"generator": "sngan", "classes": len(classes)})
        _write(home / "measures.json", measures(seed))
    _write(folder / "facts.json", facts)


def measures(seed: int) -> dict[str, object]:
    """What is measured of a generator; the distance is 20 and more, that of real images 2 and more."""
    names = ("frechet", "kernel", "precision", "recall", "density", "coverage", "diversity")
    sides = {
        name: {one: {"value": scale * (2 + seed / 4), "spread": None} for one in names}
        for name, scale in (("generated", 10), ("real", 1))
    }
    return {
        "network": "own", "about": "small-cnn", "distance": "Fréchet distance (own)", "images": 1000,
        "training_images": 2000, "features": 64, **sides, "intra_class": {"frechet": 31.0},
        "real_intra_class": {"frechet": 3.0}, "copying": {"statistic": -4.5, "p": 0.0, "cells": 9, "near": 0.3},
    }  # fmt: skip


def real_images(classes: int) -> NDArray[np.uint8]:
    """Eight scanned digits of each of at most ten classes, (classes, 8, 24, 24)."""
    digits = load_digits()
    pixels = np.kron(digits.images, np.ones((3, 3))) * 255 / 16
    chosen = [np.flatnonzero(digits.target == label)[:8] for label in range(min(classes, 10))]
    return np.stack([pixels[which] for which in chosen]).astype(np.uint8)


def grid(tiles: NDArray[np.uint8]) -> Image.Image:
    """Tiles (rows, columns, h, w) as one picture, a pixel apart."""
    rows, columns, height, width = tiles.shape
    canvas = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), 255, np.uint8)
    for row in range(rows):
        for column in range(columns):
            top, left = row * (height + 1), column * (width + 1)
            canvas[top : top + height, left : left + width] = tiles[row, column]
    return Image.fromarray(canvas)


def _verdicts(classes: Sequence[str]) -> list[dict[str, object]]:
    """One of each answer."""
    common = {
        "rivals": 3, "p": 0.01, "margin": 0.01, "seeds": 5, "seeds_missing": [], "looks": [2, 2], "in_time": None,
        "worst_class": {"name": classes[0], "gain": -0.021}, "smallest_detectable": 0.031, "seeds_to_find": 34,
        "power": [{"gain": 0.01, "found": 0.05}, {"gain": 0.02, "found": 0.14}, {"gain": 0.03, "found": 0.72}],
        "reference": "fixmatch", "measure": "accuracy",
    }  # fmt: skip

    def over(name: str, gain: float, low: float, high: float) -> dict[str, object]:
        return {"name": name, "gain": gain, "ci_low": low, "ci_high": high}

    return [
        {
            **common, "strategy": "sgan-fixmatch", "verdict": "helps", "reference": "rotation", "gain": 0.026,
            "ci_low": 0.011, "ci_high": 0.041, "nearest": over("fixmatch", 0.016, 0.005, 0.027),
            "in_time": over("fixmatch", 0.013, 0.002, 0.024), "p_corrected": 0.021, "gain_over_augment": 0.048,
            "cost_ratio": 3.1,
            "sentence": "sgan-fixmatch helps: +1.6 points of accuracy over fixmatch, the nearest of 3 arms without a "
            "GAN (95 % interval +0.5 to +2.7, 5 seeds), at 3.1 times the cost; +2.6 points over rotation, which "
            "validation picked; it holds in equal time too: +1.3 points over fixmatch (+0.2 to +2.4).",
        },
        {
            **common, "strategy": "sgan", "verdict": "undecided", "gain": 0.004, "ci_low": -0.009, "ci_high": 0.017,
            "nearest": over("rotation", 0.002, -0.012, 0.016), "p_corrected": 0.43, "gain_over_augment": 0.036,
            "cost_ratio": 3.3,
            "sentence": "sgan: undecided: +0.4 points of accuracy against fixmatch (95 % interval −0.9 to +1.7, "
            "5 seeds); a true gain of 2.0 points would have been found in 14 of 100 such comparisons; about 34 seeds "
            "find a gain of 1.0 point 8 times in 10.",
        },
        {
            **common, "strategy": "ec-gan", "verdict": "no gain worth having", "gain": -0.002, "ci_low": -0.01,
            "ci_high": 0.006, "nearest": over("fixmatch", -0.002, -0.01, 0.006), "p_corrected": 1.0, "seeds": 3,
            "looks": [2, 1], "gain_over_augment": 0.03, "cost_ratio": 3.4,
            "sentence": "ec-gan: no gain worth having: −0.2 points of accuracy against fixmatch (95 % interval −1.0 "
            "to +0.6, 3 seeds); a gain of 1.0 point or more is ruled out.",
        },
        {
            **common, "strategy": "gan-augment", "verdict": "hurts", "gain": -0.045, "ci_low": -0.062,
            "ci_high": -0.028, "nearest": over("fixmatch", -0.045, -0.062, -0.028), "p_corrected": 0.004,
            "gain_over_augment": -0.013, "cost_ratio": 4.0,
            "sentence": "gan-augment hurts: −4.5 points of accuracy against fixmatch (95 % interval −6.2 to −2.8, "
            "5 seeds), at 4.0 times the cost.",
        },
    ]  # fmt: skip


def on_features(folder: Path, network: str, arms: Sequence[str]) -> Path:
    """Make ``arms`` of the run in ``folder`` arms on the features of ``network``, wherever its records name them."""
    names = {name: f"{name}@{network}" for name in arms}
    for name in IN_TIME:
        names[name] = "-in-time-of-".join(names.get(one, one) for one in name.split("-in-time-of-"))
    told = folder / "results.jsonl"
    rows = [json.loads(line) for line in told.read_text().splitlines()]
    for row in rows:
        if row["strategy"] in names:
            row |= {"features": network, "classifier": "mlp"}
            row |= {key: names[row[key]] for key in ("strategy", "rival", "time_of") if row.get(key) in names}
    told.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for file in folder.glob("arms/*/*/row.json"):
        file.unlink()
    for name in names:
        (folder / "arms" / name).rename(folder / "arms" / names[name])
    for file in ("verdict.json", "plan.json"):
        text = (folder / file).read_text()
        for name in sorted(names, key=len, reverse=True):
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w@-])", names[name], text)
        (folder / file).write_text(text)
    return folder


def older(verdict: dict[str, object]) -> dict[str, object]:
    """The same as a run of before there were looks recorded it."""
    new = ("nearest", "in_time", "rivals", "margin", "looks", "power", "seeds_to_find")
    kept = {key: value for key, value in verdict.items() if key not in new} | {"seeds_to_settle": 9}
    known = verdict["verdict"] in ("helps", "hurts")
    return kept if known else {**kept, "verdict": "no measurable effect"}


@pytest.fixture
def older_run(bare_run: Path) -> Path:
    """A run whose verdicts and plan are those of before there were looks."""
    verdicts = json.loads((bare_run / "verdict.json").read_text())
    _write(bare_run / "verdict.json", [older(verdict) for verdict in verdicts])
    plan = json.loads((bare_run / "plan.json").read_text())
    _write(bare_run / "plan.json", {key: plan[key] for key in plan if key not in ("looks", "margin", "least_s")})
    return bare_run
