"""From what a user types to an `ImageSet`: each kind of source has a file of its own."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ganlift.data.bundled_sets import digits, fashion_mini
from ganlift.data.cifar10 import fetch_cifar10, load_cifar10
from ganlift.data.decode import OnProgress
from ganlift.data.folder import add_unlabelled, load_folder
from ganlift.data.idx import is_idx_folder, load_idx
from ganlift.data.manifest import load_manifest
from ganlift.data.npz import load_npz
from ganlift.data.types import ImageSet
from ganlift.errors import DataError


def cifar10(data_dir: Path | None = None, on_progress: OnProgress | None = None) -> ImageSet:
    """50,000 training and 10,000 test photographs (Krizhevsky 2009), 32 px, RGB, 10 classes; downloaded once."""
    return load_cifar10(fetch_cifar10(data_dir, on_progress))


NAMED: dict[str, Callable[..., ImageSet]] = {"fashion-mini": fashion_mini, "digits": digits, "cifar10": cifar10}


def load(
    spec: str,
    *,
    image_size: int | None = None,
    unlabelled: str | None = None,
    data_dir: Path | None = None,
    on_progress: OnProgress | None = None,
) -> ImageSet:
    """The images that ``spec`` names.

    Args:
        spec: ``fashion-mini``, ``digits``, ``cifar10``, ``cifar10:PATH``, an ``.npz``, a CSV manifest, a folder of IDX
            files, or a folder of class folders; ``npz:PATH`` and ``idx:PATH`` say which.
        image_size: pixels of each side, for sources of files; chosen from the data where None.
        unlabelled: a folder of further images, without labels.
        data_dir: where ``cifar10`` lies or is downloaded to.
        on_progress: told what is done, how far, of how much.

    Raises:
        DataError: there is nothing of that name or at that path, or it cannot be used.
    """
    images = replace(_source(spec, image_size, data_dir, on_progress), source=spec)
    return images if unlabelled is None else add_unlabelled(images, Path(unlabelled), on_progress)


def _source(spec: str, image_size: int | None, data_dir: Path | None, on_progress: OnProgress | None) -> ImageSet:
    if spec == "cifar10":
        return cifar10(data_dir, on_progress)
    if spec in NAMED:
        return NAMED[spec]()
    kind, colon, rest = spec.partition(":")
    if colon and kind in ("cifar10", "npz", "idx"):
        path = Path(rest)
        return {"cifar10": load_cifar10, "idx": load_idx}[kind](path) if kind != "npz" else load_npz(path, image_size)
    path = Path(spec)
    if not path.exists():
        near = difflib.get_close_matches(spec, NAMED, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DataError(f"There is no data set and no path '{spec}'.{hint} Known sets: {', '.join(NAMED)}.")
    if path.suffix.lower() == ".npz":
        return load_npz(path, image_size)
    if path.suffix.lower() == ".csv":
        return load_manifest(path, image_size, on_progress)
    if path.is_file():
        raise DataError(
            f"{path} is a file that is neither .npz nor .csv; give a folder of class folders, or one of these."
        )
    return load_idx(path) if is_idx_folder(path) else load_folder(path, image_size, on_progress)
