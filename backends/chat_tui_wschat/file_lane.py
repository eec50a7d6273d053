"""The chunks that one socket is to send: read a little ahead of their turn, given one at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from chat_tui_core.errors import FileTrouble
from chat_tui_core.file_news import FileBytes
from chat_tui_wschat.framing import chunk_head
from chat_tui_wschat.protocol_values import SendChunk

READ_AT_ONCE: Final = 1 << 21
"""Bytes of chunks that follow each other and are read together."""

_AHEAD: Final = 8
"""Chunks that are read and still wait, before more are read."""


class ChunkLane:
    """Chunks in the order in which they were put; `ready` is called when there is something to take again."""

    def __init__(self, files: FileBytes, ready: Callable[[], None]) -> None:
        self._files = files
        self._ready = ready
        self._orders: deque[SendChunk] = deque()
        self._chunks: deque[tuple[int, bytes, memoryview]] = deque()
        self._taken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def put(self, order: SendChunk) -> None:
        """Let a chunk wait for its turn."""
        self._orders.append(order)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._read())

    def drop(self, transfer: int) -> None:
        """Nothing more of this transfer is given."""
        self._orders = deque(order for order in self._orders if order.transfer != transfer)
        self._chunks = deque(item for item in self._chunks if item[0] != transfer)
        self._taken.set()

    def take(self) -> tuple[bytes, memoryview] | None:
        """Give the head and the bytes of the next chunk, None while there is none."""
        if not self._chunks:
            return None
        self._taken.set()
        return self._chunks.popleft()[1:]

    async def close(self) -> None:
        """Read nothing more."""
        self._orders.clear()
        self._chunks.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        while self._orders:
            while len(self._chunks) >= _AHEAD:
                self._taken.clear()
                await self._taken.wait()
            if together := self._together():
                await self._read_together(together)

    async def _read_together(self, together: list[SendChunk]) -> None:
        first, last = together[0], together[-1]
        try:
            data = await self._files.read(first.transfer, first.offset, last.offset + last.length - first.offset)
        except FileTrouble:  # the session knows, and deals with it
            self.drop(first.transfer)
            return
        for order in together:
            if not self._orders or self._orders[0] is not order:
                return  # dropped meanwhile
            self._orders.popleft()
            start = order.offset - first.offset
            body = memoryview(data)[start : start + order.length]
            self._chunks.append((order.transfer, chunk_head(order.xid, order.number), body))
        self._ready()

    def _together(self) -> list[SendChunk]:
        """Give the next chunks of one transfer that follow each other."""
        found: list[SendChunk] = []
        for order in self._orders:
            if found and (
                order.xid != found[-1].xid
                or order.number != found[-1].number + 1
                or order.offset + order.length - found[0].offset > READ_AT_ONCE
            ):
                break
            found.append(order)
        return found
