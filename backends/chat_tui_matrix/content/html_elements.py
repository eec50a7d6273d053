"""What the text of an HTML element becomes in light markup: one table of elements."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from chat_tui_matrix.content.html_flow import PARAGRAPH, TIGHT, Flow, code_lines, fenced, indented, marked, quoted
from chat_tui_matrix.content.html_links import written
from chat_tui_matrix.content.html_table import laid_out

__all__ = ["INSIDE_LINES", "ITALIC", "ITALIC_END", "KINDS", "OUTERMOST", "Opened", "Surroundings", "write"]

MAX_QUOTES: Final = 5
MAX_LISTS: Final = 8
"""Quotations and lists within each other that are set off; every line in them carries their margins."""

ITALIC, ITALIC_END = "\ufdd0", "\ufdd1"
"""Stand for an underscore until its neighbours are known. No character has these codes."""

_MARKS: Final = {"bold": ("**", "**"), "strike": ("~~", "~~"), "code": ("`", "`"), "italic": (ITALIC, ITALIC_END)}
_language: Final = re.compile(r"language-([\w+#.-]{1,30})", re.ASCII).match

KINDS: Final[Mapping[str, str]] = {
    **{f"h{level}": "heading" for level in range(1, 7)},
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("del", "s", "strike"), "strike"),
    **dict.fromkeys(("div", "details", "caption"), "division"),
    **dict.fromkeys(("td", "th"), "cell"),
    **dict.fromkeys(("thead", "tbody", "tr"), "rows"),
    **dict.fromkeys(("ul", "ol"), "list"),
    "a": "link",
    "blockquote": "quote",
    "code": "code",
    "li": "item",
    "p": "paragraph",
    "pre": "code block",
    "span": "spoiler",
    "summary": "heading",
    "sup": "raised",
    "table": "table",
}
"""What an element is, by its name; one that is not here is no more than the text in it."""

INSIDE_LINES: Final = frozenset({"", "bold", "italic", "strike", "code", "link", "spoiler", "raised"})
"""Kinds of elements that do not begin a line."""

OUTERMOST: Final = "outermost"


class Opened:
    """An element that is open: its name and kind, the text in it so far, and what lists, tables and code collect."""

    __slots__ = ("attributes", "code", "flow", "head", "kind", "name", "number", "rows")

    def __init__(self, name: str, kind: str, attributes: dict[str, str], flow: Flow) -> None:
        self.name = name
        self.kind = kind
        self.attributes = attributes
        self.flow = flow
        self.number = -1  # of an ordered list's next item
        self.rows: list[list[str]] | None = None
        self.head = False
        self.code: list[str] | None = None


class Surroundings:
    """The elements that are open, outermost first; never empty."""

    def __init__(self) -> None:
        self.open = [Opened("", OUTERMOST, {}, Flow(inside_line=False))]
        self.depths: dict[str, int] = {}

    def push(self, opened: Opened) -> None:
        """An element begins."""
        self.open.append(opened)
        self.depths[opened.kind] = self.depths.get(opened.kind, 0) + 1

    def pop(self) -> Opened:
        """The innermost element ends."""
        done = self.open.pop()
        self.depths[done.kind] -= 1
        return done

    def depth(self, *kinds: str) -> int:
        """How many elements of these kinds are open."""
        return sum([self.depths.get(kind, 0) for kind in kinds])

    def nearest(self, kind: str) -> Opened | None:
        """The innermost open element of a kind."""
        return next((item for item in reversed(self.open) if item.kind == kind), None)


def write(done: Opened, around: Surroundings) -> None:
    """Add the text of an element that has ended to the element around it."""
    _WRITERS.get(done.kind, _plain)(done, around, around.open[-1].flow)


def _plain(done: Opened, around: Surroundings, flow: Flow) -> None:
    if done.flow.has_blocks:
        flow.block(done.flow.text())
    else:
        flow.inline(done.flow.text())


def _may_mark(done: Opened, around: Surroundings) -> bool:
    """Whether text may be marked: not twice, not in the columns of a table, not around whole blocks."""
    depths = around.depths
    twice = depths.get(done.kind) or (done.kind == "bold" and depths.get("heading"))
    return not (twice or done.flow.has_blocks or depths.get("table"))


def _marked(done: Opened, around: Surroundings, flow: Flow) -> None:
    if _may_mark(done, around):
        flow.inline(marked(done.flow.text(), *_MARKS[done.kind]))
    else:
        _plain(done, around, flow)


def _link(done: Opened, around: Surroundings, flow: Flow) -> None:
    text, href = done.flow.text(), done.attributes.get("href", "")
    core = text.strip()
    if done.flow.has_blocks:
        flow.block(f"{core}\n{written('', href)}")
    else:
        before, _, after = text.partition(core) if core else ("", "", "")
        flow.inline(before + written(" ".join(core.split()), href) + after)


def _spoiler(done: Opened, around: Surroundings, flow: Flow) -> None:
    reason = done.attributes.get("data-mx-spoiler")
    text = done.flow.text().strip()
    if reason is None or not text:
        _plain(done, around, flow)
        return
    said = f"({' '.join(reason.split())}) " if reason.strip() else ""
    if done.flow.has_blocks:
        flow.block(f"{said}‖\n{text}\n‖")
    else:
        flow.inline(f"{said}‖{text}‖")


def _raised(done: Opened, around: Surroundings, flow: Flow) -> None:
    text = done.flow.text().strip()
    flow.inline(f"^{text}" if text else "")


def _paragraph(done: Opened, around: Surroundings, flow: Flow) -> None:
    flow.block(done.flow.text(), PARAGRAPH, PARAGRAPH)


def _division(done: Opened, around: Surroundings, flow: Flow) -> None:
    flow.block(done.flow.text())


def _heading(done: Opened, around: Surroundings, flow: Flow) -> None:
    text = done.flow.text()
    flow.block(marked(text, "**", "**") if _may_mark(done, around) else text, PARAGRAPH, TIGHT)


def _quote(done: Opened, around: Surroundings, flow: Flow) -> None:
    text = done.flow.text().strip(" \n")
    flow.block(quoted(text) if text and around.depth("quote") < MAX_QUOTES else text)


def _list(done: Opened, around: Surroundings, flow: Flow) -> None:
    flow.block(done.flow.text(), TIGHT, PARAGRAPH)


def _item(done: Opened, around: Surroundings, flow: Flow) -> None:
    text, inside = done.flow.text().strip(" \n"), around.nearest("list")
    mark = "- "
    if inside is not None and inside.number >= 0:
        mark = f"{inside.number}. "
        inside.number += 1
    flow.block(indented(text, mark) if around.depth("list") <= MAX_LISTS else text)


def _code_block(done: Opened, around: Surroundings, flow: Flow) -> None:
    code = "".join(done.code or ()).rstrip("\n")
    if around.depth("quote", "list", "item", "table"):
        flow.block(code_lines(code))
    elif code.strip():
        language = _language(done.attributes.get("class", ""))
        flow.block(fenced(code, language[1] if language else ""))


def _cell(done: Opened, around: Surroundings, flow: Flow) -> None:
    table = around.nearest("table")
    if table is not None and table.rows:
        table.head = table.head or (done.name == "th" and len(table.rows) == 1)
        table.rows[-1].append(done.flow.text())


def _rows(done: Opened, around: Surroundings, flow: Flow) -> None:
    """A table has its rows already."""


def _table(done: Opened, around: Surroundings, flow: Flow) -> None:
    flow.block(done.flow.text(), PARAGRAPH, TIGHT)
    flow.block(laid_out(done.rows or [], head=done.head), PARAGRAPH, PARAGRAPH)


_WRITERS: Final[Mapping[str, Callable[[Opened, Surroundings, Flow], None]]] = {
    **dict.fromkeys(_MARKS, _marked),
    "heading": _heading,
    "division": _division,
    "cell": _cell,
    "rows": _rows,
    "list": _list,
    "link": _link,
    "quote": _quote,
    "item": _item,
    "paragraph": _paragraph,
    "code block": _code_block,
    "spoiler": _spoiler,
    "raised": _raised,
    "table": _table,
}
