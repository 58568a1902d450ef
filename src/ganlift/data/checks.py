"""What is in a set of images that a user should know before believing a result."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganlift.data.types import ImageSet


def check_facts(images: ImageSet) -> dict[str, Any]:
    """Counts, exact duplicates within and across parts, duplicates that disagree in label, and the source's notes."""
    names, inverse, counts = np.unique(images.hashes, return_inverse=True, return_counts=True)
    across, conflicting = 0, 0
    for group in np.flatnonzero(counts > 1):
        members = np.flatnonzero(inverse == group)
        labels = images.labels[members]
        across += len(set(images.parts[members])) > 1
        conflicting += len(set(labels[labels >= 0])) > 1
    return {
        "source": images.source,
        "images": len(images),
        "image_size": images.size,
        "channels": images.channels,
        "per_part": {str(part): int(np.sum(images.parts == part)) for part in np.unique(images.parts)},
        "per_class": np.bincount(images.labels[images.labels >= 0], minlength=len(images.class_names)).tolist(),
        "unlabelled": int(np.sum(images.labels < 0)),
        "duplicates": int(len(images) - len(names)),
        "duplicate_groups_across_parts": int(across),
        "duplicate_groups_with_conflicting_labels": int(conflicting),
        "notes": list(images.notes),
    }
