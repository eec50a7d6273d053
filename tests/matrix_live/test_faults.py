"""Whatever happens between us and a real homeserver, everything that was done is done once, in order, and confirmed."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from chat_tui_core.actions import Kind, State
from tests.matrix_live.conftest import OwnSynapse, PeerOf
from tests.matrix_live.ours import MODES, session_of, shown, until
from tests.matrix_live.people import People, people_at
from tests.matrix_live.proxy import Proxy
from tests.matrix_live.synapse_config import FAST
from tests.matrix_live.weather import Fates, about, all_done, hasten, impatient, said_by, say_all, storm_on

SENDS = 100
ROOMS = 5
STORM_TIME = 50.0


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


@pytest.mark.parametrize("mode", MODES)
async def test_what_is_said_in_a_storm_arrives_once_and_in_order(
    mode: str, people: People, proxy: Proxy, nio_peer: PeerOf, tmp_path: Path
) -> None:  # A13, A14, B3, B12, B13
    ann, bob = await people("ann"), await people("bob")
    rooms = [await ann.create_room(f"Storm {number}", invite=[bob]) for number in range(ROOMS)]
    for room_id in rooms:
        await bob.join(room_id)
    async with session_of(ann, tmp_path, mode, url=proxy.url) as session:
        for room_id in rooms:
            session.open_room(room_id)
        fates = Fates(session)
        storm_on(proxy, seed=MODES.index(mode) + 1)
        made, expected = await say_all(session, rooms, SENDS)
        await all_done(session, STORM_TIME)
        proxy.calm()
        assert (fates.of(made), fates.strange) == ({State.CONFIRMED: SENDS}, [])
        for room_id in rooms:
            assert [event.text for event in shown(session, room_id) if event.text.startswith("line ")] == expected[
                room_id
            ]
    # The storm did strike, in every way it can: else this test would prove nothing.
    assert len(proxy.counts) >= 8, proxy.counts
    assert sum(proxy.counts.values()) - proxy.counts["passed"] > SENDS / 4
    for room_id in rooms:
        assert await said_by(bob, room_id, ann) == expected[room_id]
    peer = await nio_peer(bob)
    await peer.sync()
    assert [
        line.body for line in await peer.seen(rooms[0]) if line.sender == ann.user_id and line.body.startswith("line ")
    ] == expected[rooms[0]]


@pytest.mark.parametrize("mode", MODES)
async def test_what_is_done_in_a_storm_is_done_once(
    mode: str, people: People, proxy: Proxy, tmp_path: Path
) -> None:  # A14, B12, B13, C4, C5, H7
    ann, bob, carol, dave = [await people(name) for name in ("ann", "bob", "carol", "dave")]
    room = await ann.create_room("Deeds", invite=[bob, carol, dave])
    for person in (bob, carol, dave):
        await person.join(room)
    texts = [await ann.send_text(room, f"text {number}") for number in range(6)]
    async with session_of(ann, tmp_path, mode, url=proxy.url) as session:
        fates = Fates(session)
        storm_on(proxy, seed=MODES.index(mode) + 11, share=0.4)
        for number, event_id in enumerate(texts):
            await session.perform(Kind.EDIT, room, target=event_id, text=f"changed {number}")
            reaction = await session.perform(Kind.REACT, room, target=event_id, key="👍")
            if number % 2:
                await session.perform(Kind.REACT, room, target_action=reaction.id, remove=True)
        for event_id in texts[:3]:
            await session.perform(Kind.REDACT, room, target=event_id)
        await session.perform(Kind.TOPIC, room, topic="what was done")
        await session.perform(Kind.KICK, room, user=carol.user_id, reason="enough")
        await session.perform(Kind.BAN, room, user=dave.user_id)
        await session.perform(Kind.UNBAN, room, user=dave.user_id)
        await session.perform(Kind.INVITE, room, user=dave.user_id)
        names = [f"made {number}" for number in range(3)]
        for name in names:
            await session.perform(Kind.CREATE_ROOM, name, name=name, private=True)
        await all_done(session, STORM_TIME)
        assert fates.strange == []
        assert set(fates.states.values()) == {State.CONFIRMED}
        proxy.calm()
    events = await bob.events(room)
    for number, event_id in enumerate(texts):
        # What is redacted has lost its content, and a taken back reaction its relation.
        assert len(about(events, event_id, "m.replace")) == 1, number
        assert len(about(events, event_id, "m.annotation")) == 1 - number % 2, number
    redactions = [event["content"].get("redacts") for event in events if event["type"] == "m.room.redaction"]
    assert sorted(redactions[-3:]) == sorted(texts[:3])
    assert len(redactions) == 3 + 3
    membership = [
        (event["state_key"], event["content"]["membership"])
        for event in events
        if event["type"] == "m.room.member" and event["sender"] == ann.user_id
    ]
    assert membership[-4:] == [
        (carol.user_id, "leave"),
        (dave.user_id, "ban"),
        (dave.user_id, "leave"),
        (dave.user_id, "invite"),
    ]
    assert len(membership) == 1 + 3 + 4  # ann's own join, and the three that were invited at first
    assert [event["content"]["topic"] for event in events if event["type"] == "m.room.topic"] == ["what was done"]
    joined = (await ann.raw.get("joined_rooms"))["joined_rooms"]
    found = [(await ann.state(room_id)).get(("m.room.name", ""), {}).get("name") for room_id in joined]
    assert sorted(str(name) for name in found) == sorted([*names, "Deeds"])


async def test_a_homeserver_that_is_killed_in_the_middle_costs_nothing(
    own_synapse: OwnSynapse, tmp_path: Path
) -> None:  # A14, B3, B4, B12
    server = await own_synapse(FAST)
    async with AsyncExitStack() as stack:
        people = await stack.enter_async_context(people_at(server.url))
        bob = await people("bob")
        sessions, rooms, authors = [], [], []
        for mode in MODES:
            author = await people(mode)
            room_id = await author.create_room("Kill", invite=[bob])
            await bob.join(room_id)
            proxy = await stack.enter_async_context(Proxy(server.url))
            session = await stack.enter_async_context(session_of(author, tmp_path, mode, url=proxy.url))
            impatient(session)
            sessions.append((session, Fates(session)))
            rooms.append(room_id)
            authors.append(author)
        talking = [
            asyncio.create_task(say_all(session, [room_id], 60))
            for (session, _), room_id in zip(sessions, rooms, strict=True)
        ]
        said = await asyncio.gather(*talking)
        await until(
            lambda: all(
                fates.of(made)[State.CONFIRMED] > 5 for (_, fates), (made, _) in zip(sessions, said, strict=True)
            )
        )
        await server.kill()
        assert all(session.open_actions for session, _ in sessions), "nothing was on its way: the kill came too late"
        await server.start()
        for (session, fates), (made, _) in zip(sessions, said, strict=True):
            await all_done(session, STORM_TIME)
            assert (fates.of(made), fates.strange) == ({State.CONFIRMED: 60}, [])
        for author, room_id, (_, expected) in zip(authors, rooms, said, strict=True):
            assert await said_by(bob, room_id, author) == expected[room_id]
