"""Going to rooms, people, accounts and messages: which account and which of its rooms the screen shows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from textual import on

from chat_tui.messages import RoomChosen
from chat_tui.screens.panes import Panes
from chat_tui.screens.standing import Standing
from chat_tui.strings import _
from chat_tui.widgets.composer import Composer
from chat_tui.widgets.hint_line import HintLine
from chat_tui.widgets.line_view import LineScreen
from chat_tui.widgets.room_accounts import RoomKey
from chat_tui.widgets.room_list import RoomList
from chat_tui.widgets.room_timeline import RoomTimeline
from chat_tui_core.contract import Capability
from chat_tui_core.model import Membership, Room
from chat_tui_core.store.rooms import load_people

if TYPE_CHECKING:
    from chat_tui.feed import Feed
    from chat_tui.screens.conversation import Conversation
    from chat_tui.screens.desk import Desk
    from chat_tui.screens.doing import Doing
    from chat_tui.screens.file_cards import FileCards
    from chat_tui.screens.operating import Operating
    from chat_tui_core.model import RoomEvent
    from chat_tui_core.session import Session

__all__ = ["Going"]

MOST_PEOPLE = 5_000
"""Entries of rooms' lists of members that are looked through for people to write to."""


class Going(LineScreen):
    """A screen with a desk for each account, one of which the person sits at."""

    desks: dict[str, Desk]
    desk: Desk
    last: RoomKey | None = None
    rooms: RoomList
    timeline: RoomTimeline
    composer: Composer
    hints: HintLine
    panes: Panes
    standing: Standing

    @abstractmethod
    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Carry out work beside the screen."""

    @property
    @abstractmethod
    def looking(self) -> bool:
        """Whether the person looks at the open room."""

    @property
    def sessions(self) -> list[Session]:
        """The sessions of all accounts."""
        return [desk.session for desk in self.desks.values()]

    @property
    def session(self) -> Session:
        """The session of the account that what is typed is about."""
        return self.desk.session

    @property
    def feed(self) -> Feed:
        """The way of its changes to the screen."""
        return self.desk.feed

    @property
    def conversation(self) -> Conversation:
        """Its open room."""
        return self.desk.conversation

    @property
    def doing(self) -> Doing:
        """What carries out commands for it."""
        return self.desk.doing

    @property
    def operating(self) -> Operating:
        """What can be done with its messages."""
        return self.desk.operating

    @property
    def cards(self) -> FileCards:
        """How its files stand."""
        return self.desk.cards

    # ------------------------------------------------------------ rooms and accounts

    def _room_names(self, spaces: bool) -> list[str]:
        """The names of the rooms that one is in, or of the spaces, those of the present account first."""
        own = [self.session, *(one for one in self.sessions if one is not self.session)]
        rooms = (room for session in own for room in session.rooms.values())
        return [room.title for room in rooms if room.membership is Membership.JOINED and room.is_space is spaces]

    def open_room(self, room_id: str, account: str = "") -> None:
        """Open a room of an account, "" is the present one; a room that the person is not in is joined first."""
        desk = self.desks.get(account, self.desk)
        room = desk.session.rooms.get(room_id)
        if room is None:
            return
        if room.membership is not Membership.JOINED:
            self.start(desk.doing.join(room_id))
            return
        if room.is_space:
            self.choose_view(desk, room_id)
            return
        self.standing.chosen = True
        if desk is self.desk and desk.conversation.room_id == room_id and not self.looking:
            desk.conversation.visit()
        self.show_room(desk, room_id)
        self.panes.show_chat()
        self.set_focus(self.composer)  # now, not in a moment: the next key is meant for it

    def show_room(self, desk: Desk, room_id: str) -> None:
        """Show a room that an account is in."""
        before = RoomKey(self.desk.name, self.conversation.room_id)
        if before.room_id and before != (desk.name, room_id):
            self.last = before
        self.sit_at(desk)
        self.conversation.open(room_id)
        if desk.view and not self.rooms.order.lists(desk.name, desk.session.rooms[room_id]):
            self.standing.spaces.choose(desk, "")
        self.rooms.mark_open(room_id, desk.name)

    def choose_view(self, desk: Desk, view: str) -> None:
        """Have the list show an account's rooms of a space (see `space_view`), and go to it."""
        self.standing.spaces.choose(desk, view)
        if self.panes.narrow:
            self.panes.show_rooms()
        (self.rooms if self.rooms.display else self.composer).focus()

    @property
    def has_spaces(self) -> bool:
        """Whether a server of an account knows spaces."""
        return any(Capability.SPACES in session.capabilities for session in self.sessions)

    def action_spaces(self) -> None:
        """Choose which rooms the list shows."""
        from chat_tui.screens.spaces import Choice, SpacesScreen

        def chosen(choice: Choice | None) -> None:
            if choice is not None and choice.page:
                self._show_space(self.desks[choice.account], choice.view)
            elif choice is not None:
                self.choose_view(self.desks[choice.account], choice.view)

        views = {name: desk.view for name, desk in self.desks.items()}
        self.app.push_screen(SpacesScreen(self.sessions, views, self.desk.name), chosen)

    def _show_space(self, desk: Desk, space_id: str) -> None:
        """Look at all rooms of a space."""
        from chat_tui.screens.space_page import SpaceScreen

        def chosen(room_id: str | None) -> None:
            if room_id is not None:
                self.open_room(room_id, desk.name)

        self.app.push_screen(SpaceScreen(desk.session, space_id), chosen)

    def sit_at(self, desk: Desk) -> None:
        """Have what is typed and done from now on be about this account; none of its rooms is open yet."""
        if desk is not self.desk:
            self.desk.leave()
            self.desk = desk
            self.composer.account = desk.name
            self.standing.account_changed()

    @on(RoomChosen)
    def _room_chosen(self, event: RoomChosen) -> None:
        event.stop()
        self.open_room(event.room_id, event.account)

    def close_room(self) -> None:
        """Show no room."""
        self.conversation.close()
        self.rooms.mark_open("")
        self.panes.show_rooms()
        self.rooms.focus()

    def _open(self, key: RoomKey) -> None:
        self.open_room(key.room_id, key.account)

    def _joined(self) -> list[RoomKey]:
        joined = Membership.JOINED
        return [RoomKey(account, room.room_id) for account, room in self.rooms.keyed if room.membership is joined]

    def open_account(self, name: str) -> None:
        """Go to the first room of an account; where it has none, what is typed is about the account all the same."""
        first = next((key for key in self._joined() if key.account == name), None)
        if first is not None:
            self._open(first)
        else:
            self.sit_at(self.desks[name])
            self.close_room()
            self.composer.focus()

    # ------------------------------------------------------------ by key and by name

    def action_search(self) -> None:
        """Search what was said."""
        self.start(self.search())

    def action_jump(self, number: int) -> None:
        """Open the room at this place of the list, 1 being the first."""
        joined = self._joined()
        if 0 < number <= len(joined):
            self._open(joined[number - 1])

    def action_step_room(self, step: int) -> None:
        """Open the room above or below the open one."""
        joined, now = self._joined(), RoomKey(self.desk.name, self.conversation.room_id)
        if joined:
            at = joined.index(now) + step if now in joined else 0
            self._open(joined[min(max(at, 0), len(joined) - 1)])

    def action_next_unread(self, *, elsewhere: bool = False) -> None:
        """Open the next unread room: one with a mention first, then one that is listed. `elsewhere`: one that is not."""
        here, lists = (self.desk.name, self.conversation.room_id), self.rooms.order.lists
        others = [
            (account, room)
            for account, room in self.rooms.order.everything()
            if room.membership is Membership.JOINED
            and (room.unread or room.mentions)
            and (account, room.room_id) != here
            and not (elsewhere and lists(account, room))
        ]
        if others:
            account, room = max(others, key=lambda one: (one[1].mentions > 0, lists(*one), one[1].last_ts))
            self.open_room(room.room_id, account)
        else:
            self.hints.tell(problem=_("No other room is unread."))

    def action_last_room(self) -> None:
        """Open the room that was open before."""
        if self.last is not None:
            self._open(self.last)

    def action_switch(self) -> None:
        """Find a room, a person or an account by name."""
        from chat_tui.screens.switcher import SwitcherScreen, people_as_rooms
        from chat_tui_core.spaces import is_ours

        goals = list(self.rooms.order.everything())
        people: dict[RoomKey, str] = {}
        for name, desk in self.desks.items():
            if Capability.INVITE in desk.session.capabilities:
                known = [room for account, room in goals if account == name]
                stored = desk.session.store.read(load_people, MOST_PEOPLE)
                found = people_as_rooms(stored, known, desk.session.me)
                people |= {RoomKey(name, room.room_id): room.direct for room in found}
                goals += [(name, room) for room in found]
            if Capability.SPACES in desk.session.capabilities:
                goals += [(name, room) for room in desk.session.rooms.values() if is_ours(room)]
        if several := len(self.desks) > 1:
            goals += [(name, Room("")) for name in self.desks]
        accounts = [account for account, _room in goals] if several else []
        screen = SwitcherScreen([room for _account, room in goals], accounts=accounts)
        self.app.push_screen(screen, lambda chosen: self._go_to(chosen, people))

    def _go_to(self, chosen: RoomKey | None, people: Mapping[RoomKey, str]) -> None:
        """Open a room, an account, or the direct chat with a person; `people` are their ids by the rooms to be."""
        if chosen is None:
            return
        key = chosen if chosen.account else RoomKey(self.desk.name, chosen.room_id)
        if key in people:
            from chat_tui.screens.room_work import open_direct

            self.start(open_direct(self.desks[key.account].doing, people[key]))
        elif key.room_id:
            self._open(key)
        else:
            self.open_account(key.account)

    async def search(self, words: str = "") -> None:
        """Search, and go to what was chosen."""
        from chat_tui.screens.search import SearchScreen

        found = await self.app.push_screen_wait(SearchScreen(self.sessions, words))
        if found is not None:
            self.go_to_event(found.account, found.event)

    def go_to_event(self, account: str, event: RoomEvent) -> None:
        """Open the room of a stored message, and show the message."""
        self.open_room(event.room_id, account)
        if (self.desk.name, self.conversation.room_id) == (account, event.room_id):
            self.conversation.land(event.order)
            self.timeline.focus()
