"""Read a change of a room's state: the line that a timeline shows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from chat_tui_core.model import EventKind
from chat_tui_core.safe_text import harmless_id, harmless_name, one_line
from chat_tui_matrix.content import levels, membership
from chat_tui_matrix.content.fields import listed, mapping, redaction, room_id, text
from chat_tui_matrix.content.membership import Line
from chat_tui_matrix.wire.events import MatrixEvent

__all__ = ["Line", "read"]

MAX_NAME: Final = 255
MAX_TOPIC: Final = 4_000
MAX_REASON: Final = 300


def read(event: MatrixEvent, previous_content: Mapping[str, Any] | None = None) -> Line | None:
    """The line for a state event; None where there is nothing to say. Never raises, whatever its content.

    What was before is told by the event itself (unsigned.prev_content), else by `previous_content`; where neither does,
    it is taken for the first of its kind. A change whose content was redacted is REDACTED.
    """
    reader = _READERS.get(event.type)
    if event.state_key is None or reader is None:
        return None
    before = event.unsigned.get("prev_content")
    previous = before if isinstance(before, dict) else mapping(previous_content)
    because = redaction(event.unsigned)
    if because is not None and event.type in _EMPTIED:
        reason = mapping(because.get("content")).get("reason")
        return Line(EventKind.REDACTED, one_line(text(reason), MAX_REASON))
    return reader(event, previous)


def _did(words: str, target: str = "") -> Line:
    return Line(EventKind.STATE, words, target)


def _strings(content: Mapping[str, Any], key: str) -> set[str]:
    """The strings of a list."""
    return {item for item in listed(content.get(key)) if isinstance(item, str)}


# ---------------------------------------------------------------- what the room is called


def _name(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    now, before = (harmless_id(text(content.get("name")), MAX_NAME) for content in (event.content, previous))
    return None if now == before else Line(EventKind.NAME, now)


def _topic(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    now, before = (text(content.get("topic"))[:MAX_TOPIC].strip() for content in (event.content, previous))
    return None if now == before else Line(EventKind.TOPIC, now)


def _avatar(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    now, before = text(event.content.get("url")), text(previous.get("url"))
    return None if now == before else _did(f"{'changed' if now else 'removed'} the room's picture")


def _alias(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    now, before = (one_line(text(content.get("alias")), MAX_NAME) for content in (event.content, previous))
    if now != before:
        return _did(f"set the room's address to {now}" if now else "removed the room's address")
    others, were = _strings(event.content, "alt_aliases"), _strings(previous, "alt_aliases")
    return None if others == were else _did("changed the room's other addresses")


# ---------------------------------------------------------------- how the room works


def _create(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    follows = room_id(mapping(event.content.get("predecessor")).get("room_id"))
    return _did("created the room, which continues an older one" if follows else "created the room")


def _encryption(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    now, before = text(event.content.get("algorithm")), text(previous.get("algorithm"))
    if not now or now == before:
        return None
    if before:
        return _did("changed how messages are encrypted")
    return _did("turned on encryption: this client cannot read what is written from now on")


def _tombstone(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    target = room_id(event.content.get("replacement_room"))
    body = one_line(text(event.content.get("body")), MAX_REASON)
    if not (target or body) or target == room_id(previous.get("replacement_room")) != "":
        return None
    return Line(EventKind.UPGRADE, body, target)


def _setting(
    key: str, meanings: Mapping[str, str], other: str
) -> Callable[[MatrixEvent, Mapping[str, Any]], Line | None]:
    """A reader for state that is one word; only a change of it gives a line, since every room begins with one."""

    def reader(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
        now, before = event.content.get(key), previous.get(key)
        if not isinstance(before, str) or now == before:
            return None
        return _did(meanings.get(now, other) if isinstance(now, str) else other)

    return reader


def _levels(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    if not previous:
        return None  # every room begins with them
    words, target = levels.told(event.content, previous)
    return _did(words, target) if words else None


def _acl(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    now, before = ([_strings(content, key) for key in ("allow", "deny")] for content in (event.content, previous))
    return None if now == before else _did("changed which servers may take part")


# ---------------------------------------------------------------- what is in the room


def _pinned(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    now, before = (_strings(content, "pinned") for content in (event.content, previous))
    added, removed = len(now - before), len(before - now)
    if not added and not removed:
        return None
    if added and removed:
        return _did("changed the pinned messages")
    count, verb = (added, "pinned") if added else (removed, "unpinned")
    return _did(f"{verb} a message" if count == 1 else f"{verb} {count} messages")


def _child(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    now, before = bool(listed(event.content.get("via"))), bool(listed(previous.get("via")))
    if now == before:
        return None
    return _did("added a room to the space" if now else "removed a room from the space")


def _asked_by_address(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    name = harmless_name(text(event.content.get("display_name")))
    if name:
        return _did(f"invited {name}")
    was = harmless_name(text(previous.get("display_name")))
    return _did(f"took back the invitation of {was}") if was else None


_READERS: Final[Mapping[str, Callable[[MatrixEvent, Mapping[str, Any]], Line | None]]] = {
    "m.room.member": membership.read,
    "m.room.name": _name,
    "m.room.topic": _topic,
    "m.room.avatar": _avatar,
    "m.room.canonical_alias": _alias,
    "m.room.create": _create,
    "m.room.encryption": _encryption,
    "m.room.tombstone": _tombstone,
    "m.room.power_levels": _levels,
    "m.room.server_acl": _acl,
    "m.room.pinned_events": _pinned,
    "m.room.third_party_invite": _asked_by_address,
    "m.space.child": _child,
    "m.room.join_rules": _setting(
        "join_rule",
        {
            "public": "opened the room to everyone",
            "invite": "let only invited people join",
            "private": "let only invited people join",
            "knock": "let people ask to join",
            "restricted": "let members of certain other rooms join",
            "knock_restricted": "let members of certain other rooms join, and others ask to",
        },
        "changed who may join",
    ),
    "m.room.history_visibility": _setting(
        "history_visibility",
        {
            "world_readable": "let everyone read the history, even without joining",
            "shared": "let members read the whole history",
            "invited": "let members read the history from their invitation on",
            "joined": "let members read the history from their joining on",
        },
        "changed who may read the history",
    ),
    "m.room.guest_access": _setting(
        "guest_access",
        {"can_join": "let guests join", "forbidden": "no longer lets guests join"},
        "changed whether guests may join",
    ),
}

_EMPTIED: Final = frozenset(
    {
        "m.room.name",
        "m.room.topic",
        "m.room.avatar",
        "m.room.canonical_alias",
        "m.room.encryption",
        "m.room.tombstone",
        "m.room.server_acl",
        "m.room.pinned_events",
        "m.room.third_party_invite",
        "m.space.child",
    }
)
"""Types of which a redaction leaves nothing to tell by; the others keep what matters."""
