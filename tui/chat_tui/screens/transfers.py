"""All files of all accounts: on their way, offered, and what came of them; what can be done about each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from chat_tui.keys import Place, bindings
from chat_tui.screens.file_work import do_deed
from chat_tui.screens.list_screen import ListScreen
from chat_tui.strings import N_, _
from chat_tui.transfer_words import FileDeed, Now, deeds_of
from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.text_line import Piece
from chat_tui.widgets.transfer_list import Listed, TransferList
from chat_tui_core.session import Session
from chat_tui_core.session_changes import SessionChange, TransferMoved
from chat_tui_core.transfers import Direction, State, Transfer

__all__ = ["Listed", "TransfersScreen"]

EMPTY: Final = N_("No files yet.\n\nCtrl+O in a room sends some;\nwhat others offer is listed here.")
COUNTS: Final = ((Direction.OUT, N_("↑ {count} out")), (Direction.IN, N_("↓ {count} in")))


class TransfersScreen(ListScreen[Listed | None]):
    """Files, those that move first; gives the one to go to, or nothing."""

    BINDINGS = [*bindings(Place.TRANSFERS), *bindings(Place.DIALOG)]
    PLACE = Place.TRANSFERS
    EMPTY = EMPTY
    FOLLOWS = (TransferMoved,)
    GATHER_SECONDS = 0.25
    DEFAULT_CSS = """
    TransfersScreen > Vertical { width: 120; }
    """

    def __init__(self, sessions: Sequence[Session], now: Callable[[str, Transfer], Now]) -> None:
        """`now` tells why a transfer of an account waits and how fast it moves."""
        super().__init__(sessions)
        self._now = now
        found = (Listed(session.account.name, one) for session in sessions for one in session.files.all())
        self._known = {one.id: one for one in found}

    def make_list(self) -> TransferList:
        """Give the list of files."""
        self._list = TransferList(self.place, self._now, id="list")
        return self._list

    # ------------------------------------------------------------ showing

    def note(self, session: Session, change: SessionChange) -> None:
        """Take what has become of a file."""
        if isinstance(change, TransferMoved):
            listed = Listed(session.account.name, change.transfer)
            self._known[listed.id] = listed

    def fill(self) -> None:
        """Show all files."""
        shown = sorted(self._known.values(), key=_rank, reverse=True)
        self._list.show_entries(shown)
        self.show_empty(not shown)

    def heading(self) -> list[Piece]:
        """Give how many move, and how many are offered."""
        transfers = [one.transfer for one in self._known.values()]
        moving = [one for one in transfers if one.wants_to_move]
        offered = sum(1 for one in transfers if one.is_open and not one.wants_to_move)
        left: list[Piece] = [(_("Files"), "bold")]
        for direction, words in COUNTS:
            if count := sum(1 for one in moving if one.direction is direction):
                left.append((f"   {_(words).format(count=count)}", "$text-accent"))
        left += [("   " + _("{count} offered").format(count=offered), "$text-warning")] if offered else []
        return left

    def tick(self) -> None:
        """Say how fast files move."""
        self._list.tick()

    def show_keys(self) -> None:
        """Dim what cannot be done with the chosen file."""
        chosen = self._list.chosen()
        able = self._able()
        useless = {f"transfers.{deed.value}" for deed in FileDeed if deed not in able}
        useless |= set() if chosen is not None and chosen.transfer.event_id else {"transfers.go"}
        offered = (
            chosen is not None and chosen.transfer.state is State.NEW and chosen.transfer.direction is Direction.IN
        )
        self.query_one(KeyLine).show(frozenset(useless), {"transfers.cancel": _("decline")} if offered else {})

    def _able(self) -> tuple[FileDeed, ...]:
        chosen = self._list.chosen()
        if chosen is None:
            return ()
        return deeds_of(chosen.transfer, waits=bool(self._now(chosen.account, chosen.transfer).why))

    # ------------------------------------------------------------ doing

    def action_deed(self, deed: str) -> None:
        """Do something with the chosen file."""
        chosen = self._list.chosen()
        if chosen is not None and FileDeed(deed) in self._able():
            self.attempt(do_deed(self.app, self.session_of(chosen.account), FileDeed(deed), chosen.transfer))

    def action_go(self) -> None:
        """Go to the chosen file in its room."""
        chosen = self._list.chosen()
        if chosen is not None and chosen.transfer.event_id:
            self.dismiss(chosen)


def _rank(listed: Listed) -> tuple[bool, bool, int, int]:
    """What moves is shown first, then what is offered, then what has ended, the latest first."""
    transfer = listed.transfer
    return transfer.is_open, transfer.wants_to_move, transfer.ended_at, transfer.id
