"""All spaces of all accounts, with what is new in each: choosing which rooms the list shows, and leaving a space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from chat_tui.keys import Place, bindings
from chat_tui.screens.list_screen import ListScreen
from chat_tui.screens.space_view import ALL, LOOSE
from chat_tui.strings import N_, _
from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.space_list import SpaceLine, SpaceList
from chat_tui.widgets.text_layout import clean_line
from chat_tui.widgets.text_line import Piece
from chat_tui_core.actions import Kind
from chat_tui_core.link import Capability
from chat_tui_core.model import Membership, Room
from chat_tui_core.session import Session
from chat_tui_core.session_changes import RoomsMoved
from chat_tui_core.spaces import Loose, rooms_in, space_tree
from chat_tui_core.values import frozen

__all__ = ["Choice", "SpacesScreen"]

EMPTY: Final = N_(
    "You are in no space.\n\nA space holds rooms that belong together.\nAn invitation to one is in the list of rooms."
)


@frozen
class Choice:
    """What the person chose: a space by its id, or ALL, or LOOSE. `page`: to look at its rooms instead of listing them."""

    account: str
    view: str
    page: bool = False


class SpacesScreen(ListScreen[Choice | None]):
    """The spaces as a tree, below all rooms and those in no space; gives what is chosen, or nothing."""

    BINDINGS = [*bindings(Place.SPACES), *bindings(Place.DIALOG)]
    PLACE = Place.SPACES
    EMPTY = EMPTY
    FOLLOWS = (RoomsMoved,)

    def __init__(self, sessions: Sequence[Session], chosen: Mapping[str, str], account: str) -> None:
        """`chosen` is what is listed of each account; the cursor begins at that of `account`."""
        super().__init__([one for one in sessions if Capability.SPACES in one.capabilities])
        self._chosen = dict(chosen)
        self._account = account

    def make_list(self) -> SpaceList:
        """Give the list of spaces."""
        self._list = SpaceList(id="list")
        return self._list

    def begin(self) -> None:
        """Put the cursor on what is listed now."""
        for at, line in enumerate(self._list.entries):
            if line.account == self._account and line.chosen:
                self._list.set_cursor(at)

    # ------------------------------------------------------------ showing

    def fill(self) -> None:
        """Show what there is, as the rooms are now."""
        lines = [line for session in self.sessions for line in self._lines(session)]
        self._list.show_entries(lines)
        self.show_empty(not lines)

    def _lines(self, session: Session) -> list[SpaceLine]:
        tree = space_tree(session.rooms)
        if not tree:
            return []
        joined = [room for room in session.rooms.values() if room.membership is Membership.JOINED and not room.is_space]
        loose = Loose(session.rooms)
        lines = [
            self._line(session, ALL, _("All rooms"), joined),
            self._line(session, LOOSE, _("Rooms in no space"), [room for room in joined if room.room_id in loose]),
        ]
        for space, depth in tree:
            held = rooms_in(space.room_id, session.rooms)
            inside = [room for room in joined if room.room_id in held]
            lines.append(self._line(session, space.room_id, clean_line(space.title), inside, depth))
        return lines

    def _line(self, session: Session, view: str, title: str, rooms: Sequence[Room], depth: int = 0) -> SpaceLine:
        account = session.account.name
        return SpaceLine(
            account,
            view,
            title,
            depth,
            len(rooms),
            sum(room.unread for room in rooms if not room.muted),
            sum(room.mentions for room in rooms),
            chosen=self._chosen.get(account, ALL) == view,
            named=len(self.sessions) > 1 and view == ALL,
        )

    def heading(self) -> list[Piece]:
        """Give what is chosen here."""
        return [(_("Which rooms the list shows"), "bold")]

    def show_keys(self) -> None:
        """Dim what cannot be done with what is chosen."""
        line = self._list.chosen()
        useless = set() if line is not None else {"spaces.go"}
        if line is None or not _is_space(line):
            useless |= {"spaces.page", "spaces.leave"}
        self.query_one(KeyLine).show(frozenset(useless), {})

    # ------------------------------------------------------------ doing

    def action_go(self) -> None:
        """Have the list show these rooms."""
        if (line := self._list.chosen()) is not None:
            self.dismiss(Choice(line.account, line.view))

    def action_page(self) -> None:
        """Look at the rooms of the chosen space, also at those that the person is not in."""
        if (line := self._list.chosen()) is not None and _is_space(line):
            self.dismiss(Choice(line.account, line.view, page=True))

    def action_leave(self) -> None:
        """Leave the chosen space, once the person is sure; its rooms stay."""
        if (line := self._list.chosen()) is not None and _is_space(line):
            self.attempt(self._leave(line))

    async def _leave(self, line: SpaceLine) -> None:
        from chat_tui.screens.confirm import ConfirmScreen

        question = _("Leave the space {space}? You stay in its rooms.").format(space=line.title)
        if await self.app.push_screen_wait(ConfirmScreen(question, _("leave it"))):
            await self.session_of(line.account).perform(Kind.LEAVE, line.view)


def _is_space(line: SpaceLine) -> bool:
    return line.view not in {ALL, LOOSE}
