"""A pseudo-terminal on a link of any speed, with what a program uses while it is looked at."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from bench.pseudo_terminal import ASKS_SYNC, HAS_SYNC, Piece, PseudoTerminal

SIP: Final = 0.01
"""Seconds for which a slow link takes bytes at once."""
CALM: Final = 0.006
"""Seconds without output after which a page is taken to be whole."""


class Use(NamedTuple):
    """What a program has used: seconds of processor time, bytes written to the terminal, seconds gone by."""

    cpu: float
    octets: int
    seconds: float

    def since(self, before: Use) -> Use:
        """What has been used since `before`."""
        return Use(self.cpu - before.cpu, self.octets - before.octets, self.seconds - before.seconds)


class WatchedTerminal(PseudoTerminal):
    """With `rate`, it takes so many bytes a second, as a terminal behind a slow line does."""

    def __init__(self, command: Sequence[str], settings: dict[str, str], rate: int = 0) -> None:
        self._rate = rate
        super().__init__(command, settings=settings)

    def _read(self) -> None:
        if self._rate:
            self._read_slowly()
        else:
            super()._read()

    def _read_slowly(self) -> None:
        while not self._ended:
            if not select.select([self._master], [], [], 0.2)[0]:
                continue
            try:
                output = os.read(self._master, max(1, int(self._rate * SIP)))
            except OSError:  # the program has ended
                break
            if ASKS_SYNC in output:
                os.write(self._master, HAS_SYNC)
            with self._more:
                self._pieces.append(Piece(time.perf_counter(), 0.0, output))
                self._more.notify_all()
            time.sleep(len(output) / self._rate)
        with self._more:
            self._ended = True
            self._more.notify_all()

    def use(self) -> Use:
        """What the program has used so far."""
        with self._more:
            octets = sum(len(piece.output) for piece in self._pieces)
        return Use(self._cpu(), octets, time.perf_counter())

    def page(self, key: str) -> float:
        """Seconds from a key to the last piece of what it brought: until nothing comes for a moment."""
        mark = self.mark()
        sent = self.send(key)
        last, end = 0.0, sent + 5
        while time.perf_counter() < end:
            with self._more:
                last = self._pieces[-1].at if len(self._pieces) > mark else 0.0
            if last and time.perf_counter() - last > CALM:
                return last - sent
            time.sleep(CALM / 6)
        return last - sent if last else 5.0

    def forget(self) -> None:
        """Drop what has been shown so far: it would only be in the way of what is measured next."""
        with self._more:
            self._pieces[:-1] = []
