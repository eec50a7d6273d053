"""Requests as values, finding rooms, and following them: each event once, in order, whatever the connection does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.requests import following, reading, watching
from chat_tui.requests.perform import PERFORMERS, perform
from chat_tui.requests.values import Cursor, Note, Request, Row, Told
from chat_tui_core.contract import Capability, Link, LinkChanged
from chat_tui_core.errors import ConfigError, TransportError, UnknownRoom
from chat_tui_core.model import Account, EventKind, Gap, Membership, Room, RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.session_changes import LinkMoved, RoomsMoved, SessionChange

requests = st.builds(
    Request,
    do=st.sampled_from(sorted(PERFORMERS)),
    rooms=st.lists(st.text(), max_size=3).map(tuple),
    text=st.text(),
    count=st.integers(0, 100_000),
    before=st.text(),
    every=st.booleans(),
    wait=st.sampled_from(["pending", "sent", "confirmed"]),
    timeout=st.floats(0, 86_400),
    action_id=st.integers(0, 1 << 53),
    content=st.dictionaries(
        st.sampled_from(["topic", "private", "invite"]), st.text() | st.booleans() | st.lists(st.text()), max_size=3
    ),
    after=st.dictionaries(st.text(), st.integers(0, 1 << 53), max_size=3),
    at=st.integers(0, 1 << 53),
)


@given(requests)
def test_a_request_survives_the_socket(request: Request) -> None:
    assert Request.of_json(json.loads(json.dumps(request.as_json()))) == request


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(Request("x").as_json())), json_values) | json_values)
def test_anything_else_is_a_request_or_refused(data: object) -> None:
    try:
        request = Request.of_json(data)
    except ConfigError:
        return
    assert isinstance(request.do, str)
    assert 0 <= request.timeout <= 86_400


def test_an_unknown_request_is_refused() -> None:
    with pytest.raises(ConfigError, match="'dance'"):
        perform(cast("Session", None), Request("dance"))


def test_a_cursor_changes_what_is_left_to_do() -> None:
    request = Request("tail", ("a",), after={"a": 1, "b": 2}).resumed({"after": {"a": 5}})
    assert request.after == {"a": 5, "b": 2}
    assert Request("send", ("a",), text="x").resumed({"do": "wait", "action_id": 3}).do == "wait"


# ---------------------------------------------------------------- a session that a test conducts


class Stage:
    """As much of a session as reading and following need."""

    def __init__(self, *rooms: Room, link: Link = Link.ONLINE) -> None:
        self.account = Account("home", "wschat", "ws://chat.example", "ada", "d")
        self.capabilities = frozenset({Capability.CONTIGUOUS})
        self.rooms = {room.room_id: room for room in rooms}
        self.link = LinkChanged(link)
        self.events: dict[str, list[RoomEvent]] = {}
        self.hidden: set[int] = set()  # orders that are not stored while the link is down
        self.gaps: list[Gap] = []
        self._watchers: list[Callable[[SessionChange], None]] = []

    @property
    def store(self) -> Stage:
        return self

    def read(self, _query: object, room_id: str) -> list[Gap]:
        """The store's answer to the only thing that is asked of it."""
        return [gap for gap in self.gaps if gap.room_id == room_id]

    def watch(self, callback: Callable[[SessionChange], None]) -> Callable[[], None]:
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def connect(self) -> None:
        pass

    def tell(self, change: SessionChange) -> None:
        for watcher in tuple(self._watchers):
            watcher(change)

    def moved(self, link: Link, reason: str = "") -> None:
        self.link = LinkChanged(link, reason)
        self.tell(LinkMoved(self.link))

    def say(self, room_id: str, *texts: str) -> None:
        """New events, told at once."""
        room = self.rooms[room_id]
        for text in texts:
            order = room.head + 1
            event = RoomEvent(room_id, f"e{order}", order, EventKind.MESSAGE, "bob", 1_000 * order, text)
            self.events.setdefault(room_id, []).append(event)
            room = self.rooms[room_id] = replace(room, head=order)
        self.tell(RoomsMoved(frozenset({room_id})))

    async def history(self, room_id: str, count: int, before: int = 0) -> list[RoomEvent]:
        await asyncio.sleep(0)
        known = [event for event in self.events.get(room_id, []) if not before or event.order < before]
        if self.link.link is not Link.ONLINE:
            known = [event for event in known if event.order not in self.hidden]
        return known[-count:]

    @property
    def session(self) -> Session:
        return cast("Session", self)


