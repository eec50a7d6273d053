"""Which words of a text that is being written are looked up: no names, addresses, code, commands or emoji."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["LONGEST", "Found", "word_at", "words_in"]

LONGEST: Final = 40
"""Characters of a word that is looked up; what is longer is none."""
WINDOW: Final = 1_000
"""Characters around the cursor in which words are looked for: more than the composer shows, and a fraction of a millisecond."""

Found = tuple[int, int, str]
"""(start, end, word); the positions are in the text."""

_PARTS: Final = re.compile(
    r"""
      (?P<word>(?!www\.)[^\W\d_]+(?:['’][^\W\d_]+)*)(?![\w@/\\]|://|\.\S{0,80}[@/\\])
    | ```.*?(?:```|\Z)                          # a block of code
    | `[^`\n]*(?:`|$)                           # code
    | (?:\w+://|www\.)\S+                       # an address
    | (?<![^\s(])[@\#!$~/\\]\S*                 # a person, a room, a command, a path
    | :\w[\w+-]*:?                              # an emoji by its name
    | \S{1,80}[@/\\]\S+                        # mail, a path
    | \w*[\d_]\w*                               # with a digit
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_CHANGE: Final = re.compile(r"s/[^/\n]+/[^/\n]*/?g?\Z")


def words_in(text: str, cursor: int = 0) -> Iterator[Found]:
    """The words to be looked up, in order; of a long text those around the cursor."""
    if _CHANGE.match(text):
        return
    begin, end = 0, len(text)
    if end > WINDOW:
        begin = text.rfind("\n", 0, max(0, cursor - WINDOW // 2)) + 1
        begin = begin if cursor - begin <= WINDOW else max(0, cursor - WINDOW // 2)
        end = min(end, begin + WINDOW)
    for part in _PARTS.finditer(text, begin, end):
        word = part.group("word")
        if word is not None and 1 < len(word) <= LONGEST:
            yield part.start(), part.end(), word


def word_at(found: list[Found], cursor: int) -> Found | None:
    """The one of these words that the cursor is on, else the nearest before it, else the first behind it."""
    before = [one for one in found if one[0] <= cursor]
    return before[-1] if before else found[0] if found else None
