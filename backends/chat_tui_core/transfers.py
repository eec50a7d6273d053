"""What becomes of a file on its way: one table; which bytes go next, and which are taken.

The states are those of S3, for either direction. Nothing takes back how a transfer ended. Who sends keeps at most a
window of chunks beyond the last one that the other side has said to be durable; who receives says so only when it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chat_tui_core.errors import IllegalTransition
from chat_tui_core.values import frozen, slotted


class Direction(StrEnum):
    """Which way a file goes, as seen from this device."""

    OUT = "out"
    IN = "in"


class State(StrEnum):
    """Where a transfer stands."""

    NEW = "new"
    ACCEPTED = "accepted"
    CONNECTED = "connected"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Cause(StrEnum):
    """What can happen to a transfer."""

    ACCEPTED = "accepted"  # out: the server took the offer; in: the person wants the file
    MOVED = "moved"  # bytes became durable where they go
    LOST = "lost"  # the connection broke, or one side has to wait: goes on later from what is durable
    FINISHED = "finished"  # every byte is there, and size and digest hold
    CANCELLED = "cancelled"  # one of the two does not want it any more
    FAILED = "failed"  # it cannot come to a good end


_ENDED_ANYWAY: Final = (Cause.ACCEPTED, Cause.MOVED, Cause.LOST, Cause.FINISHED)

#: State -> cause -> next state. A missing pair is illegal: it raises and changes nothing.
TRANSITIONS: Final[Mapping[State, Mapping[Cause, State]]] = MappingProxyType(
    {
        State.NEW: MappingProxyType(
            {
                Cause.ACCEPTED: State.ACCEPTED,
                Cause.LOST: State.NEW,
                Cause.CANCELLED: State.CANCELLED,
                Cause.FAILED: State.FAILED,
            }
        ),
        State.ACCEPTED: MappingProxyType(
            {
                Cause.ACCEPTED: State.ACCEPTED,
                Cause.MOVED: State.CONNECTED,
                Cause.LOST: State.ACCEPTED,
                Cause.FINISHED: State.COMPLETE,
                Cause.CANCELLED: State.CANCELLED,
                Cause.FAILED: State.FAILED,
            }
        ),
        State.CONNECTED: MappingProxyType(
            {
                Cause.ACCEPTED: State.CONNECTED,
                Cause.MOVED: State.CONNECTED,
                Cause.LOST: State.ACCEPTED,
                Cause.FINISHED: State.COMPLETE,
                Cause.CANCELLED: State.CANCELLED,
                Cause.FAILED: State.FAILED,
            }
        ),
        State.COMPLETE: MappingProxyType(dict.fromkeys(_ENDED_ANYWAY, State.COMPLETE)),
        State.CANCELLED: MappingProxyType(dict.fromkeys(_ENDED_ANYWAY, State.CANCELLED)),
        State.FAILED: MappingProxyType(dict.fromkeys(_ENDED_ANYWAY, State.FAILED)),
    }
)

#: What a line shows for a state, never by colour alone.
MARKS: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.NEW: "…",
        State.ACCEPTED: "→",
        State.CONNECTED: "⇄",
        State.COMPLETE: "✓",
        State.CANCELLED: "⊘",
        State.FAILED: "✗",
    }
)

#: States that nothing takes back.
ENDED: Final = frozenset({State.COMPLETE, State.CANCELLED, State.FAILED})

#: Bytes that are on their way at most beyond the last durable one, however many chunks the window allows.
WINDOW_BYTES: Final = 4 << 20

#: How many files move at once in each direction; the others wait for their turn.
AT_ONCE: Final = 3


def after(state: State, cause: Cause) -> State:
    """The state that follows; raises IllegalTransition where the table has no such step."""
    try:
        return TRANSITIONS[state][cause]
    except KeyError:
        raise IllegalTransition(f"A file that is {state} cannot be {cause}.") from None


@frozen
class Recipient:
    """One who gets a file of ours, with their own progress. `ticket` is the backend's name of this one way."""

    ticket: str
    user: str
    state: State = State.ACCEPTED
    done: int = 0
    reason: str = ""


