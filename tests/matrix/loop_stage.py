"""A driver of the Matrix core with fake parts, for one of the three ways to sync."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from chat_tui_core.contract import Arrived, Link, News
from chat_tui_core.values import frozen
from chat_tui_matrix.protocol.desk import EPOCH
from chat_tui_matrix.wire.calls import Call
from tests.matrix.driver import ROOM, SLIDING, VERSIONS, WALL, Driver, message, reply, section
from tests.matrix.fake_parts import Fakes

TURN: Final = WALL - EPOCH


@frozen
class Mode:
    """A way to sync, as the tests see it: its first request, its later ones, and where they carry the token."""

    name: str
    first: str
    later: str
    key: str
    param: str

    @property
    def versions(self) -> Mapping[str, Any]:
        """What a server says that has it."""
        return SLIDING if self.name == "sliding" else VERSIONS

    def position(self, token: str, turn: int) -> dict[str, str]:
        """What is stored for a token."""
        return {"mode": self.name, self.key: token, "turn": str(turn)}


SYNC: Final = Mode("sync", "sync", "sync", "since", "since")
SLIDE: Final = Mode("sliding", "sliding", "sliding", "pos", "pos")
LEGACY: Final = Mode("legacy", "initial_sync", "events", "since", "from")

each_mode = pytest.mark.parametrize("mode", [SYNC, SLIDE, LEGACY], ids=lambda mode: mode.name)


class Stage(Driver):
    """A driver with fake parts for one way to sync."""

    def __init__(self, mode: Mode = SYNC, **more: Any) -> None:
        self.fakes = Fakes()
        self.mode = mode
        super().__init__(mode=more.pop("setting", mode.name), parts=self.fakes, **more)

    def begin(self) -> None:
        """Up to the first request of the way."""
        self.start(self.mode.versions)

    def up(self) -> None:
        """From nothing to ONLINE, with one room and one message, and nothing left to look at."""
        self.begin()
        self.answer(self.mode.first, reply("t1", section(ROOM, message("one")), total=1))
        assert self.at(Link.ONLINE)
        self.quiet()

    @property
    def poll(self) -> Call:
        """The poll that is under way."""
        return self.call(self.mode.later)

    def brings(self, token: str, *texts: str) -> None:
        """The poll that is under way brings messages."""
        rooms = [section(ROOM, *map(message, texts))] if texts else []
        self.answer(self.mode.later, reply(token, *rooms, total=1))

    def breaks(self) -> None:
        """The poll that is under way breaks."""
        self.fail(self.mode.later, "connection reset")


def events_of(news: list[News]) -> list[str]:
    """The ids of what arrived."""
    return [one.event_id for item in news if isinstance(item, Arrived) for one in item.events]


def kinds(news: list[News]) -> list[str]:
    """The names of some news."""
    return [type(item).__name__ for item in news]
