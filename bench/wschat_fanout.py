"""Measure how fast one room's messages reach 10, 100 and 500 clients, beside a bare broadcast of the same bytes.

Run it as `python -m bench.wschat_fanout` on an otherwise idle machine (Linux). Server and clients are in processes of
their own, everything is durable before it is sent, and rounds of both servers are interleaved.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.crowd import Crowd, Heard  # noqa: E402
from bench.figures import Figures, part  # noqa: E402
from bench.plain_client import PlainClient, plain  # noqa: E402
from bench.processes import Process, ServerProcess, allow_many_files  # noqa: E402
from bench.server_file import fill  # noqa: E402

SHARE: Final = 0.6
"""The part of the bare rate that is asked for at 100 clients."""

MEMORY: Final = 60.0
"""KiB of memory that an idle session may take."""

IN_FLIGHT: Final = 64
"""Messages of the speaker that wait for their answers at once."""

PACE: Final = 0.01
"""Seconds between two messages when latencies are measured."""

CALM: Final = 200
"""Messages whose latency is measured."""

HEADER: Final = 4
"""Bytes of a WebSocket frame's header."""

TEXT: Final = "x" * 100
ROOM: Final = "hall"


async def flood(speaker: PlainClient, first: int, count: int) -> None:
    """Say `count` things as fast as the answers come."""
    free = asyncio.Semaphore(IN_FLIGHT)

    async def listen() -> None:
        for _ in range(count):
            frame = await speaker.recv()
            if "CONFIRM MSG" not in frame:
                raise RuntimeError(frame[:200])
            free.release()

    listening = asyncio.create_task(listen())
    for number in range(first, first + count):
        await free.acquire()
        await speaker.ws.send(f"@id={number} MSG {ROOM} {time.time_ns()} {TEXT}")
    await listening


async def trickle(speaker: PlainClient, first: int) -> None:
    """Say CALM things, one every PACE seconds."""
    for number in range(first, first + CALM):
        await speaker.ws.send(f"@id={number} MSG {ROOM} {time.time_ns()} {TEXT}")
        await asyncio.gather(speaker.recv(), asyncio.sleep(PACE))


async def bare_burst(port: int, pause: float, frames: int, size: int) -> None:
    """Have the bare server broadcast as many frames of that size on the wire."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{frames} {size - HEADER} {pause}\n".encode())
    await writer.drain()
    await reader.readline()
    writer.close()
    await writer.wait_closed()


class Round(NamedTuple):
    """What one round of one server gave: frames a second, and its processor time for a thousand frames, in seconds."""

    rate: float
    processor: float


@dataclass
class Side:
    """One of the two servers, with its crowd."""

    name: str
    server: Process
    crowd: Crowd
    rounds: list[Round] = field(default_factory=list)
    calm: Heard | None = None

    async def fast(self, count: int, clients: int, work: Coroutine[None, None, None]) -> Heard:
        """Measure one round at full speed."""
        before = self.server.processor()
        found = await heard(self.crowd, count, work)
        used = self.server.processor() - before
        self.rounds.append(Round(found.rate, used / count / clients * 1000))
        return found

    def rate(self) -> float:
        """Give the middle of all rounds but the first, which fills the caches."""
        return median(one.rate for one in self.rounds[1:])

    def say(self, clients: int, figures: Figures) -> None:
        """Print what was measured."""
        head = f"{clients} clients, {self.name}"
        figures.say(f"{head}: frames delivered", self.rate() / 1000, "k/s")
        figures.say(f"{head}: server's time a frame", median(r.processor for r in self.rounds[1:]) * 1000, "us")
        if self.calm is not None:
            figures.say(f"{head}: latency, p50", part(self.calm.delays, 50) * 1000, "ms")
            figures.say(f"{head}: latency, p99", part(self.calm.delays, 99) * 1000, "ms")


class Sizes(NamedTuple):
    """How many clients, messages a round, and rounds."""

    clients: int
    messages: int
    rounds: int


async def measure(ours: Side, bare: Side, speaker: PlainClient, control: int, sizes: Sizes) -> float:
    """Run the rounds of both, in turns; give the bytes of a frame."""
    number, size = 1_000, 0.0
    for _ in range(sizes.rounds + 1):
        size = (await ours.fast(sizes.messages, sizes.clients, flood(speaker, number, sizes.messages))).size
        number += sizes.messages
        await bare.fast(sizes.messages, sizes.clients, bare_burst(control, 0.0, sizes.messages, round(size)))
    ours.calm = await heard(ours.crowd, CALM, trickle(speaker, number))
    bare.calm = await heard(bare.crowd, CALM, bare_burst(control, PACE, CALM, round(size)))
    return size


async def compare(ours: ServerProcess, bare: Process, sizes: Sizes, figures: Figures) -> None:
    """Measure our server and the bare one with crowds of the same size, and print."""
    clients = sizes.clients
    bare_port, control = map(int, bare.line().split())
    async with plain(ours.url) as speaker:
        await speaker.sign_in("speaker")
        before = ours.memory()
        with Crowd(ours.url, clients, ROOM) as crowd, Crowd(f"ws://127.0.0.1:{bare_port}", clients, "") as herd:
            memory = (ours.memory() - before) / clients / 1024
            left, right = Side("chat-tui", ours, crowd), Side("bare", bare, herd)
            size = await measure(left, right, speaker, control, sizes)
    figures.say(f"{clients} clients: bytes of a frame on the wire", size, "B")
    left.say(clients, figures)
    right.say(clients, figures)
    target = 1 / SHARE if clients == 100 else None
    figures.say(f"{clients} clients: bare rate / chat-tui's", right.rate() / left.rate(), "x", target)
    figures.say(f"{clients} clients: memory of an idle session", memory, "KiB", MEMORY if clients >= 100 else None)


async def heard(crowd: Crowd, count: int, work: Coroutine[None, None, None]) -> Heard:
    """Let a crowd count frames while something makes them come."""
    await asyncio.to_thread(crowd.begin, count)
    await work
    return await asyncio.to_thread(crowd.heard)


def main() -> int:
    """Measure, print, and tell by the exit code whether all targets are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[10, 100, 500], metavar="N")
    parser.add_argument("--frames", type=int, default=60_000, metavar="N", help="deliveries a round (default: 60000)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of each (default: 3)")
    asked = parser.parse_args()
    allow_many_files()
    figures = Figures()
    for clients in asked.clients:
        count = max(100, min(3000, asked.frames // clients))
        with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
            data = Path(folder) / "server.db"
            fill(data, clients, [ROOM], ["speaker"])
            with ServerProcess(data) as ours, Process("-m", "bench.bare_broadcast") as bare:
                asyncio.run(compare(ours, bare, Sizes(clients, count, asked.rounds), figures))
    return figures.verdict()


# A9, A16
if __name__ == "__main__":
    sys.exit(main())
