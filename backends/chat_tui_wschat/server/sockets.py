"""One WebSocket of the server: frames go out at once while its reader keeps up, else they wait, but not for ever.

Chunks of files go out between them, each only when nothing else waits: a frame is never behind more than one of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from chat_tui_wschat.framing import chunk_head
from chat_tui_wschat.large_messages import binary_frame
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.outgoing import Close, Feed, Halt, Outgoing

WRITE_LIMIT: Final = 32 * 1024
"""Bytes that the transport may hold before frames wait here instead."""

_GOODBYE: Final = 3.0
"""Seconds that the other side has for the closing handshake, and a slow reader to take what it was sent."""


_READ_AT_ONCE: Final = 1 << 21
"""Bytes of chunks that follow each other and are read together."""


class FileBytes(Protocol):
    """Where the bytes of files come from, by a file's number, an offset and a length."""

    def at_hand(self, file: int, offset: int, length: int) -> bytes | memoryview | None:
        """Give bytes that are in memory; None where they are not."""

    async def read(self, file: int, offset: int, length: int) -> bytes | None:
        """Give bytes from the disk; None where they cannot be had."""


class OutgoingSocket:
    """The sending side of one WebSocket. `too_slow` is called once, when more waits than the limits allow."""

    __slots__ = (
        "_closing",
        "_feeder",
        "_feeds",
        "_files",
        "_limits",
        "_too_slow",
        "_waiting",
        "_waiting_bytes",
        "_writer",
        "ws",
    )

    def __init__(self, ws: ServerConnection, limits: Limits, too_slow: Callable[[], None], files: FileBytes) -> None:
        self.ws = ws
        self._limits = limits
        self._too_slow = too_slow
        self._files = files
        self._feeds: deque[Feed] = deque()
        self._feeder: asyncio.Task[None] | None = None
        self._waiting: deque[bytes | Close] | None = None
        self._waiting_bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._closing = False

    def push(self, frames: Sequence[Outgoing]) -> None:
        """Send frames, in order, without waiting; what comes after a Close is dropped."""
        rest = [frame for frame in frames if isinstance(frame, str | Close)]
        if len(rest) < len(frames):
            for frame in frames:
                self._feed_or_halt(frame)
        self._push(rest)
        if self._feeds and self._feeder is None and not self._closing:
            self._feeder = asyncio.get_running_loop().create_task(self._feed())

    def _feed_or_halt(self, frame: Outgoing) -> None:
        if isinstance(frame, Feed):
            self._feeds.append(frame)
        elif isinstance(frame, Halt):
            self._feeds = deque(feed for feed in self._feeds if feed.xid != frame.xid)

    def _push(self, frames: list[str | Close]) -> None:
        if self._closing:
            return
        protocol, written = self.ws.protocol, False
        for index, frame in enumerate(frames):
            if self._waiting is not None:
                self._queue(frames[index:])
                break
            if isinstance(frame, Close):
                self._start(deque((frame,)))
                break
            if protocol.state is not State.OPEN:
                break
            protocol.send_text(frame.encode())
            written = True
        if written:
            self.ws.send_data()
            if self._waiting is None and self.ws.transport.get_write_buffer_size() > WRITE_LIMIT:
                self._start(deque())

    def _start(self, waiting: deque[bytes | Close]) -> None:
        self._waiting = waiting
        self._closing = bool(waiting)
        self._writer = asyncio.get_running_loop().create_task(self._write())

    def _queue(self, frames: list[str | Close]) -> None:
        """Let frames wait for the reader; cut the connection (4004) when too many do."""
        waiting = self._waiting
        if waiting is None:
            return
        for frame in frames:
            if isinstance(frame, Close):
                self._closing = True
                waiting.append(frame)
                return
            octets = frame.encode()
            waiting.append(octets)
            self._waiting_bytes += len(octets)
        held = self._waiting_bytes + self.ws.transport.get_write_buffer_size()
        if len(waiting) > self._limits.queue_frames or held > self._limits.queue_bytes:
            self._closing = True
            waiting.clear()
            waiting.append(Close(4004, "too slow"))
            if self._writer is not None:
                self._writer.cancel()
            self._writer = asyncio.get_running_loop().create_task(self._write())
            self._too_slow()

    async def _write(self) -> None:
        """Send what waits as fast as the reader takes it, then go back to sending at once."""
        waiting = self._waiting
        if waiting is None:
            return
        try:
            while True:
                if not self._closing or len(waiting) > 1:
                    await self.ws.drain()
                if not waiting:
                    break
                frame = waiting.popleft()
                if isinstance(frame, Close):
                    await self._close(frame)
                    return
                self._waiting_bytes -= len(frame)
                await self.ws.send(frame, text=True)
        except ConnectionClosed:
            self._closing = True
            return
        self._waiting = self._writer = None

    async def _close(self, close: Close) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ws.close(close.code, close.reason), _GOODBYE)
        self.ws.transport.abort()

    # ------------------------------------------------------------ chunks

    async def _feed(self) -> None:
        """Send the chunks that wait, one at a time, as fast as the reader takes them."""
        try:
            while self._feeds and self._is_open():
                feed = self._feeds[0]
                if (body := self._at_hand(feed)) is None:
                    await self._feed_from_disk()
                elif await self._is_next(feed):
                    self._send_chunk(feed, body)
        except (ConnectionClosed, OSError):
            return
        finally:
            self._feeder = None

    async def _feed_from_disk(self) -> None:
        """Send some chunks that follow each other, which are read together."""
        together = self._together()
        first, last = together[0], together[-1]
        data = await self._files.read(first.file, first.offset, last.offset + last.length - first.offset)
        for feed in together:
            if not await self._is_next(feed):
                return
            if data is None:
                self._feeds.popleft()
            else:
                start = feed.offset - first.offset
                self._send_chunk(feed, memoryview(data)[start : start + feed.length])

    async def _is_next(self, feed: Feed) -> bool:
        """Wait until a chunk can be sent; False when it was halted meanwhile, or the socket closes."""
        return await self._is_free() and bool(self._feeds) and self._feeds[0] is feed

    def _send_chunk(self, feed: Feed, body: bytes | memoryview) -> None:
        self._feeds.popleft()
        self.ws.transport.write(binary_frame(chunk_head(feed.xid, feed.number), body, masked=False))

    def _at_hand(self, feed: Feed) -> bytes | memoryview | None:
        return self._files.at_hand(feed.file, feed.offset, feed.length)

    def _together(self) -> list[Feed]:
        """Give the next chunks of one file that follow each other and have to be read."""
        found: list[Feed] = []
        for feed in self._feeds:
            before = found[-1] if found else None
            if before is not None and (
                feed.xid != before.xid
                or feed.number != before.number + 1
                or feed.offset + feed.length - found[0].offset > _READ_AT_ONCE
                or self._at_hand(feed) is not None
            ):
                break
            found.append(feed)
        return found

    async def _is_free(self) -> bool:
        """Wait until the reader has nearly everything that was sent; False when the socket closes."""
        while self._is_open():
            if self._writer is not None:
                await asyncio.wait([self._writer])
                continue
            await self.ws.drain()
            if self._writer is None:
                break
        return self._is_open()

    def _is_open(self) -> bool:
        return not self._closing and self.ws.protocol.state is State.OPEN

    async def finish(self) -> None:
        """Wait until nothing is being written any more."""
        self._feeds.clear()
        if self._feeder is not None:
            self._feeder.cancel()
            await asyncio.gather(self._feeder, return_exceptions=True)
        if self._writer is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
