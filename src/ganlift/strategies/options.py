"""A strategy's options from plain values, and its search space from its model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ganlift.errors import ConfigError
from ganlift.strategies.base import Strategy

ON_VECTORS: dict[str, Any] = {
    "lr": 1e-3,
    "weight_decay": 1e-2,
    "dropout": 0.2,
    "label_smoothing": 0.0,
    "ema": 0.98,
    "mix": "none",
    "weight": 0.3,
    "generator_lr": 1e-3,
}
"""Defaults in the space of a frozen network, where they are other ones than for pixels, of arms that have none of their
own (`Strategy.vector_options`)."""


SOUND = "sound"
"""The space of pictures of sound, where options are chosen; the defaults there are those of pixels."""

PICTURES_ONLY = {"mix": "cutmix"}
"""Choices that features and sound have no use for."""

INSTEAD = {"vectors": "", SOUND: ": a rectangle of another sound is no sound. Take 'mixup'"}
"""What is said beside the refusal of one."""


def build_options(entry: Strategy, given: Mapping[str, Any], space: str = "pixels") -> BaseModel:
    """The strategy's options with ``given`` over its defaults for ``space``: pixels, vectors or `SOUND`.

    Raises:
        ConfigError: an unknown key (the nearest is named), a value out of range, or one that is for pictures alone.
    """
    own = defaults_on_vectors(entry) if space == "vectors" else {}
    for key, value in PICTURES_ONLY.items():
        if space in INSTEAD and given.get(key) == value:
            raise ConfigError(
                f"Option '{key}' of strategy '{entry.name}' is '{value}', which is for pictures alone{INSTEAD[space]}."
            )
    return checked(f"strategy '{entry.name}'", entry.options, {**own, **given})


def defaults_on_vectors(entry: Strategy) -> dict[str, Any]:
    """The defaults of options in the space of vectors that are the strategy's own there, or of `ON_VECTORS`."""
    shared = {key: value for key, value in ON_VECTORS.items() if key in entry.options.model_fields}
    return {**shared, **(entry.vector_options or {})}


def checked(owner: str, model: type[BaseModel], given: Mapping[str, Any]) -> BaseModel:
    """``model`` filled from ``given``; ``owner`` is named in messages.

    Raises:
        ConfigError: an unknown key (the nearest is named) or a value out of range.
    """
    for key in given:
        if key not in model.model_fields:
            near = difflib.get_close_matches(key, model.model_fields, n=1, cutoff=0.4)
            hint = f" Did you mean '{near[0]}'?" if near else f" Known: {', '.join(model.model_fields)}."
            raise ConfigError(f"There is no option '{key}' of {owner}.{hint}")
    try:
        return model(**given)
    except ValidationError as fault:
        first = fault.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"Option '{key}' of {owner} is {first['input']!r}: {first['msg'].lower()}.") from fault


def search_space(entry: Strategy, *, sound: bool = False) -> dict[str, dict[str, Any]]:
    """Option to distribution (``low``, ``high``, ``log``, or ``choices``), for those that are searched.

    ``sound`` says that the pictures are of it.
    """
    space = {}
    for name, field in entry.options.model_fields.items():
        extra = field.json_schema_extra
        how = extra.get("search") if isinstance(extra, dict) else None
        if isinstance(how, dict):
            space[name] = _in(SOUND if sound else entry.space, name, how)
    return space


def is_untuned(entry: Strategy) -> bool:
    """Whether nobody has looked for its settings in its space yet; what is solved for looks on validation itself."""
    return entry.space == "vectors" and entry.vector_options is None and bool(search_space(entry))


def _in(space: str, name: str, how: dict[str, Any]) -> dict[str, Any]:
    """A distribution without the choices that ``space`` has no use for."""
    if space in INSTEAD and name in PICTURES_ONLY:
        return {**how, "choices": [choice for choice in how["choices"] if choice != PICTURES_ONLY[name]]}
    return dict(how)
