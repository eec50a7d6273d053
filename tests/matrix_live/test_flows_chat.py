"""The chat screen's flows of S1 (C1-C8) against a real homeserver, in each mode, with the room open."""

from __future__ import annotations

from pathlib import Path

from chat_tui_core.actions import Kind, State
from chat_tui_core.model import EventKind, Membership
from tests.matrix_live.ours import confirmed, session_of, shown, until
from tests.matrix_live.people import People
from tests.matrix_live.watching import (
    Arrivals,
    each_mode,
    joined,
    kinds,
    member,
    names,
    of_kind,
    once,
    rename,
    room_with,
    saying,
    scroll_back,
    spoken,
    texts,
)


@each_mode
async def test_a_new_name_is_a_line_and_old_lines_keep_the_old_one(
    mode: str, people: People, tmp_path: Path
) -> None:  # B15, B18, C1
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    await bob.send_text(room, "as Bob")
    async with session_of(ann, tmp_path, mode) as chat:
        await saying(chat, room, "as Bob")
        await rename(bob, "Robert", room)
        line = await of_kind(chat, room, EventKind.RENAME)
        assert (line.sender, line.sender_name, line.text) == (bob.user_id, "bob", "Robert")
        await bob.send_text(room, "as Robert")
        assert (await saying(chat, room, "as Robert")).sender_name == "Robert"
        assert (await saying(chat, room, "as Bob")).sender_name == "bob"
        assert names(chat, room)[bob.user_id] == "Robert"
    # A device that comes later is told the same of the past.
    async with session_of(ann, tmp_path, mode, device="LATER") as later:
        assert (await saying(later, room, "as Robert")).sender_name == "Robert"
        assert (await saying(later, room, "as Bob")).sender_name == "bob"


@each_mode
async def test_two_of_one_name_are_told_apart(mode: str, people: People, tmp_path: Path) -> None:  # B15, B18, C1
    ann = await people("ann")
    bob, twin = await people("bob", displayname="Bob"), await people("twin", displayname="Bob")
    room = await ann.create_room("Hall", invite=[bob, twin])
    await bob.join(room)
    await bob.send_text(room, "alone")
    async with session_of(ann, tmp_path, mode) as chat:
        assert (await saying(chat, room, "alone")).sender_name.startswith("Bob")
        await twin.join(room)
        await twin.send_text(room, "me too")
        assert (await saying(chat, room, "me too")).sender_name == f"Bob ({twin.user_id})"
        await until(lambda: names(chat, room).get(bob.user_id) == f"Bob ({bob.user_id})")
        await twin.leave(room)
        await until(lambda: names(chat, room).get(bob.user_id) == "Bob")
        await bob.send_text(room, "alone again")
        assert (await saying(chat, room, "alone again")).sender_name == "Bob"


@each_mode
async def test_a_new_name_and_topic_of_the_room_show(mode: str, people: People, tmp_path: Path) -> None:  # B15, C2
    ann, bob = await people("ann"), await people("bob")
    room = await bob.create_room("Old", topic="Before", invite=[ann])
    await ann.join(room)
    async with session_of(ann, tmp_path, mode) as chat:
        chat.open_room(room)
        await until(lambda: chat.members(room))
        await bob.set_state(room, "m.room.name", {"name": "New"})
        await bob.set_state(room, "m.room.topic", {"topic": "After"})
        told = await room_with(chat, room, lambda found: found.topic == "After")
        assert told.name == "New"
        await until(lambda: [event.text for event in shown(chat, room)][-2:] == ["New", "After"])
        assert kinds(chat, room)[-2:] == [EventKind.NAME, EventKind.TOPIC]
        # The name is taken away: the room is called after whom one meets there.
        await bob.set_state(room, "m.room.name", {"name": ""})
        await room_with(chat, room, lambda found: found.name == "bob")


@each_mode
async def test_what_others_say_comes_once_and_in_order(mode: str, people: People, tmp_path: Path) -> None:  # B15, C3
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    async with session_of(ann, tmp_path, mode) as chat:
        heard = Arrivals(chat)
        chat.open_room(room)
        said = [f"line {number}" for number in range(15)]
        ids = [await bob.send_text(room, text) for text in said]
        await saying(chat, room, said[-1])
        assert [(event.event_id, event.text) for event in spoken(chat, room)] == list(zip(ids, said, strict=True))
        assert heard.texts(room) == said
        assert {event.sender_name for event in spoken(chat, room)} == {"bob"}


@each_mode
async def test_somebody_is_invited_and_removed_and_banned(
    mode: str, people: People, tmp_path: Path
) -> None:  # B15, C4, C5
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall")
    async with session_of(ann, tmp_path, mode) as chat:
        chat.open_room(room)
        await confirmed(chat, await chat.perform(Kind.INVITE, room, user=bob.user_id))
        line = await of_kind(chat, room, EventKind.INVITE, bob.user_id)
        assert line.sender == ann.user_id
        await until(lambda: (found := member(chat, room, bob.user_id)) is not None and found.name == "bob")
        # Inviting twice is once.
        await confirmed(chat, await chat.perform(Kind.INVITE, room, user=bob.user_id))
        await bob.join(room)
        await room_with(chat, room, lambda found: found.members == 2)
        await confirmed(chat, await chat.perform(Kind.KICK, room, user=bob.user_id, reason="too loud"))
        line = await of_kind(chat, room, EventKind.KICK, bob.user_id)
        assert (line.sender, line.text) == (ann.user_id, "too loud")
        await until(lambda: member(chat, room, bob.user_id) is None)
        again = await chat.perform(Kind.KICK, room, user=bob.user_id)
        assert (await chat.settled(again.id, State.CONFIRMED)).error_code == "M_FORBIDDEN"
        await confirmed(chat, await chat.perform(Kind.BAN, room, user=bob.user_id, reason="enough"))
        assert (await of_kind(chat, room, EventKind.BAN, bob.user_id)).text == "enough"
        await confirmed(chat, await chat.perform(Kind.UNBAN, room, user=bob.user_id))
        await of_kind(chat, room, EventKind.UNBAN, bob.user_id)
        later = [EventKind.INVITE, EventKind.JOIN, EventKind.KICK, EventKind.BAN, EventKind.UNBAN]
        assert kinds(chat, room)[-5:] == later
        assert (await ann.members(room))[bob.user_id] == "leave"


