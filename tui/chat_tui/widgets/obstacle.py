"""What stands in a room's way: a refused message, something invisible that must wait, a refused change of a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from chat_tui.messages import Decision
from chat_tui.waiting import SILENT
from chat_tui_core.actions import BLOCKING, ENDING, NOTES, Action, Kind, State
from chat_tui_core.outbox import Wait, Why
from chat_tui_core.values import frozen

__all__ = ["Obstacle", "find_obstacle"]

LONG: Final = 2_000
"""Milliseconds from which on it is worth a notice that something invisible has to wait."""


_STUCK: Final = frozenset({Why.PERSON, Why.RETRY})


@frozen
class Obstacle:
    """An action that somebody has to look at. `held`: how many later ones wait for it alone."""

    action: Action
    wait: Wait
    held: int = 0

    @property
    def refused(self) -> bool:
        """Whether the server said no; else it said not now."""
        return self.action.state is State.FAILED

    @property
    def choices(self) -> tuple[Decision, ...]:
        """What can be decided about it."""
        if not self.refused:
            return Decision.RETRY, Decision.DISCARD, Decision.PASS
        if self.action.kind in NOTES:
            edit = (Decision.EDIT,) if self.action.kind is Kind.EDIT else ()
            return Decision.RETRY, *edit, Decision.DISCARD
        return Decision.RETRY, Decision.EDIT, Decision.DISCARD, Decision.PASS


def find_obstacle(actions: Iterable[Action], waits: Mapping[int, Wait], now_ms: int) -> Obstacle | None:
    """What most needs a decision among one room's open actions, None where nothing does.

    First what was refused and holds others back; then what is nothing that could be seen in the room, and has to wait
    with others behind it; then a change of a message that was refused, which shows nowhere else.
    """
    shown = [action for action in actions if action.id in waits and action.kind not in SILENT]
    stuck = [action for action in shown if waits[action.id].why in _STUCK]
    if not stuck:
        return None
    held = Counter(waits[action.id].by for action in shown if waits[action.id].why is Why.BEHIND)
    found = ((_weight(action, waits[action.id], held[action.id], now_ms), action) for action in stuck)
    best = min(
        ((weight, action.place, action) for weight, action in found if weight), default=None, key=lambda x: x[:2]
    )
    if best is None:
        return None
    action = best[2]
    count = _after(action, shown, waits) if action.kind in BLOCKING else held[action.id]
    return Obstacle(action, waits[action.id], count)


def _after(refused: Action, shown: Iterable[Action], waits: Mapping[int, Wait]) -> int:
    """How many messages could leave but for a refused one, whatever else is before them at the moment."""
    later = (action for action in shown if action.kind in BLOCKING | ENDING and action.place > refused.place)
    return sum(1 for action in later if waits[action.id].why in {Why.BLOCKED, Why.BEHIND})


def _weight(action: Action, wait: Wait, held: int, now_ms: int) -> int:
    """How pressing an action is, 1 most; 0: it stands in nobody's way."""
    if wait.why is Why.PERSON:
        blocks = action.kind in BLOCKING
        return 1 if blocks and not action.let_pass else 3 if action.kind in NOTES else 0
    invisible = action.kind not in BLOCKING and not action.let_pass
    return 2 if invisible and held and wait.why is Why.RETRY and wait.until - now_ms > LONG else 0
