"""Does the verdict claim what is not there, and find what is? Simulated comparisons with known gains.

    python benchmarks/calibration.py --simulations 1000 --out benchmarks/results

writes ``calibration.json`` and ``calibration.md`` and ends with exit code 1 where any scenario has a false claim in
more than 5 % of its comparisons, two simulation standard errors allowed. ``--only WORD`` runs the scenarios whose name
has that word, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scenarios import (
    ALONE,
    ALPHA,
    FAMILY,
    GANS,
    MARGIN,
    RIVALS,
    SCENARIOS,
    SEEDS,
    SPREAD,
    TESTS,
    Scenario,
)
from scipy import special

from ganlift.runs import layout
from ganlift.runs.files import read_npz
from ganlift.runs.folder import rows as read_rows
from ganlift.verdict import AUTO, THOROUGH, Looks, Parts, Question, compare_pair, one_look, verdicts
from ganlift.verdict.arms import IN_TIME, Evidence, all_seeds, by_arm
from ganlift.verdict.decide import Terms
from ganlift.verdict.difference import holm
from ganlift.verdict.power import power
from ganlift.verdict.replay import Replay, replay
from ganlift.verdict.simulate import Comparison, Design, Spread, estimate_spread, simulate
from ganlift.verdict.types import HELPS, HURTS, NO_GAIN

CLASSES = [f"class {index}" for index in range(10)]


def main() -> int:
    options = _options()
    begun = time.perf_counter()
    rest = options.simulations, options.seed
    spread = estimate_spread(*read_run(options.run)) if options.run else SPREAD
    chosen = [one for one in SCENARIOS if options.only in one.name]
    with ProcessPoolExecutor(options.jobs) as pool:
        claims = [pool.submit(claims_of, spread, one, looks, *rest) for one in chosen for looks in one.looks]
        if options.only:
            print("\n".join(claims_table([one.result() for one in claims])))
            return 0
        others = [pool.submit(rejected_forms, spread, *test, count, *rest) for test in TESTS for count in SEEDS]
        powers = [pool.submit(power_at, spread, count, *rest) for count in (*SEEDS, 20)]
        costs = [
            pool.submit(cost_of, spread, name, looks, gain, *rest) for name, looks in COMPARED.items() for gain in GAINS
        ]
        report: dict[str, Any] = {
            "simulations": options.simulations,
            "alpha": ALPHA,
            "margin": MARGIN,
            "limit": ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / options.simulations),
            "spread": asdict(spread),
            "false_claims": [one.result() for one in claims],
            "other_forms": [one.result() for one in others],
            "power": [one.result() for one in powers],
            "unplanned": unplanned(spread, *rest),
            "looks": [one.result() for one in costs],
        }
    worst = max(row["family"] for row in report["false_claims"])
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


def claims_of(spread: Spread, scenario: Scenario, looks: Looks, simulations: int, seed: int) -> dict[str, Any]:
    """Shares of comparisons with a false claim: of one arm before Holm, of any arm of the family, by what is claimed.

    ``as_before`` is the form that this one replaced: any claim of a difference to the arm that validation picked alone,
    without what other arms tell of the variance.
    """
    count = looks.seeds[-1]
    design = Design(
        scenario.all_kinds,
        scenario.all_gains,
        count,
        scenario.images,
        validation=scenario.validation,
        overlap=scenario.overlap,
        same_images=scenario.same_images,
        ratio=scenario.ratio,
        restless=scenario.restless,
    )
    spread = replace(spread, **scenario.changes)
    rng = np.random.default_rng([seed, count])
    tally: dict[str, list[float]] = {
        key: [] for key in ("per_arm", HELPS, HURTS, NO_GAIN, "family", "coverage", "as_before")
    }
    for _ in range(simulations):
        comparison = simulate(spread, design, rng)
        evidence, found = looked(comparison, looks, scenario)
        standings = found.standings.values()
        answers = {one.answer for one in standings}
        for answer in (HELPS, HURTS, NO_GAIN):
            tally[answer].append(answer in answers)
        tally["family"].append(any(answer in answers for answer in scenario.false))
        for one in standings:
            assert one.chosen is not None and one.chosen.estimate is not None  # noqa: PT018 - every arm is there
            truth = scenario.gains.get(one.arm.name, 0.0) - scenario.gains.get(one.chosen.b, 0.0)
            low, high = one.chosen.estimate.low or 0.0, one.chosen.estimate.high or 0.0
            tally["coverage"].append(low <= truth <= high)
            tally["per_arm"].append(min(one.p_helps, one.p_hurts) < ALPHA)
        tally["as_before"].append(len(looks.seeds) == 1 and claimed_before(evidence, found))
    return {
        "scenario": scenario.name,
        "says": scenario.says,
        "seeds": " ".join(map(str, looks.seeds)),
        "false": list(scenario.false),
        **{key: float(np.mean(values)) for key, values in tally.items()},
    }


def looked(comparison: Comparison, looks: Looks, scenario: Scenario) -> tuple[Evidence, Replay]:
    """The shipped decision, without the sentences."""
    rows, correct, labels = comparison
    if scenario.in_time:
        rows = [timed(row) for row in rows]
    evidence = Evidence(by_arm(rows), correct, labels, scenario.measure, scenario.overlap)
    return evidence, replay(evidence, looks, all_seeds(evidence.arms), Terms(ALPHA, MARGIN, bool(scenario.in_time)))


def timed(row: Mapping[str, Any]) -> dict[str, Any]:
    """``row`` with the seconds of a GAN arm or of a rival, and whose time it was given, which its arm's name tells."""
    rival, given, whose = row["strategy"].partition(f"-{IN_TIME}-of-")
    slow = given or row["kind"] == "gan"
    return {**row, "elapsed_s": 3.0 if slow else 1.0, **({"rival": rival, "time_of": whose} if given else {})}


