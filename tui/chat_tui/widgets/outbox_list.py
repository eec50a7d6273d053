"""Actions as a list: what and where on one line, how it stands and what it waits for on the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from chat_tui.strings import _
from chat_tui.waiting import SCHEDULED, Now, deed_of, mark_of, standing
from chat_tui.widgets.pick_list import Part, PickList, Row
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.actions import Action, State
from chat_tui_core.outbox import Wait, Why
from chat_tui_core.values import frozen

__all__ = ["OutboxList", "Waiting", "shared"]

MARK_STYLES: Final = {State.PENDING: "warn", State.SENT: "good", State.CONFIRMED: "good", State.FAILED: "bad"}
_ALIKE: Final = frozenset({Why.BEHIND, Why.BLOCKED, Why.CAUSE, Why.TURN, Why.ANSWER, Why.ECHO, Why.PERSON})
"""What is said in the same words whatever the time is."""


@frozen
class Waiting:
    """An action of an account that is connected or not, and what it waits for; None when it is settled."""

    account: str
    action: Action
    wait: Wait | None = None
    online: bool = True

    @property
    def id(self) -> tuple[str, int]:
        """What no other action of any account has."""
        return self.account, self.action.id


class OutboxList(PickList):
    """Two lines an action. It costs the same for one action and for thousands."""

    def __init__(self, title: Callable[[str, str], str], *, id: str) -> None:  # noqa: A002
        """`title` says what a room of an account is called."""
        super().__init__(id=id)
        self._title = title
        self.entries: tuple[Waiting, ...] = ()
        self._ms = 0

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions that are listed."""
        return tuple(entry.action for entry in self.entries)

    def show_entries(self, entries: Sequence[Waiting], ms: int) -> None:
        """Show these at this time; what has not changed stays where it is, and the cursor stays on its action."""
        old, new = self.entries, tuple(entries)
        under, at = self.chosen(), self.cursor or 0
        before, after = shared(old, new)
        self.entries = new
        self._ms = ms
        if not before + after:
            self.reset(0, len(new))
        elif before + after < max(len(old), len(new)):
            self.spliced(before, len(old) - before - after, len(new) - before - after)
        for index in (*range(before), *range(len(new) - after, len(new))):
            if old[index if index < before else index - len(new) + len(old)] != new[index]:
                self.changed(index)
        self._keep_cursor(under, at)

    def _keep_cursor(self, under: Waiting | None, at: int) -> None:
        """Put the cursor on the action that it was on, under its new id if need be, else where that was."""
        if not self.entries:
            self.set_cursor(None)
            return
        now = self.chosen()
        if under is None or now is None or (now.account, now.action) != (under.account, under.action):
            same = {under.action.id, under.action.place} if under is not None else set()
            account = under.account if under is not None else ""
            found = (
                place
                for place, entry in enumerate(self.entries)
                if entry.account == account and {entry.action.id, entry.action.retry_of} & same
            )
            self.set_cursor(next(found, min(at, len(self.entries) - 1)))

    def tick(self, ms: int) -> None:
        """Say anew what is counted down, as far as it is on screen."""
        self._ms = ms
        for position in dict.fromkeys(position for position, _row in self.viewport.rows):
            wait = self.entries[position].wait if position < len(self.entries) else None
            if wait is not None and wait.why not in _ALIKE:
                self.changed(position)

    def chosen(self) -> Waiting | None:
        """What is under the cursor."""
        return self.entries[self.cursor] if self.cursor is not None and self.cursor < len(self.entries) else None

    def rows(self, position: int) -> list[Row]:
        """Give the two lines of an action."""
        entry = self.entries[position]
        action, wait = entry.action, entry.wait
        mark, (deed, gist) = mark_of(action, wait), deed_of(action)
        style = "good" if mark == SCHEDULED else MARK_STYLES.get(action.state, "dim")
        first: list[Part] = [(f" {mark:<3}", style)]
        if deed:
            first.append((f"{deed} ", "dim"))
        first.append((clean_line(gist), "strong"))
        stands = standing(action, wait, Now(self._ms, online=entry.online))
        second: list[Part] = [("    ", ""), (clean_line(stands.words), stands.tone)]
        return [
            (first, [(f"  {clean_line(self._title(entry.account, action.room_id))} ", "dim")]),
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
    return "" if action.attempts < 2 else _("{count} tries").format(count=action.attempts) + "  "


class Numbered(Protocol):
    """Something that has an id of its own for ever."""

    @property
    def id(self) -> object:
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
