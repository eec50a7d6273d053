"""A bare S0 server, which says no HELLO: intents, LSSUBS as far as it goes, and events (wschat 3.2)."""

from __future__ import annotations

from typing import Final

from chat_tui_core.contract import Link, RoomsListed, SignedIn
from chat_tui_core.model import Membership, Room
from chat_tui_wschat.frames import Command, Confirm, Failure
from chat_tui_wschat.protocol_desk import Desk, Legacy
from chat_tui_wschat.protocol_fields import names
from chat_tui_wschat.protocol_rooms import kind_of, name_of
from chat_tui_wschat.protocol_signin import online

NOTE: Final = "plain S0 server: events only, no history, nothing can be sent reliably"
TYPES: Final = ("channel", "user", "message")
ANSWER_TIME: Final = 3.0
"""Seconds for the answers to the intents and to LSSUBS; without them it goes on all the same."""


def begin(desk: Desk, now: float) -> None:
    """No HELLO came: speak S0, without tags."""
    desk.hello_by = None
    desk.deadline = now + ANSWER_TIME
    desk.legacy = Legacy({*TYPES, "LSSUBS"})
    desk.move(Link.SYNCING, NOTE)
    for kind in TYPES:
        desk.send(Command("SUBEVENT", (kind,)))
    desk.send(Command("LSSUBS"))


def confirmed(desk: Desk, legacy: Legacy, reply: Confirm, now: float) -> None:
    """An intent is declared, or here is the list: as words, or as JSON."""
    if reply.verb == "SUBEVENT":
        legacy.waiting.difference_update(reply.words)
    elif reply.verb == "LSSUBS":
        legacy.rooms = tuple(dict.fromkeys((*reply.words, *names(reply.data or {}, "channels"))))
        legacy.waiting.discard("LSSUBS")
    if not legacy.waiting:
        finish(desk, legacy, now)


def failed(desk: Desk, legacy: Legacy, reply: Failure, now: float) -> None:
    """An intent, or the list, is not known here; S0 does not say which intent: any one counts."""
    if reply.verb == "LSSUBS":
        legacy.waiting.discard("LSSUBS")
    elif reply.verb == "SUBEVENT":
        refused = [kind for kind in TYPES if kind in legacy.waiting]
        named = [kind for kind in refused if reply.text.endswith(kind)]
        legacy.waiting.difference_update(named or refused[:1])
    if not legacy.waiting:
        finish(desk, legacy, now)


def finish(desk: Desk, legacy: Legacy, now: float) -> None:
    """Go online with what there is."""
    if desk.link is not Link.SYNCING:
        return
    me = desk.stream.me
    desk.say(SignedIn(me, desk.device, note=NOTE))
    if legacy.rooms is not None:
        rooms = {room.room_id: room for room in desk.stream.rooms}  # LSSUBS does not name what others created meanwhile
        rooms |= {
            room_id: Room(room_id, name_of(room_id, me), kind=kind_of(room_id), membership=Membership.JOINED)
            for room_id in legacy.rooms
        }
        desk.stream.rooms.replace(rooms)
        desk.say(RoomsListed(tuple(rooms.values())))
    online(desk, now, NOTE)
