"""Draw, for a change on the screen, the widgets that can be seen in it and no others, in as few bytes as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, cast

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

__all__ = ["FrontCompositor", "terse"]

Chops = list[dict[int, Strip | None]]
"""By row: what begins at each cut, a column at which a widget begins or ends; None while nothing is drawn there."""
Free = dict[int, list[tuple[int, int]]]
"""By row, those that are to be drawn: the pieces from cut to cut that nothing stands on yet; rows without one are gone."""

_UNTOUCHED: Final[dict[int, Strip | None]] = {}
"""A row of which nothing is asked."""
_RESET: Final = "\x1b[0m"
_LINK_END: Final = "\x1b]8;;\x1b\\"


class FrontCompositor(Compositor):
    """Textual's has every visible widget draw all its rows for every change: for each key those of every pane."""

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        """Give the rows of `crop` from front to back; each widget draws only where nothing stands before it."""
        cuts = self.cuts
        chops: Chops = [_UNTOUCHED] * len(cuts)
        x, end = crop.column_span
        free: Free = {}
        for y in crop.line_range:
            if is_rendered_line(y):
                chops[y] = dict.fromkeys(cuts[y][:-1])
                free[y] = [piece for piece in pairwise(cuts[y]) if piece[0] < end and piece[1] > x]
        for widget, (region, clip) in self.visible_widgets.items():
            if not free:
                break
            seen = region.intersection(clip).intersection(crop)
            part = _free_part(free, seen) if seen else None
            if part is not None:
                _paint(chops, free, part, widget.render_lines(part.translate((-region.x, -region.y))))
        return cast("Sequence[Mapping[int, Strip]]", chops)

    def render_partial_update(self) -> ChopsUpdate | None:
        """Give what has changed on the screen."""
        update = super().render_partial_update()
        return None if update is None else _QuickUpdate(update.chops, update.spans, update.chop_ends)


class _QuickUpdate(ChopsUpdate):
    """Textual's makes an object of every move of the cursor, which takes longer than what is drawn there."""

    def render_segments(self, console: Console) -> str:
        """Give the rows as they are written to the terminal."""
        rows: list[tuple[str, Strip]] = []
        for y, left, right in self.spans:
            for (x, strip), end in zip(self.chops[y].items(), self.chop_ends[y], strict=True):
                if strip is not None and x < right and end > left:
                    rows.append((f"\x1b[{y + 1};{x + 1}H", strip if end <= right else strip.crop(0, right - x)))
        return terse(rows, console._color_system or ColorSystem.TRUECOLOR)  # noqa: SLF001 - as Textual's own does it


def terse(rows: Iterable[tuple[str, Iterable[Segment]]], colours: ColorSystem) -> str:
    """Give rows, each with the move of the cursor to where it begins, in as few bytes as make them look as they should.

    Rich tells every piece's whole style and takes it back behind it. A slow line takes a frame in two thirds of the time.
    """
    written: list[str] = []
    style = ""
    for move, segments in rows:
        written.append(move)
        for text, look, _control in segments:
            if not text:
                continue
            codes, link = "", None
            if look is not None:
                ansi, link = look._ansi, look._link  # noqa: SLF001 - rich keeps them there
                codes = Strip.render_ansi(look, colours) if ansi is None else ansi
            if codes != style:
                written.append(_change(style, codes))
                style = codes
            if link and look is not None:
                written += (f"\x1b]8;id={look._link_id};{link}\x1b\\", text, _LINK_END)  # noqa: SLF001
            else:
                written.append(text)
    written.append(_RESET * (style != ""))
    return "".join(written)


@lru_cache(maxsize=1024)
def _change(old: str, new: str) -> str:
    """Give what makes one style of another one; "" is none."""
    if not new:
        return _RESET
    if not old:
        return f"\x1b[{new}m"
    marks, *colours = _parts(new)
    before, *known = _parts(old)
    if before <= marks and all(new for old, new in zip(known, colours, strict=True) if old):
        added = [mark for mark in new.split(";") if mark in marks - before] if marks != before else []
        return f"\x1b[{';'.join((*added, *(c for o, c in zip(known, colours, strict=True) if c != o)))}m"
    return f"\x1b[0;{new}m"


def _parts(style: str) -> tuple[frozenset[str], str, str]:
    """Give the marks (bold, italic …) of a style, its colour and its ground, "" where it has none."""
    marks, colours, codes = set(), ["", ""], style.split(";")
    while codes:
        code, size = codes.pop(0), 0
        if code in {"38", "48"}:
            size = 4 if codes[0] == "2" else 2
        number = int(code)
        ground = number in range(40, 50) or number in range(100, 108)
        if ground or number in range(30, 40) or number in range(90, 98):
            colours[ground] = ";".join((code, *codes[:size]))
        else:
            marks.add(code)
        del codes[:size]
    return frozenset(marks), colours[0], colours[1]


def _free_part(free: Free, wanted: Region) -> Region | None:
    """Give the smallest part of a widget, from cut to cut, that holds what is wanted of it and nothing stands before."""
    x, end = wanted.column_span
    first, last = wanted.line_span
    left, right, top, bottom = end, x, -1, -1
    for y, pieces in free.items():
        if not first <= y < last:
            continue
        for start, stop in pieces:
            if start < end and stop > x:
                left, right = min(left, start), max(right, stop)
                top, bottom = (y if top < 0 else top), y + 1
    return None if top < 0 else Region(left, top, right - left, bottom - top)


def _paint(chops: Chops, free: Free, part: Region, strips: Sequence[Strip]) -> None:
    """Put a widget's strips for a part of it where nothing stands yet; one that is too short is no more than it is."""
    left, span, width = part.x, part.column_span, part.width
    for y, strip in enumerate(strips[: part.height], part.y):
        pieces = free.get(y)
        if pieces is None:
            continue
        if span in pieces and strip.cell_length == width:
            chops[y][left] = strip
            pieces.remove(span)
            if not pieces:
                del free[y]
        else:
            rest, right = [], min(part.right, left + strip.cell_length)
            for piece in pieces:
                if left <= piece[0] and piece[1] <= right:
                    chops[y][piece[0]] = strip.crop(piece[0] - left, piece[1] - left)
                else:
                    rest.append(piece)
            if rest:
                free[y] = rest
            else:
                del free[y]
