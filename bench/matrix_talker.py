"""The session program that bench.matrix_kill kills: says one thing after the other, and prints each once it is stored.

`python -m bench.matrix_talker FOLDER ACCOUNT ROUND ROOM ...` begins with "ready" and prints "said ROOM TEXT" for each.
With ROUND 0 it says nothing, waits until nothing is open any more, and prints "done".
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from chat_tui.opening import open_account
from chat_tui_core.accounts import DataFolder
from chat_tui_core.link import Link
from chat_tui_core.session import Session
from chat_tui_core.session_changes import LinkMoved

MOST_OPEN: Final = 20
"""Things that may wait before more is said."""

STEP: Final = 0.01


def tell(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def impatient(session: Session) -> None:
    """Do not wait for the next try when the server is away."""

    def look(change: LinkMoved) -> None:
        if change.link.link is Link.WAITING:
            asyncio.get_running_loop().call_later(0.05, session.connect_now)

    session.subscribe(LinkMoved, look)


async def talk(session: Session, number: int, rooms: list[str]) -> None:
    """Say things in all rooms in turn, until this program is killed."""
    for count, room_id in zip(itertools.count(), itertools.cycle(rooms), strict=False):
        while len(session.open_actions) >= MOST_OPEN:  # noqa: ASYNC110 - ends with the program
            await asyncio.sleep(STEP)
        text = f"{number:04}-{count:05}"
        await session.send(room_id, text)
        tell(f"said {room_id} {text}")


async def run(folder: Path, account: str, number: int, rooms: list[str]) -> None:
    """Open the account and talk, or finish what is open."""
    async with AsyncExitStack() as stack:
        session = await open_account(DataFolder(folder), account).session_in(stack)
        impatient(session)
        session.connect()
        tell("ready")
        if number:
            await talk(session, number, rooms)
        await session.ready()
        while session.open_actions:  # noqa: ASYNC110 - ends with the program
            await asyncio.sleep(STEP)
        tell("done")


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:]))
