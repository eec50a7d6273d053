"""The inbox as a list: who and where on one line, what was said on the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from chat_tui.inbox import Entry, Why, text_of
from chat_tui.widgets.message_row import gist
from chat_tui.widgets.numbered_list import NumberedList
from chat_tui.widgets.pick_list import Part, Row
from chat_tui.widgets.room_list import time_text
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.safe_text import one_line

__all__ = ["InboxList"]

MARKS: Final = {Why.INVITED: "+", Why.NAMED: "@", Why.ANSWERED: "↩"}
SHOWN: Final = 200
"""Characters of what was said that are looked at."""


class InboxList(NumberedList[Entry]):
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

    def rows(self, position: int) -> list[Row]:
        """Give the two lines of an entry."""
        entry = self.entries[position]
        loud = entry.new or entry.why is Why.INVITED
        where = clean_line(self._title(entry.account, entry.room.room_id))
        first: list[Part] = [(f" {MARKS[entry.why]} ", "accent" if loud else "dim")]
        if entry.who:
            first.append((f"{clean_line(entry.who)}  ", "strong" if loud else ""))
        first.append((where, "dim" if entry.who else "strong"))
        said = clean_line(one_line(gist(text_of(entry), most=SHOWN), SHOWN))
        when = time_text(entry.ts, self._today(), None)
        return [(first, [(f"  {when} ", "dim")] if when else []), ([("   ", ""), (said, "" if loud else "dim")], [])]
