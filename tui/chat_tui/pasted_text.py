"""What can be made of a pasted text: how long it is, a block of code, a file that can be sent; the file waits for the disk."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

from chat_tui.strings import _
from chat_tui_core.durable import sync_file
from chat_tui_core.errors import LocalError

__all__ = ["FOLDER", "NAME", "as_code", "keep_text", "line_count"]

FOLDER: Final = "pasted"
NAME: Final = "pasted.txt"
KEPT: Final = 30 * 86_400.0
"""Seconds for which the file is kept: it is read from there until the server has it."""
_FENCES: Final = re.compile("`{3,}")


def line_count(text: str) -> int:
    """How many lines a text has; a line end at its end begins no other one."""
    return len(text.splitlines())


def as_code(text: str, before: str, after: str) -> str:
    """The text as a block of code that stands between these two, on lines of its own."""
    fence = "`" * (max((len(found) for found in _FENCES.findall(text)), default=2) + 1)
    begin = "" if not before or before.endswith("\n") else "\n"
    end = "" if not after or after.startswith("\n") else "\n"
    return f"{begin}{fence}\n{text.strip(chr(10))}\n{fence}{end}"


def keep_text(root: Path, text: str) -> Path:
    """Write a text into a file of its own below an account's folder and give its path; for a thread. Raises LocalError."""
    above = root / FOLDER
    try:
        above.mkdir(mode=0o700, exist_ok=True)
        _drop_old(above)
        path = Path(tempfile.mkdtemp(dir=above)) / NAME
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            sync_file(fd)
    except OSError as error:
        raise LocalError(
            _("The text cannot be put into a file in {folder} ({why}).").format(folder=above, why=error.strerror)
        ) from error
    return path


def _drop_old(above: Path) -> None:
    """Delete what was pasted long ago: it is sent by now, or will never be."""
    for folder in above.iterdir():
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < time.time() - KEPT:
                shutil.rmtree(folder, ignore_errors=True)
