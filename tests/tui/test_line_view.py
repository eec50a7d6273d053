"""A line view keeps the reader's place through everything, paints only what changed and selects text exactly."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import ClassVar

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Offset, Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.selection import Selection
from textual.widgets import TextArea

from chat_tui.widgets.blocks import Block, Line, Spot
from chat_tui.widgets.line_view import LineScreen, LineView
from chat_tui.widgets.text_layout import cells, clean, wrap
from chat_tui.widgets.viewport import Row

WORDS = [
    "lorem",
    "ipsum",
    "sit",
    "amet,",
    "日本語、テスト",
    "👍",
    "👨\u200d👩\u200d👧",
    "e\u0301",
    "שלום",
    "\x1b[31m",
    "❤\ufe0f",
    "x" * 22,
    "",
    "\n",
]
KEY_EDGE, KEY_HEAD = -2, -1


def sentence(chance: random.Random) -> str:
    """Give a text of one to eighty words."""
    return clean(" ".join(chance.choices(WORDS, k=chance.choice([1, 3, 9, 30, 80]))))


class Sentences:
    """A source of numbered sentences: a head above each that follows another kind, and an edge above the first."""

    def __init__(self, size: int, chance: random.Random) -> None:
        self.chance = chance
        self.made = 0
        self.lo = 0
        self.items = self.more(size)

    def more(self, count: int) -> list[tuple[int, str]]:
        self.made += count
        return [(number, sentence(self.chance)) for number in range(self.made - count, self.made)]

    @property
    def hi(self) -> int:
        return self.lo + len(self.items)

    def number(self, position: int) -> int:
        return self.items[position - self.lo][0]

    def text(self, position: int) -> str:
        return self.items[position - self.lo][1]

    def block(self, position: int, width: int, style: Style, *, cursor: bool) -> Block:
        text, number, mark = self.text(position), self.number(position), ">" if cursor else " "
        lines: list[Line] = []
        if position == self.lo:
            lines.append(Line([Segment("= edge =", style)], 8, KEY_EDGE))
        if position == self.lo or (self.number(position - 1) ^ number) & 4:
            head = f"#{number}"
            lines.append(Line([Segment(head, style)], len(head), KEY_HEAD))
        for start, end in wrap(text, width - 2):
            part = text[start:end]
            size = 2 + cells(part)
            lines.append(Line([Segment(f"{mark} ", style), Segment(part, style)], size, start, start, end, 2))
        lines[-1].spots = (Spot(0, 2, f"spot {number}"),)
        return Block(lines, text)


class Following(LineView, inherit_bindings=False):
    """A view that starts at the end and follows it."""

    STICKS: ClassVar[bool] = True


class ViewApp(App[None]):
    """A line view above a text area."""

    CSS = "TextArea { height: 3; }"

    def __init__(self, view: LineView) -> None:
        super().__init__()
        self.view = view
        self.clicks: list[object] = []

    def get_default_screen(self) -> Screen[None]:
        return LineScreen()

    def compose(self) -> ComposeResult:
        yield self.view
        yield TextArea()


def make(size: int, seed: int = 1, *, follows: bool = True) -> tuple[ViewApp, LineView, Sentences]:
    source = Sentences(size, random.Random(seed))
    view = (Following if follows else LineView)(source, 0, size)
    return ViewApp(view), view, source


def rows_of(view: LineView, source: Sentences) -> list[tuple[int, int]]:
    """Give what is on the rows: (number of the sentence, key of the line)."""
    view.layout_rows()
    return [(source.number(at), view._block(at).lines[line].key) for at, line in view.viewport.rows]


def frame_of(view: LineView) -> list[str]:
    return [strip.text for strip in view.current_frame()]


class Fuzzer:
    """Does random things to a view and checks after each what must hold."""

    def __init__(self, pilot: Pilot[None], view: LineView, source: Sentences, seed: int) -> None:
        self.pilot = pilot
        self.view = view
        self.source = source
        self.chance = random.Random(seed)
        self.changed_numbers: set[int] = set()
        self.keeps_place = True

    @property
    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        moves = [self.move] * 4
        return [
            self.append,
            self.prepend,
            self.splice,
            self.edit,
            *moves,
            self.home_or_end,
            self.jump,
            self.item,
            self.cursor,
            self.resize,
        ]

    async def run(self, count: int) -> None:
        for _ in range(count):
            step = self.chance.choice(self.steps)
            self.view.layout_rows()
            before, followed = rows_of(self.view, self.source), self.view.viewport.follow
            self.changed_numbers, self.keeps_place = set(), True
            await step()
            self.check()
            if self.keeps_place and not followed and not self.view.viewport.follow:
                self.check_place(before, step.__name__)
            if self.chance.random() < 0.1:
                await self.pilot.pause()

    async def append(self) -> None:
        new = self.source.more(self.chance.randint(1, 40))
        self.source.items += new
        self.view.appended(len(new))

    async def prepend(self) -> None:
        new = self.source.more(self.chance.randint(1, 40))
        first = self.source.lo
        self.source.items[:0] = new
        self.source.lo -= len(new)
        self.view.prepended(len(new))
        if self.source.hi > first:
            self.view.changed(first)

    async def splice(self) -> None:
        source = self.source
        position = self.chance.randint(source.lo, source.hi)
        removed = self.chance.randint(0, min(3, source.hi - position))
        new = source.more(self.chance.randint(0, 4))
        at = position - source.lo
        source.items[at : at + removed] = new
        self.view.spliced(position, removed, len(new))
        self.view.lay_out_again(position + len(new))

    async def edit(self) -> None:
        if not self.source.items:
            return
        at = self.chance.randrange(len(self.source.items))
        number = self.source.items[at][0]
        self.source.items[at] = (number, sentence(self.chance))
        self.changed_numbers.add(number)
        self.view.changed(self.source.lo + at)

    async def move(self) -> None:
        self.keeps_place = False
        self.view.move(self.chance.choice([-300, -28, -3, -1, 1, 3, 28, 200]))

    async def home_or_end(self) -> None:
        self.keeps_place = False
        self.chance.choice([self.view.to_start, self.view.to_end])()

    async def jump(self) -> None:
        self.keeps_place = False
        self.view.scroll_y = self.chance.uniform(0, max(1, self.view.max_scroll_y))

    async def item(self) -> None:
        self.keeps_place = False
        if self.source.items:
            position = self.chance.randrange(self.source.lo, self.source.hi)
            self.view.to_item(position)
            self.view.layout_rows()
            assert position in {at for at, _ in self.view.viewport.rows}

    async def cursor(self) -> None:
        self.keeps_place = False
        if self.source.items:
            position = self.chance.randrange(self.source.lo, self.source.hi)
            self.view.set_cursor(position)
            self.view.layout_rows()
            assert position in {at for at, _ in self.view.viewport.rows}

    async def resize(self) -> None:
        before, followed = rows_of(self.view, self.source), self.view.viewport.follow
        self.keeps_place = False
        await self.pilot.resize_terminal(self.chance.choice([30, 50, 90]), self.chance.choice([12, 20, 30]))
        await self.pilot.pause()
        after = rows_of(self.view, self.source)
        if before and not followed and not self.view.viewport.follow and self.view.STICKS:
            assert after[0][0] == before[0][0], "another item is on the top row"

    def check(self) -> None:
        view, viewport, source = self.view, self.view.viewport, self.source
        view.layout_rows()
        height, width = viewport.height, view._width
        strips = view.render_lines(Region(0, 0, width, height))
        assert len(strips) == height
        assert {strip.cell_length for strip in strips} <= {width}
        assert {cell_len(strip.text) for strip in strips} <= {width}
        assert (viewport.heights.lo, viewport.heights.hi) == (source.lo, source.hi)
        last = (source.hi - 1, len(view._block(source.hi - 1).lines) - 1) if source.items else None
        for (at, line), following in zip(viewport.rows, viewport.rows[1:], strict=False):
            ends = line == len(view._block(at).lines) - 1
            assert following == ((at + 1, 0) if ends else (at, line + 1))
        if len(viewport.rows) < height and viewport.rows:
            assert viewport.rows[0] == (source.lo, 0)
            assert viewport.rows[-1] == last
        if viewport.follow and viewport.rows:
            assert viewport.rows[-1] == last
        self.check_scroll(last)

    def check_scroll(self, last: Row | None) -> None:
        viewport = self.view.viewport
        total, offset = viewport.scroll_estimate()
        end = max(0, total - viewport.height)
        assert 0 <= offset <= end
        if viewport.rows and len(viewport.rows) == viewport.height:
            assert (offset == 0) == (viewport.rows[0] == (self.source.lo, 0))
            assert (offset == end) == (viewport.rows[-1] == last)
        heights = viewport.heights
        if 0 < len(self.source.items) < 300:
            known = (heights.get(at) for at in range(self.source.lo, viewport.top[0]))
            expected = sum(heights.estimate if height is None else height for height in known)
            assert abs(expected - heights.y_of(viewport.top[0])) < 1e-6

    def check_place(self, before: list[Row], step: str) -> None:
        """The first row that is still there is where it was, if there are enough rows above it."""
        numbers = {number: self.source.lo + at for at, (number, _) in enumerate(self.source.items)}
        after = rows_of(self.view, self.source)
        for y, (number, key) in enumerate(before):
            if number in self.changed_numbers:
                return
            if number in numbers and self.view._block(numbers[number]).line_of(key) is not None:
                last = (self.source.hi - 1, len(self.view._block(self.source.hi - 1).lines) - 1)
                at_an_end = self.view.viewport.rows[0] == (self.source.lo, 0) or self.view.viewport.rows[-1] == last
                assert at_an_end or after[y] == (number, key), step
                return


async def fuzz(seed: int, count: int, *, follows: bool) -> None:
    """Do `count` random things to a view."""
    app, view, source = make(random.Random(seed).choice([0, 3, 50, 500]), seed, follows=follows)
    async with app.run_test(size=(90, 30)) as pilot:
        await pilot.pause()
        await Fuzzer(pilot, view, source, seed).run(count)


@pytest.mark.parametrize("follows", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_the_reader_keeps_the_place(seed: int, follows: bool) -> None:  # E5
    await fuzz(seed, 150, follows=follows)


async def test_appending_below_the_screen_paints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:  # E5
    app, view, source = make(300)
    async with app.run_test(size=(80, 24)) as pilot:
        view.move(-100)
        await pilot.pause()
        frame, painted = view.current_frame(), []
        monkeypatch.setattr(LineView, "refresh", lambda *regions, **_: painted.append(regions))
        source.items += source.more(20)
        view.appended(20)
        source.items[:0] = source.more(20)
        source.lo -= 20
        view.prepended(20)
        await pilot.pause()
        assert painted == []
        assert view.current_frame() is frame


async def test_an_edit_repaints_only_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:  # E2
    app, view, source = make(300)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        position = view.viewport.rows[-1][0]
        number, text = source.items[position - source.lo]
        regions: list[Region] = []
        monkeypatch.setattr(LineView, "refresh", lambda _self, *changed, **_: regions.extend(changed))
        source.items[position - source.lo] = (number, ("X" if text[0] != "X" else "Y") + text[1:])
        view.changed(position)
        await pilot.pause()
        assert regions == [Region(0, regions[0].y, view._width, 1)]
        view.changed(position)
        await pilot.pause()
        assert len(regions) == 1, "the same block again is nothing to paint"


async def test_an_unchanged_frame_is_the_same_list() -> None:
    app, view, _ = make(50)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert view.current_frame() is view.current_frame()


async def test_scroll_sources_meet_in_lines() -> None:  # E5
    app, view, source = make(1000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        end = frame_of(view)
        view.post_message(events.MouseScrollUp(view, 5, 5, 0, -1, 0, shift=False, meta=False, ctrl=False))
        await pilot.pause()
        lines = int(app.scroll_sensitivity_y)
        assert frame_of(view)[lines:] == end[:-lines]
        view.scroll_to(y=0, animate=True)
        await pilot.pause()
        assert rows_of(view, source)[0] == (0, KEY_EDGE)
        view.scroll_end(animate=True, immediate=True)
        await pilot.pause()
        assert frame_of(view) == end
        view.action_page_up()
        view.action_page_down()
        await pilot.pause()
        assert frame_of(view) == end


async def test_scrolling_causes_no_layout() -> None:
    app, view, source = make(1000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = view.screen._layout_updates, view._layout_updates
        for _ in range(10):
            view.action_page_up()
            source.items += source.more(1)
            view.appended()
            await pilot.pause()
        assert (view.screen._layout_updates, view._layout_updates) == before


async def test_a_list_that_does_not_follow_starts_at_the_top() -> None:
    app, view, source = make(3, follows=False)
    async with app.run_test(size=(90, 40)) as pilot:
        await pilot.pause()
        assert rows_of(view, source)[0] == (0, KEY_EDGE)
        assert frame_of(view)[0].startswith("= edge =")
        assert not frame_of(view)[-1].strip()


async def test_a_short_list_that_follows_stands_at_the_bottom() -> None:
    app, view, _ = make(1)
    async with app.run_test(size=(90, 40)) as pilot:
        await pilot.pause()
        assert not frame_of(view)[0].strip()
        assert frame_of(view)[-1].strip()


async def test_drag_selects_exact_characters_across_items() -> None:
    app, view, source = make(0)
    source.items = [(0, "alpha beta"), (1, "日本語 gamma"), (2, "delta")]
    async with app.run_test(size=(60, 20)) as pilot:
        view.reset(0, 3)
        await pilot.pause()
        rows = rows_of(view, source)
        blank = view.viewport.height - len(rows)
        y0, y2 = (blank + rows.index((number, 0)) for number in (0, 2))
        await pilot.mouse_down(view, offset=(2 + 6, y0))
        await pilot.hover(view, offset=(2 + 2, y2))
        await pilot.mouse_up(view, offset=(2 + 2, y2))
        assert app.screen.get_selected_text() == "beta\n日本語 gamma\ndel"
        source.items[:0] = source.more(50)
        source.lo -= 50
        view.prepended(50)
        await pilot.resize_terminal(30, 20)
        await pilot.pause()
        assert app.screen.get_selected_text() == "beta\n日本語 gamma\ndel"


async def test_selection_is_drawn_on_its_cells_only() -> None:
    app, view, source = make(0)
    source.items = [(0, "a 日本語 b")]
    async with app.run_test(size=(60, 20)) as pilot:
        view.reset(0, 1)
        await pilot.pause()
        plain = view.current_frame()[-1]
        app.screen.selections = {view: Selection(Offset(2, 0), Offset(4, 0))}
        await pilot.pause()
        chosen = view.current_frame()[-1]
        assert chosen.text == plain.text
        changed = [
            x
            for x in range(view._width)
            if next(iter(chosen.crop(x, x + 1))).style != next(iter(plain.crop(x, x + 1))).style
        ]
        assert changed == [4, 5, 6, 7]


async def test_clicks_hit_select_words_and_items() -> None:
    app, view, source = make(0)
    source.items = [(0, "alpha beta_1, gamma")]
    async with app.run_test(size=(60, 20)) as pilot:
        view.reset(0, 1)
        await pilot.pause()
        y = view.viewport.height - 1
        assert view.spot_at(1, y) == (0, "spot 0")
        assert view.spot_at(5, y) == (0, None)
        assert view.spot_at(5, 0) is None
        await pilot.click(view, offset=(2 + 7, y))
        assert view.cursor == 0
        await pilot.click(view, offset=(2 + 7, y), times=2)
        await pilot.pause()
        assert app.screen.get_selected_text() == "beta_1"
        await pilot.click(view, offset=(2 + 7, y), times=3)
        await pilot.pause()
        assert app.screen.get_selected_text() == "alpha beta_1, gamma"


async def test_a_splice_drops_the_selection_it_moves() -> None:
    app, view, source = make(30)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        app.screen.selections = {view: Selection(Offset(0, 10), Offset(3, 12))}
        source.items[20:21] = []
        view.spliced(20, 1, 0)
        assert view in app.screen.selections
        source.items[2:3] = []
        view.spliced(2, 1, 0)
        assert view not in app.screen.selections


async def test_an_end_outside_the_widget_selects_only_what_is_on_screen() -> None:
    app, view, source = make(5000)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        got = view.get_selection(Selection(None, None))
        assert got is not None
        first = view.viewport.rows[0][0]
        assert got[0] == "\n".join(source.text(at) for at in range(first, 5000))


async def test_the_cursor_is_told_and_shown() -> None:
    app, view, _ = make(200)
    moved: list[int | None] = []
    async with app.run_test(
        size=(60, 20),
        message_hook=lambda message: (
            moved.append(message.position)
            if isinstance(message, LineView.CursorMoved) and message.control is view and not message._forwarded
            else None
        ),
    ) as pilot:
        view.set_cursor(5)
        await pilot.pause()
        assert any(text.startswith(">") for text in frame_of(view))
        view.set_cursor(5)
        view.set_cursor(999)
        await pilot.pause()
        assert not any(text.startswith(">") for text in frame_of(view))
        assert view.cursor is None
        assert list(dict.fromkeys(moved)) == [5, None]


async def test_the_cache_stays_small() -> None:
    app, view, _ = make(3000)
    async with app.run_test(size=(60, 20)) as pilot:
        for _ in range(150):
            view.action_page_up()
            view.layout_rows()
        await pilot.pause()
        assert len(view._blocks) <= LineView.MAX_BLOCKS


async def test_a_theme_change_lays_out_again_in_place() -> None:
    app, view, source = make(200)
    async with app.run_test(size=(60, 20)) as pilot:
        view.move(-77)
        await pilot.pause()
        before, colours = rows_of(view, source), view.base_style()
        app.theme = "textual-light"
        await pilot.pause()
        assert rows_of(view, source) == before
        assert view.base_style() != colours
        assert {segment.style.bgcolor for strip in view.current_frame() for segment in strip if segment.style} == {
            view.base_style().bgcolor,
        }


async def test_the_terminals_cursor_goes_with_the_cursor() -> None:
    app, view, _ = make(100)
    async with app.run_test(size=(60, 20)) as pilot:
        view.focus()
        view.set_cursor(97)
        await pilot.pause()
        row = app.cursor_position.y - view.region.y
        assert frame_of(view)[row].startswith((">", "#"))
