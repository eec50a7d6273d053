"""How messages look: styles by part, the columns of a width, and how times are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from rich.style import Style

from chat_tui.strings import N_, _
from chat_tui.widgets.inline_markup import (
    BOLD,
    CODE,
    CODE_BLOCK,
    ITALIC,
    LINK,
    MENTION,
    QUOTE,
    QUOTE_MARK,
    SPOILER,
    STRIKE,
    TOKENS,
    Run,
)
from chat_tui.widgets.nick_colors import nick_color
from chat_tui.widgets.paints import Paint, Paints
from chat_tui_core.values import frozen, slotted

__all__ = ["PAINTS", "PARTS", "WIDE", "Columns", "Look", "clock_of", "columns_for", "day_of", "day_text", "tell_by"]

PARTS: Final = {
    "time": Paint("foreground 55%"),
    "rule": Paint("foreground 25%"),
    "day": Paint("text-muted"),
    "unread": Paint("text-accent", face="bold"),
    "system": Paint("text-muted"),
    "quote": Paint("text-muted", face="italic"),
    "state": Paint("text-muted"),
    "failed": Paint("text-error"),
    "note": Paint("text-warning"),
    "good": Paint("text-success"),
    "bar": Paint("accent"),
    "button": Paint(face="bold"),
    "gone": Paint("text-muted", face="italic"),
    "pending": Paint("text-muted"),
    "code": Paint("foreground", "foreground 12%"),
    "code-block": Paint("foreground", "foreground 8%"),
    "code-word": Paint("text-accent"),
    "code-string": Paint("text-success"),
    "code-note": Paint("text-muted", face="italic"),
    "code-number": Paint("text-warning"),
    "spoiler": Paint(ground="foreground 12%"),
    "link": Paint("text-primary", face="underline"),
    "mention": Paint("text-accent", face="bold"),
    "reaction": Paint("text-muted", "foreground 8%"),
    "reaction-mine": Paint("text-accent", "accent 20%", "bold"),
    "cursor": Paint(ground="foreground 5%"),
    "cursor-bar": Paint("accent"),
}
"""The parts of a timeline that have a style of their own."""
PAINTS: Final = Paints(
    PARTS,
    ansi={
        **dict.fromkeys(("time", "rule", "day", "system", "state", "pending"), Paint("foreground", face="dim")),
        **dict.fromkeys(("quote", "gone"), Paint("foreground", face="dim italic")),
        **dict.fromkeys(("code", "code-block"), Paint("ansi_cyan", "ansi_default")),
        "reaction": Paint("text-muted", "ansi_default", "dim"),
        "reaction-mine": Paint("text-accent", "ansi_default", "bold reverse"),
        "cursor": Paint(ground="ansi_default"),
    },
)

MOST_NAMES = 500
"""People whose styles are kept."""
WIDE = 60
"""From this width on there is a gutter with the time."""
MAX_MEASURE = 110
"""Cells of text on a line at most: longer lines are hard to read."""

WEEKDAYS = (
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday")),
    *(N_("Friday"), N_("Saturday"), N_("Sunday")),
)
MONTHS = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE_MS = 60_000
LAST_MINUTE = 4_102_444_800_000 // MINUTE_MS
"""The year 2100: a later time is a broken clock and is shown as this one."""


@frozen
class Columns:
    """Where things stand on a line, in cells."""

    gutter: int
    body: int
    mark: int
    wide: bool


@lru_cache(maxsize=64)
def columns_for(width: int) -> Columns:
    """Give the columns of a width: gutter, text, a space, two cells for a state mark, a space."""
    wide = width >= WIDE
    gutter = 8 if wide else 2
    body = max(1, min(MAX_MEASURE, width - gutter - 4))
    return Columns(gutter, body, gutter + body + 1, wide)


@lru_cache(maxsize=4096)
def _local(minute: int, zone: tzinfo | None) -> tuple[date, str]:
    """Give the date and the time of day at a minute since 1970, in `zone` or where the computer stands."""
    moment = (EPOCH + timedelta(minutes=min(max(minute, 0), LAST_MINUTE))).astimezone(zone)
    if _clock == ["12h"]:
        return moment.date(), f"{moment.hour % 12 or 12}:{moment.minute:02}{'am' if moment.hour < 12 else 'pm'}"
    return moment.date(), f"{moment.hour:02}:{moment.minute:02}"


_clock = ["24h"]


def tell_by(clock: str) -> None:
    """Tell times from now on as 18:05 ("24h") or as 6:05pm ("12h"), everywhere; what is drawn stays as it is."""
    _clock[0] = clock
    _local.cache_clear()


def clock_of(ts: int, zone: tzinfo | None) -> str:
    """Give the time of day, as 18:05 or as 6:05pm, of milliseconds since 1970."""
    return _local(ts // MINUTE_MS, zone)[1]


def day_of(ts: int, zone: tzinfo | None) -> date:
    """Give the local date of milliseconds since 1970."""
    return _local(ts // MINUTE_MS, zone)[0]


def day_text(day: date) -> str:
    """Say a date in full, in the language of the app."""
    weekday, month = _(WEEKDAYS[day.weekday()]), _(MONTHS[day.month - 1])
    return _("{weekday}, {day} {month} {year}").format(weekday=weekday, day=day.day, month=month, year=day.year)


@slotted
class Look:
    """The styles of a timeline on one background, resolved from its theme, and who reads it.

    `ground` and `people`: see `nick_color`.
    """

    base: Style
    parts: dict[str, Style]
    dark: bool = True
    ansi: bool = False
    me: tuple[str, ...] = ()
    zone: tzinfo | None = None
    spacious: bool = True
    _without: Look | None = None
    ground: tuple[int, int, int] | None = None
    people: tuple[str, ...] = ()
    _runs: dict[tuple[Style, int], Style] = field(default_factory=dict)
    _names: dict[str, Style] = field(default_factory=dict)

    @property
    def plain(self) -> Look:
        """The look without the cursor: itself, but for the look that `under_cursor` gives."""
        return self._without or self

    def __getitem__(self, part: str) -> Style:
        """Give the style of a part."""
        return self.parts[part]

    def under_cursor(self) -> Look:
        """Give the same look on the background of the cursor."""
        ground = Style(bgcolor=self.parts["cursor"].bgcolor)
        parts = {
            part: style + ground if style.bgcolor == self.base.bgcolor else style for part, style in self.parts.items()
        }
        return Look(
            self.base + ground,
            parts,
            self.dark,
            self.ansi,
            self.me,
            self.zone,
            self.spacious,
            self,
            self.ground,
            self.people,
        )

    def name(self, sender: str) -> Style:
        """Give the style of a sender's name."""
        style = self._names.get(sender)
        if style is None:
            if len(self._names) >= MOST_NAMES:
                self._names.clear()
            color = nick_color(sender, dark=self.dark, ansi=self.ansi, ground=self.ground, people=self.people)
            style = self._names[sender] = self.base + Style(color=color, bold=True)
        return style

    def kind(self, kind: str, state: str) -> Style:
        """Give the style of a message's text by its kind, and by its state while nobody else has it."""
        if kind in {"tombstone", "unsupported"}:
            return self.parts["gone"]
        if state in {"pending", "scheduled", "checking", "failed", "cancelled"}:
            return self.parts["pending"]
        return self.base

    def run(self, plain: Style, run: Run) -> Style:
        """Give the style of a run in text of the style `plain`."""
        style = self._runs.get((plain, run.flags))
        if style is None:
            style = plain
            for flag, add in FLAG_STYLES:
                if run.flags & flag:
                    style += add(self)
            self._runs[plain, run.flags] = style
        return style + Style(link=run.url) if run.url else style


def _ink(style: Style) -> Style:
    """What of a style goes on any ground."""
    return Style(color=style.color, italic=style.italic)


FLAG_STYLES: tuple[tuple[int, Callable[[Look], Style]], ...] = (
    (BOLD, lambda _: Style(bold=True)),
    (ITALIC, lambda _: Style(italic=True)),
    (STRIKE, lambda _: Style(strike=True)),
    (CODE, lambda look: look.parts["code"]),
    (CODE_BLOCK, lambda look: look.parts["code-block"]),
    (LINK, lambda look: look.parts["link"]),
    (MENTION, lambda look: look.parts["mention"]),
    (QUOTE, lambda look: look.parts["quote"]),
    (QUOTE_MARK, lambda look: look.parts["rule"]),
    (SPOILER, lambda look: look.parts["spoiler"]),
    *((flag, lambda look, part=f"code-{token}": _ink(look.parts[part])) for token, flag in TOKENS.items()),
)
"""What each flag of a run adds to a style."""
