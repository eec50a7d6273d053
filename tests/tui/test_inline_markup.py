"""Light markup is found, nests a little, and never costs more than its length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.widgets.inline_markup import BOLD, CODE, CODE_BLOCK, ITALIC, LINK, MENTION, STRIKE, parse
from chat_tui.widgets.text_layout import clean, snap


def found(text: str, me: tuple[str, ...] = ()) -> list[tuple[str, int]]:
    body = parse(text, me)
    return [(body.text[run.start : run.end], run.flags) for run in body.runs]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("plain", []),
        ("**b** and *b*", [("b", BOLD), ("b", BOLD)]),
        ("_i_ ~s~ ~~s~~ `c`", [("i", ITALIC), ("s", STRIKE), ("s", STRIKE), ("c", CODE)]),
        ("**a _b_ c**", [("a ", BOLD), ("b", BOLD | ITALIC), (" c", BOLD)]),
        ("`**no**`", [("**no**", CODE)]),
        ("snake_case_name 2*3*4 __init__ ** x **", []),
        ("*unclosed _and `this", []),
        ("```\na*b*\n```", [("a*b*", CODE_BLOCK)]),
        ("```py\nopen to the end", [("open to the end", CODE_BLOCK)]),
        ("see https://example.org/a_b_c, ok", [("https://example.org/a_b_c", LINK)]),
        ("(https://example.org/x_(y))", [("https://example.org/x_(y)", LINK)]),
        ("**https://example.org**", [("https://example.org", BOLD | LINK)]),
        ("javascript://x file:///etc ftp://example.org", []),
    ],
)
def test_markup(text: str, runs: list[tuple[str, int]]) -> None:  # E8
    assert found(text) == runs


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("hi Noa!", ["Noa"]),
        ("@noa: x", ["@noa"]),
        ("noah and Janoa", []),
        ("ask @noa:example.org", ["@noa:example.org"]),
    ],
)
def test_mentions(text: str, names: list[str]) -> None:
    assert found(text, ("Noa", "@noa:example.org")) == [(name, MENTION) for name in names]


def test_addresses_are_printable_ascii() -> None:  # E7
    (run,) = parse("http://example.org/é;x\u202e").runs
    assert run.url == "http://example.org/%C3%A9%3Bx%E2%80%AE"


@given(st.text(alphabet=st.one_of(st.sampled_from("*_~` \nab:/h👨\u200d\u0301\ufe0f"), st.characters()), max_size=80))
def test_runs_are_ordered_and_end_between_graphemes(text: str) -> None:  # E7
    body = parse(clean(text), ("ab",))
    end = 0
    for run in body.runs:
        assert end <= run.start < run.end <= len(body.text)
        assert snap(body.text, run.start) == run.start
        assert snap(body.text, run.end) == run.end
        end = run.end


@pytest.mark.parametrize(
    "piece", ["**a ", "*a", "_a ", "~a", "`", "http://a(", "```\n", "*_~", "@noa", "https://x/" + "(" * 9]
)
def test_hostile_markup_takes_linear_time(piece: str) -> None:  # E7
    def cost(text: str) -> float:
        start = time.process_time()
        parse(text, ("noa",))
        return time.process_time() - start

    text = piece * (200_000 // len(piece))
    quarter = min(cost(text[: len(text) // 4]) for _ in range(3))
    assert min(cost(text) for _ in range(3)) < 12 * quarter + 0.05  # four times as long; quadratic would be 16
