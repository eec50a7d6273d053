"""The whole Matrix core with its real parts, fed with what goes over the wire: three ways to the same rooms."""

from __future__ import annotations

from typing import Any, Final

import pytest

from chat_tui_core.contract import Arrived, Echoed, Link, News, Position, RoomChanged, RoomsListed
from tests.matrix.driver import BOB, ME, ROOM, SLIDING, Driver, send
from tests.matrix.loop_stage import LEGACY, SLIDE, SYNC, Mode


def line(event_id: str, text: str, *, sender: str = BOB, txn: str = "") -> dict[str, Any]:
    """A message as a server tells it."""
    said = {"type": "m.room.message", "event_id": event_id, "sender": sender, "origin_server_ts": 1}
    return {**said, "content": {"msgtype": "m.text", "body": text}, "unsigned": {"transaction_id": txn} if txn else {}}


def state(kind: str, key: str, **content: Any) -> dict[str, Any]:
    """A piece of state as a server tells it."""
    return {
        "type": kind,
        "state_key": key,
        "event_id": f"${kind}{key}",
        "sender": BOB,
        "origin_server_ts": 1,
        "content": content,
    }


STATE: Final = [
    state("m.room.name", "", name="Tea"),
    state("m.room.member", ME, membership="join", displayname="Ann"),
    state("m.room.member", BOB, membership="join", displayname="Bob"),
]


def first_answer(mode: Mode, *lines: dict[str, Any]) -> dict[str, Any]:
    """A first sync with one room."""
    if mode is SYNC:
        room = {"timeline": {"events": list(lines)}, "state": {"events": STATE}}
        return {"next_batch": "t1", "rooms": {"join": {ROOM: room}}}
    if mode is SLIDE:
        shown = {"initial": True, "timeline": list(lines), "required_state": STATE, "joined_count": 2}
        return {"pos": "t1", "lists": {"rooms": {"count": 1}}, "rooms": {ROOM: shown}}
    chunk = {"chunk": list(lines), "start": "t0", "end": "t1"}
    return {"end": "t1", "rooms": [{"room_id": ROOM, "membership": "join", "messages": chunk, "state": STATE}]}


def later_answer(mode: Mode, token: str, *lines: dict[str, Any]) -> dict[str, Any]:
    """What a long poll brings of the room."""
    if mode is SYNC:
        return {"next_batch": token, "rooms": {"join": {ROOM: {"timeline": {"events": list(lines)}}}}}
    if mode is SLIDE:
        return {"pos": token, "lists": {"rooms": {"count": 1}}, "rooms": {ROOM: {"timeline": list(lines)}}}
    return {"end": token, "chunk": [{**one, "room_id": ROOM} for one in lines]}


def texts(news: list[News]) -> list[tuple[str, str]]:
    """Who said what."""
    return [(one.sender_name, one.text) for item in news if isinstance(item, Arrived) for one in item.events]


@pytest.mark.parametrize("mode", [SYNC, SLIDE, LEGACY], ids=lambda mode: mode.name)
def test_from_nothing_to_an_echo(mode: Mode) -> None:  # B1, B2, B12
    driver = Driver(mode=mode.name)
    driver.start(SLIDING)
    driver.raw(mode.first, first_answer(mode, line("$1", "hello")))
    news = driver.news()
    assert texts(news) == [("Bob", "hello")]
    (listed,) = [item for item in news if isinstance(item, RoomsListed)]
    assert [(room.room_id, room.name, room.members) for room in listed.rooms] == [(ROOM, "Tea", 2)]
    assert isinstance(news[-1], Position)
    if mode is not SYNC:  # the other two do not tell how much is unread
        counts = {"unread_notifications": {"notification_count": 1, "highlight_count": 0}}
        said = {"timeline": {"events": [line("$1", "hello")]}, **counts}
        driver.raw("sync", {"next_batch": "c1", "rooms": {"join": {ROOM: said}}})
        (room,) = [item.room for item in driver.news() if isinstance(item, RoomChanged) and "unread" in item.fields]
        assert room.unread == 1
    assert driver.at(Link.ONLINE)
    action = send(1, "hi Bob")
    driver.do(action)
    txn = driver.raw("PUT send", {"event_id": "$2"}).request.path.rpartition("/")[2]
    driver.raw(mode.later, later_answer(mode, "t2", line("$2", "hi Bob", sender=ME, txn=txn)))
    news = driver.news()
    assert texts(news) == [("Ann", "hi Bob")]
    assert [(item.action_id, item.event_id) for item in news if isinstance(item, Echoed)] == [(1, "$2")]
    driver.fail(mode.later, "connection reset")
    driver.advance(2.0)
    driver.raw(mode.later, later_answer(mode, "t3", line("$3", "and?")))
    assert texts(driver.news()) == [("Bob", "and?")]
    assert driver.at(Link.ONLINE)
