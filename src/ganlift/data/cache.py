"""An `ImageSet` or a `VectorSet` as plain files, so that every worker of a comparison reads the very same bytes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.reading import Sound
from ganlift.data.types import ImageSet, SoundSet, VectorSet, VideoSet
from ganlift.runs.files import write_text

_ARRAYS = ("labels", "parts", "hashes", "names", "groups")


def save_cache(images: ImageSet | VectorSet, folder: Path) -> None:
    """Write ``images`` below ``folder``; ``set.json``, written last, says that the rest is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "set.json").unlink(missing_ok=True)
    if isinstance(images, VectorSet):
        np.save(folder / "vectors.npy", images.vectors)
    else:
        np.save(folder / "pixels.npy", images.pixels)
    arrays = {name: getattr(images, name) for name in _ARRAYS if getattr(images, name) is not None}
    np.savez(folder / "arrays.npz", **arrays)
    facts: dict[str, Any] = {"class_names": images.class_names, "source": images.source, "notes": images.notes}
    if isinstance(images, VectorSet):
        facts |= {"columns": images.columns, "blocks": images.blocks}
    else:
        facts |= {"flips": images.flips}
    facts |= {"sound": asdict(images.sound)} if isinstance(images, SoundSet) else {}
    write_text(folder / "set.json", json.dumps(facts))


def load_cache(folder: Path) -> ImageSet | VectorSet:
    """Read what `save_cache` wrote; pixels and rows are memory-mapped, not copied."""
    facts = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    arrays |= {"class_names": tuple(facts["class_names"]), "source": facts["source"], "notes": tuple(facts["notes"])}
    if (folder / "vectors.npy").exists():
        rows = np.load(folder / "vectors.npy", mmap_mode="r")
        blocks = tuple((name, width) for name, width in facts["blocks"])
        return VectorSet(vectors=rows, columns=tuple(facts["columns"]), blocks=blocks, **arrays)
    pixels = np.load(folder / "pixels.npy", mmap_mode="r")
    if "sound" in facts:
        return SoundSet(pixels=pixels, sound=Sound(**facts["sound"]), **arrays)
    return (VideoSet if pixels.ndim == 5 else ImageSet)(pixels=pixels, flips=facts["flips"], **arrays)


def save_features(folder: Path, name: str, features: NDArray[np.float16], weak_views: int) -> None:
    """Write the ``features`` (n, v, d) that the images in ``folder`` have on the network ``name``."""
    np.save(folder / f"features-{name}.npy", features)
    write_text(folder / f"features-{name}.json", json.dumps({"weak_views": weak_views}))


def load_features(folder: Path, name: str) -> tuple[NDArray[np.float16], int]:
    """What `save_features` wrote, memory-mapped, and how many of the views are weak."""
    facts = json.loads((folder / f"features-{name}.json").read_text(encoding="utf-8"))
    return np.load(folder / f"features-{name}.npy", mmap_mode="r"), facts["weak_views"]
