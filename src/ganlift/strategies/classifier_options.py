"""What every arm's classifier is tuned over, and how an option is marked as searched."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ganlift.generators.base import BOTH as BOTH
from ganlift.generators.base import PIXELS as PIXELS
from ganlift.generators.base import VECTORS as VECTORS

Options = TypeVar("Options", bound=BaseModel)


def search(low: float, high: float, *, log: bool = False) -> dict[str, Any]:
    """Mark an option as searched between ``low`` and ``high``, uniformly or in the logarithm."""
    return {"search": {"low": low, "high": high, "log": log}}


def choices(*values: Any) -> dict[str, Any]:
    """Mark an option as searched among ``values``."""
    return {"search": {"choices": list(values)}}


class ClassifierOptions(BaseModel):
    """What every arm's classifier is tuned over: the same space for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lr: float = Field(2e-3, gt=0, description="AdamW's learning rate", json_schema_extra=search(1e-3, 8e-3, log=True))
    weight_decay: float = Field(
        1e-4, ge=0, description="AdamW's decoupled weight decay", json_schema_extra=search(1e-5, 1e-1, log=True)
    )
    dropout: float = Field(
        0.0, ge=0, lt=1, description="before the last layer", json_schema_extra=choices(0.0, 0.2, 0.4)
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="share of the target spread over all classes", json_schema_extra=choices(0.0, 0.1)
    )
    beta1: float = Field(0.9, ge=0, lt=1, description="AdamW's first moment")
    ema: float = Field(0.99, ge=0, lt=1, description="decay of the averaged weights, which are the ones used")
    flat: float = Field(0.3, ge=0, lt=1, description="share of the steps before the cosine starts")
    balance: Literal["auto", "on", "off"] = Field(
        "auto", description="every class as often in a batch as any other; auto: where macro recall judges"
    )
    policy: Literal["none", "trivial", "rand"] = Field(
        "trivial",
        description="random operation on labelled images, beside crop and flip",
        json_schema_extra=choices("trivial", "rand"),
    )


def shipped(**defaults: Any) -> Callable[[type[Options]], type[Options]]:
    """Decorator: give an options model its own defaults for inherited options.

    They are the best of the trials that `benchmarks/tune.py` gave every arm alike, on validation, by the mean over two
    data sets (`benchmarks/README.md`), rounded.
    """

    def apply(model: type[Options]) -> type[Options]:
        for name, value in defaults.items():
            field = copy(model.model_fields[name])
            field.default = value
            model.model_fields[name] = field
        model.model_rebuild(force=True)
        return model

    return apply
