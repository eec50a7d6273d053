"""Nothing that reaches a terminal can steer it, and no name can be forged with what cannot be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.safe_text import harmless, harmless_id, harmless_name, one_line

FORBIDDEN = {chr(c) for c in (*range(9), *range(11, 32), 127, *range(128, 160))}
BIDI = {chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


@given(st.text(st.characters(codec=None)))
def test_no_text_keeps_a_control_or_an_override(text: str) -> None:  # E7
    clean = harmless(text)
    assert not set(clean) & (FORBIDDEN | BIDI)
    clean.encode("utf-8")
    assert harmless(clean) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("a\r\nb\rc", "a\nbc"),
        ("\x1b[2Jgone", "\ufffd[2Jgone"),
        ("\x1b]52;c;aGk=\x07", "\ufffd]52;c;aGk=\ufffd"),
        ("\x9b31m", "\ufffd31m"),
        ("abc\u202edef", "abcdef"),
        ("👩‍👩‍👧 family", "👩‍👩‍👧 family"),
        ("שלום עולם", "שלום עולם"),
        ("e\u0301", "e\u0301"),
        ("\ud800", "?"),
    ],
)
def test_examples(text: str, clean: str) -> None:  # E7
    assert harmless(text) == clean


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("ann", "ann"),
        ("an\u200bn", "ann"),
        ("  ann \n bob ", "ann bob"),
        ("\u200d\u200dann", "ann"),
        ("ann\u2066", "ann"),
        ("x" * 200, "x" * 79 + "…"),
    ],
)
def test_names(name: str, clean: str) -> None:  # E7
    assert harmless_name(name) == clean


@pytest.mark.parametrize(
    ("text", "limit", "clean"),
    [
        ("@ann:one.example", 255, "@ann:one.example"),
        ("x" * 200, 80, "x" * 80),
        ("x" * 200, 255, "x" * 200),
        (" an\u200bn\n", 255, "ann"),
        ("ab cd", 3, "ab"),
    ],
)
def test_ids_are_cut_and_nothing_is_put_in_their_place(text: str, limit: int, clean: str) -> None:  # E7
    assert harmless_id(text, limit) == clean


def test_one_line_is_one_line_and_short() -> None:
    assert one_line("a\n\n  b\tc") == "a b c"
    assert one_line("word " * 1000, 20) == "word word word word…"
    assert len(one_line("x" * 1_000_000, 50)) == 50
