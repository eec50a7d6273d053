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
        """Give the rows of `crop` from front to back; a widget whose cells are all taken is not asked to draw."""
        cuts = self.cuts
        chops: Chops = [dict.fromkeys(row[:-1]) for row in cuts]
        rows = [y for y in crop.line_range if is_rendered_line(y)]
        if rows:
            band = Region(crop.x, rows[0], crop.width, rows[-1] + 1 - rows[0])
            wanted = set(rows)
            for widget, (region, clip) in self.visible_widgets.items():
                shown = region.intersection(clip)
                if not shown.overlaps(band):
                    continue
                first, last = max(shown.y, band.y), min(shown.bottom, band.bottom)
                places = {y: _places(cuts[y], shown) for y in range(first, last) if y in wanted}
                if any(chops[y][x] is None for y, columns in places.items() for x in columns[:-1]):
                    part = Region(shown.x - region.x, first - region.y, shown.width, last - first)
                    _paint(chops, places, first, widget.render_lines(part))
        return cast("Sequence[Mapping[int, Strip]]", chops)


def _places(cuts: list[int], shown: Region) -> list[int]:
    """Give the cuts of a row from a widget's first column to the one after its last."""
    left, right = shown.column_span
    return cuts if (left, right) == (cuts[0], cuts[-1]) else [x for x in cuts if left <= x <= right]


def _paint(chops: Chops, places: dict[int, list[int]], first: int, strips: Sequence[Strip]) -> None:
    """Put a widget's strips, the first of them at row `first`, where nothing stands before it."""
    for y, columns in places.items():
        if y - first >= len(strips):
            break
        line, strip = chops[y], strips[y - first]
        left = columns[0]
        if len(columns) == 2:
            if line[left] is None:
                line[left] = strip
            continue
        for x, piece in zip(columns, strip.divide([cut - left for cut in columns[1:]]), strict=False):
            if line[x] is None:
                line[x] = piece
