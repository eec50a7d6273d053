"""What bench/terminal.py measures of one program in its terminal, one function a column."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Final

from bench.terminal_programs import BARE, Program, Speaker
from bench.watched_terminal import WatchedTerminal

PAUSE: Final = 0.12
"""Seconds between two things that a person does."""
ERASE: Final = "\x15"
"""Ctrl+U."""
LINE: Final = 24
"""Keys that are typed before the line is emptied again."""
PAGE_UP: Final = "\x1b[5~"
BURST: Final = 10_000
PATIENCE: Final = 180.0

Samples = dict[str, list[float]]
"""By measure: values in the unit that its name tells."""


def _letters() -> Iterator[str]:
    """Characters of one cell that nothing on the screen holds: Cyrillic, Greek and Armenian ones, again and again."""
    ranges = (range(0x430, 0x450), range(0x3B1, 0x3C2), range(0x561, 0x587))
    return itertools.cycle([chr(point) for points in ranges for point in points])


class Typist:
    """Types into a program and notes how long each key takes to be seen."""

    def __init__(self, terminal: WatchedTerminal) -> None:
        self._terminal = terminal
        self._letters = _letters()
        self._typed = 0

    def keys(self, count: int = 0, until: Callable[[], bool] = lambda: False) -> list[float]:
        """Milliseconds of so many keys, or of as many as there are until something is the case."""
        found: list[float] = []
        while (not count or len(found) < count) and not until():
            if self._typed == LINE:
                self.erase()
            found.append(self._terminal.echo(next(self._letters)) * 1000)
            self._typed += 1
            time.sleep(PAUSE)
        return found

    def erase(self) -> None:
        """Empty the line."""
        self._terminal.send(ERASE)
        self._typed = 0
        time.sleep(2 * PAUSE)


def start(program: Program, terminal: WatchedTerminal, samples: Samples) -> None:
    """First frame and usable: milliseconds, processor seconds, mebibytes."""
    first = terminal.shown(program.first)
    usable = terminal.shown(program.usable)
    samples.setdefault("start: first frame, ms", []).append((first.at - terminal.started) * 1000)
    samples.setdefault("start: usable, ms", []).append((usable.at - terminal.started) * 1000)
    samples.setdefault("start: processor, ms", []).append(usable.cpu * 1000)
    terminal.quiet(1.0) if program.name != BARE else time.sleep(1.0)
    samples.setdefault("RSS at start, MiB", []).append(terminal.memory())


def idle(terminal: WatchedTerminal, seconds: float, samples: Samples) -> None:
    """What is used while nothing happens: percent of a processor, bytes a second."""
    before = terminal.use()
    time.sleep(seconds)
    used = terminal.use().since(before)
    samples.setdefault("idle: processor, %", []).append(used.cpu / used.seconds * 100)
    samples.setdefault("idle: to the tty, bytes/s", []).append(used.octets / used.seconds)


def receive(terminal: WatchedTerminal, speaker: Speaker, count: int, samples: Samples) -> None:
    """From when the server has told of a message to when it is on the screen."""
    for number in range(count):
        mark, word = terminal.mark(), f"heard{number:03}x"
        said = speaker.say(word)
        samples.setdefault("received to painted, ms", []).append((terminal.shown(word, mark).at - said) * 1000)
        time.sleep(PAUSE)


def enter(terminal: WatchedTerminal, count: int, samples: Samples) -> None:
    """From Enter to the own line among the messages."""
    for number in range(count):
        mark, word = terminal.mark(), f"own{number:03}x"
        for character in word:
            terminal.send(character)
            time.sleep(0.02)
        terminal.shown("x", mark)
        terminal.quiet(0.25)
        mark, sent = terminal.mark(), terminal.send("\r")
        samples.setdefault("Enter to the own line, ms", []).append((terminal.shown(word, mark).at - sent) * 1000)
        time.sleep(2 * PAUSE)


def pages(terminal: WatchedTerminal, count: int, samples: Samples) -> None:
    """From PgUp to the whole page."""
    for _ in range(count):
        samples.setdefault("PgUp, ms", []).append(terminal.page(PAGE_UP) * 1000)
        time.sleep(2 * PAUSE)


def flood(  # noqa: PLR0917
    terminal: WatchedTerminal, speaker: Speaker, rate: int, seconds: float, samples: Samples, name: str = ""
) -> None:
    """Somebody types while so many messages a second come."""
    name = name or f"{rate} messages/s: key echo, ms"
    word, mark, before = f"flood{rate}x", terminal.mark(), terminal.use()
    speaker.begin(int(rate * seconds), rate, word)
    end = time.perf_counter() + seconds
    typist = Typist(terminal)
    samples.setdefault(name, []).extend(typist.keys(until=lambda: time.perf_counter() > end))
    said = speaker.ended()
    shown = terminal.shown(word, mark, PATIENCE).at
    used = terminal.use().since(before)
    samples.setdefault(f"{name.partition(':')[0]}: processor, s", []).append(used.cpu)
    samples.setdefault(f"{name.partition(':')[0]}: last one shown after, s", []).append(shown - said)
    typist.erase()


def burst(terminal: WatchedTerminal, speaker: Speaker, count: int, samples: Samples) -> None:
    """So many messages at once: how long after the server told of the last one it is shown."""
    word, mark, before = f"burst{count}x", terminal.mark(), terminal.use()
    speaker.begin(count, 0, word)
    said = speaker.ended()
    shown = terminal.shown(word, mark, PATIENCE).at
    name = f"burst of {count // 1000}k"
    samples.setdefault(f"{name}: last one shown after, s", []).append(shown - said)
    terminal.quiet(1.0, PATIENCE)
    used = terminal.use().since(before)
    samples.setdefault(f"{name}: processor, s", []).append(used.cpu)
    samples.setdefault(f"{name}: to the tty, KiB", []).append(used.octets / 1024)
