"""What a wschat core and its shell say to each other: open, send, close; opened, message, closed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Open:
    """Open a WebSocket to this address; the answer is Opened or OpenFailed."""

    url: str


@dataclass(frozen=True, slots=True)
class Send:
    """Send one WebSocket message: str as a text message, bytes as a binary one. It may hold a token: never log it."""

    message: str | bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CloseSocket:
    """Close the socket; from now on the core is told nothing more of this socket, not even that it closed."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class SendChunk:
    """Read these bytes of a transfer and send them as this chunk, behind every message that waits."""

    transfer: int
    xid: str
    number: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class DropChunks:
    """No chunk of this transfer that was to be sent leaves any more."""

    transfer: int


@dataclass(frozen=True, slots=True)
class KeepChunk:
    """Bytes of a transfer came."""

    transfer: int
    offset: int
    data: bytes | memoryview = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """The WebSocket handshake is done."""


@dataclass(frozen=True, slots=True)
class Message:
    """One WebSocket message came in."""

    data: str | bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The socket is closed, by the other side or by a fault (1006); `reason` is the server's text or ours."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OpenFailed:
    """No WebSocket could be opened; `reason` is for people. `fatal`: trying again cannot help."""

    reason: str
    fatal: bool = False


Out = Open | Send | CloseSocket | SendChunk | DropChunks | KeepChunk
"""What the shell must do."""

In = Opened | Message | Closed | OpenFailed
"""What the shell met."""
