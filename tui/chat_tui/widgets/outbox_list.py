"""Actions as a list: what and where on one line, how it stands and what it waits for on the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from chat_tui.waiting import SCHEDULED, Now, deed_of, mark_of, standing
from chat_tui.widgets.pick_list import Part, PickList, Row
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.actions import Action, State
from chat_tui_core.outbox import Wait, Why

__all__ = ["OutboxList", "shared"]

MARK_STYLES: Final = {State.PENDING: "warn", State.SENT: "good", State.CONFIRMED: "good", State.FAILED: "bad"}
_ALIKE: Final = frozenset({Why.BEHIND, Why.BLOCKED, Why.CAUSE, Why.TURN, Why.ANSWER, Why.ECHO, Why.PERSON})
"""What is said in the same words whatever the time is."""


class OutboxList(PickList):
    """Two lines an action. It costs the same for one action and for thousands."""

    def __init__(self, title: Callable[[str], str], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._title = title
        self.actions: tuple[Action, ...] = ()
        self._waits: Mapping[int, Wait] = {}
        self._now = Now(0)

    def show_actions(self, actions: Sequence[Action], waits: Mapping[int, Wait], now: Now) -> None:
        """Show these; what has not changed stays where it is, and the cursor stays on its action."""
        old, new = self.actions, tuple(actions)
        under, at = self.chosen(), self.cursor or 0
        before, after = shared(old, new)
        old_waits, self._waits = self._waits, waits
        self.actions = new
        told = self._now.online == now.online
        self._now = now
        if not before + after:
            self.reset(0, len(new))
        elif before + after < max(len(old), len(new)):
            self.spliced(before, len(old) - before - after, len(new) - before - after)
        for index in (*range(before), *range(len(new) - after, len(new))):
            was = old[index if index < before else index - len(new) + len(old)]
            if (was is not new[index] and was != new[index]) or old_waits.get(was.id) != waits.get(was.id) or not told:
                self.changed(index)
        self._keep_cursor(under, at)

    def _keep_cursor(self, under: Action | None, at: int) -> None:
        """Put the cursor on the action that it was on, under its new id if need be, else where that was."""
        if not self.actions:
            self.set_cursor(None)
            return
        if under is None or self.cursor is None or self.chosen() != under:
            same = {under.id, under.place} if under is not None else set()
            found = (i for i, action in enumerate(self.actions) if action.id in same or action.retry_of in same)
            self.set_cursor(next(found, min(at, len(self.actions) - 1)))

    def tick(self, now: Now) -> None:
        """Say anew what is counted down, as far as it is on screen."""
        self._now = now
        for position in dict.fromkeys(position for position, _ in self.viewport.rows):
            wait = self._waits.get(self.actions[position].id) if position < len(self.actions) else None
            if wait is not None and wait.why not in _ALIKE:
                self.changed(position)

    def chosen(self) -> Action | None:
        """The action under the cursor."""
        return self.actions[self.cursor] if self.cursor is not None and self.cursor < len(self.actions) else None

    def wait_of(self, action: Action) -> Wait | None:
        """What an action waits for; None when it is settled."""
        return self._waits.get(action.id)

    def rows(self, position: int) -> list[Row]:
        """Give the two lines of an action."""
        action = self.actions[position]
        wait = self._waits.get(action.id)
        mark, (deed, gist) = mark_of(action, wait), deed_of(action)
        style = "good" if mark == SCHEDULED else MARK_STYLES.get(action.state, "dim")
        first: list[Part] = [(f" {mark:<3}", style)]
        if deed:
            first.append((f"{deed} ", "dim"))
        first.append((clean_line(gist), "strong"))
        stands = standing(action, wait, self._now)
        second: list[Part] = [("    ", ""), (clean_line(stands.words), stands.tone)]
        return [
            (first, [(f"  {clean_line(self._title(action.room_id))} ", "dim")]),
            (second, [(f"  {_tries(action)}#{action.id} ", "dim")]),
        ]

    def clicked(self, position: int, target: object | None) -> None:
        """Choose what was clicked; a click on what is chosen goes there."""
        if position == self.cursor:
            super().clicked(position, target)
        else:
            self.touched = True
            self.set_cursor(position, reveal=False)


def _tries(action: Action) -> str:
    return "" if action.attempts < 2 else f"{action.attempts} tries  "


class Numbered(Protocol):
    """Something that has an id of its own for ever."""

    @property
    def id(self) -> int:
        """Its id."""


def shared(old: Sequence[Numbered], new: Sequence[Numbered]) -> tuple[int, int]:
    """How many items at the start, and at the end, are the same ones in both, whatever became of them."""
    shorter = min(len(old), len(new))
    before = 0
    while before < shorter and old[before].id == new[before].id:
        before += 1
    after = 0
    while after < shorter - before and old[-1 - after].id == new[-1 - after].id:
        after += 1
    return before, after
