"""Read when something is to leave, as people type it, and tell times and spans as people say them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from chat_tui.strings import N_, _, decimal, n_
from chat_tui_core.errors import LocalError

__all__ = ["EXAMPLES", "MONTHS", "WEEKDAYS", "read_moment", "said_delay", "said_moment", "said_span", "split_moment"]

EXAMPLES: Final = N_("18:30, +1h30m, tomorrow 9:00, 2026-12-01 09:00")
LONGEST: Final = timedelta(days=366)

_CLOCK: Final = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)"
_MOMENT: Final = rf"(?:(?P<day>\d{{4}}-\d\d-\d\d)[ T]+|(?P<tomorrow>tomorrow)\s+|(?P<today>today)\s+)?{_CLOCK}(?=\s|\Z)"
_SPAN: Final = (
    r"\+(?=\d)(?:(?P<days>\d{1,4})d)?(?:(?P<hours>\d{1,4})h)?"
    r"(?:(?P<minutes>\d{1,6})m(?:in)?)?(?:(?P<seconds>\d{1,8})s)?(?=\s|\Z)"
)
WEEKDAYS: Final = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
MONTHS: Final = (
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
)


def read_moment(text: str, now_ms: int, zone: tzinfo | None = None) -> int:
    """The moment that a text names, in milliseconds since 1970; see `split_moment`. Raises LocalError."""
    at, rest = split_moment(text, now_ms, zone)
    if rest:
        raise LocalError(_no_time(text.strip()))
    return at


def split_moment(text: str, now_ms: int, zone: tzinfo | None = None) -> tuple[int, str]:
    """A moment at the start of a text, in milliseconds since 1970, and the rest of the text.

    `zone` is where the person is, None = where the computer is. A time of day that is over means tomorrow's. Raises
    LocalError, with the sentence for the person, for what is no time, is over, or is more than a year ahead.
    """
    text = _with_english_day(text.lstrip())
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    for pattern, read in _FORMS:
        if (match := re.match(pattern, text, re.IGNORECASE | re.ASCII)) is not None:
            moment = read(match, now)
            break
    else:
        word = text.split(maxsplit=1)[0][:30] if text else ""
        raise LocalError(_no_time(word))
    at = round(moment.timestamp() * 1000)
    if at <= now_ms:
        raise LocalError(_("{moment} is over.").format(moment=match.group().strip()))
    if at - now_ms > LONGEST / timedelta(milliseconds=1):
        raise LocalError(_("That is more than a year ahead."))
    return at, text[match.end() :].strip()


def _no_time(word: str) -> str:
    return _("{word!r} is no time; try {examples}.").format(word=word, examples=_(EXAMPLES))


def _with_english_day(text: str) -> str:
    """The text with its first word in English where it is "today" or "tomorrow" in the person's language."""
    first, blank, rest = text.partition(" ")
    for day in (N_("today"), N_("tomorrow")):
        if blank and first.casefold() == _(day).casefold():
            return f"{day} {rest}"
    return text


def _named(match: re.Match[str], now: datetime) -> datetime:
    """A time of day, on a day that is named or on the next one that it comes."""
    moment = now.replace(hour=int(match["hour"]), minute=int(match["minute"]), second=0, microsecond=0, fold=0)
    if match["day"]:
        try:
            day = date.fromisoformat(match["day"])
        except ValueError:
            raise LocalError(_("{day} is no day.").format(day=match["day"])) from None
        return moment.replace(year=day.year, month=day.month, day=day.day)
    later = match["tomorrow"] or (not match["today"] and moment <= now)
    return moment + timedelta(days=1) if later else moment


def _from_now(match: re.Match[str], now: datetime) -> datetime:
    """A span from now: hours pass whatever the clocks do, so it is added to the time itself."""
    span = timedelta(**{unit: int(count) for unit, count in match.groupdict().items() if count})
    return datetime.fromtimestamp(now.timestamp() + min(span, 2 * LONGEST).total_seconds(), now.tzinfo)


_FORMS: Final[tuple[tuple[str, Callable[[re.Match[str], datetime], datetime]], ...]] = (
    (_MOMENT, _named),
    (_SPAN, _from_now),
)


def said_moment(at_ms: int, now_ms: int, zone: tzinfo | None = None) -> str:
    """A time as people say it: "today at 18:30", "tomorrow at 09:00", "Tue 1 Dec at 09:00", with the year if another."""
    at, now = (datetime.fromtimestamp(ms / 1000, zone) for ms in (at_ms, now_ms))
    days = (at.date() - now.date()).days
    clock = f"{at.hour:02}:{at.minute:02}"
    if days in {0, 1}:
        return (_("tomorrow at {clock}") if days else _("today at {clock}")).format(clock=clock)
    this_year = at.year == now.year
    said = _("{weekday} {day} {month} at {clock}") if this_year else _("{weekday} {day} {month} {year} at {clock}")
    weekday, month = _(WEEKDAYS[at.weekday()]), _(MONTHS[at.month - 1])
    return said.format(weekday=weekday, day=at.day, month=month, year=at.year, clock=clock)


def said_span(milliseconds: int) -> str:
    """A span as people say it, rounded up: "4 s", "12 min", "2 h 5 min", "3 days"."""
    seconds = max(0, -(-milliseconds // 1000))
    if seconds < 100:
        return f"{seconds} s"
    minutes = -(-seconds // 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days = round(hours / 24)
    return n_("{count} day", "{count} days", days).format(count=days)


def said_delay(milliseconds: int) -> str:
    """How long something took: "84 ms", "1.3 s", "12 min"."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    return f"{decimal(milliseconds / 1000)} s" if milliseconds < 60_000 else said_span(milliseconds)
