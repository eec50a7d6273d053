"""Texts in the timeline: any script is measured right, links are links for the terminal too, copies hold only the text."""

from __future__ import annotations

import re
from datetime import UTC
from urllib.parse import unquote

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Offset
from textual.screen import Screen
from textual.selection import Selection

from chat_tui.widgets.line_view import LineScreen
from chat_tui.widgets.message_lines import MessageRow
from chat_tui.widgets.timeline import Timeline

START = 1_777_968_000_000
GUTTER = 8

# Texts, with the cells that a terminal gives each of their graphemes.
SCRIPTS: dict[str, list[tuple[str, int]]] = {
    "Latin": [("n", 1), ("a", 1), ("ï", 1), ("v", 1), ("e", 1)],
    "combining marks": [("e\u0301", 1), ("a\u0308\u0323", 1), ("n\u0303", 1)],
    "Chinese": [("你", 2), ("好", 2), ("，", 2), ("世", 2), ("界", 2)],
    "Japanese": [("テ", 2), ("ス", 2), ("ト", 2), ("で", 2), ("す", 2)],
    "voiced kana of two characters": [("か\u3099", 2), ("は\u309a", 2)],
    "Korean": [("한", 2), ("국", 2)],
    "half and full width": [("ｱ", 1), ("Ａ", 2), ("A", 1)],
    "Hebrew": [("ש", 1), ("ל", 1), ("ו", 1), ("ם", 1)],
    "Hebrew with points": [("ש\u05c1\u05b8", 1), ("ל", 1)],
    "Arabic": [("م", 1), ("ر", 1), ("ح\u064e", 1), ("ب", 1)],
    "Arabic with a direction mark": [("م\u200f", 1), ("!", 1)],
    "Thai": [("ก\u0e47", 1), ("ท\u0e35\u0e48", 1)],
    "Devanagari": [("न", 1), ("म", 1)],
    "emoji": [("🙂", 2), ("👍", 2)],
    "skin tones": [("👍🏽", 2)],
    "a family": [("👨\u200d👩\u200d👧", 2)],
    "a profession": [("👩🏽\u200d🚀", 2)],
    "keycaps": [("1\ufe0f\u20e3", 2), ("#\ufe0f\u20e3", 2)],
    "emoji by selector": [("❤\ufe0f", 2), ("☀\ufe0f", 2)],
    "text symbols": [("☀", 1), ("✓", 1), ("→", 1)],
    "box and blocks": [("─", 1), ("█", 1), ("▌", 1)],
    "all at once": [("a", 1), ("日", 2), ("e\u0301", 1), ("👨\u200d👩\u200d👧", 2), ("ש", 1), ("z", 1)],
}


class Source:
    """Messages by one person, at positions from 0 on."""

    def __init__(self, *texts: str) -> None:
        self.rows = [
            MessageRow(f"${at}", "message", "@a:example.org", "A", START + at * 1000, text)
            for at, text in enumerate(texts)
        ]

    def row(self, position: int) -> MessageRow:
        return self.rows[position]

    def position_of(self, key: str) -> int | None:
        return int(key[1:])


class Driver(HeadlessDriver):
    """Keeps what a terminal would get."""

    written = ""

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written += data

    def flush(self) -> None:
        pass


class Page(App[None]):
    """A timeline that fills the screen."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self.source = Source(*texts)

    def get_default_screen(self) -> Screen[None]:
        return LineScreen()

    def compose(self) -> ComposeResult:
        yield Timeline(self.source, 0, len(self.source.rows), zone=UTC)

    @property
    def timeline(self) -> Timeline:
        return self.query_one(Timeline)


def row_of(timeline: Timeline, position: int) -> int:
    """The row on which a message's text begins."""
    timeline.layout_rows()
    lines = [(at, timeline._block(at).lines[line].key) for at, line in timeline.viewport.rows]
    return lines.index((position, 0)) + timeline.blank_rows


# ---------------------------------------------------------------- measured right


