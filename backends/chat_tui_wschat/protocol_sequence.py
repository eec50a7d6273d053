"""The numbered stream of one session: each frame once, in order, none skipped without noticing (wschat 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from chat_tui_wschat.grammar import SESSION, number_ok

MOST_HELD: Final = 64
"""Frames that are held back while an earlier one is missing (wschat 3.4 rule 4)."""

PATIENCE: Final = 2.0
"""Seconds that they are held before the stream counts as broken (wschat 3.4 rule 4)."""

T = TypeVar("T")


class Sequence(Generic[T]):
    """Which session this is, the last number that was taken, and what waits for an earlier number."""

    def __init__(self, position: Mapping[str, str]) -> None:
        """Go on from a position as `position` gives it; one that makes no sense starts afresh."""
        sid, seq = position.get("sid", ""), position.get("seq", "")
        known = bool(SESSION.ok(sid)) and number_ok(seq)
        self.sid = sid if known else ""
        self.last = int(seq) if known else 0
        self.moved = False
        self._held: dict[int, T] = {}
        self._patience_ends = 0.0
        self._promised = 0

    def begin(self) -> None:
        """Belong to no session yet: its numbers will start at 1, and may do so before its name is known."""
        self.drop_held()
        self.sid, self.last, self.moved = "", 0, False

    def adopt(self, sid: str, last: int) -> None:
        """Belong to this session; everything up to `last` was brought in another way (a list, a snapshot)."""
        self.sid, self.last, self.moved = sid, max(self.last, last), True
        self._held = {seq: item for seq, item in self._held.items() if seq > self.last}

    def drop_held(self) -> None:
        """Forget what waits, and what was promised: the socket is gone, a replay brings it again."""
        self._held.clear()
        self._promised = 0

    def promise(self, last: int, now: float) -> None:
        """The server says that it has sent everything up to this number; what is missing may only be late."""
        self._promised = last
        self._patience_ends = now + PATIENCE

    def offer(self, seq: int, item: T, now: float) -> list[T] | None:
        """Take a numbered item; gives those that are due now, in order, or None for one that was taken before."""
        if seq <= self.last or seq in self._held:
            return None
        if not self._held:
            self._patience_ends = now + PATIENCE
        self._held[seq] = item
        due = self.due()
        if due:
            self._patience_ends = now + PATIENCE
        return due

    def due(self) -> list[T]:
        """Give the held items that follow the last one taken, and take them."""
        due: list[T] = []
        while (item := self._held.pop(self.last + 1, None)) is not None:
            due.append(item)
            self.last += 1
            self.moved = True
        return due

    def broken(self, now: float) -> bool:
        """Say whether a number is missing for too long: the stream must be asked for again from the last one taken."""
        return self._lacking and (len(self._held) > MOST_HELD or now >= self._patience_ends)

    def wake_at(self) -> float | None:
        """Give the time at which the patience ends; None when nothing is missing."""
        return self._patience_ends if self._lacking else None

    @property
    def _lacking(self) -> bool:
        return bool(self._held) or self.last < self._promised

    @property
    def position(self) -> dict[str, str]:
        """Where the stream stands, to go on from after a restart; empty without a session."""
        return {"sid": self.sid, "seq": str(self.last)} if self.sid else {}
