"""Find the light markup that people type in chat: code, bold, italic, strike, links, quotes, spoilers and mentions.

One regular expression reads a text in time that grows with its length only. What is found is a run of characters with
flags, never a style, a tag or an escape sequence, so a message cannot draw anything but its own letters.
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from chat_tui.widgets.text_layout import snap
from chat_tui_core.values import frozen, slotted

if TYPE_CHECKING:
    from chat_tui.widgets.code_tokens import Token

__all__ = [
    "BOLD",
    "CODE",
    "CODE_BLOCK",
    "ITALIC",
    "LINK",
    "MENTION",
    "QUOTE",
    "QUOTE_MARK",
    "SPOILER",
    "STRIKE",
    "TOKENS",
    "Body",
    "Run",
    "is_plain",
    "parse",
]

BOLD, ITALIC, STRIKE, CODE, LINK, MENTION, CODE_BLOCK, QUOTE, QUOTE_MARK, SPOILER = (1 << bit for bit in range(10))
TOKENS: Final[dict[Token, int]] = {"word": 1 << 10, "string": 1 << 11, "note": 1 << 12, "number": 1 << 13}
"""What is found in a block of code, by code_tokens."""

MAX_NESTING = 4
MAX_URL = 2_000

_FENCE = r"(?ms)^```[ \t]*(?P<language>[^\s`]*)[^\n`]*\n(?P<code>.*?)(?:\n```[ \t]*$|\Z)"
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
_BEGUN = (
    r"(?<![^\n])>(?P<quote>[^\n]*)|(?<![^\n])(?P<head>\#{1,6}[ ]\S[^\n]*)|"
    r"\|\|(?=[^\s|])(?P<spoiler>[^|\n]++)(?<=\S)\|\||‖(?P<spoiler1>[^‖]++)‖"
)
"""What begins a line, and what is to be hidden: looked for only where there may be some."""
_FLAGS = {
    "code": CODE,
    "bold": BOLD,
    "bold1": BOLD,
    "italic": ITALIC,
    "strike": STRIKE,
    "strike1": STRIKE,
    "spoiler": SPOILER,
    "spoiler1": SPOILER,
}
_maybe_marked = re.compile(r"[`*_~]|://").search
_maybe_begun = re.compile(r"^(?:>|#{1,6} )|\|\||‖", re.MULTILINE).search


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
    tokens: list[Run] = field(default_factory=list)
    """What was found in blocks of code; each lies in a run that is one."""

    @property
    def painted(self) -> list[Run]:
        """The runs, those that are code divided into what was found in it."""
        return _divided(self.runs, self.tokens) if self.tokens else self.runs


def parse(text: str, me: tuple[str, ...] = ()) -> Body:
    """Read clean `text`; `me` are the names that count as a mention of the reader."""
    begun = _is_begun(text)
    marked = begun or _maybe_marked(text) is not None
    if not marked and not _maybe_named(text, me):
        return Body(text)
    reader = _Reader(_pattern(me, begun=begun, marked=marked))
    end = 0
    if "```" in text:
        for fence in re.finditer(_FENCE, text):
            reader.read(text[end : fence.start()], 0)
            reader.code(fence["code"], fence["language"])
            end = fence.end()
    reader.read(text[end:], 0)
    return reader.body()


def is_plain(text: str) -> bool:
    """Whether nothing but names can be found in clean `text`, so that all of it is shown as it stands."""
    return not _is_begun(text) and not _maybe_marked(text)


def _is_begun(text: str) -> bool:
    return (">" in text or "#" in text or "|" in text or "‖" in text) and _maybe_begun(text) is not None


def _maybe_named(text: str, me: tuple[str, ...]) -> bool:
    """Whether one of `me` may stand in `text`: told without the pattern where both are ASCII, whose case is simple."""
    names = _lowered(me)
    if not text.isascii():
        return bool(names)
    lower = text.lower()
    return any(not name.isascii() or name in lower for name in names)


@lru_cache(maxsize=64)
def _lowered(me: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in _bare(me))


def _bare(me: tuple[str, ...]) -> list[str]:
    """The names without the @ that may stand before them, long ones first."""
    bare = sorted({name.removeprefix("@") for name in me}, key=len, reverse=True)
    return [name for name in bare if name]


@lru_cache(maxsize=64)
def _pattern(me: tuple[str, ...], *, begun: bool, marked: bool) -> re.Pattern[str]:
    """Compile the inline pattern with the mentions of `me` in it, `begun` with what begins lines, or the mentions alone.

    It begins with a look at the first character, which is cheaper than all that may begin there.
    """
    parts = [_INLINE, _BEGUN] if begun else [_INLINE] if marked else []
    first = ["[h`*_~>#|‖@]"] if marked else ["@"]
    if names := [re.escape(name) for name in _bare(me)]:
        parts.append(rf"(?P<mention>(?<!\w)@?(?i:{'|'.join(names)})(?!\w))")
        first += [f"(?i:{re.escape(name[0])})" for name in _bare(me)]
    return re.compile(f"(?={'|'.join(first)})(?:{'|'.join(parts)})")


class _Reader:
    """Collects the shown text and its runs."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._parts: list[str] = []
        self._runs: list[Run] = []
        self._tokens: list[Run] = []
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
            elif kind == "quote":
                self.add(">", flags | QUOTE_MARK)
                self.read(match["quote"], flags | QUOTE, depth + 1)
            elif kind == "head":
                marks, _, said = match["head"].partition(" ")
                self.add(f"{marks} ", flags | BOLD)
                self.read(said, flags | BOLD, depth + 1)
            else:
                self.read(match[kind], flags | _FLAGS[kind], depth + 1)
        self.add(text[end:], flags)

    def code(self, code: str, language: str) -> None:
        """Add a block of code."""
        start = self._size
        self.add(code, CODE_BLOCK)
        if language:
            from chat_tui.widgets.code_tokens import tokens

            found = tokens(code, language)
            self._tokens += [Run(start + left, start + right, CODE_BLOCK | TOKENS[kind]) for left, right, kind in found]

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
            return Body(text, self._runs, self._tokens)
        return Body(text, _snapped(text, self._runs), _snapped(text, self._tokens))


def _snapped(text: str, runs: list[Run]) -> list[Run]:
    """The runs, none of which ends inside a grapheme; what is empty then is left out."""
    moved = (Run(snap(text, run.start), snap(text, run.end), run.flags, run.url) for run in runs)
    return [run for run in moved if run.start < run.end]


def _divided(runs: list[Run], tokens: list[Run]) -> list[Run]:
    """The runs in their order, those of code divided by the tokens in them."""
    divided: list[Run] = []
    waiting = iter([*tokens, None])
    token = next(waiting)
    for run in runs:
        at = run.start
        while token is not None and token.end <= run.end:
            divided += [Run(at, token.start, run.flags)] if at < token.start else []
            divided.append(token)
            at, token = token.end, next(waiting)
        divided += [run] if at == run.start else [Run(at, run.end, run.flags)] if at < run.end else []
    return divided


def _trim(url: str) -> str:
    """Give a link without the punctuation that ends the sentence around it."""
    return url.rstrip(".,;:!?'*_~]}") or url


def _address(url: str) -> str:
    """Give a link's address in printable ASCII, as it may stand in an OSC 8 sequence."""
    return quote(url, safe="%/:=&?~#+!$,@()*[]'")
