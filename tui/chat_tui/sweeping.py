"""Collect garbage when nobody waits for a frame: a collection begins where objects are made, which is while one is drawn."""

from __future__ import annotations

import asyncio
import gc
from typing import Final

__all__ = ["Sweeper"]

SOON: Final = 0.04
"""Seconds after a frame: what it led to is done, and the next key has not come yet."""
CALM: Final = 3.0
"""Seconds without a frame after which even a long collection disturbs nobody."""
YOUNG: Final = 2_000
"""New objects that are worth a look: about a millisecond."""
MIDDLE: Final = 20
"""Such looks after which what outlived them is looked at, too."""
OLD: Final = 20
"""Looks at those after which everything is looked at."""
THRESHOLDS: Final = (10_000, MIDDLE, OLD)
"""Where a collection begins all the same, because there never was a moment for one."""


class Sweeper:
    """Lives on one event loop; `painted` is to be called after each frame."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._painted_at = 0.0
        gc.set_threshold(*THRESHOLDS)

    def painted(self) -> None:
        """Take note of a frame."""
        now = self._painted_at = self._loop.time()
        if self._timer is None or self._timer.when() > now + SOON:
            self._plan(SOON)

    def _plan(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        rest = self._painted_at + CALM - self._loop.time()
        young, middle, old = gc.get_count()
        if rest <= 0 and old >= OLD:
            gc.collect()
        elif middle >= MIDDLE:
            gc.collect(1)
        elif young >= YOUNG:
            gc.collect(0)
        if rest > 0:
            self._plan(rest)
