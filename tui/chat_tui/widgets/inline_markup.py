"""Find the light markup that people type in chat: code, bold, italic, strike, links and mentions.

One regular expression reads a text in time that grows with its length only. What is found is a run of characters with
flags, never a style, a tag or an escape sequence, so a message cannot draw anything but its own letters.
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from urllib.parse import quote

from chat_tui.widgets.text_layout import snap
from chat_tui_core.values import frozen, slotted

__all__ = ["BOLD", "CODE", "CODE_BLOCK", "ITALIC", "LINK", "MENTION", "STRIKE", "Body", "Run", "parse"]

BOLD, ITALIC, STRIKE, CODE, LINK, MENTION, CODE_BLOCK = (1 << bit for bit in range(7))

MAX_NESTING = 4
MAX_URL = 2_000

_FENCE = re.compile(r"^```[^\n`]*\n(?P<code>.*?)(?:\n```[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_URL = rf"https?://(?:[^\s<>\"`()]|\([^\s<>\"`()]*\)){{1,{MAX_URL}}}"
_INLINE = "|".join(
    (
        rf"(?P<url>(?<!\w){_URL})",
        r"`(?P<code>[^`\n]++)`",
        r"\*\*(?=[^\s*])(?P<bold>[^*\n]++)(?<=\S)\*\*",
        r"(?<![\w*])\*(?=[^\s*])(?P<bold1>[^*\n]++)(?<=\S)\*(?![\w*])",
        r"(?<![\w_])_(?=[^\s_])(?P<italic>[^_\n]++)(?<=\S)_(?![\w_])",
        r"~~(?=[^\s~])(?P<strike>[^~\n]++)(?<=\S)~~",
        r"(?<![\w~])~(?=[^\s~])(?P<strike1>[^~\n]++)(?<=\S)~(?![\w~])",
    ),
)
_FLAGS = {"code": CODE, "bold": BOLD, "bold1": BOLD, "italic": ITALIC, "strike": STRIKE, "strike1": STRIKE}
_maybe_marked = re.compile(r"[`*_~]|://").search


@frozen
class Run:
    """The characters [start, end) of a body and what they are: flags, and the address of a link."""

    start: int
    end: int
    flags: int
    url: str = ""


@slotted
class Body:
    """A text as it is shown, its markup characters gone, with its runs: ascending, not overlapping."""

    text: str = ""
    runs: list[Run] = field(default_factory=list)


def parse(text: str, me: tuple[str, ...] = ()) -> Body:
    """Read clean `text`; `me` are the names that count as a mention of the reader."""
    pattern = _pattern(me)
    if not me and not _maybe_marked(text):
        return Body(text)
    reader = _Reader(pattern)
    end = 0
    if "```" in text:
        for fence in _FENCE.finditer(text):
            reader.read(text[end : fence.start()], 0)
            reader.add(fence["code"], CODE_BLOCK)
            end = fence.end()
    reader.read(text[end:], 0)
    return reader.body()


@lru_cache(maxsize=64)
def _pattern(me: tuple[str, ...]) -> re.Pattern[str]:
    """Compile the inline pattern with the mentions of `me` in it."""
    bare = sorted({name.removeprefix("@") for name in me}, key=len, reverse=True)
    names = "|".join(re.escape(name) for name in bare if name)
    return re.compile(rf"{_INLINE}|(?P<mention>(?<!\w)@?(?i:{names})(?!\w))" if names else _INLINE)


class _Reader:
    """Collects the shown text and its runs."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._parts: list[str] = []
        self._runs: list[Run] = []
        self._size = 0

    def read(self, text: str, flags: int, depth: int = 0) -> None:
        """Add `text`, reading its markup unless it is nested too deep."""
        end = 0
        for match in self._pattern.finditer(text) if depth < MAX_NESTING else ():
            self.add(text[end : match.start()], flags)
            end = match.end()
            kind = match.lastgroup or ""
            if kind == "url":
                url = _trim(match[0])
                self.add(url, flags | LINK, _address(url))
                end = match.start() + len(url)
                self.add(match[0][len(url) :], flags)
                end = match.end()
            elif kind == "mention":
                self.add(match[0], flags | MENTION)
            elif kind == "code":
                self.add(match["code"], flags | CODE)
            else:
                self.read(match[kind], flags | _FLAGS[kind], depth + 1)
        self.add(text[end:], flags)

    def add(self, text: str, flags: int, url: str = "") -> None:
        """Add `text` as it is."""
        if text:
            start, self._size = self._size, self._size + len(text)
            self._parts.append(text)
            if flags:
                self._runs.append(Run(start, self._size, flags, url))

    def body(self) -> Body:
        """Give what was collected, no run ending inside a grapheme."""
        text = "".join(self._parts)
        if text.isascii():
            return Body(text, self._runs)
        runs: list[Run] = []
        for run in self._runs:
            start, end = snap(text, run.start), snap(text, run.end)
            if start < end:
                runs.append(Run(start, end, run.flags, run.url))
        return Body(text, runs)


def _trim(url: str) -> str:
    """Give a link without the punctuation that ends the sentence around it."""
    return url.rstrip(".,;:!?'*_~]}") or url


def _address(url: str) -> str:
    """Give a link's address in printable ASCII, as it may stand in an OSC 8 sequence."""
    return quote(url, safe="%/:=&?~#+!$,@()*[]'")
