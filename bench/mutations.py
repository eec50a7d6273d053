"""Frames that are nearly right: those of the protocol's table, changed at random places; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Final

GLYPHS: Final[tuple[str, ...]] = (
    *' @=;{}[]"\\:,*.+-_0159aAxfeEzZ#/',
    *"\t\n\r\0\x1b\x7f\x85",
    *"é\u200b\u202e\ud83d\udc00\uffff😀",
    "  ",
    "@id=1 ",
    "@seq=0;id=9007199254740992 ",
    '{"a":' * 9,
    "9" * 40,
    "x" * 300,
)
OCTETS: Final = (b"\x00", b" ", b"  ", b"\xff", b"\xc3", b"\xed\xa0\x80", b"@id=1 ", b"x1 ", b"0", b"9" * 30, b"\n")
MOST_CHANGES: Final = 4
LONGEST: Final = 4_000

Change = Callable[[str, random.Random], str]


def _insert(frame: str, rng: random.Random) -> str:
    at = rng.randrange(len(frame) + 1)
    return frame[:at] + rng.choice(GLYPHS) + frame[at:]


def _replace(frame: str, rng: random.Random) -> str:
    at = rng.randrange(len(frame) + 1)
    return frame[:at] + rng.choice(GLYPHS) + frame[at + rng.randrange(1, 4) :]


def _cut(frame: str, rng: random.Random) -> str:
    at = rng.randrange(len(frame) + 1)
    return frame[:at] + frame[at + rng.randrange(1, 8) :]


def _end(frame: str, rng: random.Random) -> str:
    return frame[: rng.randrange(len(frame) + 1)]


def _repeat(frame: str, rng: random.Random) -> str:
    at = rng.randrange(len(frame) + 1)
    return frame[:at] + frame[at : at + rng.randrange(1, 40)] * rng.randrange(2, 6) + frame[at:]


def _swap_case(frame: str, rng: random.Random) -> str:
    at = rng.randrange(len(frame) + 1)
    return frame[:at] + frame[at : at + 6].swapcase() + frame[at + 6 :]


def _swap_words(frame: str, rng: random.Random) -> str:
    words = frame.split(" ")
    one, two = rng.randrange(len(words)), rng.randrange(len(words))
    words[one], words[two] = words[two], words[one]
    return " ".join(words)


CHANGES: Final[tuple[Change, ...]] = (_insert, _replace, _cut, _end, _repeat, _swap_case, _swap_words)


def _other_text(frame: str, rng: random.Random) -> str:
    return rng.choice(CHANGES)(frame, rng)[:LONGEST]


def _other_octets(frame: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(frame) + 1)
    return frame[:at] + rng.choice(OCTETS) + frame[at + rng.randrange(3) :]


def mutated(frames: Sequence[str | bytes], rng: random.Random) -> Iterator[str | bytes]:
    """Give changed frames without end; now and then two of them in one, or the one kind of message as the other."""
    while True:
        frame = rng.choice(frames)
        for _ in range(rng.randrange(MOST_CHANGES + 1)):
            frame = _other_octets(frame, rng) if isinstance(frame, bytes) else _other_text(frame, rng)
        dice = rng.random()
        if dice < 0.02:
            other = rng.choice(frames)
            if isinstance(frame, str) and isinstance(other, str):
                frame += other[rng.randrange(len(other) + 1) :]
        elif dice < 0.04:
            frame = frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame.decode(errors="replace")
        yield frame
