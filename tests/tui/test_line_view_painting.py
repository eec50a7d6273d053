"""What is painted is what Textual would paint: by the compositor that draws only what is seen, and on the scroll bar."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence

import pytest
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual._compositor import Compositor
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.filter import LineFilter
from textual.geometry import Region
from textual.screen import UPDATE_PERIOD, Screen
from textual.scrollbar import ScrollBarRender
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static, TextArea

from chat_tui.widgets.front_compositor import FrontCompositor
from chat_tui.widgets.line_view import WAITING, LineScreen, LineView
from chat_tui.widgets.plain_box import Column, Row
from chat_tui.widgets.thin_scroll_bar import ThinScrollBar
from tests.tui.test_line_view import Following, Sentences

Chops = Sequence[Mapping[int, Strip | None]]


RED = Color.from_rgb(255, 0, 0)


class Reddened(LineFilter):
    """Makes everything red."""

    def apply(self, segments: list[Segment], background: object) -> list[Segment]:
        return [Segment(text, (style or Style()) + Style(color=RED), control) for text, style, control in segments]


class Desk(App[None]):
    """Panes, lists, something that lies over them and something that is cut off."""

    CSS = """
    #left { width: 20; } #over { layer: top; dock: right; width: 15; height: 4; offset: -9 3; background: red; }
    Screen { layers: base top; } #wide { width: 300; height: 2; } TextArea { height: 3; border: round white; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.source = Sentences(300, random.Random(3))
        self.view = Following(self.source, 0, 300)

    def get_default_screen(self) -> Screen[None]:
        return LineScreen()

    def compose(self) -> ComposeResult:
        with Row(), Horizontal():
            with Column(id="left"):
                yield Static("title\nof the pane")
                yield LineView(self.source, 0, 300)
            with Vertical():
                yield self.view
                yield Static("too wide " * 40, id="wide")
                yield TextArea("something written\nin two lines")
        yield Static("it lies over the rest", id="over")


def stock(compositor: Compositor, crop: Region) -> Chops:
    """What Textual's own compositor draws of the same screen."""
    return Compositor._render_chops(compositor, crop, lambda _: True)


def cells_of(chops: Chops, cuts: list[list[int]], crop: Region) -> list[list[tuple[str, Style | None]]]:
    """Give the characters of the crop, cell by cell as far as they are one cell wide, with their styles."""
    rows = []
    for y in crop.line_range:
        row: list[tuple[str, Style | None]] = []
        for x, end in zip(cuts[y], cuts[y][1:], strict=False):
            if x < crop.right and end > crop.x:
                strip = chops[y][x]
                assert strip is not None
                assert strip.cell_length == end - x
                row += [(character, segment.style) for segment in strip for character in segment.text]
        rows.append(row)
    return rows


async def test_every_part_of_the_screen_is_what_textual_draws() -> None:
    app, chance = Desk(), random.Random(7)
    async with app.run_test(size=(100, 30)) as pilot:
        for _ in range(60):
            compositor = app.screen._compositor
            assert isinstance(compositor, FrontCompositor)
            x, y = chance.randrange(100), chance.randrange(30)
            crop = Region(x, y, chance.randint(1, 100 - x), chance.randint(1, 30 - y))
            ours = compositor._render_chops(crop, lambda _: True)
            cuts = compositor.cuts
            assert cells_of(ours, cuts, crop) == cells_of(stock(compositor, crop), cuts, crop)
            app.view.move(chance.choice([-30, -1, 1, 9]))
            app.query_one("#over").styles.offset = (-chance.randrange(80), chance.randrange(20))
            await pilot.pause()


async def test_what_lies_over_all_colours_is_taken_and_taken_away_again() -> None:
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()

        def colours() -> set[object]:
            app.view.redraw()
            segments = [segment for strip in app.view.current_frame() for segment in strip]
            return {segment.style.color for segment in segments if segment.style is not None}

        before, red = colours(), Reddened()
        app._filters.append(red)
        assert colours() == {RED}
        app._filters.remove(red)
        assert RED not in colours()
        assert colours() == before


async def test_a_row_takes_no_more_bytes_than_it_must() -> None:
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        for strip in app.view.current_frame():
            assert strip.cell_length == app.view.scrollable_size.width
        for position, index in app.view.viewport.rows:
            line = app.view._block(position).line_at(index)
            assert line.segments[-1].style == app.view.base_style()
            assert line.strip is not None
            assert len(list(line.strip)) == len(line.segments)  # what pads a row is a part of its last piece


