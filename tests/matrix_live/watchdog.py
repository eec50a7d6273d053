"""Watches, while something happens, how long the event loop is held up and how much memory is taken (Linux).

Time is processor time of this process: on a loaded machine another clock would count what others do.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import time
from pathlib import Path
from typing import Final, Self

TICK: Final = 0.005
"""Seconds between two looks; what holds the loop up for longer is seen."""

MEGABYTE: Final = 1024 * 1024
_RESET_PEAK: Final = "5"


class Watchdog:
    """In `async with`: a task that notes how much is done between its turns. Seconds."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def longest(self) -> float:
        """The longest time in which nothing else could run."""
        return max(self.pauses, default=0.0)

    def beyond(self, seconds: float) -> int:
        """How often the loop was held up for longer."""
        return sum(1 for pause in self.pauses if pause > seconds)

    def worst(self, count: int = 5) -> list[int]:
        """The longest pauses in milliseconds."""
        return [round(pause * 1000) for pause in sorted(self.pauses, reverse=True)[:count]]

    async def _watch(self) -> None:
        before = time.process_time()
        while True:
            await asyncio.sleep(TICK)
            now = time.process_time()
            self.pauses.append(now - before)
            before = now

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


class Memory:
    """This process's memory from now on, in megabytes above what it had at the beginning."""

    def __init__(self) -> None:
        gc.collect()
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
        self._start = _now()

    @property
    def peak(self) -> float:
        """The most that it took at any moment."""
        status = Path("/proc/self/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024 - self._start

    @property
    def kept(self) -> float:
        """What it has now."""
        gc.collect()
        return _now() - self._start


def _now() -> float:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize() / MEGABYTE
