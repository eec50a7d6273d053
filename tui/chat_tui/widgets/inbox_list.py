"""The inbox as a list: who and where on one line, what was said on the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from chat_tui.inbox import Entry, Why, text_of
from chat_tui.widgets.inline_markup import parse
from chat_tui.widgets.outbox_list import shared
from chat_tui.widgets.pick_list import Part, PickList, Row
from chat_tui.widgets.room_list import time_text
from chat_tui.widgets.text_layout import clean, clean_line
from chat_tui_core.safe_text import one_line

__all__ = ["InboxList"]

MARKS: Final = {Why.INVITED: "+", Why.NAMED: "@", Why.ANSWERED: "↩"}
SHOWN: Final = 200
"""Characters of what was said that are looked at."""


class InboxList(PickList):
    """Two lines an entry; what is not read yet is bold."""

    def __init__(
        self,
        title: Callable[[str, str], str],
        *,
        today: Callable[[], date] = date.today,
        id: str,  # noqa: A002
    ) -> None:
        """`title` says what a room of an account is called."""
        super().__init__(id=id)
        self._title = title
        self._today = today
        self.entries: tuple[Entry, ...] = ()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these; what has not changed stays where it is, and the cursor stays on its entry."""
        old, new = self.entries, tuple(entries)
        under, at = self.chosen(), self.cursor or 0
        before, after = shared(old, new)
        self.entries = new
        if not before + after:
            self.reset(0, len(new))
        elif before + after < max(len(old), len(new)):
            self.spliced(before, len(old) - before - after, len(new) - before - after)
        for index in (*range(before), *range(len(new) - after, len(new))):
            if old[index if index < before else index - len(new) + len(old)] != new[index]:
                self.changed(index)
        if not new:
            self.set_cursor(None)
        elif under is None or (now := self.chosen()) is None or now.id != under.id:
            same = (index for index, one in enumerate(new) if under is not None and one.id == under.id)
            self.set_cursor(next(same, min(at, len(new) - 1)))

    def chosen(self) -> Entry | None:
        """The entry under the cursor."""
        at = self.cursor
        return self.entries[at] if at is not None and at < len(self.entries) else None

    def rows(self, position: int) -> list[Row]:
        """Give the two lines of an entry."""
        entry = self.entries[position]
        loud = entry.new or entry.why is Why.INVITED
        where = clean_line(self._title(entry.account, entry.room.room_id))
        first: list[Part] = [(f" {MARKS[entry.why]} ", "accent" if loud else "dim")]
        if entry.who:
            first.append((f"{clean_line(entry.who)}  ", "strong" if loud else ""))
        first.append((where, "dim" if entry.who else "strong"))
        said = clean_line(one_line(parse(clean(text_of(entry)[:SHOWN])).text, SHOWN))
        when = time_text(entry.ts, self._today(), None)
        return [(first, [(f"  {when} ", "dim")] if when else []), ([("   ", ""), (said, "" if loud else "dim")], [])]
