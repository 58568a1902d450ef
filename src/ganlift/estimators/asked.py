"""What `GanLiftClassifier` was asked for by name: found, and refused where it does not go with what ``X`` is."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any, cast

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_scalar

from ganlift.classifiers.base import DEFAULTS, ClassifierSpec
from ganlift.classifiers.resolve import resolve
from ganlift.errors import InputError
from ganlift.features import DEFAULT, Network, feature_network, label_of
from ganlift.generators.base import resolve as resolve_generator
from ganlift.strategies.base import Strategy, on_rows, strategies


def asked_strategy(estimator: BaseEstimator, space: str) -> Strategy:
    """The estimator's ``strategy``, where it and its ``generator`` are known by name.

    ``sgan@words`` is the one on that block of rows, and says so in ``features``. On images ``sgan@NETWORK`` is `sgan`,
    where the network is the one of ``features``, so that both names give the same numbers.

    Args:
        space: what is learned from, "pixels" or "vectors".

    Raises:
        InputError: it does not learn in ``space``, finds clusters, or names another network than ``features``.
        ConfigError: there is none of the name, or no block that it names.
        TypeError: it is no name.
    """
    settings = estimator.get_params(deep=False)
    for name in ("strategy", "generator"):
        check_scalar(settings[name], name, str)
    resolve_generator(settings["generator"], space)
    entry = strategies.get(settings["strategy"])
    if not entry.labels:
        raise InputError(f"Strategy '{entry.name}' finds clusters, which have no classes; give one that takes labels.")
    features = settings["features"]
    if space in entry.spaces and space == "vectors" and features is None:
        return on_rows(entry.name, [name for name, _ in checked_blocks(settings["blocks"])], "X")
    plain, _, network = entry.name.partition("@")
    if network and (features is None or network != label_of(check_scalar(features, "features", str))):
        raise InputError(f"'{entry.name}' learns from what that network makes of images; give features='{network}'.")
    if space in entry.spaces:
        return strategies.get(plain)
    if space == "pixels":
        raise InputError(
            f"Strategy '{entry.name}' learns from vectors and X has images; give features='{DEFAULT}', or take another "
            "strategy."
        )
    instead = "leave features out" if features else "say image_shape=(h, w) if each row of X is an image"
    raise InputError(f"Strategy '{entry.name}' learns from pixels alone; {instead}, or take another strategy.")


def asked_classifier(spec: Any, space: str) -> ClassifierSpec:
    """The architecture ``spec``, or what "auto" is in ``space``.

    Raises:
        InputError: it reads something else than ``space`` is made of.
        ConfigError: there is none of the name.
    """
    if isinstance(spec, str) and spec == "auto":
        return DEFAULTS[space]
    found = resolve(spec)
    if found.reads != space:
        raise InputError(
            f"Classifier '{found.name}' reads {found.reads}, and {space} are learned from here; give "
            f"classifier='{DEFAULTS[space]}', or leave it out."
        )
    return cast(ClassifierSpec, spec)


def asked_network(features: Any, device: torch.device) -> Network | None:
    """The frozen network called ``features``, if any."""
    return None if features is None else feature_network(check_scalar(features, "features", str), device)


def asked_blocks(blocks: Any, width: int) -> tuple[tuple[str, int], ...]:
    """Name and width of each of ``blocks``, which lie side by side in ``width`` columns; none where it is None.

    Raises:
        InputError: it is no mapping of names to widths, or they do not sum to ``width``.
        ValueError, TypeError: a width is no whole number of at least 1 (from scikit-learn).
    """
    found = checked_blocks(blocks)
    total = sum(n for _, n in found)
    if found and total != width:
        told = " and ".join(f"{name} {n}" for name, n in found)
        raise InputError(f"X has {width} columns, and blocks names {total} ({told}); give widths that sum to {width}.")
    return found


def checked_blocks(blocks: Any) -> tuple[tuple[str, int], ...]:
    """As `asked_blocks`, before the width of ``X`` is known."""
    if blocks is None:
        return ()
    if not isinstance(blocks, Mapping) or not blocks or not all(isinstance(name, str) for name in blocks):
        raise InputError(
            f"blocks={blocks!r}; give the width of each by its name, such as {{'words': 100, 'topics': 50}}."
        )
    return tuple((name, int(check_scalar(n, f"blocks['{name}']", Integral, min_val=1))) for name, n in blocks.items())


def asked_flips(flips: Any) -> bool | None:
    """What was said of mirroring; None where that is to be told from the classes."""
    if not (isinstance(flips, bool | np.bool_) or (isinstance(flips, str) and flips == "auto")):
        raise InputError(f"flips={flips!r}; it must be 'auto', True or False.")
    return None if isinstance(flips, str) else bool(flips)
