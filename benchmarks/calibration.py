"""Does the verdict claim what is not there, and find what is? Simulated comparisons with known gains.

    python benchmarks/calibration.py --simulations 1000 --seeds 3,5,10 --out benchmarks/results

writes ``calibration.json`` and ``calibration.md`` and ends with exit code 1 where a scenario without any true
gain is claimed to have one in more than 5 % of its comparisons, two simulation standard errors allowed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ganlift.runs import layout
from ganlift.runs.files import read_npz
from ganlift.runs.folder import rows as read_rows
from ganlift.verdict import Parts, compare_pair, judge
from ganlift.verdict.difference import holm
from ganlift.verdict.power import power
from ganlift.verdict.simulate import Comparison, Design, Spread, estimate_spread, simulate
from ganlift.yardstick import ACCURACY, MACRO_RECALL, Yardstick

ALPHA = 0.05
CLASSES = [f"class {index}" for index in range(10)]
GANS = ("gan-1", "gan-2", "gan-3", "gan-4")
FAMILY = {"augment": "baseline", **dict.fromkeys(GANS, "gan")}
RIVALS = {"augment": "baseline", "rotation": "rival", "fixmatch": "rival", **dict.fromkeys(GANS, "gan")}
ALONE = {"augment": "baseline", "gan-1": "gan"}

SPREAD = Spread(accuracy=0.72, difficulty=0.6, arm_images=0.04, seed_images=0.1, seed_sd=0.009, arm_sd=0.009)
"""Fashion-MNIST with 10 labels a class: an arm's accuracy varies over seeds by about 1.3 points."""

TESTS = ((500, 0.2), (6000, 0.0))
"""Test images, and share of the latent variance of arm and image, on which other forms are tried."""


@dataclass(frozen=True)
class Scenario:
    """A kind of comparison without any true gain."""

    name: str
    says: str
    changes: Mapping[str, float] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=lambda: FAMILY)
    images: int = 2000
    overlap: float = 0.0
    same_images: bool = True
    ratio: float = 1.0
    measure: Yardstick = ACCURACY


TAILED: dict[str, Any] = {"ratio": 100.0, "measure": MACRO_RECALL}

SCENARIOS = (
    Scenario("same method", "four GAN arms that are the reference again", {"arm_images": 0.0}),
    Scenario("equal on average", "right on other images, as often"),
    Scenario("small test set", "500 images, arms differ much in which are right", {"arm_images": 0.2}, images=500),
    Scenario("chosen reference", "the reference is the best of three on 100 validation images", kinds=RIVALS),
    Scenario("own test images", "each seed draws its own 500 test images", images=500, same_images=False),
    Scenario("labels overlap", "seeds share 30 % of their labels", overlap=0.3),
    Scenario("seeds alike", "no spread over seeds but that of images", {"seed_sd": 0.0, "arm_sd": 0.0}),
    Scenario("macro recall", "the largest class has 100 times the test images of the smallest", **TAILED),
    Scenario(
        "macro recall, small",
        "500 such images, own ones for each seed",
        images=500,
        same_images=False,
        **TAILED,
    ),
    Scenario(
        "macro recall, seeds alike",
        "500 such images, arms differ much in which are right",
        {"seed_sd": 0.0, "arm_sd": 0.0, "arm_images": 0.2},
        images=500,
        **TAILED,
    ),
)


def main() -> int:
    options = _options()
    begun = time.perf_counter()
    seeds = [int(text) for text in options.seeds.split(",")]
    rest = options.simulations, options.seed
    spread = estimate_spread(*read_run(options.run)) if options.run else SPREAD
    with ProcessPoolExecutor(options.jobs) as pool:
        claims = [pool.submit(claims_of, spread, one, count, *rest) for one in SCENARIOS for count in seeds]
        others = [pool.submit(rejected_forms, spread, *test, count, *rest) for test in TESTS for count in seeds]
        powers = [pool.submit(power_at, spread, count, *rest) for count in sorted({*seeds, 20})]
        report: dict[str, Any] = {
            "simulations": options.simulations,
            "alpha": ALPHA,
            "limit": ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / options.simulations),
            "spread": asdict(spread),
            "false_claims": [one.result() for one in claims],
            "other_forms": [one.result() for one in others],
            "power": [one.result() for one in powers],
        }
    worst = max(max(row["per_arm"], row["family"]) for row in report["false_claims"])
    report["worst"] = worst
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "calibration.json").write_text(json.dumps(report, indent=2) + "\n")
    (options.out / "calibration.md").write_text(tables(report))
    print(tables(report))
    print(f"worst rate {worst:.3f}, limit {report['limit']:.3f}, {time.perf_counter() - begun:.0f} s")
    return int(worst > report["limit"])


