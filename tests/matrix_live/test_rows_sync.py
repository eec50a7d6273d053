"""The sync rows against a real homeserver: the loop, gaps, odd events, state that comes, goes and outlives a restart."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from chat_tui_core.link import Link
from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.session_changes import EventsArrived
from chat_tui_core.store import events as stored
from chat_tui_core.store.state import StoredState
from chat_tui_matrix.protocol.state_tracker import StateTracker
from tests.matrix_live.ours import session_of, shown, until
from tests.matrix_live.people import People, Person
from tests.matrix_live.proxy import Proxy
from tests.matrix_live.watching import (
    Arrivals,
    each_mode,
    kinds,
    names,
    once,
    rename,
    room_with,
    saying,
    scroll_back,
    texts,
)

# Each mode's requests: the path of the first and of later ones, and where those carry the token.
POLLS = {
    "sync": ("/v3/sync$", "/v3/sync$", "since"),
    "sliding": ("simplified_msc3575/sync$", "simplified_msc3575/sync$", "pos"),
    "legacy": ("/v3/initialSync$", "/v3/events$", "from"),
}


@each_mode
async def test_one_poll_after_the_other_each_from_where_the_last_one_ended(
    mode: str, people: People, proxy: Proxy, tmp_path: Path
) -> None:  # B2, B19
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    first_path, path, key = POLLS[mode]

    def asked() -> list[dict[str, list[str]]]:
        told = [parse_qs(exchange.query) for exchange in proxy.requests("", path)]
        return [query for query in told if key in query]

    async with session_of(ann, tmp_path, mode, url=proxy.url) as session:
        session.connect()  # twice is once
        (first, *_) = [parse_qs(exchange.query) for exchange in proxy.requests("", first_path)]
        assert key not in first
        if mode == "sync":
            wanted: dict[str, Any] = json.loads(first["filter"][0])["room"]
            assert wanted["state"] == {"lazy_load_members": True}
            assert set(wanted["ephemeral"]["types"]) == {"m.receipt", "m.typing"}
        await until(lambda: asked() and asked()[-1]["timeout"] == ["30000"])
        for number in range(3):
            before = asked()
            await bob.send_text(room, f"line {number}")
            await room_with(session, room, lambda found: found.last_text == f"line {number}")  # noqa: B023
            await until(lambda: len(asked()) > len(before))  # noqa: B023
            tokens = [query[key][0] for query in asked()]
            assert tokens[-1] != before[-1][key][0]
            assert asked()[-1]["timeout"] == ["30000"]
        polls = [exchange for exchange in proxy.requests("", path) if key in exchange.query]
        assert [exchange.status for exchange in polls][-1] == 0, "the newest one waits"
        assert all(exchange.status for exchange in polls[:-1]), "and nothing else does"
        started = time.monotonic()
    assert time.monotonic() - started < 1.5
    count = len(proxy.requests("", ""))
    await asyncio.sleep(0.2)
    assert len(proxy.requests("", "")) == count


@each_mode
async def test_what_was_missed_is_a_gap_that_pages_fill(
    mode: str, people: People, tmp_path: Path
) -> None:  # B7, B8, C8
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob], topic="Before")
    await bob.join(room)
    await bob.send_many(room, [f"line {number}" for number in range(3)], at_once=1)
    async with session_of(ann, tmp_path, mode) as session:
        await saying(session, room, "line 2")
    await bob.send_many(room, [f"line {number}" for number in range(3, 20)], at_once=1)
    for name in ("One", "Two", "Three"):
        await ann.set_state(room, "m.room.name", {"name": name})
    await ann.set_state(room, "m.room.topic", {"topic": "Changed in the gap"})
    await bob.send_many(room, [f"line {number}" for number in range(20, 60)], at_once=1)
    async with session_of(ann, tmp_path, mode) as session:
        found = session.rooms[room]
        assert (found.name, found.topic, found.last_text) == ("Three", "Changed in the gap", "line 59")
        session.open_room(room, 20)
        await saying(session, room, "line 59")
        await scroll_back(session, room)
        assert texts(session, room) == [f"line {number}" for number in range(60)]
        assert not session.store.read(stored.gaps, room)
        lines = [event for event in shown(session, room) if event.kind in {EventKind.NAME, EventKind.TOPIC}]
        told = [event.text for event in lines]
        assert told == ["Hall", "Before", "One", "Two", "Three", "Changed in the gap"], "once each, in their order"
        orders = [event.order for event in shown(session, room)]
        assert orders == sorted(set(orders))
        once(event.event_id for event in shown(session, room))


@each_mode
async def test_odd_events_neither_stop_the_stream_nor_show_as_what_they_are_not(
    mode: str, people: People, tmp_path: Path
) -> None:  # B5, B22, B23
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    heard: list[RoomEvent] = []

    def fails(change: EventsArrived) -> None:
        raise ValueError(change.room_id)

    async def fails_later(change: EventsArrived) -> None:
        heard.extend(change.events)
        raise LookupError(change.room_id)

    async with session_of(ann, tmp_path, mode) as session:
        session.subscribe(EventsArrived, fails)
        session.subscribe(EventsArrived, fails_later)
        arrivals = Arrivals(session)
        session.open_room(room)
        for kind, content in ODD:
            await bob.send(room, kind, content)
        await bob.send_text(room, "the last one")
        await saying(session, room, "the last one")
        await until(lambda: heard and heard[-1].text == "the last one")
        said = ["plain", "of an unknown kind", "red text\ufffd[31m", "", "the last one"]
        assert texts(session, room) == arrivals.texts(room) == said
        unsupported = [event.text for event in shown(session, room) if event.kind is EventKind.UNSUPPORTED]
        # One line for a call, none for its candidates and its end.
        assert unsupported == ["This client cannot show “org.example.thing”.", "Calls are not supported."]
        assert session.link.link is Link.ONLINE


ODD: list[tuple[str, dict[str, Any]]] = [
    ("m.room.message", {"msgtype": "m.text", "body": "plain", "m.relates_to": 5}),
    ("m.room.message", {"msgtype": "org.example.odd", "body": "of an unknown kind"}),
    ("m.room.message", {"msgtype": "m.text", "body": "red \u202etext\u001b[31m", "format": 7, "formatted_body": []}),
    ("m.room.message", {"msgtype": "m.text", "body": "", "formatted_body": "<p></p>"}),
    ("m.reaction", {"m.relates_to": "?"}),
    ("org.example.thing", {"anything": [[[{}]]]}),
    ("m.call.invite", {"call_id": "1", "version": 0, "lifetime": 60000, "offer": {"type": "offer", "sdp": "v=0"}}),
    ("m.call.candidates", {"call_id": "1", "version": 0, "candidates": []}),
    ("m.call.hangup", {"call_id": "1", "version": 0}),
]


async def with_twin(people: People) -> tuple[Person, Person, Person, str]:
    """Ann's room, with Bob in it, and another Bob who is not."""
    ann = await people("ann")
    bob, twin = await people("bob", displayname="Bob"), await people("twin", displayname="Bob")
    room = await ann.create_room("Hall", invite=[bob, twin], topic="Old topic")
    await bob.join(room)
    return ann, bob, twin, room


