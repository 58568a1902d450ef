"""ganlift: would a GAN make my classifier better, which way of using it, and by how much?

`ganlift.compare` is the door for Python programs; the command line has the same verbs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganlift.api import check as check
    from ganlift.api import compare as compare
    from ganlift.api import evaluate as evaluate
    from ganlift.api import evaluate_generator as evaluate_generator
    from ganlift.api import evaluate_privacy as evaluate_privacy
    from ganlift.api import export as export
    from ganlift.api import generate as generate
    from ganlift.api import predict as predict
    from ganlift.api import train as train
    from ganlift.api import train_generator as train_generator
    from ganlift.estimators import GanLiftClassifier as GanLiftClassifier
    from ganlift.estimators import GanLiftGenerator as GanLiftGenerator

__version__ = "0.1.0"
_VERBS = (
    "check", "compare", "evaluate", "evaluate_generator", "evaluate_privacy", "export", "generate", "predict", "train",
    "train_generator",
)  # fmt: skip
_ESTIMATORS = ("GanLiftClassifier", "GanLiftGenerator")
__all__ = [
    "GanLiftClassifier",
    "GanLiftGenerator",
    "__version__",
    "check",
    "compare",
    "evaluate",
    "evaluate_generator",
    "evaluate_privacy",
    "export",
    "generate",
    "predict",
    "train",
    "train_generator",
]


def __getattr__(name: str) -> Any:
    """The verbs and the estimators, imported when first used, so that ``import ganlift`` stays quick (PEP 562)."""
    if name in _VERBS:
        from ganlift import api

        return getattr(api, name)
    if name in _ESTIMATORS:
        from ganlift import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module 'ganlift' has no attribute '{name}'")
