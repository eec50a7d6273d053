"""Hold still what a picture must not depend on: time zone, home folder, today's date, the machine's clocks."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final
from unittest import mock

from chat_tui.widgets import folder_list, message_look
from chat_tui.widgets.inbox_list import InboxList
from chat_tui.widgets.room_list import RoomList
from chat_tui_core.actions import Action, Kind
from chat_tui_core.store import actions as stored_actions
from chat_tui_core.store import ids

__all__ = ["MINUTE", "MONDAY", "NOW", "fixed_surroundings"]

MONDAY: Final = 1_794_816_000_000
"""2026-11-16 08:00 UTC."""
MINUTE: Final = 60_000
NOW: Final = MONDAY + 1656 * MINUTE
"""Tuesday, 11:36."""


ENVIRONMENT: Final = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
ABSENT: Final = ("NO_COLOR", "KITTY_WINDOW_ID", "TERM_PROGRAM", "TMUX", "STY")
"""Variables that say of a terminal what it can draw."""


class _Today(datetime):
    """A calendar on which it is always the same minute."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _Today:
        return cls.fromtimestamp(NOW / 1000, tz)


_new_action = stored_actions.new_action
_one_by_one = threading.Lock()


def _numbered(db: sqlite3.Connection, draft: Action, now_ms: int) -> Action:
    """Store an action; one that the program does by itself, whenever it comes to it, takes no number from the others."""
    if draft.kind is not Kind.READ:
        with _one_by_one:
            return _new_action(db, draft, now_ms)
    lowest = db.execute("SELECT min(0, coalesce(min(id), 0)) FROM actions").fetchone()[0]
    with _one_by_one, mock.patch.object(ids, "allocate", return_value=lowest - 1):
        return _new_action(db, draft, now_ms)


@contextmanager
def fixed_surroundings(home: Path) -> Iterator[None]:
    """In here the machine is in UTC, the person's home is `home`, and it is always the same day."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), **ENVIRONMENT}
    try:
        with ExitStack() as held:
            held.enter_context(mock.patch.dict(os.environ, environment))
            for name in ABSENT:
                os.environ.pop(name, None)
            held.enter_context(mock.patch.object(folder_list, "datetime", _Today))
            for widget in (RoomList, InboxList):
                defaults = widget.__init__.__kwdefaults__
                assert defaults is not None
                assert "today" in defaults
                held.enter_context(mock.patch.dict(defaults, today=lambda: _Today.now(UTC).date()))
            held.enter_context(mock.patch.object(stored_actions, "new_action", _numbered))
            _take_zone()
            yield
    finally:
        _take_zone()


def _take_zone() -> None:
    """What TZ says holds from now on."""
    time.tzset()
    message_look._local.cache_clear()
