"""How images are read: what was asked for, and what was taken to be so where nobody said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Colours = Literal["auto", "grey", "rgb"]
Orientation = Literal["exif", "stored"]
Fit = Literal["crop", "pad", "stretch"]
Flips = Literal["auto", "on", "off"]

FRAMES = 8
"""Frames that are taken of a clip where nothing is asked for."""


@dataclass(frozen=True)
class Scale:
    """The values of black and white, and the types of the arrays or files that they are of, such as "uint16"."""

    low: float
    high: float
    types: str = ""

    def __str__(self) -> str:
        return f"{self.low:g} is black and {self.high:g} is white"


@dataclass(frozen=True)
class Sound:
    """What clips are brought to: samples a second, and seconds."""

    rate: int
    seconds: float

    @property
    def samples(self) -> int:
        """Of a clip."""
        return round(self.seconds * self.rate)


@dataclass(frozen=True)
class Reading:
    """What may be asked for of a set of images; the same at every door.

    Attributes:
        image_size: pixels of each side, a multiple of 4; chosen from the data where None.
        value_range: the values of black and white, for arrays and 16-bit files; found from the whole set where None.
        colours: "grey" for one channel, "rgb" for three; "auto" for one where every image is grey.
        orientation: whether photographs are turned as their EXIF data say, or taken as they are stored.
        fit: how an image that is not square becomes one: its middle is cropped out, black is padded on both sides
            alike, or it is stretched.
        parts: the part ("train", "val", "test", "unlabelled", "skip") of folders above the class folders, by their
            names; that of others is told from the name. An empty mapping says that the folders are classes.
        classes: the classes to use, of those that a folder, a table or a set has; of arrays whose labels are numbers
            without names, the name of each label, from the lowest. All, as they are called, where None.
        groups: a regular expression that is looked for in each file's path below its folder, or as the table has it;
            its first bracket, or all of it where it has none, is the image's group. Groups never straddle a split.
        files: shell patterns such as "*.png"; only files whose name matches one are used. All where None.
        flips: whether a mirrored image keeps its class; "auto" goes by the classes' names.
        rate: samples a second that clips are brought to; the commonest, at most 16,000, where None.
        seconds: their length; what 19 of 20 clips do not exceed, at most 10, where None.
        sound: what clips are brought to, once that is settled.
        frames: frames that are taken of each clip; `FRAMES` where None.
        learned: the scale that a classifier was trained on, for values that do not tell their own.
        column: of a table or a saved data set, the columns to learn from, by name or shell pattern; all of numbers, or
            the one of images or sound, where None.
        leave_out: of a table, columns not to learn from, by name or shell pattern.
        label_column: of a table, the column of classes; "label" where None.
        labels: a file with the labels of the rows of an ``.npy``.
        learned_columns: the columns that a classifier was trained on, for tables where none are asked for.
        learned_label: the column of its classes, for tables that have it where none is asked for.
        learned_blocks: the files side by side that it was trained on, as they are called, or the one of them.
    """

    image_size: int | None = None
    value_range: tuple[float, float] | None = None
    colours: Colours = "auto"
    orientation: Orientation = "exif"
    fit: Fit = "crop"
    parts: Mapping[str, str] | None = None
    classes: tuple[str, ...] | None = None
    groups: str | None = None
    files: tuple[str, ...] | None = None
    flips: Flips = "auto"
    rate: int | None = None
    seconds: float | None = None
    sound: Sound | None = None
    frames: int | None = None
    learned: Scale | None = None
    column: tuple[str, ...] | None = None
    leave_out: tuple[str, ...] | None = None
    label_column: str | None = None
    labels: str | None = None
    learned_columns: tuple[str, ...] = ()
    learned_label: str | None = None
    learned_blocks: tuple[str, ...] = ()

    @property
    def channels(self) -> int | None:
        """1 or 3 where that was asked for."""
        return {"grey": 1, "rgb": 3}.get(self.colours)


def asked(config: Mapping[str, Any]) -> Reading:
    """What a run's configuration asks for; keys that it lacks ask for nothing."""
    value_range = config.get("value_range")
    return Reading(
        image_size=config.get("image_size"),
        value_range=None if value_range is None else (float(value_range[0]), float(value_range[1])),
        colours=config.get("colours", "auto"),
        orientation=config.get("orientation", "exif"),
        fit=config.get("fit", "crop"),
        parts=config.get("parts"),
        classes=_all_of(config.get("classes")),
        groups=config.get("groups"),
        files=_all_of(config.get("files")),
        flips=config.get("flips", "auto"),
        column=_all_of(config.get("column")),
        leave_out=_all_of(config.get("leave_out")),
        label_column=config.get("label_column"),
        labels=config.get("labels"),
        rate=config.get("rate"),
        seconds=config.get("seconds"),
        frames=config.get("frames"),
    )


def _all_of(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


AS_FOUND = Reading()
"""Nothing is asked for; everything is found from the images."""


@dataclass(frozen=True)
class Guess:
    """Something about a set of images that nobody said.

    Attributes:
        about: what, in a word or two.
        taken: what it was taken to be, and what that follows from.
        option: what says otherwise on the command line.
    """

    about: str
    taken: str
    option: str

    def to_json(self) -> dict[str, Any]:
        """Plain values: ``about``, ``taken``, ``option``."""
        return {"about": self.about, "taken": self.taken, "option": self.option}
