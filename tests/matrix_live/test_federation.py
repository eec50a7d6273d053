"""Two homeservers that federate, with our client on each: a room across both works, also after they were apart."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from chat_tui_core.actions import Kind
from chat_tui_core.model import EventKind, Membership
from chat_tui_core.session import Session
from tests.matrix_live.ours import confirmed, session_of, shown, until
from tests.matrix_live.people import People, Person
from tests.matrix_live.synapse import Synapse, neighbours
from tests.matrix_live.watching import Arrivals, joined, member, names, of_kind, room_with, saying, scroll_back, texts

pytestmark = [pytest.mark.federation, pytest.mark.timeout(120)]


@dataclass
class Across:
    """Ann at home on the one server, bob on the other, both in one room that ann has made."""

    servers: list[Synapse]
    ann: Person
    bob: Person
    here: Session
    there: Session
    room: str
    alias: str


@pytest.fixture(params=["sync", "sliding"])
async def across(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Across]:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        servers = await enter(neighbours(tmp_path / "servers"))
        people = People(servers[0].url)
        stack.push_async_callback(people.close)
        ann, bob = await people("ann"), await people("bob", url=servers[1].url)
        name = f"hall-{secrets.token_hex(4)}"
        room = await ann.create_room("Hall", preset="public_chat", room_alias_name=name, topic="Far and near")
        here = await enter(session_of(ann, tmp_path, request.param))
        there = await enter(session_of(bob, tmp_path, request.param))
        alias = f"#{name}:{servers[0].server_name}"
        done = await confirmed(there, await there.perform(Kind.JOIN, alias))
        assert done.room == room
        await joined(there, room)
        for session in (here, there):
            session.open_room(room)
        yield Across(servers, ann, bob, here, there, room, alias)


async def test_a_room_across_two_homeservers(across: Across) -> None:  # B14, B16, B18, C3, C5, C7, H8
    room, here, there = across.room, across.here, across.there
    found = await room_with(there, room, lambda found: found.members == 2 and found.topic)
    assert (found.name, found.topic, found.aliases) == ("Hall", "Far and near", (across.alias,))
    await until(lambda: names(there, room) == {across.ann.user_id: "ann", across.bob.user_id: "bob"})
    mine = await confirmed(here, await here.send(room, "hello over there"))
    await saying(there, room, "hello over there")
    theirs = await confirmed(there, await there.send(room, "hello back", mine.event_id))
    assert (await saying(here, room, "hello back")).reply_to == mine.event_id
    await confirmed(here, await here.perform(Kind.EDIT, room, target=mine.event_id, text="hello, bob"))
    assert (await saying(there, room, "hello, bob")).edited_ts
    await confirmed(there, await there.perform(Kind.REACT, room, target=mine.event_id, key="👋"))
    line = await saying(here, room, "hello, bob")
    await until(lambda: any(one.reactions for one in shown(here, room) if one.event_id == line.event_id))
    await confirmed(there, await there.perform(Kind.REDACT, room, target=theirs.event_id))
    for session in (here, there):
        await until(lambda: texts(session, room) == ["hello, bob"])  # noqa: B023
    there.set_typing(room, typing=True)
    await until(lambda: here.typing(room) == (across.bob.user_id,))
    await confirmed(there, await there.perform(Kind.PROFILE, "", name="Robert"))
    await until(lambda: (bob := member(here, room, across.bob.user_id)) is not None and bob.name == "Robert")
    await confirmed(here, await here.perform(Kind.KICK, room, user=across.bob.user_id, reason="go home"))
    await room_with(there, room, lambda found: found.membership is Membership.LEFT)
    assert (await of_kind(there, room, EventKind.KICK, across.bob.user_id)).text == "go home"


async def test_an_invitation_from_another_homeserver(across: Across) -> None:  # B6, H3
    here, there = across.here, across.there
    made = await here.perform(Kind.CREATE_ROOM, "", name="Cellar", private=True, invite=[across.bob.user_id])
    room = (await confirmed(here, made)).room
    found = await room_with(there, room, lambda found: found.membership is Membership.INVITED)
    assert (found.name, found.inviter) == ("Cellar", across.ann.user_id)
    await confirmed(there, await there.perform(Kind.JOIN, room))
    await room_with(here, room, lambda found: found.members == 2)
    await confirmed(there, await there.send(room, "here I am"))
    await saying(here, room, "here I am")
    other = (await confirmed(here, await here.perform(Kind.CREATE_ROOM, "", name="No", private=True))).room
    await confirmed(here, await here.perform(Kind.INVITE, other, user=across.bob.user_id))
    await room_with(there, other, lambda found: found.membership is Membership.INVITED)
    await confirmed(there, await there.perform(Kind.LEAVE, other))
    await room_with(there, other, lambda found: found.membership is Membership.LEFT)


async def test_what_was_said_while_they_were_apart_is_there_for_both(across: Across) -> None:  # B3, B11
    room, here, there = across.room, across.here, across.there
    await confirmed(here, await here.send(room, "before"))
    await saying(there, room, "before")
    heard = Arrivals(there)
    await across.servers[1].stop()
    waiting = await there.send(room, "typed there meanwhile")
    for number in range(3):
        await confirmed(here, await here.send(room, f"said here meanwhile {number}"))
    await across.servers[1].start()
    there.connect_now()
    await confirmed(there, waiting)
    await saying(here, room, "typed there meanwhile")
    # The one homeserver tries the other again as soon as it hears from it.
    wanted = {"before", "typed there meanwhile", *(f"said here meanwhile {number}" for number in range(3))}
    await until(lambda: set(texts(there, room)) == wanted, 60)
    await until(lambda: set(texts(here, room)) == wanted)
    for session in (here, there):
        said = texts(session, room)
        assert len(said) == len(wanted), "each once"
        ours = [text for text in said if text.startswith("said here")]
        assert ours == sorted(ours)
        await scroll_back(session, room)
        first = [(event.kind, event.text) for event in shown(session, room)][:5]
        assert first[0] == (EventKind.STATE, "created the room"), first
    ids = [event.event_id for event in heard.events]
    assert len(set(ids)) == len(ids)
    await confirmed(there, await there.send(room, "together again"))
    await saying(here, room, "together again")
