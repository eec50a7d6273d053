"""A list of things that each have an id: shown anew, what has not changed stays, and the cursor stays on its thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from chat_tui.widgets.pick_list import PickList

__all__ = ["Numbered", "NumberedList"]


class Numbered(Protocol):
    """Something that has an id of its own for ever."""

    @property
    def id(self) -> object:
        """Its id."""


N = TypeVar("N", bound=Numbered)


class NumberedList(PickList, Generic[N]):
    """Outbox, inbox and list of files: showing them costs what has changed, not what there is."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.entries: tuple[N, ...] = ()

    def show_entries(self, entries: Sequence[N]) -> None:
        """Show these instead."""
        old, new = self.entries, tuple(entries)
        under, at = self.chosen(), self.cursor or 0
        before, after = _shared(old, new)
        self.entries = new
        if not before + after:
            self.reset(0, len(new))
        elif before + after < max(len(old), len(new)):
            self.spliced(before, len(old) - before - after, len(new) - before - after)
        for index in (*range(before), *range(len(new) - after, len(new))):
            if old[index if index < before else index - len(new) + len(old)] != new[index]:
                self.changed(index)
        now = self.chosen()
        if not new:
            self.set_cursor(None)
        elif under is None or now is None or now.id != under.id:
            same = (index for index, one in enumerate(new) if under is not None and self.is_same(under, one))
            self.set_cursor(next(same, min(at, len(new) - 1)))

    def is_same(self, before: N, now: N) -> bool:
        """Whether a thing has become the other one."""
        return before.id == now.id

    def chosen(self) -> N | None:
        """What is under the cursor."""
        at = self.cursor
        return self.entries[at] if at is not None and at < len(self.entries) else None

    def clicked(self, position: int, target: object | None) -> None:
        """Choose what was clicked; a click on what is chosen goes there."""
        if position == self.cursor:
            super().clicked(position, target)
        else:
            self.touched = True
            self.set_cursor(position, reveal=False)


def _shared(old: Sequence[Numbered], new: Sequence[Numbered]) -> tuple[int, int]:
    """How many items at the start, and at the end, are the same ones in both, whatever became of them."""
    shorter = min(len(old), len(new))
    before = 0
    while before < shorter and old[before].id == new[before].id:
        before += 1
    after = 0
    while after < shorter - before and old[-1 - after].id == new[-1 - after].id:
        after += 1
    return before, after
