"""Finding a room by a few letters: the best fit first."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from chat_tui.widgets.fuzzy import rank_names

NAMES = ["general", "design-review", "reviews", "random", "python-users", "Überraschung", "round-table"]


def found(query: str) -> list[str]:
    return [NAMES[index] for index in rank_names(query, NAMES)]


def test_start_before_word_before_inside_before_scattered() -> None:
    assert found("re") == ["reviews", "design-review", "round-table"]
    assert found("rand") == ["random"]
    assert found("pyus") == ["python-users"]


def test_nothing_typed_keeps_the_order() -> None:
    assert found("  ") == NAMES


def test_case_and_blanks_do_not_matter() -> None:
    assert found("ÜBER") == ["Überraschung"]
    assert found("python users") == ["python-users"]


def test_nothing_fits() -> None:
    assert found("xyz") == []


@given(st.text(max_size=6), st.lists(st.text(max_size=12), max_size=20))
def test_what_is_found_holds_the_letters_in_order(query: str, names: list[str]) -> None:
    wanted = "".join(query.casefold().split())
    for index in rank_names(query, names):
        rest = iter(names[index].casefold())
        assert all(letter in rest for letter in wanted)


def test_ten_thousand_names_are_ranked_between_two_keys() -> None:
    names = [f"{word}-{number}" for number in range(2_000) for word in ("general", "ops", "random", "dev", "music")]
    start = time.thread_time()
    rank_names("gen19", names)
    assert time.thread_time() - start < 0.2
