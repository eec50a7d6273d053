"""Rooms of every kind against a real homeserver: asked into, direct, moved, addressed, marked, forgotten, refused."""

from __future__ import annotations

import secrets
from pathlib import Path

from chat_tui_core.actions import Kind, State
from chat_tui_core.errors import Refused as NotGiven
from chat_tui_core.link import Link
from chat_tui_core.model import EventKind, Membership, Presence, RoomKind, RoomTag
from tests.matrix_live.ours import confirmed, session_of, shown, until
from tests.matrix_live.people import People, part
from tests.matrix_live.watching import each_mode, joined, member, of_kind, room_with, saying, scroll_back, texts


def address() -> str:
    """The local part of an alias that no other test has."""
    return f"room-{secrets.token_hex(4)}"


@each_mode
async def test_one_asks_to_be_let_in(mode: str, people: People, tmp_path: Path) -> None:  # B6
    ann, bob = await people("ann"), await people("bob")
    rules = {"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}}
    room = await bob.create_room("Club", initial_state=[rules])
    closed = await bob.create_room("Closed", initial_state=[rules])
    async with (
        session_of(ann, tmp_path, mode) as outside,
        session_of(bob, tmp_path, mode) as inside,
    ):
        inside.open_room(room)
        for where in (room, closed):
            await confirmed(outside, await outside.perform(Kind.KNOCK, where, reason="let me in"))
        line = await of_kind(inside, room, EventKind.KNOCK)
        assert (line.sender, line.text) == (ann.user_id, "let me in")
        if mode != "legacy":  # which tells nothing of a room that we are not in
            found = await room_with(outside, room, lambda found: found.membership is Membership.KNOCKED)
            assert found.name == "Club"
        await confirmed(inside, await inside.perform(Kind.INVITE, room, user=ann.user_id))
        await room_with(outside, room, lambda found: found.membership is Membership.INVITED)
        await confirmed(outside, await outside.perform(Kind.JOIN, room))
        await room_with(outside, room, lambda found: found.membership is Membership.JOINED and found.members == 2)
        await confirmed(inside, await inside.perform(Kind.KICK, closed, user=ann.user_id, reason="no"))
        assert (await bob.members(closed))[ann.user_id] == "leave"
        if mode != "legacy":
            await room_with(outside, closed, lambda found: found.membership is Membership.LEFT)


@each_mode
async def test_an_upgraded_room_says_where_it_goes_on(mode: str, people: People, tmp_path: Path) -> None:  # B6, C3
    ann, bob = await people("ann"), await people("bob")
    room = await bob.create_room("Hall", preset="public_chat", topic="Talk")
    await ann.join(room)
    async with session_of(ann, tmp_path, mode) as session:
        session.open_room(room)
        answer = await bob.raw.post(f"rooms/{part(room)}/upgrade", {"new_version": "11"})
        successor = str(answer["replacement_room"])
        line = await of_kind(session, room, EventKind.UPGRADE)
        assert line.target == successor
        await room_with(session, room, lambda found: found.successor == successor)
        await confirmed(session, await session.perform(Kind.JOIN, successor))
        found = await joined(session, successor)
        found = await room_with(session, successor, lambda found: found.topic == "Talk")
        assert found.name == "Hall"
        await bob.send_text(successor, "here we are")
        await saying(session, successor, "here we are")
        await scroll_back(session, successor)
        assert "continues an older one" in shown(session, successor)[0].text


@each_mode
async def test_addresses_come_go_and_lead_in(mode: str, people: People, tmp_path: Path) -> None:  # B14, B16
    ann, bob = await people("ann"), await people("bob")
    first, second = f"#{address()}:localhost", f"#{address()}:localhost"
    room = await bob.create_room(preset="public_chat", visibility="public", topic="T", name=address())
    private = await bob.create_room("Private")
    for alias in (first, second):
        await bob.raw.put(f"directory/room/{part(alias)}", {"room_id": room})
    async with session_of(ann, tmp_path, mode) as session:
        (listed,) = [found for found in await session.directory() if found.room_id == room]
        assert (listed.membership, listed.members, listed.topic) == (Membership.NONE, 1, "T")
        done = await confirmed(session, await session.perform(Kind.JOIN, first.removesuffix(":localhost")))
        assert done.room == room
        await joined(session, room)
        assert session.rooms[room].aliases == ()
        await bob.set_state(room, "m.room.canonical_alias", {"alias": first, "alt_aliases": [second]})
        await room_with(session, room, lambda found: found.aliases == (first, second))
        await bob.set_state(room, "m.room.canonical_alias", {"alias": second})
        await room_with(session, room, lambda found: found.aliases == (second,))
        await bob.set_state(room, "m.room.name", {"name": ""})
        await room_with(session, room, lambda found: found.name == second)
        (listed,) = [found for found in await session.directory(second[1:10]) if found.room_id == room]
        assert listed.membership is Membership.JOINED
        # What cannot be entered says why, and stays out of the list.
        for where, code in ((private, "M_FORBIDDEN"), (f"#{address()}", "M_NOT_FOUND")):
            action = await session.perform(Kind.JOIN, where)
            refused = await session.settled(action.id, State.CONFIRMED)
            assert (refused.state, refused.error_code) == (State.FAILED, code)
            assert refused.error_text
        assert private not in session.rooms


@each_mode
async def test_a_direct_chat_is_one_on_every_device(mode: str, people: People, tmp_path: Path) -> None:  # B14, B17, H7
    ann, bob = await people("ann"), await people("bob")
    async with (
        session_of(ann, tmp_path, mode) as home,
        session_of(ann, tmp_path, mode, device="SECOND") as second,
        session_of(bob, tmp_path, mode) as other,
    ):
        made = await home.perform(Kind.CREATE_ROOM, "", direct=True, invite=[bob.user_id])
        room = (await confirmed(home, made)).room
        for session in (home, second):
            found = await room_with(session, room, lambda found: found.kind is RoomKind.DIRECT and found.name == "bob")
            assert found.direct == bob.user_id
        found = await room_with(other, room, lambda found: found.membership is Membership.INVITED)
        assert (found.kind, found.direct) == (RoomKind.DIRECT, ann.user_id)
        await confirmed(other, await other.perform(Kind.JOIN, room))
        await room_with(other, room, lambda found: found.membership is Membership.JOINED and found.name == "ann")
        await confirmed(other, await other.send(room, "only you"))
        for session in (home, second):
            await saying(session, room, "only you")
        told = await ann.raw.get(f"user/{part(ann.user_id)}/account_data/m.direct")
        assert told == {bob.user_id: [room]}


@each_mode
async def test_marks_on_rooms_follow_the_person(mode: str, people: People, tmp_path: Path) -> None:  # B17
    ann = await people("ann")
    room, other = await ann.create_room("Hall"), await ann.create_room("Other")
    async with (
        session_of(ann, tmp_path, mode) as home,
        session_of(ann, tmp_path, mode, device="SECOND") as second,
    ):
        await confirmed(home, await home.perform(Kind.TAG, room, tag="favourite"))
        await confirmed(home, await home.perform(Kind.MUTE, room, muted=True))
        # The legacy stream tells other devices nothing of what is muted.
        told = (home, second) if mode != "legacy" else (home,)
        for session in (home, second):
            await room_with(session, room, lambda found: found.tag is RoomTag.FAVOURITE)
        for session in told:
            await room_with(session, room, lambda found: found.muted)
        await confirmed(second, await second.perform(Kind.TAG, room, tag="low"))
        await confirmed(told[-1], await told[-1].perform(Kind.MUTE, room, muted=False))
        for session in (home, second):
            await room_with(session, room, lambda found: found.tag is RoomTag.LOW and not found.muted)
        assert home.rooms[other].tag is RoomTag.NONE
        # Our own name, everywhere.
        await confirmed(home, await home.perform(Kind.PROFILE, "", name="Anna"))
        for session in (home, second):
            session.open_room(room)
            await until(lambda: (me := member(session, room, ann.user_id)) is not None and me.name == "Anna")  # noqa: B023
        # Forgotten here, gone there.
        await confirmed(home, await home.perform(Kind.FORGET, other))
        for session in (home, second):
            await until(lambda: session.rooms[other].membership is not Membership.JOINED)  # noqa: B023
    async with session_of(ann, tmp_path, mode, device="LATER") as later:
        assert set(later.rooms) == {room}
        assert later.rooms[room].tag is RoomTag.LOW


@each_mode
async def test_what_cannot_be_sent_says_why_and_is_kept_in_order(
    mode: str, people: People, tmp_path: Path
) -> None:  # B13, C7
    ann, bob = await people("ann"), await people("bob")
    levels = {"events_default": 50, "users": {}, "users_default": 0}
    room = await bob.create_room("Stage", invite=[ann], power_level_content_override={"events_default": 50})
    await ann.join(room)
    async with session_of(ann, tmp_path, mode) as session:
        session.open_room(room)
        first = await session.send(room, "may I speak?")
        second = await session.send(room, "and this?")
        refused = await session.settled(first.id, State.CONFIRMED)
        assert (refused.state, refused.error_code) == (State.FAILED, "M_FORBIDDEN")
        assert "power" in refused.error_text or "level" in refused.error_text, "the server's own sentence"
        assert session.open_actions[second.id].state is State.PENDING, "nothing overtakes what was refused"
        await bob.set_state(
            room, "m.room.power_levels", {**(await bob.state(room))["m.room.power_levels", ""], **levels}
        )
        current = (await bob.state(room))["m.room.power_levels", ""]
        await bob.set_state(room, "m.room.power_levels", current | {"events_default": 0})
        again = await session.retry(first.id)
        assert again.id > second.id
        for action in (again, second):
            await confirmed(session, action)
        assert await bob.texts(room) == ["may I speak?", "and this?"]
        large = await session.send(room, "x" * 70_000)
        refused = await session.settled(large.id, State.CONFIRMED)
        assert (refused.state, refused.text) == (State.FAILED, "x" * 70_000)
        assert "too long" in refused.error_text
        await session.cancel(large.id)
        await confirmed(session, await session.send(room, "short"))
        assert texts(session, room) == ["may I speak?", "and this?", "short"]


@each_mode
async def test_a_device_that_is_signed_out_stops_and_keeps_what_was_typed(
    mode: str, people: People, tmp_path: Path
) -> None:  # B13
    ann = await people("ann")
    room = await ann.create_room("Hall")
    async with session_of(ann, tmp_path, mode) as session:
        session.open_room(room)
        await confirmed(session, await session.send(room, "before"))
        await ann.raw.post("logout/all", {})
        # A poll that waits is not woken by that; whatever is done next is refused.
        kept = await session.send(room, "kept")
        await until(lambda: session.link.link is Link.STOPPED)
        assert session.link.reason
        assert session.open_actions[kept.id].state is State.PENDING
        later = await session.send(room, "later")
        assert session.open_actions[later.id].text == "later"


async def test_who_is_there_is_told(people: People, tmp_path: Path) -> None:  # B20
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    async with session_of(ann, tmp_path, "sync") as session:
        session.open_room(room)
        for word, presence in (("online", Presence.ONLINE), ("unavailable", Presence.IDLE)):
            await bob.raw.put(f"presence/{bob.user_id}/status", {"presence": word, "status_msg": "at the pond"})
            await until(lambda: session.presence(bob.user_id) is presence)  # noqa: B023
        assert session.presence("@nobody:localhost") is Presence.UNKNOWN
    async with session_of(ann, tmp_path, "sliding") as session:
        assert session.presence(bob.user_id) is Presence.UNKNOWN


@each_mode
async def test_files_are_lines_with_what_is_known_of_them(mode: str, people: People, tmp_path: Path) -> None:  # C3
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    picture = {"mimetype": "image/png", "size": 1234, "w": 640, "h": 480}
    async with session_of(ann, tmp_path, mode) as session:
        session.open_room(room)
        sent: list[dict[str, object]] = [
            {"msgtype": "m.image", "body": "cat.png", "url": "mxc://localhost/cat", "info": picture},
            {"msgtype": "m.file", "body": "what it is", "filename": "../plan.pdf", "url": "mxc://localhost/plan"},
            {"msgtype": "m.audio", "body": "song.ogg", "url": "mxc://localhost/song", "info": {"duration": 1000}},
            {"msgtype": "m.video", "body": "film.mp4", "url": "mxc://localhost/film", "info": {"size": 5}},
            {"msgtype": "m.location", "body": "here", "geo_uri": "geo:1,2"},
        ]
        for content in sent:
            await bob.send(room, "m.room.message", content)
        await bob.send(room, "m.sticker", {"body": "a wave", "url": "mxc://localhost/wave", "info": picture})
        await bob.send_text(room, "that is all")
        await saying(session, room, "that is all")
        files = [event.file for event in shown(session, room) if event.file is not None]
        names = [file.name for file in files]
        assert names[:4] == ["cat.png", ".._plan.pdf", "song.ogg", "film.mp4"]
        assert (files[0].mime, files[0].size, files[0].width, files[0].height) == ("image/png", 1234, 640, 480)
        assert files[0].ref == "mxc://localhost/cat"
        captions = [event.text for event in shown(session, room) if event.kind is EventKind.FILE]
        assert captions[1] == "what it is"
        assert session.rooms[room].last_text == "that is all"
        assert "here" in str([event.text for event in shown(session, room)])


async def test_people_and_places_are_found(people: People, tmp_path: Path) -> None:  # B14, H7, C4
    ann, bob = await people("ann"), await people("bob", displayname="Barnaby")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    ids = [await bob.send_text(room, f"line {number}") for number in range(60)]
    async with session_of(ann, tmp_path) as session:
        assert bob.user_id in {one.user_id for one in await session.people("Barnaby")}
        (found,) = [one for one in await session.people(bob.user_id) if one.user_id == bob.user_id]
        assert found.name == "Barnaby"
        # Somewhere in the middle, and up to the newest from there.
        session.open_room(room)
        order = await session.landing.find_around(room, ids[12], count=10)
        timeline = session.landing.open_at(room, order, 20)
        around = [item.event.event_id for item in timeline.items if item.event is not None]
        assert ids[12] in around
        line = next(item.event for item in timeline.items if item.event and item.event.event_id == ids[12])
        assert (line.text, line.order) == ("line 12", order)
        try:
            missing = await session.landing.find_around(room, "$nothing")
        except NotGiven:
            missing = 0
        assert not missing
