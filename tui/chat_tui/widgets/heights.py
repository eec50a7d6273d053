"""Estimate how high a long list is when only a few of its items have ever been measured.

An item counts with its measured height when it is known and with the average otherwise. Nothing here grows with the
number of items, only with the number of measured ones; the result steers the scroll bar and jumps, never what a
reader sees on a row.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import accumulate

__all__ = ["HeightIndex"]

CHUNK = 256
"""Items per sum: measuring costs one addition, finding a place a walk over the sums and at most one chunk."""
ENOUGH_MEASURED = 20
"""Fewer measured items than this say nothing about the others."""


class HeightIndex:
    """The heights, in lines, of the items at positions [lo, hi)."""

    def __init__(self, lo: int = 0, hi: int = 0, estimate: float = 3.0) -> None:
        self.lo = lo
        self.hi = hi
        self.estimate = estimate
        self._heights: dict[int, int] = {}
        self._chunks: dict[int, tuple[int, int]] = {}  # chunk -> (sum of measured heights, how many)
        self._order: list[int] = []  # the chunks that hold a measurement, ascending
        self._measured = 0  # the sum of all measured heights
        self._offsets: list[float] | None = None  # by _order: what its predecessors add to the estimate

    @property
    def average(self) -> float:
        """The average of the measured heights, or the estimate while too few are known."""
        known = len(self._heights)
        return self._measured / known if known > ENOUGH_MEASURED else self.estimate

    @property
    def total(self) -> int:
        """The estimated height of everything, in lines."""
        return round((self.hi - self.lo - len(self._heights)) * self.estimate + self._measured)

    def get(self, position: int) -> int | None:
        """Give the measured height at `position`, None where unknown."""
        return self._heights.get(position)

    def set(self, position: int, height: int) -> None:
        """Note the measured height of the item at `position`."""
        old = self._heights.get(position)
        if old == height:
            return
        chunk = position // CHUNK
        if chunk not in self._chunks:
            insort(self._order, chunk)
        summed, count = self._chunks.get(chunk, (0, 0))
        self._chunks[chunk] = (summed + height - (old or 0), count + (old is None))
        self._heights[position] = height
        self._measured += height - (old or 0)
        self._offsets = None

    def discard(self, position: int) -> None:
        """Forget the height at `position`: it will be measured again."""
        old = self._heights.pop(position, None)
        if old is not None:
            chunk = position // CHUNK
            summed, count = self._chunks[chunk]
            self._chunks[chunk] = (summed - old, count - 1)
            self._measured -= old
            self._offsets = None

    def clear(self) -> None:
        """Forget every measurement (the width changed), but keep their average as the estimate."""
        self.estimate = self.average
        self._heights.clear()
        self._chunks.clear()
        self._order.clear()
        self._measured, self._offsets = 0, None

    def splice(self, position: int, removed: int, inserted: int) -> None:
        """Replace the items [position, position + removed) by `inserted` new ones; moves only measured heights."""
        shift = inserted - removed
        old = self._heights
        self.hi += shift
        self._heights, self._chunks, self._order, self._measured, self._offsets = {}, {}, [], 0, None
        for at, height in old.items():
            if at < position:
                self.set(at, height)
            elif at >= position + removed:
                self.set(at + shift, height)

    def y_of(self, position: int) -> float:
        """Give the estimated line at which the item at `position` starts; 0 for the first."""
        y = (position - self.lo) * self.estimate
        if not self._order:
            return y
        if self._offsets is None:
            corrections = (self._correction(chunk) for chunk in self._order)
            self._offsets = list(accumulate(corrections, initial=0.0))
        chunk = position // CHUNK
        rank = bisect_left(self._order, chunk)
        y += self._offsets[rank]
        if rank < len(self._order) and self._order[rank] == chunk:
            for at in range(max(self.lo, chunk * CHUNK), position):
                height = self._heights.get(at)
                if height is not None:
                    y += height - self.estimate
        return y

    def _correction(self, chunk: int) -> float:
        """Give what a chunk's measurements add to its estimated height."""
        summed, count = self._chunks[chunk]
        return summed - count * self.estimate

    def find(self, y: float) -> int:
        """Give the position of the item that the estimated line `y` falls on (`lo` when there are no items)."""
        low, high = self.lo, max(self.lo, self.hi - 1)
        while low < high:
            middle = (low + high + 1) // 2
            if self.y_of(middle) <= y:
                low = middle
            else:
                high = middle - 1
        return low
