"""Turn clean, well-formed HTML into the light markup that chats are typed and shown in.

One pass over the tags with a stack of its own: no nesting, however deep, makes it recurse or hold on to more than the
text. What it writes: `**bold**`, `_italic_`, `~~struck~~`, code in back-quotes and fences, `> ` before quotations, `- `
and `1. ` before items, `text (address)` for links.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Final

from chat_tui_matrix.content.html_elements import (
    INSIDE_LINES,
    ITALIC,
    ITALIC_END,
    KINDS,
    Opened,
    Surroundings,
    write,
)
from chat_tui_matrix.content.html_flow import PARAGRAPH, Flow

__all__ = ["light_markup"]

MAX_OPEN: Final = 40
"""Elements that are told apart at once; what is deeper is text of the element around it."""

_tokens: Final = re.compile(r"<(/?)([a-z0-9]++)((?: [a-z-]++=\"[^\"]*+\")*)>|([^<]++|<)").finditer
_attributes: Final = re.compile(r" ([a-z-]++)=\"([^\"]*+)\"").findall
_fold: Final = re.compile(r"[ \t\n\f\r]+").sub
_uneven: Final = re.compile(r"[\t\n\f\r]|  ").search
_italic: Final = re.compile(rf"(?<!\w){ITALIC}([^{ITALIC}{ITALIC_END}_\n]++){ITALIC_END}(?!\w)").sub
_NO_MARKS: Final = str.maketrans({ITALIC: None, ITALIC_END: None})


def _underscored(italic: re.Match[str]) -> str:
    return f"_{italic[1]}_"


def light_markup(html: str) -> str:
    """The text of HTML as nh3 writes it, in light markup: its lines, no space around it."""
    reader = _Reader()
    for token in _tokens(html if html.isascii() else html.translate(_NO_MARKS)):
        end, name, attributes, text = token.groups()
        if text is not None:
            reader.text(unescape(text))
        elif end:
            reader.end(name)
        else:
            reader.start(name, attributes)
    return reader.finished()


class _Reader:
    """Takes tags and text, and gives the text in the end."""

    def __init__(self) -> None:
        self._around = Surroundings()
        self._beyond = 0  # elements that are open and not told apart

    def text(self, text: str) -> None:
        """Take the text between two tags."""
        top = self._around.open[-1]
        if top.code is not None:
            top.code.append(text)
        elif top.kind == "code":
            top.flow.inline(text.replace("\n", " "))
        elif top.kind not in {"rows", "table"}:  # these have text in their cells only
            top.flow.inline(_fold(" ", text) if _uneven(text) else text)

    def start(self, name: str, attributes: str) -> None:
        """Take a start tag."""
        found = {key: unescape(value) for key, value in _attributes(attributes)} if attributes else {}
        top = self._around.open[-1]
        if name in {"br", "hr", "img"}:
            self._single(name, found, top)
        elif top.code is not None:
            top.attributes.update(found)  # the language stands at the `code` in the `pre`
            self._beyond += 1
        elif len(self._around.open) > MAX_OPEN:
            self._beyond += 1
        else:
            self._open(name, found)

    def end(self, name: str) -> None:
        """Take an end tag."""
        if self._beyond:
            self._beyond -= 1
        elif self._around.open[-1].name == name:
            write(self._around.pop(), self._around)

    def finished(self) -> str:
        """Everything, once all has come."""
        while len(self._around.open) > 1:
            write(self._around.pop(), self._around)
        text = self._around.open[0].flow.text()
        if not text.isascii():
            text = _italic(_underscored, text).translate(_NO_MARKS).replace("\xa0", " ")
        return "\n".join([line.rstrip() for line in text.split("\n")]).strip("\n")

    def _single(self, name: str, attributes: Mapping[str, str], top: Opened) -> None:
        """Take an element that has nothing in it."""
        if name == "img":
            alt = " ".join((attributes.get("alt") or attributes.get("title") or "").split())
            self.text(alt if alt and "data-mx-emoticon" in attributes else f"[{alt or 'image'}]")
        elif top.code is not None:
            top.code.append("\n")
        elif name == "br":
            top.flow.line_break()
        else:
            top.flow.block("———", PARAGRAPH, PARAGRAPH)

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        kind = KINDS.get(name, "")
        opened = Opened(name, kind, attributes, Flow(inside_line=kind in INSIDE_LINES))
        if kind == "table":
            opened.rows = []
        elif kind == "code block":
            opened.code = []
        elif name == "ol":
            start = attributes.get("start", "")
            opened.number = int(start) if start.isdecimal() and len(start) < 10 else 1
        elif name == "tr" and (table := self._around.nearest("table")) is not None and table.rows is not None:
            table.rows.append([])
        self._around.push(opened)
