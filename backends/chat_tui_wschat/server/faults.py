"""A seeded plan of faults: what happens to each frame of each socket, the same for the same seed and frames (A25)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from typing import Any, Final, Generic, Literal, TypeVar

from chat_tui_core.errors import ConfigError

F = TypeVar("F")

Way = Literal["in", "out"]
"""From the client, or to the client."""

Fault = Literal["pass", "drop", "delay", "duplicate", "reorder", "cut", "lose-confirm"]

CUT_CODES: Final = (0, 1001, 1011, 1012, 4006)
"""How a socket is cut: 0 = without a word, else with a close code after which a client comes again (wschat 3.7)."""

REORDER_WAIT: Final = 0.3
"""Seconds that a frame waits at most for the one that is to overtake it."""

MOST_HELD: Final = 1_000
"""Frames of one way that are held at most; beyond that they leave at once."""

_LARGEST: Final = 0.5
_ALLOWED: Final = (
    "Write a number, which is a seed for a gentle mix, or parts like seed=7,drop=0.01,delay=0.05:0.2,duplicate=0.01,"
    "reorder=0.01,cut=0.005,lose-confirm=0.02,truncate=0.1,mend=3: shares of frames from 0 to 0.5 (of cuts for "
    "truncate), seconds from 0 to 60 after the colon and for mend."
)


@dataclass(frozen=True, slots=True)
class Mix:
    """How often what happens. Shares are of the frames of either way, `lose_confirm` of the CONFIRM frames.

    A frame that is lost alone cannot always be missed by who should have got it, so its socket is cut too, `mend`
    seconds later: what a real network loses is lost together with its connection.

    Attributes:
        seed: what everything is decided from.
        drop: share of frames that are lost.
        delay: share of frames that are held back, and all behind them.
        longest: seconds that a frame is held back at most.
        duplicate: share of frames that come twice.
        reorder: share of frames that are overtaken by the next one.
        cut: share of frames that break their socket.
        lose_confirm: share of CONFIRM frames that are lost.
        truncate: share of cuts at which the server forgets what it would replay.
        mend: seconds after a loss until the socket is cut.
    """

    seed: int = 1
    drop: float = 0.0
    delay: float = 0.0
    longest: float = 0.2
    duplicate: float = 0.0
    reorder: float = 0.0
    cut: float = 0.0
    lose_confirm: float = 0.0
    truncate: float = 0.0
    mend: float = 3.0


GENTLE: Final = Mix(
    drop=0.004, delay=0.05, longest=0.3, duplicate=0.01, reorder=0.01, cut=0.004, lose_confirm=0.01, truncate=0.1
)
"""What a bare seed stands for: faults that a person sees now and then."""

_SHARES: Final = {
    field_.name.replace("_", "-"): field_.name
    for field_ in fields(Mix)
    if field_.name not in {"seed", "longest", "mend"}
}


def read_mix(spec: str) -> Mix:
    """Give the mix that a text stands for.

    Raises:
        ConfigError: the text is none; the sentence says what is allowed.
    """
    if spec.strip().isdigit():
        return replace(GENTLE, seed=_seed(spec, spec))
    parts = [part.strip().partition("=") for part in spec.split(",")]
    if len({name for name, _, _ in parts}) < len(parts):
        raise _wrong(spec, "something stands there twice")
    mix = Mix()
    for name, _, value in parts:
        mix = _with(mix, name, value, spec)
    if mix.drop + mix.delay + mix.duplicate + mix.reorder + mix.cut + mix.lose_confirm > 2 * _LARGEST:
        raise _wrong(spec, "the shares come to more than 1")
    return mix


def _with(mix: Mix, name: str, value: str, spec: str) -> Mix:
    """Give the mix with one part of a text."""
    if name == "seed":
        return replace(mix, seed=_seed(value, spec))
    if name == "mend":
        return replace(mix, mend=_number(value, 60.0, spec))
    if name == "delay":
        value, colon, seconds = value.partition(":")
        mix = replace(mix, longest=_number(seconds, 60.0, spec)) if colon else mix
    if name not in _SHARES:
        raise _wrong(spec, f"there is no fault {name!r}")
    changed: dict[str, Any] = {_SHARES[name]: _number(value, _LARGEST, spec)}
    return replace(mix, **changed)


def _wrong(spec: str, why: str) -> ConfigError:
    return ConfigError(f"{spec!r} is no plan of faults: {why}. {_ALLOWED}")


def _seed(text: str, spec: str) -> int:
    if not text.strip().isascii() or not text.strip().isdigit() or len(text) > 18:
        raise _wrong(spec, f"{text!r} is no seed")
    return int(text)


def _number(text: str, most: float, spec: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise _wrong(spec, f"{text!r} is no number from 0 to {most:g}")
    return value


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one frame: `seconds` for a delay; `code` (see CUT_CODES) and `forget` for a cut."""

    fault: Fault
    seconds: float = 0.0
    code: int = 0
    forget: bool = False


