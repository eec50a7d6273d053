"""Text is cleaned, measured and wrapped exactly, whatever it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui.widgets.text_layout import cells, clean, clean_line, fit, index_at, snap, word_at, wrap

FAMILY = "👨\u200d👩\u200d👧"
HEART = "❤\ufe0f"
KEYCAP = "1\ufe0f\u20e3"
SPECIAL = "ab \n\t*_日、👨\u200d\ufe0f\u0301❤ก็🇩1\u20e3"
AWKWARD = st.text(alphabet=st.one_of(st.sampled_from(SPECIAL), st.characters()), max_size=60)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("plain", 5),
        ("日本語", 6),
        (FAMILY, 2),
        (HEART, 2),
        (KEYCAP, 2),
        ("e\u0301", 1),
        ("שלום", 4),
        ("🇩🇪", 2),
        ("ก็", 1),
        ("नि", 1),
        ("한국", 4),
        ("", 0),
    ],
)
def test_cells(text: str, width: int) -> None:  # E7
    assert cells(clean(text)) == width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ntext", "plain\ntext"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("\x1b]8;;http://x\x1b\\", "\ufffd]8;;http://x\ufffd\\"),
        ("a\x9b2Jb", "a\ufffd2Jb"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("a\r\nb\rc\u2028d\x85e\x0bf", "a\nb\nc\nd\ne\nf"),
        ("a\tb", "a    b"),
        ("\ud83d", "\ufffd"),
        ("so\u00adft\ufeff", "soft"),
        ("a\u200d b", "a\u200c b"),
        (f"{FAMILY}\u200d", f"{FAMILY}\u200c"),
        ("z" + "\u0301" * 50, "z" + "\u0301" * 4),
    ],
)
def test_clean(text: str, shown: str) -> None:  # E7
    assert clean(text) == shown


def test_clean_line_is_one_line() -> None:  # E7
    assert clean_line(" a\n\n b\u3000\tc ") == "a b c"


@given(AWKWARD)
def test_clean_text_cannot_control_a_terminal(text: str) -> None:  # E7
    shown = clean(text)
    assert all(
        character == "\n" or (ord(character) >= 0x20 and not 0x7F <= ord(character) < 0xA0) for character in shown
    )
    shown.encode()
    assert clean(shown) == shown


@given(AWKWARD, st.integers(1, 20))
def test_wrapped_lines_fit_and_lose_only_spaces(text: str, width: int) -> None:  # E7
    shown = clean(text)
    lines = wrap(shown, width)
    assert lines
    at = 0
    for start, end in lines:
        assert shown[at:start] in {"", " ", "\n"}
        assert start <= end
        line = shown[start:end]
        assert cells(line) <= width or snap(line, 1) == len(line), "only a single grapheme may be wider"
        at = end
    assert shown[at:] in {"", " "}


@given(AWKWARD, st.integers(1, 20))
def test_cells_of_lines_add_up_behind_anything(text: str, width: int) -> None:  # E7
    shown = clean(text)
    for start, end in wrap(shown, width):
        line = shown[start:end]
        assert cells("  " + line + "  |") == cells(line) + 5


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("the quick brown fox", 9, ["the quick", "brown fox"]),
        ("the quick brown fox", 10, ["the quick", "brown fox"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("a abcdefghij", 4, ["a", "abcd", "efgh", "ij"]),
        ("one\n\ntwo", 10, ["one", "", "two"]),
        ("", 10, [""]),
        ("日本語テスト", 5, ["日本", "語テ", "スト"]),
        ("これは、文", 6, ["これ", "は、文"]),
        ("hi 日本語日本", 8, ["hi 日本", "語日本"]),
        (f"aaaa {FAMILY}{FAMILY}", 6, ["aaaa", FAMILY * 2]),
        ("word 👍 word", 7, ["word 👍", "word"]),
        ("ééééé wörd", 5, ["ééééé", "wörd"]),
    ],
)
def test_wrap(text: str, width: int, lines: list[str]) -> None:
    assert [text[start:end] for start, end in wrap(text, width)] == lines


@pytest.mark.parametrize("text", ["x" * 100_000, "日" * 100_000, "é日 " * 33_000, (FAMILY * 20_000)])
def test_wrap_takes_linear_time(text: str) -> None:  # E7
    def cost(part: str) -> float:
        start = time.process_time()
        wrap(part, 80)
        return time.process_time() - start

    quarter = min(cost(text[: len(text) // 4]) for _ in range(3))
    assert cost(text) < 12 * quarter + 0.05


@given(AWKWARD, st.integers(0, 30))
def test_fit(text: str, width: int) -> None:
    line = clean_line(text)
    shown = fit(line, width)
    assert cells(shown) <= width
    assert shown == line or not width or shown.endswith("…")


@given(AWKWARD)
def test_index_at_inverts_cells(text: str) -> None:
    line = clean_line(text)
    for index in range(len(line) + 1):
        before = cells(line[:index])
        if snap(line, index) == index and cells(line[index : index + 1]) > 0 and (before or not index):
            assert index_at(line, before) == index
    assert index_at(line, -1) == 0
    assert index_at(line, 1000) == len(line)


@pytest.mark.parametrize(
    ("text", "index", "word"),
    [("a word, no", 3, "word"), ("a word", 0, "a"), ("a, b", 1, ","), ("snake_case", 3, "snake_case"), ("x", 5, "")],
)
def test_word_at(text: str, index: int, word: str) -> None:
    start, end = word_at(text, index)
    assert text[start:end] == word


@settings(max_examples=50)
@given(st.lists(st.sampled_from([FAMILY, HEART, KEYCAP, "e\u0301", "日", "a"]), max_size=12))
def test_snap_gives_grapheme_starts(graphemes: list[str]) -> None:
    text = "".join(graphemes)
    starts = {0}
    for grapheme in graphemes:
        starts.add(max(starts) + len(grapheme))
    assert {snap(text, index) for index in range(len(text) + 1)} == starts
