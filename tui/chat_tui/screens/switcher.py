"""Go to a room, a person or an account by typing a few letters of the name."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import TextArea

from chat_tui.addresses import direct_address
from chat_tui.keys import Place, bindings
from chat_tui.screens.dialog import Dialog
from chat_tui.strings import N_, _
from chat_tui.widgets.front_compositor import FrontCompositor
from chat_tui.widgets.fuzzy import NameIndex
from chat_tui.widgets.pick_list import Part, PickList, Row
from chat_tui.widgets.query_box import QueryBox
from chat_tui.widgets.room_accounts import RoomKey
from chat_tui.widgets.room_order import mark_of
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.model import Member, Membership, Room, RoomKind

__all__ = ["SwitcherScreen", "people_as_rooms"]

Goal = tuple[str, Room]
"""A room, and its account where there are several."""
MOST_ROWS = 14
FOUND = 100
"""Rooms that are listed at most."""
NOTES = {Membership.INVITED: N_("invited"), Membership.NONE: N_("join"), Membership.LEFT: ""}


def people_as_rooms(people: Sequence[Member], rooms: Sequence[Room], me: str) -> list[Room]:
    """Those with whom there is no direct chat yet, each as the room that it would be."""
    known = {me, *(room.direct for room in rooms), *(room.room_id for room in rooms if room.kind is RoomKind.DIRECT)}
    return [
        Room(
            direct_address(person.user_id, me) or person.user_id,
            person.name or person.user_id,
            person.user_id if person.name else "",
            RoomKind.DIRECT,
            Membership.NONE,
            direct=person.user_id,
        )
        for person in people
        if not {person.user_id, direct_address(person.user_id, me)} & known
    ]


def _sought(goal: Goal) -> str:
    """What a room is found by: its name; a person by the id, too; where there are several accounts, by its account."""
    account, room = goal
    if not room.room_id:
        return account
    name = f"{room.title} {room.topic}" if room.kind is RoomKind.DIRECT else room.title
    return f"{name} {account}" if account else name


def _key(goal: Goal) -> RoomKey:
    return RoomKey(goal[0], goal[1].room_id)


class Matches(PickList):
    """The rooms that fit; the cursor shows while the query has the focus."""

    DEFAULT_CSS = """
    Matches { height: 14; max-height: 14; min-height: 1; }
    """

    def __init__(self, goals: Sequence[Goal]) -> None:
        super().__init__(id="matches")
        self.can_focus = False
        self.found = list(goals)
        self._rows = MOST_ROWS

    @property
    def has_focus(self) -> bool:  # type: ignore[override]
        """The query has the focus for both."""
        return True

    def show_found(self, goals: list[Goal]) -> None:
        """Show these, the first one chosen."""
        rows = max(1, min(MOST_ROWS, len(goals)))
        if rows != self._rows:
            self._rows = self.styles.height = rows  # a layout
        self.found = goals
        self.reset(0, max(1, len(goals)))
        self.set_cursor(0 if goals else None)

    def pickable(self, position: int) -> bool:
        """What says that there is nothing cannot be chosen."""
        return position < len(self.found)

    def rows(self, position: int) -> list[Row]:
        """Give a room's line."""
        if not self.found:
            return [([(_("Nothing fits."), "dim")], [])]
        account, room = self.found[position]
        if not room.room_id:
            return [([("● ", "accent"), (clean_line(account), "strong")], [(_("account"), "dim")])]
        left: list[Part] = [(f"{mark_of(room)} ", "dim"), (clean_line(room.title), "strong" if room.unread else "")]
        if account:
            left.append((f"  {clean_line(account)}", "accent"))
        if room.topic:
            left.append((f"  {clean_line(room.topic)}", "dim"))
        person = room.kind is RoomKind.DIRECT and room.membership is Membership.NONE
        note = _("write") if person else _("space") if room.is_space else _(NOTES.get(room.membership, ""))
        right: list[Part] = [(note, "dim")] if note else []
        if room.unread and room.membership is Membership.JOINED:
            right = [(f" {room.unread} ", "badge")]
        return [(left, right)]


class SwitcherScreen(Dialog[RoomKey | None]):
    """A query and what fits; gives the chosen room, or nothing."""

    BINDINGS = [
        *bindings(Place.DIALOG),
        Binding("up,ctrl+p", "cursor(-1)", show=False, priority=True),
        Binding("down,ctrl+n", "cursor(1)", show=False, priority=True),
        Binding("pageup", "cursor(-10)", show=False, priority=True),
        Binding("pagedown", "cursor(10)", show=False, priority=True),
        Binding("enter", "choose", show=False, priority=True),
        Binding("ctrl+k", "close", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    SwitcherScreen {
        align: center top;
        & > Vertical { width: 64; max-width: 96%; height: auto; margin-top: 3; padding: 1 1; background: $surface; }
        & QueryBox { margin-bottom: 1; background: $surface; }
    }
    """

    def __init__(self, rooms: Sequence[Room], prompt: str = "", accounts: Sequence[str] = ()) -> None:
        """`prompt`: what the chosen room is for, where it is not to be opened.

        `accounts`: that of each room, where there are several; a room without an id stands for its account.
        """
        super().__init__()
        self._prompt = prompt
        self._goals = list(zip(accounts or [""] * len(rooms), rooms, strict=True))
        self._names = NameIndex(_sought(goal) for goal in self._goals)
        self._first = nsmallest(FOUND, self._goals, lambda goal: not goal[1].unread)
        self._searched: str | None = None
        self._compositor = FrontCompositor()

    def compose(self) -> ComposeResult:
        """Give the query above what fits."""
        with Vertical():
            yield QueryBox(placeholder=self._prompt or _("Go to room or person…"), id="query")
            yield Matches(self._goals)

    def on_mount(self) -> None:
        """Show all rooms, the ones with news first."""
        self.query_one("#query").focus()
        self._search("")

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        self._search(event.text_area.text)

    def _search(self, query: str) -> None:
        if query == self._searched:
            return
        self._searched = query
        if query.strip():
            found = [self._goals[index] for index in self._names.rank(query.strip().lstrip("#@"), FOUND)]
        else:
            found = self._first
        self.query_one(Matches).show_found(found)

    def action_cursor(self, step: int) -> None:
        """Choose another one; the query keeps the focus."""
        matches = self.query_one(Matches)
        for _one in range(abs(step)):
            matches.action_cursor(1 if step > 0 else -1)

    def action_choose(self) -> None:
        """Go to the chosen room, once the query has taken the keys that came before this one."""
        self.query_one(QueryBox).call_later(self._choose)

    def _choose(self) -> None:
        if not self.is_current:
            return  # the key came twice, and the choice is made
        self._search(self.query_one(QueryBox).text)
        matches = self.query_one(Matches)
        if matches.cursor is None:
            self.app.bell()  # what is typed on would be said in the room that is open
        else:
            self.dismiss(_key(matches.found[matches.cursor]))

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self.dismiss(_key(self.query_one(Matches).found[event.position]))

    def on_click(self, event: events.Click) -> None:
        """Close when the click is beside the dialog."""
        if event.widget is self:
            self.dismiss(None)

    def action_close(self) -> None:
        """Stay where we are."""
        self.dismiss(None)
