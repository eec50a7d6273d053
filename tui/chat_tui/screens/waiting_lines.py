"""What the own messages of the open room wait for, said below each one, counted down while it is on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.timer import Timer

from chat_tui.keys import key_of, shown_as
from chat_tui.widgets.message_row import Note, State
from chat_tui_core.actions import Kind
from chat_tui_core.link import Link
from chat_tui_core.outbox import Wait, Why

if TYPE_CHECKING:
    from chat_tui.screens.conversation import Conversation

__all__ = ["WaitingLines"]

NOTED: Final[dict[Why, State]] = {
    Why.CHECK: "checking",
    Why.RETRY: "pending",
    Why.TIME: "scheduled",
    Why.UNDO: "pending",
}
"""What is said below a message, and the state that its mark shows; the rest is told by the mark, or by the banner."""
SOON: Final = 100_000
"""Milliseconds up to which seconds are counted; before, minutes are."""


class WaitingLines:
    """Keeps the notes of the open room true."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._timer: Timer | None = None
        self._take_back = shown_as(key_of("message.take_back").keys)

    def update(self) -> None:
        """Say what is waited for now, and look again when that is counted down."""
        conversation = self._conversation
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if conversation.source is None:
            return
        now_ms = conversation.session.now_ms()
        notes, soonest = self._notes(now_ms) if conversation.session.open_actions else ({}, 0)
        for position in conversation.source.set_notes(notes):
            conversation.parts.timeline.changed(position)
        if soonest:
            self._timer = conversation.parts.timeline.set_timer(_tick(soonest - now_ms), self.update)

    def _notes(self, now_ms: int) -> tuple[dict[int, tuple[State, Note]], int]:
        """What is said of each action, and the first time at which that changes, 0 = never."""
        from chat_tui.waiting import Now, note_of, undo_until, waits_now

        conversation, session = self._conversation, self._conversation.session
        now = Now(now_ms, online=session.link.link is Link.ONLINE)
        notes: dict[int, tuple[State, Note]] = {}
        soonest = 0
        for action_id, wait in waits_now(session.waits, session.open_actions, now.ms).items():
            action = session.open_actions.get(action_id)
            if action is None or action.room_id != conversation.room_id or action.kind is not Kind.SEND:
                continue
            if until := undo_until(action, now.ms):
                wait = Wait(Why.UNDO, until)  # noqa: PLW2901 - that it is also behind another one is of no interest
            if wait.why not in NOTED:
                continue
            text = note_of(action, wait, now, self._take_back)
            notes[action_id] = NOTED[wait.why], Note(text, undo=wait.why is Why.UNDO)
            if wait.until > now.ms:
                soonest = min(soonest or wait.until, wait.until)
        return notes, soonest


def _tick(left: int) -> float:
    """Seconds until a countdown that has so many milliseconds left says something else."""
    step = 1000 if left <= SOON else 60_000
    return max(0.05, ((left - 1) % step + 1) / 1000)
