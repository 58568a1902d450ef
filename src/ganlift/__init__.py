"""ganlift: would a GAN make my classifier better, which way of using it, and by how much?

`ganlift.compare` is the door for Python programs; the command line has the same verbs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganlift.api import compare as compare
    from ganlift.api import evaluate as evaluate
    from ganlift.api import export as export
    from ganlift.api import generate as generate
    from ganlift.api import predict as predict
    from ganlift.api import train as train
    from ganlift.api import train_generator as train_generator

__version__ = "0.1.0"
_VERBS = ("compare", "evaluate", "export", "generate", "predict", "train", "train_generator")
__all__ = ["__version__", "compare", "evaluate", "export", "generate", "predict", "train", "train_generator"]


def __getattr__(name: str) -> Any:
    """The verbs, imported when first used, so that ``import ganlift`` stays quick (PEP 562)."""
    if name in _VERBS:
        from ganlift import api

        return getattr(api, name)
    raise AttributeError(f"module 'ganlift' has no attribute '{name}'")
