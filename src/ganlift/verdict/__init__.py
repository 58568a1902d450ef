"""Verdicts: rows of results and per-image correctness in; helps, hurts, no gain worth having or undecided out."""

from ganlift.looks import AUTO, THOROUGH, Looks, one_look
from ganlift.verdict.arms import Difference
from ganlift.verdict.copies import Worth, worth_of_copies
from ganlift.verdict.difference import Estimate, Parts
from ganlift.verdict.judge import Question, after_look, compare_pair, verdicts
from ganlift.verdict.replay import Replay
from ganlift.verdict.types import Gain, Verdict

__all__ = [
    "AUTO",
    "THOROUGH",
    "Difference",
    "Estimate",
    "Gain",
    "Looks",
    "Parts",
    "Question",
    "Replay",
    "Verdict",
    "Worth",
    "after_look",
    "compare_pair",
    "one_look",
    "verdicts",
    "worth_of_copies",
]
