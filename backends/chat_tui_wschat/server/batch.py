"""What the rules hand to the shell: writes, reads, and the frames that go out once those are done."""

from __future__ import annotations

from dataclasses import dataclass, field

from chat_tui_wschat.server.outgoing import Frame
from chat_tui_wschat.server.state import Socket
from chat_tui_wschat.server.storage import Read, Write


@dataclass(frozen=True, slots=True)
class Load:
    """A frame that came in and is to be looked at again once the batch's read number `read` has found the item."""

    socket: Socket
    data: str | bytes = field(repr=False)
    channel: int
    pos: int
    read: int


@dataclass(slots=True)
class Batch:
    """Everything that happened since the batch before.

    `frames` are each socket's, in order; they may leave only after the writes are durable. `asked` names the
    commands (socket, verb, id) that these writes answer, for the case that they fail. `drops` are the files whose
    bytes can go once the writes are durable.
    """

    number: int
    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    frames: list[tuple[Socket, list[Frame]]] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    asked: list[tuple[Socket, str, int | None]] = field(default_factory=list)
    drops: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """A password to be checked against `stored`, or to be hashed for a new account when `register` is set.

    The shell does it, because it takes long on purpose; `stored` is "" where there is nothing to check against,
    and the work is the same then (wschat 3.13).
    """

    socket: Socket
    password: str = field(repr=False)
    stored: str = field(repr=False)
    register: bool
