"""A room's timeline as the rows that are drawn, and the session's changes to it as the widget's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chat_tui.spoken import ME
from chat_tui.strings import N_, _
from chat_tui.widgets.event_sentences import CHANGES, KINDS, file_text, sentence
from chat_tui.widgets.message_row import Kind, MessageRow, Note, State, gist
from chat_tui.widgets.seen_by import SeenBy
from chat_tui.widgets.timeline import Timeline
from chat_tui_core.actions import Action
from chat_tui_core.actions import Kind as ActionKind
from chat_tui_core.actions import State as ActionState
from chat_tui_core.model import EventKind, FileInfo, RoomEvent
from chat_tui_core.safe_text import one_line
from chat_tui_core.threads import Answers
from chat_tui_core.timeline import Change, Changed, Inserted, Item, Removed, Reset

if TYPE_CHECKING:
    from chat_tui.widgets.file_lines import FileCard

__all__ = ["RoomSource"]

EXCERPT = 120
"""Characters of a message that an answer to it shows."""

STATES: Final[dict[ActionState, State]] = {
    ActionState.PENDING: "pending",
    ActionState.SENT: "sent",
    ActionState.CONFIRMED: "confirmed",
    ActionState.FAILED: "failed",
    ActionState.CANCELLED: "cancelled",
}
#: What is said of a change of a message that the server did not take.
REFUSED: Final[Mapping[ActionKind, str]] = {
    ActionKind.EDIT: N_("The edit was refused: {reason}"),
    ActionKind.REDACT: N_("The deletion was refused: {reason}"),
}
REFUSED_REACTION: Final = N_("The reaction was refused: {reason}")


class RoomSource:
    """The loaded items of one room at logical positions [lo, hi): what is prepended gets positions below `lo`."""

    def __init__(self, items: Iterable[Item], me: str, now_ms: int) -> None:
        """Take a copy of `items`; `now_ms` dates echoes that were stored without a time."""
        self.me = me
        self.seen = SeenBy(me)
        """Who has read one's own messages."""
        self.lo = 0
        self.shown_from: int | None = None
        """Items before this position are loaded and not shown; None: all are."""
        self.files: Callable[[RoomEvent], FileCard | None] = lambda _event: None
        """How the file of an event stands; None: nothing is said of that."""
        self.names: Mapping[str, str] = {}
        """What people are called now, by their ids."""
        self.thread = ""
        """The event with which the thread began that is shown; "" while all of the room is."""
        self._items = list(items)
        self._now_ms = now_ms
        self._positions: dict[str, int] = {}
        self._events: dict[str, int] = {}
        self._echoes: dict[int, int] = {}
        self._changes: dict[str | int, tuple[Action, ...]] = {}
        self._notes: dict[int, tuple[State, Note]] = {}
        self._answers: Mapping[str, Answers] = {}
        self._index()

    @property
    def hi(self) -> int:
        """The position after the last item."""
        return self.lo + len(self._items)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.hi == (self.lo if self.shown_from is None else self.shown_from)

    def hide(self) -> None:
        """Show only what comes from now on."""
        self.shown_from = self.hi

    def reveal(self) -> int:
        """Show everything again; gives how many items come before those that are shown."""
        count = 0 if self.shown_from is None else self.shown_from - self.lo
        self.shown_from = None
        return count

    def item(self, position: int) -> Item:
        """The item at a position."""
        return self._items[position - self.lo]

    def items(self) -> tuple[Item, ...]:
        """All loaded items, oldest first."""
        return tuple(self._items)

    def position_of(self, key: str) -> int | None:
        """The position of the item with this key."""
        return self._positions.get(key)

    def event(self, event_id: str) -> RoomEvent | None:
        """The loaded event with this id."""
        position = self._events.get(event_id)
        return None if position is None else self.item(position).event

    def event_position(self, event_id: str) -> int | None:
        """Where the event with this id stands, None when it is not loaded."""
        return self._events.get(event_id)

    def action_position(self, action_id: int) -> int | None:
        """Where the message of this own action stands, None when it is not loaded."""
        position = self._echoes.get(action_id)
        if position is None or not self.lo <= position < self.hi:
            return None
        action = self.item(position).action
        return position if action is not None and action.id == action_id else None

    def order_at(self, position: int) -> int:
        """The order of the newest event at or before a position, 0 when there is none."""
        for at in range(min(position, self.hi - 1), self.lo - 1, -1):
            event = self.item(at).event
            if event is not None:
                return event.order
        return 0

    def position_at(self, order: int) -> int | None:
        """The position of the first event at or after an order, where both sides of it are loaded; None elsewhere."""
        before = False
        for position in range(self.lo, self.hi):
            event = self.item(position).event
            if event is not None and event.order >= order:
                return position if before or event.order == order else None
            before = before or event is not None
        return None

    def place_of(self, order: int) -> int | None:
        """The position of the event that has this order, None when it is not loaded."""
        return next((at for at in range(self.lo, self.hi) if (e := self.item(at).event) and e.order == order), None)

    def first_after(self, order: int) -> int | None:
        """The position of the first event after this order that somebody else caused; None when there is none."""
        for position in range(self.lo, self.hi):
            event = self.item(position).event
            if event is not None and event.order > order and event.sender != self.me:
                return position
        return None

    # ------------------------------------------------------------ changes on their way

    def set_changes(self, actions: Iterable[Action]) -> list[int]:
        """These edits, deletions and reactions of ours are not settled; the positions of the messages that look new."""
        changing = {action.id: action for action in actions}
        old, self._changes = self._changes, {}
        for action in sorted(changing.values(), key=lambda one: one.place):
            about = _about(action, changing)
            self._changes[about] = (*self._changes.get(about, ()), action)
        changed = (about for about in {*old, *self._changes} if old.get(about) != self._changes.get(about))
        places = (self._events.get(a) if isinstance(a, str) else self.action_position(a) for a in changed)
        return [position for position in places if position is not None]

    def changes_of(self, about: str | int) -> tuple[Action, ...]:
        """Our changes of a message that are not settled: by its event's id, or by its action's where it has no event."""
        return self._changes.get(about, ())

    def set_notes(self, notes: dict[int, tuple[State, Note]]) -> list[int]:
        """How these own messages, by their actions, stand while they wait; the positions of those that look new."""
        old, self._notes = self._notes, notes
        changed = (action_id for action_id in {*old, *notes} if old.get(action_id) != notes.get(action_id))
        places = (self.action_position(action_id) for action_id in changed)
        return [position for position in places if position is not None]

    def set_answers(self, answers: Mapping[str, Answers]) -> list[int]:
        """So much was said in threads, by the event each began with; the positions of the messages that look new."""
        old, self._answers = self._answers, answers
        changed = (root for root in {*old, *answers} if old.get(root) != answers.get(root))
        places = (self._events.get(root) for root in changed)
        return [position for position in places if position is not None]

    # ------------------------------------------------------------ rows

    def row(self, position: int) -> MessageRow:
        """The message at a position, as it is drawn."""
        item = self.item(position)
        if item.event is not None:
            return self._event_row(item.key, item.event, item.action)
        if item.action is not None:
            return self._echo_row(item.key, item.action)
        return MessageRow(item.key, "gap", "", "", self._ts_near(position), "")

    def _ts_near(self, position: int) -> int:
        """A gap has no time of its own: that of the event before it keeps it within the day."""
        for at in range(position - 1, self.lo - 1, -1):
            event = self.item(at).event
            if event is not None:
                return event.ts
        event = self.item(position + 1).event if position + 1 < self.hi else None
        return event.ts if event is not None else self._now_ms

    def _event_row(self, key: str, event: RoomEvent, action: Action | None) -> MessageRow:
        mine = event.sender == self.me
        kind = KINDS.get(event.kind, "unsupported")
        text = file_text(event.file, event.text) if event.file else sentence(event, self.names) or event.text
        kind, text = _spoken(kind, text)
        row = MessageRow(
            key,
            kind,
            event.sender,
            event.sender_name,
            event.ts,
            text,
            mine=mine,
            state="confirmed" if mine and kind in {"message", "emote", "notice"} else "",
            edited=event.edited_ts > 0,
            reply_to=self._quoted(event.reply_to),
            reactions=tuple((r.key, len(r.users), self.me in r.users) for r in event.reactions),
            change=CHANGES.get(event.kind, ""),
            seen=self.seen.readers(event.order, self.names) if mine else (),
            error=action.error_text if action is not None else "",
            file=self.files(event) if event.file is not None else None,
            folded=bool(event.thread) and not self.thread,
            answers=(told.count, told.last_ts) if (told := self._answers.get(event.event_id)) is not None else None,
        )
        for changing in self._changes.get(event.event_id, ()):
            row = _with_change(row, changing)
        return row

    def _echo_row(self, key: str, action: Action) -> MessageRow:
        emote = action.content.get("kind") == "emote"
        kind, text = _spoken("message", str(action.content.get("text", "")), emote=emote)
        if isinstance(file := action.content.get("file"), dict):
            text = file_text(FileInfo(**file), text)
        state: State = "checking" if action.doubt else STATES[action.state]
        state, note = self._notes.get(action.id, (state, None))
        row = MessageRow(
            key,
            kind,
            self.me,
            self.names.get(self.me, ""),
            action.moment or self._now_ms,
            text,
            mine=True,
            state=state,
            error=action.error_text,
            note=note,
            reply_to=self._quoted_own(action.depends_on) or self._quoted(str(action.content.get("reply_to", ""))),
            folded="thread" in action.content and not self.thread,
        )
        for changing in self._changes.get(action.id, ()):
            row = _with_change(row, changing)
        return row

    def _quoted_own(self, action_id: int) -> tuple[str, str] | None:
        """What a message answers that has no event yet."""
        position = self.action_position(action_id) if action_id else None
        action = self.item(position).action if position is not None else None
        return (self.names.get(self.me) or self.me, one_line(action.text, EXCERPT)) if action is not None else None

    def _quoted(self, event_id: str) -> tuple[str, str] | None:
        if not event_id:
            return None
        event = self.event(event_id)
        if event is None:
            return _("answers"), _("an older message")
        said = gist(event.text) if "||" in event.text or "‖" in event.text else event.text
        if event.kind is EventKind.REDACTED:
            said = _("message deleted")
        return event.sender_name or event.sender, one_line(said or (event.file.name if event.file else ""), EXCERPT)

    # ------------------------------------------------------------ changes

    def apply(self, changes: Iterable[Change], view: Timeline) -> bool:
        """Take the session's steps and tell the view; False when the whole list is another: it wants a source of its own."""
        for change in changes:
            match change:
                case Inserted():
                    self._insert(change, view)
                case Changed():
                    self._change(change, view)
                case Removed():
                    self._remove(change, view)
                case Reset():
                    return False
        for position in self.seen_anew():
            view.changed(position)
        return True

    def seen_anew(self) -> list[int]:
        """The positions of one's own messages of whose readers something has become known."""
        places = (self._events.get(event_id) for event_id in self.seen.take())
        return [position for position in places if position is not None and not self._hidden(position)]

    def _hidden(self, position: int) -> bool:
        return self.shown_from is not None and position < self.shown_from

    def _insert(self, change: Inserted, view: Timeline) -> None:
        index, count, size = change.index, len(change.items), len(self._items)
        self._items[index:index] = change.items
        if index == size:
            self._index(self.lo + index)
            view.appended(count)
        elif index == 0 or self._hidden(self.lo + index):
            self.lo -= count  # what comes after keeps its position
            self._index(end=self.lo + index + count)
            if self.shown_from is None:
                view.prepended(count)
        else:
            self._index(self.lo + index)
            view.spliced(self.lo + index, 0, count)

    def _change(self, change: Changed, view: Timeline) -> None:
        position = self.lo + change.index
        self._items[change.index] = change.item
        self._index(position, position + 1)
        if not self._hidden(position):
            view.changed(position)

    def _remove(self, change: Removed, view: Timeline) -> None:
        position, count = self.lo + change.index, change.count
        hidden = 0 if self.shown_from is None else min(count, max(0, self.shown_from - position))
        del self._items[change.index : change.index + count]
        self.lo += hidden  # what comes after those that were not shown keeps its position
        self._index()
        if count > hidden:
            view.spliced(position + hidden, count - hidden, 0)

    def _index(self, start: int | None = None, end: int | None = None) -> None:
        """Note where items [start, end) stand; all of them anew when no start is given."""
        if start is None and end is None:
            self._positions.clear()
            self._events.clear()
            self._echoes.clear()
        for position in range(self.lo if start is None else start, self.hi if end is None else end):
            item = self.item(position)
            self._positions[item.key] = position
            if item.event is not None:
                self._events[item.event.event_id] = position
                self.seen.note(item.event)
            if item.action is not None:
                self._echoes[item.action.id] = position