GENERAL = Room("general", "General", head=3)


@pytest.mark.parametrize("wanted", ["general", "General", "GENERAL", "geNeral"])
def test_a_room_is_found_by_id_and_by_name(wanted: str) -> None:
    assert reading.find_room(Stage(GENERAL, Room("other", "x")).session, wanted) is GENERAL


def test_an_id_goes_before_a_name_and_two_names_are_told_apart() -> None:
    stage = Stage(Room("a", "b"), Room("b", "c"), Room("x1", "twin"), Room("x2", "Twin"), Room("!r", aliases=("#r:x",)))
    assert reading.find_room(stage.session, "b").room_id == "b"
    assert reading.find_room(stage.session, "#R:x").room_id == "!r"
    with pytest.raises(UnknownRoom, match="several rooms; say which: x1, x2"):
        reading.find_room(stage.session, "twin")


def test_an_unknown_room_names_those_that_there_are() -> None:
    gone = Room("g1", "gone", membership=Membership.LEFT)
    with pytest.raises(UnknownRoom, match=r"there are: General\.$"):
        reading.find_room(Stage(GENERAL, gone).session, "gone")
    many = Stage(*(Room(f"r{number:02}") for number in range(20)))
    with pytest.raises(UnknownRoom, match=r"r11 and 8 more\.$"):
        reading.find_room(many.session, "x")


class Tail:
    """A running tail, and what it has told so far."""

    def __init__(self, stage: Stage, *rooms: str, after: dict[str, int] | None = None) -> None:
        self.told: list[Told] = []
        request = Request("tail", rooms, after=after or {})
        self._task = asyncio.ensure_future(self._run(following.tail(stage.session, request)))

    async def _run(self, source: Any) -> None:
        async for told in source:
            self.told.append(told)

    async def texts(self) -> list[str]:
        """What it has told once nothing more comes."""
        for _ in range(60):
            await asyncio.sleep(0)
        if self._task.done():
            self._task.result()
        return [told.data["text"] for told in self.told if isinstance(told, Row)]

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


# A16
async def test_events_from_now_on_come_once_and_in_order() -> None:
    stage = Stage(GENERAL, Room("other", head=1), Room("public", membership=Membership.NONE, head=7))
    tail = Tail(stage)
    assert await tail.texts() == []
    assert tail.told == [Cursor({"after": {"general": 3, "other": 1}})]
    stage.say("general", "a", "b")
    stage.say("other", "c")
    stage.say("general", "d")
    stage.say("public", "not for us")
    assert sorted(await tail.texts()) == ["a", "b", "c", "d"]
    assert [text for text in await tail.texts() if text != "c"] == ["a", "b", "d"]
    stage.tell(RoomsMoved(frozenset({"general", "other"})))
    stage.moved(Link.ONLINE)
    assert len(await tail.texts()) == 4
    first = next(told for told in tail.told if isinstance(told, Row) and told.data["text"] == "a")
    assert first.cursor == {"after": {"general": 4}}
    assert first.data == {
        "account": "home",
        "room_id": "general",
        "event_id": "e4",
        "pos": 4,
        "sender": "bob",
        "ts": 4000,
        "kind": "message",
        "text": "a",
    }
    await tail.stop()


async def test_only_the_rooms_that_were_asked_for() -> None:
    stage = Stage(GENERAL, Room("other", head=1))
    tail = Tail(stage, "general")
    await tail.texts()
    stage.say("other", "no")
    stage.say("general", "yes")
    assert await tail.texts() == ["yes"]
    await tail.stop()


