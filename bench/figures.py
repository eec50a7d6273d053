"""Print measured figures, each beside what it shall be, and say whether all keep to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def part(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Figures:
    """A table on standard output; `missed` counts the lines that do not keep to their target."""

    def __init__(self) -> None:
        self.missed = 0

    def say(self, what: str, figure: float, unit: str, target: float | None = None, *, least: float = 0.0) -> None:
        """One line; `target` is the most that is allowed, `least` the least; without either it is for information."""
        missed = (target is not None and figure > target) or figure < least
        self.missed += missed
        wanted = f"at most {target:g}" if target is not None else f"at least {least:g}" if least else ""
        beside = f"  ({wanted}){'  MISSED' if missed else ''}" if wanted else ""
        sys.stdout.write(f"{what:<52}{figure:9.2f} {unit:<4}{beside}\n")
        sys.stdout.flush()

    def spread(self, what: str, seconds: Sequence[float], p50: float | None = None, p95: float | None = None) -> None:
        """The middle and the nearly worst of many times, in milliseconds."""
        self.say(f"{what}, p50 of {len(seconds)}", part(seconds, 50) * 1000, "ms", p50)
        self.say(f"{what}, p95", part(seconds, 95) * 1000, "ms", p95)

    def verdict(self) -> int:
        """The exit code."""
        return 1 if self.missed else 0