def read_run(run: Path) -> tuple[list[dict[str, Any]], dict[tuple[str, int], NDArray[np.bool_]]]:
    """Rows and correctness of a run folder's finished arms."""
    rows = [row for row in read_rows(run) if row["status"] == "done"]
    correct = {}
    for row in rows:
        arrays = read_npz(layout.predictions_file(run, row["strategy"], row["seed"]))
        correct[row["strategy"], row["seed"]] = arrays["probabilities"].argmax(1) == arrays["labels"]
    return rows, correct


def claims_of(spread: Spread, scenario: Scenario, seeds: int, simulations: int, seed: int) -> dict[str, Any]:
    """Shares of comparisons in which an arm alone (before Holm), and any arm of the family, is claimed to differ."""
    design = Design(
        scenario.kinds,
        {},
        seeds,
        scenario.images,
        overlap=scenario.overlap,
        same_images=scenario.same_images,
        ratio=scenario.ratio,
    )
    spread = replace(spread, **scenario.changes)
    rng = np.random.default_rng([seed, seeds])
    alone, family, covered = [], [], []
    for _ in range(simulations):
        comparison = simulate(spread, design, rng)
        verdicts = judge(*comparison, CLASSES, overlap=scenario.overlap, alpha=ALPHA, measure=scenario.measure)
        alone += [verdict.p is not None and verdict.p < ALPHA for verdict in verdicts]
        covered += [(verdict.ci_low or 0.0) <= 0.0 <= (verdict.ci_high or 0.0) for verdict in verdicts]
        family.append(any(verdict.verdict != "no measurable effect" for verdict in verdicts))
    return {
        "scenario": scenario.name,
        "says": scenario.says,
        "seeds": seeds,
        "per_arm": float(np.mean(alone)),
        "family": float(np.mean(family)),
        "coverage": float(np.mean(covered)),
    }


def rejected_forms(
    spread: Spread, images: int, arm_images: float, seeds: int, simulations: int, seed: int
) -> dict[str, Any]:
    """Family-wise false claims of other ways to compute p, on arms that are equal on average.

    Each goes wrong somewhere, or what it leaves out would not be needed.
    """
    design = Design(FAMILY, {}, seeds, images)
    spread = replace(spread, arm_images=arm_images)
    rng = np.random.default_rng([seed, seeds, 1])
    counts: dict[str, int] = {}
    for _ in range(simulations):
        comparison = simulate(spread, design, rng)
        for name, claimed in forms(comparison).items():
            counts[name] = counts.get(name, 0) + claimed
    rates = {name: count / simulations for name, count in counts.items()}
    return {"images": images, "arm_images": arm_images, "seeds": seeds, "rates": rates}


def forms(comparison: Comparison) -> dict[str, bool]:
    """Whether each form claims an effect of any GAN arm."""
    rows, correct, _ = comparison
    found = [compare_pair(rows, correct, name, "augment").estimate for name in GANS]
    known = [(one.gain, one.parts) for one in found if one is not None and one.parts is not None]
    shipped = [parts.p(gain) for gain, parts in known]
    ways = {
        "seeds alone (paired t)": [
            student(gain, parts.of_seeds(parts.seeds), parts.seeds - 1) for gain, parts in known
        ],
        "images alone": [student(gain, parts.least(parts.seeds), parts.images - 1) for gain, parts in known],
        "sum, Satterthwaite": [satterthwaite(gain, parts) for gain, parts in known],
        "not paired (Welch)": [welch(comparison, name) for name in GANS],
    }
    claimed = {name: min(holm(ps)) < ALPHA for name, ps in ways.items()}
    return {"shipped": min(holm(shipped)) < ALPHA, "without Holm": min(shipped) < ALPHA, **claimed}


def student(gain: float, variance: float, freedom: float) -> float:
    return float(2 * special.stdtr(freedom, -abs(gain) / math.sqrt(max(variance, 1e-18))))


