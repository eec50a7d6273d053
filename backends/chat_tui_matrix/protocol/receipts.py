"""Reads ephemeral events: who types, who has read how far, who is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chat_tui_core.model import Presence
from chat_tui_core.news import PresenceSet, ReadMoved, TypingSet
from chat_tui_matrix.protocol.timeline import Orders
from chat_tui_matrix.wire.events import MatrixEvent

MOST_TYPING: Final = 1_000
_OWN_ONLY: Final = "m.read.private"
_READ: Final = ("m.read", _OWN_ONLY)
_PRESENCE: Final = {"online": Presence.ONLINE, "unavailable": Presence.IDLE, "offline": Presence.OFFLINE}


def typing(room_id: str, event: MatrixEvent, me: str) -> TypingSet:
    """Who else types now; the list replaces what was known. Raises TypeError where there is no list."""
    users = event.content.get("user_ids")
    if not isinstance(users, list):
        raise TypeError("it has no list of user_ids")
    others = dict.fromkeys(user for user in users[:MOST_TYPING] if isinstance(user, str) and user != me)
    return TypingSet(room_id, tuple(others))


def receipts(room_id: str, event: MatrixEvent, me: str, orders: Orders, *, all_of_them: bool) -> Iterator[ReadMoved]:
    """How far people have read the room as a whole (not one of its threads).

    Without `all_of_them`, other people's receipts for events that were not seen are left out: a first sync brings one
    for everybody in a room.
    """
    for event_id, kinds in event.content.items():
        if not isinstance(kinds, dict):
            continue
        order = orders.order_of(room_id, event_id)
        for kind in _READ:
            readers = kinds.get(kind)
            if not isinstance(readers, dict):
                continue
            for user_id, told in readers.items():
                own = user_id == me
                if not (own or ((order or all_of_them) and kind != _OWN_ONLY)):
                    continue
                thread = told.get("thread_id", "main") if isinstance(told, dict) else "main"
                if thread == "main":
                    yield ReadMoved(room_id, user_id, order, event_id)


def presence(event: MatrixEvent) -> PresenceSet:
    """Whether a person is there. Raises ValueError for an event without a person."""
    user_id = event.sender or event.content.get("user_id")
    if not isinstance(user_id, str) or not user_id:
        raise ValueError("it names nobody")
    state, text = event.content.get("presence"), event.content.get("status_msg")
    known = _PRESENCE.get(state, Presence.UNKNOWN) if isinstance(state, str) else Presence.UNKNOWN
    return PresenceSet(user_id, known, text if isinstance(text, str) else "")
