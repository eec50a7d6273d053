"""Count what a person did that the server has not answered yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chat_tui.waiting import SILENT, waits_now
from chat_tui_core.actions import State
from chat_tui_core.link import Link
from chat_tui_core.outbox import Why

if TYPE_CHECKING:
    from chat_tui_core.session import Session

__all__ = ["LATE_AFTER_MS", "count_unsent"]

LATE_AFTER_MS: Final = 1500
"""A message is late when it has waited this long; before, its own mark says enough."""
HELD: Final = frozenset({Why.TIME, Why.UNDO})
"""What the person has put off is not late."""


def count_unsent(session: Session) -> tuple[int, int, int, int]:
    """How much of an account's is late, refused, put off on purpose, and too young to be called late."""
    now, online = session.now_ms(), session.link.link is Link.ONLINE
    blocked, waits = session.blocked, waits_now(session.waits, session.open_actions, now)
    failed = late = held = young = 0
    for action in session.open_actions.values():
        wait = waits.get(action.id)
        if action.kind in SILENT or action.state is State.SENT:
            continue
        if action.state is State.FAILED:
            failed += 1
        elif wait is not None and wait.why in HELD:
            held += wait.why is Why.TIME
        elif not online or action.room_id in blocked or now - action.created_at >= LATE_AFTER_MS:
            late += 1
        else:
            young += 1
    return late, failed, held, young
