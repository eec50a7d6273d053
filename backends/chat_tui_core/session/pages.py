"""What open rooms read of the store: lines with the gaps between them, each page of one moment."""

from __future__ import annotations

import sqlite3

from chat_tui_core.model import Gap, RoomEvent
from chat_tui_core.store import events as stored


def edge(db: sqlite3.Connection, room_id: str, before: int) -> tuple[int, str]:
    """Where the nearest gap at or before an order ends, and its token; the order itself where gaps have no tokens."""
    gaps = [gap for gap in stored.gaps(db, room_id) if gap.before <= before and gap.token]
    return (gaps[-1].before, gaps[-1].token) if gaps else (before, "")


def first_page(db: sqlite3.Connection, room_id: str, count: int) -> tuple[list[RoomEvent], list[Gap]]:
    """The newest lines, and the gaps."""
    return stored.newest_events(db, room_id, count), stored.gaps(db, room_id)


def page_around(
    db: sqlite3.Connection, room_id: str, order: int, count: int
) -> tuple[list[RoomEvent], list[Gap], int, int]:
    """`count` lines from an order on and two thirds of that before it; the gaps, the newest order, the first (`first_order`).

    All of one moment.
    """
    lowest, newest = stored.bounds(db, room_id)
    before = stored.events_before(db, room_id, order, count * 2 // 3) if order > lowest else []
    page = before + stored.events_after(db, room_id, order - 1, count)
    return page, stored.gaps(db, room_id), newest, lowest if stored.room_start(db, room_id) else -1


def oldest_page(
    db: sqlite3.Connection, room_id: str, before: int, count: int
) -> tuple[list[RoomEvent], list[Gap], int, int] | None:
    """What `page_around` gives for the oldest stored line; None where there is none before an order."""
    lowest = stored.lowest(db, room_id)
    return page_around(db, room_id, lowest, count) if 0 < lowest < before else None


def first_order(db: sqlite3.Connection, room_id: str) -> int:
    """The order of the room's first line, 0 for a room without any; below 0 where the first one is not known."""
    return stored.lowest(db, room_id) if stored.room_start(db, room_id) else -1


def newer_page(db: sqlite3.Connection, room_id: str, order: int, count: int) -> tuple[list[RoomEvent], list[Gap]]:
    """The lines next after an order, and the gaps."""
    return stored.events_after(db, room_id, order, count), stored.gaps(db, room_id)


def stored_place(db: sqlite3.Connection, room_id: str, event_id: str, ts: int) -> int:
    """Where an event, or the first one at or after a time, is stored; 0 where that is not known for sure."""
    if event_id:
        event = stored.event_by_id(db, room_id, event_id)
        return event.order if event else 0
    order = stored.first_since(db, room_id, ts)
    known = order and not any(gap.before == order for gap in stored.gaps(db, room_id))
    return order if known else 0


def known_page(
    db: sqlite3.Connection, room_id: str, before: int, count: int
) -> tuple[list[RoomEvent], list[Gap], bool]:
    """A page, the gaps, and whether the room's start is known: all of one moment."""
    return *older_page(db, room_id, before, count), stored.room_start(db, room_id)


def older_page(db: sqlite3.Connection, room_id: str, before: int, count: int) -> tuple[list[RoomEvent], list[Gap]]:
    """The lines next before an order (0: the newest), and the gaps."""
    if not before:
        return first_page(db, room_id, count)
    return stored.events_before(db, room_id, before, count), stored.gaps(db, room_id)
