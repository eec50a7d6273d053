"""What the main screen's keys do, by the names of the table of keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from textual import events, on
from textual.binding import Binding

from chat_tui.config import Config
from chat_tui.keys import Place, bindings
from chat_tui.screens.going import Going
from chat_tui.strings import _
from chat_tui.widgets.composer import Composer
from chat_tui.widgets.room_timeline import RoomTimeline
from chat_tui_core.errors import LocalError

if TYPE_CHECKING:
    from chat_tui.inbox import Entry
    from chat_tui.own_tables import OwnCommand
    from chat_tui.programs import Programs
    from chat_tui.screens.long_paste import LongPaste
    from chat_tui.screens.spelling_work import Spelling

__all__ = ["MainKeys"]


class MainKeys(Going):
    """The keys of the screen, but for those that lead elsewhere."""

    BINDINGS = bindings(Place.MAIN)
    _long_paste: LongPaste | None = None
    _spelling: Spelling | None = None
    _speller = ("", Config().composer_speller)
    _gives_lines = False

    @property
    def own_commands(self) -> Mapping[str, OwnCommand]:
        """The person's own commands."""
        from chat_tui.screens.settings_work import settable

        return settable(self.app).options.config.commands

    @cached_property
    def programs(self) -> Programs:
        """What runs of them; made when the first one is given."""
        from chat_tui.programs import Programs

        return Programs()

    def bind_lines(self, keys: Mapping[str, str]) -> None:
        """Have keys give command lines, and those that did before no more."""
        if not self._gives_lines and not any(name.startswith("/") for name in keys):
            return
        from chat_tui.keymaps import line_keys

        self._gives_lines = True
        held = self._bindings.key_to_bindings
        kept = {key: [one for one in bound if not (one.id or "").startswith("/")] for key, bound in held.items()}
        for line in line_keys(keys):
            for key in line.keys.split(","):
                bound = Binding(key, line.action, line.label, show=False, priority=True, id=line.id)
                kept.setdefault(key, []).append(bound)
        held.clear()
        held.update({key: bound for key, bound in kept.items() if bound})
        self.refresh_bindings()

    def action_give_line(self, line: str) -> None:
        """Do what a command line says that a key stands for; what is written in the composer stays."""
        from chat_tui.commands import Call, Wrong, read_line

        typed = read_line(line, self.own_commands)
        if isinstance(typed, Call):
            self.hints.tell(problem="")
            self.start(self.doing.call(typed))
        else:
            self.hints.tell(problem=typed.text if isinstance(typed, Wrong) else "")

    def action_back(self) -> None:
        """Take one step back: what runs, the answer, the selection, the place in the messages, the pane."""
        if "programs" in vars(self) and self.programs.stop():
            return
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
        """The key that takes back what is just leaving undoes typing while nothing is; where no spaces are, none open."""
        if action == "spaces":
            return self.has_spaces
        if action != "take_back":
            return True
        from chat_tui.screens.outbox_work import leaving

        return leaving(self.desk) is not None

    def on_elsewhere_line_wanted(self) -> None:
        """Go to what is new in rooms that are not listed."""
        self.action_next_unread(elsewhere=True)

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

    @on(Composer.Pasted)
    def _pasted(self, event: Composer.Pasted) -> None:
        """Ask about files whose paths were pasted, and about a paste of many lines."""
        event.stop()
        from chat_tui.pasted_paths import looks_like_files

        if not self.conversation.room_id:
            return
        if looks_like_files(event.text):
            self.start(self._files_pasted(event.text))
        else:
            self._lines_pasted(event.text)

    async def _files_pasted(self, text: str) -> None:
        from chat_tui.screens.file_work import send_pasted

        if not await send_pasted(self.desk, text):
            self._lines_pasted(text)

    def _lines_pasted(self, text: str) -> None:
        from chat_tui.pasted_text import line_count
        from chat_tui.screens.settings_work import settable

        most = settable(self.app).options.config.composer_paste_lines
        if most and line_count(text) > most:
            from chat_tui.screens.long_paste import LongPaste

            self._long_paste = LongPaste()
            self._long_paste.begin(self.desk, text)

    @on(Composer.Edited)
    def _typed_behind_paste(self) -> None:
        if self._long_paste is not None:
            self._long_paste.typed(self.desk)

    def asks_about_paste(self) -> bool:
        """Ask about a long paste before it is sent, where that was not done."""
        if self._long_paste is None:
            return False
        paste, self._long_paste = self._long_paste, None
        text = paste.taken(self.desk)
        if text:
            self.start(paste.ask(self.desk, text))
        return bool(text)

    def action_send_files(self) -> None:
        """Choose files to send."""
        from chat_tui.screens.file_work import send_files

        self.start(send_files(self.desk))

    def action_send_clipboard(self) -> None:
        """Send the clipboard's image."""
        from chat_tui.screens.file_work import send_clipboard

        self.start(send_clipboard(self.desk))

    def check_spelling(self, *, speak: bool = False) -> None:
        """Check the spelling as the settings have it; `speak`: what keeps it from that is told."""
        from chat_tui.screens.settings_work import settable

        config = settable(self.app).options.config
        chosen = config.composer_spelling, config.composer_speller
        if chosen == self._speller:
            return
        self._speller = chosen
        self.start(self._check_by(config, speak=speak))

    async def _check_by(self, config: Config, *, speak: bool) -> None:
        from chat_tui.screens.spelling_work import Spelling

        old, self._spelling = self._spelling, None
        if old is not None:
            await old.close()
        if not config.composer_spelling or self._speller != (config.composer_spelling, config.composer_speller):
            return
        try:
            self._spelling = Spelling(self, config, speak=speak)
        except LocalError:
            if speak:
                raise
        else:
            await self._spelling.read_own()

    def action_suggest(self) -> None:
        """Correct the misspelled word at the cursor."""
        from chat_tui.screens.spelling_work import suggest

        self.start(suggest(self, self._spelling))

    def action_editor(self) -> None:
        """Write in the person's own editor."""
        from chat_tui.screens.editor_work import write_in_editor

        self.start(write_in_editor(self.desk))

    def take_left(self) -> None:
        """Take over what editors had when the app was killed, where there is such a thing."""
        for desk in self.desks.values():
            if (desk.session.store.path.parent / "editing").is_dir():
                from chat_tui.screens.editor_work import take_left

                self.start(take_left(desk))

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
