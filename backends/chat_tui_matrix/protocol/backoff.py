"""How long to wait before the next try (S2: 2, 4, 8, 16, 30, 30 seconds)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

DELAYS: Final = (2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before each next try; the last one holds for all further tries (S2)."""

JITTER: Final = 0.1
"""The part of a delay that chance may add or take, so that not all clients come back at once."""

MOST_ASKED: Final = 600.0
"""Seconds that a server may ask us to wait at most."""


class Backoff:
    """Counts failures in a row. `rng` gives a number from 0 to below 1; 0.5 gives the delays exactly."""

    def __init__(self, rng: Callable[[], float]) -> None:
        self._rng = rng
        self.attempt = 0

    def reset(self) -> None:
        """Something worked: count from the start again."""
        self.attempt = 0

    def next(self, asked: float | None = None) -> float:
        """Give the seconds to wait and count one failure; `asked` is what the server wants, it is never undercut."""
        delay = DELAYS[min(self.attempt, len(DELAYS) - 1)]
        self.attempt += 1
        if asked is not None:
            return max(1.0, min(asked, MOST_ASKED))
        return delay * (1 + JITTER * (2 * self._rng() - 1))
