"""Which file must wait for a message that was typed before it in its room, so that they come in the order typed."""

from __future__ import annotations

from collections.abc import Iterable

from chat_tui_core.actions import BLOCKING, Action, State
from chat_tui_core.transfers import Direction, Transfer

__all__ = ["is_behind"]


def is_behind(transfer: Transfer, actions: Iterable[Action]) -> bool:
    """Whether the server must have one of these open actions first; ids of actions and transfers rise together.

    A refused message holds a file back like another message: until the person has decided about it.
    """
    if transfer.direction is Direction.IN or transfer.asked or transfer.ref:
        return False
    return any(
        action.room_id == transfer.room_id and action.place < transfer.id and _holds(action) for action in actions
    )


def _holds(action: Action) -> bool:
    if action.kind not in BLOCKING or action.scheduled or action.let_pass:
        return False
    return action.state in {State.PENDING, State.FAILED}
