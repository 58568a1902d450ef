"""How far may the other arms' variance be trusted? False claims of a paired t with several prior degrees of freedom.

    python benchmarks/moderation.py --simulations 4000 --out benchmarks/results/moderation.md

Scores of A arms on S seeds without any true difference, normal, after the seeds' common part; the first arm is compared
with the second. ``none``: the pair's own variance. ``at most 4``: 4 prior degrees of freedom or what there are.
``Smyth``: estimated from the spread of the arms' variances (2004, section 6.2). ``shipped``: that of
`ganlift.verdict.moderation`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from ganlift.verdict.moderation import Prior, prior

ALPHA = 0.05
ARMS, SEEDS = (3, 5, 8, 13), (3, 5, 7, 10)
SPREADS = {"alike": 1.0, "it varies twice as much": 2.0, "it varies three times as much": 3.0}
GAIN = 2.2
"""Of the power column, in standard deviations of one arm: 2 points where a difference varies by 1.3."""


def main() -> None:
    options = _options()
    lines = ["| arms | seeds | the arm | none | at most 4 | Smyth | shipped | power: none | shipped |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for arms in ARMS:
        for seeds in SEEDS:
            for name, times in SPREADS.items():
                rates = claims(arms, seeds, times, 0.0, options.simulations)
                found = claims(arms, seeds, times, GAIN, options.simulations) if times == 1.0 else {}
                power = (f"{100 * found[form]:.0f}" if found else "" for form in ("none", "shipped"))
                cells = (arms, seeds, name, *(f"{100 * rate:.1f}" for rate in rates.values()), *power)
                lines.append(f"| {' | '.join(map(str, cells))} |")
    text = f"# False claims of one difference, in %, {options.simulations:,} simulations a line\n\n" + "\n".join(lines)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


def claims(arms: int, seeds: int, times: float, gain: float, simulations: int) -> dict[str, float]:
    """The share of simulations in which each form claims a difference of the first two arms."""
    rng = np.random.default_rng([arms, seeds])
    claimed: dict[str, list[bool]] = {"none": [], "at most 4": [], "Smyth": [], "shipped": []}
    for _ in range(simulations):
        scores = rng.standard_normal((arms, seeds))
        scores[0] = times * scores[0] + gain
        known = prior(scores, 0, 1)
        freedom = {"none": 0.0, "at most 4": 4.0, "Smyth": smyth(scores), "shipped": known.freedom}
        for form, prior_freedom in freedom.items():
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
