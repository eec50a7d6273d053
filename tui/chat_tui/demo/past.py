"""Make up the demo's past: weeks of talk at plausible times, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from chat_tui.demo.content import BOT, CONVERSATIONS, LINES, ME, PEOPLE, ROOMS, SLOTS
from chat_tui_core.contract import SeedLine, SeedRoom

LONG: Final = 5_200
SHORT: Final = 160
#: The hours in which people talk, as often as they do.
_HOURS: Final = (8, 9, 9, 9, 10, 10, 10, 11, 11, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 20)
_TALKS_ON_A_WORKDAY: Final = (20, 34)
_TALKS_ON_A_WEEKEND: Final = (3, 7)
_ALONE: Final = 0.25  # the share of remarks that nobody answers
_SECONDS_AGO: Final = 150  # the newest line is this old when the demo starts


def rooms(now_ms: int, seed: int = 7) -> tuple[SeedRoom, ...]:
    """All rooms of the demo with their history up to just before `now_ms` (milliseconds since 1970)."""
    everybody = (ME, BOT, *PEOPLE)
    rng = random.Random(seed)
    made = []
    for index, (name, topic) in enumerate(ROOMS.items()):
        members = everybody if index == 0 else (ME, BOT, *rng.sample(PEOPLE, 8))
        speakers = [member for member in members if member not in {ME, BOT}]
        lines = _history(rng, speakers, now_ms - index * 400_000, SHORT if index else LONG)
        made.append(SeedRoom(name, topic, members, lines))
    made.append(_direct(now_ms))
    return tuple(made)


def _direct(now_ms: int) -> SeedRoom:
    hello = (
        f"Hello! I am {BOT}, the bot of this demo. Say something here or in #general and I answer.",
        "Nothing that you do here is kept: the server lives inside this program and forgets everything at the end.",
        "Try !help, !roll or !time, or scroll up in #general: there are weeks of it.",
    )
    lines = tuple(SeedLine(BOT, now_ms - 60_000 + 4_000 * index, text) for index, text in enumerate(hello))
    first, second = sorted((ME, BOT))
    return SeedRoom(f"@{first}+{second}", "", (ME, BOT), lines, private=True)


def _history(rng: random.Random, speakers: list[str], now_ms: int, count: int) -> tuple[SeedLine, ...]:
    """The newest `count` lines of a room: whole days backwards from now, each a handful of conversations."""
    newest = now_ms - _SECONDS_AGO * 1000
    midnight = datetime.fromtimestamp(newest / 1000).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    talks = _Talks(rng, speakers)
    days = [list(_ending_at(newest, talks.next()))]
    while sum(map(len, days)) < count:
        days.append(list(_day(rng, talks, midnight, days[0][0].ts)))
        midnight -= timedelta(days=1)
    return tuple(line for day in reversed(days) for line in day)[-count:]


def _day(rng: random.Random, talks: _Talks, midnight: datetime, end_ms: int) -> Iterator[SeedLine]:
    """One day's conversations, one after the other, none that reaches `end_ms`."""
    number = rng.randint(*(_TALKS_ON_A_WORKDAY if midnight.weekday() < 5 else _TALKS_ON_A_WEEKEND))
    starts = sorted(rng.choice(_HOURS) * 3_600 + rng.randrange(3_600) for _ in range(number))
    free = 0
    for start in starts:
        begin = max(int((midnight + timedelta(seconds=start)).timestamp() * 1000), free)
        talk = list(_starting_at(rng, begin, talks.next()))
        if talk[-1].ts >= end_ms:
            return
        yield from talk
        free = talk[-1].ts + rng.randint(60_000, 600_000)


class _Talks:
    """Deals conversations like a deck of cards: all of them before one comes again."""

    def __init__(self, rng: random.Random, speakers: list[str]) -> None:
        self._rng = rng
        self._speakers = speakers
        self._deck: list[tuple[str, ...]] = []
        self._remarks: list[str] = []

    def next(self) -> list[tuple[str, str]]:
        """Who says what, in order."""
        if self._rng.random() < _ALONE:
            self._remarks = self._remarks or self._rng.sample(LINES, len(LINES))
            who, other = self._rng.sample(self._speakers, 2)
            return [(who, self._remarks.pop().format_map(Words(self._rng, {"who": other})))]
        if not self._deck:
            self._deck = self._rng.sample(CONVERSATIONS, len(CONVERSATIONS))
        cast = dict(zip("ABC", self._rng.sample(self._speakers, 3), strict=True))
        words = Words(self._rng, cast)
        spoken = (said.partition("|") for said in self._deck.pop())
        return [(cast[part], text.format_map(words)) for part, _, text in spoken]


def line(rng: random.Random, others: list[str]) -> str:
    """Something that somebody says on their own, perhaps about one of the others."""
    return rng.choice(LINES).format_map(Words(rng, {"who": rng.choice(others)}))


class Words(dict[str, str]):
    """Fills slots: a random word the first time, the same one afterwards; a word may have slots itself."""

    def __init__(self, rng: random.Random, fixed: dict[str, str]) -> None:
        super().__init__(fixed)
        self._rng = rng

    def __missing__(self, slot: str) -> str:
        self[slot] = word = self._rng.choice(SLOTS[slot]).format_map(self)
        return word


def _starting_at(rng: random.Random, start_ms: int, talk: list[tuple[str, str]]) -> Iterator[SeedLine]:
    ts = start_ms
    for who, text in talk:
        yield SeedLine(who, ts, text)
        ts += rng.randint(4_000, 70_000) + 40 * len(text)


def _ending_at(end_ms: int, talk: list[tuple[str, str]]) -> Iterator[SeedLine]:
    for index, (who, text) in enumerate(talk):
        yield SeedLine(who, end_ms - 20_000 * (len(talk) - 1 - index), text)
