"""What the speakers of a benchmark say, and when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

TICK: Final = 0.01
"""Seconds between two bundles of messages when there is a rate."""
BUNDLE: Final = 500
"""Messages of a bundle when there is none."""
FILLER: Final = "the quick brown fox jumps over the lazy dog, looks back at it once, and then says no more about it"


def said(number: int, count: int, word: str) -> str:
    """The text of a message: a few words, some more in every third; the last one ends in `word`."""
    text = f"{number} {FILLER[: 20 + number * 7 % 80].rstrip()}"
    return f"{text} {word}" if number == count - 1 else text


async def spread(count: int, rate: float) -> AsyncIterator[range]:
    """The numbers of `count` messages in bundles, `rate` of them a second; 0: one bundle after the other."""
    started, done = time.perf_counter(), 0
    while done < count:
        due = min(count, int((time.perf_counter() - started) * rate) + 1) if rate else min(count, done + BUNDLE)
        if due > done:
            yield range(done, due)
            done = due
        if rate and done < count:
            await asyncio.sleep(TICK)
