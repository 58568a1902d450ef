"""Which files and folders below a folder are clips, and whether a folder of class folders is one of clips."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from ganlift.data.clips import by_number, is_animation
from ganlift.data.folder import list_folder
from ganlift.data.layout import lay_out, wraps
from ganlift.data.listing import Listing
from ganlift.data.reading import Guess, Reading
from ganlift.data.sound import is_sound
from ganlift.data.types import FileFacts
from ganlift.data.walking import holds_run, look

FILMS = {".mp4", ".m4v", ".webm", ".mkv", ".mov", ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".ogv", ".3gp", ".mts"}
OPTION = "images:PATH or video:PATH"

HARDLY = 0.05
"""Share of still images beside clips up to which a folder is one of clips."""

FEWEST_FRAMES = 3
"""Numbered files that make a folder one of frames where nobody says so."""

LOOKED_AT = 200
"""Files of a class folder that are looked at."""


def list_clips(folder: Path, reading: Reading, *, told: bool) -> Listing:
    """The clips of ``folder``, laid out as `list_folder` has images; ``told`` where the user says that it has clips.

    Raises:
        DataError: as `list_folder` does.
    """
    return _of_clips(list_folder(folder, reading, clip_files), told=told)


def maybe_clips(listing: Listing, *, told: bool) -> Listing:
    """``listing``, of a manifest, as one of clips where it is, or where the user has ``told`` that it is."""
    some = [entry.path for entry in listing.entries[:LOOKED_AT]]
    films = sum(path.is_dir() or is_film(path) for path in some)
    return _of_clips(listing, told=told) if told or (films and len(some) - films <= HARDLY * films) else listing


def _of_clips(listing: Listing, *, told: bool) -> Listing:
    films = sum(not entry.path.is_dir() for entry in listing.entries)
    kinds = ((films, "film(s)"), (len(listing.entries) - films, "folder(s) of frames"))
    held = " and ".join(f"{count} {what}" for count, what in kinds if count)
    taken = f"clips, {'as asked' if told else 'as there is hardly any still image beside them'}: {held}"
    return replace(listing, clips=True, guesses=(Guess("examples", taken, OPTION), *listing.guesses))


def clip_files(folder: Path) -> tuple[list[Path], list[FileFacts]]:
    """The clips below ``folder``, films and folders of frames, sorted by name; and what is passed over.

    A folder below it that has images and no film directly in it is a clip, whose frames these are.
    """
    found: list[Path] = []
    passed: list[FileFacts] = []
    waiting, seen = [folder], set[str]()
    while waiting:
        here = waiting.pop()
        if os.path.realpath(here) in seen:
            continue
        seen.add(os.path.realpath(here))
        level = look(here)
        others = [one.path for one in level.passed if one.fault == "other-file"]
        films = [path for path in sorted([*others, *level.images]) if is_film(path)]
        stills = [path for path in level.images if path not in films]
        if stills and not films and here != folder:
            found.append(here)
            continue
        found += films
        passed += [FileFacts(path, "not-a-clip") for path in stills]
        passed += [one for one in level.passed if one.path not in films]
        waiting += reversed(level.folders)
    return found, passed


def clips_at(folder: Path) -> tuple[list[Path], list[FileFacts]]:
    """The clips of a folder that is one itself, where it holds frames and no clip, else those below it."""
    found, passed = clip_files(folder)
    return ([folder], []) if not found and look(folder).images else (found, passed)


def are_clips(folder: Path, parts: Mapping[str, str] | None = None) -> bool:
    """Whether the class folders of ``folder`` hold clips, and still images directly in them hardly or not at all.

    Clips are films, animations, and folders of frames: at least three images that are numbered without a gap.

    Raises:
        DataError: it is not sure which folders are classes.
    """
    clips, stills = 0, 0
    for path, _ in lay_out(folder, parts).classes:
        counted = _count(path)
        clips, stills = clips + counted[0], stills + counted[1]
        if stills > LOOKED_AT and not clips:
            return False
    return clips > 0 and stills <= HARDLY * clips


def has_clips(folder: Path, parts: Mapping[str, str] | None = None) -> bool:
    """As `are_clips`; a folder without folders has none, whatever its own name says."""
    return bool(look(wraps(folder)).folders) and are_clips(folder, parts)


def is_film(path: Path) -> bool:
    """Whether ``path`` is a film by its name, or an animation by its content."""
    suffix = path.suffix.lower()
    return suffix in FILMS or (suffix in ("", ".gif", ".webp") and path.is_file() and is_animation(path))


def _count(folder: Path) -> tuple[int, int]:
    """The clips and the still images directly in ``folder``, of the first files."""
    level = look(folder)
    images = level.images[:LOOKED_AT]
    films = sum(map(is_film, images)) + sum(is_film(one.path) for one in level.passed[:LOOKED_AT])
    stills = sum(not is_film(path) for path in images)
    return films + (0 if stills else sum(map(_is_numbered, level.folders[:LOOKED_AT]))), stills


def _is_numbered(folder: Path) -> bool:
    """Whether ``folder`` has nothing but images whose names are alike but for a number that counts on."""
    level = look(folder)
    names = [path.name for path in sorted(level.images, key=by_number)]
    if level.folders or holds_run(folder) or len(names) < FEWEST_FRAMES or is_sound(level.images[0]):
        return False
    parted = [re.split(r"(\d+)(?=\D*$)", os.path.splitext(name)[0]) for name in names]
    if any(len(one) != 3 for one in parted) or len({(first, last) for first, _, last in parted}) > 1:
        return False
    return all(int(later[1]) == int(sooner[1]) + 1 for sooner, later in pairwise(parted))
