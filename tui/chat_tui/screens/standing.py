"""How things stand, around the messages: list of rooms, header, members, banner, status, and what is said of changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from chat_tui.feed import Batch
from chat_tui.keys import key_of, shown_as
from chat_tui.screens.desk import VIEW_KEPT
from chat_tui.strings import N_, _
from chat_tui.widgets.room_accounts import AccountLine
from chat_tui.widgets.room_header import RoomHeader
from chat_tui.widgets.status_bar import link_line
from chat_tui.widgets.text_layout import clean_line
from chat_tui.widgets.text_line import TextLine
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.link import Link
from chat_tui_core.model import Membership, Room
from chat_tui_core.store.meta import get_meta

if TYPE_CHECKING:
    from chat_tui.screens.desk import Desk
    from chat_tui.screens.main import MainScreen
    from chat_tui.screens.space_view import SpaceView
    from chat_tui.widgets.banner import Banner
    from chat_tui.widgets.obstacle import Obstacle
    from chat_tui_core.session import Session

__all__ = ["Standing"]

PREVIEW_SECONDS: Final = 1.0
"""After the connection came up, so long may the preview still change to a room with newer talk."""
ALL_ACCOUNTS: Final = N_("All accounts")
NOT_OPEN: Final = N_("not open")
NOT_CONNECTED: Final = N_("not connected")
NO_ROOMS_YET: Final = N_("No rooms yet.\n\n/join NAME\n/create NAME")
NONE_LISTED: Final = N_("You are in none\nof these rooms.\n\n{key} lists them.")
NO_ROOM_OPEN: Final = N_(
    "No room is open.\n\nEnter in the list opens one,\nCtrl+K finds one by name.\nF1 shows all keys."
)
NO_ROOMS: Final = N_(
    "You are in no room yet.\n\n/list shows the rooms that there are,\n/join NAME joins one, /create NAME makes one."
)
NO_ROOMS_KNOWN: Final = N_("Your rooms are shown\nas soon as there is a connection.")
NOTHING_SAID: Final = N_("Nothing has been said here yet.\nWrite the first line.")
CLEARED: Final = N_("PgUp brings the messages back.")
LOADING: Final = N_("loading messages…")
NOT_HERE: Final = N_("Nothing of this room is stored yet.\nIt comes when the connection is back.")


class Standing:
    """Keeps everything around the messages true."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.chosen = False
        """The person, or the time since the connection came up, has decided which room is shown."""
        self._timer: Timer | None = None
        self._banner: Banner | None = None
        self._closed_note = ""
        self._notes: dict[str, str] = {}
        self._views: dict[str, str] = {}  # what is listed of an account, where that is not all

    def start(self) -> None:
        """Show what is stored."""
        screen = self._screen
        self.say_title()
        for desk in screen.desks.values():
            self.show_rooms(desk)
        for name in screen.absent:
            screen.rooms.show_account(AccountLine(name, "✗", _(NOT_OPEN), "bad"))
        self._rooms_empty()
        self.account_changed()
        self._update_unsent()
        screen.call_after_refresh(self.update_files)

    def say_title(self) -> None:
        """Say above the rooms whose they are."""
        screen = self._screen
        several = len(screen.desks) + len(screen.absent) > 1
        title = [(_(ALL_ACCOUNTS) if several else clean_line(screen.desk.name), "bold")]
        if not several and (view := self._views.get(screen.desk.name)):
            title.append((f" · {view}", "$text-accent"))
        screen.query_one("#rooms-title", TextLine).show(title)
        if self._views:
            self.spaces.say_elsewhere()

    def show_rooms(self, desk: Desk) -> None:
        """Show an account with all of its rooms."""
        self._views.pop(desk.name, None)
        self._update_line(desk)
        self._screen.rooms.me[desk.name] = desk.session.me
        self._screen.rooms.show_all(desk.session.rooms.values(), desk.name)
        if view := desk.session.store.read(get_meta, VIEW_KEPT):
            desk.view = view
            self.spaces.show(desk)

    @cached_property
    def spaces(self) -> SpaceView:
        """What narrows the list of rooms to a space; made when that is chosen."""
        from chat_tui.screens.space_view import SpaceView

        return SpaceView(self._screen)

    def view_changed(self, desk: Desk, name: str) -> None:
        """Other rooms of an account are listed; `name` says which, "" = all."""
        self._views[desk.name] = name
        self._update_line(desk)
        self.say_title()
        self._rooms_empty()

    @property
    def _session(self) -> Session:
        """The session of the open room's account."""
        return self._screen.session

    def account_changed(self) -> None:
        """What is typed is about another account from now on; `room_changed` follows."""
        session = self._session
        self._screen.status.tell(link=session.link, note=session.note, others=self._others(), lag=-1)

    def _update_line(self, desk: Desk) -> None:
        """Say above an account's rooms how it is connected."""
        mark, tone, _words = link_line(desk.session.link)
        view = self._views.get(desk.name, "")
        self._screen.rooms.show_account(AccountLine(desk.name, mark, self._wrong(desk), tone, view))

    def cannot_connect(self, name: str, why: str) -> None:
        """An account does not even try to connect, for this reason; "" = it does again."""
        if (desk := self._screen.desks.get(name)) is not None:
            desk.trouble = why
            self._update_line(desk)
            self._screen.status.tell(others=self._others())

    def _others(self) -> tuple[str, ...]:
        """What is wrong with accounts other than that of the open room."""
        wrong = {desk.name: self._wrong(desk) for desk in self._screen.desks.values() if desk is not self._screen.desk}
        wrong |= dict.fromkeys(self._screen.absent, _(NOT_OPEN))
        return tuple(f"{name}: {words}" for name, words in wrong.items() if words)

    def _wrong(self, desk: Desk) -> str:
        """What is wrong with an account's connection; "" = nothing."""
        return _(NOT_CONNECTED) if desk.trouble else link_line(desk.session.link)[2]

    def preview(self, desk: Desk | None = None, changed: Sequence[Room] = ()) -> None:
        """Until the person chooses a room, show the one with the newest talk: the shown one or one that has changed."""
        screen = self._screen
        if self.chosen or screen.rooms.touched:
            return
        candidates = [(desk, room) for room in changed] if desk is not None else []
        if (shown := screen.conversation.room) is not None:
            candidates.append((screen.desk, shown))
        else:
            candidates = [(one, room) for one in screen.desks.values() for room in one.session.rooms.values()]
        talked_in = ((at, room) for at, room in candidates if room.children is None)
        joined = [(at, room) for at, room in talked_in if room.membership is Membership.JOINED]
        if any(one.view for one in screen.desks.values()):
            joined = [(at, room) for at, room in joined if screen.rooms.order.lists(at.name, room)]
        joined = [(at, room) for at, room in joined if not room.muted] or joined
        latest = max((room.last_ts for _, room in joined), default=0)
        latest_ones = ((at, room) for at, room in joined if room.last_ts == latest)
        newest = min(latest_ones, key=lambda one: (one[1].title.casefold(), one[1].room_id), default=None)
        if newest is not None:
            screen.show_room(newest[0], newest[1].room_id)

    def _settle(self) -> None:
        """From now on the preview stays: what the person looks at must not change under their eyes."""
        self.chosen = True

    # ------------------------------------------------------------ what the session tells

    def apply_rooms(self, desk: Desk, batch: Batch) -> None:
        """Bring the list of rooms up to date, and close the open room when it is gone."""
        if not batch.rooms:
            return
        rooms, known = desk.session.rooms, self._screen.rooms
        known.me[desk.name] = desk.session.me
        self._screen.notifying.apply(desk, batch)
        changed = [rooms[room_id] for room_id in batch.rooms if room_id in rooms]
        open_id = desk.conversation.room_id
        before = known.room(open_id, desk.name) if open_id in batch.rooms else None
        known.update_rooms(changed, [room_id for room_id in batch.rooms if room_id not in rooms], desk.name)
        if desk.view:
            self.spaces.follow(desk, changed)
        self._rooms_empty()
        if open_id in batch.rooms:
            room = rooms.get(open_id)
            if room is None or room.membership is not Membership.JOINED:
                self._room_closed(open_id, room)
            elif before is None or _told(before) != _told(room):
                self.room_changed()
        self.preview(desk, changed)

    def _room_closed(self, room_id: str, room: Room | None) -> None:
        title = clean_line(room.title if room else room_id)
        own = self._screen.doing.leaving.pop(room_id, "")
        self._closed_note = f"{title} {own or _('is gone: deleted, or you were removed')}."
        self._screen.close_room()
        if not own:
            self._screen.say(self._closed_note, serious=True)

    def apply(self, desk: Desk, batch: Batch) -> None:
        """Bring status, banner and members up to date; say what is to be said."""
        here = desk is self._screen.desk
        if batch.link is not None:
            self._update_line(desk)
            self._screen.status.tell(link=self._session.link, note=self._session.note, others=self._others())
            self._update_empty()
            self._rooms_empty()
            if batch.link.link is Link.ONLINE and not self.chosen:
                self._screen.set_timer(PREVIEW_SECONDS, self._settle)
        if batch.link is not None or batch.actions:
            self._update_unsent()
            self._update_banner()
            if here:
                self._update_lag(batch.actions.values())
        if here and (desk.conversation.room_id in batch.members or batch.presence):
            self.update_members()
        for said in batch.said:
            self._screen.say(self._named(desk, said.text), serious=said.serious)
        if batch.timelines:
            from chat_tui.screens.nearby import keep_nearby

            keep_nearby(desk, batch)

    def _named(self, desk: Desk, text: str) -> str:
        """A sentence about an account, with its name where there are several."""
        return f"{desk.name}: {text}" if len(self._screen.desks) > 1 else text

    def update_files(self) -> None:
        """Say how many files are on their way, in all accounts."""
        counts = [desk.cards.moving for desk in self._screen.desks.values()]
        self._screen.status.tell(files=(sum(out for out, _ in counts), sum(coming for _, coming in counts)))

    # ------------------------------------------------------------ parts

    def room_changed(self) -> None:
        """The open room is another one, or something about it changed."""
        room = self._screen.conversation.room
        back = shown_as(key_of("pane.rooms").keys) + " rooms" if self._screen.panes.narrow else ""
        self._screen.query_one(RoomHeader).show_room(room, back=back, thread=self._screen.conversation.thread_title())
        if room is not None:
            self._closed_note = ""
        text = _("Message {room}").format(room=clean_line(room.title)) if room else "/join, /create, /help"
        self._screen.composer.invite(_("Answer in the thread") if self._screen.conversation.thread else text)
        self.update_members()
        self._update_banner()
        self._update_empty()

    def update_members(self) -> None:
        """Bring the members up to date, where they are shown."""
        if not self._screen.panes.members_shown:
            return
        from chat_tui.widgets.members import MembersPane

        pane = next(iter(self._screen.query(MembersPane)), None)
        if pane is None:
            pane = MembersPane(id="members")
            self._screen.query_one("#panes").mount(pane)
        room = self._screen.conversation.room
        pane.me = self._session.me
        pane.show_members(self._session.members(room.room_id) if room else (), room.members if room else 0)

    def _update_banner(self) -> None:
        obstacle = self.obstacle
        if obstacle is None and self._banner is None:
            return
        about = ""
        if obstacle is not None and (event_id := str(obstacle.action.content.get("target", ""))):
            event = self._screen.conversation.source.event(event_id) if self._screen.conversation.source else None
            about = event.text if event is not None else ""
        banner = self._banner or self._mount_banner()
        had_focus = banner.has_focus
        banner.now_ms = self._session.now_ms
        banner.show_obstacle(obstacle, about)
        if had_focus and obstacle is None:
            self._screen.composer.focus()

    def _mount_banner(self) -> Banner:
        """Give the notice its place above the messages, when there is one for the first time."""
        from chat_tui.widgets.banner import Banner

        self._banner = Banner(id="banner")
        self._screen.query_one("#chat").mount(self._banner, before="#timeline")
        return self._banner

    def _nothing_open(self) -> str:
        """Say how a room is come by, as long as none is open."""
        if not self._screen.rooms.empty:
            return NO_ROOM_OPEN
        return NO_ROOMS if self._session.link.link is Link.ONLINE else NO_ROOMS_KNOWN

    def _update_empty(self) -> None:
        """Say why there are no messages where there are none."""
        screen, conversation = self._screen, self._screen.conversation
        source, text = conversation.source, ""
        if conversation.room is None or source is None:
            text = self._closed_note or _(self._nothing_open())
        elif source.shown_from is not None and source.empty:
            text = _(CLEARED)
        elif source.empty:
            if self._session.at_start(conversation.room_id) or not conversation.room.head:
                text = _(NOTHING_SAID)
            else:
                text = _(LOADING if self._session.link.link is Link.ONLINE else NOT_HERE)
        self._note_instead("empty", screen.timeline, text)

    def _rooms_empty(self) -> None:
        rooms = self._screen.rooms
        text = _(NO_ROOMS_YET) if rooms.empty and self._session.link.link is Link.ONLINE else ""
        if not rooms.empty and not len(rooms.order):
            text = _(NONE_LISTED).format(key=shown_as(key_of("spaces.open").keys))
        self._note_instead("no-rooms", rooms, text)

    def _note_instead(self, name: str, view: Widget, text: str) -> None:
        """Show a text in the place of a list that has nothing to show; "" brings the list back."""
        if text == self._notes.get(name, ""):  # updating it causes a layout
            return
        if name not in self._notes and view.parent is not None:
            self._screen.query_one(f"#{view.parent.id}").mount(Static(id=name, markup=False), after=view)
        self._notes[name] = text
        note = self._screen.query_one(f"#{name}", Static)
        note.update(text)
        note.display = bool(text)  # by hand: a class of the screen would have all of it styled again
        typed_there = view.has_focus
        view.display = not text
        if text and typed_there:
            self._screen.composer.focus()  # nothing that is hidden keeps the keys

    def _update_unsent(self) -> None:
        """Count what the person did and the servers have not answered yet."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        sessions = [desk.session for desk in self._screen.desks.values() if desk.session.open_actions]
        if not sessions:
            self._screen.status.tell(unsent=(0, 0, 0))
            return
        from chat_tui.unsent import LATE_AFTER_MS, count_unsent

        late, failed, held, young = (sum(column) for column in zip(*map(count_unsent, sessions), strict=True))
        if young:
            self._timer = self._screen.set_timer(LATE_AFTER_MS / 1000, self._update_unsent)
        self._screen.status.tell(unsent=(late + failed, failed, held))

    def _update_lag(self, moved: Iterable[Action]) -> None:
        """Say how long the server took for what was said last."""
        for action in moved:
            if action.kind is Kind.SEND and action.state is State.CONFIRMED and action.attempts == 1:
                self._screen.status.tell(lag=max(0, action.confirmed_at - action.written_at))

    @property
    def obstacle(self) -> Obstacle | None:
        """What stands in the open room's way."""
        return self.obstacle_of(self._screen.desk)

    def obstacle_of(self, desk: Desk) -> Obstacle | None:
        """What stands in the open room's way, where that is one of this account's."""
        session, room_id = desk.session, desk.conversation.room_id
        here = [action for action in session.open_actions.values() if action.room_id == room_id]
        if not here:
            return None
        from chat_tui.waiting import waits_now
        from chat_tui.widgets.obstacle import find_obstacle

        now = session.now_ms()
        return find_obstacle(here, waits_now(session.waits, session.open_actions, now), now)


def _told(room: Room) -> tuple[object, ...]:
    """What is told of a room where it is open; each message changes other things of it."""
    return room.title, room.topic, room.kind, room.members, room.membership, bool(room.head)