async def test_who_is_not_touched_by_a_change_is_not_asked_to_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        app.query_one(TextArea).focus()
        await pilot.pause()
        await pilot.pause()  # what the focus changes is drawn
        asked: list[Widget] = []
        for widget in app.screen.walk_children(Widget):
            draw = widget.render_lines

            def drawing(
                crop: Region, widget: Widget = widget, draw: Callable[[Region], list[Strip]] = draw
            ) -> list[Strip]:
                asked.append(widget)
                return draw(crop)

            monkeypatch.setattr(widget, "render_lines", drawing)
        await pilot.press("a")
        assert {type(widget) for widget in asked} == {TextArea}


# ---------------------------------------------------------------- the scroll bar


def glyphs(segments: Iterable[Segment]) -> list[str]:
    """Give a bar's rows as what is drawn, with a mark where it is drawn the other way round."""
    return [f"{text}{'!' if style and style.reverse else ''}" for text, style, _ in segments if text != "\n"]


async def test_the_thumb_stands_where_textuals_does() -> None:
    app, chance, black = Desk(), random.Random(4), Color.from_rgb(0, 0, 0)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        bar = app.view.vertical_scrollbar
        height = bar.size.height
        for _ in range(500):
            window = chance.randint(1, 60)
            total = window + int(10 ** chance.uniform(0, 6))
            place = chance.choice([0, total - window, chance.randint(0, total - window)])
            bar.show(total, window, place)
            ours = glyphs(segment for strip in bar.render_lines(Region(0, 0, 1, height)) for segment in strip)
            if total != height:  # which Textual takes for nothing to scroll
                theirs = ScrollBarRender.render_bar(height, total, window, place, 1, True, black, black)
                pairs = zip(ours, glyphs(theirs.segments), strict=True)
                rows = [y for y, (one, other) in enumerate(pairs) if one != other]
                assert len(rows) <= 1, "a thumb within one cell has one end only"
                assert not rows or ours.count(" ") == height - 1


async def test_it_repaints_only_where_the_thumb_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        bar = app.view.vertical_scrollbar
        regions: list[Region] = []
        monkeypatch.setattr(ThinScrollBar, "refresh", lambda _self, *changed, **_: regions.extend(changed))
        height, total = bar.size.height, 100_000
        bar.show(total, height, total - height)
        regions.clear()
        bar.show(total + 3, height, total - height + 3)
        assert regions == [], "in a long list a line is less than an eighth of a cell"
        bar.show(total, height, 0)
        assert regions == [Region(0, 0, 1, height)]


async def test_the_bar_scrolls_by_mouse() -> None:  # E5
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        bar = app.view.vertical_scrollbar
        before = app.view.viewport.rows[0]
        await pilot.click(bar, offset=(0, 1))
        await pilot.pause()
        assert app.view.viewport.rows[0] < before
        app.view.to_start()
        await pilot.pause()
        await pilot.mouse_down(bar, offset=(0, 0))
        await pilot.hover(bar, offset=(0, 5))
        await pilot.mouse_up(bar, offset=(0, 5))
        await pilot.pause()
        assert app.view.viewport.rows[0] > (20, 0)


async def test_the_bar_takes_another_themes_colours() -> None:
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        bar, region = app.view.vertical_scrollbar, Region(0, 0, 1, 5)
        dark = bar.render_lines(region)
        assert bar.render_lines(region)[0] is dark[0]
        app.theme = "textual-light"
        await pilot.pause()
        assert bar.render_lines(region)[0] != dark[0]


async def test_what_is_scrolled_is_painted_at_once_and_once(monkeypatch: pytest.MonkeyPatch) -> None:  # D1
    app = Desk()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        frames: list[object] = []
        monkeypatch.setattr(app, "_display", lambda _screen, update: frames.extend([update] if update else []))
        app.view.move(-3)
        assert len(frames) == 1
        await pilot.pause()
        assert len(frames) == 1


async def test_nothing_is_painted_while_the_terminal_has_not_taken_the_last_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # D1
    app = Desk()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, LineScreen)
        waiting = [WAITING + 1]
        frames: list[object] = []
        monkeypatch.setattr(screen, "backlog", lambda: waiting[0])
        monkeypatch.setattr(app, "_display", lambda _screen, update: frames.extend([update] if update else []))
        app.view.move(-3)
        app.view.move(-3)
        await asyncio.sleep(5 * UPDATE_PERIOD)
        assert not frames
        waiting[0] = 0
        async with asyncio.timeout(30):
            while not frames:
                await asyncio.sleep(UPDATE_PERIOD)
        assert len(frames) == 1  # those in between are dropped
