"""Draw, for a change on the screen, the widgets that can be seen in it and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip

__all__ = ["FrontCompositor"]

Chops = list[dict[int, Strip | None]]
"""By row: what begins at each cut, a column at which a widget begins or ends; None while nothing is drawn there."""


class FrontCompositor(Compositor):
    """Textual's has every visible widget draw all its rows for every change: for each key those of every pane."""

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        """Give the rows of `crop` from front to back; each widget draws only where nothing stands before it."""
        cuts = self.cuts
        chops: Chops = [dict.fromkeys(row[:-1]) for row in cuts]
        rows = [y for y in crop.line_range if is_rendered_line(y)]
        if rows:
            band = Region(crop.x, rows[0], crop.width, rows[-1] + 1 - rows[0])
            for widget, (region, clip) in self.visible_widgets.items():
                shown = region.intersection(clip)
                if not shown.overlaps(band):
                    continue
                free = _free(chops, cuts, rows, shown.intersection(band))
                if free is not None:
                    strips = widget.render_lines(free.translate((-region.x, -region.y)))
                    _paint(chops, cuts, rows, free, strips)
        return cast("Sequence[Mapping[int, Strip]]", chops)


def _free(chops: Chops, cuts: list[list[int]], rows: list[int], wanted: Region) -> Region | None:
    """Give the smallest part of a widget, from cut to cut, that holds what is wanted of it and nothing stands before."""
    x, end = wanted.column_span
    left, right = cuts[0][-1], 0
    top = bottom = -1
    for y in rows:
        if not wanted.y <= y < wanted.bottom:
            continue
        line, row = chops[y], cuts[y]
        empty = [at for at, cut in enumerate(row[:-1]) if cut < end and row[at + 1] > x and line[cut] is None]
        if empty:
            top, bottom = (y if top < 0 else top), y + 1
            left, right = min(left, row[empty[0]]), max(right, row[empty[-1] + 1])
    return None if top < 0 else Region(left, top, right - left, bottom - top)


def _paint(chops: Chops, cuts: list[list[int]], rows: list[int], free: Region, strips: Sequence[Strip]) -> None:
    """Put a widget's strips for the part `free` where nothing stands yet."""
    left, right = free.column_span
    for y in rows:
        if not free.y <= y < free.y + len(strips):
            continue
        line, strip = chops[y], strips[y - free.y]
        ends = [x for x in cuts[y] if left < x <= right]
        if len(ends) == 1:
            if line[left] is None:
                line[left] = strip
            continue
        x = left
        for end, piece in zip(ends, strip.divide([end - left for end in ends]), strict=False):
            if line[x] is None:
                line[x] = piece
            x = end
