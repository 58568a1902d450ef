"""A factory of the user's own, by the name of its module."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ganlift.errors import ConfigError, GanliftError

_importing: ContextVar[str] = ContextVar("the factory whose module is being imported", default="")


def imported(spec: str, said: str) -> Callable[..., Any]:
    """The factory that ``package.module:factory`` names, found from the current folder too.

    Args:
        said: how messages begin; what it was asked for with, such as "--classifier".

    Raises:
        ConfigError: there is none, or its module trains while it is imported.
    """
    module, _, attribute = spec.partition(":")
    if (here := os.getcwd()) not in sys.path:  # the command `ganlift` does not look into the folder it is run in
        sys.path.append(here)
    outer = _importing.set(spec)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except GanliftError:
        raise
    except (ImportError, AttributeError, ValueError) as fault:
        raise ConfigError(f"{said} {spec}: {fault}; expected package.module:factory.") from fault
    finally:
        _importing.reset(outer)
    if not callable(found):
        raise ConfigError(f"{said} {spec} is a {type(found).__name__} and a factory was expected.")
    return found  # type: ignore[no-any-return]


def refuse_while_imported(verb: str) -> None:
    """Stop a script that trains with a factory of its own from training again in each process that imports it.

    Raises:
        ConfigError: ``verb`` is called by the module of a factory that is being imported.
    """
    if spec := _importing.get():
        raise ConfigError(
            f"The module of the factory {spec} calls ganlift.{verb} as soon as it is imported, and every process "
            'that trains imports it; put that call under `if __name__ == "__main__":`.'
        )
