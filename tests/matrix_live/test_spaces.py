"""Spaces on a real homeserver: in all ways of syncing, nested, changed live, there at the next start, joined from their list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from chat_tui_core.actions import Kind
from chat_tui_core.link import Capability
from chat_tui_core.model import Membership
from chat_tui_core.spaces import Listing, rooms_in, space_tree
from tests.live.terminal import TMUX, Terminal
from tests.matrix_live.ours import confirmed, session_of, until
from tests.matrix_live.people import People, Person
from tests.matrix_live.synapse import Synapse
from tests.matrix_live.test_app import command, seen, signed_in
from tests.matrix_live.watching import each_mode, room_with

CHILD = "m.space.child"


async def make_space(who: Person, name: str, *rooms: str, invite: Sequence[Person] = ()) -> str:
    """A public space with these rooms, in this order, as other clients make one; its id."""
    made = await who.create_room(name, invite=invite, preset="public_chat", creation_content={"type": "m.space"})
    for number, room in enumerate(rooms):
        await put_in(who, made, room, order=f"{number:03}")
    return made


async def put_in(who: Person, space: str, room: str, **more: object) -> None:
    """Put a room into a space."""
    await who.set_state(space, CHILD, {"via": ["localhost"], **more}, room)


@each_mode
async def test_spaces_nested_and_changed_live_and_there_at_the_next_start(
    mode: str, people: People, tmp_path: Path
) -> None:
    ann = await people("ann")
    tea, cake = await ann.create_room("Tea"), await ann.create_room("Cake")
    inner = await make_space(ann, "Sweets", cake)
    space = await make_space(ann, "Kitchen", inner, tea)
    await put_in(ann, inner, space)  # they hold each other
    async with session_of(ann, tmp_path, mode) as chat:
        assert Capability.SPACES in chat.capabilities
        await room_with(chat, space, lambda room: room.children == (inner, tea))
        await room_with(chat, inner, lambda room: set(room.children or ()) == {cake, space})
        assert not (await room_with(chat, tea, lambda room: room.name == "Tea")).is_space
        assert rooms_in(space, chat.rooms) == {inner, tea, cake}
        assert {(room.name, depth) for room, depth in space_tree(chat.rooms)} == {("Kitchen", 0), ("Sweets", 1)}
        salt = await ann.create_room("Salt")
        await put_in(ann, space, salt, order="!")
        await room_with(chat, space, lambda room: room.children == (salt, inner, tea))
        await ann.set_state(space, CHILD, {}, tea)
        await room_with(chat, space, lambda room: room.children == (salt, inner))
    async with session_of(ann, tmp_path, mode, ready=False) as chat:
        assert chat.rooms[space].children == (salt, inner)
        assert rooms_in(space, chat.rooms) == {inner, salt, cake}
        await chat.ready()
        await ann.set_state(space, CHILD, {}, salt)
        await room_with(chat, space, lambda room: room.children == (inner,))


@each_mode
async def test_a_space_that_one_is_invited_to_is_joined_and_left(mode: str, people: People, tmp_path: Path) -> None:
    ann, bob = await people("ann"), await people("bob")
    tea = await bob.create_room("Tea", preset="public_chat")
    space = await make_space(bob, "Kitchen", tea, invite=[ann])
    async with session_of(ann, tmp_path, mode) as chat:
        await room_with(chat, space, lambda room: room.membership is Membership.INVITED)
        await confirmed(chat, await chat.perform(Kind.JOIN, space))
        await room_with(chat, space, lambda room: room.membership is Membership.JOINED and room.children == (tea,))
        await confirmed(chat, await chat.perform(Kind.LEAVE, space))
        await room_with(chat, space, lambda room: room.membership is Membership.LEFT)
        assert space_tree(chat.rooms) == []


async def test_the_rooms_of_a_space_come_page_by_page_and_are_joined(people: People, tmp_path: Path) -> None:
    ann, bob = await people("ann"), await people("bob")
    rooms = [await bob.create_room(f"Room {number:02}", preset="public_chat", topic="tea") for number in range(57)]
    hidden = await bob.create_room("Hidden")
    inner = await make_space(bob, "Sweets", *rooms[:2])
    space = await make_space(bob, "Kitchen", inner, *rooms[2:], hidden)
    await put_in(bob, space, rooms[5], suggested=True, order="003")
    await ann.join(space)
    async with session_of(ann, tmp_path) as chat:
        await room_with(chat, space, lambda room: len(room.children or ()) == 57)
        listing, pages = Listing(space), 0
        while not listing.whole:
            listing.take(await chat.space(space, listing.token))
            pages += 1
            assert pages < 10
        assert pages > 1
        assert [one.room.room_id for one in listing.listed] == [inner, *rooms]
        assert [one.depth for one in listing.listed[:4]] == [1, 2, 2, 1]
        assert [one.room.title for one in listing.listed if one.held.suggested] == ["Room 05"]
        chosen = listing.listed[-1]
        assert (chosen.room.topic, chosen.room.members, chosen.held.via) == ("tea", 1, ("localhost",))
        await confirmed(chat, await chat.perform(Kind.JOIN, chosen.room.room_id, via=list(chosen.held.via)))
        await room_with(chat, chosen.room.room_id, lambda room: room.membership is Membership.JOINED)


@each_mode
async def test_a_space_is_made_and_rooms_put_into_it_and_taken_out(mode: str, people: People, tmp_path: Path) -> None:
    ann = await people("ann")
    tea = await ann.create_room("Tea")
    async with session_of(ann, tmp_path, mode) as chat:
        made = await confirmed(chat, await chat.perform(Kind.CREATE_ROOM, "Kitchen", space=True, private=True))
        space = made.room
        await room_with(chat, space, lambda room: (room.name, room.children) == ("Kitchen", ()))
        await confirmed(chat, await chat.perform(Kind.HOLD, space, room=tea, held=True))
        await room_with(chat, space, lambda room: room.children == (tea,))
        assert (await ann.state(space))[CHILD, tea] == {"via": ["localhost"]}
        await confirmed(chat, await chat.perform(Kind.HOLD, space, room=tea, held=False))
        await room_with(chat, space, lambda room: room.children == ())
        assert chat.open_actions == {}


@pytest.mark.timeout(150, func_only=True)
@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
async def test_a_space_in_the_terminal(people: People, synapse: Synapse, tmp_path: Path) -> None:
    ann, bob = await people("ann"), await people("bob", displayname="Bob")
    tea = await bob.create_room("Tea room", preset="public_chat")
    cake = await bob.create_room("Cake shop", preset="public_chat")
    other = await bob.create_room("Garden shed", preset="public_chat")
    space = await make_space(bob, "Kitchen", tea, cake)
    for room in (space, tea, other):
        await ann.join(room)
    data = signed_in(tmp_path / "data", synapse.url, ann.user_id, ann.device_id, ann.token)
    terminal = Terminal(tmp_path, "spaces", 110, 34)
    try:
        terminal.start("--data-dir", data)
        await seen(terminal, "Garden shed")
        command(terminal, "/space Kitchen")
        await seen(terminal, "mine · Kitchen")
        await bob.send_text(other, "the roof leaks")
        await seen(terminal, "1 unread elsewhere")
        shown = terminal.screen()
        assert "Tea room" in shown
        assert not re.search(r"^\S? ?# Garden shed", shown, re.MULTILINE)
        terminal.press("M-o")
        await seen(terminal, "Which rooms the list shows")
        terminal.press("r")
        await seen(terminal, "Cake shop")
        terminal.press("End", "Enter")
        await until(lambda: terminal.screen().count("  joined") == 2)
        terminal.press("Enter")
        await seen(terminal, "Message Cake shop")
        terminal.press("M-a")
        await seen(terminal, "the roof leaks")
        assert "mine · Kitchen" not in terminal.screen()
        terminal.press("C-q")
        await seen(terminal, "left-with-0")
    finally:
        terminal.close()
