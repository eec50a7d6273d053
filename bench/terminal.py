"""Measure the whole app in a real terminal beside a bare Textual app and the IRC clients WeeChat and irssi.

Run it as `python -m bench.terminal` on an otherwise idle machine (Linux). Every program has a pseudo-terminal of 120x40
that answers queries and notes when each byte came. The app talks to `chat-tui server`, the IRC clients to an IRC server
of the bench's own, both in processes of their own. Rounds of all programs take turns; the load is told with the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench import terminal_programs as programs  # noqa: E402
from bench.figures import Figures, part  # noqa: E402
from bench.latency import served  # noqa: E402
from bench.neighbours import Neighbours, wait_for_calm  # noqa: E402
from bench.processes import Process  # noqa: E402
from bench.terminal_measures import (  # noqa: E402
    Samples,
    Typist,
    burst,
    enter,
    flood,
    idle,
    pages,
    receive,
    start,
)
from bench.terminal_programs import OURS, Program, Speaker  # noqa: E402
from bench.watched_terminal import WatchedTerminal  # noqa: E402

SLOW_LINK: Final = 100_000
SLOW: Final = "5000 messages/s on 100 kB/s: key echo, ms"


class Target(NamedTuple):
    """The most that chat-tui may have at the middle and at the 95th of a hundred values."""

    p50: float | None = None
    p95: float | None = None


TARGETS: Final = {
    "key echo, ms": Target(3.5, 6),
    "received to painted, ms": Target(4, 10),
    "Enter to the own line, ms": Target(6, 10),
    "PgUp, ms": Target(5),
    "burst of 10k: last one shown after, s": Target(0.5),
    "5000 messages/s: key echo, ms": Target(p95=16),
    SLOW: Target(p95=150),
    "RSS with 100,000 messages, MiB": Target(60),
    "idle: processor, %": Target(0.5),
    "idle: to the tty, bytes/s": Target(50),
}


class Sizes(NamedTuple):
    """How much is measured in a round."""

    keys: int
    lines: int
    seconds: float
    idle: float
    messages: int
    patience: float
    """Seconds to wait for other programs to be calm."""


def measure(program: Program, sizes: Sizes, samples: Samples) -> None:
    """One round of one program."""
    with program.start() as terminal:
        start(program, terminal, samples)
        program.enter(terminal)
        typist = Typist(terminal)
        samples.setdefault("key echo, ms", []).extend(typist.keys(sizes.keys))
        typist.erase()
        idle(terminal, sizes.idle, samples)
        if program.speaker is not None:
            talk(terminal, program.speaker, sizes, samples)
    if program.name == OURS and program.speaker is not None:
        with program.start(SLOW_LINK) as terminal:
            terminal.shown(program.usable)
            program.enter(terminal)
            flood(terminal, program.speaker, 5_000, sizes.seconds, samples, SLOW)


def talk(terminal: WatchedTerminal, speaker: Speaker, sizes: Sizes, samples: Samples) -> None:
    """What needs somebody who says something."""
    receive(terminal, speaker, sizes.lines, samples)
    enter(terminal, sizes.lines, samples)
    flood(terminal, speaker, 200, sizes.seconds, samples)
    burst(terminal, speaker, 10_000, samples)
    flood(terminal, speaker, 5_000, sizes.seconds, samples)
    terminal.forget()
    said = 10_000 + int(5_200 * sizes.seconds) + sizes.lines
    speaker.begin(max(1, sizes.messages - said), 0, "enoughx")
    speaker.ended()
    terminal.shown("enoughx", 0, 180)
    terminal.quiet(1.0, 60)
    samples.setdefault(f"RSS with {sizes.messages:,} messages, MiB", []).append(terminal.memory())
    pages(terminal, sizes.lines, samples)


def round_of(folder: Path, url: str, room: str, sizes: Sizes, found: dict[str, Samples]) -> None:
    """Measure every program once; what is not installed is left out."""
    for name in (OURS, programs.BARE, "weechat", "irssi"):
        with contextlib.ExitStack() as stack:
            program = prepared(name, folder, url, room, stack)
            if program is None:
                print(f"{name} is not installed: left out", flush=True)
                continue
            wait_for_calm(sizes.patience)
            began, others = time.perf_counter(), Neighbours()
            measure(program, sizes, found.setdefault(name, {}))
            seconds, load = time.perf_counter() - began, os.getloadavg()[0]
            print(
                f"# {room}, {name}: {seconds:.0f} s, load {load:.1f}, other programs: {others.cores():.2f} processors",
                flush=True,
            )


def prepared(name: str, folder: Path, url: str, room: str, stack: contextlib.ExitStack) -> Program | None:
    """A program with whoever it listens to."""
    if name == programs.BARE:
        return programs.bare_textual(folder)
    if name == OURS:
        speaker = programs.wschat_speaker(url, room)
        stack.enter_context(speaker.process)
        return programs.chat_tui(folder, url, room, speaker)
    server = stack.enter_context(Process("-m", "bench.irc_server"))
    make = programs.weechat if name == "weechat" else programs.irssi
    own = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
    return make(own, int(server.line()), Speaker(server, "hall"))


def tell(found: dict[str, Samples]) -> int:
    """Print all that was found, measure by measure; gives the exit code."""
    figures = Figures()
    for measure_name in found[OURS]:
        for name, samples in found.items():
            values = samples.get(measure_name)
            if not values:
                continue
            target = TARGETS.get(measure_name, Target()) if name == OURS else Target()
            what, _, unit = measure_name.rpartition(", ")
            figures.say(f"{name}: {what}, p50 of {len(values)}", part(values, 50), unit, target.p50)
            if len(values) > 9:
                figures.say(f"{name}: {what}, p95 (worst {max(values):.1f})", part(values, 95), unit, target.p95)
    return figures.verdict()


def options() -> tuple[int, Sizes]:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of each (default: 3)")
    parser.add_argument("--quick", action="store_true", help="a try: little of everything")
    parser.add_argument(
        "--patience", type=float, default=60.0, metavar="S", help="wait for a calm machine (default: 60)"
    )
    asked = parser.parse_args()
    if asked.quick:
        return asked.rounds, Sizes(8, 6, 2.0, 3.0, 30_000, asked.patience)
    return asked.rounds, Sizes(30, 20, 10.0, 30.0, 100_000, asked.patience)


@contextlib.contextmanager
def hurried() -> Iterator[None]:
    """Measure before others do anything, where this is allowed."""
    with contextlib.suppress(OSError):
        os.nice(-8)
    yield


def main() -> int:
    """Measure, print, and tell by the exit code whether all targets are kept."""
    rounds, sizes = options()
    found: dict[str, Samples] = {}
    rooms = [f"hall{number}" for number in range(rounds)]
    with hurried(), tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as name:
        folder = Path(name)
        with served(folder, dict.fromkeys(rooms, 1_000)) as url:
            for room in rooms:
                round_of(folder, url, room, sizes, found)
    return tell(found)


if __name__ == "__main__":
    sys.exit(main())
