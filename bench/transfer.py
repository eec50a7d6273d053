"""Send a large file from one session to another over `chat-tui server`, beside plain HTTP: how fast, how much memory.

Run it as `python -m bench.transfer` on an otherwise idle machine (Linux); `--size 100` for 100 MiB.

What is compared: the plain copy is put to an aiohttp server that writes it to a file, and got from there by a second client
that writes it to a file; one after the other, each byte twice through loopback and into two files. Nothing of it is
synced, no digest is computed. A chat-tui transfer is timed from offering to the moment when the recipient has the file
under its name: the sender computes its digest first, the server and the recipient sync every byte before they acknowledge
it, and compute the digest again; what the server has goes on at once, while the rest still comes. That, too, is each byte
twice through loopback and into two files. Each is done twice, in turn, while nobody talks, and of each the faster one
counts. Then the file is sent once more while both sides talk in the room, for how long their lines take. Memory is looked
at in all three. Whatever else runs takes more from the transfer than from the copy: it uses three processes at once.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.figures import Figures, part  # noqa: E402
from bench.processes import Process, ServerProcess  # noqa: E402
from bench.server_file import PASSWORD, fill  # noqa: E402
from chat_tui_core.registry import load  # noqa: E402

MIB: Final = 1 << 20
SHARE: Final = 0.5
"""The part of the plain copy's speed that is wanted."""

GROWTH: Final = 30.0
"""MiB that a process may hold more during the transfer than before it."""

SLOWER: Final = 3.0
"""How many times its idle p95 a message may take while a file flows."""

IDLE: Final = 5.0
"""Seconds of talk before the file."""

SETTLE: Final = 3.0
"""Seconds in which everybody may come to rest before the first file."""

PEOPLE: Final = ("ann", "bob")
_LOOK: Final = 0.02


class Memory:
    """The most that some processes hold in memory beyond what they held at the beginning, in MiB."""

    def __init__(self, processes: dict[str, Process]) -> None:
        self._processes = processes
        self._before = {name: one.memory() for name, one in processes.items()}
        self.most = dict.fromkeys(processes, 0.0)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._over.wait(_LOOK):
            for name, one in self._processes.items():
                self.most[name] = max(self.most[name], (one.memory() - self._before[name]) / MIB)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._thread.join()


def make_file(path: Path, size: int) -> str:
    """Write a file of random bytes; gives its SHA-256."""
    hasher = hashlib.sha256()
    with path.open("wb") as file:
        for start in range(0, size, MIB):
            piece = os.urandom(min(MIB, size - start))
            hasher.update(piece)
            file.write(piece)
    os.sync()
    return hasher.hexdigest()


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def plain(folder: Path, source: Path) -> tuple[float, float]:
    """Seconds in which a file is put to a plain HTTP server and got from it, and of processor time for that."""
    kept, copy = folder / "kept", folder / "copy"
    kept.mkdir(exist_ok=True)
    program = str(ROOT / "bench" / "http_copy.py")
    seconds, before = 0.0, os.times()
    with Process(program, "serve", str(kept)) as server:
        url = f"{server.line()}/file"
        for what, file in (("put", source), ("get", copy)):
            with Process(program, what, url, str(file)) as client:
                seconds += float(client.line(600.0))
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    if copy.stat().st_size != source.stat().st_size:
        raise RuntimeError("the plain copy is not whole")
    copy.unlink()
    (kept / "file").unlink()
    os.sync()
    return seconds, used


@contextmanager
def everybody(folder: Path) -> Iterator[tuple[ServerProcess, dict[str, Process]]]:
    """A server, and a program for each person."""
    data = folder / "server.db"
    fill(data, 0, ["room0"], more=PEOPLE)
    with ExitStack() as stack:
        server = stack.enter_context(ServerProcess(data))
        parties: dict[str, Process] = {}
        for name in PEOPLE:
            backend = load("wschat")
            given = asyncio.run(backend.login(server.url, name, PASSWORD, kind="password", device=f"{name}-device"))
            (folder / name).mkdir()
            program = str(ROOT / "bench" / "transfer_party.py")
            parties[name] = stack.enter_context(Process(program, str(folder / name), server.url, name, given.token))
        yield server, parties


def until(party: Process, key: str, **wanted: str) -> dict[str, Any]:
    """The first row of a party that has this key, and these values."""
    while True:
        row: dict[str, Any] = json.loads(party.line(600.0))
        if key in row and wanted.items() <= row.items():
            return row


