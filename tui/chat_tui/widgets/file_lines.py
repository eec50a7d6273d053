"""What stands below a file in the timeline: how it stands, a bar while it moves, and what can be done with it."""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from rich.style import Style

from chat_tui.keys import key_of, shown_as
from chat_tui.strings import N_, _
from chat_tui.transfer_words import FileDeed, Stand, Tone, bar
from chat_tui.widgets.message_look import Look
from chat_tui.widgets.picture import Picture
from chat_tui.widgets.text_layout import cells, clean_line, fit
from chat_tui_core.values import frozen

__all__ = ["FileCard", "FileLine", "file_lines", "picture_lines"]

LEAST_BAR, MOST_BAR = 8, 24
"""Cells of a bar."""
LEAST_MORE: Final = 16
"""With less room than this, what more there is to say gets a line of its own."""
PARTS: Final[dict[Tone, str]] = {"": "state", "dim": "state", "good": "good", "warn": "note", "bad": "failed"}
OTHER_WORDS: Final = {N_("offered"): {FileDeed.CANCEL: N_("decline")}, N_("waiting"): {FileDeed.RETRY: N_("try now")}}
"""Words for what a key does while a file stands like this, where they are not the key's own."""
UNASKED: Final = Stand("▿", N_("not here yet"))
"""A message brings it, and nobody has asked for it."""


@frozen
class FileCard:
    """What the timeline shows of a file beside its name; `deeds` are what can be done with it."""

    stand: Stand = UNASKED
    deeds: tuple[FileDeed, ...] = ()
    picture: Picture | None = None


@frozen
class FileLine:
    """One line: its parts, and what can be clicked in it: (first cell, cell after the last one, what it does)."""

    parts: tuple[tuple[str, Style], ...]
    spots: tuple[tuple[int, int, FileDeed], ...] = ()


class _Drawing:
    """A line as it is put together."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, Style]] = []
        self.spots: list[tuple[int, int, FileDeed]] = []
        self.cells = 0

    def add(self, text: str, style: Style) -> None:
        self.parts.append((text, style))
        self.cells += cells(text)

    def done(self) -> FileLine:
        return FileLine(tuple(self.parts), tuple(self.spots))


def picture_lines(card: FileCard, width: int, look: Look) -> list[FileLine]:
    """The lines of a card's picture, where there are so many cells for it; a click on it opens the file that is here."""
    picture = card.picture
    if picture is None or picture.width > width:
        return []
    spots = ((0, picture.width, FileDeed.OPEN),) if FileDeed.OPEN in card.deeds else ()
    return [FileLine(tuple(_on_ground(segment, look) for segment in row), spots) for row in picture.rows]


def _on_ground(segment: Segment, look: Look) -> tuple[str, Style]:
    style = segment.style or look.base
    return segment.text, style if style.bgcolor is not None else look.base + style


def file_lines(card: FileCard, width: int, look: Look) -> list[FileLine]:
    """The lines of a card on `width` cells."""
    stand = card.stand
    buttons: list[tuple[FileDeed, str, str]] = [
        (deed, *_button(deed, stand.word)) for deed in card.deeds if deed is not FileDeed.COPY
    ]
    size = sum(2 + cells(key) + 1 + cells(word) for _, key, word in buttons)
    first, rest = _Drawing(), _Drawing()
    first.add(f"{stand.mark} {_(stand.word)}", look[PARTS[stand.tone]])
    facts = "  ".join(stand.facts)
    more = clean_line(stand.more)
    if stand.share is not None:
        room = width - first.cells - 2 - cells(facts) - 2
        spare = room - size - 1
        length = max(LEAST_BAR, min(MOST_BAR, spare if spare >= LEAST_BAR else room))
        full, left = bar(stand.share, length)
        first.add("  ", look.base)
        first.add(full, look["bar"])
        first.add(left, look["rule"])
    if facts:
        first.add(f"  {facts}", look["state"])
    if more and stand.share is None and width - first.cells - 2 - size - 1 >= min(LEAST_MORE, cells(more)):
        first.add(f"  {fit(more, width - first.cells - 2 - size - 1)}", look["time"])
        more = ""
    beside = first.cells + size + 1 <= width
    if buttons and beside:
        _add_buttons(first, buttons, look, " ")
    if more:
        room = width - 2 - (0 if beside else size)
        rest.add(f"  {fit(more, max(room, LEAST_MORE))}", look["note" if stand.more_tone == "warn" else "time"])
    if buttons and not beside:
        _add_buttons(rest, buttons, look, "")
    return [first.done(), rest.done()] if rest.cells else [first.done()]


def _add_buttons(line: _Drawing, buttons: list[tuple[FileDeed, str, str]], look: Look, lead: str) -> None:
    if lead:
        line.add(lead, look.base)
    for deed, key, word in buttons:
        line.add("  ", look.base)
        start = line.cells
        line.add(key, look["button"])
        line.add(f" {word}", look["state"])
        line.spots.append((start, line.cells, deed))


def _button(deed: FileDeed, word: str) -> tuple[str, str]:
    """(the key, what it does) of a deed, with a file that stands like `word`."""
    key = key_of("timeline.open" if deed is FileDeed.OPEN else f"file.{deed.value}")
    other = next((words for said, words in OTHER_WORDS.items() if _(said) == word), {})
    return shown_as(key.keys), _(other.get(deed, key.hint))
