"""Find words, strings, numbers and notes in code, as far as one expression for each family of languages tells them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, Literal

__all__ = ["Token", "tokens"]

Token = Literal["word", "string", "note", "number"]

LONGEST: Final = 20_000
"""Characters of code from which on nothing is looked for."""

_HASH: Final = (
    "and as assert async await begin break case class continue def del do done elif else elsif end ensure esac except "
    "export fi finally for from function global if import in is lambda local match module not or pass raise rescue "
    "return self then try unless until when while with yield True False None true false nil null"
)
_SLASH: Final = (
    "abstract as async await boolean break case catch char class const continue default defer delete do double else "
    "enum export extends extern final finally float fn for from func function go if impl implements import in int "
    "interface let long loop match mod move mut namespace new override package private protected pub public return "
    "self short sizeof static struct super switch template this throw throws trait try type typedef typeof union "
    "unsafe unsigned use using val var virtual void volatile where while yield true false null nullptr undefined None"
)
_DASH: Final = (
    "add all alter and as asc begin between by case commit create delete desc distinct do drop else elseif end exists "
    "for foreign from full function group having if in index inner insert into is join key left let like limit local "
    "module not null on or order outer primary references repeat return right rollback select set table then unique "
    "until update values view when where while with true false nil"
)
_FAMILIES: Final = {
    "#": (
        "bash elixir fish make makefile nim nix perl pl py python python3 r rb ruby sh shell toml yaml yml zsh conf ini",
        _HASH,
    ),
    "//": (
        "c c++ cc cpp cs csharp css dart go h hpp java javascript js json jsx kotlin kt php rs rust swift ts typescript zig",
        _SLASH,
    ),
    "--": ("ada elm haskell hs lua pgsql plsql postgresql sql sqlite", _DASH),
}
_NOTES: Final = {
    "#": r"(?<![\w$])\#[^\n]*",
    "//": r"//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)",
    "--": r"--[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)",
}
_STRING: Final = (
    r'"""(?:[^"\\]|\\.|"(?!""))*(?:"""|\Z)|'
    r"'''(?:[^'\\]|\\.|'(?!''))*(?:'''|\Z)|"
    r'"(?:[^"\\\n]|\\.){0,500}"|'
    r"(?<!\w)'(?:[^'\\\n]|\\.){0,500}'|"
    r"`(?:[^`\\]|\\.){0,500}`"
)
"""Those that may not end are taken to the end, the others are bounded: each character is looked at a few times only."""
_NUMBER: Final = r"(?<![\w.])\d[\w.]*"
_WORD: Final = r"[A-Za-z_]\w*"
_FAMILY_OF: Final = {name: note for note, (names, _) in _FAMILIES.items() for name in names.split()}


def tokens(code: str, language: str) -> Iterator[tuple[int, int, Token]]:
    """(start, end, what it is) of what is found, ascending; nothing for a language that is not known.

    Takes time that grows with the length of the code only.
    """
    family = _FAMILY_OF.get(language.lower())
    if family is None or len(code) > LONGEST:
        return
    pattern, words = _reading(family)
    for match in pattern.finditer(code):
        kind = match.lastgroup
        if kind == "word":
            word = match[0] if family != "--" else match[0].lower()
            if word in words:
                yield match.start(), match.end(), "word"
        elif kind in {"string", "note", "number"}:
            yield match.start(), match.end(), kind  # type: ignore[misc]


@cache
def _reading(family: str) -> tuple[re.Pattern[str], frozenset[str]]:
    """What finds the tokens of a family, and its words."""
    parts = {"note": _NOTES[family], "string": _STRING, "number": _NUMBER, "word": _WORD}
    pattern = "|".join(f"(?P<{name}>{part})" for name, part in parts.items())
    return re.compile(pattern, re.DOTALL), frozenset(_FAMILIES[family][1].split())
