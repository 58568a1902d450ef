"""Whether images can be trained on: what training verbs refuse, and what is no matter where they are only scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ganlift.data.findings import Finding, shown
from ganlift.data.types import Examples
from ganlift.errors import DataError
from ganlift.nouns import IMAGE


def too_few(class_names: Sequence[str], message: str, noun: str = IMAGE) -> list[Finding]:
    """``message`` as a finding where there are fewer than 2 classes."""
    few = len(class_names) < 2
    return [Finding("too-few-classes", message, len(class_names), tuple(class_names), noun)] if few else []


def unfit(images: Examples, refused: Sequence[Finding] = ()) -> list[Finding]:
    """Why nothing can be trained on ``images``, whose listing has ``refused`` already."""
    names = images.class_names
    few = f"{images.source} holds {len(names)} class(es) and at least 2 are needed."
    found = list(refused) or too_few(names, few, images.noun)
    listed_none = {Path(example).name for finding in refused for example in finding.examples}
    unread = [
        name for label, name in enumerate(names) if name not in listed_none and not np.any(images.labels == label)
    ]
    if unread:
        said = f"No {images.noun} of {len(unread)} class(es) of {images.source} can be read: {shown(unread)}."
        found.append(Finding("class-unreadable", said, len(unread), tuple(unread), images.noun))
    return found


def refuse(findings: Sequence[Finding]) -> None:
    """Raise the first of ``findings`` as a DataError, if there is one."""
    if findings:
        raise DataError(findings[0].sentence)
