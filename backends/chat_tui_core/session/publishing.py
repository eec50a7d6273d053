"""Tell whoever listens: by kind of change, each listener on its own, so that one that fails stops nobody else (B22)."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from chat_tui_core.session_changes import SessionChange

_log: Final = logging.getLogger(__name__)

Listener = Callable[[Any], Awaitable[None] | None]
"""A function or coroutine function that takes one change."""


class Publisher:
    """Listeners in the order in which they came. Lives on one event loop."""

    def __init__(self) -> None:
        self._listeners: dict[int, tuple[tuple[type, ...], Listener]] = {}
        self._last = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def subscribe(self, kinds: type | tuple[type, ...], listener: Listener) -> Callable[[], None]:
        """Have `listener` called with every change of these kinds; returns what ends that.

        Whoever subscribes while a change is being told hears only of later ones.
        """
        self._last += 1
        number = self._last
        self._listeners[number] = (kinds if isinstance(kinds, tuple) else (kinds,), listener)
        return lambda: self._drop(number)

    def publish(self, change: SessionChange) -> None:
        """Tell every listener whose kinds fit. One that has been dropped meanwhile is not told."""
        for number, (kinds, listener) in tuple(self._listeners.items()):
            if number in self._listeners and isinstance(change, kinds):
                self._tell(listener, change)

    async def close(self) -> None:
        """Tell nobody any more; what listeners still do is ended."""
        self._listeners.clear()
        tasks = {task for task in self._tasks if task is not asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _drop(self, number: int) -> None:
        self._listeners.pop(number, None)

    def _tell(self, listener: Listener, change: SessionChange) -> None:
        try:
            answer = listener(change)
        except Exception:  # noqa: BLE001 - whatever one listener does wrong, the others are told
            _log.exception("a listener failed on %s", type(change).__name__)
            return
        if inspect.iscoroutine(answer):
            task = asyncio.get_running_loop().create_task(_guarded(answer, type(change).__name__))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _guarded(work: Coroutine[Any, Any, None], name: str) -> None:
    try:
        await work
    except Exception:  # noqa: BLE001 - see _tell
        _log.exception("a listener failed on %s", name)
