"""Read the HTML of a message (org.matrix.custom.html) as text in light markup, whatever it is made of."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from chat_tui_core.safe_text import harmless
from chat_tui_matrix.content.fields import LONGEST
from chat_tui_matrix.content.html_elements import KINDS
from chat_tui_matrix.content.html_plain import plain_text
from chat_tui_matrix.content.html_reader import light_markup
from chat_tui_matrix.content.html_shape import plain_enough

if TYPE_CHECKING:
    import nh3

__all__ = ["MAX_HTML", "to_text"]

MAX_HTML: Final = 32 * 1024
"""Characters of HTML that are read; of a longer one the plain body is shown."""

MAX_CLEAN: Final = 4 * MAX_HTML
"""Characters that may come of it when it is cleaned: more means that elements were cloned."""

#: The specification's list (client-server API, "m.room.message msgtypes"): what is told apart, and what needs no word.
_TAGS: Final = frozenset(KINDS) | {"br", "hr", "img", "sub", "u"}
_DROPPED: Final = frozenset({"mx-reply", "script", "style"})
_ATTRIBUTES: Final = {
    "a": {"href"},
    "code": {"class"},
    "img": {"alt", "title", "data-mx-emoticon"},
    "ol": {"start"},
    "span": {"data-mx-spoiler"},
}
_SCHEMES: Final = frozenset({"https", "http", "ftp", "mailto", "magnet", "matrix"})


def to_text(html: str, fallback_body: str) -> str:
    """The text of a message's HTML, harmless, in light markup; that of `fallback_body` where there is none.

    So it is for HTML that is too long, too tangled to be parsed quickly, or empty once it is clean.
    """
    if len(html) > MAX_HTML:
        return harmless(fallback_body, LONGEST)
    text = plain_text(html) or _read(html)
    return text if text.strip() else harmless(fallback_body, LONGEST)


def _read(html: str) -> str:
    """The text of HTML of a bearable length; "" where it is not to be read."""
    html = html.encode("utf-8", "replace").decode()
    if not plain_enough(html):
        return ""
    clean = _cleaner().clean(html)
    return harmless(light_markup(clean), LONGEST) if len(clean) <= MAX_CLEAN else ""


@cache
def _cleaner() -> nh3.Cleaner:
    """The cleaner, made when the first message needs it."""
    import nh3

    return nh3.Cleaner(
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        link_rel=None,
    )
