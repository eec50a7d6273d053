"""Send files while the sender, the recipient or the server is killed with -9 at any byte, or a wire is cut.

Each round is one file: it must arrive byte for byte, or end cleanly where one side cancels it, and no break may have
more than one window of its bytes sent again. Run it as `python -m bench.transfer_kill --rounds 200 --seed 1`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.chunk_wire import ChunkWire, Way  # noqa: E402
from bench.figures import Figures  # noqa: E402
from bench.processes import Process, ServerProcess  # noqa: E402
from bench.server_file import PASSWORD, fill  # noqa: E402
from chat_tui_core.registry import load  # noqa: E402
from chat_tui_core.transfers import WINDOW_BYTES  # noqa: E402

SENDER, RECIPIENT = "ann", "bob"
VICTIMS: Final = ("sender", "recipient", "server", "sender's wire", "recipient's wire")
HEADS: Final = 0.001
"""The part of what is passed on that is the chunks' ids and numbers."""

MOST_BREAKS: Final = 3
"""Breaks of one file."""

CANCELS: Final = 0.1
"""The part of the rounds in which one side cancels after the last break."""

ROUND_LIMIT: Final = 60.0
SETTLE: Final = 5.0
"""Seconds in which the name of a file that was cancelled must be free again."""


class Party:
    """A program with a store of its own that is started again when it was killed; `rows` is what it says of its files."""

    def __init__(self, folder: Path, url: str, name: str, token: str) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self.name = name
        self.rows: dict[str, dict[str, Any]] = {}
        self._arguments = (str(ROOT / "bench" / "transfer_party.py"), str(self.folder), url, name, token)
        self._process = Process(*self._arguments)
        self._listening = asyncio.create_task(self._listen(self._process))

    async def _listen(self, process: Process) -> None:
        while True:
            try:
                line = await asyncio.to_thread(process.line, ROUND_LIMIT * 10)
            except (EOFError, TimeoutError, OSError, ValueError):
                return
            row = json.loads(line)
            self.rows[row["name"]] = row

    def tell(self, line: str) -> None:
        """Tell the program to do something."""
        self._process.tell(line)

    def kill(self) -> None:
        """Kill it, at once; what the system has taken of what it sent still arrives."""
        os.kill(self._process.pid, signal.SIGKILL)

    async def restart(self) -> None:
        """Start it again, with what it has stored."""
        await self.end()
        self._process = Process(*self._arguments)
        self._listening = asyncio.create_task(self._listen(self._process))

    async def end(self) -> None:
        """Leave no process."""
        await asyncio.to_thread(self._process.end, signal.SIGKILL)
        await self._listening

    def state(self, name: str) -> str:
        """How its transfer of a file stands; "" = it knows of none."""
        return str(self.rows.get(name, {"state": ""})["state"])


@dataclass
class Stage:
    """Everybody, and the wires between them; `counts` is what happened, `broken` what must not; `parts` may stay; `story`: of this file."""

    folder: Path
    rng: random.Random
    size: int
    server: ServerProcess
    up: ChunkWire
    down: ChunkWire
    sender: Party
    recipient: Party
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    sent_again: list[float] = field(default_factory=list)
    parts: set[str] = field(default_factory=set)
    story: list[str] = field(default_factory=list)

    async def kill_server(self) -> None:
        """Kill the server, and start it again at the same address."""
        port, data = self.server.port, self.folder / "server.db"
        await asyncio.to_thread(self.server.end, signal.SIGKILL)
        self.server = await asyncio.to_thread(ServerProcess, data, port)

    def must(self, condition: object, sentence: str) -> None:
        """Note what does not hold."""
        self.counts["checks"] += 1
        if not condition:
            self.broken.append(sentence)


