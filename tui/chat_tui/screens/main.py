"""The one screen of all accounts: rooms, the open room, its members, and the truth about the connections."""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static

from chat_tui.config import Config
from chat_tui.feed import Batch
from chat_tui.messages import (
    Decided,
    FileWanted,
    NameWanted,
    OperationWanted,
    OutboxWanted,
    TransfersWanted,
)
from chat_tui.screens.beside import Beside
from chat_tui.screens.desk import Desk
from chat_tui.screens.main_keys import MainKeys
from chat_tui.screens.notifying import Notifying
from chat_tui.screens.panes import Panes
from chat_tui.screens.standing import Standing
from chat_tui.spoken import Plain
from chat_tui.strings import N_, _, of_error
from chat_tui.widgets.composer import Composer
from chat_tui.widgets.hint_line import HintLine
from chat_tui.widgets.plain_box import Column, Row
from chat_tui.widgets.room_header import RoomHeader
from chat_tui.widgets.room_list import RoomList
from chat_tui.widgets.room_timeline import RoomTimeline
from chat_tui.widgets.status_bar import StatusBar
from chat_tui.widgets.text_line import TextLine
from chat_tui_core.errors import ChatError
from chat_tui_core.session import Session

__all__ = ["MainScreen"]

_LOG = logging.getLogger(__name__)

NO_ROOM: Final = N_("Open a room first: Enter in the list of rooms, or Ctrl+K.")
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
LONG: Final = 3_500
"""Bytes from which on the size of a text is told; servers take about 4,000."""


