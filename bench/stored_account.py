"""Make a data folder with an account in it, and rooms and messages that look like a long life of chatting."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from chat_tui_core.accounts import DataFolder
from chat_tui_core.contract import SeedLine
from chat_tui_core.model import Account, EventKind, Room, RoomEvent
from chat_tui_core.store import Store, events, gaps, rooms

ACCOUNT: Final = Account("bench", "wschat", "ws://127.0.0.1:1", "ada", "benchdevice")
"""Nobody listens at its address: what is shown is what is stored."""
SAID_IN: Final = 1_700_000_000_000
_WORDS: Final = (
    "the a of and to in is that it was for on are with as at be this have from or one had by word but not what all "
    "were we when your can said there use an each which she do how their if will up other about out many then them "
    "größer naïve café 日本語 🙂 https://chat.example/a/b *bold* `code` "
)


def text(chance: random.Random) -> str:
    """A message of 3 to 40 words, some of them not English, some marked up."""
    return " ".join(chance.choices(_WORDS.split(), k=chance.choice((3, 5, 8, 8, 12, 20, 40))))


def _lines(room_id: str, count: int, start: int, chance: random.Random) -> Iterator[RoomEvent]:
    for order in range(1, count + 1):
        sender = f"user{chance.randrange(40)}"
        yield RoomEvent(
            room_id, f"{room_id}-{order}", order, EventKind.MESSAGE, sender, start + 60_000 * order, text(chance)
        )


def talk(count: int) -> tuple[SeedLine, ...]:
    """A room's history for a server: two people who talk."""
    chance = random.Random(2)
    return tuple(SeedLine(chance.choice(("ada", "bob")), SAID_IN + 60_000 * at, text(chance)) for at in range(count))


def fill(root: Path, room_count: int, lines_each: int, account: Account = ACCOUNT) -> None:
    """Store an account with `room_count` rooms named room-0000 and so on, each with `lines_each` messages."""
    data, chance = DataFolder(root), random.Random(1)
    data.save(account, "no-secret")
    store = Store.open(data.folder(account.name) / "chat.db")
    try:
        for number in range(room_count):
            room_id = f"room-{number:04}"
            lines = list(_lines(room_id, lines_each, SAID_IN + 1000 * number, chance))
            last = lines[-1]
            room = Room(
                room_id,
                topic=text(chance),
                members=chance.randrange(2, 500),
                unread=chance.choice((0, 0, 3, 120)),
                head=last.order,
                read=last.order - 3,
                last_ts=last.ts,
                last_sender=last.sender,
                last_text=last.text,
            )
            store.write_now(rooms.save_rooms, [room])
            store.write_now(events.insert_events, lines)
            store.write_now(gaps.set_room_start, room_id, True)
    finally:
        store.close_now()
