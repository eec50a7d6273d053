"""What news do to threads: what the server says of one is kept; answers that lie in holes are shown, and not stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.session.ingest_history import clean_event
from chat_tui_core.session.ingest_state import Batch
from chat_tui_core.store import ahead, threads
from chat_tui_core.store import events as stored_events
from chat_tui_core.threads import ThreadGiven, ThreadTold, place_of

_MOST: Final = 1 << 31
_LATEST_MS: Final = 1 << 53


def told(batch: Batch, news: ThreadTold) -> None:
    """The server says how much was said in a thread."""
    if news.root and 0 < news.answers < _MOST and 0 <= news.last_ts < _LATEST_MS:
        threads.set_told(batch.db, news)


def given(batch: Batch, news: ThreadGiven) -> None:
    """A thread from the server. A hole of the room must stay one: what lies in it is not stored.

    Such events get places in the hole, before the next one that is stored, so that all of the thread has one order.
    What is newer than all that is stored comes with the stream, and is left to it.
    """
    gaps = stored_events.gaps(batch.db, news.room_id)
    limit = gaps[-1].before if gaps else 0
    placed: list[RoomEvent] = []
    for event in reversed([clean_event(batch, event) for event in news.events if event.room_id == news.room_id]):
        known = stored_events.event_by_id(batch.db, event.room_id, event.event_id)
        if known is not None:
            limit = known.order
            placed.append(known)
        elif limit and news.root in {event.thread, event.event_id}:
            limit -= 1
            placed.append(replace(ahead.as_known(batch.db, event), order=limit))
    said = [event for event in news.events if event.thread == news.root and event.kind is not EventKind.REDACTED]
    told(batch, ThreadTold(news.room_id, news.root, len(said), max((event.ts for event in said), default=0)))
    batch.out.threads[place_of(news.room_id, news.root)] = placed[::-1]
