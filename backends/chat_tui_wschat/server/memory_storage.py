"""The storage engine that keeps nothing: tests and the demo."""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from chat_tui_core.errors import StoreError
from chat_tui_wschat.server.storage import (
    Append,
    ChunkStore,
    DropChannel,
    DropFile,
    DropInvite,
    DropMember,
    DropTokens,
    ForgetReplies,
    Loaded,
    PutChannel,
    PutDownload,
    PutFile,
    PutInvite,
    PutMember,
    PutRead,
    PutToken,
    PutUser,
    Read,
    ReadItems,
    Replace,
    Result,
    Settle,
    StoredChannel,
    Write,
)

MOST_BYTES: Final = 256 * 1024 * 1024
"""Bytes of files that are held in memory at once."""


@dataclass(slots=True)
class _Timeline:
    """One channel and its items; `items[n]` stands at position base + 1 + n."""

    row: PutChannel
    alive: bool = True
    head: int = 0
    items: list[Append] = field(default_factory=list)


class MemoryChunks:
    """A `ChunkStore` that holds at most `most` bytes."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._files: dict[int, bytearray] = {}
        self._most = most

    def keep(self, file: int, offset: int, parts: Sequence[bytes | memoryview]) -> None:
        """See ChunkStore.keep."""
        held = sum(map(len, self._files.values()))
        if held + sum(map(len, parts)) > self._most:
            raise OSError(errno.ENOSPC, "The memory for files is used up")
        body = self._files.setdefault(file, bytearray())
        body[offset:] = b"".join(parts)

    def read(self, file: int, offset: int, length: int) -> bytes:
        """See ChunkStore.read."""
        if file not in self._files:
            raise OSError(errno.ENOENT, "There is no such file")
        return bytes(self._files[file][offset : offset + length])

    def digest(self, file: int, size: int) -> str:
        """See ChunkStore.digest."""
        return sha256(self.read(file, 0, size)).hexdigest()

    def drop(self, file: int) -> None:
        """See ChunkStore.drop."""
        self._files.pop(file, None)

    def tidy(self, alive: Collection[int]) -> None:
        """See ChunkStore.tidy."""
        self._files = {file: body for file, body in self._files.items() if file in alive}


class MemoryStorage:
    """A `Store` that lives as long as its object."""

    def __init__(self) -> None:
        self._users: dict[int, PutUser] = {}
        self._tokens: dict[tuple[int, str], PutToken] = {}
        self._channels: dict[int, _Timeline] = {}
        self._members: dict[tuple[int, int], PutMember] = {}
        self._invites: dict[tuple[int, int], PutInvite] = {}
        self._reads: dict[tuple[int, int], PutRead] = {}
        self._settled: dict[tuple[int, str], dict[int, int]] = {}
        self._replies: dict[tuple[int, str], dict[int, Settle]] = {}
        self._files: dict[int, PutFile] = {}
        self._downloads: dict[int, PutDownload] = {}
        self._last_file = self._last_way = 0
        self.chunks: ChunkStore = MemoryChunks()
        self._writers: dict[type[Any], Callable[[Any], object]] = {
            PutUser: lambda row: self._users.__setitem__(row.number, row),
            PutToken: lambda row: self._tokens.__setitem__((row.user, row.device), row),
            DropTokens: self._drop_tokens,
            PutChannel: self._put_channel,
            DropChannel: self._drop_channel,
            PutMember: lambda row: self._members.__setitem__((row.channel, row.user), row),
            DropMember: lambda row: self._members.pop((row.channel, row.user), None),
            PutInvite: lambda row: self._invites.__setitem__((row.channel, row.user), row),
            DropInvite: lambda row: self._invites.pop((row.channel, row.user), None),
            PutRead: lambda row: self._reads.__setitem__((row.channel, row.user), row),
            Append: self._append,
            Replace: self._replace,
            Settle: self._settle,
            ForgetReplies: self._forget,
            PutFile: self._put_file,
            PutDownload: self._put_download,
            DropFile: self._drop_file,
        }

    def load(self, tail: int) -> Loaded:
        """See Store.load."""
        return Loaded(
            users=list(self._users.values()),
            tokens=list(self._tokens.values()),
            channels=[self._stored(line, tail) for line in self._channels.values()],
            members=list(self._members.values()),
            invites=list(self._invites.values()),
            reads=list(self._reads.values()),
            settled=[
                (user, device, low, high)
                for (user, device), ranges in self._settled.items()
                for low, high in sorted(ranges.items())
            ],
            files=list(self._files.values()),
            downloads=list(self._downloads.values()),
            last_file=self._last_file,
            last_way=self._last_way,
        )

    def commit(self, writes: Sequence[Write], reads: Sequence[Read]) -> list[Result]:
        """See Store.commit."""
        for write in writes:
            self._writers[type(write)](write)
        return [self._read(read) for read in reads]

    def close(self) -> None:
        """See Store.close."""

    @staticmethod
    def _stored(line: _Timeline, tail: int) -> StoredChannel:
        row = line.row
        newest = line.items[-tail:] if tail else []
        last = next((item.body for item in reversed(line.items) if item.spoken), "")
        return StoredChannel(
            row.number,
            row.name,
            row.topic,
            row.creator,
            row.private,
            row.locked,
            row.base,
            line.head,
            line.alive,
            tuple((item.pos, item.author if item.spoken else 0) for item in newest),
            last,
        )

    def _drop_tokens(self, row: DropTokens) -> None:
        for user, device in list(self._tokens):
            if user == row.user and row.device in {"", device}:
                del self._tokens[user, device]

    def _put_channel(self, row: PutChannel) -> None:
        line = self._channels.get(row.number)
        if line is None or not line.alive:
            self._channels[row.number] = _Timeline(row, head=row.base)
        else:
            line.row = row

    def _drop_channel(self, row: DropChannel) -> None:
        line = self._channels[row.number]
        line.items, line.alive, line.head = [], False, row.head
        line.row = replace(line.row, base=row.head)
        self._members = {key: value for key, value in self._members.items() if key[0] != row.number}
        self._invites = {key: value for key, value in self._invites.items() if key[0] != row.number}
        self._reads = {key: value for key, value in self._reads.items() if key[0] != row.number}

    def _append(self, row: Append) -> None:
        line = self._channels[row.channel]
        if row.pos != line.head + 1:
            raise StoreError(f"Channel {row.channel} goes on at {line.head + 1}, not at {row.pos}.")
        line.items.append(row)
        line.head = row.pos

    def _replace(self, row: Replace) -> None:
        line = self._channels[row.channel]
        index = row.pos - line.row.base - 1
        line.items[index] = replace(line.items[index], spoken=row.spoken, body=row.body)

    def _settle(self, row: Settle) -> None:
        ranges = self._settled.setdefault((row.user, row.device), {})
        for low in row.absorbed:
            ranges.pop(low, None)
        ranges[row.low] = row.high
        self._replies.setdefault((row.user, row.device), {})[row.id] = row

    def _forget(self, row: ForgetReplies) -> None:
        replies = self._replies.get((row.user, row.device), {})
        for number in sorted(replies)[: -row.keep]:
            if replies[number].ts < row.ts:
                del replies[number]

    def _put_file(self, row: PutFile) -> None:
        self._files[row.number] = row
        self._last_file = max(self._last_file, row.number)
        self._last_way = max(self._last_way, row.upload)

    def _put_download(self, row: PutDownload) -> None:
        self._downloads[row.number] = row
        self._last_way = max(self._last_way, row.number)

    def _drop_file(self, row: DropFile) -> None:
        self._files.pop(row.number, None)
        self._downloads = {key: value for key, value in self._downloads.items() if value.file != row.number}

    def _read(self, read: Read) -> Result:
        if isinstance(read, ReadItems):
            line = self._channels.get(read.channel)
            if line is None:
                return []
            first = line.row.base + 1
            return [item.body for item in line.items[max(0, read.low - first) : max(0, read.high - first + 1)]]
        settled = self._replies.get((read.user, read.device), {}).get(read.id)
        return None if settled is None else (settled.digest, settled.reply)
