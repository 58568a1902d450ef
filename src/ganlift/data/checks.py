"""What is in a set of images that a user should know before believing a result."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.types import UNLABELLED, ImageSet


def check_facts(images: ImageSet) -> dict[str, Any]:
    """Counts, exact duplicates within and across parts, duplicates that disagree in label, and the source's notes."""
    distinct, which = np.unique(images.hashes, return_inverse=True)
    _, part = np.unique(images.parts, return_inverse=True)
    labelled = images.labels != UNLABELLED
    return {
        "source": images.source,
        "images": len(images),
        "image_size": images.size,
        "channels": images.channels,
        "per_part": {str(name): int(np.sum(images.parts == name)) for name in np.unique(images.parts)},
        "per_class": np.bincount(images.labels[labelled], minlength=len(images.class_names)).tolist(),
        "unlabelled": int(np.sum(~labelled)),
        "duplicates": len(images) - len(distinct),
        "duplicate_groups_across_parts": _with_several(which, part),
        "duplicate_groups_with_conflicting_labels": _with_several(which[labelled], images.labels[labelled]),
        "notes": list(images.notes),
    }


def check_notes(images: ImageSet) -> list[str]:
    """Sentences about what `check_facts` found that a user should see at once."""
    facts = check_facts(images)
    notes = []
    if facts["duplicates"]:
        notes.append(
            f"{facts['duplicates']} of {len(images)} images are exact copies of others; "
            "no copy is on both sides of training and test."
        )
    if facts["duplicate_groups_with_conflicting_labels"]:
        count = facts["duplicate_groups_with_conflicting_labels"]
        notes.append(f"{count} image(s) occur under more than one label; mend these labels for a fairer comparison.")
    return notes


def _with_several(group: NDArray[np.int64], value: NDArray[np.int64]) -> int:
    """How many groups hold more than one value; both arguments are (n,)."""
    pairs = np.unique(np.stack([group, value], axis=1), axis=0)
    return int(np.sum(np.bincount(pairs[:, 0]) > 1)) if len(pairs) else 0
