"""Threads for what waits for a disk, so that the event loop never does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar, TypeVarTuple

from chat_tui_core.background import step_back
from chat_tui_core.session.files.trouble import explain

THREADS: Final = 4

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Disk:
    """Runs blocking work; what the system refuses becomes FileTrouble, in words."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "chat-files", step_back)

    async def run(self, path: Path, work: Callable[[*Args], T], *args: *Args) -> T:
        """Run work that is about `path`. Raises FileTrouble, and whatever else the work raises."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        except OSError as error:
            raise explain(error, path) from error

    async def close(self) -> None:
        """Wait for what runs."""
        await asyncio.to_thread(self._threads.shutdown)
