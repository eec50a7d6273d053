"""Measure a room of a thousand, a hundred thousand and a million stored messages, each beside the shortest one.

Run it as `python -m bench.timeline`. The whole app runs on a real store without a terminal, each room in a process of its
own, a few steps of each in turn: keys are typed, the wheel is turned, news are delivered, and all output is made and thrown
away. Figures are processor time of the app's thread (rows, layout, compositor, escape sequences), so that other programs do
not count: until the paint that shows what was done, and until all that follows, prefetching for one, has ended. Textual's
way, a widget a message, is measured beside it in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.figures import Figures  # noqa: E402
from bench.headless_app import staged  # noqa: E402
from bench.processes import ROOT as HERE  # noqa: E402
from bench.stored_rooms import fill_long, lines  # noqa: E402
from bench.widget_timeline_app import WidgetTimelineApp  # noqa: E402

MOST_MS: Final = 5.0
OPEN_MS: Final = 60.0
RATIO: Final = 1.3
SLACK_MS: Final = 0.5
"""A difference that is smaller is noise, whatever the ratio."""
GROWTH_MIB: Final = 15.0
WHOLE: Final = "resize 80 to 200, the whole app"
"""Told, with no target: nearly all of it is Textual's layout and style sheet."""

Found = dict[int, dict[str, list[list[tuple[float, float]]]]]
"""By number of messages, by step: the costs of each round."""


class OneRoom:
    """A process of its own that measures one room, a few steps in each turn."""

    def __init__(self, file: Path, size: int) -> None:
        paths = os.pathsep.join((str(HERE / "tui"), str(HERE / "backends"), str(HERE)))
        command = [sys.executable, "-m", "bench.timeline_steps", str(file), str(size)]
        environment = {**os.environ, "PYTHONPATH": paths}
        pipe = subprocess.PIPE
        self.found: dict[str, Any] = {}
        """What was measured, once all is."""
        self._process = subprocess.Popen(command, cwd=HERE, env=environment, stdin=pipe, stdout=pipe, text=True)
        self._listen()

    def turn(self) -> None:
        """Measure a few steps more."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        self._listen()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        line = self._process.stdout.readline()
        if line != "turn\n":
            self.found = json.loads(line or "{}")
            if self._process.wait() or not self.found:
                raise RuntimeError("a room could not be measured; its process has said why")


def run_all(files: Mapping[int, Path], folder: Path) -> dict[int, dict[str, Any]]:
    """Measure rooms of these sizes in turns: a machine that is slow for a minute is slow for all of them.

    Each in a copy of its store: what is said and edited meanwhile would make the next round's room another one.
    """
    rooms = {}
    for size, file in files.items():
        copy = folder / f"copy-{size}" / file.name
        shutil.rmtree(copy.parent, ignore_errors=True)
        copy.parent.mkdir()
        shutil.copy(file, copy)
        rooms[size] = OneRoom(copy, size)
    while waiting := [room for room in rooms.values() if not room.found]:
        for room in waiting:
            room.turn()
    return {size: room.found for size, room in rooms.items()}


async def widget_each(count: int) -> dict[str, list[float]]:
    """The same with a Textual widget for each message; seconds by step."""
    app = WidgetTimelineApp([event.text for event in lines("room", count)])
    found: dict[str, list[float]] = {}
    async with staged(app) as stage:
        found["open"] = [await stage.cost(app.fill, 1.5)]
        found["PgUp"] = [await stage.cost(app.page_up, 0.5) for _ in range(5)]
        found["append while following"] = [await stage.cost(app.append, 0.5) for _ in range(5)]
        found["prepend of 50"] = [await stage.cost(app.prepend, 0.5) for _ in range(3)]
    return found


def middle(found: Found, size: int, step: str, which: int) -> float:
    """The middle of all rounds, in milliseconds: until the paint (0) or in all (1)."""
    return median(cost[which] for costs in found[size][step] for cost in costs) * 1000


def spread(found: Found, size: int, step: str) -> str:
    """The middles of the rounds, from the least to the greatest, in milliseconds."""
    middles = [median(cost[0] for cost in costs) * 1000 for costs in found[size][step]]
    return f"{min(middles):.1f}-{max(middles):.1f}"


def tell(found: Found, memory: dict[int, list[float]], beside: dict[str, list[float]]) -> int:
    """Print all that was found; gives the exit code."""
    figures = Figures()
    sizes = sorted(found)
    least, most = sizes[0], sizes[-1]
    for step in found[most]:
        for size in sizes:
            target = None if size < most or step == WHOLE else OPEN_MS if step == "open" else MOST_MS
            name = f"{step}, {size:,} messages"
            figures.say(
                f"{name}: to the paint ({spread(found, size, step)})", middle(found, size, step, 0), "ms", target
            )
            figures.say(f"{name}: with all that follows", middle(found, size, step, 1), "ms")
        small, large = middle(found, least, step, 0), middle(found, most, step, 0)
        noise = large - small < SLACK_MS
        figures.say(f"{step}: {most:,} / {least:,}", large / small, "x", None if noise or step == WHOLE else RATIO)
        if step in beside:
            figures.say(f"{step}, 1,000 messages, a widget each", median(beside[step]) * 1000, "ms")
    for size in sizes:
        figures.say(f"resident after 1,000 pages, {size:,} messages", median(memory[size]), "MiB")
    growth = median(memory[most]) - median(memory[least])
    figures.say(f"resident, {most:,} messages less {least:,}", growth, "MiB", GROWTH_MIB)
    return figures.verdict()


def main() -> int:
    """Measure, print, and tell by the exit code whether all targets are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000], metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of each (default: 3)")
    asked = parser.parse_args()
    found: Found = {size: {} for size in asked.sizes}
    memory: dict[int, list[float]] = {size: [] for size in asked.sizes}
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        began = time.perf_counter()
        files = {size: Path(folder) / f"of-{size}" / "chat.db" for size in asked.sizes}
        for size, file in files.items():
            file.parent.mkdir()
            fill_long(file, [size])
        print(f"# {sum(asked.sizes):,} messages stored in {time.perf_counter() - began:.0f} s", flush=True)
        for number in range(asked.rounds):
            for size, one in run_all(files, Path(folder)).items():
                for step, costs in one["costs"].items():
                    found[size].setdefault(step, []).append(costs)
                memory[size].append(one["memory"])
                load = os.getloadavg()[0]
                print(f"# round {number + 1}, {size:,}: went {one['reached']:,} back, load {load:.1f}", flush=True)
    return tell(found, memory, asyncio.run(widget_each(1_000)))


if __name__ == "__main__":
    sys.exit(main())
