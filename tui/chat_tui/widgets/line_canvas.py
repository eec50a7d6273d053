"""Draw the visible part of a list of any length in one widget, and repaint only what differs.

Nothing here costs more when the list is longer. The viewport's anchor is the truth; Textual's scroll offset and
virtual size are estimates that are published for the scroll bar without the layout that assigning them would cause.
A frame is computed once per burst of changes, compared with the one on screen, and only the rows that differ are
repainted. The widget draws its rows itself and takes no border, padding or opacity: those go on its parent.
"""

from __future__ import annotations

from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from chat_tui.widgets.blocks import Block, Line, LineSource
from chat_tui.widgets.line_selection import highlight
from chat_tui.widgets.thin_scroll_bar import ThinScrollBar
from chat_tui.widgets.viewport import Viewport

__all__ = ["LineCanvas"]

MOST_STYLES = 1_000
"""Styles of which it is known whether they have true colours; each link has one."""


class LineCanvas(ScrollView, can_focus=True, inherit_bindings=False):
    """A scrolling list of blocks from a `LineSource`.

    After the source has changed, tell: `appended`, `prepended`, `spliced` or `changed`.
    """

    DEFAULT_CSS = """
    LineCanvas {
        height: 1fr; background: $background; color: $foreground;
        overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1;
    }
    """
    STICKS: ClassVar[bool] = False
    """Start at the last line and follow it, the blank rows above a short list; else start at the first line."""
    MAX_BLOCKS: ClassVar[int] = 200
    """More cached blocks lengthen the garbage collector's pauses by more than they save."""

    def __init__(self, source: LineSource, lo: int = 0, hi: int = 0, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.source = source
        self.cursor: int | None = None
        self.viewport = Viewport(self._block, sticks=self.STICKS)
        self.viewport.reset(lo, hi)
        self._blocks: dict[int, Block] = {}
        self._width = 0
        self._fitted: tuple[Size, bool] | None = None  # what the size inside was taken for
        self._published = 0  # the scroll offset last published
        self._frame: list[Strip] | None = None  # the rows as they should be; None: to be drawn
        self._painted: list[Strip] = []  # the rows that Textual was last asked to paint
        self._scheduled = False
        self._estimated = False  # the scroll offset is published since the last change
        self._base: Style | None = None
        self._behind: Color | None = None
        self._filters: tuple[LineFilter, ...] = ()
        self._true: dict[Style, bool] = {}  # whether a style has only colours that the filters leave as they are
        self._look: tuple[object, ...] = ()  # the theme and the colours that it was laid out with

    # -- what the source's owner tells; none of it depends on how many items there are

    def reset(self, lo: int, hi: int) -> None:
        """Show the source's positions [lo, hi) afresh."""
        self.viewport.reset(lo, hi)
        self.cursor = None
        self._blocks.clear()
        self.touch()

    def appended(self, count: int = 1) -> None:
        """Take `count` new items at the end; paints nothing when the end is not shown."""
        self.viewport.appended(count)
        self.touch()

    def prepended(self, count: int) -> None:
        """Take `count` new items at the start: positions below `lo`."""
        self.viewport.prepended(count)
        self.touch()

    def spliced(self, position: int, removed: int, inserted: int) -> None:
        """Take the replacement of the items [position, position + removed) by `inserted` others."""
        self.viewport.spliced(position, removed, inserted)
        shift, end = inserted - removed, position + removed
        self._blocks = {
            (at if at < position else at + shift): block
            for at, block in self._blocks.items()
            if not position <= at < end
        }
        if self.cursor is not None and self.cursor >= position:
            self.cursor = self.cursor + shift if self.cursor >= end else None
        self.touch()

    def changed(self, position: int) -> None:
        """Lay the item at `position` out again."""
        self.lay_out_again(position)

    def lay_out_again(self, position: int) -> None:
        """Forget how the item at `position` was laid out, and nothing else."""
        self.viewport.forget(position)
        if self._blocks.pop(position, None) is not None:
            self.touch()

    def touch(self) -> None:
        """Have the rows looked at again, once, before anything else is painted."""
        if not self._scheduled:
            self._scheduled = True
            self.call_next(self._repaint)

    def catch_up(self) -> None:
        """Look at the rows now, where they are to be looked at."""
        if self._scheduled:
            with self._context():
                self._repaint()

    def redraw(self) -> None:
        """Draw the rows again although none was laid out again."""
        self._frame = None
        self.touch()

    # -- blocks

    def notify_style_update(self) -> None:
        """Lay everything out again if the theme or the colours are others; focus, mouse and panes bring one here too."""
        super().notify_style_update()
        self._fitted = None
        look = self.app.theme, *self.colors
        if look != self._look:
            self._look = look
            self.restyle()

    def restyle(self) -> None:
        """Take other colours: lay everything out again."""
        self._base = self._behind = None
        self._true.clear()
        self.viewport.pin()
        self._blocks.clear()
        if self.is_attached:
            self.touch()

    def base_style(self) -> Style:
        """Give the widget's own style; every cell needs its background explicitly."""
        if self._base is None:
            _, _, background, color = self.colors
            self._base = Style(color=(background + color).rich_color, bgcolor=background.rich_color)
        return self._base

    def _block(self, position: int) -> Block:
        """Give the laid out item at `position`."""
        block = self._blocks.get(position)
        if block is None:
            cursor = position == self.cursor
            block = self._blocks[position] = self.source.block(position, self._width, self.base_style(), cursor=cursor)
            self.viewport.heights.set(position, len(block.lines))
            if len(self._blocks) > self.MAX_BLOCKS:
                self._evict(position)
        return block

    def _evict(self, position: int) -> None:
        """Drop the oldest blocks, but none that is on screen."""
        keep = {at for at, _ in self.viewport.rows} | {position, self.viewport.top[0]}
        for old in list(self._blocks)[: self.MAX_BLOCKS // 4]:
            if old not in keep:
                del self._blocks[old]

    # -- the frame

    def fit_size(self) -> bool:
        """Take the widget's present size; False while it has none."""
        outside = self._size, self.show_vertical_scrollbar
        if outside == self._fitted:  # working out what is left inside takes longer than all the rest of a look
            return True
        width, height = self.scrollable_size
        if not width or not height:
            return False
        self._fitted = outside
        if width != self._width:  # resizing calls nobody: every look compares
            if self._width:
                self.viewport.pin()
            self._width = width
            self._blocks.clear()
            self.viewport.heights.clear()
            self.viewport.stale = True
        if height != self.viewport.height:
            self.viewport.height, self.viewport.stale = height, True
        return True

    def layout_rows(self) -> bool:
        """Bring the visible rows up to date with size and changes; False while the widget has no size."""
        if not self.fit_size():
            return False
        if self.viewport.stale:
            self.viewport.settle()
            self._frame = None
            self._publish()
        return True

    def _publish(self) -> None:
        """Tell Textual and the scroll bar the estimates, without the layout that `virtual_size = ...` causes."""
        self._estimated = True
        total, offset = self.viewport.scroll_estimate()
        self._published = offset
        self.set_reactive(Widget.virtual_size, Size(self._width, total))
        self.set_reactive(Widget.scroll_y, float(offset))
        self.set_reactive(Widget.scroll_target_y, float(offset))
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.show(total, self.viewport.height, offset)

    @property
    def vertical_scrollbar(self) -> ThinScrollBar:
        """The scroll bar, made when it is first asked for."""
        bar = self._vertical_scrollbar
        if not isinstance(bar, ThinScrollBar):
            bar = ThinScrollBar(vertical=True, name="vertical", thickness=self.scrollbar_size_vertical)
            bar.display = False
            self._vertical_scrollbar = bar
            self.app._start_widget(self, bar)  # noqa: SLF001 - as Widget's own property does
        return bar

    def current_frame(self) -> list[Strip]:
        """Give the visible rows as strips of exactly the widget's width; the same list until something changes."""
        if not self.layout_rows():
            return []
        if self._frame is None:
            self._frame = self._compose_frame()
        return self._frame

    def _compose_frame(self) -> list[Strip]:
        """Draw the visible rows, blank ones before or after a short list."""
        self._take_filters()
        selection = self.text_selection
        strips = [self._row_strip(position, line, selection) for position, line in self.viewport.rows]
        if rest := self.viewport.height - len(strips):
            blank = [self._as_seen([Segment(" " * self._width, self.base_style())], self._width)] * rest
            strips = blank + strips if self.STICKS else strips + blank
        return strips

    def _take_filters(self) -> None:
        """Take what Textual lays over all colours (none at all, dimmed, ANSI); strips are kept as that makes them."""
        filters = tuple(self.get_line_filters())
        if len(self._true) > MOST_STYLES:
            self._true.clear()
        if filters != self._filters:
            self._filters = filters
            self._true.clear()
            for block in self._blocks.values():
                for line in block.lines:
                    line.strip = None

    def _as_seen(self, segments: list[Segment], width: int) -> Strip:
        """Give the strip of segments as it is seen."""
        if self._behind is None:
            self._behind = self.background_colors[1]
        for line_filter in self._filters:
            if not (isinstance(line_filter, ANSIToTruecolor) and self._is_true(segments, line_filter, self._behind)):
                segments = line_filter.apply(segments, self._behind)
        return Strip(segments, width)

    def _is_true(self, segments: list[Segment], line_filter: ANSIToTruecolor, behind: Color) -> bool:
        """Tell whether all colours are true ones, so that the filter, which makes every piece anew, would change nothing."""
        known = self._true
        for _text, style, _control in segments:
            if style is not None and style not in known:
                known[style] = line_filter.truecolor_style(style, behind.rich_color) is style
        return all(style is None or known[style] for _text, style, _control in segments)

    def _row_strip(self, position: int, index: int, selection: Selection | None) -> Strip:
        """Give the strip of one line with what is selected of it."""
        block = self._blocks.get(position) or self._block(position)
        line = block.line_at(index)
        strip = line.strip
        if strip is None:
            strip = line.strip = self._as_seen(self._filled(line, block.fill or self.base_style()), self._width)
        if selection is not None and line.end > line.start and (span := selection.get_span(position)) is not None:
            style = self.screen.get_component_rich_style("screen--selection")
            return self._as_seen(list(highlight(block, line, strip, span, style)), self._width)
        return strip

    def _filled(self, line: Line, style: Style) -> list[Segment]:
        """Give a line's segments, padded or cropped to the full width."""
        rest = self._width - line.cells
        if rest > 0:
            *before, last = line.segments or [Segment("", style)]
            if last.style is style or last.style == style:  # fewer bytes for the terminal
                return [*before, Segment(last.text + " " * rest, style)]
            return [*before, last, Segment(" " * rest, style)]
        return list(Strip(line.segments, line.cells).crop(0, self._width)) if rest < 0 else line.segments

    def _repaint(self) -> None:
        """Repaint the rows that differ from what is on screen."""
        if not self._scheduled:  # done meanwhile, by `catch_up`
            return
        self._scheduled = self._estimated = False
        frame = self.current_frame()
        if not frame:
            return
        if not self._estimated:
            self._publish()
        if len(frame) != len(self._painted) or frame[0].cell_length != self._painted[0].cell_length:
            self.refresh()
        else:
            self._repaint_differences(frame)
        self._painted = frame
        self.updated()

    def _repaint_differences(self, frame: list[Strip]) -> None:
        """Ask for a repaint of the rows of `frame` that are not the painted ones."""
        regions: list[Region] = []
        for y, (new, old) in enumerate(zip(frame, self._painted, strict=True)):
            if new is old or new == old:
                continue
            if regions and regions[-1].bottom == y:
                regions[-1] = regions[-1].grow((0, 0, 1, 0))
            else:
                regions.append(Region(0, y, self._width, 1))
        if regions:
            self.refresh(*regions)

    def updated(self) -> None:
        """Called when the visible rows are settled after a change, for what depends on them."""

    def on_resize(self) -> None:
        """Look at the rows again."""
        self.touch()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give the rows of `crop`; asked for on every partial update of the screen, so an unchanged frame is free."""
        frame = self.current_frame()
        if not frame:
            return [Strip.blank(crop.width, self.base_style())] * crop.height
        rows = frame[crop.y : crop.bottom]
        if crop.x or crop.right < self._width:
            rows = [strip.crop(crop.x, crop.right) for strip in rows]
        if crop.right > self._width or len(rows) < crop.height:
            rows = [strip.adjust_cell_length(crop.width, self.base_style()) for strip in rows]
            rows += [Strip.blank(crop.width, self.base_style())] * (crop.height - len(rows))
        return rows

    def render_line(self, y: int) -> Strip:
        """Give one row."""
        return self.render_lines(Region(0, y, max(1, self._width), 1))[0]

    # -- scrolling

    def _scroll_to(self, *args: Any, **options: Any) -> bool:
        """Scroll at once: an animation writes absolute offsets, which are only estimates here."""
        options["animate"] = False
        return super()._scroll_to(*args, **options)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the scroll offset that wheel, scroll bar or a growing selection has set."""
        resized = self.scrollable_size != (self._width, self.viewport.height)
        delta = round(new_value) - self._published
        if not delta or not self.layout_rows() or resized:  # a resize clamps the offset: nobody scrolled
            return
        if new_value >= self.max_scroll_y:
            self.viewport.to_end()
        elif new_value <= 0:
            self.viewport.to_start()
        elif abs(delta) <= 2 * self.viewport.height:
            self.viewport.move(delta)
        else:
            self.viewport.to_y(new_value)
        self._published = round(new_value)
        self.touch()