def satterthwaite(gain: float, parts: Parts) -> float:
    """The two parts added, with the degrees of freedom of Satterthwaite (1946)."""
    seed_part, image_part = parts.of_seeds(parts.seeds), parts.least(parts.seeds)
    both = seed_part**2 / (parts.seeds - 1) + image_part**2 / (parts.images - 1)
    return student(gain, seed_part + image_part, (seed_part + image_part) ** 2 / both)


def welch(comparison: Comparison, name: str) -> float:
    """Two samples of seeds, as if they had not shared anything."""
    _, correct, labels = comparison
    own, other = (np.array([correct[arm, seed].mean() for seed in labels]) for arm in (name, "augment"))
    parts = own.var(ddof=1) / len(own), other.var(ddof=1) / len(other)
    freedom = sum(parts) ** 2 / sum(part**2 / (len(own) - 1) for part in parts)
    return student(float(own.mean() - other.mean()), float(sum(parts)), float(freedom))


def power_at(spread: Spread, seeds: int, simulations: int, seed: int) -> dict[str, Any]:
    """How often a true gain of one standard deviation of the seed-paired difference is found, alone and among four."""
    rng = np.random.default_rng([seed, seeds, 2])
    pilot = [compare_pair(*simulate(spread, Design(ALONE, {}, seeds), rng)[:2], "gan-1", "augment") for _ in range(100)]
    parts = [one.estimate.parts for one in pilot if one.estimate and one.estimate.parts]
    mean = Parts(
        seeds=seeds,
        seed_variance=_mean_of(parts, "seed_variance"),
        image_variance=_mean_of(parts, "image_variance"),
        residual_variance=_mean_of(parts, "residual_variance"),
        images=_mean_of(parts, "images"),
    )
    gain = math.sqrt(mean.seed_variance)
    found: dict[str, float] = {"seeds": seeds, "gain": gain}
    for name, kinds in (("alone", ALONE), ("among four", FAMILY)):
        design = Design(kinds, {"gan-1": gain}, seeds)
        helped = 0
        for _ in range(simulations):
            verdicts = judge(*simulate(spread, design, rng), CLASSES, alpha=ALPHA)
            helped += any(one.strategy == "gan-1" and one.verdict == "helps" for one in verdicts)
        found[name] = helped / simulations
        found[f"{name}, by formula"] = power(gain, mean, ALPHA / (len(kinds) - 1))
    return found


def _mean_of(parts: Sequence[Parts], key: str) -> float:
    return float(np.mean([getattr(one, key) for one in parts]))


def tables(report: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    lines = [f"# Calibration of the verdict: {report['simulations']:,} simulated comparisons a line", ""]
    lines += ["False claims, in %, where nothing differs (family: any of four GAN arms, after Holm):", ""]
    lines += _table(
        ["scenario", "seeds", "one arm, before Holm", "family", "95 % interval holds zero"],
        [
            [
                f"{row['scenario']}: {row['says']}",
                row["seeds"],
                *(_share(row[key]) for key in ("per_arm", "family", "coverage")),
            ]
            for row in report["false_claims"]
        ],
    )
    names = list(report["other_forms"][0]["rates"])
    lines += ["", "Other forms, family-wise false claims in %:", ""]
    lines += _table(
        ["test images", "arm and image", "seeds", *names],
        [
            [row["images"], row["arm_images"], row["seeds"], *(_share(row["rates"][name]) for name in names)]
            for row in report["other_forms"]
        ],
    )
    keys = ["alone", "alone, by formula", "among four", "among four, by formula"]
    lines += ["", "Power, in %, for a true gain of one standard deviation of the seed-paired difference:", ""]
    lines += _table(
        ["seeds", "gain, points", *keys],
        [[row["seeds"], f"{100 * row['gain']:.1f}", *(_share(row[key]) for key in keys)] for row in report["power"]],
    )
    return "\n".join([*lines, ""])


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    return [f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows)]


def _share(value: float) -> str:
    return f"{100 * value:.1f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--simulations", type=int, default=1000, help="comparisons a line")
    parser.add_argument("--seeds", default="3,5,10", help="numbers of seeds, separated by commas")
    parser.add_argument("--seed", type=int, default=0, help="of the simulation")
    parser.add_argument("--run", type=Path, help="a run folder whose spread takes the place of the stated one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder for the two files")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
