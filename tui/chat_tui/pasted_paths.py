"""Which files a pasted or dropped text names: terminals write paths plain, quoted, escaped or as file:// addresses."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

__all__ = ["files_in", "home_path", "looks_like_files", "named_path", "readings"]

LONGEST: Final = 16_000
"""Characters of a text that may name files."""
MOST: Final = 50
"""Files that one text may name."""
_STARTS: Final = ("/", "~/", "file://", "'/", '"/', "'~/", '"~/', "'file://", '"file://')
_NEVER: Final = frozenset("\0\x1b")


def looks_like_files(text: str) -> bool:
    """Whether a text may name files at all: told at once, without a look at the disk."""
    return len(text) <= LONGEST and text.strip().startswith(_STARTS) and not _NEVER & set(text)


def readings(text: str) -> Iterator[tuple[Path, ...]]:
    """What paths a text may stand for, the likeliest reading first: by line as they are, then as a shell reads words."""
    if not looks_like_files(text):
        return
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    for pieces in (lines, _words(text)):
        paths = [_path(piece) for piece in pieces]
        found = tuple(path for path in paths if path is not None)
        if found and len(found) == len(paths) <= MOST:
            yield found


def files_in(text: str) -> list[Path]:
    """The files that a text names if it names nothing else, and all of them are there; waits for the disk."""
    for paths in readings(text):
        if all(os.path.isfile(path) for path in paths):  # noqa: PTH113 - never raises
            return list(dict.fromkeys(paths))
    return []


def named_path(text: str) -> Path:
    """The path that somebody typed: with or without quotes, escapes, `~`, or as an address; seen from where we are."""
    for paths in readings(text):
        if len(paths) == 1 and os.path.exists(paths[0]):  # noqa: PTH110 - never raises
            return paths[0]
    plain = text.strip()
    if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\"":
        plain = plain[1:-1]
    return home_path(plain.replace("\0", "")).absolute()


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _path(piece: str) -> Path | None:
    """The path of a word; None for what is none, such as an address on another machine."""
    if piece.startswith("file://"):
        parts = urlsplit(piece)
        if parts.netloc not in {"", "localhost"}:
            return None
        name = unquote_to_bytes(parts.path)
        return Path(os.fsdecode(name)) if name.startswith(b"/") and b"\0" not in name else None
    return home_path(piece) if piece.startswith(("/", "~/")) else None


def home_path(text: str) -> Path:
    """A path as it is typed, `~` being one's home."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # a home folder that nobody has
        return Path(text)
