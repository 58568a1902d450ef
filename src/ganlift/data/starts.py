"""What a file is by its first bytes: an image, sound, or neither. Files are renamed, and some have no suffix."""

from __future__ import annotations

import os
from pathlib import Path

_HEAD = 40
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_HEIF = {b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1", b"avif", b"avis"}
_FILM_IN_OGG = b"\x80theora"


def start_of(path: Path) -> bytes:
    """The first bytes of a file; none of what can't be read, nor of pipes and devices, which would be waited for."""
    try:
        if not os.path.isfile(path):
            return b""
        with open(path, "rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def begins_as_image(start: bytes) -> bool:
    """Whether a file that begins so is a PNG, JPEG, GIF, TIFF, WebP, BMP or HEIF."""
    webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    bitmap = start[:2] == b"BM" and start[6:10] == bytes(4)  # two letters alone begin many texts
    heif = start[4:8] == b"ftyp" and start[8:12] in _HEIF
    return start.startswith(_IMAGES) or webp or bitmap or heif


def begins_as_sound(start: bytes) -> bool:
    """Whether a file that begins so is a WAV, AIFF, FLAC, OGG or MP3."""
    wave = start[:4] in (b"RIFF", b"RF64") and start[8:12] == b"WAVE"
    aiff = start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC")
    ogg = start[:4] == b"OggS" and start[28:35] != _FILM_IN_OGG  # the first page has one packet, behind 28 bytes
    return wave or aiff or ogg or start.startswith((b"fLaC", b"ID3")) or _is_frame(start)


def _is_frame(start: bytes) -> bool:
    """Whether a frame of MPEG layer III begins there: eleven ones alone begin texts in UTF-16 too.

    ISO/IEC 11172-3, section 2.4.1.3: version, layer, bit rate and sample rate have values that are not given out.
    """
    if len(start) < 4 or start[0] != 0xFF or start[1] & 0xE6 != 0xE2:
        return False
    version, bit_rate, rate = start[1] >> 3 & 3, start[2] >> 4, start[2] >> 2 & 3
    return version != 1 and bit_rate not in (0, 15) and rate != 3
