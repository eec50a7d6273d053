"""The viewport, without a terminal: anchors, pins and what the scroll bar is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.widgets.blocks import BELOW, Block, Line
from chat_tui.widgets.viewport import Viewport


def port(sizes: list[int], height: int, *, sticks: bool = True) -> Viewport:
    """Give a viewport on blocks of so many lines; heights become known as they are looked at."""

    def block(position: int) -> Block:
        size = sizes[position]
        viewport.heights.set(position, size)
        return Block([Line([], 0, 10 * at, 10 * at, 10 * at + 10) for at in range(size)])

    viewport = Viewport(block, sticks=sticks)
    viewport.reset(0, len(sizes))
    viewport.height = height
    viewport.settle()
    return viewport


SIZES = st.lists(st.integers(1, 7), min_size=1, max_size=40)


@given(SIZES, st.integers(1, 12), st.lists(st.integers(-20, 20), max_size=12), st.booleans())
def test_moving_is_moving_by_lines(sizes: list[int], height: int, moves: list[int], sticks: bool) -> None:  # E5
    viewport = port(sizes, height, sticks=sticks)
    lines = [(at, line) for at, size in enumerate(sizes) for line in range(size)]
    furthest = max(0, len(lines) - height)
    top = furthest if sticks else 0
    for move in moves:
        viewport.move(move)
        viewport.settle()
        top = min(max(top + move, 0), furthest)
        assert viewport.rows == lines[top : top + height]
        total, offset = viewport.scroll_estimate()
        assert 0 <= offset <= max(0, total - height)
        assert viewport.follow == (sticks and top == furthest)


@given(SIZES, st.integers(1, 12), st.data())
def test_revealing_shows_an_item_and_moves_no_more_than_needed(
    sizes: list[int], height: int, data: st.DataObject
) -> None:
    viewport = port(sizes, height)
    viewport.move(data.draw(st.integers(-200, 0)))
    viewport.settle()
    position = data.draw(st.integers(0, len(sizes) - 1))
    before = list(viewport.rows)
    whole = [(position, line) for line in range(sizes[position])]
    viewport.reveal(position)
    viewport.settle()
    if set(whole) <= set(before):
        assert viewport.rows == before
    if sizes[position] <= height:
        assert set(whole) <= set(viewport.rows)
    else:
        assert (position, 0) in viewport.rows


@given(SIZES, st.integers(1, 12), st.data())
def test_jumping_by_the_scroll_bar_lands_near(sizes: list[int], height: int, data: st.DataObject) -> None:
    viewport = port(sizes, height)
    for position, size in enumerate(sizes):
        viewport.heights.set(position, size)
    furthest = max(0, sum(sizes) - height)
    y = data.draw(st.integers(0, furthest))
    viewport.to_y(y)
    viewport.settle()
    assert viewport.rows[0] == [(at, line) for at, size in enumerate(sizes) for line in range(size)][y]


@pytest.mark.parametrize("sticks", [True, False])
def test_nothing_to_show(sticks: bool) -> None:
    viewport = port([], 10, sticks=sticks)
    viewport.move(-3)
    viewport.to_end()
    viewport.to_item(5, 2)
    viewport.reveal(3)
    viewport.settle()
    assert viewport.rows == []
    assert viewport.scroll_estimate() == (0, 0)


def test_lines_are_found_by_name() -> None:
    block = Block([Line([], 0, -1), Line([], 0, 0, 0, 5), Line([], 0, 6, 6, 9), Line([], 0, BELOW, 9, 9)])
    found = [block.line_of(key) for key in (-1, 0, 3, 5, 6, 8, 9, BELOW, -2)]
    assert found == [0, 1, 1, None, 2, 2, None, 3, None]
    assert block.line_at(99) is block.lines[3]
