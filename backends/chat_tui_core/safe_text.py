"""Make text from elsewhere harmless to a terminal and to the eye (E7); the one place where this is decided."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

#: C0 and C1 controls but for tab and line feed become a visible mark; a terminal must never see them.
_MARKED = dict.fromkeys((*range(9), *range(11, 32), 127, *range(128, 160)), "\ufffd")
#: Embeddings, overrides and isolates reorder the rest of the line; line and paragraph separators break it.
_DROPPED = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029, 0xFEFF))
_TABLE: Final = {**_MARKED, **_DROPPED, 13: None}

#: Joiners are part of emoji and of several scripts; anywhere else in a name they only forge.
_JOINERS = "\u200c\u200d"
_UNSEEN: Final = frozenset({"Cf", "Cc", "Cn", "Co"})
NAME_LIMIT: Final = 80


def harmless(text: str, limit: int = 0) -> str:
    """The text without control, bidi-override and surrogate characters; cut to `limit` characters when positive.

    Tabs and line feeds stay; letters of all scripts, emoji and combining marks stay.
    """
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable() or not _suspect().search(
        text
    ):  # all that is changed is not printable; most texts are, all of them
        return text
    text = text.replace("\r\n", "\n").translate(_TABLE)
    return text.encode("utf-8", "replace").decode("utf-8")


@cache  # most runs of the program never need it
def _suspect() -> re.Pattern[str]:
    """Finds whether there is anything to change, in a tenth of the time of changing it."""
    return re.compile("[" + "".join(map(chr, _TABLE)) + "\ud800-\udfff]")


def harmless_name(text: str) -> str:
    """A name on one line: no format characters at all, so that two names that look alike are told apart by their ids.

    One of more than NAME_LIMIT characters ends in an ellipsis.
    """
    name = _bare(text)
    return name if len(name) <= NAME_LIMIT else _trimmed(name[: NAME_LIMIT - 1]) + "…"


def harmless_id(text: str, limit: int) -> str:
    """What is told apart by all of it (an id, an address, a file's name or type), as `harmless_name`, but only cut."""
    found = _bare(text)
    return found if len(found) <= limit else _trimmed(found[:limit])


def _bare(text: str) -> str:
    """The text on one line, without format characters."""
    if text.isprintable():
        return text.strip()
    flat = " ".join(harmless(text).split())
    return _trimmed("".join(c for c in flat if c in _JOINERS or unicodedata.category(c) not in _UNSEEN))


def _trimmed(name: str) -> str:
    return name.strip(_JOINERS + " ")


def one_line(text: str, limit: int = 0) -> str:
    """The text as one line for lists: white space folded, harmless, cut to `limit`."""
    return harmless(" ".join(text[: limit * 4 if limit else None].split()), limit)
