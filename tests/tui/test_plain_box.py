"""A plain box looks exactly as Textual's own container does."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from chat_tui.widgets.plain_box import Column, Row


class Boxes(App[None]):
    CSS = "#outer { background: $surface; } #inner { background: $error 40%; width: 7; height: 3; }"

    def __init__(self, row: type[Horizontal], column: type[Vertical]) -> None:
        super().__init__()
        self._boxes = row, column

    def compose(self) -> ComposeResult:
        row, column = self._boxes
        with row(id="outer"):
            with column(id="inner"):
                yield Static("x")
            yield Static("yy")


async def drawn(row: type[Horizontal], column: type[Vertical], theme: str, size: tuple[int, int]) -> list[str]:
    """The cells of the app, after a change of its theme and of its size."""
    app = Boxes(row, column)
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        app.theme = theme
        await pilot.resize_terminal(*size)
        await pilot.pause()
        lines = app.screen._compositor.render_strips()
        return [
            f"{character} {segment.style}"
            for line in lines
            for segment in line
            for character in segment.text
            if segment.style
        ]


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
@pytest.mark.parametrize("size", [(20, 5), (31, 8)])
async def test_a_box_looks_as_the_container_does(theme: str, size: tuple[int, int]) -> None:
    ours = await drawn(Row, Column, theme, size)
    theirs = await drawn(Horizontal, Vertical, theme, size)
    assert len(ours) == size[0] * size[1]
    assert ours == theirs


@pytest.mark.parametrize("no_color", [True, False])
async def test_no_colours_are_drawn_where_none_are_wanted(no_color: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    assert await drawn(Row, Column, "textual-dark", (20, 5)) == await drawn(
        Horizontal, Vertical, "textual-dark", (20, 5)
    )
