"""The values that stand for frames of wschat-ie/1, one class a sort of frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Command:
    """A text or CHAT frame from client to server.

    Attributes:
        verb: the first word, such as "MSG".
        args: the fixed words in their order; numbers as int. "AUTH" and "FILE" have their second word first, as in
            ``("OFFER", "general")``. The bound of ``HISTORY general LATEST * 50`` is the string "*":
            ``("general", "LATEST", "*", 50)``.
        text: what the grammar calls rest or mtext: a message, topic, reason or password; None when absent.
        body: the octets of CHAT.
        data: the JSON object of CREATE and FILE OFFER; None when absent. An empty optional object is absent.
        id: the action id, 1..2**53-1.
    """

    verb: str
    args: tuple[str | int, ...] = ()
    text: str | None = None
    body: bytes | None = None
    data: Mapping[str, Any] | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Hello:
    """The server's first frame: its protocol ("wschat-ie/1") and what it offers (wschat 3.2)."""

    proto: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Confirm:
    """The answer to a command that was carried out.

    Attributes:
        verb: the command's verb.
        words: what follows it up to the JSON; ``("OFFER", "f12")`` in ``CONFIRM FILE OFFER f12 {...}``.
        data: the JSON object; None when absent or empty.
        id: the command's action id.
        dup: the answer had been given before (wschat 3.5).
    """

    verb: str
    words: tuple[str, ...] = ()
    data: Mapping[str, Any] | None = None
    id: int | None = None
    dup: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """An ERROR frame: the answer to a command that changed nothing.

    Attributes:
        code: one of wschat 3.7, or one that is not known yet.
        verb: the command's verb, or "*".
        text: for people; "" when the frame has none.
        id: the command's action id.
        retry: seconds to wait before the same id may be tried again; None when absent or not a number >= 0.
        dup: the answer had been given before (wschat 3.5).
    """

    code: str
    verb: str
    text: str = ""
    id: int | None = None
    retry: float | None = None
    dup: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        type: the event type, known or not.
        action: what happened, known or not.
        resource: the channel, user, session or file it happened to.
        data: the JSON object; empty when absent, which means the same (wschat 1, trap 2).
        seq: the session's number of this event, None for unsequenced events.
        id: the action id that caused it, in the session it came from only.
    """

    type: str
    action: str
    resource: str
    data: Mapping[str, Any] = field(default_factory=dict)
    seq: int | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """The server asks for a sign of life; from a client it is a Command."""

    num: int


@dataclass(frozen=True, slots=True)
class Pong:
    """The server's answer to a PING; from a client it is a Command."""

    num: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of a file, in either direction (wschat 3.9): ``num`` counts from 1; 0 = the sender gave up, no body."""

    xid: str
    num: int
    body: bytes | memoryview


Reply = Hello | Confirm | Failure | Event | Ping | Pong | Chunk
"""What a server says."""
