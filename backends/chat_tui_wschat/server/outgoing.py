"""What may be put into a socket's queue: text, chunks of files, the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chat_tui_wschat.server.storage import Result


@dataclass(frozen=True, slots=True)
class Close:
    """The socket is to be closed after what was sent before, with a code of wschat 3.7."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """A frame whose text hangs on what the batch's read number `read` finds."""

    read: int
    write: Callable[[Result], str]


@dataclass(frozen=True, slots=True)
class Feed:
    """A chunk of a file is to be sent: behind the frames before it, and behind every text frame that waits."""

    xid: str
    file: int
    number: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Halt:
    """No chunk of this way that was to be sent before leaves any more."""

    xid: str


Frame = str | Close | Later | Feed | Halt

Outgoing = str | Close | Feed | Halt
"""What a socket gets once the reads are answered."""
