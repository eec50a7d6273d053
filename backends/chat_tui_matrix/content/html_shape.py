"""Tell whether HTML is simple enough to be parsed in time that grows with its length.

A parser that repairs HTML as browsers do takes time that grows with the square of what is left open, and clones
formatting elements over and over. Nothing that chat programs write needs repair. So only what both this one pass and
such a parser see in the same way, and what is nowhere nested deep, is let through.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MAX_DEPTH", "MAX_FORMATS", "plain_enough"]

MAX_DEPTH: Final = 100
"""Elements that may be open at once; the specification asks clients for that much."""

MAX_FORMATS: Final = 8
"""Of these, elements of the kind that a parser opens again in every paragraph when they were not closed."""

MAX_ATTRIBUTES: Final = 8

_SPACE = r"[ \t\n\f\r]"
_VALUE = r"\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r\"'=<>`]++"
_ATTRIBUTE = rf"{_SPACE}++[A-Za-z_][\w:.-]*+(?:{_SPACE}*+={_SPACE}*+(?:{_VALUE}))?"
_tag: Final = re.compile(
    rf"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*+)(?:{_ATTRIBUTE}){{0,{MAX_ATTRIBUTES}}}{_SPACE}*+/?>", re.ASCII
).match
_opens: Final = re.compile(r"<[A-Za-z/!?]").search

_VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_FORMATS: Final = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
_SELF_ENDING: Final = frozenset(["dd", "dt", "li", "option", "p", "td", "th", "tr"])
"""A second one ends the first."""


def plain_enough(html: str) -> bool:
    """Whether every tag is written plainly, and not too many elements are open anywhere.

    Comments, declarations and tags that need guessing make it False. Takes time in proportion to the text.
    """
    stack: list[str] = []
    formats = 0
    found = _opens(html)
    while found:
        tag = _tag(html, found.start())
        if tag is None:
            return False
        name = tag["name"].lower()
        if tag["end"]:
            at = _ended(stack, name)
            if at >= 0:
                del stack[at:]
                formats -= name in _FORMATS
        elif name not in _VOID and not (name in _SELF_ENDING and stack and stack[-1] == name):
            stack.append(name)
            formats += name in _FORMATS
            if len(stack) > MAX_DEPTH or formats > MAX_FORMATS:
                return False
        found = _opens(html, tag.end())
    return True


def _ended(stack: list[str], name: str) -> int:
    """Which open element an end tag ends: the innermost, or one around such as end by themselves; -1 = none."""
    at = len(stack) - 1
    if name not in _FORMATS:
        while at > 0 and stack[at] != name and stack[at] in _SELF_ENDING:
            at -= 1
    return at if at >= 0 and stack[at] == name else -1
