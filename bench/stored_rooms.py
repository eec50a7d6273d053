"""Make a store with rooms of any number of messages, or with any number of rooms, batch by batch."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from bench.stored_account import text
from chat_tui_core.model import EventKind, Membership, Room, RoomEvent, RoomKind, RoomTag
from chat_tui_core.store import Store, events, gaps, rooms

SAID_EVERY_MS: Final = 60_000
SAID_FROM: Final = 1_000_000_000_000
BATCH: Final = 10_000
_TEXTS: Final = 2_000  # different ones; making up a million would take longer than storing them


def room_of(count: int) -> str:
    """The id of the room of so many messages."""
    return f"of-{count:07}"


def said_at(order: int) -> int:
    """When the message with this order was said: milliseconds since 1970."""
    return SAID_FROM + SAID_EVERY_MS * order


def lines(room_id: str, count: int) -> Iterator[RoomEvent]:
    """The messages of a room, oldest first: forty people who talk."""
    chance = random.Random(3)
    texts = [text(chance) for _ in range(_TEXTS)]
    for order in range(1, count + 1):
        sender, said = f"user{chance.randrange(40)}", chance.choice(texts)
        yield RoomEvent(room_id, f"{room_id}-{order}", order, EventKind.MESSAGE, sender, said_at(order), said)


def fill_long(path: Path, counts: Sequence[int]) -> None:
    """Store a room of each of these numbers of messages."""
    store = Store.open(path)
    try:
        for count in counts:
            room_id, said, last = room_of(count), lines(room_of(count), count), None
            while batch := list(islice(said, BATCH)):
                store.write_now(events.insert_events, batch)
                last = batch[-1]
            if last is not None:
                store.write_now(rooms.save_rooms, [_room(room_id, last)])
            store.write_now(gaps.set_room_start, room_id, True)
    finally:
        store.close_now()


def _room(room_id: str, last: RoomEvent) -> Room:
    return Room(
        room_id,
        members=40,
        head=last.order,
        read=last.order,
        last_ts=last.ts,
        last_sender=last.sender,
        last_text=last.text,
    )


def many_rooms(count: int) -> list[Room]:
    """Rooms as somebody has them who never leaves one: of all sections, some unread, some muted."""
    chance = random.Random(4)
    words = ("general", "ops", "random", "dev", "music", "überblick", "日本語", "support", "release", "travel")
    kinds = (RoomKind.PUBLIC, RoomKind.PUBLIC, RoomKind.PRIVATE, RoomKind.DIRECT)
    return [
        Room(
            f"!{number:05}:bench",
            name=f"{chance.choice(words)}-{chance.choice(words)}-{number}",
            topic=text(chance),
            kind=chance.choice(kinds),
            membership=Membership.INVITED if number % 5_000 == 7 else Membership.JOINED,
            members=chance.randrange(2, 500),
            unread=chance.choice((0, 0, 0, 3, 120)),
            mentions=1 if number % 100 == 3 else 0,
            last_ts=SAID_FROM + 1000 * chance.randrange(10_000_000),
            last_sender=f"user{chance.randrange(40)}",
            last_text=text(chance),
            tag=RoomTag.FAVOURITE if number % 2_000 == 1 else RoomTag.LOW if number % 20 == 2 else RoomTag.NONE,
            muted=number % 15 == 5,
        )
        for number in range(count)
    ]


def fill_many(path: Path, count: int) -> None:
    """Store so many rooms; nothing of what was said in them."""
    store = Store.open(path)
    try:
        store.write_now(rooms.save_rooms, many_rooms(count))
    finally:
        store.close_now()
