"""What may be said of images or rows, as keys of every configuration; `ganlift.data.Reading` says what each does."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

PARTS = ("train", "val", "test", "unlabelled", "skip")
"""What a folder above the class folders may be said to be."""


def _range(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    given = value.split(",") if isinstance(value, str) else value
    try:
        low, high = (float(one) for one in given)
    except (TypeError, ValueError):
        low, high = 0.0, 0.0
    if not (low < high and isfinite(high - low)):
        raise ValueError("expected the values of black and white, the lower one first, such as 0,1 or -1,1")
    return low, high


def _switch(value: Any) -> Any:
    """YAML reads a bare on and off as true and false."""
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


def _parts(value: Any) -> dict[str, str] | None:
    if value is None or value == "auto":
        return None
    if isinstance(value, str):
        pairs = [one.partition("=") for one in value.split(",")] if value.strip().lower() != "none" else []
        value = {name.strip(): part.strip().lower() for name, equals, part in pairs} if all(p[1] for p in pairs) else 0
    if not isinstance(value, Mapping) or not set(value.values()) <= set(PARTS):
        raise ValueError(f"expected none, or folders with what each is ({', '.join(PARTS)}), such as Testing=test")
    return {str(name): str(part) for name, part in value.items()}


def _apart(text: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [""])]
    except csv.Error:
        return [""]


def names(value: Any) -> Any:
    """A list of names, or one text with commas between them, one with a comma in quotation marks; each once."""
    found = _apart(value) if isinstance(value, str) else value
    if isinstance(found, list | tuple) and (not all(found) or len({str(name) for name in found}) != len(found)):
        raise ValueError("expected names separated by commas, each once")
    return found


def _texts(value: Any) -> Any:
    """As `names`, of which YAML reads some as numbers."""
    found = names(value)
    return tuple(str(one).strip() for one in found) if isinstance(found, list | tuple) else found


def _pattern(value: Any) -> Any:
    try:
        re.compile(value if isinstance(value, str) else "")
    except re.error as fault:
        raise ValueError(f"expected a regular expression such as (patient[0-9]+), and there is {fault}") from None
    return value


class ImagesConfig(BaseModel):
    """How images are read, where it is not to be found from them."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")

    image_size: int | None = Field(
        None, ge=8, le=1024, multiple_of=4, description="pixels, a multiple of 4; chosen from the data where not given"
    )
    value_range: Annotated[tuple[float, float] | None, BeforeValidator(_range)] = Field(
        None, description="the values of black and white, such as 0,1; found from the data where not given"
    )
    colours: Literal["auto", "grey", "rgb"] = Field("auto", description="auto: grey where no image has any colour")
    orientation: Literal["exif", "stored"] = Field("exif", description="exif: photographs are set upright")
    fit: Literal["crop", "pad", "stretch"] = Field(
        "crop", description="how an image that is not square becomes one: its middle, black beside it, or stretched"
    )
    flips: Annotated[Literal["auto", "on", "off"], BeforeValidator(_switch)] = Field(
        "auto", description="whether a mirrored image keeps its class; auto: as the classes' names say"
    )
    rate: int | None = Field(
        None, ge=1000, le=192_000, description="of sound: samples a second; chosen from the clips where not given"
    )
    seconds: float | None = Field(
        None, ge=0.05, le=600, description="of sound: a clip's length; chosen from the clips where not given"
    )
    frames: int | None = Field(None, ge=1, le=64, description="frames taken of each clip; 8 where not given")
    parts: Annotated[dict[str, str] | None, PlainValidator(_parts)] = Field(
        None, description="what folders above the class folders are, such as Testing=test; none: they are classes"
    )
    classes: Annotated[tuple[str, ...] | None, BeforeValidator(_texts)] = Field(
        None, min_length=1, description="the classes to use; of arrays with numbers for labels, their names"
    )
    groups: Annotated[str | None, BeforeValidator(_pattern)] = Field(
        None, description="a regular expression for the group in an image's path: a patient, a site, a camera"
    )
    files: Annotated[tuple[str, ...] | None, BeforeValidator(_texts)] = Field(
        None, min_length=1, description="patterns of the names of files to use, such as *.png; all where not given"
    )
    column: Annotated[tuple[str, ...] | None, BeforeValidator(_texts)] = Field(
        None, min_length=1, description="of a table, the columns to learn from, by name or pattern; all of numbers"
    )
    leave_out: Annotated[tuple[str, ...] | None, BeforeValidator(_texts)] = Field(
        None, min_length=1, description="of a table, columns not to learn from, by name or pattern"
    )
    label_column: str | None = Field(None, description="of a table, the column of classes; 'label' where not given")
    labels: str | None = Field(None, min_length=1, description="the labels of the rows of an .npy: a file, one a row")
