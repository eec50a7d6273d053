"""The rooms of several accounts as one list: each account's line, its rooms below; no step walks over all rooms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, overload

from chat_tui.widgets.room_order import Heading, RoomOrder, Splice
from chat_tui_core.model import Room
from chat_tui_core.values import frozen

__all__ = ["AccountLine", "AccountRooms", "Entry", "RoomKey"]


class RoomKey(NamedTuple):
    """A room in the window: two accounts on one server may have rooms with the same id."""

    account: str
    room_id: str


@frozen
class AccountLine:
    """The line above an account's rooms: its name, and how it is connected, as a mark and in words."""

    name: str
    mark: str = ""
    words: str = ""
    tone: str = "dim"


Entry = Room | Heading | AccountLine


class AccountRooms(Sequence[Entry]):
    """Accounts in the order in which they were told of; an account has a line only where there are several."""

    def __init__(self) -> None:
        self._orders: dict[str, RoomOrder] = {}
        self._lines: dict[str, AccountLine] = {}

    # ------------------------------------------------------------ what is in it

    @property
    def headed(self) -> bool:
        """Whether there are several accounts, each with a line of its own."""
        return len(self._lines) > 1

    @property
    def empty(self) -> bool:
        """Whether no account has a room."""
        return all(order.empty for order in self._orders.values())

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
        """The room as this list knows it, None when it does not."""
        at = self.position(key)
        entry = None if at is None else self[at]
        return entry if isinstance(entry, Room) else None

    def rooms(self, account: str) -> list[Room]:
        """An account's rooms from top to bottom."""
        return self._orders[account].rooms() if account in self._orders else []

    def keyed(self) -> Iterator[tuple[str, Room]]:
        """All rooms from top to bottom, each with its account."""
        for account, order in self._orders.items():
            for room in order.rooms():
                yield account, room

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
        self._orders[account].reset(rooms)

    def remove(self, account: str) -> None:
        """Forget an account and its rooms; the list is to be laid out afresh."""
        self._lines.pop(account, None)
        self._orders.pop(account, None)

    def put(self, room: Room, account: str) -> list[Splice]:
        """Take a new room of an account, or what has become of a known one."""
        return self._shifted(account, self._orders[account].put(room))

    def drop(self, key: RoomKey) -> list[Splice]:
        """Forget a room."""
        return self._shifted(key.account, self._orders[key.account].drop(key.room_id))

    def hold(self, key: RoomKey) -> list[Splice]:
        """Keep this room where it is though it is read now; let the one that was held go where it belongs."""
        splices: list[Splice] = []
        for account, order in self._orders.items():
            splices += self._shifted(account, order.hold(key.room_id if account == key.account else ""))
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
