"""How things stand, around the messages: list of rooms, header, members, banner, status, and what is said of changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from chat_tui.feed import Batch
from chat_tui.keys import key_of, shown_as
from chat_tui.screens.nearby import keep_nearby
from chat_tui.waiting import SILENT, waits_now
from chat_tui.widgets.banner import Banner
from chat_tui.widgets.obstacle import Obstacle, find_obstacle
from chat_tui.widgets.room_header import RoomHeader
from chat_tui.widgets.text_layout import clean_line
from chat_tui.widgets.text_line import TextLine
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.model import Membership, Room
from chat_tui_core.news import Link
from chat_tui_core.outbox import Why

if TYPE_CHECKING:
    from chat_tui.screens.main import MainScreen

__all__ = ["Standing"]

UNSENT_AFTER_MS: Final = 1500
"""A message counts as unsent when it has waited this long; before, its own mark says enough."""
PREVIEW_SECONDS: Final = 1.0
"""After the connection came up, so long may the preview still change to a room with newer talk."""
HELD: Final = frozenset({Why.TIME, Why.UNDO})
"""What the person has put off is not late."""
NO_ROOM_OPEN: Final = "No room is open.\n\nEnter in the list opens one, Ctrl+K finds one by name.\nF1 shows all keys."
NOTHING_SAID: Final = "Nothing has been said here yet.\nWrite the first line."
CLEARED: Final = "PgUp brings the messages back."
LOADING: Final = "loading messages…"
NOT_HERE: Final = "Nothing of this room is stored yet.\nIt comes when the connection is back."


class Standing:
    """Keeps everything around the messages true."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._session = screen.session
        self.leaving: dict[str, str] = {}
        """Rooms that the person leaves or deletes, and what to say then: that they vanish is no news."""
        self.chosen = False
        """The person, or the time since the connection came up, has decided which room is shown."""
        self._timer: Timer | None = None
        self._closed_note = ""
        self._empty = ""

    def start(self) -> None:
        """Show what is stored."""
        account = self._session.account
        self._screen.query_one("#rooms-title", TextLine).show([(clean_line(account.name), "bold")])
        self._screen.rooms.me = self._session.me
        self._screen.rooms.show_all(self._session.rooms.values())
        self._rooms_empty()
        self._screen.status.tell(link=self._session.link, note=self._session.note)
        self._update_unsent()

    def preview(self, changed: Sequence[Room] = ()) -> None:
        """Until the person chooses a room, show the one with the newest talk: the shown one or one that has changed."""
        if self.chosen or self._screen.rooms.touched:
            return
        shown = self._screen.conversation.room
        candidates = (shown, *changed) if shown else self._session.rooms.values()
        joined = [room for room in candidates if room.membership is Membership.JOINED]
        joined = [room for room in joined if not room.muted] or joined
        latest = max((room.last_ts for room in joined), default=0)
        latest_ones = (room for room in joined if room.last_ts == latest)
        newest = min(latest_ones, key=lambda room: (room.title.casefold(), room.room_id), default=None)
        if newest is not None:
            self._screen.conversation.open(newest.room_id)
            self._screen.rooms.mark_open(newest.room_id)

    def _settle(self) -> None:
        """From now on the preview stays: what the person looks at must not change under their eyes."""
        self.chosen = True

    # ------------------------------------------------------------ what the session tells

    def apply_rooms(self, batch: Batch) -> None:
        """Bring the list of rooms up to date, and close the open room when it is gone."""
        if not batch.rooms:
            return
        rooms, known = self._session.rooms, self._screen.rooms
        known.me = self._session.me
        self._screen.notifying.apply(batch)
        changed = [rooms[room_id] for room_id in batch.rooms if room_id in rooms]
        known.update_rooms(changed, [room_id for room_id in batch.rooms if room_id not in rooms])
        self._rooms_empty()
        open_id = self._screen.conversation.room_id
        if open_id in batch.rooms:
            room = rooms.get(open_id)
            if room is None or room.membership is not Membership.JOINED:
                self._room_closed(open_id, room)
            else:
                self.room_changed()
        self.preview(changed)

    def _room_closed(self, room_id: str, room: Room | None) -> None:
        title = clean_line(room.title if room else room_id)
        own = self.leaving.pop(room_id, "")
        self._closed_note = f"{title} {own or 'is gone: it was deleted, or you were removed'}."
        self._screen.close_room()
        if not own:
            self._screen.say(self._closed_note, serious=True)

    def apply(self, batch: Batch) -> None:
        """Bring status, banner and members up to date; say what is to be said."""
        if batch.link is not None:
            self._screen.status.tell(link=batch.link, note=self._session.note)
            self._update_empty()
            if batch.link.link is Link.ONLINE and not self.chosen:
                self._screen.set_timer(PREVIEW_SECONDS, self._settle)
        if batch.link is not None or batch.actions:
            self._update_unsent()
            self._update_banner()
            self._update_lag(batch.actions.values())
        room_id = self._screen.conversation.room_id
        if room_id in batch.members or batch.presence:
            self.update_members()
        for said in batch.said:
            self._screen.say(said.text, serious=said.serious)
        keep_nearby(self._screen, batch)

    # ------------------------------------------------------------ parts

    def room_changed(self) -> None:
        """The open room is another one, or something about it changed."""
        room = self._screen.conversation.room
        back = shown_as(key_of("pane.rooms").keys) + " rooms" if self._screen.panes.narrow else ""
        self._screen.query_one(RoomHeader).show_room(room, back=back)
        if room is not None:
            self._closed_note = ""
        hint = Content(f"Message {clean_line(room.title)}" if room else "/join, /create, /help")  # a text is markup
        if hint != self._screen.composer.placeholder:
            self._screen.composer.placeholder = hint
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
        about = ""
        if obstacle is not None and (event_id := str(obstacle.action.content.get("target", ""))):
            event = self._screen.conversation.source.event(event_id) if self._screen.conversation.source else None
            about = event.text if event is not None else ""
        banner = self._screen.query_one(Banner)
        had_focus = banner.has_focus
        banner.now_ms = self._session.now_ms
        banner.show_obstacle(obstacle, about)
        if had_focus and obstacle is None:
            self._screen.composer.focus()

    def _update_empty(self) -> None:
        """Say why there are no messages where there are none."""
        screen, conversation = self._screen, self._screen.conversation
        source, text = conversation.source, ""
        if conversation.room is None or source is None:
            text = self._closed_note or NO_ROOM_OPEN
        elif source.shown_from is not None and source.empty:
            text = CLEARED
        elif source.empty:
            if self._session.at_start(conversation.room_id) or not conversation.room.head:
                text = NOTHING_SAID
            else:
                text = LOADING if self._session.link.link is Link.ONLINE else NOT_HERE
        if text != self._empty:  # updating it causes a layout
            self._empty = text
            note = screen.query_one("#empty", Static)
            note.update(text)
            note.display = bool(text)  # by hand: a class of the screen would have all of it styled again
            screen.timeline.display = not text

    def _rooms_empty(self) -> None:
        self._screen.set_class(self._screen.rooms.empty, "-no-rooms-yet")

    def _update_unsent(self) -> None:
        """Count what the person did and the server has not answered yet."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        now, online = self._session.now_ms(), self._session.link.link is Link.ONLINE
        blocked, waits = self._session.blocked, waits_now(self._session.waits, self._session.open_actions, now)
        failed = late = held = young = 0
        for action in self._session.open_actions.values():
            wait = waits.get(action.id)
            if action.kind in SILENT or action.state is State.SENT:
                continue
            if action.state is State.FAILED:
                failed += 1
            elif wait is not None and wait.why in HELD:
                held += wait.why is Why.TIME
            elif not online or action.room_id in blocked or now - action.created_at >= UNSENT_AFTER_MS:
                late += 1
            else:
                young += 1
        if young:
            self._timer = self._screen.set_timer(UNSENT_AFTER_MS / 1000, self._update_unsent)
        self._screen.status.tell(unsent=(late + failed, failed, held))

    def _update_lag(self, moved: Iterable[Action]) -> None:
        """Say how long the server took for what was said last."""
        for action in moved:
            if action.kind is Kind.SEND and action.state is State.CONFIRMED and action.attempts == 1:
                self._screen.status.tell(lag=max(0, action.confirmed_at - action.written_at))

    @property
    def obstacle(self) -> Obstacle | None:
        """What stands in the open room's way."""
        room_id = self._screen.conversation.room_id
        here = [action for action in self._session.open_actions.values() if action.room_id == room_id]
        if not here:
            return None
        now = self._session.now_ms()
        return find_obstacle(here, waits_now(self._session.waits, self._session.open_actions, now), now)