@each_mode
async def test_who_is_removed_or_banned_sees_it(mode: str, people: People, tmp_path: Path) -> None:  # B6, B15, C5
    ann, bob = await people("ann"), await people("bob")
    one, two = await bob.create_room("One", invite=[ann]), await bob.create_room("Two", invite=[ann])
    for room in (one, two):
        await ann.join(room)
    async with session_of(ann, tmp_path, mode) as chat:
        for room in (one, two):
            chat.open_room(room)
        await bob.act_on("kick", one, ann, reason="out")
        await bob.act_on("ban", two, ann, reason="for good")
        for room, kind, reason in ((one, EventKind.KICK, "out"), (two, EventKind.BAN, "for good")):
            await room_with(chat, room, lambda found: found.membership is Membership.LEFT)
            line = await of_kind(chat, room, kind, ann.user_id)
            assert (line.sender, line.text) == (bob.user_id, reason)
        # What is said to a room that one is no longer in is refused, and kept.
        action = await chat.send(one, "wait")
        refused = await chat.settled(action.id, State.CONFIRMED)
        assert (refused.state, refused.text) == (State.FAILED, "wait")
        assert refused.error_text
        await bob.act_on("invite", one, ann)
        await room_with(chat, one, lambda found: found.membership is Membership.INVITED)
        await confirmed(chat, await chat.perform(Kind.JOIN, one))
        await joined(chat, one)
        assert (await confirmed(chat, await chat.retry(refused.id))).text == "wait"


@each_mode
async def test_a_room_is_left_declined_and_joined_again(mode: str, people: People, tmp_path: Path) -> None:  # B15, C6
    ann, bob = await people("ann"), await people("bob")
    room = await bob.create_room("Garden", preset="public_chat", visibility="public")
    invited = await bob.create_room("Cellar", invite=[ann])
    await ann.join(room)
    await bob.send_text(room, "before")
    async with session_of(ann, tmp_path, mode) as chat:
        await saying(chat, room, "before")
        await confirmed(chat, await chat.perform(Kind.LEAVE, room))
        await room_with(chat, room, lambda found: found.membership is Membership.LEFT)
        line = await of_kind(chat, room, EventKind.LEAVE)
        assert line.sender == ann.user_id
        await bob.send_text(room, "meanwhile")
        await confirmed(chat, await chat.perform(Kind.JOIN, room))
        await joined(chat, room)
        await bob.send_text(room, "after")
        await saying(chat, room, "after")
        await scroll_back(chat, room)
        for gap in [item.gap for item in chat.open_room(room).items if item.gap is not None]:
            await chat.fill_gap(room, gap)
        # The room's history is open to members: what was said meanwhile is there, each once, in order.
        assert texts(chat, room) == ["before", "meanwhile", "after"]
        assert (await bob.members(invited))[ann.user_id] == "invite"
        await confirmed(chat, await chat.perform(Kind.LEAVE, invited))
        await room_with(chat, invited, lambda found: found.membership is Membership.LEFT)
        assert (await bob.members(invited))[ann.user_id] == "leave"


@each_mode
async def test_a_message_gets_its_place_and_its_action_ends(
    mode: str, people: People, tmp_path: Path
) -> None:  # B12, C7
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    async with session_of(ann, tmp_path, mode) as chat:
        chat.open_room(room)
        action = await chat.send(room, "  as typed,\nwith   blanks ")
        assert action.state is State.PENDING
        done = await confirmed(chat, action)
        (event,) = await ann.messages(room)
        assert (event["event_id"], event["content"]["body"]) == (done.event_id, action.text)
        line = await saying(chat, room, action.text)
        assert (line.event_id, line.action_id) == (done.event_id, action.id)
        sent = [await chat.send(room, f"line {number}") for number in range(10)]
        for one in sent:
            await confirmed(chat, one)
        assert once(await bob.texts(room)) == sorted([action.text, *(one.text for one in sent)])
        assert (await bob.texts(room))[1:] == [one.text for one in sent]
        assert texts(chat, room) == await bob.texts(room)
        assert not chat.open_actions


@each_mode
async def test_scrolling_back_reaches_the_start_with_the_names_of_then(
    mode: str, people: People, tmp_path: Path
) -> None:  # B8, B15, B18, C8
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    for name in ("bob", "Robert", "Rob"):
        await rename(bob, name, room)
        await bob.send_many(room, [f"{name} {number}" for number in range(15)], at_once=1)
    async with session_of(ann, tmp_path, mode) as chat:
        await saying(chat, room, "Rob 14")
        assert await scroll_back(chat, room) > 1
        said = [f"{name} {number}" for name in ("bob", "Robert", "Rob") for number in range(15)]
        assert texts(chat, room) == said
        assert {(event.text.split()[0], event.sender_name) for event in spoken(chat, room)} == {
            ("bob", "bob"),
            ("Robert", "Robert"),
            ("Rob", "Rob"),
        }
        assert kinds(chat, room).count(EventKind.RENAME) == 2
        assert kinds(chat, room)[0] is EventKind.STATE  # the room was made
        assert not await chat.load_older(room, 20)
