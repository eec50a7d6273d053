"""Everything that was said to the person, in all accounts: invitations, mentions and answers; from what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from chat_tui.inbox import Entry, Why, newest_first
from chat_tui.keys import Place, bindings
from chat_tui.screens.inbox_finding import invitations, to_me
from chat_tui.screens.list_screen import ListScreen
from chat_tui.strings import N_, _, n_
from chat_tui.widgets.inbox_list import InboxList
from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.text_line import Piece
from chat_tui_core.actions import Kind
from chat_tui_core.model import Membership
from chat_tui_core.session import Session
from chat_tui_core.session.ingest_history import mentions_me
from chat_tui_core.session_changes import EventsArrived, RoomsMoved, SessionChange

__all__ = ["InboxScreen"]

MOST: Final = 200
EMPTY: Final = N_(
    "Nobody has said anything to you yet.\n\nInvitations, mentions and answers\nof all accounts are listed here."
)


class InboxScreen(ListScreen[Entry | None]):
    """What was said to the person, newest first; gives what is to be gone to, or nothing."""

    BINDINGS = [*bindings(Place.INBOX), *bindings(Place.DIALOG)]
    PLACE = Place.INBOX
    EMPTY = EMPTY
    FOLLOWS = (RoomsMoved, EventsArrived)
    GATHER_SECONDS = 0.1

    def __init__(self, sessions: Sequence[Session]) -> None:
        super().__init__(sessions)
        self._said: list[Entry] = []
        self._loaded = False
        self._stale = False

    def make_list(self) -> InboxList:
        """Give the list of entries."""
        self._list = InboxList(self.place, id="list")
        return self._list

    def begin(self) -> None:
        """Look for what is stored."""
        self._look()

    # ------------------------------------------------------------ showing

    def note(self, session: Session, change: SessionChange) -> None:
        """Look again when something has come that may be for the person."""
        if isinstance(change, EventsArrived):
            self._stale |= any(event.reply_to or mentions_me(event, session.me) for event in change.events)

    def fill(self) -> None:
        """Show what is known, as the rooms are now."""
        if self._stale:
            self._look()
        rooms = {session.account.name: session.rooms for session in self.sessions}
        said = []
        for entry in self._said:
            room = rooms[entry.account].get(entry.room.room_id)
            if room is not None and room.membership is Membership.JOINED and entry.event is not None:
                said.append(replace(entry, room=room, new=entry.event.order > room.read))
        invited = [entry for session in self.sessions for entry in invitations(session)]
        entries = newest_first([*invited, *said], MOST)
        self._list.show_entries(entries)
        self.show_empty(self._loaded and not entries)

    def _look(self) -> None:
        self._stale = False
        self.attempt(self._load())

    async def _load(self) -> None:
        found = await asyncio.gather(*(to_me(session, MOST) for session in self.sessions))
        self._said = newest_first((entry for entries in found for entry in entries), MOST)
        self._loaded = True
        self.refill()

    def heading(self) -> list[Piece]:
        """Give how much is new, and how many invitations wait."""
        entries = self._list.entries
        invited = sum(1 for entry in entries if entry.why is Why.INVITED)
        new = sum(1 for entry in entries if entry.new) - invited
        left: list[Piece] = [(_("Inbox"), "bold")]
        if invited:
            words = n_("{count} invitation", "{count} invitations", invited).format(count=invited)
            left.append((f"   {words}", "$text-warning"))
        left += [("   " + _("{count} new").format(count=new), "$text-accent")] if new else []
        return left

    def show_keys(self) -> None:
        """Dim what cannot be done with the chosen entry."""
        chosen = self._list.chosen()
        useless = set() if chosen is not None else {"inbox.go"}
        if chosen is None or chosen.why is not Why.INVITED:
            useless |= {"inbox.accept", "inbox.decline"}
        self.query_one(KeyLine).show(frozenset(useless), {})

    # ------------------------------------------------------------ doing

    def action_accept(self) -> None:
        """Join the room of the chosen invitation; the list stays."""
        self._answer(Kind.JOIN)

    def action_decline(self) -> None:
        """Decline the chosen invitation."""
        self._answer(Kind.LEAVE)

    def _answer(self, kind: Kind) -> None:
        chosen = self._list.chosen()
        if chosen is not None and chosen.why is Why.INVITED:
            self.attempt(self.session_of(chosen.account).perform(kind, chosen.room.room_id))

    def action_go(self) -> None:
        """Go to the chosen entry in its room; an invitation is accepted by that."""
        if (chosen := self._list.chosen()) is not None:
            self.dismiss(chosen)
