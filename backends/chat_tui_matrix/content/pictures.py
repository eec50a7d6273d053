"""Read how large a picture is from the first bytes of its file, without decoding any of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["LARGEST", "NEEDED", "pixels"]

NEEDED: Final = 1 << 18
"""Bytes of a file's beginning that are enough: in a JPEG, what cameras note comes before the size."""

LARGEST: Final = 1 << 20
"""Pixels of a side; what claims more is believed nothing."""

_MOST_SEGMENTS: Final = 1_000
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that begin a frame, with its size (ITU T.81, table B.1)."""


def pixels(head: bytes) -> tuple[int, int]:
    """Width and height of a PNG, GIF, JPEG, WebP or BMP; (0, 0) for what is none, or is not told in these bytes."""
    for magic, offset, read in _READERS:
        if head[offset : offset + len(magic)] == magic:
            width, height = read(head)
            return (width, height) if 0 < width <= LARGEST and 0 < height <= LARGEST else (0, 0)
    return 0, 0


def _number(head: bytes, at: int, length: int, order: str) -> int:
    """A number without a sign; 0 where the bytes end before it does."""
    piece = head[at : at + length]
    if len(piece) < length:
        return 0
    return int.from_bytes(piece, "big" if order == "big" else "little")


def _png(head: bytes) -> tuple[int, int]:
    return _number(head, 16, 4, "big"), _number(head, 20, 4, "big")


def _gif(head: bytes) -> tuple[int, int]:
    return _number(head, 6, 2, "little"), _number(head, 8, 2, "little")


def _bmp(head: bytes) -> tuple[int, int]:
    """Windows' own form; a height above 2**31 is a negative one, of a picture from top to bottom."""
    height = _number(head, 22, 4, "little")
    return _number(head, 18, 4, "little"), min(height, (1 << 32) - height)


def _webp(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X" and len(head) >= 30:
        return _number(head, 24, 3, "little") + 1, _number(head, 27, 3, "little") + 1
    if kind == b"VP8L" and len(head) >= 25:
        bits = _number(head, 21, 4, "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return _number(head, 26, 2, "little") & 0x3FFF, _number(head, 28, 2, "little") & 0x3FFF
    return 0, 0


def _jpeg(head: bytes) -> tuple[int, int]:
    at = 2
    for _ in range(_MOST_SEGMENTS):
        while head[at : at + 2] == b"\xff\xff":
            at += 1
        if len(head) < at + 4 or head[at] != 0xFF:
            return 0, 0
        if head[at + 1] in _FRAMES:
            return _number(head, at + 7, 2, "big"), _number(head, at + 5, 2, "big")
        at += 2 + max(2, _number(head, at + 2, 2, "big"))
    return 0, 0


_Reader = Callable[[bytes], tuple[int, int]]

_READERS: Final[tuple[tuple[bytes, int, _Reader], ...]] = (
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", 0, _png),
    (b"GIF87a", 0, _gif),
    (b"GIF89a", 0, _gif),
    (b"\xff\xd8\xff", 0, _jpeg),
    (b"WEBP", 8, _webp),
    (b"BM", 0, _bmp),
)
