"""Read the width and height of an image from the first bytes of its file; nothing is ever decoded."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

__all__ = ["HEAD", "image_size"]

HEAD: Final = 256 << 10
"""Bytes of a file's beginning that are looked at: a camera's preview stands before the size in a JPEG."""
LARGEST: Final = 1 << 24
"""Pixels of a side; what tells of more tells nothing."""
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def image_size(head: bytes) -> tuple[str, int, int] | None:
    """(format, width, height) in pixels from the beginning of a file; None where it is no image that is known."""
    for begins, read in _READERS:
        if head.startswith(begins):
            try:
                found = read(head)
            except (struct.error, IndexError):
                return None
            return found if found is not None and 0 < found[1] <= LARGEST and 0 < found[2] <= LARGEST else None
    return None


def _png(head: bytes) -> tuple[str, int, int] | None:
    return ("PNG", *struct.unpack_from(">II", head, 16)) if head[12:16] == b"IHDR" else None


def _gif(head: bytes) -> tuple[str, int, int]:
    return ("GIF", *struct.unpack_from("<HH", head, 6))


def _bmp(head: bytes) -> tuple[str, int, int]:
    width, height = struct.unpack_from("<ii", head, 18)
    return "BMP", width, abs(height)


def _webp(head: bytes) -> tuple[str, int, int] | None:
    kind = head[12:16]
    if head[8:12] != b"WEBP":
        return None
    if kind == b"VP8X":
        return "WebP", 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", head, 21)[0]
        return "WebP", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return "WebP", width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(head: bytes) -> tuple[str, int, int] | None:
    """Go from segment to segment until the one of the frame; each tells its own length, so this ends."""
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return "JPEG", width, height
        elif marker in {0xD8, 0x01} or 0xD0 <= marker <= 0xD7:
            at += 2
        else:
            at += 2 + max(2, struct.unpack_from(">H", head, at + 2)[0])
    return None


_READERS: Final[tuple[tuple[bytes, Callable[[bytes], tuple[str, int, int] | None]], ...]] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8", _jpeg),
    (b"GIF8", _gif),
    (b"RIFF", _webp),
    (b"BM", _bmp),
)