def claimed_before(evidence: Evidence, found: Replay) -> bool:
    """Whether any GAN arm is claimed to differ from its picked reference, each pair's variance its own."""
    ps = []
    for one in found.standings.values():
        pair = (evidence.arms[one.arm.name], evidence.arms[str(one.reference)])
        alone = replace(evidence, arms={arm.name: arm for arm in pair})
        estimate = alone.difference(*pair, one.seeds, ALPHA).estimate
        ps.append(estimate.p if estimate and estimate.p is not None else 1.0)
    return min(holm(ps)) < ALPHA


def rejected_forms(
    spread: Spread, images: int, changes: Mapping[str, float], seeds: int, simulations: int, seed: int
) -> dict[str, Any]:
    """Family-wise false claims of other ways to compute p, on arms that are equal on average.

    Each goes wrong somewhere, or what it leaves out would not be needed.
    """
    design = Design(FAMILY, {}, seeds, images)
    spread = replace(spread, **changes)
    rng = np.random.default_rng([seed, seeds, 1])
    counts: dict[str, int] = {}
    for _ in range(simulations):
        comparison = simulate(spread, design, rng)
        for name, claimed in forms(comparison).items():
            counts[name] = counts.get(name, 0) + claimed
    rates = {name: count / simulations for name, count in counts.items()}
    return {"images": images, "arm_images": spread.arm_images, "seeds": seeds, "rates": rates}


def forms(comparison: Comparison) -> dict[str, bool]:
    """Whether each form claims an effect of any GAN arm."""
    rows, correct, _ = comparison
    found = [compare_pair(rows, correct, name, "augment").estimate for name in GANS]
    shipped = [one.p for one in found if one is not None and one.p is not None]
    alone = [compare_pair(_of(rows, name), correct, name, "augment").estimate for name in GANS]
    known = [(one.gain, one.parts) for one in alone if one is not None and one.parts is not None]
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


