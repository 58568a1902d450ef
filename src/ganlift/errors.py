"""The errors a user can mend, each with the next step in its message.

Raised where the fault is known and caught once, at the command line's door (exit code 2).
A message is one sentence or two: what is wrong, where, and what to do about it.
"""

from __future__ import annotations

import errno


class GanliftError(Exception):
    """Something the user can mend: bad data, a bad option, a run folder in the way."""

    exit_code = 2


class DataError(GanliftError):
    """The images, labels or splits are not usable as given."""


class InputError(DataError, ValueError):
    """What a scikit-learn estimator was given is wrong: a ValueError too, as callers of one expect."""


class ConfigError(GanliftError):
    """An option, a name or a configuration key is wrong."""


class RunFolderError(GanliftError):
    """The run folder cannot be written, is in use, or belongs to another configuration."""


class DamagedFileError(GanliftError):
    """A file of a run fails its checksum and no earlier good copy is left."""


class ParityError(GanliftError):
    """An exported model does not give the probabilities of the one that it was made from."""

    exit_code = 1  # nothing that the user could mend


class TrainingFailedError(GanliftError):
    """One arm can't go on, and the others can; the message says why."""


class Interrupted(Exception):  # noqa: N818 - not an error: the state is saved, the user asked for it
    """A stop was asked for (SIGINT or SIGTERM) and the state is saved.

    Attributes:
        exit_code: 130 after SIGINT, 143 after SIGTERM.
    """

    def __init__(self, exit_code: int = 130) -> None:
        super().__init__("interrupted; the state is saved")
        self.exit_code = exit_code


def lacks_memory(fault: BaseException) -> bool:
    """Whether ``fault`` is a want of memory: Python's and NumPy's, the system's, torch's on a device or a processor."""
    named = isinstance(fault, MemoryError) or type(fault).__name__ == "OutOfMemoryError"
    return named or getattr(fault, "errno", None) == errno.ENOMEM or "can't allocate memory" in str(fault)
