"""Checked reading of the fields of a server's JSON: whatever is wrong becomes absent, never an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from chat_tui_core.safe_text import harmless
from chat_tui_wschat.grammar import MAX_NUM

MAX_TS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999."""

MAX_ID: Final = 128
"""Characters of a user's, message's or channel's name that is still taken for one."""

MOST_NAMES: Final = 100_000
"""Entries of one list that are looked at."""

Data = Mapping[str, Any]


def whole(data: Data, key: str, most: int = MAX_NUM) -> int:
    """Give a whole number from 0 to `most`; 0 when it is absent, no whole number or out of range."""
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else 0


def moment(data: Data, key: str = "ts") -> int:
    """Give a time in milliseconds since 1970, at most the end of the year 9999; 0 when it is absent or no whole number."""
    value = data.get(key)
    return min(max(value, 0), MAX_TS) if isinstance(value, int) and not isinstance(value, bool) else 0


def text(data: Data, key: str, limit: int = 0) -> str:
    """Give a text without control characters, cut to `limit` characters when positive; "" when it is no text."""
    value = data.get(key)
    return harmless(value, limit) if isinstance(value, str) else ""


def identifier(value: object) -> str:
    """Give the name of a user, message or channel as it came; "" when it cannot be one: too long, blank or invisible."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID or not value.isprintable() or " " in value:
        return ""
    return value


def named(data: Data, key: str) -> str:
    """Give a field that names a user, message or channel; "" when it is absent or cannot be one."""
    return identifier(data.get(key))


def flag(data: Data, key: str) -> bool:
    """Say whether a field is true, and nothing that only looks so."""
    return data.get(key) is True


def entries(data: Data, key: str) -> Iterator[object]:
    """Give what a list holds, at most MOST_NAMES; nothing when the field is no list."""
    value = data.get(key)
    yield from value[:MOST_NAMES] if isinstance(value, list) else ()


def names(data: Data, key: str, most: int = MOST_NAMES) -> tuple[str, ...]:
    """Give a list of names without those that cannot be one, each once, in their order."""
    found = dict.fromkeys(name for item in entries(data, key) if (name := identifier(item)))
    return tuple(found)[:most]
