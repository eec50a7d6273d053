"""The demo's server and everybody in it: the person's account is made, the bot and some others are there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from chat_tui.demo.content import BOT, ME
from chat_tui.demo.life import Life
from chat_tui.demo.past import rooms
from chat_tui.requests.watching import until
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.actions import Kind
from chat_tui_core.contract import Backend, ServerOptions
from chat_tui_core.errors import ConfigError, TransportError
from chat_tui_core.model import Account
from chat_tui_core.session import Session
from chat_tui_core.session_changes import ActionMoved, RoomsMoved
from chat_tui_core.store import Store

_LOG = logging.getLogger(__name__)

SERVED_BY: Final = "wschat"
ACCOUNT: Final = "demo"
#: Who is there in person; the others only have a past.
LIVING: Final = ("ada", "glitchy", "mei")
#: How many messages the person has not read yet; everything is read in the other rooms.
UNREAD: Final = {"general": 4, "random": 2}
_READING = 3.0
_TRIES = 4


@contextlib.asynccontextmanager
async def inhabited(folder: Path, chaos: str, pace: float) -> AsyncIterator[tuple[Account, str]]:
    """A server with a past and a present, as long as the block runs; gives how the person signs in.

    The account is saved in the data folder `folder`/data, with what a first sign-in brings. Raises ChatError.
    """
    async with AsyncExitStack() as stack:
        backend = registry.load(SERVED_BY)
        if backend.server is None:
            raise ConfigError(f"The backend {SERVED_BY!r} ships no server, so there is no demo.")
        past = rooms(time.time_ns() // 1_000_000)
        server = await backend.server.start(ServerOptions(open_registration=True, seed=past, chaos=chaos))
        stack.push_async_callback(server.close)
        account, token = await _sign_in(backend, server.url, ME, ACCOUNT)
        data = DataFolder(folder / "data")
        data.save(account, token)
        await _look_around(backend, account, token, data.folder(ACCOUNT) / "chat.db")
        lengths = {room.room_id: len(room.lines) for room in past}
        others = asyncio.create_task(_others(backend, server.url, folder, lengths, pace), name="demo")
        stack.push_async_callback(_ended, others)
        yield account, token


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _sign_in(backend: Backend, url: str, user: str, name: str) -> tuple[Account, str]:
    """A user whom the past knows, with a password that nobody needs again; a faulty line is tried again."""
    device, password = secrets.token_hex(8), secrets.token_urlsafe(16)
    tries = 1
    while True:
        try:
            given = await backend.login(url, user, password, kind="password", device=device)
        except TransportError:
            tries += 1
            if tries > _TRIES:
                raise
        else:
            return Account(name, backend.name, url, given.user, given.device), given.token


async def _look_around(backend: Backend, account: Account, token: str, file: Path) -> None:
    """Be the person for a moment: read nearly everything, so that the news stand out."""
    async with AsyncExitStack() as stack:
        session = await _connected(backend, account, token, file, stack)
        goals = {room.room_id: room.head - UNREAD.get(room.room_id, 0) for room in session.rooms.values()}
        for room_id, order in goals.items():
            await session.perform(Kind.READ, room_id, order=order)

        def done() -> bool | None:
            on_its_way = any(action.kind is Kind.READ for action in session.open_actions.values())
            reached = all(session.rooms[room_id].read >= order for room_id, order in goals.items())
            return (reached and not on_its_way) or None

        await until(session, done, (RoomsMoved, ActionMoved), _READING)


async def _others(backend: Backend, url: str, folder: Path, past: Mapping[str, int], pace: float) -> None:
    """Bring the bot and the living in, and let them live until cancelled."""
    async with AsyncExitStack() as stack:
        try:
            there = {}
            for name in (BOT, *LIVING):
                account, token = await _sign_in(backend, url, name, name)
                there[name] = await _connected(backend, account, token, folder / f"{name}.db", stack)
            bot = there.pop(BOT)
            await Life(bot, there, past, random.Random(), pace).run()
        except Exception:  # noqa: BLE001 - the person goes on without the others
            _LOG.exception("the demo's people have stopped")


async def _connected(backend: Backend, account: Account, token: str, file: Path, stack: AsyncExitStack) -> Session:
    store = Store.open(file)
    stack.push_async_callback(store.close)
    session = Session(account, backend, token, store)
    stack.push_async_callback(session.close)
    session.connect()
    await session.ready()
    return session
