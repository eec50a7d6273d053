"""A table of two columns: what is long wraps beside its word, and stands below it where there is little room."""

from __future__ import annotations

import pytest

from chat_tui.widgets.two_columns import Entry, TwoColumns

ENTRIES: tuple[Entry, ...] = (
    ("Keys", None),
    ("a", "short"),
    ("", ""),
    ("b", "what is long goes on in the next line"),
    ("far too long for it", "told"),
)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            30,
            [
                "Keys",
                "a     short",
                "",
                "b     what is long goes on in",
                "      the next line",
                "far too long for it",
                "      told",
            ],
        ),
        (
            20,
            [
                "Keys",
                "a   short",
                "",
                "b   what is long",
                "    goes on in the",
                "    next line",
                "far too long for it",
                "    told",
            ],
        ),
    ],
)
def test_it_is_laid_out_for_its_width(width: int, lines: list[str]) -> None:
    assert [line.plain.rstrip() for line in TwoColumns(ENTRIES, 6)._lines(width)] == lines
