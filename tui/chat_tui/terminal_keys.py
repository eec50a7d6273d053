"""Teach Textual the Alt keys of terminals that report them the old way, as Escape and the key.

Textual takes Escape and a digit for the character that macOS types with Option, and Escape and Enter for Enter alone:
in most Linux terminals Alt+1 would write "¡" and Alt+Enter would send what should become two lines. Alt and a sign would
write the sign. Alt and a letter it knows only when nothing follows for a moment: at once before an arrow, Alt+U would
write "^u".
"""

from __future__ import annotations

from string import ascii_lowercase
from typing import Any, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

__all__ = ["teach_alt_keys"]


class _AltKey:
    """A key in the form in which Textual's table has keys."""

    __slots__ = ("value",)

    def __init__(self, name: str) -> None:
        self.value = f"alt+{name}"


_NAMED = {
    "\r": "enter",
    "\x7f": "backspace",
    "/": "slash",
    "?": "question_mark",
    "<": "less_than_sign",
    ">": "greater_than_sign",
}


def teach_alt_keys() -> None:
    """Put the sequences into Textual's table; doing it twice is doing it once."""
    table = cast("dict[str, Any]", ANSI_SEQUENCES_KEYS)
    for sign, name in _NAMED.items():
        table[f"\x1b{sign}"] = (_AltKey(name),)
    for letter in ascii_lowercase:
        table.setdefault(f"\x1b{letter}", (_AltKey(letter),))  # some terminals send Ctrl+→ as Alt+F
    for digit in "123456789":
        table[f"\x1b{digit}"] = (_AltKey(digit),)
