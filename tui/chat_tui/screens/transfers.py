"""All files of the account: on their way, offered, and what came of them; what can be done about each."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from chat_tui.keys import Place, bindings, keys_in
from chat_tui.screens.file_work import do_deed
from chat_tui.transfer_words import FileDeed, Now, deeds_of
from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.line_view import LineView
from chat_tui.widgets.pick_list import PickList
from chat_tui.widgets.status_bar import link_text
from chat_tui.widgets.text_layout import clean_line
from chat_tui.widgets.text_line import Piece, TextLine
from chat_tui.widgets.transfer_list import TransferList
from chat_tui_core.errors import ChatError
from chat_tui_core.news import Link
from chat_tui_core.session import Session
from chat_tui_core.session_changes import LinkMoved, SessionChange, TransferMoved
from chat_tui_core.transfers import Direction, State, Transfer

__all__ = ["TransfersScreen"]

GATHER_SECONDS: Final = 0.25
"""Changes that come within this time are shown together."""
TICK_SECONDS: Final = 0.5
LOW: Final = 16
EMPTY: Final = "No files yet.\n\nCtrl+O in a room sends some;\nwhat others offer is listed here."


class TransfersScreen(ModalScreen[Transfer | None]):
    """The list between its title and its keys; gives the transfer to go to, or nothing."""

    BINDINGS = [*bindings(Place.TRANSFERS), *bindings(Place.DIALOG)]
    DEFAULT_CSS = """
    TransfersScreen {
        align: center middle;
        & > Vertical { width: 120; max-width: 96%; height: 90%; max-height: 44; padding: 1 1; background: $surface; }
        & #transfers-title { padding: 0 1; }
        & #transfers { margin: 1 0; height: 1fr; }
        & #transfers-empty {
            display: none; height: 1fr; margin: 1 0; content-align: center middle; text-align: center;
            color: $foreground 60%;
        }
        & #transfers-problem { padding: 0 1; color: $text-error; }
        & #transfers-keys { padding: 0 1; }
        &.-low #transfers-keys { display: none; }
        &.-empty #transfers { display: none; }
        &.-empty #transfers-empty { display: block; }
    }
    """

    def __init__(self, session: Session, now: Callable[[Transfer], Now]) -> None:
        """`now` tells why a transfer waits and how fast it moves."""
        super().__init__()
        self._session = session
        self._now = now
        self._known: dict[int, Transfer] = {}
        self._due = False
        self._unwatch: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """Give the list between a title and its keys."""
        with Vertical():
            yield TextLine(id="transfers-title")
            yield TransferList(self._title, self._now, id="transfers")
            yield Static(EMPTY, id="transfers-empty", markup=False)
            yield TextLine(id="transfers-problem")
            yield KeyLine([*keys_in(Place.TRANSFERS), *keys_in(Place.DIALOG)], id="transfers-keys")

    def on_mount(self) -> None:
        """Show what there is and follow it."""
        self._list = self.query_one(TransferList)
        self._known = {one.id: one for one in self._session.files.all()}
        self._unwatch = self._session.watch(self._changed)
        self.set_interval(TICK_SECONDS, self._tick)
        self._show()
        self._list.focus()

    def on_resize(self) -> None:
        """Leave the keys out where there is hardly room for the files."""
        self.set_class(self.size.height < LOW, "-low")

    def on_unmount(self) -> None:
        """Stop following."""
        self._unwatch()

    # ------------------------------------------------------------ showing

    def _changed(self, change: SessionChange) -> None:
        if isinstance(change, TransferMoved):
            self._known[change.transfer.id] = change.transfer
        if isinstance(change, (TransferMoved, LinkMoved)) and not self._due:
            self._due = True
            self.set_timer(GATHER_SECONDS, self._show)

    def _show(self) -> None:
        self._due = False
        shown = sorted(self._known.values(), key=_rank, reverse=True)
        self._list.show_transfers(shown)
        self.set_class(not shown, "-empty")
        self._show_title()
        self._show_keys()

    def _show_title(self) -> None:
        moving = [one for one in self._known.values() if one.wants_to_move]
        offered = sum(1 for one in self._known.values() if one.is_open and not one.wants_to_move)
        left: list[Piece] = [("Files", "bold")]
        for direction, word in ((Direction.OUT, "↑ {} out"), (Direction.IN, "↓ {} in")):
            if count := sum(1 for one in moving if one.direction is direction):
                left.append((f"   {word.format(count)}", "$text-accent"))
        left += [(f"   {offered} offered", "$text-warning")] if offered else []
        link = self._session.link
        style = "$text-success" if link.link is Link.ONLINE else "$text-warning"
        self.query_one("#transfers-title", TextLine).show(left, [(link_text(link, time.monotonic()), style)])

    def _tick(self) -> None:
        self._list.tick()
        self._show_title()

    @on(LineView.CursorMoved)
    def _show_keys(self) -> None:
        """Dim what cannot be done with the chosen file."""
        chosen = self._list.chosen()
        able = self._able()
        useless = {f"transfers.{deed.value}" for deed in FileDeed if deed not in able}
        useless |= set() if chosen is not None and chosen.event_id else {"transfers.go"}
        offered = chosen is not None and chosen.state is State.NEW and chosen.direction is Direction.IN
        self.query_one(KeyLine).show(frozenset(useless), {"transfers.cancel": "decline"} if offered else {})

    def _able(self) -> tuple[FileDeed, ...]:
        chosen = self._list.chosen()
        return () if chosen is None else deeds_of(chosen, waits=bool(self._now(chosen).why))

    def _title(self, room_id: str) -> str:
        room = self._session.rooms.get(room_id)
        return room.title if room else room_id

    # ------------------------------------------------------------ doing

    def _try(self, work: Coroutine[Any, Any, object]) -> None:
        async def carry_out() -> None:
            try:
                await work
            except ChatError as error:
                self._say(str(error))
            else:
                self._say("")

        self.run_worker(carry_out(), exit_on_error=False)

    def _say(self, text: str) -> None:
        self.query_one("#transfers-problem", TextLine).show([(clean_line(text), "")] if text else [])

    def action_deed(self, deed: str) -> None:
        """Do something with the chosen file."""
        chosen = self._list.chosen()
        if chosen is not None and FileDeed(deed) in self._able():
            self._try(do_deed(self.app, self._session, FileDeed(deed), chosen))

    def action_go(self) -> None:
        """Go to the chosen file in its room."""
        chosen = self._list.chosen()
        if chosen is not None and chosen.event_id:
            self.dismiss(chosen)

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


def _rank(transfer: Transfer) -> tuple[bool, bool, int, int]:
    """What moves is shown first, then what is offered, then what has ended, the latest first."""
    return transfer.is_open, transfer.wants_to_move, transfer.ended_at, transfer.id