async def until(condition: Callable[[], object], seconds: float = ROUND_LIMIT) -> bool:
    """Wait until something holds; say whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.01)
    return True


async def one_break(stage: Stage, name: str) -> str:
    """Let one thing break at any byte of any chunk that is still to come; gives what did, "" when the file was faster."""
    victim = stage.rng.choice(VICTIMS)
    upwards = victim.startswith("sender") or (victim == "server" and stage.rng.random() < 0.5)
    wire, way = (stage.up, Way.UP) if upwards else (stage.down, Way.DOWN)
    left = stage.size - wire.passed[way]
    if left < 2:
        return ""
    reached = asyncio.Event()

    def strike() -> None:
        if victim in {"sender", "recipient"}:
            (stage.sender if upwards else stage.recipient).kill()
        elif victim == "server":
            os.kill(stage.server.pid, signal.SIGKILL)
        else:
            wire.cut()
        reached.set()

    wire.at(way, wire.passed[way] + stage.rng.randrange(1, left), strike)
    over = {"complete", "failed", "cancelled"}
    party = stage.sender if upwards else stage.recipient
    if not await until(lambda: reached.is_set() or party.state(name) in over) or not reached.is_set():
        wire.at(way, 1 << 62, lambda: None)
        return ""
    if victim in {"sender", "recipient"}:
        await party.restart()
    elif victim == "server":
        await stage.kill_server()
    stage.counts[f"breaks: {victim}"] += 1
    stage.story.append(f"{victim} at {wire.passed[way]} {way.value}, {party.rows.get(name, {}).get('done')} were known")
    return victim


async def one_file(stage: Stage, number: int) -> None:
    """Send one file through some breaks, then look at what came of it."""
    name, body = f"{number}.bin", stage.rng.randbytes(stage.size)
    source = stage.folder / name
    source.write_bytes(body)
    stage.story.clear()
    for wire in (stage.up, stage.down):
        wire.count()
    stage.sender.tell(f"offer {source}")
    breaks = Counter[Way]()
    for _ in range(stage.rng.randint(1, MOST_BREAKS)):
        victim = await one_break(stage, name)
        breaks[Way.UP] += victim.startswith("sender") or victim == "server"
        breaks[Way.DOWN] += victim.startswith("recipient") or victim == "server"
    canceller = stage.rng.choice((stage.sender, stage.recipient)) if stage.rng.random() < CANCELS else None
    if canceller is not None:
        canceller.tell(f"cancel {name}")
    over = {"complete", "cancelled", "failed"}
    ended = await until(lambda: stage.sender.state(name) in over and stage.recipient.state(name) in over)
    reserved = stage.recipient.folder / "received" / name
    await until(lambda: stage.recipient.state(name) == "complete" or not reserved.exists(), SETTLE)
    stage.must(ended, f"{name}: not over, {stage.sender.rows.get(name)}, {stage.recipient.rows.get(name)}")
    check(stage, name, body, cancelled=canceller is not None)
    if canceller is None:
        again(stage, name, breaks)
    source.unlink()


def check(stage: Stage, name: str, body: bytes, *, cancelled: bool) -> None:
    """The file is there and is what was sent; or it was cancelled, and only the beginning of it is there, as a part."""
    folder = stage.recipient.folder / "received"
    there = {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in stage.parts}
    state = stage.recipient.state(name)
    stage.counts[f"files {state}"] += 1
    if state == "complete":
        stage.must(there == {name: body}, f"{name}: complete, but {[(key, len(it)) for key, it in there.items()]}")
    else:
        stage.must(cancelled and state == "cancelled", f"{name}: {stage.recipient.rows.get(name)}")
        part = there.pop(f"{name}.part", b"")
        stage.must(not there and body.startswith(part), f"{name}: cancelled, but {list(there)} and {len(part)} bytes")
        stage.parts.add(f"{name}.part")
    (folder / name).unlink(missing_ok=True)


def again(stage: Stage, name: str, breaks: Counter[Way]) -> None:
    """How many windows each break had sent again, at most one."""
    for way, wire in ((Way.UP, stage.up), (Way.DOWN, stage.down)):
        extra = wire.passed[way] * (1 - HEADS) - stage.size
        windows = extra / WINDOW_BYTES / max(1, breaks[way])
        stage.sent_again.append(max(0.0, windows))
        stage.must(windows <= 1, f"{name}: {windows:.2f} windows again {way.value}: {'; '.join(stage.story)}")


async def stage_in(stack: AsyncExitStack, folder: Path, seed: int, size: int) -> Stage:
    """Start everybody."""
    data = folder / "server.db"
    fill(data, 0, ["room0"], more=[SENDER, RECIPIENT])
    server = ServerProcess(data)
    wires = [ChunkWire(server.port) for _ in range(2)]
    parties = []
    for name, wire in zip((SENDER, RECIPIENT), wires, strict=True):
        await wire.start()
        stack.push_async_callback(wire.close)
        given = await load("wschat").login(server.url, name, PASSWORD, kind="password", device=f"{name}-device")
        parties.append(Party(folder, wire.url, name, given.token))
        stack.push_async_callback(parties[-1].end)
    return Stage(folder, random.Random(seed), size, server, wires[0], wires[1], parties[0], parties[1])


async def attack(folder: Path, rounds: int, seed: int, size: int) -> Stage:
    """All rounds, until one is broken."""
    async with AsyncExitStack() as stack:
        stage = await stage_in(stack, folder, seed, size)
        try:
            for number in range(rounds):
                await one_file(stage, number)
                stage.counts["rounds"] += 1
                if stage.broken:
                    break
        finally:
            await asyncio.to_thread(stage.server.end, signal.SIGKILL)
        return stage


def main() -> int:
    """Run, print, and tell by the exit code whether every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, metavar="N", help="files that are sent (default: 200)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="decides what breaks, and at which byte")
    parser.add_argument("--size", type=int, default=20_000_000, metavar="N", help="bytes of a file (default: 20 MB)")
    asked = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        stage = asyncio.run(attack(Path(folder), asked.rounds, asked.seed, asked.size))
    figures = Figures()
    figures.say(f"files of {asked.size} bytes, seed {asked.seed}", stage.counts["rounds"], "", least=asked.rounds)
    for what in sorted(stage.counts):
        if what != "rounds":
            figures.say(what, stage.counts[what], "")
    figures.say("sent again by a break, the most", max(stage.sent_again, default=0.0), "windows", 1)
    figures.say("promises broken", len(stage.broken), "", 0)
    figures.say("time", time.perf_counter() - started, "s")
    for sentence in stage.broken[:20]:
        sys.stdout.write(f"  {sentence}\n")
    return figures.verdict()


# D3, D4, D5, D6, D9, D13
if __name__ == "__main__":
    sys.exit(main())
