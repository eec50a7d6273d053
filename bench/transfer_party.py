"""Somebody who sends files, or takes every file that is offered, as a program with a store of its own.

It takes FOLDER URL USER TOKEN and says each step of each file as a line of JSON. A line `offer PATH` offers a file to
the room, a line `cancel NAME` ends a transfer; whatever else is on its way goes on by itself. After a line `talk` it says
something in the room every few milliseconds, until a line `hush`; then it tells how long each took to come back.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from chat_tui_core.actions import State as ActionState  # noqa: E402
from chat_tui_core.errors import ChatError  # noqa: E402
from chat_tui_core.link import Link  # noqa: E402
from chat_tui_core.model import Account  # noqa: E402
from chat_tui_core.registry import load  # noqa: E402
from chat_tui_core.session import Session  # noqa: E402
from chat_tui_core.session_changes import LinkMoved, SessionChange, TransferMoved  # noqa: E402
from chat_tui_core.store import Store  # noqa: E402
from chat_tui_core.transfers import Direction, State, Transfer  # noqa: E402

ROOM: Final = "room0"
_BREATH: Final = 0.02
"""Seconds between two lines."""

_AGAIN: Final = 0.05
"""Seconds before the next try to connect."""


class Party:
    """A session, what it says of its files, and what it is told to do."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepted: set[int] = set()
        self._talking = False

    def notice(self, change: SessionChange) -> None:
        """Tell of a file, take what is offered, and do not wait for the next try when the server is away."""
        if isinstance(change, LinkMoved) and change.link.link is Link.WAITING:
            asyncio.get_running_loop().call_later(_AGAIN, self._session.connect_now)
        if isinstance(change, TransferMoved):
            self.look(change.transfer)

    def look(self, one: Transfer) -> None:
        """Tell how a file stands; an offer is accepted."""
        people = [who.state.value for who in one.recipients]
        row = {"name": one.name, "state": one.state.value, "done": one.done, "people": people, "why": one.reason}
        sys.stdout.write(f"{json.dumps(row)}\n")
        sys.stdout.flush()
        if one.direction is Direction.IN and one.state is State.NEW and one.id not in self._accepted:
            self._accepted.add(one.id)
            self._aside(one.id, "accept")

    def _aside(self, transfer_id: int, what: str) -> None:
        task = asyncio.create_task(self._do(transfer_id, what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, transfer_id: int, what: str) -> None:
        try:
            await (self._session.files.accept if what == "accept" else self._session.files.cancel)(transfer_id)
        except ChatError as error:
            sys.stderr.write(f"{what} {transfer_id}: {error}\n")

    async def talk(self) -> None:
        """Say one line after the other; each one's time is from saying it to seeing it in the room."""
        times: list[float] = []
        self._talking = True
        while self._talking:
            began = time.perf_counter()
            said = await self._session.send(ROOM, f"line {len(times)}")
            await self._session.settled(said.id, ActionState.CONFIRMED)
            times.append(time.perf_counter() - began)
            await asyncio.sleep(_BREATH)
        sys.stdout.write(f"{json.dumps({'name': '', 'times': times})}\n")
        sys.stdout.flush()

    async def obey(self, line: str) -> None:
        """Do what a line says."""
        word, _, rest = line.strip().partition(" ")
        if word == "offer":
            await self._session.files.offer(ROOM, Path(rest))
        elif word == "cancel":
            for one in self._session.files.all():
                if one.name == rest and one.is_open:
                    await self._do(one.id, "cancel")
        elif word == "talk":
            task = asyncio.create_task(self.talk())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif word == "hush":
            self._talking = False


async def main(folder: str, url: str, user: str, token: str) -> None:
    """Go on until standard input ends."""
    store = Store.open(Path(folder) / "chat.db")
    session = Session(Account(user, "wschat", url, user, f"{user}-device"), load("wschat"), token, store)
    session.files.folder = Path(folder) / "received"
    session.files.folder.mkdir(exist_ok=True)
    party = Party(session)
    session.watch(party.notice)
    for one in session.files.all():
        party.look(one)
    session.connect()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await party.obey(line)
    await session.close()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
