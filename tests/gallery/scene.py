"""What a scene is: a name, what it shows, and how the app comes to show it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from textual.pilot import Pilot

from chat_tui.app import ChatApp
from chat_tui.config import AppOptions, Config
from chat_tui.themes import DARK
from chat_tui_core.accounts import DataFolder
from chat_tui_core.values import frozen
from tests.gallery.quick import QuickPilot
from tests.gallery.world import Sam

__all__ = ["SIZES", "Opens", "Scene", "by_sam", "nobody", "then"]

SIZES: Final = ((80, 24), (120, 40), (200, 60))
Opens = Callable[[Path], AbstractAsyncContextManager[Pilot[Any]]]
"""Runs the app in a folder, in the dark theme and at the first of the sizes, and brings the scene about."""


@frozen
class Scene:
    """One picture of the app. `screen` is the class that is in front; `shows` must be read at every size.

    `whole`: what is behind the dialog belongs to the picture. `listed`: it is in the gallery that people look at.
    """

    name: str
    about: str
    screen: str
    opens: Opens
    shows: tuple[str, ...] = ()
    whole: bool = False
    listed: bool = False


def by_sam(play: Callable[[Sam], Awaitable[None]]) -> Opens:
    """The app of Sam's account."""

    @asynccontextmanager
    async def opened(folder: Path) -> AsyncIterator[Pilot[Any]]:
        stage = Sam(folder / "chat.db")
        async with stage.show(SIZES[0]):
            await play(stage)
            await stage.settle()
            yield stage.pilot

    return opened


def then(play: Callable[[Sam], Awaitable[None]], *keys: str) -> Callable[[Sam], Awaitable[None]]:
    """A play, and keys after it."""

    async def both(stage: Sam) -> None:
        await play(stage)
        await stage.settle()
        for key in keys:
            await stage.pilot.press(key)
            await stage.settle()

    return both


def nobody(play: Callable[[Pilot[Any], DataFolder], Awaitable[None]]) -> Opens:
    """The app as it starts where there is no account."""

    @asynccontextmanager
    async def opened(folder: Path) -> AsyncIterator[Pilot[Any]]:
        data = DataFolder(folder / "data")
        app = ChatApp(AppOptions(data, Config(theme=DARK.name)))
        app.animation_level = "none"
        async with app.run_test(size=SIZES[0]):
            pilot = QuickPilot(app)
            await pilot.pause()
            await play(pilot, data)
            yield pilot

    return opened
