"""Measure what a client that stops reading costs the ninety-nine others, and whether it gets everything afterwards.

Run it as `python -m bench.wschat_stalled` on an otherwise idle machine (Linux). The room hears the same messages with
and without the stalled client, in turns; server and crowd are in processes of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from websockets.exceptions import ConnectionClosed  # noqa: E402

from bench.crowd import Crowd  # noqa: E402
from bench.figures import Figures, part  # noqa: E402
from bench.plain_client import PlainClient, data_of, plain  # noqa: E402
from bench.processes import ServerProcess, allow_many_files  # noqa: E402
from bench.server_file import fill, guest  # noqa: E402

OTHERS: Final = 99
ROOM: Final = "hall"
PACE: Final = 0.003
"""Seconds between two messages."""

FILLING: Final = '"' * 3_900
"""A text that takes twice its bytes in a frame, so that the server's limit of 4 MiB comes before that of its replay."""

MESSAGES: Final = 1_200
"""Messages a round: more than the server lets wait for a client and the system holds for it."""

WINDOW: Final = 1 << 14
"""Bytes that the stalled client's system takes for it."""

RATIO: Final = 1.5
"""How much later the others may hear, as a median."""

LATE: Final = 100.0
"""Milliseconds within which half of the others' frames come in any case."""

CUT: Final = 4004
TOO_SLOW: Final = "cut: too slow"
LONGEST: Final = 20.0
"""Seconds after the last message until which the stalled client must have been cut."""

_SEQ: Final = re.compile(r"@seq=(\d+)")


@dataclass
class Stalled:
    """What the stalled client has got in the end: texts in order, its last number, the code that it was cut with."""

    texts: list[str] = field(default_factory=list)
    seq: int = 0
    code: int = 0

    def take(self, frame: str) -> None:
        """Take a frame; one that came before counts once, as for any client (wschat 3.4)."""
        found = _SEQ.match(frame)
        if found is None or int(found[1]) <= self.seq:
            return
        self.seq = int(found[1])
        self.texts.append(data_of(frame)["text"])


async def speak(speaker: PlainClient, first: int) -> list[str]:
    """Say MESSAGES things, one every PACE seconds at most; give their texts."""
    texts = []
    for number in range(first, first + MESSAGES):
        texts.append(f"{time.time_ns()} {FILLING}")
        await speaker.ws.send(f"@id={number} MSG {ROOM} {texts[-1]}")
        reply, _ = await asyncio.gather(speaker.recv(), asyncio.sleep(PACE))
        if "CONFIRM MSG" not in reply:
            raise RuntimeError(reply[:200])
    return texts


async def listen_late(url: str, stack: AsyncExitStack, user: str = guest(OTHERS)) -> PlainClient:
    """Connect a client that takes nothing on its own, and has little room for what it does not take."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", int(url.rpartition(":")[2])))
    client = await stack.enter_async_context(plain(url, sock=sock, max_queue=1))
    await client.sign_in(user)
    await client.intend("message")
    return client


async def read_when_cut(server: ServerProcess, client: PlainClient, got: Stalled) -> None:
    """Read nothing until the server says that this was too slow, then read what there is, until its close."""
    before = server.logged(TOO_SLOW)
    while server.logged(TOO_SLOW) == before:  # noqa: ASYNC110 - another process writes this
        await asyncio.sleep(0.02)
    try:
        while True:
            got.take(await client.recv())
    except ConnectionClosed as closed:
        got.code = closed.rcvd.code if closed.rcvd is not None else 1006


async def resume(url: str, sid: str, got: Stalled) -> None:
    """Go on with the session on a new socket, and take what was missed."""
    async with plain(url) as client:
        await client.ws.send(f"RESUME {sid} {got.seq}")
        while not (frame := await client.recv()).startswith("EVENT session RESUMED "):
            if '"gap"' in frame or frame.startswith("ERROR"):
                raise RuntimeError(f"the server cannot replay: {frame[:200]}")
            got.take(frame)


async def rounds(server: ServerProcess, count: int) -> tuple[list[list[float]], list[list[float]], list[bool]]:
    """Give the others' delays without and with the stalled one, and whether that one was cut and lost nothing."""
    without: list[list[float]] = []
    beside: list[list[float]] = []
    whole: list[bool] = []
    number = 1_000
    async with plain(server.url) as speaker:
        await speaker.sign_in("speaker")
        with Crowd(server.url, OTHERS, ROOM) as crowd:
            for _ in range(count):
                await asyncio.to_thread(crowd.begin, MESSAGES)
                await speak(speaker, number)
                without.append((await asyncio.to_thread(crowd.heard)).delays)
                number += MESSAGES
                async with AsyncExitStack() as stack:
                    client, got = await listen_late(server.url, stack), Stalled()
                    await asyncio.to_thread(crowd.begin, MESSAGES)
                    reading = asyncio.create_task(read_when_cut(server, client, got))
                    said = await speak(speaker, number)
                    await asyncio.wait_for(reading, LONGEST)
                    beside.append((await asyncio.to_thread(crowd.heard)).delays)
                    await resume(server.url, client.sid, got)
                    whole.append(got.code == CUT and got.texts == said)
                    print(
                        f"the stalled client was closed with {got.code}, got {len(got.texts)} of {len(said)}",
                        flush=True,
                    )
                number += MESSAGES
    return without, beside, whole


def main() -> int:
    """Measure, print, and tell by the exit code whether all targets are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of each (default: 3)")
    asked = parser.parse_args()
    allow_many_files()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        data = Path(folder) / "server.db"
        fill(data, OTHERS + 1, [ROOM], ["speaker"])
        with ServerProcess(data, log=True) as server:
            without, beside, whole = asyncio.run(rounds(server, asked.rounds))
    middles = [median(median(delays) for delays in side) * 1000 for side in (without, beside)]
    for name, side, middle in zip(("without a stalled client", "beside one"), (without, beside), middles, strict=True):
        worst = median(part(delays, 99) for delays in side) * 1000
        figures.say(f"{OTHERS} clients {name}: delivery, p50", middle, "ms", LATE)
        figures.say(f"{OTHERS} clients {name}: delivery, p99", worst, "ms")
    figures.say("delivery beside a stalled client / without, p50", middles[1] / middles[0], "x", RATIO)
    figures.say(f"rounds in which it was not cut with {CUT}, or lost something", whole.count(False), "", 0)
    return figures.verdict()


# A9, A11
if __name__ == "__main__":
    sys.exit(main())
