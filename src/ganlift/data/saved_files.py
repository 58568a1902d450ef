"""The images, or the sound, of a saved data set as a `Listing`: each a cell, or a file that a cell names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ganlift.data.choosing import grouped, of_classes, of_labels, unused
from ganlift.data.findings import shown
from ganlift.data.fitness import too_few
from ganlift.data.folder import Find, not_in_train
from ganlift.data.held import cell_path
from ganlift.data.listing import Entry, Listing
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.saved import Saved, is_saved, open_saved, split_folders
from ganlift.data.saved_source import Kind, SavedSource
from ganlift.data.sound import SUFFIXES
from ganlift.data.tables import COLUMN, LEAVE_OUT, matching, of_columns, of_learned_label
from ganlift.data.types import FileFacts
from ganlift.data.walking import image_files
from ganlift.errors import DataError


def list_saved(source: SavedSource, reading: Reading) -> Listing:
    """The images or the sound of ``source``, of the classes that ``reading`` asks for, in its groups.

    Raises:
        DataError: no file is there of those that cells name, or ``reading`` asks for what is not there.
    """
    if reading.files:
        raise DataError(f"--files is about the names of files, and {source.root} has rows; leave it out.")
    if reading.groups is not None and "group" in source.roles.beside:
        raise DataError(
            f"{source.root} has a column {source.roles.beside['group']}, and --groups asks for others; leave one of "
            "them out."
        )
    labels = [label for split in source.splits for label in split.labels.tolist()]
    class_names, left = of_labels(labels, reading.classes, source.root)
    found = [one for one in _entries(source) if one[0].label in ("", *class_names)]
    present = [entry for entry, there in found if there]
    missing = [entry for entry, there in found if not there]
    if missing and not present:
        raise DataError(
            f"None of the {len(missing)} files that '{source.roles.numbers[0]}' of {source.root} names is there (the "
            f"first: {missing[0].path}); put them there, or save the data set again with their bytes in it."
        )
    said = "--classes leaves" if reading.classes else f"{source.root} has"
    few = too_few(class_names, f"{said} {len(class_names)} class(es) with rows and at least 2 are needed.")
    listing = Listing(
        source=str(source.root),
        entries=present,
        class_names=class_names,
        passed=(*source.passed, *(FileFacts(Path(one.name), "missing-file") for one in missing), *unused(left)),
        refused=(*few, *not_in_train(present, source.root, "clip" if source.kind == "Audio" else "image")),
        guesses=(
            of_columns(source.roles),
            *of_learned_label(source.roles, reading),
            *source.guesses,
            *of_classes(class_names, [*class_names, *left], reading.classes),
        ),
        notes=source.notes,
    )
    return grouped(listing.of_one_kind(), reading.groups)


def _entries(source: SavedSource) -> Iterator[tuple[Entry, bool]]:
    """An entry a row, and whether its image or sound is there."""
    for split in source.splits:
        rows = zip(
            cells_of(split.saved, source.roles.numbers[0], source.kind, source.root),
            split.labels.tolist(),
            split.parts.tolist(),
            split.groups.tolist(),
            strict=True,
        )
        for (path, there, said), label, part, group in rows:
            yield _entry(path, source.root, (label, part, group), said), there


def _entry(path: Path, root: Path, of: tuple[str, str, str], said: str) -> Entry:
    """What ``path`` holds, with its label, part and group; ``said`` is the path that the data set has for it."""
    name = str(path.relative_to(root) if path.is_relative_to(root) else path)
    return Entry(path, *of, name, said or Path(name).as_posix())


def cells_of(saved: Saved, column: str, kind: Kind, root: Path) -> Iterator[tuple[Path, bool, str]]:
    """Of each row what to read, whether it is there, and the path that the data set gives it, "" where it gives none.

    What is stored by its path alone lies below the split's folder, or below ``root``.

    Raises:
        DataError: cells hold something else than bytes and a path.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = saved.table.column(column)
    if not pa.types.is_struct(cells.type) or not {"bytes", "path"} <= {field.name for field in cells.type}:
        raise DataError(
            f"{saved.folder}: the column '{column}' is called {kind} and has '{cells.type}' for bytes and a path; save "
            "the data set again."
        )
    held = saved.ordered(pc.is_valid(pc.struct_field(cells, "bytes"))).to_pylist()
    paths = saved.ordered(pc.struct_field(cells, "path")).to_pylist()
    for row, (has_bytes, given) in enumerate(zip(held, paths, strict=True)):
        said = (given or "").replace("\\", "/")
        suffix = "" if kind == "Image" else _suffix(said)
        if has_bytes or not said:
            yield cell_path(saved.folder, column, row, suffix), has_bytes, said
        else:
            below = [folder / said for folder in (saved.folder, root)]
            path = next((one for one in below if one.is_file()), below[0])
            yield path, path.is_file(), said


def list_bare(root: Path, kind: Kind, reading: Reading = AS_FOUND) -> Listing:
    """All images, or all sound, of the saved data set ``root`` as a listing without labels, split after split.

    Raises:
        DataError: it is damaged, or has no column of that kind, or several and ``reading`` asks for none of them.
    """
    found = []
    for folder in split_folders(root).values():
        saved = open_saved(folder)
        for path, there, said in cells_of(saved, _file_column(saved, kind, reading), kind, root):
            found.append((_entry(path, root, ("", "unlabelled", ""), said), there))
    missing = tuple(FileFacts(Path(entry.name), "missing-file") for entry, there in found if not there)
    return Listing(str(root), [entry for entry, there in found if there], (), missing)


def files_below(kind: Kind, reading: Reading = AS_FOUND) -> Find:
    """What finds the images, or the sound, of a folder: in its cells where it is a saved data set, else as files.

    ``reading`` may ask for a column of saved data sets.
    """

    def find(folder: Path) -> tuple[list[Path], list[FileFacts]]:
        if not is_saved(folder):
            return image_files(folder)
        listing = list_bare(folder, kind, reading)
        return listing.paths, list(listing.passed)

    return find


def _file_column(saved: Saved, kind: Kind, reading: Reading) -> str:
    """The column of ``kind`` that ``reading`` asks for, else that the classifier learned from, else the only one."""
    names, what = saved.table.schema.names, "images" if kind == "Image" else "sound"
    left = matching(reading.leave_out or (), names, f"{LEAVE_OUT} names it", str(saved.folder))
    asked = matching(reading.column or (), names, f"{COLUMN} names it", str(saved.folder))
    found: list[str] = [name for name in asked or names if saved.feature(name) == kind and name not in left]
    learned = [] if asked else [name for name in found if name in reading.learned_columns]
    if len(learned or found) == 1:
        return (learned or found)[0]
    if not found:
        where = f"in {shown(asked)}, which {COLUMN} names" if asked else "in any column"
        raise DataError(
            f"{saved.folder} has no {what} {where}, and such are wanted here; it has: {shown(names) or 'none'}."
        )
    raise DataError(
        f"{saved.folder} has the columns {' and '.join(found)} of {what}, and one is wanted here; name it with "
        f"{COLUMN} {found[0]}."
    )


def _suffix(said: str) -> str:
    """What a sound's name ends in: as it was called, else as `datasets` encodes it."""
    suffix = Path(said).suffix.lower()
    return suffix if suffix in SUFFIXES else ".wav"
