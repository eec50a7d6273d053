"""What is in a folder as a list: marks, names, sizes, dates; what is not on screen is never asked for."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from textual import events
from textual.message import Message

from chat_tui.folders import Entry, Facts
from chat_tui.moments import MONTHS
from chat_tui.strings import _
from chat_tui.transfer_words import size_text
from chat_tui.widgets.pick_list import Part, PickList, Row
from chat_tui.widgets.text_layout import clean_line, fit

__all__ = ["FolderList"]

MARKED: Final = "●"
SIGNS: Final = {"folder": "▸", "file": " ", "other": "·"}
MARK_CELLS: Final = 4
"""A click this far to the left marks a file."""
WITH_DATE: Final = 44
"""From this width on the time of the last change is told."""
WITH_TYPE: Final = 60
"""From this width on the type is told."""
LONGEST_TYPE: Final = 16


class FolderList(PickList):
    """The cursor shows while the line above has the focus. `head` is a line before all entries, "" for none."""

    class FactsWanted(Message):
        """Sizes and dates of these names are to be shown, and not known yet."""

        def __init__(self, names: tuple[str, ...]) -> None:
            super().__init__()
            self.names = names

    class MarkWanted(Message):
        """The person clicked where a mark stands."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.can_focus = False
        self.folder = Path()
        self.head = ""
        self.entries: Sequence[Entry] = ()
        self.marks: Mapping[Path, object] = {}
        self._facts: dict[str, Facts] = {}
        self._asked: set[str] = set()
        self._clicked_once = False  # the last click chose an entry and did nothing else

    @property
    def has_focus(self) -> bool:  # type: ignore[override]
        """The line above has the focus for both."""
        return True

    def show_folder(self, folder: Path, entries: Sequence[Entry], head: str = "", at: str = "") -> None:
        """Show these, the cursor on the entry that is called `at`, else on the first one."""
        if folder != self.folder:
            self._facts, self._asked = {}, set()
        self.folder, self.entries, self.head = folder, entries, head
        self.reset(0, len(entries) + self._first)
        found = next((index for index, one in enumerate(entries, self._first) if one.name == at), 0) if at else 0
        self.set_cursor(found if entries or head else None)

    @property
    def _first(self) -> int:
        return 1 if self.head else 0

    def take_facts(self, folder: Path, facts: Mapping[str, Facts]) -> None:
        """Show what was asked for."""
        if folder == self.folder:
            self._facts.update(facts)
            for position in {position for position, _row in self.viewport.rows}:
                self.changed(position)

    def facts_of(self, entry: Entry) -> Facts | None:
        """Size and date of an entry, where they are known."""
        return entry.facts or self._facts.get(entry.name)

    def chosen(self) -> Entry | None:
        """The entry under the cursor; None on the head, and where there is nothing."""
        at = -1 if self.cursor is None else self.cursor - self._first
        return self.entries[at] if 0 <= at < len(self.entries) else None

    @property
    def on_head(self) -> bool:
        """Whether the cursor is on the line before all entries."""
        return bool(self.head) and self.cursor == 0

    def show_marks(self) -> None:
        """Draw the marks again."""
        for position in {position for position, _row in self.viewport.rows}:
            self.changed(position)

    def rows(self, position: int) -> list[Row]:
        """Give an entry's line."""
        if position < self._first:
            return [([(f"  {self.head}", "accent")], [])]
        entry = self.entries[position - self._first]
        marked = self.folder / entry.name in self.marks
        tone = "strong" if entry.kind == "folder" else "dim" if entry.kind == "other" else ""
        name = clean_line(entry.name) or "?"
        left: list[Part] = [(f"{MARKED if marked else ' '} ", "accent"), (f"{SIGNS[entry.kind]} ", "dim")]
        left.append((name + ("/" if entry.kind == "folder" else ""), tone))
        if entry.link:
            left.append((" →", "dim"))
        facts = self.facts_of(entry)
        if facts is None:
            return [(left, [])]
        kind = _type(entry) if self.size.width >= WITH_TYPE else ""
        size = size_text(facts.size) or "0 B" if entry.kind == "file" and facts.there else ""
        date = _date(facts.changed) if facts.there and self.size.width >= WITH_DATE else ""
        right = [f" {kind}"] if kind else []
        right += [f"  {size:>8}", *([f"  {date:>12}"] if date else [])]
        return [(left, [(part, "dim") for part in right])]

    def updated(self) -> None:
        """Ask for the facts of what has come into sight."""
        super().updated()
        positions = dict.fromkeys(position - self._first for position, _row in self.viewport.rows)
        shown = [self.entries[at] for at in positions if 0 <= at < len(self.entries)]
        names = tuple(one.name for one in shown if one.facts is None and one.name not in self._asked)
        if names:
            self._asked.update(names)
            self.post_message(self.FactsWanted(names))

    def on_click(self, event: events.Click) -> None:
        """Choose at the first click, open at one on what is chosen, mark at one on the left."""
        event.prevent_default()
        place = self.place_at(event.x, event.y)
        if place is None:
            return
        chosen, second = place[0] == self.cursor, self._clicked_once
        self._clicked_once = False
        if event.x < MARK_CELLS:
            self.set_cursor(place[0], reveal=False)
            self.post_message(self.MarkWanted())
        elif not chosen:
            self.set_cursor(place[0], reveal=False)
            self._clicked_once = True
        elif event.chain == 1 or second:
            self.post_message(self.Picked(self, place[0]))


def _type(entry: Entry) -> str:
    """What a file is, by its name: image/jpeg."""
    kind = mimetypes.guess_type(entry.name, strict=False)[0] or "" if entry.kind == "file" else ""
    return fit(kind, LONGEST_TYPE)


def _date(seconds: float) -> str:
    """The day and the time of a change; the year where it is another one."""
    try:
        at, now = datetime.fromtimestamp(seconds).astimezone(), datetime.now().astimezone()
    except (OverflowError, OSError, ValueError):
        return ""
    if at.year == now.year:
        return f"{at.day:2} {_(MONTHS[at.month - 1])} {at.hour:02}:{at.minute:02}"
    return f"{at.day:2} {_(MONTHS[at.month - 1])}  {at.year}"
