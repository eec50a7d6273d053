"""Work that goes on beside a screen: plain tasks, which cost a tenth of Textual's workers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

__all__ = ["Beside"]


class Beside:
    """Tasks of one event loop that nobody waits for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Carry out work that raises nothing."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def end(self) -> None:
        """Cancel what is not done."""
        for task in self._tasks:
            task.cancel()
