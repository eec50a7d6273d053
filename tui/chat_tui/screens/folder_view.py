"""Which folder a dialog shows and which of its entries: read aside, narrowed by what is typed, in the order wanted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from chat_tui.aside import aside
from chat_tui.folders import Entry, Folder, Order, list_folder
from chat_tui.widgets.folder_list import FolderList
from chat_tui.widgets.fuzzy import NameIndex
from chat_tui_core.session import Session
from chat_tui_core.store import meta

__all__ = ["FolderView", "pinned_places", "set_pinned"]

FOUND: Final = 2_000
"""Entries that are listed at most for what was typed."""
MOST_PINNED: Final = 20
_PINNED: Final = "pinned_places"


class FolderView:
    """Keeps a folder list true. `told` is called when there is something else to say of the folder."""

    def __init__(self, shown: FolderList, told: Callable[[], None], *, only_folders: bool, head: str) -> None:
        self._shown = shown
        self._told = told
        self._only_folders = only_folders
        self._head = head
        self.path = Path.home()
        self.wanted = self.path
        """The folder that is being read, else the one that is shown."""
        self.hidden = False
        self.order = Order.NAME
        self.reading = False
        self.problem = ""
        self.more = False
        self.query = ""
        self._folder = Folder(self.path)
        self._entries: Sequence[Entry] = ()
        self._names = NameIndex(())
        self._asked = 0
        self._read = asyncio.Event()

    @property
    def counts(self) -> tuple[int, int]:
        """How many entries are listed, and how many there are to be listed."""
        return len(self._shown.entries), len(self._entries)

    async def go(self, path: Path, at: str = "") -> bool:
        """Show another folder, or the same one anew, the cursor on the entry `at`; False when it cannot be read."""
        self._asked += 1
        asked, self.reading, self.wanted = self._asked, True, path
        self._read.clear()
        self._told()
        folder = await aside(list_folder, path, self.order)
        if asked != self._asked:
            return False
        self.problem = folder.problem
        if folder.problem:
            self._list("")
        else:
            self._folder, self.path, self.more = folder, path, folder.more
            await self._prepare(at)
        if asked == self._asked:
            self.reading, self.wanted = False, self.path
            self._read.set()
            self._told()
        return not folder.problem

    async def settled(self) -> bool:
        """Wait until the folder that was wanted last is shown; False when it could not be read."""
        await self._read.wait()
        return not self.problem

    async def show_hidden(self) -> None:
        """Show hidden entries, or hide them again."""
        self.hidden = not self.hidden
        await self._prepare(self._at())
        self._told()

    async def next_order(self) -> None:
        """Order by the next property."""
        orders = list(Order)
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]
        await self.go(self.path, self._at())

    def narrow(self, query: str) -> None:
        """List only what fits."""
        if query != self.query:
            self.query = query
            self._list("")
            self._told()

    async def _prepare(self, at: str) -> None:
        asked = self._asked
        entries, names = await aside(_visible, self._folder, self.hidden, self._only_folders)
        if asked == self._asked:
            self._entries, self._names = entries, names
            self._list(at)

    def _list(self, at: str) -> None:
        entries, query = self._entries, self.query.strip()
        if query:
            entries = [entries[index] for index in self._names.rank(query, FOUND)]
        self._shown.show_folder(self.path, entries, "" if query else self._head, at)

    def _at(self) -> str:
        chosen = self._shown.chosen()
        return chosen.name if chosen is not None else ""


def _visible(folder: Folder, hidden: bool, only_folders: bool) -> tuple[Sequence[Entry], NameIndex]:
    fitting = folder.entries
    if not hidden or only_folders:
        fitting = tuple(
            one for one in fitting if (hidden or not one.hidden) and (one.kind == "folder" or not only_folders)
        )
    return fitting, NameIndex(one.name for one in fitting)


# ---------------------------------------------------------------- pins


def pinned_places(session: Session) -> list[str]:
    """The folders that the person has pinned, in the order in which they did."""
    try:
        found = json.loads(session.store.read(meta.get_meta, _PINNED) or "[]")
    except ValueError:
        return []
    return [path for path in found if isinstance(path, str)][:MOST_PINNED] if isinstance(found, list) else []


async def set_pinned(session: Session, path: Path) -> list[str]:
    """Pin a folder, or take the pin out; gives those that are pinned then."""
    pinned, name = pinned_places(session), str(path)
    pinned = [one for one in pinned if one != name] if name in pinned else [*pinned, name][-MOST_PINNED:]
    await session.store.write(meta.set_meta, _PINNED, json.dumps(pinned))
    return pinned
