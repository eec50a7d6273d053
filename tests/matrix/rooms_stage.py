"""A room desk on a desk of its own, with a store that keeps what state is said, for tests of the Matrix rooms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from chat_tui_core.contract import RoomStates, StateSet
from chat_tui_core.model import RoomEvent
from chat_tui_core.news import Arrived, News, RoomChanged
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.rooms import RoomDesk
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection

ME = "@me:x"
ANN = "@ann:x"
BOB = "@bob:y"
ROOM = "!r:x"
SECOND = 1_700_000_000_000

N = TypeVar("N", bound=News)


class Stored:
    """State as a store keeps it: a StateReader over what StateSet says; counts how often it is asked."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, str]] = {}
        self.asked = 0

    def take(self, news: StateSet) -> None:
        """Keep one piece."""
        rows = self.rows.setdefault((news.room_id, news.type), {})
        if news.content:
            rows[news.key] = news.content
        else:
            rows.pop(news.key, None)

    def get(self, room_id: str, kind: str, key: str = "") -> str:
        """See StateReader."""
        self.asked += 1
        return self.rows.get((room_id, kind), {}).get(key, "")

    def rooms(self, room_ids: Sequence[str], but: str) -> RoomStates:
        """See StateReader."""
        self.asked += 1
        found: RoomStates = {}
        for (room_id, kind), rows in self.rows.items():
            if room_id in room_ids and kind != but and rows:
                found.setdefault(room_id, {})[kind] = dict(rows)
        return found

    def all(self, room_id: str, kind: str) -> dict[str, str]:
        """See StateReader."""
        self.asked += 1
        return dict(self.rows.get((room_id, kind), {}))


class Stage:
    """A RoomDesk and everything that it has said; every section comes in a turn of its own."""

    def __init__(self, stored: Stored | None = None) -> None:
        self.stored = stored or Stored()
        self.desk = Desk(ME, "LAPTOP", "", self.stored)
        self.rooms = RoomDesk(self.desk)
        self.base = 0
        self._wall = SECOND // 1000
        self._unkept: list[StateSet] = []

    def apply(self, section: RoomSection) -> list[News]:
        """What the section makes the room desk say."""
        self._wall += 1
        self.base = self.desk.next_turn(self._wall)
        self.rooms.apply(section, self.base)
        return self.said()

    def said(self) -> list[News]:
        """What was said since the last time; the state in it is stored only by `keep`."""
        news = self.desk.take_news()
        self._unkept += of(news, StateSet)
        return news

    def keep(self) -> None:
        """Store what was said, and tell so."""
        for piece in self._unkept:
            self.stored.take(piece)
        self._unkept.clear()
        self.rooms.stored()

    def again(self) -> Stage:
        """The next run of the program, with what was stored."""
        self.keep()
        return Stage(self.stored)

    def page(self, *events: MatrixEvent, state: tuple[MatrixEvent, ...] = (), first: int = 0) -> tuple[RoomEvent, ...]:
        """A page of history, just before the newest turn unless it is said where."""
        return self.rooms.page(ROOM, events, state, first or self.base - len(events))


def of(news: list[News], kind: type[N]) -> list[N]:
    """The news of one kind."""
    return [item for item in news if isinstance(item, kind)]


def the(news: list[News], kind: type[N]) -> N:
    """The only news of a kind."""
    (item,) = of(news, kind)
    return item


def lines(news: list[News]) -> list[RoomEvent]:
    """The lines that arrived."""
    return [line for arrived in of(news, Arrived) for line in arrived.events]


def changes(news: list[News]) -> dict[str, Any]:
    """The fields of the one RoomChanged; nothing where there is none."""
    found: dict[str, Any] = {}
    for changed in of(news, RoomChanged):
        assert not found, "a room is told once a section"
        found = {name: getattr(changed.room, name) for name in changed.fields}
    return found


# ---------------------------------------------------------------- events


def event(event_id: str, kind: str, content: Mapping[str, Any], sender: str = ANN, **more: Any) -> MatrixEvent:
    """An event; `unsigned`, `state_key` and `redacts` as they are given."""
    return MatrixEvent(kind, dict(content), sender, event_id, SECOND, **more)


def text(event_id: str, body: str = "hello", sender: str = ANN, **more: Any) -> MatrixEvent:
    """A message."""
    return event(event_id, "m.room.message", {"msgtype": "m.text", "body": body}, sender, **more)


def state(
    event_id: str, kind: str, content: Mapping[str, Any], key: str = "", sender: str = ANN, **unsigned: Any
) -> MatrixEvent:
    """A state event; what it replaces may be told as `prev_content`."""
    return event(event_id, kind, content, sender, state_key=key, unsigned=unsigned)


def member(
    event_id: str, user: str, name: str | None = None, membership: str = "join", sender: str = "", **unsigned: Any
) -> MatrixEvent:
    """A member event."""
    content = {"membership": membership} | ({} if name is None else {"displayname": name})
    return state(event_id, "m.room.member", content, user, sender or user, **unsigned)


def created(event_id: str = "$create", version: str = "11") -> MatrixEvent:
    """The event that a room begins with."""
    return state(event_id, "m.room.create", {"room_version": version}, sender="@owner:x")


def edit(event_id: str, target: str, body: str, sender: str = ANN, **more: Any) -> MatrixEvent:
    """An edit."""
    content = {
        "msgtype": "m.text",
        "body": f"* {body}",
        "m.new_content": {"msgtype": "m.text", "body": body},
        "m.relates_to": {"rel_type": "m.replace", "event_id": target},
    }
    return event(event_id, "m.room.message", content, sender, **more)


def reaction(event_id: str, target: str, key: str, sender: str = ANN, **more: Any) -> MatrixEvent:
    """A reaction."""
    relation = {"rel_type": "m.annotation", "event_id": target, "key": key}
    return event(event_id, "m.reaction", {"m.relates_to": relation}, sender, **more)


def section(*timeline: MatrixEvent, membership: str = "join", room_id: str = ROOM, **more: Any) -> RoomSection:
    """A section with this timeline."""
    return RoomSection(room_id, membership, timeline=timeline, **more)


def whole(*timeline: MatrixEvent, state: tuple[MatrixEvent, ...] = (), **more: Any) -> RoomSection:
    """All there is of a room: created, with me in it, and with the state that is given."""
    told = (created(), member("$me", ME, "Me"), *state)
    return section(*timeline, state=told, whole=True, **more)


def joined(*more: MatrixEvent, **summary: Any) -> Stage:
    """A stage on which the room is joined, stored, with Ann and Bob in it."""
    stage = Stage()
    stage.apply(whole(state=(member("$ann", ANN, "Ann"), member("$bob", BOB, "Bob"), *more), **summary))
    stage.keep()
    return stage
