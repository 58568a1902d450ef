"""Recipes: published numbers, where they stand, and the comparisons that are to be held against them.

A recipe is a YAML file beside this one. Its settings are those of ``ganlift compare`` and are checked by the model that
the command has, `ganlift.config.CompareConfig`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ganlift.config import CompareConfig, build_config, read_config

FOLDER = Path(__file__).parent
ROOT = "{root}"
"""Stands in ``data`` for the folder that the data sets lie in."""


class Plain(BaseModel):
    """A part of a recipe: its keys are the fields, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Number(Plain):
    """One published number, or one a point of a curve.

    Attributes:
        arm: the strategy here that it belongs to; none where there is no such.
        called: its name in the paper.
        value: accuracy in percent, or by point.
        source: where it stands: the table, figure or page.
        checked: whether it was seen there; otherwise it is as recalled or as others quote it.
    """

    arm: str | None = None
    called: str = Field(min_length=1)
    value: float | dict[str, float]
    source: str = Field(min_length=1)
    checked: bool

    def at(self, point: str) -> float | None:
        """The accuracy in percent at ``point``; a number without points is for all of them."""
        return self.value.get(point) if isinstance(self.value, dict) else self.value


class Form(Plain):
    """How far a recipe is followed.

    Attributes:
        says: what is taken over from the paper and what is not.
        settings: those of ``ganlift compare``.
        points: by the name of a point, the settings that are its own.
    """

    says: str = Field(min_length=1)
    settings: dict[str, Any]
    points: dict[str, dict[str, Any]] = Field({"": {}}, min_length=1)


class Recipe(Plain):
    """What a paper did and found, and the forms in which it is done again here."""

    title: str = Field(min_length=1)
    paper: str = Field(min_length=1)
    protocol: str = Field(min_length=1)
    published: list[Number] = Field(min_length=1)
    runs: dict[str, Form] = Field(min_length=1)

    def of(self, arm: str, point: str) -> list[Number]:
        """The published numbers of ``arm`` at ``point``."""
        return [one for one in self.published if one.arm == arm and one.at(point) is not None]


class Run(Plain):
    """One comparison of a recipe: a form at a point."""

    recipe: str
    form: str
    point: str
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        return "-".join(part for part in (self.recipe, self.form, self.point) if part)

    def config(self, root: Path, **more: Any) -> CompareConfig:
        """The whole configuration, with the data sets in ``root``.

        Raises:
            ConfigError: a setting that there isn't, or one that can't be used.
        """
        return build_config({**self.settings, **more, "data": self.settings["data"].replace(ROOT, str(root))})


def names() -> list[str]:
    """The recipes there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        ConfigError: there is no such file.
    """
    return Recipe.model_validate(read_config(FOLDER / f"{name}.yaml"))


def runs(name: str) -> Iterator[Run]:
    """Every comparison of a recipe."""
    for form, said in load(name).runs.items():
        for point, own in said.points.items():
            yield Run(recipe=name, form=form, point=point, settings={**said.settings, **own})
