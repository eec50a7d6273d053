"""The home screen's flows of S1 (H1-H8) against a real homeserver, in each mode: what must be shown is there."""

from __future__ import annotations

import secrets
from pathlib import Path

from chat_tui_core.actions import Kind, State
from chat_tui_core.model import EventKind, Membership, Presence, Role, RoomKind
from tests.matrix_live.ours import confirmed, session_of, shown, until
from tests.matrix_live.people import People
from tests.matrix_live.watching import (
    each_mode,
    joined,
    member,
    names,
    of_kind,
    rename,
    room_with,
    saying,
    scroll_back,
    texts,
)


def address() -> str:
    """The local part of an alias that no other test has."""
    return f"room-{secrets.token_hex(4)}"


@each_mode
async def test_each_joined_room_is_there_on_load(mode: str, people: People, tmp_path: Path) -> None:  # B1, B14, H1
    ann, bob = await people("ann"), await people("bob")
    alias = address()
    room = await ann.create_room(
        "Garden", invite=[bob], topic="What grows", preset="public_chat", visibility="public", room_alias_name=alias
    )
    await bob.join(room)
    await bob.send_text(room, "it rains")
    async with session_of(ann, tmp_path, mode) as home:
        found = home.rooms[room]
        assert (found.room_id, found.name, found.topic, found.members) == (room, "Garden", "What grows", 2)
        assert found.aliases == (f"#{alias}:localhost",)
        assert (found.kind, found.membership) == (RoomKind.PUBLIC, Membership.JOINED)
        assert (found.last_sender, found.last_text) == ("bob", "it rains")


@each_mode
async def test_rooms_that_lack_something_are_there_all_the_same(
    mode: str, people: People, tmp_path: Path
) -> None:  # B14, H1
    ann, bob, cleo = await people("ann"), await people("bob"), await people("cleo")
    alone = await ann.create_room()
    both = await ann.create_room(invite=[bob, cleo])
    await bob.join(both)
    async with session_of(ann, tmp_path, mode) as home:
        bare = home.rooms[alone]
        assert (bare.title, bare.topic, bare.aliases, bare.members) == ("Empty room", "", (), 1)
        assert (bare.last_ts, bare.last_text, bare.unread) == (0, "", 0)
        named = home.rooms[both]
        assert sorted(named.name.split(" and ")) == ["bob", "cleo"]
        assert named.kind is RoomKind.PRIVATE
        # The only other one leaves: it is still said whose room it was.
        await bob.leave(both)
        await cleo.leave(both)
        await room_with(home, both, lambda room: room.name.startswith("Empty room (was "))


@each_mode
async def test_a_message_in_a_closed_room_shows_in_the_list(
    mode: str, people: People, tmp_path: Path
) -> None:  # B14, H2
    ann, bob = await people("ann"), await people("bob", displayname="Bob B.")
    quiet = await ann.create_room("Quiet", invite=[bob])
    loud = await ann.create_room("Loud", invite=[bob])
    for room in (quiet, loud):
        await bob.join(room)
    async with session_of(ann, tmp_path, mode) as home:
        await bob.send_text(loud, "hear, hear")
        told = await room_with(home, loud, lambda room: room.last_text == "hear, hear")
        assert (told.room_id, told.last_sender, told.unread) == (loud, "Bob B.", 1)
        assert home.rooms[quiet].unread == 0
        assert home.timeline(loud) is None


@each_mode
async def test_an_invitation_says_who_and_to_what(mode: str, people: People, tmp_path: Path) -> None:  # B6, B14, H3
    ann, bob = await people("ann"), await people("bob")
    before = await bob.create_room("Already", topic="before the start", invite=[ann])
    async with session_of(ann, tmp_path, mode) as home:
        first = home.rooms[before]
        assert (first.membership, first.name, first.inviter) == (Membership.INVITED, "Already", bob.user_id)
        live = await bob.create_room("Cellar", topic="Wine", invite=[ann])
        room = await room_with(home, live, lambda room: room.membership is Membership.INVITED)
        assert (room.room_id, room.inviter, room.name) == (live, bob.user_id, "Cellar")
        assert room.topic == "Wine"
        direct = await bob.create_room(invite=[ann], is_direct=True, preset="trusted_private_chat")
        chat = await room_with(home, direct, lambda room: room.membership is Membership.INVITED)
        assert (chat.kind, chat.direct) == (RoomKind.DIRECT, bob.user_id)
        # The legacy calls bring an invitation without the name of whom it is from.
        assert chat.name == (bob.user_id if mode == "legacy" else "bob")


@each_mode
async def test_a_room_left_on_another_device_leaves_the_list(
    mode: str, people: People, tmp_path: Path
) -> None:  # B6, B14, B17, H4
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    stays = await ann.create_room("Stays")
    await bob.join(room)
    async with session_of(ann, tmp_path, mode) as home:
        home.open_room(room)
        await bob.send_text(room, "bye")
        await saying(home, room, "bye")
        await ann.leave(room)
        await room_with(home, room, lambda room: room.membership is Membership.LEFT)
        line = await of_kind(home, room, EventKind.LEAVE)
        assert line.sender == ann.user_id
        assert home.rooms[stays].membership is Membership.JOINED
    async with session_of(ann, tmp_path, mode) as again:
        assert again.rooms[room].membership is Membership.LEFT
        assert again.rooms[stays].membership is Membership.JOINED


