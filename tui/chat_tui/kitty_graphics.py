"""Show pictures by the graphics protocol of Kitty: bytes go to the terminal once, and text stands for their cells.

A picture is given to the terminal under a number, with a virtual placement of so many cells. Wherever a placeholder then
is on screen, in the colour that tells the number, that cell of the picture is drawn: it scrolls, clips and is covered
like any other text (Kitty's documentation, "Unicode placeholders").
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

__all__ = ["LARGEST", "MARKS", "NUMBERS", "deletion", "placeholders", "transmission"]

PLACEHOLDER: Final = "\U0010eeee"
PIECE: Final = 4_096
"""Characters of a picture's data in one command."""
NUMBERS: Final = 1 << 24
"""A number is told as a colour: below this, and not 0."""

MARKS: Final = (
    "\u0305\u030d\u030e\u0310\u0312\u033d\u033e\u033f\u0346\u034a\u034b\u034c\u0350\u0351\u0352\u0357"
    "\u035b\u0363\u0364\u0365\u0366\u0367\u0368\u0369\u036a\u036b\u036c\u036d\u036e\u036f\u0483\u0484"
    "\u0485\u0486\u0487\u0592\u0593\u0594\u0595\u0597\u0598\u0599\u059c\u059d\u059e\u059f\u05a0\u05a1"
)
"""The n-th combining mark behind a placeholder says n: first the row, then the column."""
LARGEST: Final = len(MARKS)
"""Rows and columns of a picture at most."""


def placeholders(columns: int, rows: int) -> list[str]:
    """Rows of text that stand for a picture; each cell says which one it is, so that any of them may be covered."""
    return ["".join(f"{PLACEHOLDER}{MARKS[y]}{MARKS[x]}" for x in range(columns)) for y in range(rows)]


def transmission(number: int, png: bytes, columns: int, rows: int) -> str:
    """What gives a picture to the terminal; it answers nothing."""
    return "".join(_commands(f"a=T,U=1,f=100,t=d,i={number},c={columns},r={rows},", base64.b64encode(png).decode()))


def deletion(number: int) -> str:
    """What has the terminal forget a picture."""
    return f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"


def _commands(told: str, data: str) -> Iterator[str]:
    """The data in pieces; only the first command tells what it is."""
    for start in range(0, len(data), PIECE):
        more = int(start + PIECE < len(data))
        yield f"\x1b_G{told}q=2,m={more};{data[start : start + PIECE]}\x1b\\"
        told = ""
