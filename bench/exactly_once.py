"""Try out exactly once: simulated networks, crashes and restored backups around the real outbox, store and protocols.

Run it as `python -m bench.exactly_once`; `--seed N -v` replays one schedule and tells what happens in it. It ends with 1
when one promise was broken. Every tenth schedule keeps its account in real files, the others in memory. Some seeds are run
with a client as many are (tests/core/simulator_naive.py), for comparison.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from chat_tui_core.actions import Kind  # noqa: E402
from tests.core.simulator import WIRES, Verdict, run  # noqa: E402
from tests.core.simulator_client import Client  # noqa: E402
from tests.core.simulator_disk import FileDisk  # noqa: E402
from tests.core.simulator_naive import NaiveClient  # noqa: E402

SCHEDULES: Final = 10_000
PACE: Final = 500
"""Schedules a minute that one processor must reach: 10,000 in ten minutes on two."""

ON_FILES: Final = 10
"""One schedule in so many is run on real files."""

COMPARED: Final = 20
"""One schedule in so many is run with the naive client as well."""

AT_ONCE: Final = 50
"""Schedules that a process takes at a time."""

SHOWN: Final = 10
"""Broken schedules that are told one by one."""

CLIENTS: Final[dict[str, type[Client]]] = {"chat-tui": Client, "naive client": NaiveClient}
PROMISES: Final = ("lost", "doubled", "reordered", "stuck", "wrong", "others")
WORDS: Final = {
    "lost": "lost",
    "doubled": "doubled",
    "reordered": "reordered within a room",
    "stuck": "stuck for ever",
    "wrong": "wrong state shown",
    "others": "other promises broken",
}

FAULTS: Final = {
    "cut": "connection cut",
    "drop": "frame or request lost",
    "lost answer": "of these: answers",
    "double": "frame or request came twice",
    "overtake": "frame overtaken by another",
    "late": "frame of a dead connection came late",
    "busy": "server said: not now",
    "server restart": "server killed",
    "crash": "program killed",
    "power cut": "program's machine lost power",
    "restart": "program restarted in order",
    "older copy": "older copy of the file restored",
    "clock set": "clock set",
}

Schedule = tuple[int, str]


@dataclass
class Summary:
    """What came of many schedules."""

    schedules: int = 0
    deeds: int = 0
    steps: int = 0
    least: int = 1 << 30
    processor: float = 0.0
    broken: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    worst: list[Verdict] = field(default_factory=list)

    @property
    def pace(self) -> float:
        """Schedules a minute of one processor."""
        return self.schedules / max(self.processor, 0.001) * 60

    def add(self, verdict: Verdict) -> None:
        """Count one schedule."""
        self.schedules += 1
        self.deeds += verdict.deeds
        self.least = min(self.least, verdict.deeds)
        self.steps += verdict.steps
        self.happened += verdict.happened
        for promise in PROMISES:
            self.broken[promise] += len(getattr(verdict, promise))
        if verdict.broken and len(self.worst) < SHOWN:
            self.worst.append(verdict)

    def join(self, other: Summary) -> None:
        """Count what another process has found."""
        self.schedules += other.schedules
        self.deeds += other.deeds
        self.least = min(self.least, other.least)
        self.processor += other.processor
        self.steps += other.steps
        self.broken += other.broken
        self.happened += other.happened
        self.worst = (self.worst + other.worst)[:SHOWN]


def run_some(client: str, schedules: list[Schedule]) -> Summary:
    """Run schedules, in a process of their own."""
    summary, started = Summary(), time.process_time()
    for seed, wire in schedules:
        summary.add(run_one(seed, wire, client))
    summary.processor = time.process_time() - started
    return summary


def run_one(seed: int, wire: str, client: str, trace: Callable[[str], None] | None = None) -> Verdict:
    """Run one schedule, on files where it is one of those."""
    if seed // len(WIRES) % ON_FILES:
        return run(seed, wire, client=CLIENTS[client], trace=trace)
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        return run(seed, wire, client=CLIENTS[client], disk=lambda: FileDisk(Path(folder)), trace=trace)


def in_parts(schedules: Iterable[Schedule]) -> Iterator[list[Schedule]]:
    """Cut many schedules into handfuls."""
    rest = iter(schedules)
    while part := list(islice(rest, AT_ONCE)):
        yield part


def run_all(pool: ProcessPoolExecutor, client: str, schedules: list[Schedule]) -> tuple[Summary, float]:
    """Run all schedules with one sort of client; what came of them, and the seconds that it took."""
    started, summary = time.perf_counter(), Summary()
    for part in [pool.submit(run_some, client, part) for part in in_parts(schedules)]:
        summary.join(part.result())
    return summary, time.perf_counter() - started


def show(found: dict[str, tuple[Summary, float]]) -> None:
    """Print the table."""
    ours = found["chat-tui"][0]
    done = f"things done {ours.deeds:,}, at least {ours.least} in each"
    print(f"schedules {ours.schedules:,}, {done}, steps {ours.steps:,}")
    print(f"\n{'':<28}" + "".join(f"{name:>16}" for name in found) + "     target")
    for promise in PROMISES:
        figures = "".join(f"{summary.broken[promise]:>16,}" for summary, _ in found.values())
        print(f"{WORDS[promise]:<28}{figures}{'0':>11}")
    paces = "".join(f"{summary.pace:>16,.0f}" for summary, _ in found.values())
    print(f"{'a minute of one processor':<28}{paces}{f'>= {PACE:,}':>11}")
    print(f"{'schedules':<28}" + "".join(f"{summary.schedules:>16,}" for summary, _ in found.values()))
    print(f"{'seconds':<28}" + "".join(f"{taken:>16.1f}" for _, taken in found.values()))
    print(f"{'seconds of processor':<28}" + "".join(f"{summary.processor:>16.1f}" for summary, _ in found.values()))
    print("\nwhat went wrong on the way:")
    for what, words in FAULTS.items():
        print(f"  {words:<42}{ours.happened[what]:>10,}")
    kinds = ", ".join(f"{kind.replace('_', ' ')} {ours.happened[f'{kind} confirmed']:,}" for kind in Kind)
    print(f"\nconfirmed: {kinds}")
    for verdict in ours.worst:
        print(f"\nbroken: python -m bench.exactly_once --seed {verdict.seed} --wire {verdict.wire} -v")
        for sentence in verdict.broken[:5]:
            print(f"  {sentence}")
    if ours.pace < PACE:
        print(f"\ntoo slow: {ours.pace:,.0f} schedules a minute of one processor, at least {PACE:,} are wanted")


def replay(seed: int, wires: Iterable[str], client: str, *, tell: bool) -> int:
    """Run one schedule again, and tell what happens."""
    broken = 0
    for wire in wires:
        print(f"--- seed {seed}, {wire}, {client}")
        verdict = run_one(seed, wire, client, trace=print if tell else None)
        broken += len(verdict.broken)
        print(f"--- {verdict.steps} steps, {verdict.deeds} things done, broken promises: {len(verdict.broken)}")
        for sentence in verdict.broken:
            print(f"  {sentence}")
    return 1 if broken else 0


def main() -> int:
    """Run, print, and tell by the exit code whether every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=SCHEDULES, metavar="N", help=f"default: {SCHEDULES:,}")
    parser.add_argument("--first", type=int, default=1, metavar="N", help="the first seed (default: 1)")
    parser.add_argument("--seed", type=int, metavar="N", help="replay this schedule only")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what happens in it, step by step")
    parser.add_argument("--wire", choices=sorted(WIRES), help="with this protocol only")
    parser.add_argument("--naive", action="store_true", help="replay with the naive client")
    asked = parser.parse_args()
    wires = [asked.wire] if asked.wire else sorted(WIRES)
    if asked.seed is not None:
        return replay(asked.seed, wires, "naive client" if asked.naive else "chat-tui", tell=asked.verbose)
    seeds = range(asked.first, asked.first + asked.schedules)
    schedules = [(seed, wires[seed % len(wires)]) for seed in seeds]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = {
            "chat-tui": run_all(pool, "chat-tui", schedules),
            "naive client": run_all(pool, "naive client", schedules[: max(1, len(schedules) // COMPARED)]),
        }
    show(found)
    ours = found["chat-tui"][0]
    kept = not ours.broken.total() and ours.pace >= PACE
    return 0 if kept else 1


# A13, A14, A16, A23, B12, B13, E3
if __name__ == "__main__":
    sys.exit(main())