@each_mode
async def test_a_room_joined_on_another_device_comes_with_all_it_has(
    mode: str, people: People, tmp_path: Path
) -> None:  # B6, B14, B16, B17, H5
    ann, bob = await people("ann"), await people("bob")
    alias = address()
    room = await bob.create_room(
        "Garden", topic="What grows", preset="public_chat", visibility="public", room_alias_name=alias
    )
    await bob.send_many(room, [f"line {number}" for number in range(30)], at_once=1)
    async with session_of(ann, tmp_path, mode) as home:
        await ann.join(room)
        told = await joined(home, room)
        told = await room_with(home, room, lambda room: room.last_text == "line 29")
        assert (told.room_id, told.name, told.topic, told.members) == (room, "Garden", "What grows", 2)
        assert (told.aliases, told.last_sender) == ((f"#{alias}:localhost",), "bob")
        assert told.unread == 0, "what was said before we came is not unread"
        home.open_room(room)
        await saying(home, room, "line 29")
        await scroll_back(home, room)
        assert texts(home, room) == [f"line {number}" for number in range(30)]


@each_mode
async def test_a_profile_changed_on_another_device_shows(mode: str, people: People, tmp_path: Path) -> None:  # B17, H6
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    await ann.send_text(room, "as Ann")
    async with session_of(ann, tmp_path, mode) as home:
        home.open_room(room)
        await until(lambda: names(home, room) == {ann.user_id: "ann", bob.user_id: "bob"})
        await rename(ann, "Anna", room)
        await until(lambda: names(home, room)[ann.user_id] == "Anna")
        line = await of_kind(home, room, EventKind.RENAME)
        assert (line.sender, line.sender_name, line.text) == (ann.user_id, "ann", "Anna")
        await ann.send_text(room, "as Anna")
        assert (await saying(home, room, "as Anna")).sender_name == "Anna"
        assert (await saying(home, room, "as Ann")).sender_name == "ann"  # B18


@each_mode
async def test_a_room_is_made_as_it_was_asked_for(mode: str, people: People, tmp_path: Path) -> None:  # B14, H7
    ann, bob = await people("ann"), await people("bob")
    alias = address()
    async with session_of(ann, tmp_path, mode) as home:
        action = await home.perform(
            Kind.CREATE_ROOM, "", name="Garden", alias=alias, topic="What grows", invite=[bob.user_id]
        )
        room = (await confirmed(home, action)).room
        told = await room_with(home, room, lambda room: room.name == "Garden" and room.topic)
        assert (told.topic, told.kind, told.aliases) == ("What grows", RoomKind.PUBLIC, (f"#{alias}:localhost",))
        assert (await ann.members(room)) == {ann.user_id: "join", bob.user_id: "invite"}
        assert await bob.join(f"#{alias}:localhost") == room
        await room_with(home, room, lambda room: room.members == 2)

        action = await home.perform(Kind.CREATE_ROOM, "", name="Cellar", private=True)
        private = (await confirmed(home, action)).room
        assert (await ann.state(private))["m.room.join_rules", ""]["join_rule"] == "invite"
        told = await room_with(home, private, lambda room: room.name == "Cellar")
        assert (told.kind, told.aliases, told.members) == (RoomKind.PRIVATE, (), 1)
        taken = await home.perform(Kind.CREATE_ROOM, "", name="Again", alias=alias)
        refused = await home.settled(taken.id, State.CONFIRMED)
        assert refused.error_code == "M_ROOM_IN_USE"


@each_mode
async def test_joining_lands_in_a_room_that_is_all_there(mode: str, people: People, tmp_path: Path) -> None:  # B16, H8
    ann, bob, cleo = await people("ann"), await people("bob"), await people("cleo")
    alias = address()
    room = await bob.create_room(
        "Garden", topic="What grows", preset="public_chat", visibility="public", room_alias_name=alias
    )
    await cleo.join(room)
    await bob.send_many(room, [f"line {number}" for number in range(40)], at_once=1)
    async with session_of(ann, tmp_path, mode) as home:
        done = await confirmed(home, await home.perform(Kind.JOIN, f"#{alias}:localhost"))
        assert done.room == room
        told = await room_with(home, room, lambda found: found.membership is Membership.JOINED and found.topic)
        assert (told.room_id, told.name, told.topic) == (room, "Garden", "What grows")
        assert told.aliases == (f"#{alias}:localhost",)
        home.open_room(room)
        await saying(home, room, "line 39")
        await until(lambda: len(home.members(room)) == 3)
        assert home.rooms[room].members == 3
        owner = member(home, room, bob.user_id)
        assert owner is not None
        assert (owner.name, owner.role) == ("bob", Role.OWNER)
        await bob.typing(room)
        await until(lambda: home.typing(room) == (bob.user_id,))
        if mode != "sliding":  # which tells nothing of who is there
            await bob.raw.put(f"presence/{bob.user_id}/status", {"presence": "unavailable"})
            await until(lambda: home.presence(bob.user_id) is Presence.IDLE)
        assert not home.at_start(room)
        await scroll_back(home, room)
        assert texts(home, room) == [f"line {number}" for number in range(40)]
        assert [event.kind for event in shown(home, room)].count(EventKind.JOIN) == 3
        # Joining once more is no error, and nothing comes twice.
        await confirmed(home, await home.perform(Kind.JOIN, room))
        assert len(set(texts(home, room))) == 40
