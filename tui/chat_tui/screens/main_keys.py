"""What the main screen's keys do, by the names of the table of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events, on

from chat_tui.keys import Place, bindings
from chat_tui.screens.going import Going
from chat_tui.strings import _
from chat_tui.widgets.room_timeline import RoomTimeline

if TYPE_CHECKING:
    from chat_tui.inbox import Entry

__all__ = ["MainKeys"]


class MainKeys(Going):
    """The keys of the screen, but for those that lead elsewhere."""

    BINDINGS = bindings(Place.MAIN)

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
        elif self.conversation.thread:
            self.conversation.open(self.conversation.room_id)
            self.set_focus(self.composer)
        elif self.panes.narrow and not self.panes.rooms_shown:
            self.panes.show_rooms()
            self.rooms.focus()
        elif self.panes.chat_shown:
            self.composer.focus()

    def begin_command(self, name: str) -> None:
        """Put a command into the composer, to be completed there; what was written there stays behind it."""
        self.composer.focus()
        self.composer.begin_command(name)

    @on(RoomTimeline.Seen)
    def _see_to_pictures(self) -> None:
        self.cards.look()

    def action_pictures(self) -> None:
        """Hide all pictures, or show them again."""
        from chat_tui.screens.pictures import turn

        self.hints.tell(problem=turn(self.app, self.timeline))

    def action_scroll(self, how: str) -> None:
        """Scroll the messages wherever the focus is."""
        getattr(self.timeline, f"action_{how}")()

    def action_to_unread(self) -> None:
        """Go to the first unread message."""
        if not self.conversation.to_unread():
            self.hints.tell(problem=_("Nothing is unread here."))

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
            self.hints.tell(problem=_("Nothing was refused in this room."))
        else:
            self.query_one("#banner").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The key that takes back what is just leaving undoes typing while nothing is."""
        if action != "take_back":
            return True
        from chat_tui.screens.outbox_work import leaving

        return leaving(self.desk) is not None

    def action_take_back(self) -> None:
        """Bring what is just leaving back into the composer."""
        from chat_tui.screens.outbox_work import take_back

        self.start(take_back(self.desk))

    def on_paste(self, event: events.Paste) -> None:
        """Whatever is pasted or dropped beside the composer is meant for it."""
        if self.focused is not self.composer and self.conversation.room_id:
            event.stop()
            self.set_focus(self.composer)
            self.composer._forward_event(events.Paste(event.text))  # noqa: SLF001 - as the app does

    def action_send_files(self) -> None:
        """Choose files to send."""
        from chat_tui.screens.file_work import send_files

        self.start(send_files(self.desk))

    def action_send_clipboard(self) -> None:
        """Send the clipboard's image."""
        from chat_tui.screens.file_work import send_clipboard

        self.start(send_clipboard(self.desk))

    def action_transfers(self) -> None:
        """Show files on their way."""
        from chat_tui.screens.file_work import go_to_file
        from chat_tui.screens.transfers import Listed, TransfersScreen

        def chosen(found: Listed | None) -> None:
            if found is not None:
                self.start(go_to_file(self.desks[found.account], found.transfer))

        now = {name: desk.cards.now for name, desk in self.desks.items()}
        self.app.push_screen(TransfersScreen(self.sessions, lambda account, one: now[account](one)), chosen)

    def action_inbox(self) -> None:
        """Show what was said to the person, in all accounts."""
        from chat_tui.screens.inbox import InboxScreen

        def chosen(found: Entry | None) -> None:
            if found is not None and found.event is not None:
                self.go_to_event(found.account, found.event)
            elif found is not None:
                self.open_room(found.room.room_id, found.account)

        self.app.push_screen(InboxScreen(self.sessions), chosen)

    def action_outbox(self) -> None:
        """Show what is not sent yet."""
        self.show_outbox()

    def show_outbox(self, key: str = "") -> None:
        """Show what is not sent yet, the cursor on what is shown at the message with this key."""
        from chat_tui.screens.outbox import Chosen, OutboxScreen
        from chat_tui.screens.outbox_work import follow

        def chosen(found: Chosen | None) -> None:
            if found is not None:
                self.start(follow(self.desks[found.account], found))

        item = self.conversation.item(key) if key else None
        changes = self.conversation.changes_of(item) if item is not None else ()
        action = next(iter(changes), item.action if item is not None else None)
        at = self.desk.name, action.id if action is not None else 0
        self.app.push_screen(OutboxScreen(self.sessions, at), chosen)
