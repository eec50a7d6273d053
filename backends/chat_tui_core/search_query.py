"""What a person types to search: words, "phrases", from: in: has: before: after:, as a query. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from chat_tui_core.errors import LocalError
from chat_tui_core.safe_text import harmless
from chat_tui_core.values import frozen

__all__ = ["Query", "parse_query"]

MOST_WORDS: Final = 20
LONGEST: Final = 500
_PART: Final = re.compile(r'(?:(from|in|has|before|after):)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)
_HAS: Final = frozenset({"file", "link"})
_LETTERS: Final = re.compile(r"\w", re.UNICODE)


@frozen
class Query:
    """A search: `match` is for FTS5 ("" = no words), the rest narrows. Times are ms since 1970, 0 = open.

    Every word must occur; the last one may be the beginning of a word.
    """

    match: str = ""
    sender: str = ""
    room: str = ""
    has: frozenset[str] = frozenset()
    before: int = 0
    after: int = 0


def parse_query(text: str, zone: tzinfo = UTC) -> Query:
    """Read what was typed; days are meant in `zone`. Raises LocalError with a sentence that says what is not understood."""
    if len(text) > LONGEST:
        raise LocalError(f"A search may have {LONGEST} characters.")
    text = harmless(text)
    words: list[str] = []
    fields: dict[str, object] = {}
    has: set[str] = set()
    for match in _PART.finditer(text):
        name, phrase, word = match.groups()
        value = phrase if phrase is not None else word
        if name is None:
            words += [_quoted(value)] if _LETTERS.search(value) else []
        elif name.lower() == "has":
            has.add(_known(value))
        else:
            field, read = _FIELDS[name.lower()]
            fields[field] = read(value, zone)
    if words and not text.endswith('"') and text.rsplit(maxsplit=1)[-1].find(":") < 0:
        words[-1] += "*"
    query = Query(" ".join(words[:MOST_WORDS]), has=frozenset(has), **fields)  # type: ignore[arg-type]
    if query == Query():
        raise LocalError('Type words, a "phrase", from:NAME, in:ROOM, has:file, before:2026-01-31 or after:2026-01-01.')
    return query


def _quoted(word: str) -> str:
    """A word or phrase that FTS5 takes as nothing else."""
    return '"' + word.replace('"', " ") + '"'


def _known(value: str) -> str:
    if value.lower() not in _HAS:
        raise LocalError(f"has: knows {' and '.join(sorted(_HAS))}, not {value[:20]!r}.")
    return value.lower()


def _name(value: str, _zone: tzinfo) -> str:
    return value.lstrip("@#").casefold()


def _start(value: str, zone: tzinfo) -> int:
    return round(_day(value, zone).timestamp() * 1000)


def _end(value: str, zone: tzinfo) -> int:
    return round((_day(value, zone) + timedelta(days=1)).timestamp() * 1000)


def _day(value: str, zone: tzinfo) -> datetime:
    for shape in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            return datetime.strptime(value, shape).replace(tzinfo=zone)
        except ValueError:
            continue
    raise LocalError(f"A day is written 2026-01-31, not {value[:20]!r}.")


_FIELDS: Final[dict[str, tuple[str, Callable[[str, tzinfo], object]]]] = {
    "from": ("sender", _name),
    "in": ("room", _name),
    "before": ("before", _start),
    "after": ("after", _end),
}
