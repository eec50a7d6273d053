"""What is in a folder of this machine, in order, and where to begin looking; waits for the disk, so: for threads."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from chat_tui.strings import _
from chat_tui_core.safe_text import one_line
from chat_tui_core.values import frozen

__all__ = ["Entry", "Facts", "Folder", "Order", "facts_of", "known_places", "list_folder"]

MOST: Final = 200_000
"""Entries of a folder that are listed."""
PLACES: Final = ("Downloads", "Documents", "Pictures", "Desktop")
"""Folders below one's home that are offered where they exist."""

_NUMBERS: Final = re.compile(r"[0-9]{1,20}")

EntryKind = Literal["folder", "file", "other"]


class Order(StrEnum):
    """How a folder's files are ordered; folders always come first, by name."""

    NAME = "name"
    DATE = "date"
    SIZE = "size"


@frozen
class Facts:
    """Size in bytes and time of the last change, in seconds since 1970; `there` is False where the disk says no."""

    size: int = 0
    changed: float = 0.0
    there: bool = False


@frozen
class Entry:
    """One name in a folder. A link is what it leads to."""

    name: str
    kind: EntryKind
    link: bool = False
    facts: Facts | None = None
    """Known only where the order needed it."""

    @property
    def hidden(self) -> bool:
        """Whether people do not usually want to see it."""
        return self.name.startswith(".")


@frozen
class Folder:
    """A folder as it was read. `problem` is one sentence where it could not be; `more`: it has more than is listed."""

    path: Path
    entries: tuple[Entry, ...] = ()
    problem: str = ""
    more: bool = False


def list_folder(path: Path, order: Order = Order.NAME) -> Folder:
    """Read a folder: names only, unless the order needs more. Never raises for what the disk says."""
    found: list[Entry] = []
    more = False
    try:
        with os.scandir(path) as names:
            for entry in names:
                if len(found) >= MOST:
                    more = True
                    break
                found.append(_entry(entry, order))
    except OSError as error:
        return Folder(
            path, problem=_("{folder} cannot be read ({why}).").format(folder=_shown(path), why=error.strerror)
        )
    return Folder(path, tuple(_sorted(found, order)), more=more)


def _entry(entry: os.DirEntry[str], order: Order) -> Entry:
    kind: EntryKind = "other"
    link = False
    try:
        link = entry.is_symlink()
        kind = "folder" if entry.is_dir() else "file" if entry.is_file() else "other"
        if order is not Order.NAME and kind == "file":
            found = entry.stat()
            return Entry(entry.name, kind, link, Facts(found.st_size, found.st_mtime, there=True))
    except OSError:
        pass
    return Entry(entry.name, kind, link)


def _sorted(entries: list[Entry], order: Order) -> list[Entry]:
    """Folders first. The keys are texts and numbers, quick to compare: nothing else runs while a list is sorted."""
    entries.sort(key=_by_name)
    if order is not Order.NAME:
        entries.sort(key=_by_size if order is Order.SIZE else _by_date)
    return entries


def _by_name(entry: Entry) -> str:
    """As people count: 2 before 10."""
    name = _NUMBERS.sub(_padded, entry.name.casefold())
    return f"{entry.kind != 'folder':d}{name}\0{entry.name}"


def _padded(number: re.Match[str]) -> str:
    return number[0].lstrip("0").rjust(20, "0")


def _by_date(entry: Entry) -> float:
    return -float("inf") if entry.kind == "folder" else -(entry.facts.changed if entry.facts else 0.0)


def _by_size(entry: Entry) -> float:
    return -float("inf") if entry.kind == "folder" else -(entry.facts.size if entry.facts else 0)


def facts_of(folder: Path, names: Iterable[str]) -> dict[str, Facts]:
    """Size and time of some of a folder's entries."""
    facts = {}
    for name in names:
        try:
            found = (folder / name).stat()
        except OSError:
            facts[name] = Facts()
        else:
            size = found.st_size if stat.S_ISREG(found.st_mode) else 0
            facts[name] = Facts(size, found.st_mtime, there=True)
    return facts


def known_places(pinned: Sequence[str], used: Iterable[str]) -> list[tuple[Path, bool]]:
    """(folder, it is pinned) of the folders to offer: pinned ones, the usual ones, those used lately; only what exists."""
    home = Path.home()
    wanted = [(Path(path), True) for path in pinned]
    wanted += [(home, False), *((home / name, False) for name in PLACES)]
    wanted += [(Path(path), False) for path in used]
    found: dict[Path, bool] = {}
    for path, pin in wanted:
        if path not in found and path.is_absolute() and os.path.isdir(path):  # noqa: PTH112 - never raises
            found[path] = pin
    return list(found.items())


def _shown(path: Path) -> str:
    return one_line((path.name or str(path)).encode("utf-8", "replace").decode(), 60)
