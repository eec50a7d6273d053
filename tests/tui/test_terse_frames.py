"""A frame in few bytes looks as the same frame does when every piece of it tells its whole style."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from chat_tui.widgets.front_compositor import terse

TOKEN = re.compile(r"\x1b\[(\d+;\d+)H|\x1b\[([\d;]*)m|\x1b\](8;[^\x1b]*)\x1b\\|([^\x1b])")
COLOURS = ("red", "bright_blue", "default", "color(117)", "#d6dae2", "#14171c", "")
PIECES = st.builds(
    lambda marks, colour, ground, link, text: (
        Style.parse(" ".join([*marks, colour, *(["on", ground] if ground else [])]).strip() or "none")
        + (Style(link=link) if link else Style()),
        text,
    ),
    st.lists(st.sampled_from(["bold", "italic", "underline", "reverse", "dim"]), max_size=2, unique=True),
    st.sampled_from(COLOURS),
    st.sampled_from(COLOURS),
    st.sampled_from(["", "", "", "https://x.example/m;1"]),
    st.text("ab m[0;", max_size=4),
)


def cells(written: str) -> list[tuple[str, str, object]]:
    """What a terminal shows: each character with its link and its style, and where the cursor was put; then its last style."""
    shown: list[tuple[str, str, object]] = []
    marks: set[str] = set()
    colour = ground = link = ""
    for at, style, hyperlink, text in TOKEN.findall(written):
        if at:
            shown.append((at, "", None))
        elif hyperlink:
            link = hyperlink
        elif text:
            shown.append((text, link, (frozenset(marks), colour, ground)))
        else:
            codes = style.split(";")
            while codes:
                code = codes.pop(0)
                if code == "0":
                    marks, colour, ground = set(), "", ""
                elif code in {"38", "48"}:
                    size = 4 if codes[0] == "2" else 2
                    whole = ";".join((code, *codes[:size]))
                    colour, ground = (whole, ground) if code == "38" else (colour, whole)
                    del codes[:size]
                elif int(code) < 30:
                    marks.add(code)
                elif int(code) in {*range(40, 50), *range(100, 108)}:
                    ground = code
                else:
                    colour = code
    return [*shown, ("end", link, (frozenset(marks), colour, ground))]


@given(st.lists(st.tuples(st.sampled_from(["", "\x1b[3;4H"]), st.lists(PIECES, max_size=6)), max_size=6))
def test_it_looks_the_same_and_is_never_longer(rows: list[tuple[str, list[tuple[Style, str]]]]) -> None:  # D1
    drawn = [
        (move, "".join(style.render(text, color_system=ColorSystem.TRUECOLOR) for style, text in pieces))
        for move, pieces in rows
    ]
    strips = [(move, [Segment(text, style) for style, text in pieces]) for move, pieces in rows]
    short, written = terse(strips, ColorSystem.TRUECOLOR), "".join(move + row for move, row in drawn)
    assert cells(short) == cells(written)
    assert len(short) <= len(written)


@pytest.mark.parametrize(
    ("rows", "short"),
    [
        ([], ""),
        ([[]], ""),
        ([[("plain", "")], [("text", "")]], "plaintext"),
        ([[("one", "bold")]], "\x1b[1mone\x1b[0m"),
        ([[("one", "bold"), ("two", "bold")]], "\x1b[1monetwo\x1b[0m"),
        ([[("a", "red"), ("b", "bold red")]], "\x1b[31ma\x1b[1mb\x1b[0m"),
        ([[("a", "bold red"), ("b", "red")]], "\x1b[1;31ma\x1b[0;31mb\x1b[0m"),
        ([[("a", "red"), ("plain", "")]], "\x1b[31ma\x1b[0mplain"),
        ([[("a", "red")], [("plain", "")], [("b", "red")]], "\x1b[31ma\x1b[0mplain\x1b[31mb\x1b[0m"),
        ([[("a", "red")], [("b", "red")], [("c", "bold red")]], "\x1b[31mab\x1b[1mc\x1b[0m"),
        (
            [[("a", "red"), ("plain", ""), ("b", "bold"), ("c", "green")]],
            "\x1b[31ma\x1b[0mplain\x1b[1mb\x1b[0;32mc\x1b[0m",
        ),
    ],
)
def test_what_is_told_again_goes(rows: list[list[tuple[str, str]]], short: str) -> None:
    strips = [("", [Segment(text, Style.parse(look) if look else None) for text, look in row]) for row in rows]
    assert terse(strips, ColorSystem.TRUECOLOR) == short


def test_a_move_stands_before_its_row() -> None:
    rows = [("\x1b[2;1H", [Segment("a", Style.parse("red on green"))])]
    rows += [("\x1b[3;1H", [Segment("b", Style.parse("yellow on green"))])]
    assert terse(rows, ColorSystem.TRUECOLOR) == "\x1b[2;1H\x1b[31;42ma\x1b[3;1H\x1b[33mb\x1b[0m"
