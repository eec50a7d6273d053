"""What the screens share that list what there is in all accounts: title, list, keys, and following what changes."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from chat_tui.keys import Place, keys_in
from chat_tui.screens.dialog import Dialog
from chat_tui.strings import _, of_error
from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.line_view import LineView
from chat_tui.widgets.pick_list import PickList
from chat_tui.widgets.status_bar import link_line, link_text
from chat_tui.widgets.text_layout import cells, clean_line
from chat_tui.widgets.text_line import Piece, TextLine
from chat_tui_core.errors import ChatError
from chat_tui_core.link import Link
from chat_tui_core.session import Session
from chat_tui_core.session_changes import LinkMoved, SessionChange

__all__ = ["ListScreen", "place_of"]

TICK_SECONDS: Final = 0.5
LOW: Final = 16

R = TypeVar("R")


def place_of(sessions: Sequence[Session], account: str, room_id: str) -> str:
    """What a room is called, with its account where there are several."""
    session = next((one for one in sessions if one.account.name == account), None)
    room = session.rooms.get(room_id) if session is not None else None
    title = clean_line(room.title if room else room_id)
    return f"{title} · {clean_line(account)}" if len(sessions) > 1 else title


class ListScreen(Dialog[R]):
    """A list between its title and its keys, of whatever the sessions of all accounts have."""

    PLACE: ClassVar[Place]
    EMPTY: ClassVar[str]
    """What is said while there is nothing to list."""
    FOLLOWS: ClassVar[tuple[type, ...]]
    """The changes after which the list is filled again."""
    GATHER_SECONDS: ClassVar[float] = 0.05
    """Changes that come within this time are shown together."""
    DEFAULT_CSS = """
    ListScreen {
        align: center middle;
        & > Vertical { width: 100; max-width: 96%; height: 90%; max-height: 44; padding: 1 1; background: $surface; }
        & #list-title { padding: 0 1; }
        & #list { margin: 1 0; height: 1fr; }
        & #list-empty {
            display: none; height: 1fr; margin: 1 0; content-align: center middle; text-align: center;
            color: $foreground 60%;
        }
        & #list-problem { padding: 0 1; color: $text-error; }
        & #list-keys { padding: 0 1; }
        &.-low #list-keys { display: none; }
        &.-empty #list { display: none; }
        &.-empty #list-empty { display: block; }
    }
    """

    def __init__(self, sessions: Sequence[Session]) -> None:
        super().__init__()
        self.sessions = tuple(sessions)
        self._due = False
        self._unwatch: list[Callable[[], None]] = []

    # ------------------------------------------------------------ what a list must say

    @abstractmethod
    def make_list(self) -> PickList:
        """Give the list; its id is "list"."""

    @abstractmethod
    def fill(self) -> None:
        """Show what there is now."""

    @abstractmethod
    def heading(self) -> list[Piece]:
        """Give what the title says."""

    @abstractmethod
    def show_keys(self) -> None:
        """Dim what cannot be done with what is chosen."""

    @abstractmethod
    def action_go(self) -> None:
        """Go to what is chosen, in its room."""

    def note(self, session: Session, change: SessionChange) -> None:
        """Take a change at once, before the list is filled again."""

    def begin(self) -> None:
        """Put the cursor where it shall be at first, once the list is filled."""

    def tick(self) -> None:
        """Say anew what is counted down."""

    # ------------------------------------------------------------ showing

    def compose(self) -> ComposeResult:
        """Give the list between a title and its keys."""
        with Vertical():
            yield TextLine(id="list-title")
            yield self.make_list()
            yield Static(_(self.EMPTY), id="list-empty", markup=False)
            yield TextLine(id="list-problem")
            yield KeyLine([*keys_in(self.PLACE), *keys_in(Place.DIALOG)], id="list-keys")

    def on_mount(self) -> None:
        """Show what there is and follow it."""
        self._unwatch = [session.watch(partial(self._changed, session)) for session in self.sessions]
        self.set_interval(TICK_SECONDS, self._tick)
        self.refill()
        self.query_one("#list").focus()
        self.begin()

    def on_unmount(self) -> None:
        """Stop following."""
        for unwatch in self._unwatch:
            unwatch()

    def on_resize(self) -> None:
        """Leave the keys out where there is hardly room for the list."""
        self.set_class(self.size.height < LOW, "-low")

    def _changed(self, session: Session, change: SessionChange) -> None:
        self.note(session, change)
        if isinstance(change, (*self.FOLLOWS, LinkMoved)) and not self._due:
            self._due = True
            self.set_timer(self.GATHER_SECONDS, self.refill)

    def refill(self) -> None:
        """Fill the list again, and say what follows from it."""
        self._due = False
        self.fill()
        self.say_title()
        self.show_keys()

    def show_empty(self, empty: bool, text: str = "") -> None:
        """Show the list, or what is said where there is nothing to list."""
        self.set_class(empty, "-empty")
        self.query_one("#list-empty", Static).update(_(text or self.EMPTY))

    def say_title(self) -> None:
        """Say what is listed, and how the accounts are connected."""
        line, left = self.query_one("#list-title", TextLine), self.heading()
        line.show(left, [self._links(line.content_size.width - sum(cells(text) for text, _style in left))])

    def _links(self, room: int) -> Piece:
        """Say how the accounts are connected, in less than `room` cells."""
        off = [session for session in self.sessions if session.link.link is not Link.ONLINE]
        style = "$text-warning" if off else "$text-success"
        if len(self.sessions) == 1 or not off:
            link, now = self.sessions[0].link, time.monotonic()
            words = link_text(link, now)
            if cells(words) >= room:
                words = link_text(replace(link, reason=""), now)  # the status bar gives the reason
            return words, style
        return ", ".join(f"{clean_line(one.account.name)}: {link_line(one.link)[2]}" for one in off), style

    def _tick(self) -> None:
        self.tick()
        self.say_title()

    @on(LineView.CursorMoved)
    def _moved(self) -> None:
        self.show_keys()

    def place(self, account: str, room_id: str) -> str:
        """What a room is called, with its account where there are several."""
        return place_of(self.sessions, account, room_id)

    def session_of(self, account: str) -> Session:
        """The session of an account."""
        return next(session for session in self.sessions if session.account.name == account)

    # ------------------------------------------------------------ doing

    def attempt(self, work: Coroutine[Any, Any, object]) -> None:
        """Carry out work; what cannot be done is said above the keys."""

        async def carry_out() -> None:
            try:
                await work
            except ChatError as error:
                self.say(of_error(error))
            else:
                self.say("")

        self.run_worker(carry_out(), exit_on_error=False)

    def say(self, text: str) -> None:
        """Say one sentence above the keys."""
        self.query_one("#list-problem", TextLine).show([(clean_line(text), "")] if text else [])

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self.action_go()

    @on(KeyLine.Wanted)
    async def _wanted(self, event: KeyLine.Wanted) -> None:
        event.stop()
        await self.run_action(event.key.action)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)
