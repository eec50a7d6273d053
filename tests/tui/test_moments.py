"""Times as people type them and say them, at fixed moments and over a change of the clocks."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.moments import read_moment, said_delay, said_moment, said_span, split_moment
from chat_tui_core.errors import LocalError

BERLIN = ZoneInfo("Europe/Berlin")
NOW = round(datetime(2026, 11, 21, 16, 0, 20, tzinfo=BERLIN).timestamp() * 1000)


def at(*moment: int) -> int:
    return round(datetime(*moment, tzinfo=BERLIN).timestamp() * 1000)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("typed", "moment", "rest"),
    [
        ("18:30 good evening", at(2026, 11, 21, 18, 30), "good evening"),
        ("9:05 morning", at(2026, 11, 22, 9, 5), "morning"),
        ("16:00 over by seconds", at(2026, 11, 22, 16, 0), "over by seconds"),
        ("today 18:30 x", at(2026, 11, 21, 18, 30), "x"),
        ("tomorrow 18:30 x", at(2026, 11, 22, 18, 30), "x"),
        ("Tomorrow  9:00  x  y", at(2026, 11, 22, 9, 0), "x  y"),
        ("2026-12-01 09:00 happy\nDecember", at(2026, 12, 1, 9, 0), "happy\nDecember"),
        ("2026-12-01T09:00 x", at(2026, 12, 1, 9, 0), "x"),
        ("+10m x", NOW + 600_000, "x"),
        ("+10min x", NOW + 600_000, "x"),
        ("+90s x", NOW + 90_000, "x"),
        ("+1h30m x", NOW + 5_400_000, "x"),
        ("+2d x", NOW + 172_800_000, "x"),
        ("  18:30", at(2026, 11, 21, 18, 30), ""),
    ],
)
def test_moments(typed: str, moment: int, rest: str) -> None:
    assert split_moment(typed, NOW, BERLIN) == (moment, rest)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "is no time"),
        ("soon", "'soon' is no time; try 18:30"),
        ("18:3 x", "is no time"),
        ("24:00 x", "is no time"),
        ("18:300 x", "is no time"),
        ("18:30x", "is no time"),
        ("+10 x", "is no time"),
        ("+ x", "is no time"),
        ("+5x", "is no time"),
        ("2026-12-01 x", "is no time"),
        ("2026-02-30 09:00 x", "2026-02-30 is no day"),
        ("2026-11-21 09:00 x", "2026-11-21 09:00 is over"),
        ("today 9:00 x", "today 9:00 is over"),
        ("+0m x", "is over"),
        ("2028-01-01 00:00 x", "more than a year"),
        ("+9999d x", "more than a year"),
        ("٠٩:٠٠ x", "is no time"),
    ],
)
def test_what_is_no_moment(typed: str, sentence: str) -> None:
    with pytest.raises(LocalError, match=sentence):
        split_moment(typed, NOW, BERLIN)


def test_a_moment_alone() -> None:
    assert read_moment("+10m", NOW) == NOW + 600_000
    with pytest.raises(LocalError, match="no time"):
        read_moment("+10m x", NOW)


def test_clocks_that_change_in_between() -> None:
    evening = at(2026, 10, 24, 22, 0)  # the night has 25 hours
    assert split_moment("9:00 x", evening, BERLIN)[0] == at(2026, 10, 25, 9, 0)
    assert split_moment("9:00 x", evening, BERLIN)[0] - evening == 12 * 3_600_000
    assert split_moment("+11h x", evening, BERLIN)[0] - evening == 11 * 3_600_000


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (at(2026, 11, 21, 18, 30), "today at 18:30"),
        (at(2026, 11, 22, 9, 5), "tomorrow at 09:05"),
        (at(2026, 12, 1, 9, 0), "Tue 1 Dec at 09:00"),
        (at(2027, 1, 2, 9, 0), "Sat 2 Jan 2027 at 09:00"),
        (at(2026, 11, 20, 9, 0), "Fri 20 Nov at 09:00"),
    ],
)
def test_moments_are_said(moment: int, said: str) -> None:
    assert said_moment(moment, NOW, BERLIN) == said


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (-5, "0 s"),
        (1, "1 s"),
        (3_999, "4 s"),
        (4_001, "5 s"),
        (99_000, "99 s"),
        (100_000, "2 min"),
        (3_600_000, "60 min"),
        (7_500_000, "2 h 5 min"),
        (7_200_000, "2 h"),
        (86_400_000 * 3, "3 days"),
    ],
)
def test_spans_are_said(milliseconds: int, said: str) -> None:
    assert said_span(milliseconds) == said


def test_delays_are_said() -> None:
    assert [said_delay(ms) for ms in (0, 84, 999, 1_300, 59_940, 60_000, 7_500_000)] == [
        "0 ms",
        "84 ms",
        "999 ms",
        "1.3 s",
        "59.9 s",
        "60 s",
        "2 h 5 min",
    ]


@given(st.text(max_size=40))
def test_any_text_gives_a_moment_ahead_or_a_sentence(typed: str) -> None:
    sentence, moment = "", 0
    try:
        moment, _ = split_moment(typed, NOW, BERLIN)
    except LocalError as error:
        sentence = str(error)
    assert moment > NOW or sentence.endswith(".")
