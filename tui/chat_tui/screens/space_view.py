"""Which rooms the list shows of each account: all, those of one space, or those in none; kept for the next start."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, Final

from chat_tui.screens.desk import VIEW_KEPT, Desk
from chat_tui.strings import _
from chat_tui.widgets.elsewhere_line import ElsewhereLine
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.errors import StoreError
from chat_tui_core.model import Room
from chat_tui_core.spaces import Loose, is_ours, rooms_in
from chat_tui_core.store.meta import set_meta

if TYPE_CHECKING:
    from chat_tui.screens.main import MainScreen
    from chat_tui_core.session import Session

__all__ = ["ALL", "LOOSE", "SpaceView", "view_name"]

ALL: Final = ""
LOOSE: Final = "-"
"""Rooms in no space; stands where the id of a space stands else."""


def view_name(session: Session, view: str) -> str:
    """What a choice is called, "" for all rooms."""
    if view == LOOSE:
        return _("in no space")
    room = session.rooms.get(view) if view else None
    return clean_line(room.title) if room is not None else ""


class SpaceView:
    """Narrows the list of rooms of the main screen, and says below it what is new elsewhere."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._wanted: dict[str, Container[str]] = {}
        self._line: ElsewhereLine | None = None

    def choose(self, desk: Desk, view: str) -> None:
        """Show an account's rooms that are in a space, by its id, or ALL, or LOOSE ones; remember it."""
        if view == desk.view:
            return
        desk.view = view
        self.show(desk)
        self._screen.start(self._keep(desk))

    async def _keep(self, desk: Desk) -> None:
        try:
            await desk.session.store.write(set_meta, VIEW_KEPT, desk.view)
        except StoreError as error:
            self._screen.say(str(error), serious=True)

    def show(self, desk: Desk) -> None:
        """Have the list be as was chosen: at the start, after a choice, and when spaces are others."""
        wanted = self._rooms(desk)
        if wanted is None:
            desk.view = ALL
            self._wanted.pop(desk.name, None)
        else:
            self._wanted[desk.name] = wanted
        self._screen.rooms.narrow(wanted, desk.name)
        self._screen.standing.view_changed(desk, view_name(desk.session, desk.view))
        self.say_elsewhere()

    def _rooms(self, desk: Desk) -> Container[str] | None:
        rooms = desk.session.rooms
        if desk.view == LOOSE:
            return Loose(rooms)
        return rooms_in(desk.view, rooms) if is_ours(rooms.get(desk.view)) else None

    def follow(self, desk: Desk, changed: Iterable[Room]) -> None:
        """Some rooms are others; where those are spaces, other rooms may be in them."""
        if any(room.is_space for room in changed):
            view = desk.view
            if self._rooms(desk) != self._wanted.get(desk.name):
                self.show(desk)
            else:
                self._screen.standing.view_changed(desk, view_name(desk.session, view))
            if desk.view != view:
                self._screen.start(self._keep(desk))
        self.say_elsewhere()

    def say_elsewhere(self) -> None:
        """Say how much is new in rooms that are not listed, on a line that is there from the first choice on."""
        news = self._screen.rooms.order.elsewhere
        if self._line is None:
            if news is None:
                return
            self._line = ElsewhereLine()
            self._screen.query_one("#rooms-pane").mount(self._line)
        self._line.tell(news)
