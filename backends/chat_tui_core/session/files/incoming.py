"""A file on its way here: bytes are appended, made durable and noted, and only then acknowledged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from chat_tui_core.errors import FileTrouble, StoreError
from chat_tui_core.file_news import Ending
from chat_tui_core.session.files import places
from chat_tui_core.session.files.disk import Disk
from chat_tui_core.session.files.gathering import Part
from chat_tui_core.session.files.places import Place
from chat_tui_core.session.files.trouble import Broken
from chat_tui_core.transfers import Transfer

_AT_ONCE: Final = 1 << 22
"""Bytes that are made durable together, so that they are acknowledged soon."""

ENOUGH: Final = 1 << 21
"""Bytes that are worth a sync: half of what a sender has on its way at most."""

MOMENT: Final = 0.005
"""Seconds in which fewer bytes may become enough."""

_MOST_WAITING: Final = 4 << 20
"""Bytes that may wait for the disk before `room` lets its caller wait."""


class Incoming:
    """One transfer's disk. `journal` notes how much is durable, and says whether it is still wanted.

    `kept` is called after that, `trouble` when the disk refuses; nothing more is taken then.
    """

    def __init__(
        self,
        transfer: Transfer,
        disk: Disk,
        journal: Callable[[int, str], Awaitable[bool]],
        *,
        kept: Callable[[int], None],
        trouble: Callable[[FileTrouble], None],
    ) -> None:
        self.place = Place.of_stamp(transfer.path, transfer.stamp)
        self._noted = transfer.done
        self._disk = disk
        self._journal = journal
        self._kept = kept
        self._trouble = trouble
        self._part: Part | None = None
        self._waiting: deque[bytes | memoryview] = deque()
        self._waiting_bytes = 0
        self._taken = 0
        self._last = False
        self._has_room = asyncio.Event()
        self._enough = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def done(self) -> int:
        """Bytes that are durable."""
        return self._part.done if self._part is not None else 0

    async def open(self, size: int) -> int:
        """Have the part ready; gives how much of it is durable. What was written before is done first.

        Raises FileTrouble.
        """
        await self._idle()
        if self._part is not None and not await self._disk.run(self.place.part, places.is_there, self.place):
            self._noted = self.done
            self._part.close()
            self._part = None
        if self._part is None:
            self._part = await self._disk.run(self.place.path, Part, self.place, self._noted, size, self._goes_on)
            self._taken = self.done
            if self._part.place != self.place:
                self.place = self._part.place
        return self.done

    def write(self, offset: int, data: bytes | memoryview, size: int = -1) -> None:
        """Take bytes; those that are here already are acknowledged again, and those out of their turn are dropped.

        More than `size`, where that is known, ends it: nobody fills this disk with what was not offered.
        """
        if self._closed or self._part is None or offset > self._taken:
            return
        if 0 <= size < offset + len(data):
            self._closed = True
            self._trouble(Broken(f"More came of {self.place.path.name} than was offered.", Ending.SIZE))
            return
        fresh = data[self._taken - offset :]
        if data and not fresh:
            self._kept(self.done)
            return
        self._waiting.append(fresh)
        self._waiting_bytes += len(fresh)
        self._taken += len(fresh)
        self._last = self._taken == size
        if self._has_enough():
            self._enough.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_all())

    async def room(self) -> None:
        """Wait until little waits for the disk; raises FileTrouble when nothing more is taken."""
        while self._waiting_bytes > _MOST_WAITING and not self._closed:
            self._has_room.clear()
            await self._has_room.wait()
        if self._closed or self._part is None:
            raise FileTrouble("This file is not taken any more.")

    async def finish(self, size: int, digest: str) -> Path:
        """Check the whole and give it its name; raises Broken, FileTrouble."""
        await self._idle()
        part = self._part
        if part is None:
            raise FileTrouble("There is nothing to finish.")
        await self._disk.run(self.place.path, part.check, size, digest)
        return await self._disk.run(self.place.path, places.put_in_place, part.place)

    async def close(self) -> None:
        """Store what has come, then release the file."""
        self._closed = True
        self._enough.set()
        await self._idle()
        self._stop()

    def _goes_on(self) -> bool:
        return not self._closed

    def _stop(self) -> None:
        self._closed = True
        self._waiting.clear()
        self._waiting_bytes = 0
        self._has_room.set()
        if self._part is not None:
            self._part.close()
            self._part = None

    async def _idle(self) -> None:
        if self._task is not None and self._task is not asyncio.current_task():
            await asyncio.gather(self._task, return_exceptions=True)

    async def _write_all(self) -> None:
        part = self._part
        try:
            while self._waiting and part is not None:
                await self._gather()
                await self._disk.run(self.place.path, part.append, self._take_some())
                self._has_room.set()
                self.place = part.place
                if not await self._journal(part.done, part.place.stamp):
                    self._stop()
                    return
                self._kept(part.done)
        except FileTrouble as error:
            self._stop()
            self._trouble(error)
        except StoreError as error:
            self._stop()
            self._trouble(FileTrouble(str(error)))

    async def _gather(self) -> None:
        """Let some bytes come together, for a moment: each sync costs, however little was written."""
        if self._has_enough():
            return
        self._enough.clear()
        timer = asyncio.get_running_loop().call_later(MOMENT, self._enough.set)
        try:
            await self._enough.wait()
        finally:
            timer.cancel()

    def _has_enough(self) -> bool:
        """Whether it is time to write: there is a lot, or the end of the file, or nothing more is taken."""
        return self._waiting_bytes >= ENOUGH or self._last or self._closed

    def _take_some(self) -> list[bytes | memoryview]:
        pieces: list[bytes | memoryview] = []
        size = 0
        while self._waiting and (not pieces or size < _AT_ONCE):
            pieces.append(self._waiting.popleft())
            size += len(pieces[-1])
        self._waiting_bytes -= size
        return pieces