async def test_a_long_absence_is_paged_through() -> None:
    stage = Stage(GENERAL)
    tail = Tail(stage)
    await tail.texts()
    stage.say("general", *(str(number) for number in range(450)))
    assert await tail.texts() == [str(number) for number in range(450)]
    await tail.stop()


# A11
async def test_a_hole_is_waited_for_until_it_can_be_fetched() -> None:
    stage = Stage(GENERAL)
    tail = Tail(stage)
    await tail.texts()
    stage.moved(Link.WAITING, "cut")
    stage.hidden = {5, 6}
    stage.say("general", "4", "5", "6", "7")
    assert await tail.texts() == ["4"]
    stage.moved(Link.ONLINE)
    assert await tail.texts() == ["4", "5", "6", "7"]
    await tail.stop()


# B8
async def test_a_hole_that_is_known_by_its_token_is_waited_for_as_well() -> None:
    stage = Stage(GENERAL)
    stage.capabilities = frozenset()
    tail = Tail(stage)
    await tail.texts()
    stage.moved(Link.RESUMING)
    stage.hidden, stage.gaps = {5, 6}, [Gap("general", 0, 2, "older"), Gap("general", 4, 7, "newer")]
    stage.say("general", "4", "5", "6", "7")
    assert await tail.texts() == ["4"]
    stage.gaps.pop()
    stage.moved(Link.ONLINE)
    assert await tail.texts() == ["4", "5", "6", "7"]
    await tail.stop()


async def test_a_room_that_was_joined_meanwhile_is_followed_from_then_on() -> None:
    stage = Stage(replace(GENERAL, last_ts=6_500))
    tail = Tail(stage)
    await tail.texts()
    stage.rooms["old"] = Room("old", head=0)
    stage.tell(RoomsMoved(frozenset({"old"})))
    stage.events["old"] = [RoomEvent("old", f"e{n}", n, EventKind.MESSAGE, "bob", n, str(n)) for n in range(1, 206)]
    stage.rooms["old"] = Room("old", head=205)
    stage.tell(RoomsMoved(frozenset({"old"})))
    assert await tail.texts() == []
    stage.say("old", "news")
    stage.say("old", "more news")
    assert await tail.texts() == ["news", "more news"]
    stage.rooms["new"] = Room("new", head=6)
    stage.say("new", "first words", "second words")
    assert await tail.texts() == ["news", "more news", "first words", "second words"]
    await tail.stop()


async def test_a_tail_that_is_handed_on_goes_on_where_it_was() -> None:
    stage = Stage(Room("general", head=0))
    stage.say("general", "1", "2", "3", "4")
    tail = Tail(stage, after={"general": 2})
    assert await tail.texts() == ["3", "4"]
    await tail.stop()


# E10
async def test_a_tail_says_that_it_waits_and_ends_when_the_server_says_no() -> None:
    stage = Stage(GENERAL, link=Link.WAITING)
    tail = Tail(stage)
    await tail.texts()
    assert tail.told == [
        Note("The server ws://chat.example cannot be reached: it does not answer. Waiting for it."),
    ]
    stage.moved(Link.ONLINE)
    await tail.texts()
    stage.say("general", "here")
    assert await tail.texts() == ["here"]
    stage.moved(Link.STOPPED, "the token is not accepted")
    with pytest.raises(TransportError, match="the token is not accepted"):
        await tail.texts()


async def test_until_looks_again_after_every_change_and_gives_up_in_time() -> None:
    stage = Stage(GENERAL)
    waiting = asyncio.ensure_future(
        watching.until(stage.session, lambda: stage.rooms["general"].head >= 5 or None, (RoomsMoved,), None)
    )
    await asyncio.sleep(0)
    stage.say("general", "4")
    await asyncio.sleep(0)
    assert not waiting.done()
    stage.say("general", "5")
    assert await waiting is True
    assert await watching.until(stage.session, lambda: stage.rooms.get("none"), (RoomsMoved,), 0.0) is None
    assert stage._watchers == []