@each_mode
async def test_state_outlives_a_restart_and_what_happens_meanwhile(
    mode: str, people: People, tmp_path: Path
) -> None:  # B9, B10, B18
    ann, bob, twin, room = await with_twin(people)
    topic = await ann.set_state(room, "m.room.topic", {"topic": "Rude"})
    async with session_of(ann, tmp_path, mode) as session:
        await bob.send_text(room, "only one of us")
        assert (await saying(session, room, "only one of us")).sender_name in {"Bob", f"Bob ({bob.user_id})"}
        assert session.rooms[room].topic == "Rude"
    await twin.join(room)
    await twin.send_text(room, "now there are two")
    async with session_of(ann, tmp_path, mode) as session:
        assert (await saying(session, room, "now there are two")).sender_name == f"Bob ({twin.user_id})"
        await rename(twin, "Robert", room)
        await until(lambda: names(session, room).get(twin.user_id) == "Robert")
    async with session_of(ann, tmp_path, mode) as session:
        await bob.send_text(room, "one again")
        assert (await saying(session, room, "one again")).sender_name == "Bob"
        # The topic was set before an earlier run: its redaction names nothing but that event.
        await ann.redact(room, topic, "rude")
        await room_with(session, room, lambda found: not found.topic)
    async with session_of(ann, tmp_path, mode) as session:
        assert session.rooms[room].topic == ""
        tracker = StateTracker(StoredState(session.store))
        assert tracker.get(room, "m.room.topic") is None
        assert (tracker.get(room, "m.room.name") or {})["name"] == "Hall"
        assert set(tracker.all(room, "m.room.member")) == {ann.user_id, bob.user_id, twin.user_id}
        assert tracker.get(room, "m.room.nothing") is None
        assert tracker.get("!other:localhost", "m.room.name") is None


@each_mode
async def test_a_redaction_while_we_were_away_empties_what_it_is_of(
    mode: str, people: People, tmp_path: Path
) -> None:  # B10, C3
    ann, bob, _, room = await with_twin(people)
    topic = await ann.set_state(room, "m.room.topic", {"topic": "Rude"})
    said = await bob.send_text(room, "rude as well")
    async with session_of(ann, tmp_path, mode) as session:
        await saying(session, room, "rude as well")
    for event in (topic, said):
        await ann.redact(room, event)
    await bob.send_text(room, "sorry")
    async with session_of(ann, tmp_path, mode) as session:
        await saying(session, room, "sorry")
        await room_with(session, room, lambda found: not found.topic)
        await until(lambda: texts(session, room) == ["sorry"])
        assert kinds(session, room).count(EventKind.REDACTED) == 2
    # Another device never gets to know what was there.
    async with session_of(ann, tmp_path, mode, device="LATER") as later:
        await saying(later, room, "sorry")
        assert later.rooms[room].topic == ""
        assert "Rude" not in str(shown(later, room))
        assert "rude as well" not in str(shown(later, room))


@each_mode
async def test_a_first_sync_of_nothing_is_whole(mode: str, people: People, tmp_path: Path) -> None:  # B1
    ann = await people("ann")
    async with session_of(ann, tmp_path, mode) as session:
        assert dict(session.rooms) == {}
        assert session.link.link is Link.ONLINE
        assert session.me == ann.user_id
        room = await ann.create_room("The first")
        await room_with(session, room, lambda found: found.name == "The first")