def _of(rows: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    """The rows of two arms, so that no other arm tells of their variance."""
    return [row for row in rows if row["strategy"] in (name, "augment")]


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
            found_now = verdicts(Question(*simulate(spread, design, rng), CLASSES))
            helped += any(one.strategy == "gan-1" and one.verdict == HELPS for one in found_now)
        found[name] = helped / simulations
        found[f"{name}, by formula"] = power(gain, mean, ALPHA / (len(kinds) - 1))
    return found


def _mean_of(parts: Sequence[Parts], key: str) -> float:
    return float(np.mean([getattr(one, key) for one in parts]))


def unplanned(spread: Spread, simulations: int, seed: int) -> dict[str, float]:
    """False claims where seeds are added until something is found, and at looks that were planned; one GAN arm.

    The arms differ in nothing but their seeds, so that a single judgement claims as often as it may.
    """
    counts = THOROUGH.seeds
    design, scenario = Design(ALONE, {}, counts[-1]), Scenario("", "", kinds=ALONE)
    alike, rng = replace(spread, arm_images=0.0), np.random.default_rng([seed, 4])
    claimed = np.zeros((simulations, len(counts)), bool)
    planned = np.zeros(simulations, bool)
    for number in range(simulations):
        comparison = simulate(alike, design, rng)
        for place, count in enumerate(counts):
            rows = [row for row in comparison[0] if row["seed"] < count]
            _, found = looked((rows, *comparison[1:]), one_look(count), scenario)
            claimed[number, place] = any(one.answer in (HELPS, HURTS) for one in found.standings.values())
        _, found = looked(comparison, THOROUGH, scenario)
        planned[number] = any(one.answer in (HELPS, HURTS) for one in found.standings.values())
    names = [", then ".join(map(str, counts[: place + 1])) for place in range(len(counts))]
    added = {name: float(claimed[:, : place + 1].any(1).mean()) for place, name in enumerate(names)}
    return {**added, "planned looks at 5, 10 and 20": float(planned.mean())}


GAINS = (0.0, 0.01, 0.015, 0.02, 0.03)
"""True gains of one of three GAN arms; the second is as good as the best of three arms without a GAN, the third 2
points worse."""

COMPARED = {
    "5 seeds": one_look(5),
    "7 seeds": one_look(7),
    "looks at 3, 5, 7": AUTO,
    "20 seeds": one_look(20),
    "looks at 5, 10, 20": THOROUGH,
}
THREE = {name: kind for name, kind in RIVALS.items() if name != "gan-4"}


def cost_of(spread: Spread, name: str, looks: Looks, gain: float, simulations: int, seed: int) -> dict[str, Any]:
    """How often the better arm is found, how the two others are answered, and how many seeds it takes."""
    count = looks.seeds[-1]
    gains = {"gan-1": gain, "gan-3": -0.02, "rotation": -0.01, "fixmatch": -0.02}
    scenario, rng = Scenario(name, "", kinds=THREE, gains=gains), np.random.default_rng([seed, count, 3])
    design = Design(THREE, gains, count)
    tally: dict[str, list[float]] = {key: [] for key in ("better", "false", "equal", "worse", "gan_seeds", "all_seeds")}
    for _ in range(simulations):
        _, found = looked(simulate(spread, design, rng), looks, scenario)
        answers = {one.arm.name: one.answer for one in found.standings.values()}
        tally["better"].append(answers["gan-1"] == HELPS)
        tally["false"].append(answers["gan-2"] in (HELPS, HURTS) or answers["gan-3"] == HELPS)
        tally["equal"].append(answers["gan-2"] == NO_GAIN)
        tally["worse"].append(answers["gan-3"] in (HURTS, NO_GAIN))
        tally["gan_seeds"].append(float(np.mean([found.seeds[name] for name, kind in THREE.items() if kind == "gan"])))
        tally["all_seeds"].append(sum(found.seeds.values()) / len(THREE))
    return {"design": name, "gain": gain, **{key: float(np.mean(values)) for key, values in tally.items()}}


def tables(report: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    lines = [f"# Calibration of the verdict: {report['simulations']:,} simulated comparisons a line", ""]
    lines += ["False claims, in % of comparisons (family: any false claim about any of four GAN arms, after Holm):", ""]
    lines += claims_table(report["false_claims"])
    lines += ["", "The worst line of each scenario, in %:", "", *worst_table(report["false_claims"])]
    lines += ["", "Seeds that are added until something is found, one GAN arm, false claims in %:", ""]
    lines += _table(["seeds", "claims"], [[name, _share(rate)] for name, rate in report["unplanned"].items()])
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
    lines += [
        "",
        "Fixed seeds and planned looks, in %: of three GAN arms one is better by the gain, one equal, one worse:",
        "",
    ]
    keys = ["better", "false", "equal", "worse"]
    lines += _table(
        [
            "design",
            "true gain, points",
            "better: helps",
            "false claims",
            "equal: no gain",
            "worse: settled",
            "seeds a GAN arm",
            "seeds an arm",
        ],
        [
            [
                row["design"],
                f"{100 * row['gain']:.1f}",
                *(_share(row[key]) for key in keys),
                *(f"{row[key]:.1f}" for key in ("gan_seeds", "all_seeds")),
            ]
            for row in report["looks"]
        ],
    )
    return "\n".join([*lines, ""])


def worst_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line a scenario: its greatest rates of false claims, now and in the form before, and its least coverage."""
    lines = []
    for name in dict.fromkeys(row["scenario"] for row in rows):
        own = [row for row in rows if row["scenario"] == name]
        before = max(row["as_before"] for row in own)
        asked_before = " " not in own[0]["seeds"] and HELPS in own[0]["false"]
        family, holds = max(row["family"] for row in own), min(row["coverage"] for row in own)
        lines.append([name, len(own), _share(family), _share(before) if asked_before else "", _share(holds)])
    return _table(["scenario", "designs", "family", "as before", "interval holds"], lines)


def _counts(row: Mapping[str, Any], key: str) -> bool:
    """Whether a column says something in this line: claims that would be true there do not."""
    if key == "as_before":
        return HELPS in row["false"] and " " not in row["seeds"]
    return key not in (HELPS, HURTS, NO_GAIN) or key in row["false"]


def claims_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    head = [
        "scenario",
        "seeds",
        "one arm, before Holm",
        "helps",
        "hurts",
        "no gain",
        "family",
        "as before",
        "interval holds",
    ]
    keys = ("per_arm", HELPS, HURTS, NO_GAIN, "family", "as_before", "coverage")
    lines = []
    for row in rows:
        shown = [_share(row[key]) if _counts(row, key) else "" for key in keys]
        lines.append([f"{row['scenario']}: {row['says']}", row["seeds"], *shown])
    return _table(head, lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    return [f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows)]


def _share(value: float) -> str:
    return f"{100 * value:.1f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--simulations", type=int, default=1000, help="comparisons a line")
    parser.add_argument("--only", default="", help="a word in the names of the scenarios to run")
    parser.add_argument("--seed", type=int, default=0, help="of the simulation")
    parser.add_argument("--run", type=Path, help="a run folder whose spread takes the place of the stated one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder for the two files")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
