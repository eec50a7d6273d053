"""Drive an app without Textual's pauses: whoever presses a key waits for what it does, not for an idle processor."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.app import App
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot

__all__ = ["Calm", "QuickPilot"]

Calm = Callable[[], Awaitable[None]]


class QuickPilot(Pilot[Any]):
    """Presses keys one after the other; each is done with before the next."""

    def __init__(self, app: App[Any], calm: Calm | None = None) -> None:
        """`calm` waits for what goes on behind the screen."""
        super().__init__(app)
        self.calm: Calm = calm or self.pause

    async def pause(self, delay: float | None = None) -> None:
        """Wait until every part of the screen has done what it was told to do; `delay`: and so many seconds more."""
        await self._wait_for_screen()
        await asyncio.sleep(delay or 0)
        await self._wait_for_screen()

    async def press(self, *keys: str) -> None:
        """Press keys by Textual's names, or as characters."""
        driver = self.app._driver
        assert driver is not None
        for name in keys:
            key = _character_to_key(name) if len(name) == 1 and not name.isalnum() else name
            pressed = events.Key(key, _character(key))
            pressed.set_sender(self.app)
            driver.send_message(pressed)
            await self._wait_for_screen()


def _character(key: str) -> str | None:
    try:
        return unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        return key if len(key) == 1 else None
