"""Light markup is found, nests a little, and never costs more than its length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.widgets.code_tokens import LONGEST, tokens
from chat_tui.widgets.inline_markup import (
    BOLD,
    CODE,
    CODE_BLOCK,
    ITALIC,
    LINK,
    MENTION,
    QUOTE,
    QUOTE_MARK,
    SPOILER,
    STRIKE,
    TOKENS,
    parse,
)
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
        ("> a *b*\nc > d", [(">", QUOTE_MARK), (" a ", QUOTE), ("b", QUOTE | BOLD)]),
        (">> x", [(">", QUOTE_MARK), (">", QUOTE | QUOTE_MARK), (" x", QUOTE)]),
        ("# Head _i_\n#no", [("# ", BOLD), ("Head ", BOLD), ("i", BOLD | ITALIC)]),
        ("||a _b_||", [("a ", SPOILER), ("b", SPOILER | ITALIC)]),
        ("‖a\nb‖", [("a\nb", SPOILER)]),
        ("a || b || c, ||, ||x", []),
        ("```py\nopen to the end", [("open to the end", CODE_BLOCK)]),
        ("see https://example.org/a_b_c, ok", [("https://example.org/a_b_c", LINK)]),
        ("(https://example.org/x_(y))", [("https://example.org/x_(y)", LINK)]),
        ("**https://example.org**", [("https://example.org", BOLD | LINK)]),
        ("javascript://x file:///etc ftp://example.org", []),
    ],
)
def test_markup(text: str, runs: list[tuple[str, int]]) -> None:  # E8
    assert found(text) == runs


def test_what_is_found_in_code_divides_its_run() -> None:  # E8
    body = parse('```python\nif x: print("é", 7)  # why\n```\nif')
    kinds = {flag: kind for kind, flag in TOKENS.items()}
    painted = [(body.text[run.start : run.end], kinds.get(run.flags & ~CODE_BLOCK, "")) for run in body.painted]
    assert [one for one in painted if one[1]] == [("if", "word"), ('"é"', "string"), ("7", "number"), ("# why", "note")]
    assert "".join(said for said, _ in painted) == 'if x: print("é", 7)  # why'
    assert [run.flags for run in body.runs] == [CODE_BLOCK]


@pytest.mark.parametrize(
    ("language", "code", "found"),
    [
        ("py", "'''a\nb''' and None", ["'''a\nb'''", "and", "None"]),
        ("rust", "let a: &'x str = 1u8; /* b\n */ // c", ["let", "1u8", "/* b\n */", "// c"]),
        ("sql", "SELECT 'it''s' -- all\nFROM t", ["SELECT", "'it'", "'s'", "-- all", "FROM"]),
        ("sh", 'echo $# "a" #b', ['"a"', "#b"]),
        ("", "if", []),
        ("brainfuck", "if", []),
    ],
)
def test_code_is_told_apart_by_its_language(language: str, code: str, found: list[str]) -> None:
    assert [code[start:end] for start, end, _ in tokens(code, language)] == found


@pytest.mark.parametrize("piece", ['"\\"', "`\\`", "/* ", "'\\'", "#", "1.", '"' * 3 + " \\", "-- "])
@pytest.mark.parametrize("language", ["py", "js", "sql"])
def test_hostile_code_takes_little_time(piece: str, language: str) -> None:  # E7
    code = piece * (LONGEST // len(piece))
    start = time.process_time()
    list(tokens(code, language))
    assert time.process_time() - start < 1.0


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
    "piece",
    [
        "**a ",
        "*a",
        "_a ",
        "~a",
        "`",
        "http://a(",
        "```\n",
        "*_~",
        "@noa",
        "https://x/" + "(" * 9,
        "> ",
        ">",
        "||a",
        "‖a",
        "# a\n",
    ],
)
def test_hostile_markup_takes_linear_time(piece: str) -> None:  # E7
    def cost(text: str) -> float:
        start = time.process_time()
        parse(text, ("noa",))
        return time.process_time() - start

    text = piece * (200_000 // len(piece))
    quarter = min(cost(text[: len(text) // 4]) for _ in range(3))
    assert min(cost(text) for _ in range(3)) < 12 * quarter + 0.05  # four times as long; quadratic would be 16
