"""Verdicts: rows of results and per-image correctness in; helps, hurts or no measurable effect out."""

from ganlift.verdict.arms import Difference
from ganlift.verdict.difference import Estimate, Parts
from ganlift.verdict.judge import compare_pair, judge
from ganlift.verdict.types import Verdict

__all__ = ["Difference", "Estimate", "Parts", "Verdict", "compare_pair", "judge"]
