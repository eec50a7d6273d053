"""Read the commonest HTML, paragraphs of text with a few marked words, in a twentieth of the time of a parser."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

__all__ = ["plain_text"]

_ENTITY: Final = "&(?:amp|lt|gt|quot|#39);"
_MARKS: Final = {"strong": "**", "b": "**", "del": "~~", "code": "`"}
"""How an element's text is marked; in text with such a character the marks would not be seen, and are left out."""

_TEXT: Final = f"(?! )(?:[^<&]++|{_ENTITY})+(?<! )"
_MARKED: Final = "|".join(f"<{name}>{_TEXT}</{name}>" for name in _MARKS)
_APART: Final = "".join(f"(?<!</{name}>)" for name in _MARKS), "".join(f"(?!<{name}>)" for name in _MARKS)
_ITALIC: Final = "|".join(
    rf"(?<!\w){_APART[0]}<{name}>(?! )(?:[^<&_]++|{_ENTITY})+(?<! )</{name}>(?!\w){_APART[1]}" for name in ("em", "i")
)
"""In or at a word, or around an underscore, italics are not marked: that is for the parser."""

_LINES: Final = f"(?:[^<&]++|{_ENTITY}|<br ?/?>|{_MARKED}|{_ITALIC})+"
_is_plain: Final = re.compile(f"(?:<p>{_LINES}</p>)+|{_LINES}").fullmatch
_uneven: Final = re.compile(r"  | \n|\n |\n\n\n|\A[ \n]|[ \n]\Z").search
"""White space that HTML does not show."""

_WRITTEN: Final = {
    "</p><p>": "\n\n",
    **dict.fromkeys(("<p>", "</p>"), ""),
    **dict.fromkeys(("<br>", "<br/>", "<br />"), "\n"),
    **dict.fromkeys(("<em>", "</em>", "<i>", "</i>"), "_"),
}
_tags: Final = re.compile(f"<(?P<name>{'|'.join(_MARKS)})>(?P<text>[^<]++)</(?P=name)>|{'|'.join(_WRITTEN)}").sub


def plain_text(html: str) -> str | None:
    """The text in light markup; None for HTML that needs a parser. Harmless, for it has none but printable characters.

    Elements are written without attributes, inside a paragraph at most, and their text is marked as a whole: so there
    is nothing in it that a parser would see otherwise.
    """
    html = html.replace("</p>\n<p>", "</p><p>")
    if not html.isprintable() or not _is_plain(html):
        return None
    text = _tags(_written, html) if "<" in html else html
    text = unescape(text) if "&" in text else text
    return None if _uneven(text) else text


def _written(tag: re.Match[str]) -> str:
    name = tag["name"]
    if name is None:
        return _WRITTEN[tag[0]]
    mark, text = _MARKS[name], tag["text"]
    return text if mark[0] in text else f"{mark}{text}{mark}"
