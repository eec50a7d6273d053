"""How much is unread, in each mode: on a first sync, after reading elsewhere, after a time offline, after a burst."""

from __future__ import annotations

from pathlib import Path

from tests.matrix_live.ours import session_of, until
from tests.matrix_live.people import People, Person
from tests.matrix_live.watching import each_mode, room_with, saying, spoken


async def hall(people: People, *, said: int = 0) -> tuple[Person, Person, str, list[str]]:
    """Ann and bob in a room in which bob has said `line 0` and so on; the ids of that."""
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Hall", invite=[bob])
    await bob.join(room)
    return ann, bob, room, await lines(bob, room, said)


async def lines(who: Person, room: str, count: int, first: int = 0) -> list[str]:
    """Somebody says so many lines; their ids."""
    return [await who.send_text(room, f"line {number}") for number in range(first, first + count)]


async def counted(who: Person, room: str) -> int:
    """How much the homeserver says is unread, by a plain sync.

    For half a minute after something was read, Synapse may count what is before that as well.
    """
    told = (await who.sync())["rooms"]["join"][room]["unread_notifications"]
    return int(told["notification_count"])


@each_mode
async def test_a_first_sync_counts_what_was_not_read(mode: str, people: People, tmp_path: Path) -> None:  # B1, E6
    ann, bob, room, ids = await hall(people, said=40)
    nothing = await ann.create_room("Nothing", invite=[bob])
    never = await bob.create_room("Never read", preset="public_chat")
    await bob.join(nothing)
    await ann.join(never)
    await lines(bob, never, 3)
    await ann.read(room, ids[5])
    said = {"msgtype": "m.text", "body": f"{ann.user_id}: look", "m.mentions": {"user_ids": [ann.user_id]}}
    await bob.send(room, "m.room.message", said)
    right = await counted(ann, room)
    assert 35 <= right <= 41
    async with session_of(ann, tmp_path, mode) as home:
        found = await room_with(home, room, lambda found: found.unread == right)
        assert found.mentions == 1
        await room_with(home, never, lambda found: found.unread == 3)
        assert home.rooms[nothing].unread == 0
        # What comes now is counted on top, and reading here takes all away: for other devices, too.
        await bob.send_text(room, "one more")
        await room_with(home, room, lambda found: (found.unread, found.mentions) == (right + 1, 1))
        line = await saying(home, room, "one more")
        home.mark_read(room, line.order)
        await room_with(home, room, lambda found: (found.unread, found.mentions) == (0, 0))
        await until(lambda: not home.open_actions)
    told = (await ann.sync())["rooms"]["join"][room]["unread_notifications"]
    assert told == {"notification_count": 0, "highlight_count": 0}


@each_mode
async def test_reading_on_another_device_counts(mode: str, people: People, tmp_path: Path) -> None:  # B17, E6
    ann, bob, room, _ = await hall(people)
    async with session_of(ann, tmp_path, mode) as home:
        ids = await lines(bob, room, 5)
        await room_with(home, room, lambda found: found.unread == 5)
        await ann.read(room, ids[1])
        right = await counted(ann, room) if mode == "sync" else 3
        await room_with(home, room, lambda found: found.unread == right)
        await ann.read(room, ids[4])
        await room_with(home, room, lambda found: found.unread == 0)
        # What one says oneself reads what was before.
        await lines(bob, room, 2)
        await room_with(home, room, lambda found: found.unread == 2)
        await ann.send_text(room, "I have seen it")
        await bob.send_text(room, "good")
        await room_with(home, room, lambda found: found.last_text == "good")
        assert [event.text for event in spoken(home, room)] == []


@each_mode
async def test_a_time_offline_is_counted(mode: str, people: People, tmp_path: Path) -> None:  # B8, B17, E6
    ann, bob, room, ids = await hall(people, said=4)
    async with session_of(ann, tmp_path, mode) as home:
        await room_with(home, room, lambda found: found.unread == 4)
    await bob.send_many(room, [f"more {number}" for number in range(56)])
    async with session_of(ann, tmp_path, mode) as home:
        await room_with(home, room, lambda found: found.unread == 60)
    ids += await lines(bob, room, 60, 4)
    await ann.read(room, ids[23])
    right = await counted(ann, room)
    async with session_of(ann, tmp_path, mode) as home:
        # Read up to what this device has not got; where it gets all, it counts by itself.
        await room_with(home, room, lambda found: found.unread in {right, 40 if mode == "legacy" else right})
    await ann.read(room, ids[-1])
    async with session_of(ann, tmp_path, mode) as home:
        await room_with(home, room, lambda found: found.unread == 0)
