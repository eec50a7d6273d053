"""Answer what is asked of the store alone, online or not: a search, and all that is stored of a room."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Final

from chat_tui.requests.reading import event_row, find_room
from chat_tui.requests.values import Done, Note, Request, Row, Told
from chat_tui.strings import _, n_
from chat_tui_core.model import Gap, RoomEvent
from chat_tui_core.search_query import parse_query
from chat_tui_core.session import Session
from chat_tui_core.store import events as stored
from chat_tui_core.store.rooms import load_members
from chat_tui_core.store.search import find_messages

PAGE: Final = 500


async def search(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """What was said with these words, oldest of the newest `count` first. Raises LocalError for what is not understood."""
    query = parse_query(request.text, datetime.now().astimezone().tzinfo)  # type: ignore[arg-type]
    hits = await session.store.fetch(find_messages, query, request.count)
    for event in reversed(hits):
        room = session.rooms.get(event.room_id)
        yield Row({**event_row(session, event), "room": room.title if room else event.room_id})
    if len(hits) == request.count:
        yield Note(_("These are the newest {count}; -n shows more.").format(count=request.count))
    yield Done()


async def export(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Everything that is stored of a room, oldest first; a row with `gap` where something is missing."""
    room = find_room(session, request.room)
    order, missing = 0, 0
    names = {member.user_id: member.name for member in await session.store.fetch(load_members, room.room_id)}
    while True:
        page, gaps = await session.store.fetch(_page, room.room_id, order)
        for event in page:
            if any(order <= gap.after < event.order <= gap.before or gap.before == event.order for gap in gaps):
                missing += 1
                yield Row({"gap": True, "account": session.account.name, "room_id": room.room_id})
            order = event.order
            sender = {"sender_name": event.sender_name} if event.sender_name else {}
            yield Row({**event_row(session, event), **sender, **_more(event, names)})
        if len(page) < PAGE:
            break
    if missing:
        yield Note(
            n_(
                "One part of {title!r} is not stored here; scroll through it in the app first.",
                "{count} parts of {title!r} are not stored here; scroll through them in the app first.",
                missing,
            ).format(count=missing, title=room.title)
        )
    yield Done()


def _page(db: sqlite3.Connection, room_id: str, order: int) -> tuple[list[RoomEvent], list[Gap]]:
    return stored.events_after(db, room_id, order, PAGE), stored.gaps(db, room_id)


def _more(event: RoomEvent, names: Mapping[str, str]) -> dict[str, object]:
    """What history leaves out and an archive should not."""
    more: dict[str, object] = {}
    if event.file is not None:
        more["file"] = {"name": event.file.name, "size": event.file.size, "type": event.file.mime}
    if event.reactions:
        more["reactions"] = {one.key: list(one.users) for one in event.reactions}
    if event.edited_ts:
        more["edited"] = event.edited_ts
    if event.reply_to:
        more["reply_to"] = event.reply_to
    if event.target:
        more["target"] = event.target
        if name := names.get(event.target):
            more["target_name"] = name
    return more
