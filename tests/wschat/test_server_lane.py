"""What the server does with the bytes of files: few syncs for many chunks, and what was just stored is not read again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest
from websockets.protocol import State

from chat_tui_wschat.server import file_lane
from chat_tui_wschat.server.file_lane import FileLane
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.memory_storage import MemoryChunks
from chat_tui_wschat.server.outgoing import Feed
from chat_tui_wschat.server.shelf import Digest, KeepChunk, SharedFile
from chat_tui_wschat.server.sockets import OutgoingSocket
from tests.wschat.file_stage import accept, offered, stage_with

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

CHUNK = 1 << 18
SIZE = 64 * CHUNK
PATIENCE = 20.0


class Chunks(MemoryChunks):
    """Counts what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[int] = []

    def keep(self, file: int, offset: int, parts: Sequence[bytes | memoryview]) -> None:
        self.kept.append(len(parts))
        super().keep(file, offset, parts)


class Told:
    """What a lane said."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.digests: list[str] = []
        self.news = asyncio.Event()

    def keep(self, jobs: Sequence[KeepChunk]) -> None:
        self.kept += [job.number for job in jobs]
        self.news.set()

    def lose(self, _file: SharedFile) -> None:
        raise AssertionError("nothing is refused here")

    def digest(self, _file: SharedFile, digest: str) -> None:
        self.digests.append(digest)
        self.news.set()

    async def until(self, chunks: int, digests: int = 0) -> None:
        async with asyncio.timeout(PATIENCE):
            while (len(self.kept), len(self.digests)) != (chunks, digests):
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def lane_to(chunks: Chunks) -> AsyncIterator[tuple[FileLane, Told]]:
    told = Told()
    lane = FileLane(chunks, kept=told.keep, not_kept=told.lose, digested=told.digest)
    try:
        yield lane, told
    finally:
        await lane.close()


def shared(*, wanted: bool = True) -> SharedFile:
    """A file of SIZE bytes that somebody sends and, perhaps, somebody else gets."""
    stage, (ann, bob) = stage_with("ann", "bob")
    fid = offered(ann, bytes(SIZE), chunk=CHUNK)["fid"]
    if wanted:
        accept(bob, fid)
    (file,) = stage.rules.hall.shelf.files.values()
    return file


def jobs(file: SharedFile, numbers: range) -> list[KeepChunk]:
    """These chunks of it."""
    return [KeepChunk(file, file.epoch, n, (n - 1) * CHUNK, body_of(n)) for n in numbers]


def body_of(number: int) -> bytes:
    """The bytes of a chunk."""
    return bytes((number,)) * CHUNK


async def test_chunks_that_come_one_by_one_are_synced_together(monkeypatch: pytest.MonkeyPatch) -> None:  # D4
    monkeypatch.setattr(file_lane, "_MOMENT", 60.0)
    chunks, file = Chunks(), shared()
    async with lane_to(chunks) as (lane, told):
        for job in jobs(file, range(1, 9)):
            lane.put([job])
            await asyncio.sleep(0)
        await told.until(8)
    assert chunks.kept == [8]
    assert told.kept == list(range(1, 9))


async def test_few_chunks_wait_a_moment_and_the_end_of_a_file_waits_for_nothing() -> None:  # D4
    chunks, file = Chunks(), shared()
    async with lane_to(chunks) as (lane, told):
        lane.put(jobs(file, range(1, 3)))
        await told.until(2)
        lane.put([*jobs(file, range(64, 65)), Digest(file)])
        await told.until(3, 1)
    assert chunks.kept == [2, 1]


async def test_what_was_just_stored_is_at_hand_and_no_more_than_a_little_of_it() -> None:  # D1, D10
    chunks, file = Chunks(), shared()
    async with lane_to(chunks) as (lane, told):
        lane.put(jobs(file, range(1, 41)))
        await told.until(40)
        there = [n for n in range(1, 41) if lane.at_hand(file.number, (n - 1) * CHUNK, CHUNK) is not None]
        assert there == list(range(25, 41)), "the newest 4 MiB"
        assert lane.at_hand(file.number, 39 * CHUNK, CHUNK) == body_of(40)
        assert lane.at_hand(file.number, 39 * CHUNK, 5) is None
        lane.put(jobs(file, range(40, 41)))
        await told.until(41)
        assert lane.at_hand(file.number, 24 * CHUNK, CHUNK) is not None, "one that came again counts once"
        assert await lane.read(file.number, 0, 2 * CHUNK) == body_of(1) + body_of(2)
        lane.put([Digest(file)])
        await told.until(41, 1)
        assert lane.at_hand(file.number, 39 * CHUNK, CHUNK) is None


async def test_nothing_is_kept_in_memory_for_nobody_and_nothing_of_what_was_dropped() -> None:  # D1, D5
    alone, wanted = shared(wanted=False), shared()
    async with lane_to(Chunks()) as (lane, told):
        lane.put(jobs(alone, range(1, 3)))
        await told.until(2)
        assert lane.at_hand(alone.number, 0, CHUNK) is None
    async with lane_to(Chunks()) as (lane, told):
        lane.put(jobs(wanted, range(1, 3)))
        await told.until(2)
        assert lane.at_hand(wanted.number, 0, CHUNK) is not None
        lane.drop([wanted.number])
        lane.put([Digest(wanted)])
        await told.until(2, 1)
        assert lane.at_hand(wanted.number, 0, CHUNK) is None


# ---------------------------------------------------------------- what goes out


class Wire:
    """Stands for a connection; `state` is what it says of itself, `written` what was written."""

    def __init__(self) -> None:
        self.protocol = self
        self.transport = self
        self.state = State.OPEN
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)
        if len(self.written) == 2:
            self.state = State.CLOSED

    def get_write_buffer_size(self) -> int:
        return 0

    async def drain(self) -> None:
        await asyncio.sleep(0)


async def test_a_socket_that_closes_ends_what_it_is_fed() -> None:  # D11
    chunks, file, wire = Chunks(), shared(), Wire()
    async with lane_to(chunks) as (lane, told):
        lane.put(jobs(file, range(1, 9)))
        await told.until(8)
        socket = OutgoingSocket(cast("ServerConnection", wire), Limits(), lambda: None, lane)
        socket.push([Feed("x9", file.number, n, (n - 1) * CHUNK, CHUNK) for n in range(1, 9)])
        assert socket._feeder is not None
        async with asyncio.timeout(PATIENCE):
            await socket._feeder
        await socket.finish()
    assert [frame[10:15] for frame in wire.written] == [b"x9 1 ", b"x9 2 "]
