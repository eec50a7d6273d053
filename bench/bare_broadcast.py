"""A server that does nothing but broadcast to all its WebSockets: what the library alone can do, to compare with.

It prints its two ports. A line `COUNT SIZE PAUSE` to the second one makes it broadcast that many frames of that many
bytes, and answers with a line when it is done.
"""

from __future__ import annotations

import asyncio
import sys
import time

from websockets.asyncio.server import ServerConnection, broadcast, serve

MOST_WAITING = 1 << 16
"""Bytes that may wait for the slowest reader before the next frame is made."""


def full(sockets: set[ServerConnection]) -> bool:
    """Say whether too much waits for one of the readers."""
    return max(ws.transport.get_write_buffer_size() for ws in sockets) > MOST_WAITING


async def main() -> None:
    """Serve until the process is ended."""
    sockets: set[ServerConnection] = set()

    async def handle(ws: ServerConnection) -> None:
        sockets.add(ws)
        try:
            await ws.wait_closed()
        finally:
            sockets.discard(ws)

    async def obey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        words = (await reader.readline()).split()
        count, size, pause = int(words[0]), int(words[1]), float(words[2])
        for number in range(1, count + 1):
            head = f'@seq={number} EVENT message CREATE hall {{"text":"{time.time_ns()} '
            broadcast(sockets, head + "x" * max(0, size - len(head) - 2) + '"}')
            await asyncio.sleep(pause)
            while full(sockets):  # noqa: ASYNC110 - the library tells nobody when a buffer has room again
                await asyncio.sleep(0)
        writer.write(b"done\n")
        await writer.drain()
        writer.close()

    async with (
        serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None) as server,
        await asyncio.start_server(obey, "127.0.0.1", 0) as control,
    ):
        ports = [one.sockets[0].getsockname()[1] for one in (server, control)]
        sys.stdout.write(f"{ports[0]} {ports[1]}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
