"""Actions as a list: what and where on one line, how it stands and what it waits for on the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from chat_tui.strings import _
from chat_tui.waiting import SCHEDULED, Now, deed_of, mark_of, standing
from chat_tui.widgets.numbered_list import NumberedList
from chat_tui.widgets.pick_list import Part, Row
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.actions import Action, State
from chat_tui_core.outbox import Wait, Why
from chat_tui_core.values import frozen

__all__ = ["OutboxList", "Waiting"]

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


class OutboxList(NumberedList[Waiting]):
    """Two lines an action. It costs the same for one action and for thousands."""

    def __init__(self, title: Callable[[str, str], str], *, id: str) -> None:  # noqa: A002
        """`title` says what a room of an account is called."""
        super().__init__(id=id)
        self._title = title
        self._ms = 0

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions that are listed."""
        return tuple(entry.action for entry in self.entries)

    def show_at(self, entries: Sequence[Waiting], ms: int) -> None:
        """Show these at this time."""
        self._ms = ms
        self.show_entries(entries)

    def is_same(self, before: Waiting, now: Waiting) -> bool:
        """An action that is tried again has another id."""
        ids = {now.action.id, now.action.retry_of} & {before.action.id, before.action.place}
        return now.account == before.account and bool(ids)

    def tick(self, ms: int) -> None:
        """Say anew what is counted down, as far as it is on screen."""
        self._ms = ms
        for position in dict.fromkeys(position for position, _row in self.viewport.rows):
            wait = self.entries[position].wait if position < len(self.entries) else None
            if wait is not None and wait.why not in _ALIKE:
                self.changed(position)

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


def _tries(action: Action) -> str:
    return "" if action.attempts < 2 else _("{count} tries").format(count=action.attempts) + "  "
