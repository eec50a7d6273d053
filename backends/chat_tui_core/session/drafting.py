"""Keep what is being typed: at most a third of a second of it is ever only in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from chat_tui_core.errors import StoreError
from chat_tui_core.store import Store
from chat_tui_core.store import drafts as stored
from chat_tui_core.store.drafts import Draft

DELAY: Final = 0.25
RETRY_DELAY: Final = 2.0


class Drafting:
    """Drafts by room, written a moment after the last key. A store that refuses is tried again."""

    def __init__(self, store: Store, complain: Callable[[str], None]) -> None:
        self._store = store
        self._complain = complain
        self._drafts = dict(store.read(stored.load_drafts))
        self._unsaved: dict[str, Draft] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._saving: asyncio.Task[None] | None = None
        self.drafts: Mapping[str, Draft] = MappingProxyType(self._drafts)

    def keep(self, draft: Draft) -> None:
        """Take the newest state of a room's composer."""
        self._drafts[draft.room_id] = draft
        self._unsaved[draft.room_id] = draft
        self._later(DELAY)

    async def close(self) -> None:
        """Write what is not written yet; raises StoreError."""
        if self._timer is not None:
            self._timer.cancel()
        if self._saving is not None:
            await self._saving
        await self._save_all()

    def _later(self, delay: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(delay, self._start)

    def _start(self) -> None:
        self._timer = None
        self._saving = asyncio.get_running_loop().create_task(self._save())

    async def _save(self) -> None:
        try:
            await self._save_all()
        except StoreError as error:
            self._complain(f"{error} What you type is kept here until it can be stored.")
            self._later(RETRY_DELAY)

    async def _save_all(self) -> None:
        for room_id, draft in tuple(self._unsaved.items()):
            await self._store.write(stored.save_draft, draft)
            if self._unsaved.get(room_id) is draft:
                del self._unsaved[room_id]
