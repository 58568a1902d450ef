"""Images as `ImageSet`, rows of numbers as `VectorSet`, from wherever a user has them; `Split` and `Task`."""

from ganlift.data.checks import Check, check_images, check_survey
from ganlift.data.flips import flips_safe
from ganlift.data.load import load, load_examples
from ganlift.data.reading import Guess, Reading
from ganlift.data.split import draw_split, labelled_overlap, make_task
from ganlift.data.split_files import data_hash, read_split, write_split
from ganlift.data.survey import survey
from ganlift.data.types import Examples, ImageSet, Split, Task, VectorSet

__all__ = [
    "Check",
    "Examples",
    "Guess",
    "ImageSet",
    "Reading",
    "Split",
    "Task",
    "VectorSet",
    "check_images",
    "check_survey",
    "data_hash",
    "draw_split",
    "flips_safe",
    "labelled_overlap",
    "load",
    "load_examples",
    "make_task",
    "read_split",
    "survey",
    "write_split",
]