@pytest.mark.parametrize("script", SCRIPTS)
async def test_each_grapheme_has_its_cells(script: str) -> None:  # E7
    graphemes = SCRIPTS[script]
    text = "".join(grapheme for grapheme, _ in graphemes)
    app = Page(text)
    async with app.run_test(size=(80, 12)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        width = timeline._width
        y = row_of(timeline, 0)
        strips = timeline.current_frame()
        assert {cell_len(strip.text) for strip in strips} == {width}, "every row fills the screen, none more"
        assert timeline._block(0).lines[-1].cells == GUTTER + sum(cells for _, cells in graphemes)
        x, index = GUTTER, 0
        for grapheme, cells in graphemes:
            for cell in range(x, x + cells):
                assert timeline.offset_at(cell, y) == Offset(index, 0), "each of its cells is this grapheme"
            x, index = x + cells, index + len(grapheme)
        assert timeline.offset_at(x, y) == Offset(len(text), 0)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("width", [20, 33, 60, 61])
async def test_wrapped_lines_hold_whole_graphemes_and_no_more_than_fit(script: str, width: int) -> None:  # E7
    graphemes = SCRIPTS[script] * 30
    text = "".join(grapheme for grapheme, _ in graphemes)
    sizes = dict(SCRIPTS[script])
    app = Page(text)
    async with app.run_test(size=(width, 12)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        block = timeline._block(0)
        lines = [line for line in block.lines if line.end > line.start]
        assert "".join(block.text[line.start : line.end] for line in lines) == text
        at = 0
        for line in lines:
            used = 0
            while at < line.end:
                grapheme = next(one for one in sorted(sizes, key=len, reverse=True) if text.startswith(one, at))
                used, at = used + sizes[grapheme], at + len(grapheme)
            assert at == line.end, "a line ends where a grapheme does"
            assert line.x + used == line.cells <= timeline._width


async def test_flags_take_two_cells() -> None:  # E7
    app = Page("🇩🇪🇯🇵")
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        assert app.timeline._block(0).lines[-1].cells == GUTTER + 4


# ---------------------------------------------------------------- links


async def output_of(app: Page, width: int) -> str:
    """What the terminal gets."""
    app.driver_class = Driver
    async with app.run_test(headless=False, size=(width, 12)) as pilot:
        await pilot.pause()
        assert isinstance(app._driver, Driver)
        return app._driver.written


LINK = re.compile(r"\x1b\]8;id=(\d+);([^\x1b]*)\x1b\\(.*?)\x1b\]8;;\x1b\\")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def links(written: str) -> list[tuple[str, str, str]]:
    """The links of an output: number, address and what is shown of it."""
    return [(number, url, COLOURS.sub("", text)) for number, url, text in LINK.findall(written)]


async def test_links_are_links_for_the_terminal() -> None:
    written = await output_of(Page("see https://chat.example/a?b=c&d=%20#e, or not"), 80)
    assert {(url, text) for _, url, text in links(written)} == {
        ("https://chat.example/a?b=c&d=%20#e", "https://chat.example/a?b=c&d=%20#e")
    }


async def test_a_link_on_two_lines_is_one_link() -> None:
    url = "https://chat.example/" + "long/" * 12
    found = links(await output_of(Page(url), 60))
    assert {target for _, target, _ in found} == {url}
    assert len({text for *_, text in found}) == 2, "it is wrapped"
    assert len({number for number, *_ in found}) == 1, "hovering over one part shows both"


async def test_an_address_in_any_script_is_encoded_for_the_terminal() -> None:
    found = links(await output_of(Page("https://chat.example/größe/日本"), 80))
    assert {target for _, target, _ in found} == {"https://chat.example/gr%C3%B6%C3%9Fe/%E6%97%A5%E6%9C%AC"}


async def test_no_message_can_write_a_link_of_its_own() -> None:  # E7
    hostile = "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\ https://chat.example/\x1b]8;;https://evil.example"
    written = await output_of(Page(hostile), 80)
    assert links(written)
    assert all(text in unquote(url) for _, url, text in links(written)), "what is shown is where it leads"
    assert written.count("\x1b]8;") == 2 * len(links(written))


# ---------------------------------------------------------------- copies


async def test_a_copy_over_several_messages_is_their_text_alone() -> None:
    texts = ("the first one, long enough to be wrapped here", "日本語 and `code`", "two\nlines", "the last one")
    app = Page(*texts)
    async with app.run_test(size=(40, 20)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        screen = app.screen
        screen.selections = {timeline: Selection(Offset(4, 0), Offset(8, 3))}
        copied = screen.get_selected_text()
        assert copied == "first one, long enough to be wrapped here\n日本語 and code\ntwo\nlines\nthe last"
        await pilot.resize_terminal(70, 20)
        await pilot.pause()
        assert screen.get_selected_text() == copied
        assert not re.search(r"\d\d:\d\d", copied), "no times"


async def test_dragging_over_the_gutter_copies_from_the_start_of_the_line() -> None:
    app = Page("alpha beta", "gamma delta")
    async with app.run_test(size=(70, 12)) as pilot:
        timeline = app.timeline
        await pilot.pause()
        await pilot.mouse_down(timeline, offset=(2, row_of(timeline, 0)))
        await pilot.hover(timeline, offset=(GUTTER + 4, row_of(timeline, 1)))
        await pilot.mouse_up(timeline, offset=(GUTTER + 4, row_of(timeline, 1)))
        assert app.screen.get_selected_text() == "alpha beta\ngamma"
