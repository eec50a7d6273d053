"""Import what a person's first deeds need, once the first frame is there: no frame waits for it, and no key does."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Final

from chat_tui import put_off

__all__ = ["MODULES", "load"]

SOON: Final = 0.05
"""Seconds in which the terminal has taken the first frame."""
MODULES: Final = (
    "chat_tui.commands",
    *("chat_tui_core.news", "chat_tui_core.session.hearing", "chat_tui_core.session.ingest_state"),
    *("chat_tui_core.session.ingest_history", "chat_tui_core.session.ingest_rooms"),
    *("chat_tui_core.session.ingest_outbox", "chat_tui_core.session.ingest"),
    *("chat_tui_core.transfers", "chat_tui_core.session.files.units", "chat_tui_core.session.files"),
    *("chat_tui.waiting", "chat_tui.transfer_words", "chat_tui.screens.file_cards"),
    *("chat_tui.addresses", "chat_tui.screens.file_work", "chat_tui.screens.outbox_work"),
    *("chat_tui.screens.room_work", "chat_tui.screens.doing", "chat_tui.screens.operating"),
    "chat_tui.screens.nearby",
)
"""Each after those that it needs, so that no single one takes longer than a key may wait."""


async def load() -> None:
    """Import one after the other; whatever happens meanwhile comes in between."""
    put_off.end()
    await asyncio.sleep(SOON)
    for name in MODULES:
        import_module(name)
        await asyncio.sleep(0)
