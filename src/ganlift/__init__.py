"""ganlift: would a GAN make my classifier better, which way of using it, and by how much?

`ganlift.compare` is the door for Python programs; the command line has the same verbs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganlift.api import check as check
    from ganlift.api import compare as compare

__version__ = "0.1.0"
__all__ = ["__version__", "check", "compare"]


def __getattr__(name: str) -> Any:
    """The verbs, imported when first used, so that ``import ganlift`` stays quick (PEP 562)."""
    if name in ("check", "compare"):
        from ganlift import api

        return getattr(api, name)
    raise AttributeError(f"module 'ganlift' has no attribute '{name}'")
