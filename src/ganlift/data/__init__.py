"""Images from wherever a user has them, as `ImageSet`; who is used for what, as `Split` and `Task`."""

from ganlift.data.checks import Check, check_images, check_survey
from ganlift.data.flips import flips_safe
from ganlift.data.load import load
from ganlift.data.reading import Guess, Reading
from ganlift.data.split import (
    data_hash,
    draw_split,
    labelled_overlap,
    make_task,
    read_split,
    write_split,
)
from ganlift.data.survey import survey
from ganlift.data.types import ImageSet, Split, Task

__all__ = [
    "Check",
    "Guess",
    "ImageSet",
    "Reading",
    "Split",
    "Task",
    "check_images",
    "check_survey",
    "data_hash",
    "draw_split",
    "flips_safe",
    "labelled_overlap",
    "load",
    "make_task",
    "read_split",
    "survey",
    "write_split",
]
