"""How long the server takes for what a person does: the middle and the slow end of many delays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chat_tui.moments import said_delay
from chat_tui_core.values import frozen

__all__ = ["Delays", "delays_of"]

_SLOW: Final = 0.95


@frozen
class Delays:
    """What many delays are like, in milliseconds: 0 everywhere when there are none."""

    count: int = 0
    median: int = 0
    slow: int = 0
    """The 95th percentile: one in twenty takes longer."""
    worst: int = 0

    @property
    def text(self) -> str:
        """The middle and the slow end in words; empty when there are none."""
        return f"p50 {said_delay(self.median)}, p95 {said_delay(self.slow)}" if self.count else ""


def delays_of(milliseconds: Sequence[int]) -> Delays:
    """What these are like; negative ones (a clock was set back) count as 0."""
    ordered = sorted(max(0, value) for value in milliseconds)
    if not ordered:
        return Delays()
    return Delays(len(ordered), _at(ordered, 0.5), _at(ordered, _SLOW), ordered[-1])


def _at(ordered: Sequence[int], share: float) -> int:
    """The value below or at which this share of all lies: the nearest rank."""
    rank = -(-len(ordered) * round(share * 100) // 100)
    return ordered[max(0, rank - 1)]
