"""What an exported file says of itself, so that it can be used alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ganlift import __version__
from ganlift.errors import DamagedFileError, RunFolderError
from ganlift.inference.facts import ClassifierFacts, parse_facts
from ganlift.inference.seal import BLANK, is_whole

_FACTS = "ganlift"

UNSEALED = {"ganlift_seal": BLANK}
"""Goes with the other texts into a file that `seal` completes."""


def metadata_of(facts: ClassifierFacts) -> dict[str, str]:
    """Texts for a file's metadata: all facts, for `read_metadata`, and by plain names what other programs need."""
    return {
        _FACTS: json.dumps(facts.model_dump(mode="json", exclude_unset=True), ensure_ascii=False),
        "class_names": json.dumps(facts.class_names, ensure_ascii=False),
        **_form(facts),
        "producer": f"ganlift {__version__}",
    }


def _form(facts: ClassifierFacts) -> dict[str, str]:
    if facts.columns is not None:
        return {"columns": str(len(facts.columns.mean))}
    if facts.sound is not None and facts.waves:
        return {"samples": str(facts.sound.samples), "rate": str(facts.sound.rate)}
    frames = {"frames": str(facts.frames)} if facts.frames else {}
    return {"image_size": str(facts.image_size), "channels": str(facts.channels), "fit": facts.fit, **frames}


def read_metadata(metadata: Mapping[str, str], data: bytes, path: Path) -> ClassifierFacts:
    """The facts in ``metadata`` of the file ``path``, whose bytes are ``data``.

    Raises:
        RunFolderError: ganlift did not write it.
        DamagedFileError: its bytes are not those that were written.
    """
    if _FACTS not in metadata:
        raise RunFolderError(f"{path} was not written by ganlift export, so its classes and sizes are unknown.")
    if not is_whole(data):
        raise DamagedFileError(f"{path} fails its checksum: it was changed or damaged; export the model again.")
    try:
        record = json.loads(metadata[_FACTS])
    except ValueError as fault:
        raise DamagedFileError(f"{path} does not describe a classifier ({fault}).") from fault
    return parse_facts(record, path)
