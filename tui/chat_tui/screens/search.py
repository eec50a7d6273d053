"""Find what was said: a query, what fits in its context, and the way to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from chat_tui.keys import Place, bindings
from chat_tui.screens.dialog import Dialog
from chat_tui.screens.list_screen import place_of
from chat_tui.strings import N_, _, n_, of_error
from chat_tui.widgets.message_row import gist
from chat_tui.widgets.pick_list import PickList, Row
from chat_tui.widgets.query_box import QueryBox
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.errors import ChatError, LocalError
from chat_tui_core.model import RoomEvent
from chat_tui_core.search_query import Query, parse_query
from chat_tui_core.session import Session
from chat_tui_core.store.search import find_messages
from chat_tui_core.values import frozen

__all__ = ["Hit", "SearchScreen"]

MOST: Final = 100
HELP: Final = N_('words  "a phrase"  from:NAME  in:ROOM  has:file  has:link  before:2026-01-31  after:2026-01-01')


def _found(count: int) -> str:
    if not count:
        return _("nothing found; fewer or shorter words find more")
    if count == MOST:
        return _("the newest {count} found; Enter goes there").format(count=count)
    return n_("{count} found; Enter goes there", "{count} found; Enter goes there", count).format(count=count)


@frozen
class Hit:
    """A message of an account that fits."""

    account: str
    event: RoomEvent


class Hits(PickList):
    """What fits: where and when, and the line itself; the cursor shows while the query has the focus."""

    DEFAULT_CSS = "Hits { height: 1fr; min-height: 1; }"

    def __init__(self, place: Callable[[str, str], str]) -> None:
        """`place` says what a room of an account is called."""
        super().__init__(id="hits")
        self.can_focus = False
        self._place = place
        self.found: list[Hit] = []

    @property
    def has_focus(self) -> bool:  # type: ignore[override]
        """The query has the focus for both."""
        return True

    def show_found(self, found: list[Hit]) -> None:
        """Show these, the first one chosen."""
        self.found = found
        self.reset(0, len(found))
        self.set_cursor(0 if found else None)

    def rows(self, position: int) -> list[Row]:
        """Give a hit's two lines."""
        hit = self.found[position]
        event, where = hit.event, self._place(hit.account, hit.event.room_id)
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(event.ts / 1000))
        who = clean_line(event.sender_name or event.sender)
        said = clean_line(gist(event.text)) or (clean_line(event.file.name) if event.file else "")
        return [([(who, "strong"), (f"  {where}", "dim")], [(when, "dim")]), ([(said, "")], [])]


class SearchScreen(Dialog[Hit | None]):
    """A query above what it finds in all accounts, newest first; gives the chosen message, or nothing."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]

    BINDINGS = [
        *bindings(Place.DIALOG),
        Binding("up", "cursor(-1)", show=False, priority=True),
        Binding("down", "cursor(1)", show=False, priority=True),
        Binding("pageup", "cursor(-5)", show=False, priority=True),
        Binding("pagedown", "cursor(5)", show=False, priority=True),
        Binding("enter", "choose", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    SearchScreen {
        align: center top;
        & > Vertical { width: 104; max-width: 96%; height: 80%; margin-top: 2; padding: 1 1; background: $surface; }
        & QueryBox { background: $surface; }
        & #search-said { color: $foreground 55%; height: 1; margin-bottom: 1; padding: 0 1; }
        &.-narrow #search-said { height: 2; margin-bottom: 0; }
    }
    """

    def __init__(self, sessions: Sequence[Session], words: str = "") -> None:
        super().__init__()
        self._sessions = tuple(sessions)
        self._start = words
        self._searched: str | None = None  # the query that is answered
        self._wanted: str | None = None  # the query whose first hit is to be gone to

    def compose(self) -> ComposeResult:
        """Give the query above what fits."""
        with Vertical():
            yield QueryBox(self._start, _("Search all rooms…"), id="query")
            yield Static(_(HELP), id="search-said", markup=False)
            yield Hits(partial(place_of, self._sessions))

    def on_mount(self) -> None:
        """Begin behind what stands there."""
        query = self.query_one(QueryBox)
        query.focus()
        query.move_cursor((0, len(self._start)))
        if self._start:
            self._search(self._start)

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        self._search(event.text_area.text)

    def _say(self, text: str) -> None:
        self.query_one("#search-said", Static).update(text)

    @work(exclusive=True)
    async def _search(self, typed: str) -> None:
        """Find what fits the newest query; an older one that is still running is dropped."""
        hits = self.query_one(Hits)
        try:
            query = parse_query(typed, datetime.now().astimezone().tzinfo)  # type: ignore[arg-type]
            found = await self._find(query)
        except LocalError as error:
            hits.show_found([])
            self._say(of_error(error) if typed.strip() else _(HELP))
            return
        except ChatError as error:
            self._say(clean_line(of_error(error)))
            return
        hits.show_found(found)
        self._searched = typed
        if self._wanted == typed:
            self._go()
        self._say(_found(len(found)))

    async def _find(self, query: Query) -> list[Hit]:
        """The newest of what fits in any account. Raises what every account raises, StoreError."""
        stores = (session.store.fetch(find_messages, query, MOST) for session in self._sessions)
        answers = await asyncio.gather(*stores, return_exceptions=True)
        wrong = [answer for answer in answers if isinstance(answer, BaseException)]
        for error in wrong:
            if len(wrong) == len(answers) or not isinstance(error, LocalError):
                raise error
        found = [
            Hit(session.account.name, event)
            for session, answer in zip(self._sessions, answers, strict=True)
            if not isinstance(answer, BaseException)
            for event in answer
        ]
        if len(self._sessions) > 1:
            found.sort(key=lambda hit: -hit.event.ts)
        return found[:MOST]

    def action_cursor(self, step: int) -> None:
        """Choose another one; the query keeps the focus."""
        hits = self.query_one(Hits)
        for _one in range(abs(step)):
            hits.action_cursor(1 if step > 0 else -1)

    def action_choose(self) -> None:
        """Go to the chosen message, once the query has taken the keys that came before this one and is answered."""
        self.query_one(QueryBox).call_later(self._choose)

    def _choose(self) -> None:
        typed = self.query_one(QueryBox).text
        if typed == self._searched:
            self._go()
        else:
            self._wanted = typed
            self._search(typed)

    def _go(self) -> None:
        hits = self.query_one(Hits)
        if hits.cursor is not None:
            self.dismiss(hits.found[hits.cursor])

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self.dismiss(self.query_one(Hits).found[event.position])

    def on_click(self, event: events.Click) -> None:
        """Close when the click is beside the dialog."""
        if event.widget is self:
            self.dismiss(None)

    def action_close(self) -> None:
        """Stay where we are."""
        self.dismiss(None)
