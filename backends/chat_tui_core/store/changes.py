"""Changes stored events: edits, redactions, reactions, and a second report of a known event."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Final

from chat_tui_core.model import EventKind, Reaction, RoomEvent
from chat_tui_core.store.event_rows import find_event, update_event

#: One event shows no more different keys than this; further ones are not stored.
MAX_KEYS: Final = 200


def apply_edit(  # noqa: PLR0917
    db: sqlite3.Connection, room_id: str, event_id: str, order: int, text: str, ts: int, by: str = ""
) -> RoomEvent | None:
    """Set an event's text as its author changed it at `ts`; the changed event, or None if nothing changed.

    An older edit never replaces a newer one, nothing brings back what was redacted, and where `by` is told only the
    event's own sender may edit it.
    """
    event = find_event(db, room_id, event_id, order)
    if event is None or event.kind is EventKind.REDACTED or ts < event.edited_ts or (by and by != event.sender):
        return None
    return _store(db, event, replace(event, text=text, edited_ts=ts))


def apply_redaction(db: sqlite3.Connection, room_id: str, event_id: str, order: int) -> RoomEvent | None:
    """Empty a deleted event, its place stays; the changed event, or None if nothing changed."""
    event = find_event(db, room_id, event_id, order)
    return None if event is None else _store(db, event, redacted(event))


def apply_reaction(  # noqa: PLR0917
    db: sqlite3.Connection, room_id: str, event_id: str, order: int, by: str, key: str, removed: bool
) -> RoomEvent | None:
    """Set or remove one person's reaction; the changed event, or None if nothing changed. Twice is once."""
    event = find_event(db, room_id, event_id, order)
    if event is None or event.kind is EventKind.REDACTED:
        return None
    change = _without if removed else with_reaction
    return _store(db, event, replace(event, reactions=change(event.reactions, by, key)))


def redacted(event: RoomEvent) -> RoomEvent:
    """What stays of a deleted event."""
    return replace(event, kind=EventKind.REDACTED, text="", edited_ts=0, reactions=(), file=None)


def merged(stored: RoomEvent, event: RoomEvent) -> RoomEvent:
    """One event out of two reports of it: the first place, the later edit, any redaction, and what only one knows."""
    latest = event if event.edited_ts >= stored.edited_ts else stored
    both = replace(
        event,
        event_id=stored.event_id or event.event_id,
        order=stored.order,
        text=latest.text,
        edited_ts=latest.edited_ts,
        sender_name=stored.sender_name or event.sender_name,
        target=event.target or stored.target,
        reply_to=event.reply_to or stored.reply_to,
        reactions=event.reactions or stored.reactions,
        action_id=stored.action_id or event.action_id,
        thread=event.thread or stored.thread,
        file=event.file or stored.file,
        action_made=0,
        names_me=stored.names_me if event.names_me is None else event.names_me,
    )
    return redacted(both) if EventKind.REDACTED in {stored.kind, event.kind} else both


def _store(db: sqlite3.Connection, event: RoomEvent, changed: RoomEvent) -> RoomEvent | None:
    if changed == event:
        return None
    update_event(db, changed)
    return changed


def with_reaction(reactions: tuple[Reaction, ...], by: str, key: str) -> tuple[Reaction, ...]:
    """The reactions with one more; twice is once."""
    for index, one in enumerate(reactions):
        if one.key == key:
            users = one.users if by in one.users else (*one.users, by)
            return (*reactions[:index], Reaction(key, users), *reactions[index + 1 :])
    return (*reactions, Reaction(key, (by,))) if len(reactions) < MAX_KEYS else reactions


def _without(reactions: tuple[Reaction, ...], by: str, key: str) -> tuple[Reaction, ...]:
    left = (
        Reaction(one.key, tuple(user for user in one.users if user != by)) if one.key == key else one
        for one in reactions
    )
    return tuple(one for one in left if one.users)
