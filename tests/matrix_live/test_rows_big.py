"""A thousand rooms on a real homeserver: the newest are there at once, all of them soon, each with its unread count."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat_tui_core.link import Link
from chat_tui_core.model import Membership
from chat_tui_core.session import Session
from tests.matrix_live.ours import session_of, until
from tests.matrix_live.prepared import BigAccount
from tests.matrix_live.synapse import Synapse
from tests.matrix_live.watching import saying

# A first sync of the other two modes is the homeserver's own work for up to half a minute.
MODES = ["sliding", *(pytest.param(mode, marks=pytest.mark.slow) for mode in ("sync", "legacy"))]
PATIENCE = 100.0


def newest(session: Session) -> str:
    """The room in which the last thing was said, of all that are there."""
    return max(session.rooms.values(), key=lambda room: room.last_ts).room_id


@pytest.mark.timeout(200)
@pytest.mark.parametrize("mode", MODES)
async def test_a_thousand_rooms(big: tuple[Synapse, BigAccount], mode: str, tmp_path: Path) -> None:  # B1, B14, E6, H1
    server, account = big
    ann = account.people["ann"].at(server.url)
    try:
        async with session_of(ann, tmp_path, mode, ready=False) as session:
            await until(lambda: session.link.link is Link.ONLINE, PATIENCE)
            if mode == "sliding":
                assert 0 < len(session.rooms) < account.rooms, "one can begin before all are there"
            # What was said in the rooms of an answer is told room by room.
            await until(lambda: newest(session) == account.long_room)
            await saying(session, account.long_room, f"message {account.messages - 1:04}")
            await until(lambda: len(session.rooms) == account.rooms, PATIENCE)
            # By bob there is one text in each that ann has not read; the long one she reads in another test.
            others = [room_id for room_id in session.rooms if room_id != account.long_room]
            await until(lambda: all(session.rooms[room_id].unread for room_id in others), PATIENCE)
            rooms = session.rooms.values()
            assert {session.rooms[room_id].unread for room_id in others} == {1}
            assert {room.name for room in rooms} == {f"Room {number:04}" for number in range(account.rooms)}
            assert {(room.membership, room.members) for room in rooms} == {(Membership.JOINED, 4)}
            assert all(room.last_text for room in rooms)
            assert not session.problems
    finally:
        await ann.raw.close()
