"""A wschat client that says many messages at next to no cost of its own, as a program.

It takes URL USER PASSWORD and says `ready`. A line `ROOM COUNT RATE WORD` has it say COUNT messages, RATE of them a second
(0: as fast as the server takes them), the last one ending in WORD; it answers with the time (time.perf_counter) at which
the server confirmed the last one, which is when everybody else is told of it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from websockets.asyncio.client import connect  # noqa: E402

from bench.plain_client import PlainClient  # noqa: E402
from bench.said import said, spread  # noqa: E402

CONFIRMED: Final = b"CONFIRM MSG"
REFUSED: Final = b"ERROR "
IN_FLIGHT: Final = 2_000
"""Messages that may wait for their answers."""
NO_MASK: Final = bytes(4)
"""A mask of zeros leaves a frame as it is."""


def frame(text: str) -> bytes:
    """A text message on the wire."""
    octets = text.encode()
    size = len(octets)
    head = bytes((0x81, 0x80 | size)) if size < 126 else bytes((0x81, 0xFE)) + size.to_bytes(2)
    return head + NO_MASK + octets


class Ear(asyncio.Protocol):
    """Counts the server's answers."""

    def __init__(self) -> None:
        self.answered = 0
        self.at = 0.0
        self.changed = asyncio.Event()
        self._tail = b""

    def data_received(self, data: bytes) -> None:
        """Count those in what came."""
        data = self._tail + data
        if REFUSED in data:
            raise RuntimeError(data[data.index(REFUSED) :][:200])
        self.answered += data.count(CONFIRMED)
        self._tail = data[1 - len(CONFIRMED) :]
        self.at = time.perf_counter()
        self.changed.set()

    async def until(self, answered: int) -> None:
        """Wait for so many answers."""
        while self.answered < answered:
            self.changed.clear()
            await self.changed.wait()


async def speak(ear: Ear, write: asyncio.WriteTransport, first: int, line: list[str]) -> int:
    """Say what a line asks for; gives the next free action id."""
    room, count, rate, word = line[0], int(line[1]), float(line[2]), line[3]
    begun, done = ear.answered, 0
    async for numbers in spread(count, rate):
        await ear.until(begun + done - IN_FLIGHT)
        write.write(b"".join(frame(f"@id={first + at} MSG {room} {said(at, count, word)}") for at in numbers))
        done = numbers[-1] + 1
    await ear.until(begun + count)
    print(ear.at, flush=True)
    return first + count


async def main(url: str, user: str, password: str) -> None:
    """Speak until standard input ends."""
    ws = await connect(url, compression=None, ping_interval=None)
    client = PlainClient(ws)
    await client.recv()
    await client.sign_in(user, password, f"speaker{os.getpid()}")  # a device of its own: its action ids are unused
    ear = Ear()
    ws.transport.set_protocol(ear)
    print("ready", flush=True)
    loop, next_id = asyncio.get_running_loop(), 1_000
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).split():
        next_id = await speak(ear, ws.transport, next_id, line)
    ws.transport.abort()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
