"""Say on the own messages of the open room who has read them, where its newest ones are loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from chat_tui_core.store.rooms import load_reads

if TYPE_CHECKING:
    from chat_tui.screens.paging import Parts
    from chat_tui.widgets.room_source import RoomSource
    from chat_tui_core.session import Session

__all__ = ["Readers"]


class Readers:
    """`source` gives what is open; None while that is a thread, or ends before the room does."""

    def __init__(self, session: Session, parts: Parts, source: Callable[[], RoomSource | None]) -> None:
        self._session = session
        self._parts = parts
        self._source = source
        self.wanted = True
        """Whether the person wants to see it."""

    def want(self, *, wanted: bool) -> None:
        """See it from now on, or no longer."""
        self.wanted = wanted
        if (source := self._source()) is not None:
            source.seen.hide()
            self.shown()
            self._paint(source)

    def shown(self) -> None:
        """Other lines of the room are loaded: what is stored holds for them, once the newest ones are there."""
        source = self._source()
        if source is None or source.seen.told or not self.wanted:
            return
        first = next((item.event for item in source.items() if item.event is not None), None)
        if first is not None:
            source.seen.read(self._session.store.read(load_reads, first.room_id, first.order))
            self._paint(source)

    def moved(self, positions: Mapping[str, int]) -> None:
        """People have read so far, by their ids."""
        source = self._source()
        if source is not None and source.seen.told:
            source.seen.read(positions)
            self._paint(source)

    def _paint(self, source: RoomSource) -> None:
        for position in source.seen_anew():
            self._parts.timeline.changed(position)
