"""A relay between a client and a server that counts the bytes of file chunks, and stops at a chosen one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Final

_PIECE: Final = 1 << 16
_BINARY: Final = 2


class Way(Enum):
    """Where chunks go."""

    UP = "to the server"
    DOWN = "to the client"


class ChunkCounter:
    """Follows one direction of a WebSocket and tells the bytes of binary messages from all others."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._left = 0
        self._binary = False
        self._open = False

    def take(self, data: bytes, most: int) -> tuple[int, int]:
        """Go on up to the `most`-th byte of a chunk: gives how many bytes of `data` that is, and of chunks."""
        at = counted = 0
        while at < len(data) and counted < most:
            if self._left:
                step = min(self._left, len(data) - at)
                if self._binary:
                    step = min(step, most - counted)
                    counted += step
                self._left -= step
                at += step
            else:
                self._head.append(data[at])
                at += 1
                self._read_head()
        return at, counted

    def _read_head(self) -> None:
        head = self._head
        if not self._open:
            if head.endswith(b"\r\n\r\n"):
                self._open = True
                head.clear()
            return
        if len(head) < 2:
            return
        short = head[1] & 0x7F
        wide = {126: 2, 127: 8}.get(short, 0)
        if len(head) < 2 + wide + (4 if head[1] & 0x80 else 0):
            return
        self._left = int.from_bytes(head[2 : 2 + wide]) if wide else short
        self._binary = head[0] & 0x0F == _BINARY
        head.clear()


class ChunkWire:
    """Listens on `url` for one client. Chunks' bytes are counted in `passed`, by way."""

    def __init__(self, port: int) -> None:
        self.url = ""
        self.passed = dict.fromkeys(Way, 0)
        self._port = port
        self._at: tuple[Way, int, Callable[[], None]] | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def count(self) -> None:
        """Count from nought again."""
        self.passed = dict.fromkeys(Way, 0)

    def at(self, way: Way, byte: int, then: Callable[[], None]) -> None:
        """Call `then` once this byte of chunks has been passed on, and pass nothing more on these connections."""
        self._at = (way, byte, then)

    def cut(self) -> None:
        """Cut every connection; the next one is let through."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer, Way.UP), self._pump(far_reader, writer, Way.DOWN))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        counter = ChunkCounter()
        try:
            while data := await reader.read(_PIECE):
                if not self._pass(data, writer, counter, way):
                    return
                await writer.drain()
        except OSError:
            return
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    def _pass(self, data: bytes, writer: asyncio.StreamWriter, counter: ChunkCounter, way: Way) -> bool:
        """Pass bytes on; False when the chosen one was among them."""
        most = len(data) if self._at is None or self._at[0] is not way else self._at[1] - self.passed[way]
        size, counted = counter.take(data, max(1, most))
        writer.write(data[:size])
        self.passed[way] += counted
        if self._at is None or self._at[0] is not way or self.passed[way] < self._at[1]:
            return True
        (_, _, then), self._at = self._at, None
        then()
        return False
