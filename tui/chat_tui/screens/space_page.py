"""The rooms of a space, also those that one is not in, page by page as the server lists them; joining them."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from textual import on

from chat_tui.keys import Place, bindings
from chat_tui.screens.list_screen import ListScreen
from chat_tui.strings import N_, _, n_
from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.line_view import LineView
from chat_tui.widgets.room_order import SPACE_MARK
from chat_tui.widgets.space_list import SpaceRoomList, SpaceRow
from chat_tui.widgets.text_layout import clean_line
from chat_tui.widgets.text_line import Piece
from chat_tui_core.actions import Kind, State
from chat_tui_core.errors import ChatError
from chat_tui_core.link import Link
from chat_tui_core.model import Membership
from chat_tui_core.session import Session
from chat_tui_core.session_changes import ActionMoved, LinkMoved, RoomsMoved, SessionChange
from chat_tui_core.spaces import Listed, Listing, stored_listing

__all__ = ["SpaceScreen"]

UNDER_WAY: Final = frozenset({State.PENDING, State.SENT})
AHEAD: Final = 12
"""So many rooms before the last one that is known, further ones are asked for."""
EMPTY: Final = N_("Nothing is in this space,\nor nothing that you may see.")
NOT_IN: Final = (N_("not joined"), "dim")
LOADING: Final = N_("asking for the rooms…")
STANDS: Final = {
    Membership.JOINED: (N_("joined"), "good"),
    Membership.INVITED: (N_("invited"), "accent"),
    Membership.KNOCKED: (N_("asked"), "dim"),
}


class SpaceScreen(ListScreen[str | None]):
    """The rooms of one space; gives the id of the one that is to be opened, or nothing."""

    BINDINGS = [*bindings(Place.SPACE), *bindings(Place.DIALOG)]
    PLACE = Place.SPACE
    EMPTY = EMPTY
    FOLLOWS = (RoomsMoved, ActionMoved)

    def __init__(self, session: Session, space_id: str) -> None:
        super().__init__([session])
        self._session = session
        self._space_id = space_id
        self._listing = Listing(space_id)
        self._asking = False
        self._failed = False

    def make_list(self) -> SpaceRoomList:
        """Give the list of rooms."""
        self._list = SpaceRoomList(id="list")
        return self._list

    def begin(self) -> None:
        """Ask for the first page."""
        self._more()

    # ------------------------------------------------------------ what is in it

    def note(self, session: Session, change: SessionChange) -> None:
        """Ask again when the connection is back."""
        if self._failed and isinstance(change, LinkMoved) and change.link.link is Link.ONLINE:
            self._failed, self._listing = False, Listing(self._space_id)
            self._more()

    def _more(self) -> None:
        """Ask for the next page, unless one is under way or there is none."""
        if not (self._asking or self._failed or self._listing.whole):
            self._asking = True
            self.attempt(self._load())

    async def _load(self) -> None:
        try:
            self._listing.take(await self._session.space(self._space_id, self._listing.token))
        except ChatError:
            self._failed = True
            self._listing.take(stored_listing(self._space_id, self._session.rooms))
            raise
        finally:
            self._asking = False
            self.refill()
        self._look_ahead()

    @on(LineView.CursorMoved)
    def _look_ahead(self) -> None:
        """Ask for further rooms before the person comes to the end of those that are known."""
        if (self._list.cursor or 0) + AHEAD >= len(self._list.entries):
            self._more()

    # ------------------------------------------------------------ showing

    def fill(self) -> None:
        """Show what is known, as the rooms are now."""
        joining = self._joining()
        self._list.show_entries([self._row(listed, joining) for listed in self._listing.listed])
        self.show_empty(not self._listing.listed, LOADING if self._asking else EMPTY)

    def _joining(self) -> set[str]:
        """The rooms that we are about to be in."""
        actions = self._session.open_actions.values()
        return {action.room_id for action in actions if action.kind is Kind.JOIN and action.state in UNDER_WAY}

    def _row(self, listed: Listed, joining: Container[str]) -> SpaceRow:
        room_id = listed.room.room_id
        known = self._session.rooms.get(room_id)
        if room_id in joining and (known is None or known.membership is not Membership.JOINED):
            return SpaceRow(listed, _("joining…"), "warn")
        word, style = STANDS.get(known.membership, NOT_IN) if known is not None else NOT_IN
        return SpaceRow(listed, _(word), style)

    def heading(self) -> list[Piece]:
        """Give the space's name, and how many rooms are known."""
        known = self._session.rooms.get(self._space_id)
        count = sum(not one.room.is_space for one in self._listing.listed)
        more = "" if self._listing.whole else "+"
        words = n_("{count} room", "{count} rooms", count).format(count=f"{count}{more}")
        title = clean_line(known.title if known is not None else self._space_id)
        return [(f"{SPACE_MARK} ", "$text-accent"), (title, "bold"), (f"   {words}" if count else "", "dim")]

    def show_keys(self) -> None:
        """Dim what cannot be done with the chosen room."""
        row = self._list.chosen()
        joined = row is not None and self._joined(row)
        useless = set() if row is not None else {"space.go"}
        if row is None or joined:
            useless.add("space.join")
        self.query_one(KeyLine).show(frozenset(useless), {})

    def _joined(self, row: SpaceRow) -> bool:
        known = self._session.rooms.get(row.listed.room.room_id)
        return known is not None and known.membership is Membership.JOINED

    # ------------------------------------------------------------ doing

    def action_join(self) -> None:
        """Join the chosen room, unless that is under way; the list stays."""
        row = self._list.chosen()
        if row is not None and not self._joined(row) and row.listed.room.room_id not in self._joining():
            room_id, via = row.listed.room.room_id, list(row.listed.held.via)
            content = {"via": via} if via else {}
            self.attempt(self._session.perform(Kind.JOIN, room_id, target_action=0, **content))

    def action_go(self) -> None:
        """Go to the chosen room; one that the person is not in is joined, and the list stays."""
        row = self._list.chosen()
        if row is not None and self._joined(row):
            self.dismiss(row.listed.room.room_id)
        else:
            self.action_join()
