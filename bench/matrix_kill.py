"""Kill our Matrix client with -9 at random moments, cut its connections, and check that nothing was lost or doubled.

Run it as `python -m bench.matrix_kill --rounds 30 --seed 1`. Three rounds in four kill a program that talks all the time;
in the fourth `chat-tui send` is killed. Each is started again on what it left. A real homeserver stands behind a proxy
that cuts; matrix-nio reads at the end what is there. It ends with 1 when one promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.figures import Figures  # noqa: E402
from bench.tally import Tally  # noqa: E402
from tests.matrix_live.faults import Storm, cut_after, cut_before, cut_within  # noqa: E402
from tests.matrix_live.nio_peer import NioPeer  # noqa: E402
from tests.matrix_live.people import Person, people_at  # noqa: E402
from tests.matrix_live.proxy import Proxy  # noqa: E402
from tests.matrix_live.synapse import Synapse  # noqa: E402

ACCOUNT: Final = "bench"
ROOMS: Final = 3
CUTS: Final = 0.05
"""The part of all requests that is cut: before it is delivered, after that, or within the answer."""

LIFE: Final = (0.05, 1.5)
"""Seconds that a program lives after it is ready."""

SENDING: Final = (0.3, 1.5)
"""Seconds that `chat-tui send` lives, most of which it starts."""

SEND_EVERY: Final = 4
PATIENCE: Final = 60.0
CALM: Final = 120.0
"""Seconds that the last one has to get everything through."""


class Client:
    """Runs programs of ours in one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT / "tui"), str(ROOT / "backends"), str(ROOT))),
            "CHAT_TUI_DATA_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder / "no-config"),
            "CHAT_TUI_SECRETS": "file",
        }

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start a module with arguments; its input and output are pipes."""
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments, env=self.environment, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe
        )

    async def login(self, url: str, person: Person) -> None:
        """Sign in, as a person would."""
        told = ["--backend", "matrix", "--url", url, "--user", person.name, "--password-stdin"]
        process = await self.start("chat_tui", "login", ACCOUNT, *told)
        _, error = await asyncio.wait_for(process.communicate(f"{person.password}\n".encode()), PATIENCE)
        if process.returncode:
            raise RuntimeError(f"login: {error.decode()}")

    async def talker(self, number: int, rooms: list[str]) -> asyncio.subprocess.Process:
        """Start the program that talks, and wait until it is ready."""
        process = await self.start("bench.matrix_talker", str(self.folder), ACCOUNT, str(number), *rooms)
        if await one_line(process) != "ready":
            raise RuntimeError((await process.communicate())[1].decode())
        return process


@dataclass
class Said:
    """What was said: by room in the order typed; of `maybe` it is not known whether it was stored before the kill."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    maybe: list[str] = field(default_factory=list)
    kills: int = 0
    cuts: int = 0

    def note(self, line: str) -> None:
        """Take a line of the talker."""
        word, room_id, text = line.split()
        if word == "said":
            self.texts[room_id].append(text)


async def one_line(process: asyncio.subprocess.Process, seconds: float = PATIENCE) -> str:
    """The next line that a program prints, "" at its end."""
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    return (await asyncio.wait_for(process.stdout.readline(), seconds)).decode().strip()


async def let_live(
    process: asyncio.subprocess.Process, seconds: float, proxy: Proxy, said: Said, cut_at: float
) -> None:
    """Let a program live for some seconds, cut its connections in between, and kill it."""
    if cut_at < seconds:
        await asyncio.sleep(cut_at)
        proxy.cut_all()
        said.cuts += 1
        seconds -= cut_at
    await asyncio.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
        said.kills += 1


async def kill_talker(client: Client, number: int, proxy: Proxy, rng: random.Random, said: Said) -> None:
    """One life of the program that talks. The next text of each room may have been stored and not been told."""
    rooms = list(said.texts)
    process = await client.talker(number, rooms)
    killing = asyncio.create_task(
        let_live(process, rng.uniform(*LIFE), proxy, said, cut_at=rng.uniform(0.0, 2 * LIFE[1]))
    )
    count = 0
    while line := await one_line(process):
        said.note(line)
        count += 1
    await killing
    await process.communicate()
    text = f"{number:04}-{count:05}"
    said.texts[rooms[count % len(rooms)]].append(text)
    said.maybe.append(text)


async def kill_send(client: Client, number: int, proxy: Proxy, rng: random.Random, said: Said) -> None:
    """One `chat-tui send`: what it did not tell of before it was killed may be there or not."""
    room_id, text = rng.choice(list(said.texts)), f"{number:04}-00000"
    process = await client.start("chat_tui", "--account", ACCOUNT, "send", room_id, text, "--wait", "confirmed")
    await let_live(process, rng.uniform(*SENDING), proxy, said, cut_at=rng.uniform(0.0, 2 * SENDING[1]))
    out, error = await asyncio.wait_for(process.communicate(), PATIENCE)
    if process.returncode not in {0, -signal.SIGKILL}:
        raise RuntimeError(f"chat-tui send ended with {process.returncode}: {error.decode()}")
    said.texts[room_id].append(text)
    if not out:
        said.maybe.append(text)


async def finish(client: Client) -> None:
    """Start it a last time, and wait until everything is through."""
    process = await client.talker(0, [])
    try:
        if await one_line(process, CALM) != "done":
            raise RuntimeError((await process.communicate())[1].decode())
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def attack(folder: Path, rounds: int, seed: int, figures: Figures) -> None:
    """Kill and cut, then compare what was promised with what is there."""
    rng, started = random.Random(seed), time.perf_counter()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Synapse(folder / "synapse"))
        people = await stack.enter_async_context(people_at(server.url))
        proxy = await stack.enter_async_context(Proxy(server.url))
        ann, bob = await people("ann"), await people("bob")
        rooms = [await ann.create_room(f"Room {number}", invite=[bob]) for number in range(ROOMS)]
        for room_id in rooms:
            await bob.join(room_id)
        client, said = Client(folder / "client"), Said({room_id: [] for room_id in rooms})
        await client.login(proxy.url, ann)
        proxy.storm(Storm(seed, (cut_before(), cut_after(), cut_within()), share=CUTS))
        for number in range(1, rounds + 1):
            kill = kill_talker if number % SEND_EVERY else kill_send
            await kill(client, number, proxy, rng, said)
        await finish(client)
        peer = await stack.enter_async_context(NioPeer())
        await peer.login(bob)
        await peer.sync()
        tally = Tally()
        for room_id, texts in said.texts.items():
            seen = await peer.seen(room_id)
            found = [line.body for line in seen if line.sender == ann.user_id and line.kind == "RoomMessageText"]
            tally.compare(room_id, texts, found, said.maybe)
        figures.say("kills", said.kills, "", least=rounds / 2)
        figures.say("cuts of all connections", said.cuts, "")
        figures.say("requests that were cut", sum(proxy.counts.values()) - proxy.counts["passed"], "")
        figures.say("on their way to be said when killed", len(said.maybe), "")
        tally.tell(figures, f"{rounds} rounds")
        figures.say("time", time.perf_counter() - started, "s")
        for note in tally.notes[:20]:
            print(f"  {note}")


def main() -> int:
    """Run, print, and tell by the exit code whether every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, metavar="N", help="how often our client dies (default: 30)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="decides when it dies and what is cut")
    asked = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        asyncio.run(attack(Path(folder), asked.rounds, asked.seed, figures))
    return figures.verdict()


# A13, A14, B4, B12, E3
if __name__ == "__main__":
    sys.exit(main())
