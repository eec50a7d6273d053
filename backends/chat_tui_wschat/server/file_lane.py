"""Carries the bytes of files between the rules and the disk, in threads of its own: chat does not wait for them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from chat_tui_core.background import step_back
from chat_tui_wschat.server.shelf import Digest, Job, KeepChunk, SharedFile, Shelved
from chat_tui_wschat.server.storage import ChunkStore

_log: Final = logging.getLogger("chat_tui_wschat.server")

_MOST_AT_ONCE: Final = 1 << 22
"""Bytes that are made durable together, so that the first of them does not wait long for the last."""


_AT_HAND: Final = 4 << 20
"""Bytes of chunks just stored that are kept in memory for those who get their file at that moment."""


class _AtHand:
    """The chunks that were stored last of files that somebody gets now: they need not be read from the disk."""

    def __init__(self) -> None:
        self._bodies: OrderedDict[tuple[int, int], bytes | memoryview] = OrderedDict()
        self._size = 0

    def put(self, job: KeepChunk) -> None:
        """A chunk was stored; the oldest ones go."""
        key = job.file.number, job.offset
        self._size += len(job.body) - len(self._bodies.pop(key, b""))
        self._bodies[key] = job.body
        while self._size > _AT_HAND:
            self._size -= len(self._bodies.popitem(last=False)[1])

    def get(self, file: int, offset: int, length: int) -> bytes | memoryview | None:
        """Give exactly these bytes, None where they are not here."""
        body = self._bodies.get((file, offset))
        return body if body is not None and len(body) == length else None

    def forget(self, file: int) -> None:
        """Nobody gets a file from here any more."""
        for key in [key for key in self._bodies if key[0] == file]:
            self._size -= len(self._bodies.pop(key))


_ENOUGH: Final = 1 << 21
"""Bytes of chunks that are worth a sync: half of what a sender has on its way at most."""

_MANY: Final = 64
"""Things to do that are enough, whatever they are."""

_MOMENT: Final = 0.005
"""Seconds in which fewer bytes may become enough."""


@dataclass(slots=True)
class _Run:
    """Chunks of one file that follow each other."""

    jobs: list[KeepChunk] = field(default_factory=list)
    failed: bool = False

    def keep(self, chunks: ChunkStore) -> None:
        """Make them durable, or note that this did not work."""
        first = self.jobs[0]
        try:
            chunks.keep(first.file.number, first.offset, [job.body for job in self.jobs])
        except OSError as error:
            _log.warning("file=%d not stored: %s", first.file.number, error.strerror or type(error).__name__)
            self.failed = True


class FileLane:
    """What is to be done with the bytes of files, one thing after the other; reading goes on beside it.

    `kept`, `not_kept` and `digested` are called on the event loop.
    """

    def __init__(
        self,
        chunks: ChunkStore,
        *,
        kept: Callable[[Sequence[KeepChunk]], None],
        not_kept: Callable[[SharedFile], None],
        digested: Callable[[SharedFile, str], None],
    ) -> None:
        self._chunks = chunks
        self._kept = kept
        self._not_kept = not_kept
        self._digested = digested
        self._waiting: deque[Job | int] = deque()
        self._writing = ThreadPoolExecutor(1, "wschat-files", step_back)
        self._reading = ThreadPoolExecutor(2, "wschat-feeds", step_back)
        self._at_hand = _AtHand()
        self._enough = asyncio.Event()
        self._enough.set()
        self._task: asyncio.Task[None] | None = None

    def put(self, jobs: Iterable[Job]) -> None:
        """Do these after what waits already."""
        self._waiting.extend(jobs)
        if not self._enough.is_set() and self._has_enough():
            self._enough.set()
        self._go()

    def drop(self, files: Iterable[int]) -> None:
        """Forget the bytes of these files, which have ended durably."""
        self._waiting.extend(files)
        self._enough.set()
        self._go()

    def at_hand(self, file: int, offset: int, length: int) -> bytes | memoryview | None:
        """Give bytes that were stored a moment ago and are still in memory; None where they are not."""
        return self._at_hand.get(file, offset, length)

    async def read(self, file: int, offset: int, length: int) -> bytes | None:
        """Give bytes of a file, None where they cannot be had any more."""
        loop = asyncio.get_running_loop()
        try:
            data = await loop.run_in_executor(self._reading, self._chunks.read, file, offset, length)
        except OSError:
            return None
        return data if len(data) == length else None

    async def close(self) -> None:
        """Stop; what was not made durable was not acknowledged either."""
        self._waiting.clear()
        self._enough.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._writing.shutdown)
        await asyncio.to_thread(self._reading.shutdown)

    def _go(self) -> None:
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if isinstance(self._waiting[0], KeepChunk):
                await self._gather()
                runs = self._take_runs()
                await loop.run_in_executor(self._writing, _keep_all, runs, self._chunks)
                self._settle(runs)
                continue
            job = self._waiting.popleft()
            if isinstance(job, Digest):
                digest = await loop.run_in_executor(self._writing, self._digest, job.file)
                self._at_hand.forget(job.file.number)
                self._digested(job.file, digest)
            elif isinstance(job, int):
                self._at_hand.forget(job)
                with contextlib.suppress(OSError):
                    await loop.run_in_executor(self._writing, self._chunks.drop, job)

    async def _gather(self) -> None:
        """Let some chunks come together, for a moment: each sync costs, however little was written."""
        if self._has_enough():
            return
        self._enough.clear()
        timer = asyncio.get_running_loop().call_later(_MOMENT, self._enough.set)
        try:
            await self._enough.wait()
        finally:
            timer.cancel()

    def _has_enough(self) -> bool:
        """Whether it is time to write: there is a lot, the end of a file, or something else to do."""
        if len(self._waiting) >= _MANY:
            return True
        size = 0
        for job in self._waiting:
            if not isinstance(job, KeepChunk) or job.number == job.file.chunks:
                return True
            size += len(job.body)
        return size >= _ENOUGH

    def _take_runs(self) -> list[_Run]:
        """Take the chunks that wait, up to some size; those whose turn was given up are dropped."""
        runs: dict[SharedFile, _Run] = {}
        size = 0
        while self._waiting and isinstance(job := self._waiting[0], KeepChunk) and size < _MOST_AT_ONCE:
            self._waiting.popleft()
            if job.epoch == job.file.epoch and job.file.state is Shelved.OPEN:
                runs.setdefault(job.file, _Run()).jobs.append(job)
                size += len(job.body)
        return list(runs.values())

    def _settle(self, runs: Iterable[_Run]) -> None:
        good: list[KeepChunk] = []
        for run in runs:
            if run.failed:
                self._not_kept(run.jobs[0].file)
            else:
                good += run.jobs
        for job in good:
            if any(download.session is not None for download in job.file.downloads.values()):
                self._at_hand.put(job)
        if good:
            self._kept(good)

    def _digest(self, file: SharedFile) -> str:
        try:
            return self._chunks.digest(file.number, file.flow.size)
        except OSError:
            return ""


def _keep_all(runs: Iterable[_Run], chunks: ChunkStore) -> None:
    for run in runs:
        run.keep(chunks)
