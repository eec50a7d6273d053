"""Read single values out of an event's content, which may hold anything: what is not as it must be is empty."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chat_tui_core.safe_text import harmless

__all__ = ["LONGEST", "address", "amount", "event_id", "listed", "mapping", "redaction", "room_id", "text", "user_id"]

LONGEST: Final = 65_536
"""Characters of a text that are taken at most: no event is larger (65,535 bytes)."""

LONGEST_ID: Final = 255
"""Characters of a user, room or event id (the specification says bytes)."""

LARGEST: Final = 1 << 53
"""From here on a number is not exact in JSON, and no size."""

_MXC: Final = re.compile(r"mxc://[A-Za-z0-9.:\[\]_-]{1,255}/[A-Za-z0-9_=~-][A-Za-z0-9_=~.-]{0,254}")


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """The value if it is a string, harmless and not longer than an event; else an empty one."""
    return harmless(value, LONGEST) if isinstance(value, str) else ""


def event_id(value: object) -> str:
    """The value if it can be an event's id, else an empty string."""
    return _id(value)


def user_id(value: object) -> str:
    """The value if it can be a user's id, else an empty string."""
    found = _id(value)
    return found if found.startswith("@") else ""


def room_id(value: object) -> str:
    """The value if it can be a room's id, else an empty string."""
    found = _id(value)
    return found if found.startswith("!") else ""


def _id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        return ""
    return value if value.isprintable() and " " not in value else ""


def amount(value: object) -> int:
    """The value if it is a whole number from 0 to 2**53, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST else 0


def address(value: object) -> str:
    """The value if it is a well-formed mxc address, else an empty string: parts of it become parts of a path."""
    return value if isinstance(value, str) and _MXC.fullmatch(value) else ""


def redaction(unsigned: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The event that redacted this one, as `unsigned` tells it; None when it stands."""
    because = unsigned.get("redacted_because")
    return because if isinstance(because, dict) else None
