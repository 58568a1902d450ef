"""ganlift: would a GAN make my classifier better, which way of using it, and by how much?

`ganlift.compare` is the door for Python programs; the command line has the same verbs.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganlift.api import compare as compare

__version__ = "0.1.0"
__all__ = ["__version__", "compare"]


def __getattr__(name: str) -> Any:
    """The verbs, imported when first used, so that ``import ganlift`` stays quick (PEP 562)."""
    if name == "compare":
        return sys.modules[__name__].compare
    raise AttributeError(f"module 'ganlift' has no attribute '{name}'")


class _Package(ModuleType):
    """``compare`` is a verb of this package and also a room in it.

    The import system binds a room to its name when it is loaded, which would hide the verb. A property comes
    before what is bound; ``from ganlift.compare import ...`` finds the room all the same.
    """

    @property
    def compare(self) -> Any:
        from ganlift import api

        return api.compare

    @compare.setter
    def compare(self, room: ModuleType) -> None:
        """The import system's binding, not needed."""


sys.modules[__name__].__class__ = _Package
