"""What the command line does, from Python.

What trains is imported by the verb that trains: a report is made without torch.
"""

from ganlift.api.answers import Generated, Predictions
from ganlift.api.looking import cached, check, clear_cache, report
from ganlift.api.measuring import evaluate, evaluate_generator, evaluate_privacy
from ganlift.api.training import Comparison, Training, compare, train, train_generator
from ganlift.api.using import export, generate, predict

__all__ = [
    "Comparison",
    "Generated",
    "Predictions",
    "Training",
    "cached",
    "check",
    "clear_cache",
    "compare",
    "evaluate",
    "evaluate_generator",
    "evaluate_privacy",
    "export",
    "generate",
    "predict",
    "report",
    "train",
    "train_generator",
]
