"""What the main screen's keys do, by the names of the table of keys."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, cast

from textual import events

from chat_tui.keys import Place, bindings
from chat_tui.screens.conversation import Conversation
from chat_tui.screens.file_work import send_clipboard, send_files, show_transfers
from chat_tui.screens.outbox_work import follow, leaving, take_back
from chat_tui.screens.panes import Panes
from chat_tui.screens.room_work import open_direct
from chat_tui.screens.standing import Standing
from chat_tui.widgets.banner import Banner
from chat_tui.widgets.composer import Composer
from chat_tui.widgets.hint_line import HintLine
from chat_tui.widgets.line_view import LineScreen
from chat_tui.widgets.room_list import RoomList
from chat_tui.widgets.room_timeline import RoomTimeline
from chat_tui_core.contract import Capability
from chat_tui_core.model import Membership
from chat_tui_core.session import Session
from chat_tui_core.store.rooms import load_people

if TYPE_CHECKING:
    from chat_tui.screens.doing import Doing
    from chat_tui.screens.main import MainScreen
    from chat_tui.screens.operating import Operating

__all__ = ["MainKeys"]

MOST_PEOPLE = 5_000
"""Entries of rooms' lists of members that are looked through for people to write to."""


class MainKeys(LineScreen):
    """The keys of a screen that has these parts."""

    BINDINGS = bindings(Place.MAIN)

    session: Session
    rooms: RoomList
    timeline: RoomTimeline
    composer: Composer
    hints: HintLine
    panes: Panes
    standing: Standing
    conversation: Conversation
    doing: Doing
    operating: Operating

    @abstractmethod
    def open_room(self, room_id: str) -> None:
        """Open a room; one that the person is not in is joined first."""

    def action_back(self) -> None:
        """Take one step back: the answer, the selection, the place in the messages, the pane."""
        if self.conversation.edits:
            self.conversation.end_edit()
        elif self.conversation.reply_to:
            self.conversation.set_reply("")
        elif self.selections:
            self.clear_selection()
        elif self.timeline.cursor is not None or not self.timeline.following:
            self.timeline.set_cursor(None)
            self.timeline.to_end()
            self.set_focus(self.composer)  # now: the next key is meant for it
        elif self.panes.narrow and not self.panes.rooms_shown:
            self.panes.show_rooms()
            self.rooms.focus()
        elif self.panes.chat_shown:
            self.composer.focus()

    def begin_command(self, name: str) -> None:
        """Put a command into the composer, to be completed there; what was written there stays behind it."""
        self.composer.focus()
        self.composer.begin_command(name)

    @abstractmethod
    async def search(self, words: str = "") -> None:
        """Search, and go to what was chosen."""

    @abstractmethod
    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Carry out work beside the screen."""

    def action_search(self) -> None:
        """Search what was said."""
        self.start(self.search())

    def action_scroll(self, how: str) -> None:
        """Scroll the messages wherever the focus is."""
        getattr(self.timeline, f"action_{how}")()

    def action_to_unread(self) -> None:
        """Go to the first unread message."""
        if not self.conversation.to_unread():
            self.hints.tell(problem="Nothing is unread here.")

    def action_jump(self, number: int) -> None:
        """Open the room at this place of the list, 1 being the first."""
        joined = self._joined()
        if 0 < number <= len(joined):
            self.open_room(joined[number - 1])

    def action_step_room(self, step: int) -> None:
        """Open the room above or below the open one."""
        joined, now = self._joined(), self.conversation.room_id
        if joined:
            at = joined.index(now) + step if now in joined else 0
            self.open_room(joined[min(max(at, 0), len(joined) - 1)])

    def action_next_unread(self) -> None:
        """Open the next unread room: one with a mention first."""
        unread = [r for r in self.rooms.rooms if r.membership is Membership.JOINED and (r.unread or r.mentions)]
        others = [r for r in unread if r.room_id != self.conversation.room_id]
        if others:
            self.open_room(max(others, key=lambda room: (room.mentions > 0, room.last_ts)).room_id)
        else:
            self.hints.tell(problem="No other room is unread.")

    def action_last_room(self) -> None:
        """Open the room that was open before."""
        if self.conversation.last_room:
            self.open_room(self.conversation.last_room)

    def _joined(self) -> list[str]:
        return [room.room_id for room in self.rooms.rooms if room.membership is Membership.JOINED]

    def action_toggle_rooms(self) -> None:
        """Show or hide the rooms."""
        (self.rooms if self.panes.toggle_rooms() else self.composer).focus()

    def action_toggle_members(self) -> None:
        """Show or hide the members."""
        shown = self.panes.toggle_members()
        self.standing.update_members()
        if not shown and self.focused is not None and self.focused.id == "members":
            self.composer.focus()

    def action_connect_now(self) -> None:
        """Do not wait for the next try."""
        self.session.connect_now()

    def action_notice(self) -> None:
        """Go to the notice of what stands in the room's way."""
        if self.standing.obstacle is None:
            self.hints.tell(problem="Nothing was refused in this room.")
        else:
            self.query_one(Banner).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The key that takes back what is just leaving undoes typing while nothing is."""
        return action != "take_back" or leaving(self) is not None

    def action_take_back(self) -> None:
        """Bring what is just leaving back into the composer."""
        self.start(take_back(self))

    def action_switch(self) -> None:
        """Find a room or a person by name."""
        from chat_tui.screens.switcher import SwitcherScreen, people_as_rooms

        rooms, session, people = self.rooms.rooms, self.session, []
        if Capability.INVITE in session.capabilities:
            people = people_as_rooms(session.store.read(load_people, MOST_PEOPLE), rooms, session.me)
        named = {room.room_id: room.direct for room in people}
        self.app.push_screen(SwitcherScreen([*rooms, *people]), lambda chosen: self._go_to(chosen or "", named))

    def _go_to(self, chosen: str, people: Mapping[str, str]) -> None:
        """Open a room, or the direct chat with a person; `people` are their ids by those of the rooms to be."""
        if chosen in people:
            self.start(open_direct(self.doing, people[chosen]))
        elif chosen:
            self.open_room(chosen)

    def on_paste(self, event: events.Paste) -> None:
        """Whatever is pasted or dropped beside the composer is meant for it."""
        if self.focused is not self.composer and self.conversation.room_id:
            event.stop()
            self.set_focus(self.composer)
            self.composer._forward_event(events.Paste(event.text))  # noqa: SLF001 - as the app does

    def action_send_files(self) -> None:
        """Choose files to send."""
        self.start(send_files(cast("MainScreen", self)))

    def action_send_clipboard(self) -> None:
        """Send the clipboard's image."""
        self.start(send_clipboard(cast("MainScreen", self)))

    def action_transfers(self) -> None:
        """Show files on their way."""
        self.start(show_transfers(cast("MainScreen", self)))

    def action_outbox(self) -> None:
        """Show what is not sent yet."""
        self.show_outbox()

    def show_outbox(self, key: str = "") -> None:
        """Show what is not sent yet, the cursor on what is shown at the message with this key."""
        from chat_tui.screens.outbox import Chosen, OutboxScreen

        def chosen(found: Chosen | None) -> None:
            if found is not None:
                self.start(follow(self, found))

        item = self.conversation.item(key) if key else None
        changes = self.conversation.changes_of(item) if item is not None else ()
        action = next(iter(changes), item.action if item is not None else None)
        self.app.push_screen(OutboxScreen(self.session, action.id if action is not None else 0), chosen)
