"""Many WebSocket clients in a process of their own, which count what they hear and how late it was, and do little else.

As a program it takes a URL, a number of clients and a room (empty for a server without a protocol), says `ready`, and
for each line `COUNT` on its standard input answers with JSON once every client has heard that many messages.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from websockets.asyncio.client import ClientConnection, connect  # noqa: E402

from bench.plain_client import PlainClient  # noqa: E402
from bench.processes import Process, allow_many_files  # noqa: E402
from bench.server_file import guest  # noqa: E402

MARK: Final = b'"text":"'
"""What stands before a message's text, which begins with the nanoseconds since 1970 at which it was said."""

STAMP: Final = 19
PATIENCE: Final = 120.0
TOLD: Final = 2_000
"""Delays that are told, evenly chosen from all."""


@dataclass(frozen=True)
class Heard:
    """What a crowd has heard: messages a second of all together, seconds from saying to hearing, bytes of a message."""

    rate: float
    delays: list[float]
    size: float


class Crowd(Process):
    """A crowd as a process, from outside."""

    def __init__(self, url: str, clients: int, room: str) -> None:
        super().__init__("-m", "bench.crowd", url, str(clients), room)
        if self.line(PATIENCE) != "ready":
            raise RuntimeError("the crowd did not come together")

    def begin(self, count: int) -> None:
        """Count the next messages; returns when the crowd does so."""
        self.tell(str(count))
        self.line()

    def heard(self) -> Heard:
        """Wait until all have heard that many messages."""
        return Heard(**json.loads(self.line(PATIENCE)))


class Ear(asyncio.Protocol):
    """Counts messages in the octets of one connection by their MARK, so that a crowd costs less than its server."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.octets = 0
        self.last = 0.0
        self._left = 0
        self._tail = b""
        self._done: asyncio.Future[None] | None = None

    def begin(self, count: int) -> asyncio.Future[None]:
        """Begin to count; what is given is done when `count` messages have come."""
        self.delays, self.octets, self._left = [], 0, count
        self._done = asyncio.get_running_loop().create_future()
        return self._done

    def data_received(self, data: bytes) -> None:
        """Count what came."""
        now, self.octets = time.time_ns(), self.octets + len(data)
        data = self._tail + data
        self._left -= data.count(MARK)
        at = data.rfind(MARK) + len(MARK)
        if len(MARK) <= at <= len(data) - STAMP:
            self.delays.append((now - int(data[at : at + STAMP])) / 1e9)
        self._tail = data[1 - len(MARK) :]
        if self._left <= 0 and self._done is not None and not self._done.done():
            self.last = now / 1e9
            self._done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(exc or EOFError("the server has closed a connection"))


async def enter(url: str, name: str, room: str) -> Ear:
    """Connect one client, and let it hear what is said in the room, where there is one."""
    ws: ClientConnection = await connect(url, compression=None, ping_interval=None)
    if room:
        client = PlainClient(ws)
        await client.recv()
        await client.sign_in(name)
        await client.intend("message")
    ear = Ear()
    ws.transport.set_protocol(ear)
    return ear


async def count_messages(ears: list[Ear], count: int) -> Heard:
    """Let every client hear that many messages."""
    work = [ear.begin(count) for ear in ears]
    print("counting", flush=True)
    started = time.time()
    await asyncio.gather(*work)
    delays = sorted(delay for ear in ears for delay in ear.delays)
    total = count * len(ears)
    rate = total / (max(ear.last for ear in ears) - started)
    return Heard(rate, delays[:: max(1, len(delays) // TOLD)], sum(ear.octets for ear in ears) / total)


async def main(url: str, clients: int, room: str) -> None:
    """Be a crowd until standard input ends."""
    ears: list[Ear] = []
    for start in range(0, clients, 8):
        names = [guest(number) for number in range(start, min(clients, start + 8))]
        ears += await asyncio.gather(*(enter(url, name, room) for name in names))
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        heard = await count_messages(ears, int(line))
        print(json.dumps({"rate": heard.rate, "delays": heard.delays, "size": heard.size}), flush=True)


if __name__ == "__main__":
    allow_many_files()
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
