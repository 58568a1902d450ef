"""How far may the other arms' variance be trusted? False claims of a paired t with several prior degrees of freedom.

    python benchmarks/moderation.py --simulations 4000 --out benchmarks/results/moderation.md

Scores of A arms on S seeds without any true difference, normal, after the seeds' common part; the first arm is compared
with the second. ``none``: the pair's own variance. ``at most 4``: 4 prior degrees of freedom or what there are.
``Smyth``: estimated from the spread of the arms' variances (2004, section 6.2). ``one-sided``: at most 4, and fewer
where the pair varies more than the others. ``shipped``: that of `ganlift.verdict.moderation`, fewer where it varies
less as well.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from ganlift.verdict.moderation import MOST, Prior, prior

ALPHA = 0.05
ARMS, SEEDS = (3, 5, 8, 13), (3, 5, 7, 10)
SPREADS: dict[str, tuple[float, float]] = {
    "all vary alike": (1.0, 0.0),
    "the arm varies twice as much": (2.0, 0.0),
    "the arm varies three times as much": (3.0, 0.0),
    "one of the others varies five times as much": (1.0, 0.01),
    "half of the others vary five times as much": (1.0, 0.5),
}
"""How much more the first arm varies, and which share of the others is restless, at least one where it is not 0."""
RESTLESS = 5.0

GAIN = 2.2
"""Of the power column, in standard deviations of one arm: 2 points where a difference varies by 1.3."""
FORMS = ("none", "at most 4", "Smyth", "one-sided", "shipped")
FOUND = ("none", "one-sided", "shipped")


def main() -> None:
    options = _options()
    head = ["arms", "seeds", "spread", *FORMS, *(f"power: {form}" for form in FOUND)]
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join(['---'] * len(head))} |"]
    for arms in ARMS:
        for seeds in SEEDS:
            for name, (times, share) in SPREADS.items():
                if share and arms < 4:
                    continue
                rates = claims(arms, seeds, times, share, 0.0, options.simulations)
                found = claims(arms, seeds, times, share, GAIN, options.simulations) if times == 1.0 else {}
                power = (f"{100 * found[form]:.0f}" if found else "" for form in FOUND)
                cells = (arms, seeds, name, *(f"{100 * rate:.1f}" for rate in rates.values()), *power)
                lines.append(f"| {' | '.join(map(str, cells))} |")
    text = f"# False claims of one difference, in %, {options.simulations:,} simulations a line\n\n" + "\n".join(lines)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


def claims(arms: int, seeds: int, times: float, share: float, gain: float, simulations: int) -> dict[str, float]:
    """The share of simulations in which each form claims a difference of the first two arms."""
    rng = np.random.default_rng([arms, seeds])
    claimed: dict[str, list[bool]] = {form: [] for form in FORMS}
    restless = 2 + math.ceil(share * (arms - 2))
    for _ in range(simulations):
        scores = rng.standard_normal((arms, seeds))
        scores[0] = times * scores[0] + gain
        scores[2:restless] *= RESTLESS
        known = prior(scores, 0, 1)
        own = float((scores[0] - scores[1]).var(ddof=1))
        four = min(MOST, seeds - 1.0)
        freedom = (0.0, 4.0, smyth(scores), four / max(1.0, own / known.variance) ** 2, known.freedom)
        for form, prior_freedom in zip(FORMS, freedom, strict=True):
            most = (arms - 2) * (seeds - 1)
            claimed[form].append(p_of(scores, Prior(known.variance, min(prior_freedom, most))) < ALPHA)
    return {form: float(np.mean(ones)) for form, ones in claimed.items()}


def p_of(scores: NDArray[np.float64], known: Prior) -> float:
    difference, seeds = scores[0] - scores[1], scores.shape[1]
    variance = known.moderate(float(difference.var(ddof=1)), seeds - 1)
    t = abs(float(difference.mean())) / np.sqrt(variance / seeds)
    return float(2 * special.stdtr(seeds - 1 + known.freedom, -t))


def smyth(scores: NDArray[np.float64]) -> float:
    """Prior degrees of freedom by the moments of the log variances; infinite where these scatter as they must."""
    residuals = scores - scores.mean(0) - scores.mean(1, keepdims=True) + scores.mean()
    freedom = scores.shape[1] - 1
    excess = float(np.log((residuals**2).sum(1)).var(ddof=1) - special.polygamma(1, freedom / 2))
    if excess <= special.polygamma(1, 1e6):
        return np.inf
    return 2 * float(optimize.brentq(lambda half: special.polygamma(1, half) - excess, 1e-3, 1e6))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--simulations", type=int, default=4000, help="a line")
    parser.add_argument("--out", type=Path, help="file for the table")
    return parser.parse_args()


if __name__ == "__main__":
    main()
