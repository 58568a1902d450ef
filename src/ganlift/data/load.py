"""From what a user types to an `ImageSet`: each kind of source has a file of its own."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ganlift.data.bundled_sets import digits, fashion_mini
from ganlift.data.cifar10 import fetch_cifar10, load_cifar10
from ganlift.data.decode import OnProgress
from ganlift.data.folder import list_folder, list_unlabelled
from ganlift.data.idx import is_idx_folder, load_idx
from ganlift.data.listing import Listing, joined, load_listing, load_unlabelled
from ganlift.data.manifest import list_manifest
from ganlift.data.npz import load_npz
from ganlift.data.types import ImageSet
from ganlift.errors import DataError


def cifar10(data_dir: Path | None = None, on_progress: OnProgress | None = None) -> ImageSet:
    """50,000 training and 10,000 test photographs (Krizhevsky 2009), 32 px, RGB, 10 classes; downloaded once."""
    return load_cifar10(fetch_cifar10(data_dir, on_progress))


NAMED: dict[str, Callable[..., ImageSet]] = {"fashion-mini": fashion_mini, "digits": digits, "cifar10": cifar10}
_KINDS = ("cifar10", "npz", "idx")


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
    listing = list_files(spec)
    if listing:
        images = load_listing(listing, image_size, on_progress=on_progress)
    else:
        images = _arrays(spec, image_size, data_dir, on_progress)
    images = replace(images, source=spec)
    if unlabelled is None:
        return images
    more = list_unlabelled(Path(unlabelled))
    return joined(images, load_unlabelled(more, images, on_progress))


def list_files(spec: str) -> Listing | None:
    """The files that ``spec`` names where it is a folder of class folders or a manifest; None for any other source.

    Raises:
        DataError: there is nothing of that name or at that path, or its files cannot be made out.
    """
    kind, colon, _ = spec.partition(":")
    if spec in NAMED or (colon and kind in _KINDS):
        return None
    path = Path(spec)
    if not path.exists():
        near = difflib.get_close_matches(spec, NAMED, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DataError(f"There is no data set and no path '{spec}'.{hint} Known sets: {', '.join(NAMED)}.")
    if path.suffix.lower() == ".npz" or is_idx_folder(path):
        return None
    if path.suffix.lower() == ".csv":
        return list_manifest(path)
    if path.is_file():
        raise DataError(
            f"{path} is a file that is neither .npz nor .csv; give a folder of class folders, or one of these."
        )
    return list_folder(path)


def _arrays(spec: str, image_size: int | None, data_dir: Path | None, on_progress: OnProgress | None) -> ImageSet:
    if spec == "cifar10":
        return cifar10(data_dir, on_progress)
    if spec in NAMED:
        return NAMED[spec]()
    kind, colon, rest = spec.partition(":")
    path = Path(rest if colon and kind in _KINDS else spec)
    if kind == "cifar10":
        return load_cifar10(path)
    return load_idx(path) if kind == "idx" or path.is_dir() else load_npz(path, image_size)
