"""Images from wherever a user has them, as `ImageSet`; who is used for what, as `Split` and `Task`."""

from ganlift.data.checks import check_facts, check_notes
from ganlift.data.load import load
from ganlift.data.split import (
    data_hash,
    draw_split,
    flips_safe,
    labelled_overlap,
    make_task,
    read_split,
    write_split,
)
from ganlift.data.types import ImageSet, Split, Task

__all__ = [
    "ImageSet",
    "Split",
    "Task",
    "check_facts",
    "check_notes",
    "data_hash",
    "draw_split",
    "flips_safe",
    "labelled_overlap",
    "load",
    "make_task",
    "read_split",
    "write_split",
]
