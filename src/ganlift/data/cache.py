"""An `ImageSet` or a `VectorSet` as plain files, so that every worker of a comparison reads the very same bytes.

Images that lie on the disk already get a second name here, where the file system has such links; else they are copied.
Whatever is read is held against a seal: images one by one when they are first used, everything else when it is loaded.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.hashes import content_hashes
from ganlift.data.mapped import Items, Mapped, Sealed, in_memory
from ganlift.data.reading import Sound
from ganlift.data.types import ImageSet, SoundSet, VectorSet, VideoSet
from ganlift.errors import DamagedFileError
from ganlift.runs.files import read_json, read_npz, sha256_file, whole_file, write_npz, write_text
from ganlift.runs.sealed import checksum

_ARRAYS = ("labels", "parts", "hashes", "names", "groups")
_AT_ONCE = 16 * 1024**2
_BLOCK = 64
"""Rows of features under one seal."""


def save_cache(images: ImageSet | VectorSet, folder: Path) -> None:
    """Write ``images`` below ``folder``; ``set.json``, written last, says that the rest is whole.

    Raises:
        RunFolderError: the disk is full, or the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "set.json").unlink(missing_ok=True)
    arrays = {name: getattr(images, name) for name in _ARRAYS if getattr(images, name) is not None}
    facts: dict[str, Any] = {"class_names": images.class_names, "source": images.source, "notes": images.notes}
    if isinstance(images, VectorSet):
        _write_array(folder / "vectors.npy", images.vectors)
        facts |= {"columns": images.columns, "blocks": images.blocks, "sum": sha256_file(folder / "vectors.npy")}
    else:
        pixels = images.pixels if isinstance(images.pixels, Mapped) else _sealed(images.pixels)
        files = [_laid(part, folder / f"pixels-{number}.u8") for number, part in enumerate(pixels.parts)]
        arrays |= {"index": pixels.index, **{f"seals-{n}": part.seals for n, part in enumerate(pixels.parts)}}
        facts |= {"flips": images.flips, "files": files, "frame": pixels.frame}
    facts |= {"sound": asdict(images.sound)} if isinstance(images, SoundSet) else {}
    write_npz(folder / "arrays.npz", arrays)
    write_text(folder / "set.json", json.dumps(facts))


def load_cache(folder: Path) -> ImageSet | VectorSet:
    """Read what `save_cache` wrote; images stay on the disk, rows are memory-mapped.

    Raises:
        DamagedFileError: it is not what was written; of images that is found when one is first used.
    """
    facts, arrays = read_json(folder / "set.json"), dict[str, Any](read_npz(folder / "arrays.npz"))
    own = {name: arrays[name] for name in _ARRAYS if name in arrays}
    own |= {"class_names": tuple(facts["class_names"]), "source": facts["source"], "notes": tuple(facts["notes"])}
    if "sum" in facts:
        if sha256_file(folder / "vectors.npy") != facts["sum"]:
            raise _damaged(folder / "vectors.npy")
        rows = np.load(folder / "vectors.npy", mmap_mode="r")
        blocks = tuple((name, width) for name, width in facts["blocks"])
        return VectorSet(vectors=rows, columns=tuple(facts["columns"]), blocks=blocks, **own)
    files = enumerate(facts["files"])
    parts = [_mapped(folder / f"pixels-{number}.u8", one, arrays[f"seals-{number}"]) for number, one in files]
    pixels = Mapped(parts, arrays["index"], facts["frame"])
    if "sound" in facts:
        return SoundSet(pixels=pixels, sound=Sound(**facts["sound"]), **own)
    return (VideoSet if pixels.ndim == 5 else ImageSet)(pixels=pixels, flips=facts["flips"], **own)


def save_features(folder: Path, name: str, features: Items, weak_views: int) -> None:
    """Write the ``features`` (n, v, d) that the images in ``folder`` have on the network ``name``.

    Raises:
        RunFolderError: the disk is full, or the folder can't be written.
    """
    sums = list[str]()
    with whole_file(folder / f"features-{name}.f16") as file:
        for start in range(0, len(features), _BLOCK):
            data = np.ascontiguousarray(features[start : start + _BLOCK], "<f2").tobytes()
            sums.append(checksum(data))
            file.write(data)
    facts = {"weak_views": weak_views, "shape": features.shape, "sums": sums}
    write_text(folder / f"features-{name}.json", json.dumps(facts))


def has_features(folder: Path, name: str) -> bool:
    """Whether `save_features` wrote those of the network ``name``."""
    return (folder / f"features-{name}.json").exists()


def load_features(folder: Path, name: str) -> tuple[NDArray[np.float16], int]:
    """What `save_features` wrote, memory-mapped, and how many of the views are weak.

    Raises:
        DamagedFileError: it is not what was written.
    """
    facts, path = read_json(folder / f"features-{name}.json"), folder / f"features-{name}.f16"
    shape = tuple(facts["shape"])
    if path.stat().st_size != 2 * int(np.prod(shape)):
        raise _damaged(path)
    found = np.memmap(path, "<f2", "r", shape=shape) if np.prod(shape) else np.empty(shape, np.float16)
    for number, told in enumerate(facts["sums"]):
        if checksum(found[number * _BLOCK : (number + 1) * _BLOCK].tobytes()) != told:
            raise _damaged(path)
    return found, facts["weak_views"]


def _sealed(pixels: NDArray[np.uint8]) -> Mapped:
    """Images in memory, with seals of their own."""
    [part] = in_memory(pixels).parts
    return Mapped([Sealed(part.path, part.images, content_hashes(pixels), part.known, part.channels)])


def _laid(part: Sealed, path: Path) -> dict[str, Any]:
    """Have the images of ``part`` at ``path`` too; what is to be known of them besides."""
    path.unlink(missing_ok=True)
    if not _linked(part.path, path):
        with whole_file(path) as file:
            most = max(1, _AT_ONCE // max(1, part.images[:1].nbytes))
            for start in range(0, len(part.images), most):
                file.write(part.images[start : start + most].tobytes())
    return {"shape": part.images.shape, "channels": part.channels}


def _linked(there: Path, path: Path) -> bool:
    try:
        os.link(there, path)
    except OSError:  # another disk, a file system without links, or images in memory
        return False
    return True


def _mapped(path: Path, facts: dict[str, Any], seals: NDArray[np.str_]) -> Sealed:
    shape = tuple(facts["shape"])
    if path.stat().st_size < int(np.prod(shape, dtype=np.int64)):
        raise _damaged(path)
    images = np.memmap(path, np.uint8, "r", shape=shape) if np.prod(shape) else np.empty(shape, np.uint8)
    return Sealed(path, images, seals, np.zeros(len(images), np.bool_), facts["channels"])


def _write_array(path: Path, array: NDArray[Any]) -> None:
    with whole_file(path) as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def _damaged(path: Path) -> DamagedFileError:
    return DamagedFileError(f"{path} is damaged; run the same command again, which makes it anew.")
