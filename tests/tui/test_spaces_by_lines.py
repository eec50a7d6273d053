"""Spaces where there is no screen: read out, with their rooms; never among the rooms that one talks in."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat_tui.commands import Call, read_line
from chat_tui.plain.handling import carry_out
from chat_tui.requests.perform import perform
from chat_tui.requests.values import Request, Row
from chat_tui_core.errors import LocalError
from chat_tui_core.model import Membership, Room
from chat_tui_core.news import RoomChanged
from chat_tui_core.questions import Question
from chat_tui_core.spaces import AskSpace, Held, SpaceGiven, SpaceRoom
from tests.tui.test_plain import Lines

WORK = Room("!s", "Work", children=("tea", "cake"))


class Spaced(Lines):
    """Somebody who is in one space, and one room of it."""

    def ask(self, question: Question) -> None:
        if isinstance(question, AskSpace):
            rooms = (
                SpaceRoom(WORK, (Held("tea"), Held("cake"))),
                SpaceRoom(Room("tea", "Tea room", membership=Membership.NONE, members=1)),
                SpaceRoom(Room("cake", "Cake", "with cream", membership=Membership.NONE, members=4)),
            )
            self.connection.deliver((SpaceGiven(question.request, "!s", rooms),))
        else:
            super().ask(question)

    async def command(self, text: str) -> list[str]:
        """What a command reads out."""
        call = read_line(text)
        assert isinstance(call, Call)
        await carry_out(self.talking, call)
        return self.new()


async def test_spaces_are_read_out_with_their_rooms(tmp_path: Path) -> None:
    lines = Spaced(tmp_path / "chat.db")
    await lines.online(Room("tea", "Tea room"), Room("hall", "Work"))
    lines.connection.ask = lines.ask  # type: ignore[method-assign]
    assert await lines.command("/space") == ["You are in no space."]
    await lines.news(RoomChanged(WORK, frozenset()))
    assert [room.room_id for room in lines.talking.joined()] == ["tea", "hall"]
    assert await lines.command("/space") == ["Work, 1 room"]
    assert await lines.command("/space work") == ["Tea room, 1 member.", "Cake, 4 members. with cream"]
    with pytest.raises(LocalError, match="You are in no space 'garden'"):
        await lines.command("/space garden")
    found = lines.talking.doing.find("Work")
    assert found is not None
    assert found.room_id == "hall", "a word means a room before it means a space"
    await lines.close()


@pytest.mark.parametrize(("every", "ids"), [(False, {"tea"}), (True, {"tea", "!s"})])
async def test_the_list_of_rooms_has_spaces_only_when_all_is_asked_for(
    tmp_path: Path, every: bool, ids: set[str]
) -> None:
    lines = Spaced(tmp_path / "chat.db")
    await lines.online(Room("tea"), WORK)
    told = [one async for one in perform(lines.session, Request("rooms", every=every))]
    assert {one.data["room_id"] for one in told if isinstance(one, Row)} == ids
    await lines.close()
