"""Teach Textual the Alt keys of terminals that report them the old way, as Escape and the key.

Textual takes Escape and a digit for the character that macOS types with Option, and Escape and Enter for Enter alone:
in most Linux terminals Alt+1 would write "¡" and Alt+Enter would send what should become two lines. Alt and a sign would
write the sign.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

__all__ = ["teach_alt_keys"]


class _AltKey(StrEnum):
    """Keys in the form in which Textual's table names them."""

    ENTER = "alt+enter"
    BACKSPACE = "alt+backspace"
    SLASH = "alt+slash"
    QUESTION_MARK = "alt+question_mark"
    LESS_THAN_SIGN = "alt+less_than_sign"
    GREATER_THAN_SIGN = "alt+greater_than_sign"
    DIGIT_1 = "alt+1"
    DIGIT_2 = "alt+2"
    DIGIT_3 = "alt+3"
    DIGIT_4 = "alt+4"
    DIGIT_5 = "alt+5"
    DIGIT_6 = "alt+6"
    DIGIT_7 = "alt+7"
    DIGIT_8 = "alt+8"
    DIGIT_9 = "alt+9"


_SIGNS = {
    "/": _AltKey.SLASH,
    "?": _AltKey.QUESTION_MARK,
    "<": _AltKey.LESS_THAN_SIGN,
    ">": _AltKey.GREATER_THAN_SIGN,
}


def teach_alt_keys() -> None:
    """Put the sequences into Textual's table; doing it twice is doing it once."""
    table = cast("dict[str, Any]", ANSI_SEQUENCES_KEYS)
    table["\x1b\r"] = (_AltKey.ENTER,)
    table["\x1b\x7f"] = (_AltKey.BACKSPACE,)
    for sign, key in _SIGNS.items():
        table[f"\x1b{sign}"] = (key,)
    for digit in "123456789":
        table[f"\x1b{digit}"] = (_AltKey[f"DIGIT_{digit}"],)
