"""The server's small values: id ranges, meter, visible text, passwords, unread counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_wschat.server.items import visible
from chat_tui_wschat.server.limits import Limits, Meter
from chat_tui_wschat.server.passwords import Cost, hash_password, password_matches
from chat_tui_wschat.server.state import TAIL, UNREAD_MAX, Channel, IdRanges, User


@given(st.lists(st.integers(1, 60)))
def test_id_ranges_hold_what_was_added_and_tell_the_journal_how(numbers: list[int]) -> None:  # A14
    ranges, stored, seen = IdRanges(), dict[int, int](), set[int]()
    for number in numbers:
        low, high, absorbed = ranges.add(number)
        seen.add(number)
        for gone in absorbed:
            del stored[gone]
        stored[low] = high
        assert {n for n in range(1, 62) if n in ranges} == seen
        assert ranges.last == max(seen)
        assert sorted(stored.items()) == list(zip(ranges.lows, ranges.highs, strict=True))
        assert all(later - high > 1 for high, later in zip(ranges.highs, ranges.lows[1:], strict=False))


def test_the_meter_lets_a_burst_pass_and_then_a_steady_rate() -> None:  # A23
    limits = Limits(burst=4, refill=2.0)
    meter = Meter(limits, 100.0)
    assert [meter.take(limits, 100.0) for _ in range(4)] == [0, 0, 0, 0]
    assert meter.take(limits, 100.0) == pytest.approx(0.5)
    assert meter.take(limits, 100.25) == pytest.approx(0.25)
    assert meter.take(limits, 100.5) == 0
    assert meter.take(limits, 1000.0) == 0
    assert [meter.take(limits, 1000.0) > 0 for _ in range(4)] == [False, False, False, True]


def test_the_meter_knows_abuse_from_haste() -> None:
    limits = Limits(burst=4, refill=2.0, abuse=3)
    meter = Meter(limits, 0.0)
    for _ in range(4 + 12):
        meter.take(limits, 0.0)
    assert not meter.abused(limits)
    meter.take(limits, 0.0)
    assert meter.abused(limits)
    meter.take(limits, 5.0)
    assert not meter.abused(limits)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("x", True),
        (" . ", True),
        ("👩‍🚀", True),
        ("é", True),
        ("\u0301", True),
        ("", False),
        (" \t\n ", False),
        ("\u200b\u200d\ufeff", False),
        ("\u202e\u202c\u2066", False),
        ("\u3164\u2800\u115f", False),
        ("\ufe0f", False),
        ("\u00a0\u2003\u2028", False),
        ("\x1b\x07\x85", False),
        ("\u200bx", True),
    ],
)
def test_what_can_be_seen(text: str, seen: bool) -> None:  # A23
    assert visible(text) is seen


CHEAP = Cost(16, 1, 1)


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_password_matches_itself_only(password: str, other: str) -> None:  # A10
    stored = hash_password(password, CHEAP)
    assert password_matches(password, stored, CHEAP)
    assert password_matches(other, stored, CHEAP) is (other == password)
    assert stored != hash_password(password, CHEAP)


@pytest.mark.parametrize("stored", ["", "scrypt$16$1", "md5$16$1$1$AAAA$AAAA"])
def test_no_password_opens_an_account_without_one(stored: str) -> None:
    assert not password_matches("", stored, CHEAP)


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 45), st.integers(1, 3))
def test_unread_counts_what_others_said_after_the_read_position(authors: list[int], read: int, me: int) -> None:
    channel = Channel(1, "c", "", 0, private=False, locked=False, base=0, head=0)
    for author in authors:
        channel.head += 1
        channel.added(author)
    channel.reads[me] = read
    assert channel.unread(User(me, "me", "")) == sum(author not in {0, me} for author in authors[read:])


def test_unread_is_capped_and_the_tail_is_bounded() -> None:
    channel = Channel(1, "c", "", 0, private=False, locked=False, base=7, head=7)
    for _ in range(3 * TAIL + 5):
        channel.head += 1
        channel.added(2)
    assert channel.unread(User(1, "me", "")) == UNREAD_MAX
    assert len(channel.authors) <= 2 * TAIL
    channel.reads[1] = channel.head - 3
    assert channel.unread(User(1, "me", "")) == 3
    channel.silenced(channel.head - 1)
    channel.silenced(8)
    assert channel.unread(User(1, "me", "")) == 2
