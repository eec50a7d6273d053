"""The open room: its messages, its draft, its answers; switching keeps the reader's place and the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from chat_tui.feed import Batch
from chat_tui.screens.paging import Paging, Parts
from chat_tui.screens.read_marks import ReadMarks
from chat_tui.screens.readers import Readers
from chat_tui.screens.waiting_lines import WaitingLines
from chat_tui.screens.writing import Writing
from chat_tui.spoken import own_texts
from chat_tui.strings import _
from chat_tui.widgets.message_row import gist
from chat_tui.widgets.room_source import RoomSource
from chat_tui.widgets.timeline import Bookmark
from chat_tui_core.actions import Action, Kind
from chat_tui_core.link import Capability
from chat_tui_core.model import RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.store.events import events_before
from chat_tui_core.threads import Answers
from chat_tui_core.timeline import Change, Changed, Inserted

if TYPE_CHECKING:
    from chat_tui.widgets.file_lines import FileCard

__all__ = ["Conversation", "Parts"]

HISTORY: Final = 100
"""Own texts that can be brought back."""
CHANGING: Final = frozenset({Kind.EDIT, Kind.REDACT, Kind.REACT})
"""Actions that change how another message looks."""
KEPT_OPEN: Final = 8
"""Rooms whose lines stay loaded, the latest opened ones."""


class Conversation(Paging, Writing):
    """Shows one room at a time of a session.

    `on_state` is called when what there is to say of the room changes. `settle` has everything applied that the
    session has told so far: a list that is read afresh already contains it.
    """

    def __init__(
        self, session: Session, parts: Parts, on_state: Callable[[], None], settle: Callable[[], None]
    ) -> None:
        self.session = session
        self.parts = parts
        self.room_id = ""
        self.thread = ""
        self.source: RoomSource | None = None
        self.reply_to = ""
        self.card_of: Callable[[RoomEvent], FileCard | None] = lambda _event: None
        """How the file of an event stands."""
        self.edits = ""
        """The message whose text stands in the composer to be changed."""
        self._on_state = on_state
        self._settle = settle
        self._bookmarks: dict[str, Bookmark | None] = {}
        self._recent: list[str] = []
        self._marked: dict[str, int] = {}
        self._filling: set[str] = set()
        self._waiting = WaitingLines(self)
        self.marks = ReadMarks(session.mark_read, parts.timeline.set_timer)
        self.readers = Readers(session, parts, lambda: None if self.thread or self._detached() else self.source)

    # ------------------------------------------------------------ opening and closing

    def open(self, room_id: str, thread: str = "") -> None:
        """Show a room, or a thread of it: its stored lines at once, at the first unread one or where the reader was."""
        if (room_id, thread) == (self.room_id, self.thread):
            return
        self._settle()
        self._leave()
        self.room_id, self.thread = room_id, thread
        self.session.open_room(room_id)
        if thread:
            self.session.threads.open(room_id, thread)
        else:
            self._to_first_unread()
        self._show()
        draft = self.session.drafts.get(self.place)
        self.load_draft()
        history = own_texts(self.source.items() if self.source else (), self.session.me, HISTORY)
        text, cursor = (draft.text, draft.cursor) if draft else ("", 0)
        self.parts.composer.show_room(self.place, text, cursor, history)
        self.parts.hints.tell(problem="", command="", reply=self._reply_text(), typing=self._typing())
        self.parts.hints.tell(edit=self._edit_text())
        self._update_names()
        self._forget_old(self.place)
        self._on_state()

    def thread_title(self) -> str:
        """With what the open thread began; "" while all of a room is open."""
        first = self.source.event(self.thread) if self.thread and self.source else None
        if first is None:
            return _("a thread") if self.thread else ""
        said = first.text or (first.file.name if first.file else "")
        return f"{first.sender_name or first.sender}: {gist(said)}"

    def _to_first_unread(self) -> None:
        """Load the lines around the first unread one where it is further up than the newest lines reach."""
        room, timeline = self.room, self.session.timeline(self.room_id)
        if room is None or timeline is None or not room.unread or not room.read:
            return
        known = self.session.store.read(events_before, self.room_id, room.read + 1, 1)
        if known and timeline.oldest > room.read:
            self.session.landing.open_at(self.room_id, room.read + 1, self._few)
            self._settle()

    def leave(self) -> None:
        """The widgets show a room of another account from now on; the reader's place is kept, and what was written."""
        self._leave()
        self.parts.composer.hand_on_draft()
        self.room_id, self.thread, self.source, self.reply_to, self.edits = "", "", None, "", ""
        self._waiting.update()

    def visit(self) -> None:
        """The person comes to the room that stands there already: to what is new, where that is above the screen."""
        room, source, rows = self.room, self.source, self.parts.timeline.viewport.rows
        if self.thread or room is None or source is None or not (room.unread and room.read):
            return
        first = source.first_after(room.read)
        if first is None or (rows and first < rows[0][0]):
            self._to_first_unread()
            self._show()

    def close(self) -> None:
        """Show no room."""
        self._leave()
        for place in {self.place, self.room_id}:
            self._bookmarks.pop(place, None)
            self.session.close_room(place)
        self.room_id, self.thread, self.source, self.reply_to, self.edits = "", "", None, "", ""
        self.parts.timeline.set_source(RoomSource((), self.session.me, 0), 0, 0, older_done=True)
        self.parts.composer.show_room("", "", 0, [])
        self.parts.hints.tell(problem="", command="", reply="", edit="", typing=())
        self._on_state()

    def _leave(self) -> None:
        """Keep what belongs to the room that is shown now."""
        if self.room_id:
            self.marks.flush()
            self._bookmarks[self.place] = self.parts.timeline.bookmark()
            self.keep_draft()

    def _forget_old(self, place: str) -> None:
        """Keep the lines of the latest rooms in memory; the others are read again when they are opened."""
        self._recent = [place, *(other for other in self._recent if other != place)]
        for other in self._recent[KEPT_OPEN:]:
            self.session.close_room(other)
            self._bookmarks.pop(other, None)
        del self._recent[KEPT_OPEN:]

    def _show(self) -> None:
        """Show the loaded items afresh, in the place that suits the reader."""
        timeline = self.session.timeline(self.place)
        self.source = source = RoomSource(timeline.items if timeline else (), self.session.me, self.session.now_ms())
        source.thread = self.thread
        source.set_answers(self._answers())
        source.set_changes(self._changing())
        source.files = self.card_of
        source.names = {member.user_id: member.name for member in self.session.members(self.room_id) if member.name}
        room = self.room
        unread = source.first_after(room.read) if room and room.unread and room.read else None
        if unread == source.lo and not self.session.at_start(self.place):
            unread = None  # the first unread line is further up
        self.parts.timeline.set_source(
            source,
            source.lo,
            source.hi,
            bookmark=self._bookmarks.get(self.place) if unread is None else None,
            unread_after=None if unread is None else unread - 1,
            older_done=self.session.at_start(self.place),
            detached=timeline is not None and timeline.detached,
            whole=bool(self.thread),
            me=(self.session.me,),
        )
        self._waiting.update()
        self.readers.shown()
        if unread is not None:
            self.parts.timeline.to_item(unread)

    # ------------------------------------------------------------ what the session tells

    def apply(self, batch: Batch) -> None:
        """Bring the open room up to date."""
        if not self.room_id:
            return
        self._count_beyond(len(batch.arrivals.get(self.room_id, ())))
        if (changes := batch.timelines.get(self.place)) and self.source is not None:
            self._replay(self.source, changes)
        if any(action.room_id == self.room_id and action.kind in CHANGING for action in batch.actions.values()):
            for position in self.source.set_changes(self._changing()) if self.source else ():
                self.parts.timeline.changed(position)
        if batch.actions or batch.link is not None:
            self._waiting.update()
        if self.room_id in batch.read_marks:
            self.readers.moved(batch.read_marks[self.room_id])
        if self.room_id in batch.typing:
            self.parts.hints.tell(typing=self._typing())
        if self.room_id in batch.members:
            self._update_names()

    def _replay(self, source: RoomSource, changes: list[Change]) -> None:
        """Take the steps of what is open."""
        was_empty = source.empty
        if not source.apply(changes, self.parts.timeline):
            self._show()
        elif _about_threads(changes):
            for position in source.set_answers(self._answers()):
                self.parts.timeline.changed(position)
        self.readers.shown()
        if self.session.at_start(self.place):
            self.parts.timeline.older_done()
        if was_empty or self.thread or self.session.open_actions or (self.source is not None and self.source.empty):
            self._on_state()  # else there is nothing new to say of a room than its messages

    def _count_beyond(self, count: int) -> None:
        """New messages have come; where the room's end is not loaded, they are only counted."""
        if count and self._detached():
            self.parts.timeline.came_beyond(count)

    def _answers(self) -> Mapping[str, Answers]:
        """How much was said in the room's threads, where they are to be told."""
        told = not self.thread and Capability.THREADS in self.session.capabilities
        return self.session.threads.answers(self.room_id) if told else {}

    def shows(self, event: RoomEvent) -> bool:
        """Whether what is shown is where this event of the open room belongs."""
        return not self.thread or self.thread in {event.thread, event.event_id}

    def _changing(self) -> list[Action]:
        """Our edits, deletions and reactions in this room that are not settled."""
        actions = self.session.open_actions.values()
        return [action for action in actions if action.room_id == self.room_id and action.kind in CHANGING]

    def _typing(self) -> tuple[str, ...]:
        names = {member.user_id: member.name for member in self.session.members(self.room_id)}
        return tuple(names.get(user) or user for user in self.session.typing(self.room_id))

    def _update_names(self) -> None:
        if self.source is not None:
            known = {m.user_id: m.name for m in self.session.members(self.room_id) if m.name}
            self.source.names = {**self.source.names, **known}  # who has left is still called so
        others = (m for m in self.session.members(self.room_id) if m.user_id != self.session.me)
        self.parts.composer.names = tuple(sorted(member.name or member.user_id for member in others))

    # ------------------------------------------------------------ reading

    def mark_seen(self) -> None:
        """Mark what is on screen as read; called only while the person looks at it."""
        room, source = self.room, self.source
        position = self.parts.timeline.last_visible_pos()
        if room is None or source is None or position is None:
            return
        order = source.order_at(position)
        if self.thread:
            order = self.session.threads.seen_up_to(self.place, self.session.me, room.read, order)
        if order > max(room.read, self._marked.get(self.room_id, 0)):
            self._marked[self.room_id] = order
            self.marks.seen(self.room_id, order)

    def mark_new_from_here(self) -> None:
        """The person looks away: what comes from now on is new."""
        if self.source is not None and self.source.hi > self.source.lo and self.parts.timeline.following:
            self.parts.timeline.set_unread_after(self.source.hi - 1)

    def clear(self) -> None:
        """Show only what comes from now on; scrolling up brings the rest back."""
        if self.source is not None:
            self._settle()
            self.source.hide()
            self.parts.timeline.set_source(self.source, self.source.hi, self.source.hi)
            self.parts.timeline.older_failed()
            self._on_state()


def _about_threads(changes: Iterable[Change]) -> bool:
    """Whether steps may change how much was said in a thread: they bring answers, or lines of the past."""
    for change in changes:
        if isinstance(change, Changed) and change.item.event is not None and change.item.event.thread:
            return True
        if isinstance(change, Inserted) and (
            len(change.items) > 1 or any(item.event is not None and item.event.thread for item in change.items)
        ):
            return True
    return False
