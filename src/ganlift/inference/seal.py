"""A checksum inside the file that it is the checksum of, for files that must stand alone."""

from __future__ import annotations

import hashlib
import re

_MARK = b"ganlift-seal:"
_PATTERN = re.compile(_MARK + rb"([0-9a-f]{64})")

BLANK = _MARK.decode() + "0" * 64
"""Put this text into the file once; `seal` fills it in."""


def seal(data: bytes) -> bytes:
    """``data`` with the digits of `BLANK` replaced by the SHA-256 of all bytes before that."""
    if len(_PATTERN.findall(data)) != 1:
        raise ValueError("the place for the checksum must be there exactly once")
    return data.replace(BLANK.encode(), _MARK + hashlib.sha256(data).hexdigest().encode())


def is_whole(data: bytes) -> bool:
    """Whether these are the very bytes that `seal` returned."""
    found: list[bytes] = _PATTERN.findall(data)
    if len(found) != 1:
        return False
    before = data.replace(_MARK + found[0], BLANK.encode())
    return hashlib.sha256(before).hexdigest() == found[0].decode()
