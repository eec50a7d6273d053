"""What LSFILES lists: what can be had now, also what was offered while nobody listened, and who gets our files (wschat 3.9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from chat_tui_core.file_news import FileNews, FileOffered, OffersListed, RecipientMoved
from chat_tui_core.transfers import State
from chat_tui_wschat.grammar import FID, channel_name_ok
from chat_tui_wschat.protocol_fields import Data, entries, flag, identifier, named, text, whole
from chat_tui_wschat.protocol_timeline import Timeline

MOST: Final = 1_000
"""Entries that are taken of a list; an older file can still be fetched by its message."""

_STATES: Final[Mapping[str, State]] = {
    "open": State.ACCEPTED,
    "done": State.COMPLETE,
    "cancelled": State.CANCELLED,
    "failed": State.FAILED,
}


@dataclass(slots=True)
class FileList:
    """The pages of one list on their way, the newest file first; `done`: nothing more is awaited."""

    done: bool = False
    _found: dict[str, list[FileNews]] = field(default_factory=dict)
    _offered: set[str] = field(default_factory=set)
    _over: set[str] = field(default_factory=set)

    def offered(self, ref: str) -> None:
        """A file was offered while the list was on its way."""
        self._offered.add(ref)

    def ended(self, ref: str) -> None:
        """A file ended while the list was on its way."""
        self._over.add(ref)

    def take(self, data: Data, timeline: Timeline, me: str) -> tuple[list[FileNews], str]:
        """Take a page: gives the id to list before, or after the last page all that was listed, the oldest file first."""
        known, last = len(self._found), ""
        for item in entries(data, "files"):
            offer = _offer(item, timeline)
            if offer is not None:
                last = offer.file.ref
                self._found[last] = _recipients(last, item) if offer.sender == me else [offer]
        more = flag(data, "more")
        if more and known < len(self._found) < MOST:
            return [], last
        self.done = True
        news = [each for ref, found in reversed(self._found.items()) if ref not in self._over for each in found]
        if not more:
            news.append(OffersListed(frozenset(self._found) | self._offered))
        return news, ""


def _offer(item: object, timeline: Timeline) -> FileOffered | None:
    """Give one entry of the list, None when it is none."""
    if not isinstance(item, dict):
        return None
    room_id = named(item, "channel")
    event = timeline.item(room_id, "file", "OFFER", item) if channel_name_ok(room_id) else None
    if event is None or event.file is None or not FID.ok(event.file.ref):
        return None
    return FileOffered(room_id, event.event_id, event.sender, event.file)


def _recipients(ref: str, item: object) -> list[FileNews]:
    return list(recipients(ref, item)) if isinstance(item, Mapping) else []


def recipients(ref: str, data: Data) -> list[RecipientMoved]:
    """Give who gets a file of ours, and how far they are, by the key `recipients` of an answer."""
    return [found for item in entries(data, "recipients") if (found := _recipient(ref, item)) is not None]


def _recipient(ref: str, item: object) -> RecipientMoved | None:
    if not isinstance(item, Mapping):
        return None
    xid, user, state = named(item, "xid"), identifier(item.get("by")), _STATES.get(text(item, "state", 16))
    return RecipientMoved(ref, xid, user, state, whole(item, "bytes")) if xid and user and state else None
