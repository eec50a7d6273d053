"""A file on its way to the server: as many chunks at once as are soon acknowledged, so that messages are soon there too."""

from __future__ import annotations

from collections import deque
from typing import Final

from chat_tui_core.transfers import Sending, window_of

FIRST: Final = 8
"""Chunks that are on their way at first."""

FEWEST: Final = 2
"""Chunks that are on their way however slow the line is."""

QUICK: Final = 0.15
"""Seconds up to which an acknowledgement lets twice as many chunks be on their way, as far as the window goes."""

SLOW: Final = 0.5
"""Seconds from which an acknowledgement lets only half as many be on their way: a message would be as long behind them."""


class Upload:
    """Which chunks leave next. `ref` and `xid` are the file's names with the server, `told_at` when progress was told."""

    def __init__(self, transfer: int, ref: str, xid: str, size: int, chunk: int, window: int) -> None:  # noqa: PLR0917
        self.transfer = transfer
        self.ref = ref
        self.xid = xid
        most = window_of(chunk, window)
        self.flow = Sending(size, chunk, min(FIRST, most))
        self.told_at = 0.0
        self._most = most
        self._left: deque[tuple[int, float]] = deque()

    def take_due(self, now: float) -> range:
        """The numbers of the chunks that leave now."""
        due = self.flow.take_due()
        if due:
            self._left.append((due[-1], now))
        return due

    def acknowledge(self, number: int, now: float) -> bool:
        """Chunks up to this one are durable with the server; False when that is no news, or cannot be."""
        if not self.flow.acknowledge(number):
            return False
        left = now
        while self._left and self._left[0][0] <= number:
            left = self._left.popleft()[1]
        if left < now - SLOW:
            self.flow.window = max(min(FEWEST, self._most), self.flow.window // 2)
        elif left >= now - QUICK:
            self.flow.window = min(self._most, self.flow.window * 2)
        return True
