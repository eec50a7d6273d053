"""What transfers wait for, in words, and when they are tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

RETRY: Final = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds after which what the disk refused is tried again: the first time, the second, …; the last one holds."""

OFFLINE: Final = "Waits for the connection."
TURN: Final = "Waits for its turn."
UNABLE: Final = "The server takes no files."
PREPARING: Final = "Its digest is being computed."
BEHIND: Final = "Waits for a message that was typed before it."


class Waits:
    """One sentence for each transfer that waits. `wake` is called when its time has come."""

    def __init__(self, wake: Callable[[int], None]) -> None:
        self.retry: Sequence[float] = RETRY
        self._wake = wake
        self._texts: dict[int, str] = {}
        self._tries: dict[int, int] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def __contains__(self, transfer_id: object) -> bool:
        return transfer_id in self._texts

    def __iter__(self) -> Iterator[int]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def text(self, transfer_id: int) -> str:
        """What a transfer waits for, "" when it does not."""
        return self._texts.get(transfer_id, "")

    def seconds(self, transfer_id: int) -> float:
        """In how many seconds it is tried again by itself, 0 when it does not wait for that."""
        timer = self._timers.get(transfer_id)
        return max(0.0, timer.when() - asyncio.get_running_loop().time()) if timer is not None else 0.0

    def begin(self, transfer_id: int, text: str, seconds: float = 0.0) -> None:
        """It waits from now on; without `seconds` the longer the more often it had to."""
        if not seconds:
            count = self._tries[transfer_id] = self._tries.get(transfer_id, 0) + 1
            seconds = self.retry[min(count, len(self.retry)) - 1]
        self.end(transfer_id)
        self._texts[transfer_id] = text
        self._timers[transfer_id] = asyncio.get_running_loop().call_later(seconds, self._wake, transfer_id)

    def end(self, transfer_id: int) -> bool:
        """It waits no longer; False when it did not wait."""
        if timer := self._timers.pop(transfer_id, None):
            timer.cancel()
        return self._texts.pop(transfer_id, None) is not None

    def went_well(self, transfer_id: int) -> None:
        """It has moved on: the next trouble is the first one again."""
        self._tries.pop(transfer_id, None)

    def forget(self, transfer_id: int) -> None:
        """It is over."""
        self.end(transfer_id)
        self.went_well(transfer_id)

    def close(self) -> None:
        """Wake nobody any more."""
        for transfer_id in list(self._timers):
            self.end(transfer_id)