@frozen
class Transfer:
    """One file on its way to or from this device, as it is stored and shown. Times are milliseconds since 1970.

    `id` is taken from the action ids of the device, and is never used again. `size` is -1 where nobody has told it.
    `done` counts the bytes that are durable where they go. `path`: the source, or where the file is to be; of one that
    did not become complete its `.part`, where there is one. `ref` names the file at the backend, `ticket` this one way of it;
    `thread` is the event that the thread began with into which it is sent. `memo` is the backend's own. `stamp` tells the files on this disk apart from others of their name. `asked`: the
    offer may have left. `tell` is how it ended, as long as the server does not know (file_news.Ending). `reason` says why.
    """

    id: int
    direction: Direction
    room_id: str
    name: str
    size: int
    state: State = State.NEW
    done: int = 0
    digest: str = ""
    mime: str = ""
    sender: str = ""
    event_id: str = ""
    path: str = ""
    ref: str = ""
    ticket: str = ""
    memo: str = ""
    stamp: str = ""
    asked: bool = False
    tell: str = ""
    reason: str = ""
    created_at: int = 0
    ended_at: int = 0
    recipients: tuple[Recipient, ...] = ()
    thread: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state not in ENDED

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do: it has ended, the server knows, and the name of what did not come is free."""
        held = self.direction is Direction.IN and self.state is not State.COMPLETE and bool(self.stamp)
        return not (self.is_open or self.tell or held)

    @property
    def wants_to_move(self) -> bool:
        """Whether it goes on by itself: everything open but an offer that nobody has accepted here."""
        return self.is_open and not (self.direction is Direction.IN and self.state is State.NEW)

    @property
    def percent(self) -> int:
        """How much of it is done, 0 to 100; 100 only when it is complete."""
        if self.state is State.COMPLETE:
            return 100
        return min(99, self.done * 100 // self.size) if self.size > 0 else 0


def next_to_move(transfers: Iterable[Transfer], waiting: Collection[int], most: int = AT_ONCE) -> list[Transfer]:
    """Which transfers move now: the oldest of each direction, at most `most`; `waiting` ones leave their turn to others."""
    left = dict.fromkeys(Direction, most)
    moving = []
    for transfer in sorted(transfers, key=lambda one: one.id):
        if transfer.wants_to_move and transfer.id not in waiting and left[transfer.direction]:
            left[transfer.direction] -= 1
            moving.append(transfer)
    return moving


# ---------------------------------------------------------------- chunks


def chunk_count(size: int, chunk: int) -> int:
    """How many chunks a file has: at least one, which is empty when the file is."""
    return max(1, -(-size // chunk))


def chunk_length(size: int, chunk: int, number: int) -> int:
    """Bytes of the chunk with this number, from 1: all are `chunk` long but the last."""
    return min(chunk, size - (number - 1) * chunk)


def window_of(chunk: int, most: int) -> int:
    """How many chunks may be on their way: `most`, as far as that is no more than WINDOW_BYTES; always one."""
    return max(1, min(most, WINDOW_BYTES // chunk))


def chunks_within(size: int, chunk: int, done: int) -> int:
    """How many whole chunks the first `done` bytes are."""
    return chunk_count(size, chunk) if done >= size else done // chunk


@slotted
class Sending:
    """Which chunks leave next: those after the last one that left, at most `window` beyond the last durable one."""

    size: int
    chunk: int
    window: int
    kept: int = 0
    sent: int = 0

    def go_on_from(self, number: int) -> None:
        """The other side wants this chunk next: everything before it is durable there."""
        self.kept = self.sent = max(0, min(number - 1, chunk_count(self.size, self.chunk)))

    def take_due(self, stored: int | None = None) -> range:
        """The numbers of the chunks that leave now; `stored`: only so many are here yet, None = all."""
        last = min(chunk_count(self.size, self.chunk) if stored is None else stored, self.kept + self.window)
        due = range(self.sent + 1, last + 1)
        self.sent = max(self.sent, last)
        return due

    def acknowledge(self, number: int) -> bool:
        """Chunks up to this one are durable at the other side; False when that is no news, or cannot be."""
        if not self.kept < number <= self.sent:
            return False
        self.kept = number
        return True

    @property
    def done(self) -> int:
        """Bytes that are durable at the other side."""
        return min(self.size, self.kept * self.chunk)

    @property
    def all_kept(self) -> bool:
        """Whether the other side has every chunk."""
        return self.kept == chunk_count(self.size, self.chunk)


class Take(StrEnum):
    """What is to be done with a chunk that came."""

    KEEP = "keep"
    AGAIN = "again"  # it is here already: acknowledge again, write nothing
    WRONG = "wrong"  # no such chunk, not this long, not its turn


@slotted
class Receiving:
    """Which chunks are taken: the next one only. `taken` are handed on to be stored, `kept` are durable.

    `known` is what the sender knows to be taken, though it may not be durable yet: its window counts from there.
    """

    size: int
    chunk: int
    window: int
    kept: int = 0
    taken: int = 0
    known: int = 0

    def go_on_from(self, number: int) -> None:
        """Chunks before this one are durable; what was handed on beyond them is forgotten."""
        self.kept = self.taken = self.known = number - 1

    def resume(self) -> int:
        """Which chunk a sender is to go on with; those that are being stored need not come again."""
        self.known = self.taken
        return self.taken + 1

    def take(self, number: int, length: int) -> Take:
        """Decide over a chunk by its number and its bytes."""
        if not 0 < number <= chunk_count(self.size, self.chunk) or length != chunk_length(
            self.size, self.chunk, number
        ):
            return Take.WRONG
        if number <= self.taken:
            return Take.AGAIN
        if number > self.taken + 1 or number > max(self.kept, self.known) + self.window:
            return Take.WRONG
        self.taken = number
        return Take.KEEP

    def keep(self, number: int) -> bool:
        """Chunks up to this one are durable; False when that is no news."""
        if not self.kept < number <= self.taken:
            return False
        self.kept = number
        return True

    @property
    def done(self) -> int:
        """Bytes that are durable here."""
        return min(self.size, self.kept * self.chunk)

    @property
    def all_kept(self) -> bool:
        """Whether every chunk is durable here."""
        return self.kept == chunk_count(self.size, self.chunk)
