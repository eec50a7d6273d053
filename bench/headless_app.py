"""Run an app without a terminal, type into it, and tell what that has cost its thread of processor time."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

os.environ["TEXTUAL_FPS"] = "240"  # as the command line has it; read when textual is imported

from textual import events
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from bench.silent_backend import SilentBackend, SilentConnection
from chat_tui.app import ChatApp
from chat_tui.callback_parameters import count_once
from chat_tui.config import AppOptions, Config
from chat_tui.opening import Opened
from chat_tui.screens.main import MainScreen
from chat_tui_core.accounts import AccountLock, DataFolder
from chat_tui_core.model import Account
from chat_tui_core.store import Store

SETTLED: Final = 0.12
"""Seconds after which nothing that was done has work left: reading, the feed's frame, painting."""
SIZE: Final = 120, 40


class CountingDriver(HeadlessDriver):
    """Takes what would go to the terminal, so that it is made as for one, and counts its characters."""

    written = 0

    @property
    def is_headless(self) -> bool:
        """Say no: an app without a terminal would make no output."""
        return False

    def write(self, data: str) -> None:
        """Count it."""
        self.written += len(data)

    def flush(self) -> None:
        """Nothing is kept back."""


@contextmanager
def replaced(owner: object, name: str, function: Callable[..., object]) -> Iterator[None]:
    """Put a function in a method's place for a while."""
    setattr(owner, name, function)
    try:
        yield
    finally:
        delattr(owner, name)


class Stage:
    """A running app and what it costs to do something in it."""

    def __init__(self, app: App[Any]) -> None:
        self.app = app

    @property
    def driver(self) -> CountingDriver:
        """What stands where the terminal would."""
        driver = self.app._driver  # noqa: SLF001
        assert isinstance(driver, CountingDriver)  # noqa: S101
        return driver

    def press(self, key: str, character: str | None = None) -> None:
        """Type a key."""
        self.driver.process_message(events.Key(key, character))

    def wheel(self, x: int, y: int) -> None:
        """Turn the mouse's wheel upwards over a cell."""
        self.driver.process_message(
            events.MouseScrollUp(None, x, y, 0, -1, 0, shift=False, meta=False, ctrl=False, screen_x=x, screen_y=y)
        )

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal another size."""
        size = Size(columns, rows)
        self.driver._size = (columns, rows)  # noqa: SLF001
        self.driver.process_message(events.Resize(size, size))

    async def settle(self, seconds: float = SETTLED) -> None:
        """Let everything that is under way come to its end."""
        await asyncio.sleep(seconds)

    async def cost(self, do: Callable[[], object], seconds: float = SETTLED) -> float:
        """Seconds of this thread's processor time until everything that `do` began has ended, on screen too."""
        before = time.thread_time()
        do()
        await asyncio.sleep(seconds)
        return time.thread_time() - before

    async def costs(
        self, do: Callable[[], object], count: int, back: Callable[[], object] | None = None
    ) -> list[float]:
        """The same many times; `back` undoes it in between, for nothing."""
        found = []
        for _ in range(count):
            found.append(await self.cost(do))
            if back is not None:
                back()
                await self.settle()
        return found

    async def painted(self, widget: Widget, do: Callable[[], object]) -> tuple[float, float]:
        """The same until the first frame with rows of this widget is out, and until all is done; equal without one."""
        drawn, out = [False], [0.0]
        draw, display = widget.render_lines, self.app._display  # noqa: SLF001

        def drawing(crop: Region) -> list[Strip]:
            drawn[0] = True
            return draw(crop)

        def displaying(screen: Screen[Any], frame: Any) -> None:
            display(screen, frame)
            if drawn[0] and frame is not None and not out[0]:
                out[0] = time.thread_time()

        before = time.thread_time()
        with replaced(widget, "render_lines", drawing), replaced(self.app, "_display", displaying):
            total = await self.cost(do)
        return (out[0] - before if out[0] else total), total


@asynccontextmanager
async def staged(app: App[Any], size: tuple[int, int] = SIZE) -> AsyncIterator[Stage]:
    """Run an app on a screen of this size, with its output made and thrown away."""
    app.driver_class = CountingDriver
    async with app.run_test(headless=False, size=size, notifications=True):
        await asyncio.sleep(2 * SETTLED)
        gc.collect()
        gc.freeze()
        yield Stage(app)


class Chat(Stage):
    """chat-tui on a stored account whose server says only what it is told to."""

    def __init__(self, app: ChatApp, backend: SilentBackend) -> None:
        super().__init__(app)
        self.backend = backend

    @property
    def main(self) -> MainScreen:
        """The screen with rooms and messages."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, MainScreen))

    @property
    def connection(self) -> SilentConnection:
        """The server's side."""
        assert self.backend.connection is not None  # noqa: S101 - the app connects after its first frame
        return self.backend.connection


def chat_app(file: Path) -> tuple[ChatApp, SilentBackend]:
    """The app on a stored account, as the command line makes it."""
    count_once()  # as the command line does
    backend = SilentBackend()
    account = Account("bench", backend.name, "silent://", "me", "benchdevice")
    opened = Opened(account, backend, "token", Store.open(file), AccountLock(-1), file.parent)
    return ChatApp(AppOptions(DataFolder(file.parent), Config()), opened), backend


@asynccontextmanager
async def chatting(file: Path, size: tuple[int, int] = SIZE) -> AsyncIterator[Chat]:
    """Run chat-tui on a store's file."""
    app, backend = chat_app(file)
    async with staged(app, size):
        yield Chat(app, backend)
    await app.close_account()


def resident() -> float:
    """Mebibytes that this process has resident (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
