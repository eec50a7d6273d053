"""A first look at a file: its type, the beginning of a text, an image as half blocks; for threads, and never in full."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import BinaryIO, Final

from chat_tui.image_size import HEAD, image_size
from chat_tui.small_image import CHOSEN, Cell, Undrawn, half_blocks, opened, shrink
from chat_tui.strings import _
from chat_tui_core.safe_text import one_line
from chat_tui_core.values import frozen

__all__ = ["FileLook", "look_at"]

TEXT: Final = 8 << 10
"""Bytes of a text that are shown at most."""


@frozen
class FileLook:
    """What there is to see of a file: a line about it, and the beginning of its text or its picture."""

    about: str = ""
    text: str = ""
    cells: tuple[tuple[Cell, ...], ...] = ()


def look_at(path: Path, width: int, height: int) -> FileLook:
    """Look at a file; a picture fits into so many cells. Never raises for what the disk or the file says."""
    try:
        file, size = opened(path)
        with file:
            return _look(path, file, size, width, height)
    except OSError as error:
        return FileLook(_("cannot be read ({reason})").format(reason=error.strerror))
    except Undrawn as why:
        return FileLook(str(why))


def _look(path: Path, file: BinaryIO, size: int, width: int, height: int) -> FileLook:
    """Raises OSError, Undrawn."""
    head = file.read(HEAD)
    if image_size(head) is not None:
        file.seek(0)
        small = shrink(file, size, width, height * 2, CHOSEN)
        return FileLook(small.about, cells=half_blocks(small))
    mime = mimetypes.guess_type(path.name, strict=False)[0] or ""
    if not head:
        return FileLook(_("empty"))
    text = _text(head[:TEXT])
    return FileLook(one_line(mime, 60) or (_("text") if text else _("data")), text)


def _text(head: bytes) -> str:
    """The beginning of a text; empty for what is none."""
    if b"\0" in head:
        return ""
    try:
        return head.decode()
    except UnicodeDecodeError as error:
        return head[: error.start].decode() if error.start >= len(head) - 3 and len(head) == TEXT else ""
