"""How busy the rest of the machine is while something is measured on it (Linux)."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Final

TICK: Final = os.sysconf("SC_CLK_TCK")
CALM: Final = 0.25
"""Processors that other programs may use at most for figures to be taken."""
LOOK: Final = 2.0
"""Seconds of a look."""


def _busy() -> float:
    """Seconds that all processors together have worked since the machine was started, or were kept from it."""
    user, nice, system, _idle, _waiting, hard, soft, stolen = map(
        int, Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + hard + soft + stolen) / TICK


def _ours() -> float:
    """Seconds of processor time of this process and of all that it has started."""
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            parents[int(entry.name)], used[int(entry.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    ours, new = {os.getpid()}, {os.getpid()}
    while new:
        new = {pid for pid, parent in parents.items() if parent in ours} - ours
        ours |= new
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(used.get(pid, 0) for pid in ours) / TICK + ended.ru_utime + ended.ru_stime


class Neighbours:
    """Looks at the other programs from now on."""

    def __init__(self) -> None:
        self._at, self._busy, self._ours = time.perf_counter(), _busy(), _ours()

    def cores(self) -> float:
        """How many processors other programs have kept busy since then."""
        others = (_busy() - self._busy) - (_ours() - self._ours)
        return max(0.0, others / (time.perf_counter() - self._at))


def wait_for_calm(patience: float) -> float:
    """Wait until other programs use next to nothing, for so many seconds at most; gives what they use then."""
    end = time.perf_counter() + patience
    while True:
        look = Neighbours()
        time.sleep(LOOK)
        cores = look.cores()
        if cores < CALM or time.perf_counter() > end:
            return cores
