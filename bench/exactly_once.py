"""Try out exactly once: simulated networks, crashes and restored backups around the real outbox, store and protocols.

Run it as `python -m bench.exactly_once`; `--seed N` replays one schedule and tells what happens in it. It ends with 1 when
one promise was broken. The same seeds are run with a client as many are (tests/core/simulator_naive.py), for comparison.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from tests.core.simulator import WIRES, Verdict, run  # noqa: E402
from tests.core.simulator_client import Client  # noqa: E402
from tests.core.simulator_naive import NaiveClient  # noqa: E402

SCHEDULES: Final = 10_000
PACE: Final = 1_000
"""Schedules a minute that must be reached."""

AT_ONCE: Final = 50
"""Schedules that a process takes at a time."""

SHOWN: Final = 10
"""Broken schedules that are told one by one."""

CLIENTS: Final[dict[str, type[Client]]] = {"chat-tui": Client, "naive client": NaiveClient}
PROMISES: Final = ("lost", "doubled", "reordered", "others")
WORDS: Final = {
    "lost": "lost",
    "doubled": "doubled",
    "reordered": "reordered",
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
    broken: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    worst: list[Verdict] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count one schedule."""
        self.schedules += 1
        self.deeds += verdict.deeds
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
        self.steps += other.steps
        self.broken += other.broken
        self.happened += other.happened
        self.worst = (self.worst + other.worst)[:SHOWN]


def run_some(client: str, schedules: list[Schedule]) -> Summary:
    """Run schedules, in a process of their own."""
    summary = Summary()
    for seed, wire in schedules:
        summary.add(run(seed, wire, client=CLIENTS[client]))
    return summary


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
    ours, seconds = found["chat-tui"]
    print(f"schedules {ours.schedules:,}, things done {ours.deeds:,}, steps {ours.steps:,}")
    print(f"\n{'':<28}" + "".join(f"{name:>16}" for name in found) + "     target")
    for promise in PROMISES:
        figures = "".join(f"{summary.broken[promise]:>16,}" for summary, _ in found.values())
        print(f"{WORDS[promise]:<28}{figures}{'0':>11}")
    paces = "".join(f"{summary.schedules / taken * 60:>16,.0f}" for summary, taken in found.values())
    print(f"{'schedules a minute':<28}{paces}{f'>= {PACE:,}':>11}")
    print(f"{'seconds':<28}" + "".join(f"{taken:>16.1f}" for _, taken in found.values()))
    print("\nwhat went wrong on the way:")
    for what, words in FAULTS.items():
        print(f"  {words:<42}{ours.happened[what]:>10,}")
    for verdict in ours.worst:
        print(f"\nbroken: python -m bench.exactly_once --seed {verdict.seed} --wire {verdict.wire}")
        for sentence in verdict.broken[:5]:
            print(f"  {sentence}")
    if seconds and ours.schedules / seconds * 60 < PACE:
        print(f"\ntoo slow: {ours.schedules / seconds * 60:,.0f} schedules a minute, at least {PACE:,} are wanted")


def replay(seed: int, wires: Iterable[str], client: str) -> int:
    """Run one schedule again and tell what happens."""
    broken = 0
    for wire in wires:
        print(f"--- seed {seed}, {wire}, {client}")
        verdict = run(seed, wire, client=CLIENTS[client], trace=print)
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
    parser.add_argument("--seed", type=int, metavar="N", help="replay this schedule only, and tell what happens")
    parser.add_argument("--wire", choices=sorted(WIRES), help="with this protocol only")
    parser.add_argument("--naive", action="store_true", help="replay with the naive client")
    asked = parser.parse_args()
    wires = [asked.wire] if asked.wire else sorted(WIRES)
    if asked.seed is not None:
        return replay(asked.seed, wires, "naive client" if asked.naive else "chat-tui")
    seeds = range(asked.first, asked.first + asked.schedules)
    schedules = [(seed, wires[seed % len(wires)]) for seed in seeds]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = {client: run_all(pool, client, schedules) for client in CLIENTS}
    show(found)
    ours, seconds = found["chat-tui"]
    kept = not ours.broken.total() and ours.schedules / seconds * 60 >= PACE
    return 0 if kept else 1


# A13, A14, A16, A23, B12, B13, E3
if __name__ == "__main__":
    sys.exit(main())
