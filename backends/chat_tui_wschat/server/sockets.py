"""One WebSocket of the server: frames go out at once while its reader keeps up, else they wait, but not for ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from chat_tui_wschat.server.batch import Close
from chat_tui_wschat.server.limits import Limits

WRITE_LIMIT: Final = 32 * 1024
"""Bytes that the transport may hold before frames wait here instead."""

_GOODBYE: Final = 3.0
"""Seconds that the other side has for the closing handshake, and a slow reader to take what it was sent."""


class OutgoingSocket:
    """The sending side of one WebSocket. `too_slow` is called once, when more waits than the limits allow."""

    __slots__ = ("_closing", "_limits", "_too_slow", "_waiting", "_waiting_bytes", "_writer", "ws")

    def __init__(self, ws: ServerConnection, limits: Limits, too_slow: Callable[[], None]) -> None:
        self.ws = ws
        self._limits = limits
        self._too_slow = too_slow
        self._waiting: deque[bytes | Close] | None = None
        self._waiting_bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._closing = False

    def push(self, frames: list[str | Close]) -> None:
        """Send frames, in order, without waiting; what comes after a Close is dropped."""
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

    async def finish(self) -> None:
        """Wait until nothing is being written any more."""
        if self._writer is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