class MainScreen(MainKeys):
    """Shows the sessions of accounts. It is told everything by their changes and asks for nothing twice."""

    AUTO_FOCUS: ClassVar[str | None] = "#rooms"

    def __init__(self, sessions: Sequence[Session], config: Config, absent: Mapping[str, str] = _NONE) -> None:
        """`absent`: accounts that could not be opened, and why."""
        super().__init__()
        self.absent = absent
        self._sessions = tuple(sessions)
        self._spacious = config.density == "cozy"
        self.notifying = Notifying(self, config)
        self._shown = False
        self._beside = Beside()
        self._check_from_start = bool(config.composer_spelling)

    def compose(self) -> ComposeResult:
        """Give the panes; the members come when they are shown for the first time."""
        self.panes = Panes(self)
        self.panes.arrange(update=False)
        with Row(id="panes"):
            with Column(id="rooms-pane"):
                yield TextLine(id="rooms-title")
                yield RoomList(id="rooms")
            with Column(id="chat"):
                yield RoomHeader(id="header")
                yield RoomTimeline(id="timeline", spacious=self._spacious)
                yield HintLine(id="hints")
                with Row(id="writing"):
                    yield Static("›", id="prompt", markup=False)
                    yield Composer(id="composer")
        yield StatusBar(id="status")

    def on_mount(self) -> None:
        """Show what is stored; the network comes after the first frame."""
        self.rooms = self.query_one(RoomList)
        self.rooms.opens = self.open_room
        self.timeline = self.query_one(RoomTimeline)
        self.composer = self.query_one(Composer)
        self.composer.leaves = self._to_messages
        self.composer.rooms = self._room_names
        self.composer.own_commands = lambda: self.own_commands
        self.bind_lines(self.notifying.config.keys)
        self.hints = self.query_one(HintLine)
        self.status = self.query_one(StatusBar)
        self.standing = Standing(self)
        self.desks = {session.account.name: Desk(self, session) for session in self._sessions}
        self.desk = next(iter(self.desks.values()))
        self.composer.account = self.desk.name
        self.standing.start()
        self.standing.preview()
        self.standing.room_changed()

    def add_account(self, session: Session) -> None:
        """Have another account, and go to it."""
        desk = self.desks[session.account.name] = Desk(self, session)
        self.absent = {name: why for name, why in self.absent.items() if name != desk.name}
        self.standing.say_title()
        self.standing.show_rooms(desk)
        self.open_account(desk.name)
        self.take_left()

    def remove_account(self, name: str) -> None:
        """Have an account no longer; there must be another one."""
        if self.desk.name == name:
            self.open_account(next(other for other in self.desks if other != name))
        self.desks.pop(name).close()
        if self.last is not None and self.last.account == name:
            self.last = None
        self.rooms.remove_account(name)
        self.standing.say_title()
        self.standing.account_changed()

    async def on_unmount(self) -> None:
        """Stop listening; keep what was being written."""
        for desk in self.desks.values():
            desk.close()
        self._beside.end()
        await self.notifying.close()
        if self._spelling is not None:
            await self._spelling.close()

    def apply(self, desk: Desk, batch: Batch) -> None:
        """Bring the screen up to date with what became of an account, once a frame."""
        self.standing.apply_rooms(desk, batch)
        desk.conversation.apply(batch)
        self.standing.apply(desk, batch)
        desk.cards.apply(batch)
        desk.doing.apply(batch)
        if not batch.actions:  # what the person said is shown when its text has left the composer, in one frame
            self.paint_now()

    def configure(self, config: Config) -> None:
        """Have other settings hold."""
        self.bind_lines(config.keys)
        self.notifying.config = config
        self.timeline.spacious = config.density == "cozy"
        for desk in self.desks.values():
            desk.conversation.readers.want(wanted=config.readers)
        self.rooms.restyle()
        self.check_spelling(speak=True)

    # ------------------------------------------------------------ doing things without waiting for them

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Carry out work beside the screen; what cannot be done is said above the composer."""
        self._beside.begin(self._carry_out(work))

    async def _carry_out(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            with self.app._context():  # noqa: SLF001 - as a worker has it, wherever the work was asked for
                await work
        except ChatError as error:
            self.hints.tell(problem=of_error(error))
            if self.hints.is_cut:
                self.say(of_error(error), serious=True)
        except Exception:  # noqa: BLE001 - one thing that cannot be done must not take the others with it
            _LOG.exception("a command failed")
            self.hints.tell(problem=_("That went wrong inside the program; its log says more."))

    def say(self, text: str, *, serious: bool = False) -> None:
        """Say one sentence in a corner of the screen, for a while."""
        self.notify(text, severity="error" if serious else "information", markup=False)

    # ------------------------------------------------------------ rooms

    # ------------------------------------------------------------ writing

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        """Send what was written, or do what it says."""
        event.stop()
        if self.asks_about_paste():
            self.composer.kept()
            return
        from chat_tui.commands import Call, Wrong, read_line

        typed = read_line(event.text, self.own_commands)
        if isinstance(typed, Call) and typed.command.says:
            self.start(self._until_safe(self.doing.call(typed), event.text))
        elif isinstance(typed, Call):
            self.desk.typing.stopped()
            self.composer.sent(self.composer.room_id, event.text)
            self.hints.tell(problem="", command="")
            self.start(self.doing.call(typed))
        elif isinstance(typed, Plain) and self.conversation.room_id:
            self.start(self._until_safe(self._send_or_change(typed.text), event.text))
        else:
            self.desk.typing.stopped()
            self.composer.kept()
            self.hints.tell(problem=typed.text if isinstance(typed, Wrong) else _(NO_ROOM))

    async def _until_safe(self, work: Coroutine[Any, Any, object], typed: str) -> None:
        """Store what is said before anything else is done about it; nothing is written any more then."""
        typing = self.desk.typing
        try:
            await self.conversation.until_safe(work, typed)
        finally:
            typing.stopped()

    async def _send_or_change(self, text: str) -> None:
        """Send a text, unless it is a change of the last one."""
        if self.conversation.edits or not await self.operating.substitute(text):
            await self.conversation.say(Plain(text))

    @on(Composer.Drafted)
    def _drafted(self, event: Composer.Drafted) -> None:
        event.stop()
        if (desk := self.desks.get(event.account)) is not None:  # else it was kept when the account was left
            desk.conversation.save_draft(event.room_id, event.text, event.cursor)

    @on(Composer.Edited)
    def _edited(self, event: Composer.Edited) -> None:
        """Explain a command while it is typed; tell the room that somebody writes."""
        event.stop()
        from chat_tui.commands import hint_for, moment_hint

        hint = (
            moment_hint(event.text, self.session.now_ms())
            or hint_for(event.text, self.own_commands)
            or size_hint(event.text)
        )
        self.hints.tell(problem="" if event.text else None, command=hint)  # what was sent is answered by a problem
        if event.text.strip() and (not event.text.startswith("/") or event.text.startswith("//")):
            self.desk.typing.writes(self.conversation.room_id)
        else:
            self.desk.typing.stopped()

    @on(RoomTimeline.Typed)
    @on(RoomList.Typed)
    def _typed(self, event: RoomTimeline.Typed | RoomList.Typed) -> None:
        """Whoever begins to type means the composer."""
        event.stop()
        self.timeline.set_cursor(None)
        if event.text == "\n":
            self.composer.action_submit()
        else:
            self.composer.type_ahead(event.text)
        self.set_focus(self.composer)

    @on(NameWanted)
    def _name_wanted(self, event: NameWanted) -> None:
        event.stop()
        self.composer.focus()
        self.composer.insert(f"@{event.user_id} ")

    @on(Decided)
    def _decided(self, event: Decided) -> None:
        event.stop()
        from chat_tui.screens.outbox_work import decide

        self.start(decide(self.desk, event.action_id, event.decision))

    # ------------------------------------------------------------ reading

    @property
    def looking(self) -> bool:
        """Whether the person looks at the open room: the terminal and the room have the focus."""
        return self.is_current and self.focused in {self.composer, self.timeline} and self.panes.chat_shown

    def _seen(self) -> None:
        """Mark as read what is on screen, if the person looks at it; fill holes that are on screen."""
        if self.looking:
            self.conversation.mark_seen()
        for key in self.conversation.visible_gaps():
            self.start(self.conversation.fill_gap(key))

    @on(RoomTimeline.Seen)
    def _timeline_seen(self, event: RoomTimeline.Seen) -> None:
        event.stop()
        self._seen()

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        self._seen()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """The screen is there, with styles that are as they should be, or a dialog was closed."""
        if not self._shown:
            self.call_after_refresh(self.take_left)
            if self._check_from_start:
                self.call_after_refresh(self.check_spelling)
        event.refresh_styles, self._shown = self._shown, True
        self.call_after_refresh(self._seen)

    @on(RoomTimeline.FollowChanged)
    def _follow_changed(self, event: RoomTimeline.FollowChanged) -> None:
        event.stop()
        self.hints.below(event.new_below, following=event.following)

    @on(RoomTimeline.NeedOlder)
    def _need_older(self, event: RoomTimeline.NeedOlder) -> None:
        event.stop()
        self.start(self.conversation.load_older())

    @on(RoomTimeline.NeedNewer)
    def _need_newer(self, event: RoomTimeline.NeedNewer) -> None:
        event.stop()
        self.start(self.conversation.load_newer())

    @on(RoomTimeline.StartWanted)
    def _start_wanted(self, event: RoomTimeline.StartWanted) -> None:
        event.stop()
        self.conversation.to_oldest()

    @on(RoomTimeline.EndWanted)
    def _end_wanted(self, event: RoomTimeline.EndWanted) -> None:
        event.stop()
        self.conversation.to_newest()

    @on(RoomTimeline.Hit)
    def _hit(self, event: RoomTimeline.Hit) -> None:
        """Do what was clicked in a message."""
        event.stop()
        kind = event.payload.kind
        if kind == "gap":
            self.start(self.conversation.fill_gap(event.key))
        elif kind == "link":
            self.doing.open_link(event.payload.value)
        elif kind == "reply":
            self.start(self.conversation.go_to_quoted(event.key))
        elif kind in {"failed", "waiting"}:
            self.show_outbox(event.key)
        elif kind == "undo":
            self.action_take_back()
        elif kind == "file":
            self._do_with_file(event.payload.value, event.key)
        elif kind == "reaction":
            self.start(self.operating.toggle(event.key, event.payload.value))

    @on(OperationWanted)
    def _operation_wanted(self, event: OperationWanted) -> None:
        event.stop()
        self.start(self.operating.do(event.operation, event.key))

    @on(FileWanted)
    def _file_wanted(self, event: FileWanted) -> None:
        event.stop()
        self._do_with_file(event.deed, event.key)

    def _do_with_file(self, deed: str, key: str) -> None:
        """Do something with the file of a message."""
        from chat_tui.screens.file_work import do_with_message
        from chat_tui.transfer_words import FileDeed

        self.start(do_with_message(self.desk, FileDeed(deed), key))

    @on(RoomTimeline.CopyWanted)
    def _copy_wanted(self, event: RoomTimeline.CopyWanted) -> None:
        event.stop()
        self.app.copy_to_clipboard(event.text)
        self.say(_("Copied."))

    @on(HintLine.NewestWanted)
    def _newest_wanted(self, event: HintLine.NewestWanted) -> None:
        event.stop()
        self.timeline.to_end()

    def _to_messages(self) -> None:
        """Go up from the composer, now: the next key is meant for a message."""
        self.set_focus(self.timeline)
        self.timeline.action_walk(-1)

    @on(OutboxWanted)
    def _outbox_wanted(self, event: OutboxWanted) -> None:
        event.stop()
        self.action_outbox()

    @on(TransfersWanted)
    def _transfers_wanted(self, event: TransfersWanted) -> None:
        event.stop()
        self.action_transfers()

    def on_resize(self) -> None:
        """Show the panes that suit the width."""
        self.panes.arrange()
        self.standing.room_changed()


def size_hint(text: str) -> str:
    """How long a text is in bytes, when it is long; empty otherwise."""
    if len(text) * 4 < LONG:
        return ""
    size = len(text.encode("utf-8", "replace"))
    return _("{size} bytes").format(size=f"{size:,}") if size >= LONG else ""