def talked(parties: dict[str, Process]) -> dict[str, list[float]]:
    """Let everybody be quiet; gives how long their lines took."""
    for one in parties.values():
        one.tell("hush")
    return {name: until(one, "times")["times"] for name, one in parties.items()}


@dataclass
class Sent:
    """One transfer: its seconds, and of each process the processor time and the most memory beyond what it held."""

    seconds: float
    processor: dict[str, float]
    memory: dict[str, float]


def over(folder: Path, source: Path, everyone: tuple[ServerProcess, dict[str, Process]]) -> Sent:
    """Send the file from session to session, until the recipient has it whole."""
    server, parties = everyone
    processes: dict[str, Process] = {"server": server, "sender": parties["ann"], "recipient": parties["bob"]}
    wanted = digest(source)
    used = {name: one.processor() for name, one in processes.items()}
    with Memory(processes) as memory:
        began = time.perf_counter()
        parties["ann"].tell(f"offer {source}")
        until(parties["bob"], "state", name=source.name, state="complete")
        seconds = time.perf_counter() - began
    used = {name: one.processor() - used[name] for name, one in processes.items()}
    received = folder / "bob" / "received" / source.name
    if digest(received) != wanted:
        raise RuntimeError("what arrived is not what was sent")
    received.unlink()
    os.sync()
    return Sent(seconds, used, memory.most)


def named(source: Path, name: str) -> Path:
    """The same file under another name: what is said of it is not taken for the one before."""
    path = source.with_name(name)
    path.hardlink_to(source)
    return path


def talk(parties: dict[str, Process]) -> None:
    """Let everybody talk from now on."""
    for one in parties.values():
        one.tell("talk")


def say_lines(idle: dict[str, list[float]], busy: dict[str, list[float]], figures: Figures) -> None:
    """How long a line took of itself, and beside the file."""
    for name, who in (("ann", "sender"), ("bob", "recipient")):
        before, during = part(idle[name], 95), part(busy[name], 95)
        figures.say(f"a line of the {who}, p95 of {len(idle[name])} when idle", before * 1000, "ms")
        figures.say(f"a line of the {who}, p95 of {len(busy[name])} meanwhile", during * 1000, "ms")
        figures.say(f"a line of the {who}: times as long", during / before, "x", SLOWER)


def say_memory(all_sent: Sequence[Sent], figures: Figures) -> None:
    """The most that each process held beyond what it held before."""
    for name in all_sent[0].memory:
        figures.say(f"{name}: memory beyond before", max(sent.memory[name] for sent in all_sent), "MiB", GROWTH)


def say_speed(megabytes: float, plainly: tuple[float, float], quiet: Sent, talking: Sent, figures: Figures) -> None:
    """What it cost the processor, how fast it was, and how fast beside the plain copy."""
    seconds, used = plainly
    figures.say("plain HTTP: processor time", used, "s")
    for process, its in quiet.processor.items():
        figures.say(f"wschat: processor time of the {process}", its, "s")
    figures.say("plain HTTP: put and got", megabytes / seconds, "MB/s")
    figures.say("wschat: digest, offered, stored, got, checked", megabytes / quiet.seconds, "MB/s")
    figures.say("the same while both talk", megabytes / talking.seconds, "MB/s")
    figures.say("wschat as part of plain HTTP", seconds / quiet.seconds * 100, "%", least=SHARE * 100)


def main() -> int:
    """Measure, print, and tell by the exit code whether every target was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, metavar="MIB", help="size of the file (default: 1024)")
    asked = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as name:
        folder = Path(name)
        source = folder / "file.bin"
        make_file(source, asked.size * MIB)
        figures.say("load of the machine before", os.getloadavg()[0], "")
        copied: list[tuple[float, float]] = []
        sent: list[Sent] = []
        with everybody(folder) as everyone:
            time.sleep(SETTLE)
            for again in ("a.bin", "b.bin"):
                copied.append(plain(folder, source))
                sent.append(over(folder, named(source, again), everyone))
            talk(everyone[1])
            time.sleep(IDLE)
            idle = talked(everyone[1])
            talk(everyone[1])
            talking = over(folder, named(source, "c.bin"), everyone)
            busy = talked(everyone[1])
    figures.say("load of the machine after", os.getloadavg()[0], "")
    say_memory((*sent, talking), figures)
    say_lines(idle, busy, figures)
    say_speed(asked.size * MIB / 1e6, min(copied), min(sent, key=lambda one: one.seconds), talking, figures)
    return figures.verdict()


# D1, D9, D11
if __name__ == "__main__":
    sys.exit(main())
