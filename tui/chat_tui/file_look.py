"""A first look at a file: its type, the beginning of a text, an image as half blocks; for threads, and never in full."""

from __future__ import annotations

import mimetypes
import os
import stat
from pathlib import Path
from typing import Final

from chat_tui.image_size import HEAD, image_size
from chat_tui_core.safe_text import one_line
from chat_tui_core.values import frozen

__all__ = ["Cell", "FileLook", "Rgb", "look_at"]

TEXT: Final = 8 << 10
"""Bytes of a text that are shown at most."""
MOST_PIXELS: Final = 40_000_000
MOST_BYTES: Final = 64 << 20
"""A larger image is told of, not drawn: it might be made to fill the memory."""
DECODED: Final = frozenset({"PNG", "JPEG", "GIF", "WebP", "BMP"})

Rgb = tuple[int, int, int]
Cell = tuple[Rgb, Rgb]
"""The colours of the upper and of the lower half of a cell."""


@frozen
class FileLook:
    """What there is to see of a file: a line about it, and the beginning of its text or its picture."""

    about: str = ""
    text: str = ""
    cells: tuple[tuple[Cell, ...], ...] = ()


def look_at(path: Path, width: int, height: int) -> FileLook:
    """Look at a file; a picture fits into so many cells. Never raises for what the disk or the file says."""
    try:
        size, head = _head(path)
    except OSError as error:
        return FileLook(f"cannot be read ({error.strerror})")
    if size < 0:
        return FileLook(head.decode())
    if (image := image_size(head)) is not None:
        return _image(path, image, size, width, height)
    mime = mimetypes.guess_type(path.name, strict=False)[0] or ""
    if not head:
        return FileLook("empty")
    text = _text(head[:TEXT])
    return FileLook(one_line(mime, 60) or ("text" if text else "data"), text)


def _head(path: Path) -> tuple[int, bytes]:
    """Size and beginning of a file; -1 for what is none, and what it is. A pipe makes nobody wait. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            return -1, b"folder" if stat.S_ISDIR(found.st_mode) else b"no file"
        return found.st_size, os.pread(fd, HEAD, 0)
    finally:
        os.close(fd)


def _text(head: bytes) -> str:
    """The beginning of a text; empty for what is none."""
    if b"\0" in head:
        return ""
    try:
        return head.decode()
    except UnicodeDecodeError as error:
        return head[: error.start].decode() if error.start >= len(head) - 3 and len(head) == TEXT else ""


def _image(path: Path, image: tuple[str, int, int], size: int, width: int, height: int) -> FileLook:
    name, across, down = image
    about = f"{name} {across} × {down}"
    if across * down > MOST_PIXELS or size > MOST_BYTES:
        return FileLook(f"{about}, too large to draw")
    try:
        from PIL import Image
    except ImportError:
        return FileLook(about)
    try:
        with Image.open(path, formats=[one.upper() for one in DECODED]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return FileLook(f"{about}, too large to draw")
            picture.thumbnail((max(1, width), max(2, height * 2)))
            small = picture.convert("RGBA")
            return FileLook(about, cells=_half_blocks(small.size, small.tobytes()))
    except Exception:  # noqa: BLE001 - what a broken picture makes a decoder raise is in no list
        return FileLook(f"{about}, cannot be drawn")


def _half_blocks(size: tuple[int, int], data: bytes) -> tuple[tuple[Cell, ...], ...]:
    """Two rows of pixels a row of cells; what is transparent is white paper."""
    across, down = size

    def pixel(x: int, y: int) -> Rgb:
        y = min(y, down - 1)  # an odd last row fills its cell
        red, green, blue, alpha = data[(y * across + x) * 4 : (y * across + x) * 4 + 4]
        paper = 255 - alpha
        return (red * alpha // 255 + paper, green * alpha // 255 + paper, blue * alpha // 255 + paper)

    return tuple(tuple((pixel(x, y), pixel(x, y + 1)) for x in range(across)) for y in range(0, down, 2))