_PASS: Final = Decision("pass")


@dataclass(slots=True)
class Plan:
    """What happens to the frames of one socket. Each is decided from seed, socket, way and its number in that way.

    So what another socket does changes nothing, and a failure comes again with its seed.
    """

    mix: Mix
    socket: int
    counts: dict[Way, int] = field(default_factory=lambda: {"in": 0, "out": 0})

    def decide(self, way: Way, frame: str | bytes) -> Decision:
        """Decide about the next frame of a way."""
        mix = self.mix
        self.counts[way] += 1
        first, second, third = self._dice(way, self.counts[way])
        confirms = mix.lose_confirm if way == "out" and is_confirm(frame) else 0.0
        shares: Mapping[Fault, float] = {
            "cut": mix.cut,
            "drop": mix.drop,
            "lose-confirm": confirms,
            "delay": mix.delay,
            "duplicate": mix.duplicate,
            "reorder": mix.reorder,
        }
        for fault, share in shares.items():
            if first < share:
                code = CUT_CODES[int(second * len(CUT_CODES))]
                return Decision(fault, second * mix.longest if fault == "delay" else 0.0, code, third < mix.truncate)
            first -= share
        return _PASS

    def mending(self, way: Way) -> Decision:
        """Decide how the socket is cut that has lost the last frame of a way."""
        _, second, third = self._dice(way, self.counts[way])
        return Decision("cut", 0.0, CUT_CODES[int(second * len(CUT_CODES))], third < self.mix.truncate)

    def _dice(self, way: Way, number: int) -> tuple[float, float, float]:
        """Give three numbers from 0 to below 1."""
        octets = blake2b(f"{self.mix.seed} {self.socket} {way} {number}".encode(), digest_size=24).digest()
        one, two, three = (int.from_bytes(octets[at : at + 6]) / 2**48 for at in (0, 8, 16))
        return one, two, three


def is_confirm(frame: str | bytes) -> bool:
    """Say whether a frame to a client is a CONFIRM, with or without tags."""
    if isinstance(frame, bytes):
        return False
    return (frame.partition(" ")[2] if frame.startswith("@") else frame).startswith("CONFIRM ")


class Lane(Generic[F]):
    """One way of one socket: frames go in as they come, and leave late, twice, never, or behind the next one."""

    def __init__(self) -> None:
        self._held: list[tuple[float, F]] = []
        self._overtaken: tuple[float, F] | None = None

    def put(self, frame: F, decision: Decision, now: float) -> None:
        """Take a frame; one that is cut or lost is not to be put."""
        at = max(now + decision.seconds, self._held[-1][0] if self._held else now)
        if decision.fault == "reorder" and self._overtaken is None:
            self._overtaken = (at + REORDER_WAIT, frame)
            return
        self._held.append((at, frame))
        if decision.fault == "duplicate":
            self._held.append((at, frame))
        if self._overtaken is not None:
            self._held.append((at, self._overtaken[1]))
            self._overtaken = None
        if len(self._held) > MOST_HELD:
            self._held = [(now, held) for _, held in self._held]

    def due(self, now: float) -> list[F]:
        """Give the frames whose time has come, in order."""
        if self._overtaken is not None and self._overtaken[0] <= now:
            self._held.append(self._overtaken)
            self._overtaken = None
        count = 0
        while count < len(self._held) and self._held[count][0] <= now:
            count += 1
        due = [frame for _, frame in self._held[:count]]
        del self._held[:count]
        return due

    def rest(self) -> list[F]:
        """Give everything that is held, in order: nothing will come that could overtake it."""
        rest = [frame for _, frame in self._held]
        if self._overtaken is not None:
            rest.append(self._overtaken[1])
        self._held, self._overtaken = [], None
        return rest

    def wake_at(self) -> float | None:
        """Give when a frame is due next."""
        times = [self._held[0][0]] if self._held else []
        if self._overtaken is not None:
            times.append(self._overtaken[0])
        return min(times, default=None)