def _spoken(kind: Kind, text: str, *, emote: bool = False) -> tuple[Kind, str]:
    """What is drawn of something that was said: "/me waves" tells what its sender does."""
    if kind == "message" and (emote or text.startswith(ME)):
        return "emote", text.removeprefix(ME)
    return kind, text


def _about(action: Action, changing: Mapping[int, Action]) -> str | int:
    """The message that a change is about: its event's id, or its action's where it has no event yet."""
    while action.depends_on in changing:  # a reaction that is taken back before it is there
        action = changing[action.depends_on]
    return action.depends_on or str(action.content.get("target", ""))


def _with_change(row: MessageRow, action: Action) -> MessageRow:
    """The row as it will be when an edit, a deletion or a reaction is done; as it was, with the reason, if refused."""
    if action.state is ActionState.FAILED:
        said = _(REFUSED.get(action.kind, REFUSED_REACTION)).format(reason=_(action.error_text))
        return replace(row, state="failed", error=said) if row.mine else row
    state: State = "checking" if action.doubt else STATES[action.state]
    match action.kind:
        case ActionKind.EDIT:
            emote = action.content.get("kind") == "emote"
            kind, text = _spoken("message" if row.kind == "emote" else row.kind, action.text, emote=emote)
            return replace(row, kind=kind, text=text, edited=True, state=state)
        case ActionKind.REDACT:
            return replace(row, kind="tombstone", text="", state=state, reactions=(), file=None)
        case _:
            return replace(row, reactions=_reacted(row.reactions, action))


def _reacted(reactions: tuple[tuple[str, int, bool], ...], action: Action) -> tuple[tuple[str, int, bool], ...]:
    """The reactions with our own one set or taken back."""
    key, wanted = str(action.content.get("key", "")), not action.content.get("remove")
    if not any(one[0] == key for one in reactions):
        return (*reactions, (key, 1, True)) if wanted else reactions
    changed = ((k, n + (wanted - mine), wanted) if k == key else (k, n, mine) for k, n, mine in reactions)
    return tuple(one for one in changed if one[1] > 0)
