"""Say what a change of power levels means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chat_tui_matrix.content.fields import mapping, user_id

__all__ = ["level", "told"]

_TITLES: Final = {100: "an administrator", 50: "a moderator"}
"""How common clients call these levels."""


def level(value: object, default: int) -> int:
    """A power level: a whole number, or one in a string as old rooms have it; else the default."""
    if isinstance(value, str) and len(value.strip()) < 18:
        try:
            return int(value)
        except ValueError:
            return default
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def told(content: Mapping[str, Any], previous: Mapping[str, Any]) -> tuple[str, str]:
    """What the sender did by changing m.room.power_levels, and to whom where it is one person; "" where nothing is."""
    now, before = _users(content), _users(previous)
    usual, was_usual = level(content.get("users_default"), 0), level(previous.get("users_default"), 0)
    changed = [user for user in {**before, **now} if now.get(user, usual) != before.get(user, was_usual)]
    if not changed and _needed(content) == _needed(previous):
        return "", ""
    if usual != was_usual or not changed:
        return "changed what members may do", ""
    if len(changed) > 1:
        return f"changed the rights of {len(changed)} people", ""
    user = changed[0]
    power = now.get(user, usual)
    title = "an ordinary member" if power == usual else _TITLES.get(power, f"a member of level {power}")
    return f"made {user} {title}", user


def _users(content: Mapping[str, Any]) -> dict[str, int]:
    """The levels of the people who have one of their own."""
    return {user: level(value, 0) for user, value in mapping(content.get("users")).items() if user_id(user)}


def _needed(content: Mapping[str, Any]) -> dict[tuple[str, str], object]:
    """The levels that actions need, by (section, name)."""
    sections = {"": content, **{name: mapping(content.get(name)) for name in ("events", "notifications")}}
    return {
        (section, name): value
        for section, levels in sections.items()
        for name, value in levels.items()
        if isinstance(value, int | str)
    }
