"""What a session and a backend tell each other about files: orders, news, and how the bytes pass between them.

A connection that can carry files is a FileCarrier. The session gives it orders only while the link is ONLINE; when
that breaks, the backend forgets all of them, and the session gives them again, from what is durable. Bytes are never
news. The backend's shell reads what it sends from `FileBytes`, piece by piece as its window allows, and writes there
what it got; the session answers with KeptFile once that is on the disk. So a file is never in memory, and chat does
not wait for disks.

    out   OfferFile -> FileTaken -> [read … FileMoved] -> FileDone         ResumeFile -> FileTaken -> …
    in    AcceptFile -> FileTaken -> [write … KeptFile] -> EndFile(DONE) -> FileTold
    both  EndFile(CANCELLED …) -> FileTold         FileEnded: the other side, or the server, has ended it
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, runtime_checkable

from chat_tui_core.model import FileInfo
from chat_tui_core.transfers import State
from chat_tui_core.values import frozen

# ---------------------------------------------------------------- orders: session -> backend


@frozen
class OfferFile:
    """Offer a file to a room and send it. `transfer` doubles as the action id: offering twice is offering once.

    `thread` is the event that the thread began with in which it is to be, only with Capability.THREADS.
    """

    transfer: int
    room_id: str
    name: str
    size: int
    digest: str
    mime: str = ""
    thread: str = ""


@frozen
class ResumeFile:
    """Go on sending a file that was offered before; `ref`, `ticket` and `memo` are what FileTaken gave."""

    transfer: int
    ref: str
    ticket: str
    size: int
    memo: str = ""


@frozen
class AcceptFile:
    """Bring a file's bytes from `done` on; `size` is -1 where nobody has told it. The rest is what is known of it."""

    transfer: int
    room_id: str
    ref: str
    size: int
    done: int = 0
    ticket: str = ""
    memo: str = ""


@frozen
class KeptFile:
    """The first `done` bytes are durable here: the backend may say so to the server."""

    transfer: int
    done: int


@frozen
class PauseFile:
    """Let no more bytes of it flow until the next order; the server need not hear of it."""

    transfer: int


class Ending(StrEnum):
    """How this side ends a transfer."""

    DONE = "done"
    CANCELLED = "cancelled"
    DIGEST = "digest"  # everything came, and is not what was offered
    SIZE = "size"
    IO = "io"


@frozen
class EndFile:
    """Tell the server how it ended, until FileTold; with a `recipient` (their ticket), only for that one."""

    transfer: int
    ref: str
    ticket: str
    ending: Ending
    text: str = ""
    recipient: str = ""


FileOrder = OfferFile | ResumeFile | AcceptFile | KeptFile | PauseFile | EndFile


@runtime_checkable
class FileCarrier(Protocol):
    """A contract.Connection of a backend with Capability.FILES."""

    def order(self, order: FileOrder) -> None:
        """Take an order. Called only while the link is ONLINE; answered by news, and forgotten when the link breaks."""


# ---------------------------------------------------------------- news: backend -> session


@frozen
class FileOffered:
    """Somebody offers a file to a room; `file.size` is its true size in bytes, also when that is 0."""

    room_id: str
    event_id: str
    sender: str
    file: FileInfo


@frozen
class OffersListed:
    """The server has told of every file that it would give out now: other offers that nobody has accepted are over."""

    refs: frozenset[str]


@frozen
class FileTaken:
    """The order to offer, to resume or to accept was taken: bytes flow from `done` on.

    `size` is told where the backend knows it; an offer that said otherwise is broken.
    """

    transfer: int
    ref: str = ""
    ticket: str = ""
    memo: str = ""
    event_id: str = ""
    done: int = 0
    size: int = -1


@frozen
class FileMoved:
    """Of a file that is sent, the first `done` bytes are durable at the server. Often, but not for each chunk."""

    transfer: int
    done: int


@frozen
class FileDone:
    """A file that is sent is with the server, whole; one that is received has come to its end, at `size` bytes.

    Named by its transfer, or by `ref` where the backend does not know that any more.
    """

    transfer: int = 0
    ref: str = ""
    size: int = -1


@frozen
class FileEnded:
    """The other side, or the server, has ended it: all ways of the file, or the one with this ticket."""

    ref: str
    ticket: str
    state: State
    by: str = ""
    reason: str = ""


@frozen
class RecipientMoved:
    """Somebody gets our file: has accepted it, has more of it (`done`; -1 = not told), or all of it."""

    ref: str
    ticket: str
    user: str
    state: State
    done: int = -1


@frozen
class FileTold:
    """The server has heard how this side ended the transfer."""

    transfer: int


@frozen
class FileRefused:
    """A definite no to an order. `gone`: the other side has ended the file, or the server no longer has it."""

    transfer: int
    code: str
    text: str
    gone: bool = False


@frozen
class FileStopped:
    """The server cannot go on now; the session gives the order again after `seconds`."""

    transfer: int
    seconds: float
    text: str


FileNews = (
    FileOffered
    | OffersListed
    | FileTaken
    | FileMoved
    | FileDone
    | FileEnded
    | RecipientMoved
    | FileTold
    | FileRefused
    | FileStopped
)


# ---------------------------------------------------------------- bytes


class FileBytes(Protocol):
    """A session's disk, as it lends it to a backend's shell (contract.Surroundings). On the session's loop only."""

    async def read(self, transfer: int, offset: int, length: int) -> bytes:
        """Exactly these bytes of a file that is sent; `length` of some hundred kilobytes is best.

        Raises FileTrouble when that does not work now; the session deals with it, the shell only stops.
        """

    def write(self, transfer: int, offset: int, data: bytes | memoryview) -> None:
        """Take bytes that came, in order. Whoever has no window of its own awaits `room` first.

        What cannot be stored is dropped, and PauseFile follows.
        """

    async def room(self, transfer: int) -> None:
        """Wait until little of what was written still waits for the disk. Raises FileTrouble as `read` does."""
