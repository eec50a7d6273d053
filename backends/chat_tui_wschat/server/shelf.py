"""The files that the server holds, who gets them, and what is to be done with their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from chat_tui_core.transfers import Receiving, Sending, chunk_count, window_of
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.state import Channel, Session, User
from chat_tui_wschat.server.storage import Loaded, PutDownload, PutFile

_RECIPIENTS: Final = 100
"""Recipients of one file that an answer names."""


class Shelved(StrEnum):
    """Where a file stands; only of an open and of a stored one bytes are kept."""

    OPEN = "open"
    STORED = "stored"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Fetched(StrEnum):
    """Where a download stands."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class SharedFile:
    """A file that somebody offered. `flow` counts its chunks in; `session` is the one that sends them now.

    `epoch` changes when chunks that were taken are given up; `checking`: all are here, the digest is being computed.
    """

    number: int
    upload: int
    channel: Channel
    pos: int
    owner: User
    device: str
    name: str
    digest: str
    ts: int
    flow: Receiving
    state: Shelved = Shelved.OPEN
    session: Session | None = None
    epoch: int = 0
    checking: bool = False
    downloads: dict[int, Download] = field(default_factory=dict)

    @property
    def fid(self) -> str:
        """Its name in frames."""
        return f"f{self.number}"

    @property
    def xid(self) -> str:
        """The upload's name in frames."""
        return f"x{self.upload}"

    @property
    def alive(self) -> bool:
        """Whether its bytes are kept."""
        return self.state in {Shelved.OPEN, Shelved.STORED}

    @property
    def chunks(self) -> int:
        """How many chunks it has."""
        return chunk_count(self.flow.size, self.flow.chunk)

    def recipients(self) -> list[dict[str, str | int]]:
        """Give the newest ways out of it, as answers name them."""
        newest = list(self.downloads.values())[-_RECIPIENTS:]
        return [
            {"xid": one.xid, "by": one.user.name, "state": one.state.value, "bytes": one.flow.done} for one in newest
        ]

    @property
    def row(self) -> PutFile:
        """It as it is stored."""
        return PutFile(
            self.number,
            self.upload,
            self.channel.number,
            self.pos,
            self.owner.number,
            self.device,
            self.name,
            self.flow.size,
            self.flow.chunk,
            self.digest,
            self.ts,
            self.flow.kept,
            self.state.value,
        )


@dataclass(slots=True, eq=False)
class Download:
    """One device gets one file. `flow` counts the chunks out; `told_at` is when the offerer last heard of it."""

    number: int
    file: SharedFile
    user: User
    device: str
    flow: Sending
    state: Fetched = Fetched.OPEN
    session: Session | None = None
    told_at: float = 0.0

    @property
    def xid(self) -> str:
        """Its name in frames."""
        return f"x{self.number}"

    @property
    def row(self) -> PutDownload:
        """It as it is stored."""
        return PutDownload(
            self.number, self.file.number, self.user.number, self.device, self.flow.kept, self.state.value
        )


@dataclass(frozen=True, slots=True)
class KeepChunk:
    """A chunk is to be made durable, unless its file's epoch is another one by then."""

    file: SharedFile
    epoch: int
    number: int
    offset: int
    body: bytes | memoryview = field(repr=False)


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of a file whose chunks are all there is to be computed."""

    file: SharedFile


Job = KeepChunk | Digest


class Shelf:
    """All files of one server. What is done to them is in rules_files and rules_chunks."""

    def __init__(self) -> None:
        self.files: dict[int, SharedFile] = {}
        self.uploads: dict[int, SharedFile] = {}
        self.downloads: dict[int, Download] = {}
        self.jobs: list[Job] = []
        self._last_file = 0
        self._last_way = 0
        self._bound: dict[Session, dict[SharedFile | Download, None]] = {}

    def load(self, loaded: Loaded, channels: Mapping[int, Channel], users: Mapping[int, User], limits: Limits) -> None:
        """Take over what is stored."""
        self._last_file, self._last_way = loaded.last_file, loaded.last_way
        for row in loaded.files:
            flow = Receiving(row.size, row.chunk, limits.window, row.stored, row.stored, row.stored)
            channel = channels.get(row.channel)
            if channel is None:
                continue
            self.add(
                SharedFile(
                    row.number,
                    row.upload,
                    channel,
                    row.pos,
                    users[row.owner],
                    row.device,
                    row.name,
                    row.digest,
                    row.ts,
                    flow,
                    Shelved(row.state),
                )
            )
        for stored in loaded.downloads:
            file = self.files.get(stored.file)
            if file is not None:
                size, chunk = file.flow.size, file.flow.chunk
                out = Sending(size, chunk, window_of(chunk, limits.window), stored.acked, stored.acked)
                user = users[stored.user]
                self.fetch(Download(stored.number, file, user, stored.device, out, Fetched(stored.state)))

    # ------------------------------------------------------------ what is there

    def next_file(self) -> int:
        """A number that no file had."""
        self._last_file += 1
        return self._last_file

    def next_way(self) -> int:
        """A number that no upload or download had."""
        self._last_way += 1
        return self._last_way

    def add(self, file: SharedFile) -> None:
        """Enter a file."""
        self.files[file.number] = self.uploads[file.upload] = file

    def fetch(self, download: Download) -> None:
        """Enter a download."""
        self.downloads[download.number] = download.file.downloads[download.number] = download

    def forget(self, file: SharedFile) -> None:
        """Drop a file and its downloads."""
        self.files.pop(file.number, None)
        self.uploads.pop(file.upload, None)
        for number in file.downloads:
            self.downloads.pop(number, None)

    def held_by(self, user: User) -> int:
        """Bytes of this user's files, those included that are still to come."""
        return sum(file.flow.size for file in self.files.values() if file.owner is user and file.alive)

    def count_of(self, user: User) -> int:
        """How many of this user's files are kept."""
        return sum(1 for file in self.files.values() if file.owner is user and file.alive)

    def moving(self, user: User) -> int:
        """How many files this user sends and receives now."""
        sent = sum(1 for file in self.files.values() if file.owner is user and file.state is Shelved.OPEN)
        return sent + sum(
            1 for one in self.downloads.values() if one.user is user and one.state is Fetched.OPEN and one.file.alive
        )

    # ------------------------------------------------------------ which session a way belongs to

    def bind(self, way: SharedFile | Download, session: Session) -> None:
        """From now on this session sends or gets the chunks."""
        if way.session is not None:
            self.unbind_one(way)
        way.session = session
        self._bound.setdefault(session, {})[way] = None

    def unbind_one(self, way: SharedFile | Download) -> None:
        """No session sends or gets its chunks now."""
        if way.session is not None:
            bound = self._bound.get(way.session, {})
            bound.pop(way, None)
            if not bound:
                self._bound.pop(way.session, None)
            way.session = None

    def unbind(self, session: Session) -> None:
        """A session has lost its socket: what it sends and gets must be resumed."""
        for way in self._bound.pop(session, {}):
            way.session = None

    def take_jobs(self) -> list[Job]:
        """What is to be done with bytes since the last call."""
        jobs, self.jobs = self.jobs, []
        return jobs
