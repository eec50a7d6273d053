"""Carries the bytes of files between the rules and the disk, in threads of its own: chat does not wait for them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from chat_tui_wschat.server.shelf import Digest, Job, KeepChunk, SharedFile, Shelved
from chat_tui_wschat.server.storage import ChunkStore

_log: Final = logging.getLogger("chat_tui_wschat.server")

_MOST_AT_ONCE: Final = 1 << 22
"""Bytes that are made durable together, so that the first of them does not wait long for the last."""


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
        self._writing = ThreadPoolExecutor(1, "wschat-files")
        self._reading = ThreadPoolExecutor(2, "wschat-feeds")
        self._task: asyncio.Task[None] | None = None

    def put(self, jobs: Iterable[Job]) -> None:
        """Do these after what waits already."""
        self._waiting.extend(jobs)
        self._go()

    def drop(self, files: Iterable[int]) -> None:
        """Forget the bytes of these files, which have ended durably."""
        self._waiting.extend(files)
        self._go()

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
                runs = self._take_runs()
                await loop.run_in_executor(self._writing, _keep_all, runs, self._chunks)
                self._settle(runs)
                continue
            job = self._waiting.popleft()
            if isinstance(job, Digest):
                digest = await loop.run_in_executor(self._writing, self._digest, job.file)
                self._digested(job.file, digest)
            elif isinstance(job, int):
                with contextlib.suppress(OSError):
                    await loop.run_in_executor(self._writing, self._chunks.drop, job)

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
