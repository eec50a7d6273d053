"""A stage for the parts that act and ask: a desk, rooms that are looked up in dicts, and answers given by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import Link, News, Surroundings
from chat_tui_core.model import EventKind, Member, Membership, Room, RoomEvent
from chat_tui_matrix.protocol.actions import Ledger
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.questions import Questions
from chat_tui_matrix.wire.calls import Answer, Call, Failed, Garbled, Hangup, Refusal, Request
from chat_tui_matrix.wire.decoding import decode
from chat_tui_matrix.wire.events import MatrixEvent

ME = "@ann:chat.example"
BOB = "@bob:chat.example"
ROOM = "!talk:chat.example"
WALL = 1_760_000_000
MADE_AT = WALL * 1000
V3 = "/_matrix/client/v3"
IN_ROOM = f"{V3}/rooms/{ROOM}"


class StateDict:
    """State by room, type and key."""

    def __init__(self) -> None:
        self.pieces: dict[tuple[str, str, str], dict[str, Any]] = {}

    def get(self, room_id: str, kind: str, key: str = "") -> dict[str, Any] | None:
        return self.pieces.get((room_id, kind, key))


@dataclass
class StageRooms:
    """Rooms that know what a test puts into them; every message is a line."""

    known: dict[str, Room] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    state: StateDict = field(default_factory=StateDict)

    def overview(self) -> tuple[Room, ...]:
        return tuple(self.known.values())

    def order_of(self, room_id: str, event_id: str) -> int:
        return self.orders.get(event_id, 0)

    def event_at(self, room_id: str, order: int) -> str:
        before = [(place, event_id) for event_id, place in self.orders.items() if place <= order]
        return max(before, default=(0, ""))[1]

    def page(
        self, room_id: str, events: Sequence[MatrixEvent], state: Sequence[MatrixEvent], first_order: int
    ) -> tuple[RoomEvent, ...]:
        shown = [event for event in events if event.type == "m.room.message"]
        return tuple(
            RoomEvent(room_id, event.event_id, first_order + place, EventKind.MESSAGE, event.sender, 0)
            for place, event in enumerate(shown)
        )

    def people(self, room_id: str) -> Mapping[str, str]:
        return {}

    def members_from(self, room_id: str, events: Sequence[MatrixEvent]) -> tuple[Member, ...]:
        return tuple(Member(event.state_key or "", str(event.content.get("displayname", ""))) for event in events)


class Stage:
    """One ledger and one set of questions, online. `now` is moved by hand."""

    def __init__(self) -> None:
        self.desk = Desk(ME, "DEVICE", "secret", Surroundings().read_state)
        self.desk.link = Link.ONLINE
        self.rooms = StageRooms()
        self.ledger = Ledger(self.desk, self.rooms)
        self.questions = Questions(self.desk, self.rooms)
        self.now = 100.0
        self.wall = WALL
        self.open: list[Call] = []
        self.hung_up: list[int] = []

    # ------------------------------------------------------------ in

    def do(self, kind: Kind, content: dict[str, Any] | None = None, **more: Any) -> Action:
        told: dict[str, Any] = {"id": 7, "room_id": ROOM, "created_at": MADE_AT}
        action = Action(kind=kind, content=content or {}, **{**told, **more})
        self.ledger.do(action, self.now)
        return action

    def join(self, room_id: str = ROOM) -> None:
        self.rooms.known[room_id] = Room(room_id, membership=Membership.JOINED)

    def answer(self, value: Any, status: int = 200, call: Call | None = None) -> None:
        """Answer the oldest open call, or that one, as the shell does: with the decoder's value."""
        if isinstance(value, dict | list) or value is None:
            body = json.dumps(value).encode() if value is not None else b""
            value = decode(self._pick(call, take=False).request.reads, status, {}, body)
        self.desk.replied(Answer(self._pick(call).id, status, value, self.wall), self.now)

    def refuse(self, status: int, code: str = "", text: str = "", retry: float | None = None) -> None:
        self.desk.replied(Answer(self._pick(None).id, status, Refusal(code, text, retry), self.wall), self.now)

    def garble(self) -> None:
        self.desk.replied(Answer(self._pick(None).id, 200, Garbled("it is a web page."), self.wall), self.now)

    def fail(self, *, sent: bool = True) -> None:
        self.desk.replied(Failed(self._pick(None).id, "the connection broke", sent=sent), self.now)

    def _pick(self, call: Call | None, *, take: bool = True) -> Call:
        self.calls()
        picked = call or self.open[0]
        if take:
            self.open.remove(picked)
        return picked

    # ------------------------------------------------------------ out

    def calls(self) -> list[Call]:
        """The calls that are open now, oldest first."""
        for out in self.desk.take_out():
            if isinstance(out, Call):
                self.open.append(out)
            elif isinstance(out, Hangup):
                self.hung_up.append(out.id)
                self.open = [call for call in self.open if call.id != out.id]
        return self.open

    def request(self) -> Request:
        """The only open call's request."""
        (call,) = self.calls()
        return call.request

    def news(self) -> list[News]:
        return self.desk.take_news()


def line(request: Request) -> str:
    """A request as "METHOD path", unquoted."""
    return f"{request.method} {unquote(request.path)}"


def body(request: Request) -> dict[str, Any]:
    """A request's JSON."""
    made = json.loads(request.body or b"null")
    assert isinstance(made, dict)
    return made
