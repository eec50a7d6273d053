"""Make readable JSON of text that is nearly JSON, so that one rotten string does not spoil a whole answer (B5)."""

from __future__ import annotations

import json
import re
from typing import Final

MAX_DEPTH: Final = 96
"""Objects and arrays inside one another; what is deeper becomes null. An event's content is some ten deep in a sync."""
GIVE_UP: Final = 200_000
"""No event can nest as deep, since it has at most 65,536 bytes: this is the server's own malice."""

_TOKEN: Final = re.compile(
    r"""(?P<calm>(?:[^"\[\]{}NI-]++|-(?=\d)|"[^"\\\x00-\x1f]*+")+)"""
    r"""|(?P<text>"(?:[^"\\]++|\\.)*")|(?P<opened>\[++|\{)|(?P<closed>\]++|\})|(?P<number>-?(?:NaN|Infinity))""",
    re.DOTALL,
)
_HALF: Final = re.compile("[\ud800-\udfff]")


class _Mender:
    """Goes through the tokens of a text and says what each of them becomes."""

    def __init__(self) -> None:
        self.depth = 0

    def __call__(self, token: re.Match[str]) -> str:
        """The token as it may stay: unchanged, repaired, null, or nothing where it is inside of what became null."""
        kind, text = token.lastgroup, token[0]
        if kind == "opened":
            return self._opened(text)
        if kind == "closed":
            return self._closed(text)
        if self.depth > MAX_DEPTH:
            return ""
        if kind == "text":
            return _repaired(text)
        return "null" if kind == "number" else text

    def _opened(self, text: str) -> str:
        room = max(0, MAX_DEPTH - self.depth)
        self.depth += len(text)
        if self.depth > GIVE_UP:
            raise ValueError("nested without end")
        return text if len(text) <= room else text[:room] + "null" if self.depth - len(text) <= MAX_DEPTH else ""

    def _closed(self, text: str) -> str:
        hidden = max(0, self.depth - MAX_DEPTH)
        self.depth = max(0, self.depth - len(text))
        return text[hidden:]


def _repaired(text: str) -> str:
    """A string whose escapes or characters JSON does not allow, with marks in place of what nobody can read."""
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        value = text[1:-1]
    return json.dumps(_HALF.sub("\ufffd", value), ensure_ascii=False)


def mend(data: bytes) -> bytes:
    """The same JSON in good UTF-8 without half surrogate pairs, raw control characters, NaN and endless nesting.

    What is broken otherwise stays broken. Raises ValueError for nesting that no event can have.
    """
    text = data.decode("utf-8", "replace").lstrip("\ufeff")
    return _TOKEN.sub(_Mender(), text).encode()
