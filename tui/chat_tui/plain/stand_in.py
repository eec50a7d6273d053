"""What commands are carried out on where there is no screen: the current room, and lines that are read out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from types import SimpleNamespace
from typing import Any

from chat_tui.config import AppOptions, Config
from chat_tui.strings import of_error
from chat_tui_core.model import Room
from chat_tui_core.safe_text import one_line
from chat_tui_core.session import Session

__all__ = ["StandIn"]


class StandIn:
    """Has what `Doing` asks of the main screen and of the app.

    `opened` is called with a room that shall become the current one, `leave` when the person wants to go.
    """

    def __init__(
        self, session: Session, options: AppOptions, tell: Callable[[str], None], opened: Callable[[str], None]
    ) -> None:
        self.session = session
        self.options = options
        self.tell = tell
        self.open_room = opened
        self.conversation = Current(session)
        self.standing = SimpleNamespace(leaving=dict[str, str]())
        self.hints = SimpleNamespace(tell=self._hint)
        self.app = self
        self.available_themes: Mapping[str, object] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    def say(self, text: str, *, serious: bool = False) -> None:
        """Read out one sentence."""
        self.tell(one_line(text))

    def _hint(self, *, problem: str = "") -> None:
        if problem:
            self.say(problem)

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Carry out work beside the rest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.say(of_error(error))

    def configure(self, config: Config) -> None:
        """Have these settings hold from now on."""
        self.options = AppOptions(
            self.options.data, config, self.options.account, self.options.demo, self.options.chaos, self.options.file
        )
        self.session.undo_seconds = config.undo_send


class Current:
    """The current room."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.room_id = ""

    @property
    def room(self) -> Room | None:
        """The room, while it is there."""
        return self._session.rooms.get(self.room_id)
