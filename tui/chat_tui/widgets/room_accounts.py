"""The rooms of several accounts as one list: each account's line, its rooms below; no step walks over all rooms."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, overload

from chat_tui.widgets.room_order import Heading, RoomOrder, Section, Splice, section_of
from chat_tui_core.model import Room
from chat_tui_core.values import frozen

__all__ = ["AccountLine", "AccountRooms", "Entry", "RoomKey"]


class RoomKey(NamedTuple):
    """A room in the window: two accounts on one server may have rooms with the same id."""

    account: str
    room_id: str


@frozen
class AccountLine:
    """The line above an account's rooms: its name, how it is connected, as a mark and in words, and which are listed."""

    name: str
    mark: str = ""
    words: str = ""
    tone: str = "dim"
    view: str = ""


Entry = Room | Heading | AccountLine


class AccountRooms(Sequence[Entry]):
    """Accounts in the order in which they were told of; an account has a line only where there are several.

    Of an account that is narrowed some rooms are listed; the others are known, and counted.
    """

    def __init__(self) -> None:
        self._orders: dict[str, RoomOrder] = {}
        self._lines: dict[str, AccountLine] = {}
        self._whole: dict[str, RoomOrder] = {}  # all rooms of the accounts that are narrowed
        self._wanted: dict[str, Container[str]] = {}

    # ------------------------------------------------------------ what is in it

    @property
    def headed(self) -> bool:
        """Whether there are several accounts, each with a line of its own."""
        return len(self._lines) > 1

    @property
    def empty(self) -> bool:
        """Whether no account has a room, listed or not."""
        return all(order.empty for order in (*self._orders.values(), *self._whole.values()))

    @property
    def elsewhere(self) -> tuple[int, int] | None:
        """(unread messages, mentions) in rooms that are known and not listed; None where no account is narrowed."""
        if not self._whole:
            return None
        both = [(whole.news, self._orders[account].news) for account, whole in self._whole.items()]
        return sum(every[0] - here[0] for every, here in both), sum(every[1] - here[1] for every, here in both)

    def __len__(self) -> int:
        return sum(len(order) + self.headed for order in self._orders.values())

    @overload
    def __getitem__(self, position: int) -> Entry: ...

    @overload
    def __getitem__(self, position: slice) -> Sequence[Entry]: ...

    def __getitem__(self, position: int | slice) -> Entry | Sequence[Entry]:
        """Give what stands at a position, from 0; IndexError beyond the end."""
        if isinstance(position, slice):
            return [self[at] for at in range(*position.indices(len(self)))]
        account, at = self._place(position)
        return self._lines[account] if at < 0 else self._orders[account].entries[at]

    def account_at(self, position: int) -> str:
        """The account to which a position belongs; IndexError beyond the end."""
        return self._place(position)[0]

    def position(self, key: RoomKey) -> int | None:
        """Where a room stands, None when it is not in the list."""
        order = self._orders.get(key.account)
        at = None if order is None else order.position(key.room_id)
        return None if at is None else self._start(key.account) + at

    def room(self, key: RoomKey) -> Room | None:
        """The room as it is known, listed or not; None when it is not."""
        order = self._all(key.account)
        return None if order is None else order.room(key.room_id)

    def rooms(self, account: str) -> list[Room]:
        """All of an account's rooms from top to bottom, listed or not."""
        order = self._all(account)
        return [] if order is None else order.rooms()

    def keyed(self) -> Iterator[tuple[str, Room]]:
        """The rooms that are listed from top to bottom, each with its account."""
        for account, order in self._orders.items():
            for room in order.rooms():
                yield account, room

    def everything(self) -> Iterator[tuple[str, Room]]:
        """All rooms in the same order, listed or not."""
        for account in self._orders:
            for room in self.rooms(account):
                yield account, room

    def _all(self, account: str) -> RoomOrder | None:
        return self._whole.get(account) or self._orders.get(account)

    # ------------------------------------------------------------ what becomes of it

    def tell(self, line: AccountLine) -> list[Splice] | None:
        """Have this be an account's line; None when the list is to be laid out afresh, for an account is new."""
        known = line.name in self._lines
        self._lines[line.name] = line
        self._orders.setdefault(line.name, RoomOrder())
        if not known:
            return None
        return [Splice(self._start(line.name) - 1, 1, 1)] if self.headed else []

    def reset(self, rooms: Iterable[Room], account: str) -> None:
        """Start over with these rooms of an account."""
        if account not in self._lines:
            self.tell(AccountLine(account))
        whole = self._whole.get(account, self._orders[account])
        whole.reset(rooms)
        if account in self._wanted:
            self._orders[account] = whole.narrowed(self._wanted[account])

    def narrow(self, account: str, wanted: Container[str] | None) -> None:
        """List of an account's rooms only these, and its invitations; None: all. The list is to be laid out afresh."""
        if account not in self._orders:
            return
        whole = self._whole.pop(account, self._orders[account])
        self._wanted.pop(account, None)
        if wanted is not None:
            self._whole[account], self._wanted[account] = whole, wanted
        self._orders[account] = whole if wanted is None else whole.narrowed(wanted)

    def lists(self, account: str, room: Room) -> bool:
        """Whether a room of an account, where it has a place in the list, is listed."""
        wanted = self._wanted.get(account)
        return wanted is None or room.room_id in wanted or section_of(room) is Section.INVITED

    def remove(self, account: str) -> None:
        """Forget an account and its rooms; the list is to be laid out afresh."""
        self._lines.pop(account, None)
        self._orders.pop(account, None)
        self._whole.pop(account, None)
        self._wanted.pop(account, None)

    def put(self, room: Room, account: str) -> list[Splice]:
        """Take a new room of an account, or what has become of a known one."""
        order, whole = self._orders[account], self._whole.get(account)
        if whole is not None:
            whole.put(room)
            if not self.lists(account, room):
                return self._shifted(account, order.drop(room.room_id))
        return self._shifted(account, order.put(room))

    def drop(self, key: RoomKey) -> list[Splice]:
        """Forget a room."""
        if key.account in self._whole:
            self._whole[key.account].drop(key.room_id)
        return self._shifted(key.account, self._orders[key.account].drop(key.room_id))

    def hold(self, key: RoomKey) -> list[Splice]:
        """Keep this room where it is though it is read now; let the one that was held go where it belongs."""
        splices: list[Splice] = []
        for account, order in self._orders.items():
            held = key.room_id if account == key.account else ""
            if account in self._whole:
                self._whole[account].hold(held)
            splices += self._shifted(account, order.hold(held))
        return splices

    # ------------------------------------------------------------ parts

    def _start(self, account: str) -> int:
        """Where an account's rooms begin, below its line."""
        at = 0
        for name, order in self._orders.items():
            at += self.headed
            if name == account:
                break
            at += len(order)
        return at

    def _place(self, position: int) -> tuple[str, int]:
        """(account, place in its order) of a position; the place of the account's line is -1."""
        if position >= 0:
            for account, order in self._orders.items():
                position -= self.headed
                if position < len(order):
                    return account, position
                position -= len(order)
        raise IndexError(position)

    def _shifted(self, account: str, splices: list[Splice]) -> list[Splice]:
        start = self._start(account)
        return [replace(splice, position=splice.position + start) for splice in splices] if start else splices
