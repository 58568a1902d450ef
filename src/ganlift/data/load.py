"""From what a user types to an `ImageSet` or a `VectorSet`: each kind of source has a file of its own."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from ganlift.data.blocks import files_of, load_blocks
from ganlift.data.bundled_sets import digits, fashion_mini
from ganlift.data.choosing import only
from ganlift.data.cifar10 import fetch_cifar10, is_cifar10_folder, load_cifar10
from ganlift.data.colours import in_channels
from ganlift.data.decode import OnProgress
from ganlift.data.deep import scale_of
from ganlift.data.film_folder import are_clips, clip_files, list_clips, maybe_clips
from ganlift.data.fitness import refuse, unfit
from ganlift.data.folder import existing, list_folder, list_more
from ganlift.data.guesses import with_guesses
from ganlift.data.hashes import content_hashes
from ganlift.data.idx import is_idx_folder, load_idx
from ganlift.data.kinds import kind_of, read_table, refuse_for
from ganlift.data.listing import FILMS, PICTURES, SOUNDS, Listing, joined, load_listing, load_unlabelled
from ganlift.data.manifest import list_manifest
from ganlift.data.npy import load_npy
from ganlift.data.npz import load_npz
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.rows import refuse_options
from ganlift.data.saved_files import list_bare, list_saved
from ganlift.data.saved_rows import saved_rows
from ganlift.data.saved_source import saved_source
from ganlift.data.sizes import settle, square
from ganlift.data.sound import settle_sound
from ganlift.data.tables import rows_of
from ganlift.data.types import ImageSet, VectorSet
from ganlift.data.walking import image_files
from ganlift.errors import DataError


def cifar10(data_dir: Path | None = None, on_progress: OnProgress | None = None) -> ImageSet:
    """50,000 training and 10,000 test photographs (Krizhevsky 2009), 32 px, RGB, 10 classes; downloaded once."""
    return load_cifar10(fetch_cifar10(data_dir, on_progress))


NAMED: dict[str, Callable[..., ImageSet]] = {"fashion-mini": fashion_mini, "digits": digits, "cifar10": cifar10}
_KINDS = ("cifar10", "npz", "idx")
_OF_FOLDERS = ("video", "images")
"""What a folder of class folders may be said to hold, where it is not to be told from its files."""


def load_examples(
    spec: str,
    reading: Reading = AS_FOUND,
    *,
    unlabelled: str | None = None,
    data_dir: Path | None = None,
    on_progress: OnProgress | None = None,
    to_train: bool = True,
    rows: bool = True,
) -> ImageSet | VectorSet:
    """The images, or the rows of numbers, that ``spec`` names.

    Args:
        spec: ``fashion-mini``, ``digits``, ``cifar10``, ``cifar10:PATH``, an ``.npz`` or ``.npy``, a CSV manifest, a
            table of numbers (CSV or Parquet), a folder that `datasets` saved, a folder of IDX files, or a folder of
            class folders, of images, sound or clips; ``npz:PATH``, ``idx:PATH``, ``video:PATH`` and ``images:PATH``
            say which.
        reading: what is asked for of the images; what it leaves open is found from all of them and said in ``guesses``.
        unlabelled: a folder of further images, without labels.
        data_dir: where ``cifar10`` lies or is downloaded to.
        on_progress: told what is done, how far, of how much.
        to_train: whether to refuse what nothing can be trained on (`unfit`); to be scored on, one class is enough.
        rows: whether rows of numbers will do.

    Raises:
        DataError: there is nothing of that name or at that path, or it cannot be used.
    """
    if files := files_of(spec):
        if not rows:
            raise DataError(f"{spec} has rows of numbers side by side, and images are wanted here.")
        return _rows(load_blocks(files, spec, reading), reading, unlabelled, to_train=to_train)
    refuse_for(kind_of(Path(spec)), reading, spec)
    listing = list_files(spec, reading)
    arrays = None if listing else _arrays(spec, reading, data_dir, on_progress)
    if isinstance(arrays, VectorSet):
        if not rows:
            raise DataError(f"{spec} has rows of {arrays.width} numbers, and images are wanted here.")
        rest = replace(reading, parts=None) if kind_of(Path(spec)) == "saved" else reading  # its splits are parts
        return _rows(replace(arrays, source=spec), rest, unlabelled, to_train=to_train)
    if to_train and listing:
        refuse(listing.refused)
    more = list_beside(unlabelled, reading, listing)
    scaled, of_scale = settled(reading, listing, more)
    if listing:
        images = of_scale(load_listing(listing, scaled, on_progress))
    else:
        assert arrays is not None
        images = replace(arrays, fit=reading.fit)
    images = with_guesses(replace(images, source=spec), reading)
    if to_train:
        refuse(unfit(images))
    return joined(images, load_unlabelled(more, images, scaled, on_progress)) if more else images


def load(
    spec: str,
    reading: Reading = AS_FOUND,
    *,
    unlabelled: str | None = None,
    data_dir: Path | None = None,
    on_progress: OnProgress | None = None,
    to_train: bool = True,
) -> ImageSet:
    """The images that ``spec`` names; arguments as `load_examples` has them.

    Raises:
        DataError: there is nothing of that name or at that path, it cannot be used, or it has rows of numbers.
    """
    found = load_examples(
        spec,
        reading,
        unlabelled=unlabelled,
        data_dir=data_dir,
        on_progress=on_progress,
        to_train=to_train,
        rows=False,
    )
    assert isinstance(found, ImageSet)
    return found


def load_alone(listing: Listing, reading: Reading, on_progress: OnProgress | None = None) -> ImageSet:
    """The images of ``listing`` and no others, read as ``reading`` asks; raises as `load_listing`."""
    scaled, of_scale = settled(reading, listing)
    return of_scale(load_listing(listing, scaled, on_progress))


def settled(reading: Reading, *listings: Listing | None) -> tuple[Reading, Callable[[ImageSet], ImageSet]]:
    """``reading`` with what is one for all files of ``listings``, and what writes that into their `ImageSet`.

    It is the scale of 16-bit files, or the rate and the length of sound.

    Raises:
        DataError: some of ``listings`` are of images and others of sound, or nothing of a kind can be read.
    """
    if any(one and one.sounds for one in listings) or reading.sound:
        return _settled_sound(reading, *listings)
    found = scale_of([path for one in listings if one for path in one.paths], reading)
    if found is None:
        return reading, lambda images: images
    scale, guess = found
    scaled = replace(reading, value_range=(scale.low, scale.high))
    return scaled, lambda images: replace(images, scale=scale, guesses=(guess, *images.guesses))


def _settled_sound(reading: Reading, *listings: Listing | None) -> tuple[Reading, Callable[[ImageSet], ImageSet]]:
    silent = [one.source for one in listings if one and not one.sounds]
    if silent and not reading.sound:
        raise DataError(f"{silent[0]} has images, and sound is wanted beside sound; give a folder of sound files.")
    if reading.sound:
        return reading, lambda images: images
    sound, guesses = settle_sound([path for one in listings if one for path in one.paths], reading)
    return replace(reading, sound=sound), lambda images: replace(images, guesses=(*guesses, *images.guesses))


def _beside(path: Path) -> list[str]:
    """What lies where ``path`` would, spelt as it is."""
    try:
        return [str(path.with_name(one.name)) for one in path.parent.iterdir()]
    except (OSError, ValueError):
        return []


def list_files(spec: str, reading: Reading = AS_FOUND) -> Listing | None:
    """The files that ``spec`` names where it is a folder of class folders or a manifest; None for any other source.

    Raises:
        DataError: there is nothing of that name or at that path, or its files cannot be made out.
    """
    kind, colon, _ = spec.partition(":")
    if spec in NAMED or (colon and kind in _KINDS) or files_of(spec):
        return None
    said = kind if colon and kind in _OF_FOLDERS and not Path(spec).exists() else ""
    path = Path(spec.partition(":")[2] if said else spec)
    if not path.exists():
        near = difflib.get_close_matches(spec, [*NAMED, *_beside(path)], n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DataError(f"There is no data set and no path '{spec}'.{hint} Known sets: {', '.join(NAMED)}.")
    if kind_of(path) == "saved":
        saved = saved_source(path, reading)
        return None if saved.kind == "numbers" else list_saved(saved, reading)
    if path.suffix.lower() == ".npz" or is_idx_folder(path) or is_cifar10_folder(path) or kind_of(path):
        return None
    if path.suffix.lower() == ".csv":
        listing = list_manifest(path, reading)
        return listing if said == "images" else maybe_clips(listing, told=said == "video")
    if path.is_file():
        raise DataError(
            f"{path} is a file that is none of .npz, .npy, .csv and .parquet; give a folder of class folders, or one "
            "of these."
        )
    if said == "video" or (not said and are_clips(existing(path), reading.parts)):
        return list_clips(path, reading, told=said == "video")
    return list_folder(path, reading)


def list_beside(unlabelled: str | None, reading: Reading, listing: Listing | None) -> Listing | None:
    """The files of the folder ``unlabelled``, of the kind that those of ``listing`` are; None where there is none.

    Raises:
        DataError: there is no such folder, or nothing of the kind in it.
    """
    if unlabelled is None:
        return None
    if kind_of(Path(unlabelled)) == "saved":
        kind: Literal["Audio", "Image"] = "Audio" if listing is not None and listing.sounds else "Image"
        return list_bare(Path(unlabelled), kind, replace(AS_FOUND, learned_columns=reading.column or ()))
    clips, sounds = listing is not None and listing.clips, listing is not None and listing.sounds
    find, wanted = (clip_files, FILMS) if clips else (image_files, SOUNDS if sounds else PICTURES)
    return replace(list_more(Path(unlabelled), reading, find, wanted), clips=clips)


def _rows(rows: VectorSet, reading: Reading, unlabelled: str | None, *, to_train: bool) -> VectorSet:
    """``rows``, where nothing is asked for that is about images."""
    refuse_options(reading, rows.source)
    if unlabelled is not None:
        raise DataError(
            f"--unlabelled {unlabelled} is about a folder of images, and {rows.source} has rows of numbers; put rows "
            "without labels into it, in an .npz as x_unlabelled, in a table with an empty label."
        )
    if to_train:
        refuse(unfit(rows))
    return rows


def _arrays(spec: str, reading: Reading, data_dir: Path | None, on_progress: OnProgress | None) -> ImageSet | VectorSet:
    if spec == "cifar10":
        return as_asked(cifar10(data_dir, on_progress), reading)
    if spec in NAMED:
        return as_asked(NAMED[spec](), reading)
    kind, colon, rest = spec.partition(":")
    path = Path(rest if colon and kind in _KINDS else spec)
    if kind == "cifar10" or is_cifar10_folder(path):
        return as_asked(load_cifar10(path), reading)
    if kind_of(path) == "npy":
        return load_npy(path, reading)
    if kind_of(path) == "table":
        return rows_of(read_table(path, reading), reading)
    if kind_of(path) == "saved":
        return saved_rows(saved_source(path, reading), reading)
    return load_idx(path, reading) if kind == "idx" or path.is_dir() else load_npz(path, reading)


def as_asked(images: ImageSet, reading: Reading) -> ImageSet:
    """``images`` in the size, the colours and of the classes that ``reading`` asks for; what it leaves open stays."""
    size, of_size = settle(images.size, images.size, reading.image_size)
    channels = reading.channels or images.channels
    pixels = in_channels(square(np.asarray(images.pixels), size), channels)
    same = pixels.shape == images.pixels.shape
    hashes = images.hashes if same else content_hashes(pixels)
    images = replace(images, pixels=pixels, hashes=hashes, guesses=(*images.guesses, of_size))
    return only(images, reading.classes)
