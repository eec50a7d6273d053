"""The rooms of all accounts: two lines each, unread ones first, bold and with their count; `/` finds one by its name."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from datetime import date, tzinfo
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.widget import Widget

from chat_tui.messages import RoomChosen
from chat_tui.moments import MONTHS, WEEKDAYS
from chat_tui.strings import _, n_
from chat_tui.widgets.message_look import clock_of, day_of
from chat_tui.widgets.message_row import gist
from chat_tui.widgets.pick_list import Part, PickList, Row
from chat_tui.widgets.room_accounts import AccountLine, AccountRooms, Entry, RoomKey
from chat_tui.widgets.room_filter import RoomFilter
from chat_tui.widgets.room_order import Splice, mark_of
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.model import Membership, Room
from chat_tui_core.safe_text import one_line

if TYPE_CHECKING:
    from chat_tui.widgets.filter_line import FilterLine

__all__ = ["RoomList", "time_text"]

REBUILD = 200
"""With more changed rooms than this at once, sorting all is cheaper than moving each."""
PREVIEW = 80
"""Characters of the last message that are looked at."""


def time_text(ts: int, today: date, zone: tzinfo | None) -> str:
    """When that was, in at most seven cells: the time today, the day of the week in the last six days, else the date."""
    if not ts:
        return ""
    day = day_of(ts, zone)
    ago = (today - day).days
    if ago <= 0:
        return clock_of(ts, zone)
    if ago < 7:
        return _(WEEKDAYS[day.weekday()])
    return _("{day} {month}").format(day=day.day, month=_(MONTHS[day.month - 1]))


class RoomList(PickList):
    """The rooms; the open one is marked, the cursor shows while the list has the focus."""

    class Typed(Message):
        """The person began to write; a line feed is the Enter that ends it."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, today: Callable[[], date] = date.today, zone: tzinfo | None = None, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.me: dict[str, str] = {}
        """Who the person is, by account."""
        self._leaving = False
        self.opens: Callable[[str, str], None] | None = None
        """Called at once with a room and its account that are chosen by a key: what is typed next is meant for them."""
        self.order = AccountRooms()
        self._filter = RoomFilter()
        self._line: FilterLine | None = None
        self._today = today
        self._zone = zone
        self._open = RoomKey("", "")
        self._under = RoomKey("", "")
        """The room under the cursor: where that is, changes."""

    # ------------------------------------------------------------ what is in it

    @property
    def rooms(self) -> list[Room]:
        """The rooms from top to bottom, those too that do not fit what is sought."""
        return [room for _, room in self.order.keyed()]

    @property
    def keyed(self) -> list[tuple[str, Room]]:
        """The same, each with its account."""
        return list(self.order.keyed())

    @property
    def empty(self) -> bool:
        """Whether there is no room."""
        return self.order.empty

    @property
    def entries(self) -> Sequence[Entry]:
        """What is listed now: everything, or what fits what is sought."""
        return self._filter.found if self._filter.narrows else self.order

    def show_account(self, line: AccountLine) -> None:
        """Have an account, and say how it is connected; it stands below those that are there already."""
        splices = self.order.tell(line)
        if splices is None:
            self._list_anew(self._under)
        elif not self._filter.narrows:
            for splice in splices:
                self.changed(splice.position)

    def remove_account(self, account: str) -> None:
        """Forget an account and its rooms."""
        self.order.remove(account)
        self._filter.forget_names()
        self._list_anew(self._open)

    def narrow(self, wanted: Container[str] | None, account: str) -> None:
        """List of an account's rooms only these, and its invitations; None: all of them. The cursor stays on its room."""
        under = self._key_at(self.cursor)
        self.order.narrow(account, wanted)
        self._filter.forget_names()
        self._list_anew(under or self._open)

    def show_all(self, rooms: Iterable[Room], account: str = "") -> None:
        """Show these rooms of an account and no others; the cursor stays on its room."""
        under = self._key_at(self.cursor)
        self.order.reset(rooms, account)
        self._filter.forget_names()
        self._list_anew(under or self._open)

    def update_rooms(self, changed: Iterable[Room], gone: Iterable[str], account: str = "") -> None:
        """Take what has become of some rooms of an account; the picture stays at the top when it was there."""
        changed, gone = list(changed), list(gone)
        if len(changed) > REBUILD:
            known = {room.room_id: room for room in (*self.order.rooms(account), *changed)}
            for room_id in gone:
                known.pop(room_id, None)
            self.show_all(known.values(), account)
            return
        before = [self.room(room.room_id, account) for room in changed]
        splices = [splice for room in changed for splice in self.order.put(room, account)]
        splices += [splice for room_id in gone for splice in self.order.drop(RoomKey(account, room_id))]
        if not self._filter.narrows:
            self._replay(splices)
        elif gone or any(old is None or old.title != new.title for old, new in zip(before, changed, strict=True)):
            self._filter.forget_names()
            self._list_anew(self._under)
        else:
            for room in changed:
                if (at := self._filter.put(room, account)) is not None:
                    self.changed(at)

    def _replay(self, splices: list[Splice]) -> None:
        """Do to the view what was done to the list; the cursor stays on its room."""
        under = self._under
        at_top = self.viewport.top <= (0, 0)
        for splice in splices:
            if (splice.removed, splice.inserted) == (1, 1):
                self.changed(splice.position)
            else:
                self.spliced(splice.position, splice.removed, splice.inserted)
        if splices and at_top:
            self.to_start()
        if under.room_id and self._position(under) != self.cursor:
            self._cursor_on(under)

    def _list_anew(self, under: RoomKey | None) -> None:
        """List what there is to be listed now, with the cursor on a room; None: on the first one."""
        self._filter.seek(self._filter.query, self.order.keyed)
        self.reset(0, len(self.entries))
        self._cursor_on(under or RoomKey("", ""))
        self._tell_filter()

    def position(self, room_id: str, account: str = "") -> int | None:
        """Where a room is listed, None when it is not."""
        return self._position(RoomKey(account, room_id))

    def _position(self, key: RoomKey) -> int | None:
        return self._filter.position(key) if self._filter.narrows else self.order.position(key)

    def room_at(self, position: int | None) -> Room | None:
        """The room at a position, None for a heading or no position."""
        if position is None or not 0 <= position < len(self.entries):
            return None
        entry = self.entries[position]
        return entry if isinstance(entry, Room) else None

    def _key_at(self, position: int | None) -> RoomKey | None:
        """The room at a position with its account, None for a heading or no position."""
        room = self.room_at(position)
        if room is None or position is None:
            return None
        account = self._filter.account_at(position) if self._filter.narrows else self.order.account_at(position)
        return RoomKey(account, room.room_id)

    def room(self, room_id: str, account: str = "") -> Room | None:
        """The room as this list knows it, None when it does not."""
        return self.order.room(RoomKey(account, room_id))

    def mark_open(self, room_id: str, account: str = "") -> None:
        """Mark the room that is open and put the cursor on it; it stays in its place while it is read."""
        key = RoomKey(account, room_id)
        before, self._open = self._open, key
        splices = self.order.hold(key)
        if not self._filter.narrows:
            self._replay(splices)
        for known in {before, key}:
            if (at := self._position(known)) is not None:
                self.lay_out_again(at)
        self._cursor_on(key)

    def _cursor_on(self, key: RoomKey) -> None:
        """Put the cursor on a room, or on the first one when it is not in the list."""
        self._under = key
        at = self._position(key)
        if at is not None:
            self.set_cursor(at, reveal=self.is_attached)
        elif len(self.entries):
            self.cursor_to(-1, 1)

    # ------------------------------------------------------------ finding one

    def action_filter(self) -> None:
        """Begin to seek a room by its name."""
        self._seek("")

    def _seek(self, query: str | None) -> None:
        """Seek this, the best fit under the cursor; None ends it, with the cursor where it was last."""
        under = self._key_at(self.cursor)
        self._filter.query = query
        self._list_anew(None if query else under)

    def _tell_filter(self) -> None:
        """Say above the list what is sought, on a line that is there from the first time on."""
        if self._line is None and self._filter.query is not None and isinstance(self.parent, Widget):
            from chat_tui.widgets.filter_line import FilterLine

            self._line = FilterLine()
            self.parent.mount(self._line, before=self)
        if self._line is not None:
            self._line.tell(self._filter.query, len(self._filter.found))

    def _filter_key(self, event: events.Key) -> bool:
        """Take a key while a room is sought; False when it means here what it means otherwise."""
        query = self._filter.query or ""
        if event.key == "escape" or (event.key == "backspace" and not query):
            self._seek(None)
        elif event.key == "backspace":
            self._seek(query[:-1])
        elif event.key == "ctrl+u":
            self._seek("")
        elif event.key == "enter" and query and not self._filter.found:
            self._hand_over(f"/{query}", "\n")  # it was meant as a command
        elif event.is_printable and event.character:
            self._seek(query + event.character)
        else:
            return False
        return True

    def _hand_over(self, *texts: str) -> None:
        """Give what was typed to the composer."""
        if self._filter.query is not None:
            self._seek(None)
        self._leaving = True
        for text in texts:
            self.post_message(self.Typed(text))

    # ------------------------------------------------------------ drawing

    def pickable(self, position: int) -> bool:
        """Tell whether a room is there."""
        return self.room_at(position) is not None

    def marked(self, position: int) -> bool:
        """Tell whether the open room is there."""
        return bool(self._open.room_id) and self._key_at(position) == self._open

    def set_cursor(self, position: int | None, *, reveal: bool = True) -> None:
        """Put the cursor on the room at `position`, and note which one that is."""
        super().set_cursor(position, reveal=reveal)
        if (key := self._key_at(self.cursor)) is not None:
            self._under = key

    def rows(self, position: int) -> list[Row]:
        """Give a heading's line, or the two lines of a room."""
        entry = self.entries[position]
        if isinstance(entry, Room):
            narrows, headed = self._filter.narrows, self.order.headed
            account = self._filter.account_at(position) if narrows else self.order.account_at(position)
            named: list[Part] = [(f" {clean_line(account)}", "accent")] if narrows and headed else []
            return [self._first(entry), ([(self._preview(entry, self.me.get(account, "")), "dim")], named)]
        if isinstance(entry, AccountLine):
            left: list[Part] = [(f"{entry.mark} ", entry.tone), (clean_line(entry.name), "strong")]
            left += [(f" · {clean_line(entry.view)}", "accent")] if entry.view else []
            left += [(f"  {clean_line(entry.words)}", entry.tone)] if entry.words else []
            title: Row = (left, [])
        else:
            title = ([(entry.title, "heading")], [(str(entry.count), "dim")])
        close = position == 0 or isinstance(self.entries[position - 1], AccountLine)
        return [title] if close else [([], []), title]

    def _first(self, room: Room) -> Row:
        """Give the line with the name, and the unread count or the time."""
        joined = room.membership is Membership.JOINED
        unread = joined and (room.unread > 0 or room.mentions > 0)
        loud = unread and (not room.muted or room.mentions > 0)
        quiet = room.muted if joined else room.membership is not Membership.INVITED
        left: list[Part] = [
            (f"{mark_of(room)} ", "accent" if loud else "dim"),
            (clean_line(room.title), "strong" if loud else "dim" if quiet else ""),
        ]
        right: list[Part] = []
        if unread:
            count = f"{room.unread}" if room.unread < 1000 else "999+"
            right = [(f"@{room.mentions} ", "accent")] if room.mentions else []
            right.append((f" {count} ", "badge" if loud else "dim"))
        elif joined and (when := time_text(room.last_ts, self._today(), self._zone)):
            right = [(when, "dim")]
        elif room.members and not joined:
            right = [(str(room.members), "dim")]
        return left, right

    def _preview(self, room: Room, me: str) -> str:
        """Say what was said last, or what there is to know of a room without talk."""
        if room.membership is Membership.INVITED:
            return f"  {_('Enter joins')}"
        if room.membership is Membership.NONE or not room.last_ts:
            about = one_line(room.topic, PREVIEW) or _people(room.members)
            return f"  {clean_line(about)}"
        sender = _("you") if room.last_sender == me else clean_line(room.last_sender)
        said = gist(room.last_text, (me,) if me else (), most=PREVIEW * 2, cut=len(room.last_text) > PREVIEW)
        text = clean_line(one_line(said, PREVIEW))
        return f"  {sender}: {text}" if sender else f"  {text}"

    def action_choose(self) -> None:
        """Open the room under the cursor."""
        key = self._key_at(self.cursor)
        if key is None:
            return
        if self._filter.query is not None:
            self._seek(None)
        if self.opens is not None:
            self._leaving = True
            self.opens(key.room_id, key.account)
        else:
            self.post_message(RoomChosen(key.room_id, key.account))

    async def _on_key(self, event: events.Key) -> None:
        """Seek with what is typed after a slash; hand what is typed otherwise to the composer.

        What comes in the same breath after that belongs there too: the focus has not arrived yet.
        """
        if not self._leaving and self._takes(event):
            event.stop()
            event.prevent_default()
            return
        text = event.character if event.is_printable else None
        if self._leaving and event.key == "enter":
            text = "\n"
        elif text == " " and not self._leaving:
            text = None
        if text and (self._leaving or event.key not in self.screen.active_bindings):
            event.stop()
            event.prevent_default()
            self._hand_over(text)
            return
        await super()._on_key(event)

    def _takes(self, event: events.Key) -> bool:
        """Take a key that has to do with seeking a room."""
        if self._filter.query is not None:
            return self._filter_key(event)
        if event.character != "/" or self.empty:  # without a room, a slash begins a command
            return False
        self.action_filter()
        return True

    def on_focus(self) -> None:
        """The person is back."""
        self._leaving = False

    def on_blur(self) -> None:
        """End the search when the person goes elsewhere in the app."""
        if self._filter.query is not None and self.app.app_focus:
            self._seek(None)

    def on_pick_list_picked(self, event: PickList.Picked) -> None:
        """Say which room was chosen."""
        event.stop()
        key = self._key_at(event.position)
        if key is not None:
            if self._filter.query is not None:
                self._seek(None)
            self.post_message(RoomChosen(key.room_id, key.account))


def _people(count: int) -> str:
    """Say how many members, nothing when that is not known."""
    return n_("{count} member", "{count} members", count).format(count=count) if count else ""
