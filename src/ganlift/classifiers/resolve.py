"""From what a user or a file names as the classifier to the classifier."""

from __future__ import annotations

import os

from torch import nn

from ganlift.classifiers.adapt import calls, copies
from ganlift.classifiers.base import ClassifierEntry, ClassifierSpec, classifiers
from ganlift.classifiers.timm_models import PREFIX, timm_entry
from ganlift.errors import ConfigError
from ganlift.factories import imported


def resolve(spec: ClassifierSpec) -> ClassifierEntry:
    """The classifier that ``spec`` names or is.

    A factory takes ``(channels, size, classes)`` and makes a module from images (n, channels, size, size) in [-1, 1] to
    logits (n, classes). One that is named by ``package.module:factory`` is found from the current folder too.

    Raises:
        ConfigError: there is no such classifier, or what is named is no factory.
    """
    if isinstance(spec, nn.Module):
        name = type(spec).__name__
        return ClassifierEntry(name, "A module given from Python.", "", copies(spec, name))
    if callable(spec):
        name = getattr(spec, "__name__", type(spec).__name__)
        return ClassifierEntry(name, "A factory given from Python.", "", calls(spec, name))
    if spec.startswith(PREFIX):
        return timm_entry(spec)
    if ":" in spec:
        return ClassifierEntry(spec, "A factory of yours.", "", calls(imported(spec, "--classifier"), spec))
    return classifiers.get(spec)


def refuse_code(spec: str) -> None:
    """Refuse a factory that a file names, since a file does not get to say which code is run.

    Raises:
        ConfigError: ``spec`` is one, and ``GANLIFT_ALLOW_IMPORT`` is not 1.
    """
    named = spec.startswith(("timm:", "onnx:")) or ":" not in spec
    if not named and os.environ.get("GANLIFT_ALLOW_IMPORT") != "1":
        raise ConfigError(
            f"It needs code of yours, {spec}, and a file does not say what code is run: "
            "set GANLIFT_ALLOW_IMPORT=1 if you trust where it comes from."
        )


def resolve_recorded(spec: str) -> ClassifierEntry:
    """The classifier that a file names: as `resolve`, but a file does not get to say which code is run.

    timm's own weights are not fetched: those in the file take their place.

    Raises:
        ConfigError: as `resolve`; or it is a factory and ``GANLIFT_ALLOW_IMPORT`` is not 1.
    """
    named = not spec.startswith("timm:")
    refuse_code(spec)
    return resolve(spec.removesuffix(":pretrained") if not named else spec)
