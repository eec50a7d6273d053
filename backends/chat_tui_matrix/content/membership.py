"""Read a change of a member: who came, went, was asked, removed or renamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chat_tui_core.model import EventKind
from chat_tui_core.safe_text import harmless_name, one_line
from chat_tui_core.values import frozen
from chat_tui_matrix.content.fields import redaction, text, user_id
from chat_tui_matrix.wire.events import MatrixEvent

__all__ = ["Line", "read", "shown_name"]

MAX_REASON: Final = 300


@frozen
class Line:
    """What the timeline says of a change.

    `text` is harmless; what it is goes by the kind: the new topic, name or member's name, the reason of a membership
    change, what the sender did (STATE), the last words (UPGRADE). `target` is the user, or the room of an upgrade.
    `sender_name` is the sender's name where the event itself tells it, "" elsewhere.
    """

    kind: EventKind
    text: str = ""
    target: str = ""
    sender_name: str = ""


def shown_name(content: Mapping[str, Any]) -> str:
    """The name that a member event tells, harmless; "" when it tells none."""
    name = content.get("displayname")
    return harmless_name(name) if isinstance(name, str) else ""


def read(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    """The line for m.room.member; None where nothing changed that could be seen. `previous` = {}: not known, or none."""
    who = user_id(event.state_key)
    membership, was = event.content.get("membership"), previous.get("membership")
    if not who or not isinstance(membership, str):
        return None
    if (membership, was) == ("join", "join"):
        return _profile(event, previous)
    if membership == was:
        return None
    own = event.sender == who
    reason = one_line(text(event.content.get("reason")), MAX_REASON)
    if membership == "leave":
        return _left(who, str(was), reason, shown_name(previous), own=own)
    kind = _COMING.get(membership)
    if kind is None:
        return None
    if kind is EventKind.JOIN:
        return Line(kind, sender_name=shown_name(event.content))
    if kind is EventKind.KNOCK:
        return Line(kind, reason, sender_name=shown_name(event.content))
    return Line(kind, reason, who)


def _left(who: str, was: str, reason: str, name: str, *, own: bool) -> Line:
    """The line for one who is no longer in the room, or no longer may come in."""
    kind, words = _GOING.get((was, own), (EventKind.LEAVE if own else EventKind.KICK, ""))
    said = reason
    if words:
        said = words.format(who=who) + (f": {reason}" if reason else "")
    return Line(kind, said, "" if own else who, name if own else "")


def _profile(event: MatrixEvent, previous: Mapping[str, Any]) -> Line | None:
    """The line for a member who stays and is now called or pictured otherwise."""
    if redaction(event.unsigned) is not None:
        return None  # what it changed is gone
    old, new = shown_name(previous), shown_name(event.content)
    if old != new:
        return Line(EventKind.RENAME, new or user_id(event.state_key), sender_name=old)
    was, now = text(previous.get("avatar_url")), text(event.content.get("avatar_url"))
    if was == now:
        return None
    return Line(EventKind.STATE, f"{'changed' if now else 'removed'} their picture", sender_name=new)


_COMING: Final[Mapping[str, EventKind]] = {
    "join": EventKind.JOIN,
    "invite": EventKind.INVITE,
    "knock": EventKind.KNOCK,
    "ban": EventKind.BAN,
}

_GOING: Final[Mapping[tuple[str, bool], tuple[EventKind, str]]] = {
    ("invite", True): (EventKind.STATE, "declined the invitation"),
    ("invite", False): (EventKind.STATE, "took back the invitation of {who}"),
    ("knock", True): (EventKind.STATE, "no longer asks to join"),
    ("knock", False): (EventKind.STATE, "refused to let {who} in"),
    ("ban", False): (EventKind.UNBAN, ""),
}
"""(membership before, it was that person's own doing) -> kind and words; what is not here left or was removed."""
