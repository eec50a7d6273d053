"""What the fault proxy may do to a request, and plans that say to which: scripted or seeded."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.matrix_live.answers import Answer, broken

# Parts of a path that differ from run to run: ids, and the transaction at the end.
OWN_PART = re.compile(r"/[^/]*[%!$@#:][^/]*")
TRANSACTION = re.compile(r"(/(?:send|redact|sendToDevice)/[^/]+/)[^/]+$")


@dataclass(frozen=True)
class Fault:
    """What happens to one request; the functions below make the usual ones. Times are seconds.

    `deliver`: whether the homeserver gets the request. `answer`: given in place of the homeserver's.
    `cut`: the connection ends after this share of the answer's body (0: before any of the answer).
    `hold`: the request waits here for the event; `hold_answer`: the answer does, when the homeserver has given it.
    `delay`: the answer comes so much later; `piece` and `pause`: it trickles, so many bytes, then a pause.
    """

    name: str
    deliver: bool = True
    answer: Answer | None = None
    cut: float | None = None
    hold: asyncio.Event | None = None
    hold_answer: asyncio.Event | None = None
    delay: float = 0.0
    piece: int = 0
    pause: float = 0.0


def cut_before() -> Fault:
    """The connection ends before the homeserver has got the request."""
    return Fault("cut before", deliver=False, cut=0.0)


def cut_after() -> Fault:
    """The homeserver has done it, and the connection ends before the answer."""
    return Fault("cut after", cut=0.0)


def cut_within(share: float = 0.5) -> Fault:
    """The homeserver has done it, and the connection ends within the answer's body."""
    return Fault("cut within", cut=share)


def instead(answer: Answer, name: str = "") -> Fault:
    """The homeserver gets nothing, the client this answer."""
    return Fault(name or f"{answer.status} instead", deliver=False, answer=answer)


def afterwards(answer: Answer | None = None) -> Fault:
    """The homeserver has done it, and the client gets this answer (by default a 500 page) all the same."""
    answer = answer or broken(500)
    return Fault(f"{answer.status} afterwards", answer=answer)


def slow(delay: float = 0.0, piece: int = 0, pause: float = 0.0) -> Fault:
    """The answer comes late, or in pieces of so many bytes with pauses between."""
    return Fault("slow", delay=delay, piece=piece, pause=pause)


def held(*, request: asyncio.Event | None = None, answer: asyncio.Event | None = None) -> Fault:
    """The request, or the answer, waits until the test sets the event: any order of things can be made so."""
    return Fault("held", hold=request, hold_answer=answer)


@dataclass
class Rule:
    """A scripted fault: for requests of this method (empty: any) whose path, without query, `path` is found in.

    The first `skip` of them pass, then `times` of them (None: all) get the fault. aiohttp sends a GET, PUT or DELETE
    that was cut once more by itself, and says nothing: to be felt, such a cut has to come at least twice.
    """

    fault: Fault
    method: str = ""
    path: str = ""
    times: int | None = 1
    skip: int = 0
    matched: int = 0
    used: int = 0
    struck: asyncio.Event = field(default_factory=asyncio.Event)

    def choose(self, method: str, path: str) -> Fault | None:
        """The fault, if it is this request's turn."""
        if self.method not in {"", method} or not re.search(self.path, path):
            return None
        self.matched += 1
        if self.matched <= self.skip or (self.times is not None and self.used >= self.times):
            return None
        self.used += 1
        self.struck.set()
        return self.fault


@dataclass
class Storm:
    """Seeded faults: each request gets one of `faults` with a chance of `share`, never more than `in_a_row` running.

    The n-th request of a kind (method and path without ids) meets the same fate for the same seed, however requests
    of different kinds happen to be interleaved.
    """

    seed: int
    faults: Sequence[Fault]
    share: float = 0.3
    in_a_row: int = 3
    method: str = ""
    path: str = ""
    turns: Counter[str] = field(default_factory=Counter)
    running: Counter[str] = field(default_factory=Counter)

    def choose(self, method: str, path: str) -> Fault | None:
        """This request's fate."""
        if self.method not in {"", method} or not re.search(self.path, path):
            return None
        kind = f"{method} {without_ids(path)}"
        self.turns[kind] += 1
        dice = random.Random(f"{self.seed} {kind} {self.turns[kind]}")
        if dice.random() >= self.share or self.running[kind] >= self.in_a_row:
            self.running[kind] = 0
            return None
        self.running[kind] += 1
        return dice.choice(self.faults)


def without_ids(path: str) -> str:
    """A path with a star for each part that differs from run to run."""
    return OWN_PART.sub("/*", TRANSACTION.sub(r"\1*", path))
