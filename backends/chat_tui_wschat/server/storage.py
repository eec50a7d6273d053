"""What the server keeps for ever: the writes and reads of a batch, and what a storage engine must do with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

# ---------------------------------------------------------------- writes


@dataclass(frozen=True, slots=True)
class PutUser:
    """A user is new or has another password hash; "" = no password opens this account."""

    number: int
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PutToken:
    """A device's token, as its SHA-256; it takes the place of that device's older one."""

    digest: bytes = field(repr=False)
    user: int
    device: str
    ts: int


@dataclass(frozen=True, slots=True)
class DropTokens:
    """A user's tokens are no longer good: those of one device, or of all when `device` is ""."""

    user: int
    device: str = ""


@dataclass(frozen=True, slots=True)
class PutChannel:
    """A channel is new, or its topic changed. `base`: the last position before its first; `creator` 0 = nobody."""

    number: int
    name: str
    topic: str
    creator: int
    private: bool
    locked: bool
    base: int


@dataclass(frozen=True, slots=True)
class DropChannel:
    """A channel is deleted with all that belongs to it; its number and its last position stay for ever."""

    number: int
    head: int


@dataclass(frozen=True, slots=True)
class PutMember:
    """A user is in a channel."""

    channel: int
    user: int


@dataclass(frozen=True, slots=True)
class DropMember:
    """A user is no longer in a channel."""

    channel: int
    user: int


@dataclass(frozen=True, slots=True)
class PutInvite:
    """A user may join a private channel."""

    channel: int
    user: int


@dataclass(frozen=True, slots=True)
class DropInvite:
    """An invitation was used."""

    channel: int
    user: int


@dataclass(frozen=True, slots=True)
class PutRead:
    """How far a user has read; kept when the user leaves."""

    channel: int
    user: int
    pos: int


@dataclass(frozen=True, slots=True)
class Append:
    """The next item of a channel's timeline: `pos` is one above the channel's last, or the engine refuses.

    `body` is the item's JSON as HISTORY gives it; `spoken` says that it counts as unread.
    """

    channel: int
    pos: int
    author: int
    spoken: bool
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Replace:
    """An item that exists has changed; its position and author stay."""

    channel: int
    pos: int
    spoken: bool
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settle:
    """A device's action id is settled, with this reply.

    The id now lies in the range low..high, which takes the place of the ranges that begin at `absorbed`.
    """

    user: int
    device: str
    id: int
    digest: bytes
    reply: str = field(repr=False)
    ts: int
    low: int
    high: int
    absorbed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ForgetReplies:
    """A device's replies from before `ts` may go, except for its `keep` highest ids."""

    user: int
    device: str
    ts: int
    keep: int


@dataclass(frozen=True, slots=True)
class PutFile:
    """A file is new, has more chunks, or has ended. `stored` chunks are in the ChunkStore; `state` as in shelf.State.

    `upload` is the number of the way that its chunks come on; no number of a file or way is ever given again.
    """

    number: int
    upload: int
    channel: int
    pos: int
    owner: int
    device: str
    name: str
    size: int
    chunk: int
    digest: str
    ts: int
    stored: int
    state: str


@dataclass(frozen=True, slots=True)
class PutDownload:
    """A device gets a file, has more of it, or has come to an end with it."""

    number: int
    file: int
    user: int
    device: str
    acked: int
    state: str


@dataclass(frozen=True, slots=True)
class DropFile:
    """A file is forgotten, with all its downloads."""

    number: int


Write = (
    PutUser
    | PutToken
    | DropTokens
    | PutChannel
    | DropChannel
    | PutMember
    | DropMember
    | PutInvite
    | DropInvite
    | PutRead
    | Append
    | Replace
    | Settle
    | ForgetReplies
    | PutFile
    | PutDownload
    | DropFile
)


# ---------------------------------------------------------------- reads


@dataclass(frozen=True, slots=True)
class ReadItems:
    """A channel's items low..high, both included; answered with their JSON bodies, ascending."""

    channel: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ReadReply:
    """The reply to a settled id; answered with (digest, reply), or None when it is forgotten."""

    user: int
    device: str
    id: int


Read = ReadItems | ReadReply
Result = list[str] | tuple[bytes, str] | None


# ---------------------------------------------------------------- what is loaded at the start


@dataclass(frozen=True, slots=True)
class StoredChannel:
    """A channel as stored. `tail`: (pos, author) of the newest items, author 0 where nothing was spoken, ascending.

    `last` is the newest spoken item's JSON or "". A deleted channel is not `alive`; its `head` is what counts.
    """

    number: int
    name: str
    topic: str
    creator: int
    private: bool
    locked: bool
    base: int
    head: int
    alive: bool
    tail: tuple[tuple[int, int], ...] = ()
    last: str = ""


@dataclass(slots=True)
class Loaded:
    """Everything that the rules keep in memory. Users are named by number except in `users`."""

    users: list[PutUser] = field(default_factory=list)
    tokens: list[PutToken] = field(default_factory=list)
    channels: list[StoredChannel] = field(default_factory=list)
    members: list[PutMember] = field(default_factory=list)
    invites: list[PutInvite] = field(default_factory=list)
    reads: list[PutRead] = field(default_factory=list)
    settled: list[tuple[int, str, int, int]] = field(default_factory=list)
    """(user, device, low, high) of settled action ids, ascending for each device."""
    files: list[PutFile] = field(default_factory=list)
    downloads: list[PutDownload] = field(default_factory=list)
    last_file: int = 0
    """The highest number that a file ever had."""
    last_way: int = 0
    """The highest number that an upload or download ever had."""


class ChunkStore(Protocol):
    """Where the bytes of files are. Safe to call from several threads, for one file from one at a time."""

    def keep(self, file: int, offset: int, parts: Sequence[bytes | memoryview]) -> None:
        """Write these bytes at `offset` and make them durable, before it returns; twice the same is once.

        Raises:
            OSError: nothing from `offset` on counts as written.
        """

    def read(self, file: int, offset: int, length: int) -> bytes:
        """Give bytes that were kept; fewer where there are no more.

        Raises:
            OSError: also when the file was dropped.
        """

    def digest(self, file: int, size: int) -> str:
        """Give the SHA-256 of the first `size` bytes in hex.

        Raises:
            OSError: they cannot be read.
        """

    def drop(self, file: int) -> None:
        """Forget a file's bytes; one that is not there is forgotten already."""

    def tidy(self, alive: Collection[int]) -> None:
        """Forget the bytes of all files but these."""


class Store(Protocol):
    """A storage engine. All calls but those of `chunks` come from one thread, one after the other."""

    chunks: ChunkStore

    def load(self, tail: int) -> Loaded:
        """Give everything but the items; of those only the newest `tail` of each channel, and no text but the last.

        Raises:
            StoreError: when the data cannot be read.
        """

    def commit(self, writes: Sequence[Write], reads: Sequence[Read]) -> list[Result]:
        """Make all writes durable, or none; then answer the reads, in their order.

        Raises:
            StoreError: when the writes did not become durable, or a read failed. The engine is then closed for good.
        """

    def close(self) -> None:
        """Release the files; everything committed stays."""
