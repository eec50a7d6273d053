"""The one screen of an account: rooms, the open room, its members, and the truth about the connection."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static

from chat_tui.commands import Call, Plain, Wrong, hint_for, moment_hint, read_line
from chat_tui.config import Config
from chat_tui.feed import Batch, Feed
from chat_tui.messages import (
    Decided,
    FileWanted,
    NameWanted,
    OperationWanted,
    OutboxWanted,
    RoomChosen,
    TransfersWanted,
)
from chat_tui.pasted_paths import looks_like_files
from chat_tui.screens.conversation import Conversation, Parts
from chat_tui.screens.doing import Doing
from chat_tui.screens.file_cards import FileCards
from chat_tui.screens.file_work import do_with_message, send_pasted
from chat_tui.screens.main_keys import MainKeys
from chat_tui.screens.notifying import Notifying
from chat_tui.screens.operating import Operating
from chat_tui.screens.outbox_work import decide
from chat_tui.screens.panes import Panes
from chat_tui.screens.standing import Standing
from chat_tui.screens.typing_notice import TypingNotice
from chat_tui.transfer_words import FileDeed
from chat_tui.widgets.banner import Banner
from chat_tui.widgets.composer import Composer
from chat_tui.widgets.hint_line import HintLine
from chat_tui.widgets.plain_box import Column, Row
from chat_tui.widgets.room_header import RoomHeader
from chat_tui.widgets.room_list import RoomList
from chat_tui.widgets.room_timeline import RoomTimeline
from chat_tui.widgets.status_bar import StatusBar
from chat_tui.widgets.text_line import TextLine
from chat_tui_core.errors import ChatError
from chat_tui_core.model import Membership
from chat_tui_core.session import Session

__all__ = ["MainScreen"]

_LOG = logging.getLogger(__name__)

NO_ROOM: Final = "Open a room first: Enter in the list of rooms, or Ctrl+K."
LONG: Final = 3_500
"""Bytes from which on the size of a text is told; servers take about 4,000."""


class MainScreen(MainKeys):
    """Shows a session. It is told everything by the session's changes and asks for nothing twice."""

    AUTO_FOCUS: ClassVar[str | None] = "#rooms"

    def __init__(self, session: Session, config: Config) -> None:
        super().__init__()
        self.session = session
        self._spacious = config.density == "cozy"
        self.notifying = Notifying(self, config)
        self._typing = TypingNotice(session)
        self._unwatch: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """Give the panes; the members come when they are shown for the first time."""
        self.panes = Panes(self)
        self.panes.arrange()  # before there is anything to be laid out again
        with Row(id="panes"):
            with Column(id="rooms-pane"):
                yield TextLine(id="rooms-title")
                yield RoomList(id="rooms")
                yield Static("No rooms yet.\n\n/join NAME\n/create NAME", id="no-rooms", markup=False)
            with Column(id="chat"):
                yield RoomHeader(id="header")
                yield Banner(id="banner")
                yield RoomTimeline(id="timeline", spacious=self._spacious)
                yield Static(id="empty", markup=False)
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
        self.hints = self.query_one(HintLine)
        self.status = self.query_one(StatusBar)
        self.standing = Standing(self)
        self.feed = Feed(self._apply, self.call_next, backlog=self._backlog)
        parts = Parts(self.timeline, self.composer, self.hints)
        self.conversation = Conversation(self.session, parts, self.standing.room_changed, self.feed.flush)
        self.doing = Doing(self)
        self.operating = Operating(self)
        self.cards = FileCards(self)
        self.conversation.card_of = self.cards.card
        self._unwatch = self.session.watch(self.feed.push)
        self.standing.start()
        self.standing.preview()
        self.standing.room_changed()

    async def on_unmount(self) -> None:
        """Stop listening; keep what was being written."""
        self.conversation.keep_draft()
        self._typing.stopped()
        self._unwatch()
        self.feed.close()
        await self.notifying.close()

    def _backlog(self) -> int:
        """How many writes the terminal has not taken yet; 0 where there is no such queue (web, tests)."""
        writer = getattr(self.app._driver, "_writer_thread", None)  # noqa: SLF001
        queue = getattr(writer, "_queue", None)
        return queue.qsize() if queue is not None else 0

    def _apply(self, batch: Batch) -> None:
        """Bring the screen up to date, once a frame."""
        self.standing.apply_rooms(batch)
        self.conversation.apply(batch)
        self.standing.apply(batch)
        self.cards.apply(batch)
        self.doing.apply(batch)

    def configure(self, config: Config) -> None:
        """Have other settings hold."""
        self.notifying.config = config
        self.timeline.spacious = config.density == "cozy"
        self.rooms.restyle()

    # ------------------------------------------------------------ doing things without waiting for them

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Carry out work beside the screen; what cannot be done is said above the composer."""
        self.run_worker(self._carry_out(work), exit_on_error=False)

    async def _carry_out(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except ChatError as error:
            self.hints.tell(problem=str(error))
            if self.hints.is_cut:
                self.say(str(error), serious=True)
        except Exception:  # noqa: BLE001 - one thing that cannot be done must not take the others with it
            _LOG.exception("a command failed")
            self.hints.tell(problem="That went wrong inside the program; its log says more.")

    def say(self, text: str, *, serious: bool = False) -> None:
        """Say one sentence in a corner of the screen, for a while."""
        self.notify(text, severity="error" if serious else "information", markup=False)

    # ------------------------------------------------------------ rooms

    def open_room(self, room_id: str) -> None:
        """Open a room; one that the person is not in is joined first."""
        room = self.session.rooms.get(room_id)
        if room is None:
            return
        if room.membership is not Membership.JOINED:
            self.start(self.doing.join(room_id))
            return
        self.standing.chosen = True
        self.conversation.open(room_id)
        self.rooms.mark_open(room_id)
        self.panes.show_chat()
        self.set_focus(self.composer)  # now, not in a moment: the next key is meant for it

    @on(RoomChosen)
    def _room_chosen(self, event: RoomChosen) -> None:
        event.stop()
        self.open_room(event.room_id)

    def close_room(self) -> None:
        """Show no room."""
        self.conversation.close()
        self.rooms.mark_open("")
        self.panes.show_rooms()
        self.rooms.focus()

    async def search(self, words: str = "") -> None:
        """Search, and go to what was chosen."""
        from chat_tui.screens.search import SearchScreen

        event = await self.app.push_screen_wait(SearchScreen(self.session, words))
        if event is not None:
            self.open_room(event.room_id)
            if self.conversation.room_id == event.room_id:
                self.conversation.land(event.order)
                self.timeline.focus()

    # ------------------------------------------------------------ writing

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        """Send what was written, or do what it says."""
        event.stop()
        typed = read_line(event.text)
        self._typing.stopped()
        if isinstance(typed, Call) and typed.command.says:
            self.start(self.conversation.until_safe(self.doing.call(typed), event.text))
        elif isinstance(typed, Call):
            self.composer.sent(self.composer.room_id, event.text)
            self.hints.tell(problem="", command="")
            self.start(self.doing.call(typed))
        elif isinstance(typed, Plain) and self.conversation.room_id:
            self.start(self._say(typed.text, event.text))
        else:
            self.composer.kept()
            self.hints.tell(problem=typed.text if isinstance(typed, Wrong) else NO_ROOM)

    async def _say(self, text: str, typed: str) -> None:
        """Send a text, unless it is a change of the last one."""
        await self.conversation.until_safe(self._send_or_change(text), typed)

    async def _send_or_change(self, text: str) -> None:
        if self.conversation.edits or not await self.operating.substitute(text):
            await self.conversation.say(Plain(text))

    @on(Composer.Drafted)
    def _drafted(self, event: Composer.Drafted) -> None:
        event.stop()
        self.conversation.save_draft(event.room_id, event.text, event.cursor)

    @on(Composer.Edited)
    def _edited(self, event: Composer.Edited) -> None:
        """Explain a command while it is typed; tell the room that somebody writes."""
        event.stop()
        hint = moment_hint(event.text, self.session.now_ms()) or hint_for(event.text) or size_hint(event.text)
        self.hints.tell(problem="" if event.text else None, command=hint)  # what was sent is answered by a problem
        if event.text.strip() and (not event.text.startswith("/") or event.text.startswith("//")):
            self._typing.writes(self.conversation.room_id)
        else:
            self._typing.stopped()

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

    @on(Composer.Pasted)
    def _pasted(self, event: Composer.Pasted) -> None:
        """Ask about files whose paths were pasted."""
        event.stop()
        if self.conversation.room_id and looks_like_files(event.text):
            self.start(send_pasted(self, event.text))

    @on(NameWanted)
    def _name_wanted(self, event: NameWanted) -> None:
        event.stop()
        self.composer.focus()
        self.composer.insert(f"@{event.user_id} ")

    @on(Decided)
    def _decided(self, event: Decided) -> None:
        event.stop()
        self.start(decide(self, event.action_id, event.decision))

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

    def on_screen_resume(self) -> None:
        """A dialog was closed."""
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
            self.start(do_with_message(self, FileDeed(event.payload.value), event.key))
        elif kind == "reaction":
            self.start(self.operating.toggle(event.key, event.payload.value))

    @on(OperationWanted)
    def _operation_wanted(self, event: OperationWanted) -> None:
        event.stop()
        self.start(self.operating.do(event.operation, event.key))

    @on(FileWanted)
    def _file_wanted(self, event: FileWanted) -> None:
        event.stop()
        self.start(do_with_message(self, event.deed, event.key))

    @on(RoomTimeline.CopyWanted)
    def _copy_wanted(self, event: RoomTimeline.CopyWanted) -> None:
        event.stop()
        self.app.copy_to_clipboard(event.text)
        self.say("Copied.")

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
    return f"{size:,} bytes" if size >= LONG else ""
