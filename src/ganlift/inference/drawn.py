"""What an earlier call that was broken off has drawn already, so that the same call need not draw it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganlift.runs.files import remove_leftovers, sha256_file, write_bytes
from ganlift.runs.lines import append_line, read_jsonl

LOG = ".drawn.jsonl"


class Log:
    """The batches that lie whole in ``out``, by the index of their first picture."""

    def __init__(self, out: Path, asked: Sequence[Any]) -> None:
        """``asked``, plain JSON, is all that the pictures depend on; the log of another call is begun anew."""
        self._out, self._path = out, out / LOG
        plan = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        lines = read_jsonl(self._path, lambda fault: None)
        if lines:
            remove_leftovers(out)
        if not lines or lines[0].get("plan") != plan:
            self.remove()
            lines = []
            append_line(self._path, {"plan": plan})
        self._batches: dict[int, list[dict[str, Any]]] = {line["start"]: line["images"] for line in lines[1:]}

    def whole(self, start: int) -> list[dict[str, Any]]:
        """The lines of the batch that begins at ``start``; none where a file of it is not there as it was written."""
        found = self._batches.get(start, [])
        files = [one for line in found for one in (line, line.get("sound")) if one]
        return found if all(_is_whole(self._out / one["file"], one["sha256"]) for one in files) else []

    def add(self, start: int, images: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Log the batch that begins at ``start``; its lines."""
        append_line(self._path, {"start": start, "images": images})
        return images

    def remove(self) -> None:
        """Forget it."""
        self._path.unlink(missing_ok=True)


def sealed_file(path: Path, data: bytes) -> dict[str, str]:
    """Write ``data`` to ``path``; its name and checksum, as `Log` compares them."""
    write_bytes(path, data)
    return {"file": path.name, "sha256": hashlib.sha256(data).hexdigest()}


def _is_whole(path: Path, digest: str) -> bool:
    try:
        return sha256_file(path) == digest
    except OSError:
        return False
