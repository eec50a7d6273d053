"""The shell under a flood: it takes what waits in slices, and others have their turn in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from chat_tui_core.contract import Link, News, Problem
from chat_tui_wschat.client import MOST_AT_ONCE, TURNS, WschatConnection
from chat_tui_wschat.protocol_values import In, Message


class CountingCore:
    """A core that makes a line of news of everything, and opens no socket."""

    link = Link.ONLINE

    def __init__(self) -> None:
        self.taken: list[News] = []

    def start(self, now: float) -> None:
        """Do nothing."""

    def stop(self, now: float) -> None:
        """End."""
        self.link = Link.OFFLINE

    def receive(self, data: In, now: float) -> None:
        """Take a message."""
        self.taken.append(Problem(str(data)))

    def tick(self, now: float) -> None:
        """Do nothing."""

    def sends(self) -> list[Any]:
        """Give nothing."""
        return []

    def events(self) -> list[News]:
        """Give what was taken."""
        taken, self.taken = self.taken, []
        return taken

    def wake_at(self) -> None:
        """Never wake."""


async def test_between_two_slices_of_what_waits_a_key_has_all_the_turns_that_it_needs() -> None:  # E2
    turn, told = 0, list[tuple[int, int]]()

    def deliver(news: Sequence[News]) -> None:
        told.append((turn, len(news)))

    core: Any = CountingCore()
    connection = WschatConnection(core, deliver)
    for number in range(3 * MOST_AT_ONCE):
        connection._inbox.put(Message(f"frame {number}"))
    running = asyncio.create_task(connection.run())
    while sum(count for _, count in told) < 3 * MOST_AT_ONCE:
        await asyncio.sleep(0)
        turn += 1
        assert turn < 100_000
    turns = [at for at, _ in told]
    assert len(turns) >= 3
    assert all(later - earlier >= TURNS for earlier, later in pairwise(turns))
    await connection.close()
    await running
