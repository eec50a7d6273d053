"""The height index agrees with adding up, and its cost does not grow with the list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_tui.widgets.heights import ENOUGH_MEASURED, HeightIndex

ESTIMATE = 3.0
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(-600, 600), st.integers(1, 9)),
        st.tuples(st.just("discard"), st.integers(-600, 600), st.just(0)),
        st.tuples(st.just("append"), st.integers(0, 40), st.just(0)),
        st.tuples(st.just("prepend"), st.integers(0, 40), st.just(0)),
        st.tuples(st.just("splice"), st.integers(-600, 600), st.integers(0, 24)),
    ),
    max_size=40,
)


class Model:
    """A list of heights, None where it is not measured."""

    def __init__(self, size: int) -> None:
        self.lo = 0
        self.items: list[int | None] = [None] * size

    def y_of(self, position: int) -> float:
        return sum(ESTIMATE if height is None else height for height in self.items[: position - self.lo])


@given(st.integers(0, 400), STEPS)
def test_agrees_with_a_plain_list(size: int, steps: list[tuple[str, int, int]]) -> None:  # E5
    index, model = HeightIndex(0, size, ESTIMATE), Model(size)
    for name, value, other in steps:
        inside = index.lo <= value < index.hi
        if name == "set" and inside:
            index.set(value, other)
            model.items[value - model.lo] = other
        elif name == "discard" and inside:
            index.discard(value)
            model.items[value - model.lo] = None
        elif name == "append":
            index.hi += value
            model.items += [None] * value
        elif name == "prepend":
            index.lo -= value
            model.lo -= value
            model.items[:0] = [None] * value
        elif name == "splice" and inside:
            removed, inserted = min(other % 5, index.hi - value), other // 5
            index.splice(value, removed, inserted)
            at = value - model.lo
            model.items[at : at + removed] = [None] * inserted
    assert index.hi - index.lo == len(model.items)
    assert index.total == round(model.y_of(index.hi))
    for position in range(index.lo, index.hi):
        assert index.y_of(position) == model.y_of(position)
        assert index.get(position) == model.items[position - model.lo]
        assert index.find(model.y_of(position)) == position


def test_average_needs_enough() -> None:
    index = HeightIndex(0, 1000, ESTIMATE)
    for position in range(ENOUGH_MEASURED):
        index.set(position, 7)
    assert index.average == ESTIMATE
    index.set(ENOUGH_MEASURED, 7)
    assert index.average == 7


def test_clear_keeps_the_average_as_estimate() -> None:
    index = HeightIndex(0, 1000, ESTIMATE)
    for position in range(100):
        index.set(position, 5)
    index.clear()
    assert index.get(0) is None
    assert index.total == 5000


def test_empty() -> None:
    index = HeightIndex(5, 5)
    assert index.total == 0
    assert index.find(100) == 5


def test_a_million_items_hold_only_what_is_measured() -> None:  # E5
    index = HeightIndex(-500_000, 500_000, ESTIMATE)
    for position in range(-100, 100):
        index.set(position, 4)
    assert index.total == 3_000_000 + 200
    assert index.find(index.y_of(77)) == 77
    assert len(index._chunks) == 2
