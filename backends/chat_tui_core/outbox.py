"""Which waiting action leaves next: each room in the order typed, one at a time, rooms independent of each other.

One at a time is what keeps the order when the server refuses or postpones an action in the middle: the next one
is not on the wire yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from chat_tui_core.actions import BLOCKING, Action, Kind, State
from chat_tui_core.values import frozen

#: A read position need not wait for a message that was refused, nor a message for a read position.
_OWN_LANE = frozenset({Kind.READ})


@frozen
class Plan:
    """What may leave now, what holds a room back, and when to look again (milliseconds; 0 = no need)."""

    ready: tuple[Action, ...]
    blocked: dict[str, Action]
    due: int


def plan(actions: Iterable[Action], in_flight: Collection[int], now_ms: int) -> Plan:
    """Decide over all open actions. `in_flight`: handed to the backend and not yet answered, refused or lost."""
    ready: list[Action] = []
    blocked: dict[str, Action] = {}
    closed: set[tuple[str, bool]] = set()
    due = 0
    open_actions = sorted(actions, key=lambda action: action.place)
    known = {action.id: action for action in open_actions}
    for action in open_actions:
        lane = (action.room_id, action.kind in _OWN_LANE)
        if action.state is State.FAILED and action.kind in BLOCKING and not action.let_pass and lane not in closed:
            blocked[action.room_id] = action
            closed.add(lane)
        if action.state is not State.PENDING or lane in closed:
            continue
        if action.not_before > now_ms:
            due = min(due, action.not_before) if due else action.not_before
            if not action.let_pass:
                closed.add(lane)
            continue
        closed.add(lane)
        if action.id not in in_flight and not _waits(action, known):
            ready.append(action)
    return Plan(tuple(ready), blocked, due)


def resolved(action: Action, cause: Action) -> Action:
    """The dependent action once `cause` has its event: its target is that event."""
    content = {**action.content, "target": cause.event_id, "target_order": cause.event_order}
    return replace(action, content=content, depends_on=0)


def _waits(action: Action, known: dict[int, Action]) -> bool:
    if not action.depends_on:
        return False
    cause = known.get(action.depends_on)
    return cause is not None and not cause.event_id
