"""Make HTML of what a person typed in Markdown, where it means more than its plain text."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

__all__ = ["MAX_MARKDOWN", "Written", "read"]

MAX_MARKDOWN: Final = 16_000
"""Characters of a text that is read as Markdown; a longer one goes as it is."""

_OFF: Final = ("code", "entity", "html_block", "html_inline", "image", "lheading", "reference")
"""Rules that are off: they do not suit a chat, where indented lines, `&amp;` or `[1]: x` are meant as they stand."""

_TAGS: Final = {("s", "~~"): "del", ("em", "*"): "strong"}
"""What an element with this mark is written as: `*x*` is bold, as it is while it is typed and wherever a text is shown."""

_BREAKS: Final = frozenset({"softbreak", "hardbreak"})

_url: Final = re.compile(r"://(?:[^\s<>\"`()\[\]]|\([^\s<>\"`()\[\]]*+\))+").match
_words: Final = re.compile(r"[^\n!#$%&*+:<=>@\[\\\]^_`{|}~-]+").match
_hidden: Final = re.compile(r"\|\|(?=[^\s|])([^|\n]+)(?<=\S)\|\|").match
_scheme: Final = re.compile(r"(?<!\w)https?$", re.IGNORECASE).search
_AFTER_URL: Final = ".,;:!?'*_~]}"


@frozen
class Written:
    """`html` is "" where the plain text says it all; `prose` is the text that is no code."""

    html: str
    prose: str


def read(text: str) -> Written:
    """Read a text that was typed: its HTML as Matrix allows it, one paragraph without `<p>`."""
    if len(text) > MAX_MARKDOWN:
        return Written("", text)
    parser = _parser()
    tokens = parser.parse(text)
    prose = "\n".join(_prose(token) for token in tokens if token.type == "inline")
    if all(map(_is_plain, tokens)) or not any(token.content.strip() for token in tokens):
        return Written("", prose)
    for token in tokens:
        for child in token.children or ():
            child.tag = _TAGS.get((child.tag, child.markup), child.tag)
    single = [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    html: str = parser.renderer.render(tokens[1:2] if single else tokens, parser.options, {})
    return Written(html.strip("\n"), prose)


def _is_plain(token: Token) -> bool:
    """Whether a token is a paragraph, or text that stands there as it was typed."""
    if token.type in {"paragraph_open", "paragraph_close"}:
        return not token.hidden
    if token.type != "inline":
        return False
    children = token.children or []
    return all(child.type == "text" or child.type in _BREAKS for child in children) and (
        _joined(children).split() == token.content.split()
    )


def _prose(token: Token) -> str:
    return _joined(token.children or ())


def _joined(tokens: Sequence[Token]) -> str:
    """The text of inline tokens without code, a line break where there is one."""
    return "".join(
        "\n" if token.type in _BREAKS else "" if token.type == "code_inline" else token.content for token in tokens
    )


@cache
def _parser() -> MarkdownIt:
    """The parser, made when the first text is sent."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False})
    parser.enable(["table", "strikethrough"]).disable(list(_OFF))
    parser.inline.ruler.before("escape", "bare_url", _bare_url)
    parser.inline.ruler.before("escape", "spoiler", _spoiler)
    parser.inline.ruler.at("text", _text)
    return parser


def _text(state: StateInline, silent: bool) -> bool:
    """Take what is no markup, as the parser's own rule does, which would take the marks of spoilers with it."""
    found = _words(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.pending += found[0]
    state.pos = found.end()
    return True


def _spoiler(state: StateInline, silent: bool) -> bool:
    """Take ||what is to be hidden|| until its reader asks for it."""
    found = _hidden(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        end, state.pos, state.posMax = state.posMax, found.start(1), found.end(1)
        state.push("spoiler_open", "span", 1).attrs = {"data-mx-spoiler": ""}
        state.md.inline.tokenize(state)
        state.push("spoiler_close", "span", -1)
        state.posMax = end
    state.pos = found.end()
    return True


def _bare_url(state: StateInline, silent: bool) -> bool:
    """Take an address as it is typed: an underscore in it is no emphasis."""
    found = _url(state.src, state.pos) if state.src.startswith("://", state.pos) else None
    if found is None or not _scheme(state.src[max(0, state.pos - 6) : state.pos]):
        return False
    url = found[0].rstrip(_AFTER_URL)
    if len(url) <= len("://"):
        return False
    if not silent:
        state.pending += url
    state.pos += len(url)
    return True
