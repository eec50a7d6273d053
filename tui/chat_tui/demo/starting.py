"""Start the demo in a thread of its own, so that the screen never waits for it, and remove every trace at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import ChatError
from chat_tui_core.model import Account

_PREFIX: Final = "chat-tui-demo-"


@dataclass(frozen=True, slots=True)
class Started:
    """How to sign in to the demo."""

    account: Account
    token: str = field(repr=False)
    data: DataFolder


class Demo:
    """A running demo: sign in with `account` and `token`; `data` holds them, as for any account."""

    def __init__(self, started: Started, world: _World) -> None:
        self.account = started.account
        self.token = started.token
        self.data = started.data
        self._world = world

    async def close(self) -> None:
        """End everything and remove the temporary folder; the person's own session is closed before."""
        await self._world.stop()


async def start_demo(chaos: str = "", *, pace: float = 1.0) -> Demo:
    """Start server, bot and people, and sign the person in.

    `pace` multiplies the waits of bot and people. Raises ChatError when the server cannot be started.
    """
    world = _World(chaos, pace)
    try:
        started = await world.start()
    except BaseException:
        await world.stop()
        raise
    return Demo(started, world)


class _World:
    """The thread in which everything of the demo runs, on a loop of its own."""

    def __init__(self, chaos: str, pace: float) -> None:
        self._chaos = chaos
        self._pace = pace
        self._started: Future[Started] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="chat-tui demo", daemon=True)

    async def start(self) -> Started:
        """Come to life; raises ChatError."""
        self._thread.start()
        return await asyncio.wrap_future(self._started)

    async def stop(self) -> None:
        """End; returns when the thread has ended."""
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            if self._loop is not None and self._stopped is not None:
                self._loop.call_soon_threadsafe(self._stopped.set)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:  # noqa: BLE001 - whoever waits for the start is told
            if not self._started.done():
                self._started.set_exception(error if isinstance(error, ChatError) else ChatError(f"No demo: {error}."))

    async def _live(self) -> None:
        from chat_tui.demo.world import inhabited

        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        async with _folder() as folder, inhabited(folder, self._chaos, self._pace) as (account, token):
            self._started.set_result(Started(account, token, DataFolder(folder / "data")))
            await self._stopped.wait()


@contextlib.asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    """A private folder that is gone afterwards; those of demos that were killed go now."""
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned() -> None:
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        if _is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    """Whether a demo's folder is ours and its process, whose number it bears, has ended."""
    number = folder.name.removeprefix(_PREFIX).partition("-")[0]
    try:
        if not number.isdigit() or folder.lstat().st_uid != os.getuid() or folder.is_symlink():
            return False
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
