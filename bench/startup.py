"""Measure the start: to the first frame beside the smallest Textual app, and `--help` beside an empty program.

Run it as `python -m bench.startup` on an otherwise idle machine (Linux). Rounds of all programs are interleaved.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.figures import Figures  # noqa: E402
from bench.pseudo_terminal import PseudoTerminal, environment  # noqa: E402
from bench.stored_account import fill  # noqa: E402

CPU, MEMORY, HELP = 1.25, 1.35, 4.0
COMMAND = "-c", "import sys; from chat_tui.__main__ import main; sys.exit(main())"  # what `chat-tui` is
BARE = (str(ROOT / "bench" / "bare_app.py"),), "frame"


class Start(NamedTuple):
    """What one start has cost until its first frame: seconds of processor time, seconds, mebibytes."""

    cpu: float
    wall: float
    memory: float


class Place(NamedTuple):
    """A temporary folder for stored rooms, and for byte code, so that a checkout starts as an installation does."""

    folder: Path

    @property
    def settings(self) -> dict[str, str]:
        """The environment of the measured programs."""
        paths = os.pathsep.join((str(ROOT / "tui"), str(ROOT / "backends")))
        return {"PYTHONPATH": paths, "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode")}


def first_frame(place: Place, arguments: Sequence[str], text: str) -> Start:
    """Start a program and end it when its first frame is there, which is where `text` stands."""
    with PseudoTerminal([sys.executable, *arguments], settings=place.settings) as terminal:
        piece = terminal.shown(text)
        return Start(piece.cpu, piece.at - terminal.started, terminal.memory())


def run_through(place: Place, *arguments: str) -> Start:
    """The same of a program that ends by itself; its memory is not looked at."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=environment(place.settings), stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Start(cpu, time.perf_counter() - started, 0)


def interleaved(rounds: int, *measures: Callable[[], Start]) -> list[list[Start]]:
    """What each measure gave in each round, after one round that fills the caches."""
    found = [[measure() for measure in measures] for _ in range(rounds + 1)][1:]
    return [list(column) for column in zip(*found, strict=True)]


def main() -> int:
    """Measure, print, and tell by the exit code whether all targets are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, metavar="N", help="rounds of each (default: 11)")
    parser.add_argument("--rooms", type=int, default=1000, metavar="N", help="stored rooms (default: 1000)")
    parser.add_argument("--lines", type=int, default=100, metavar="N", help="messages in each (default: 100)")
    asked = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        place = Place(Path(folder))
        data = place.folder / "data"
        fill(data, asked.rooms, asked.lines)
        app = (*COMMAND, "--data-dir", str(data)), f"room-{asked.rooms - 1:04}"
        bare, ours, nothing, told = interleaved(
            asked.rounds,
            lambda: first_frame(place, *BARE),
            lambda: first_frame(place, *app),
            lambda: run_through(place, "-c", "pass"),
            lambda: run_through(place, *COMMAND, "--help"),
        )
    for name, starts in (("bare Textual app", bare), ("chat-tui", ours)):
        figures.say(f"{name}: processor until the first frame", median(s.cpu for s in starts) * 1000, "ms")
        figures.say(f"{name}: first frame after", median(s.wall for s in starts) * 1000, "ms")
        figures.say(f"{name}: resident", median(s.memory for s in starts), "MiB")
    figures.say("processor, chat-tui / bare", median(s.cpu for s in ours) / median(s.cpu for s in bare), "x", CPU)
    figures.say("wall, chat-tui / bare", median(s.wall for s in ours) / median(s.wall for s in bare), "x")
    figures.say(
        "resident, chat-tui / bare", median(s.memory for s in ours) / median(s.memory for s in bare), "x", MEMORY
    )
    figures.say("processor, python -c pass", median(s.cpu for s in nothing) * 1000, "ms")
    figures.say("processor, chat-tui --help", median(s.cpu for s in told) * 1000, "ms")
    figures.say(
        "chat-tui --help / python -c pass", median(s.cpu for s in told) / median(s.cpu for s in nothing), "x", HELP
    )
    return figures.verdict()


if __name__ == "__main__":
    sys.exit(main())
