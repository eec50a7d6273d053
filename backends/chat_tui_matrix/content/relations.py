"""How an event hangs on others: what it answers, its thread, what it replaces, what it reacts to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chat_tui_core.safe_text import one_line
from chat_tui_matrix.content.fields import event_id, mapping

__all__ = ["LONGEST_KEY", "THREAD", "Relations", "in_thread", "reaction_key", "read", "without_fallback"]

THREAD: Final = "m.thread"
"""How an event hangs on the one that its thread began with."""

LONGEST_KEY: Final = 64
"""Characters of a reaction."""

_fallback_head: Final = re.compile(r"> (?:\* )?<@[^>\n]{1,255}>").match


class Relations(msgspec.Struct, frozen=True, gc=False):
    """Event ids, "" where there is no such relation. `answers`: a reply that clients without threads show, too."""

    reply_to: str = ""
    thread: str = ""
    edit_of: str = ""
    reaction_to: str = ""
    reaction_key: str = ""
    answers: bool = False


_NONE: Final = Relations()


def read(content: Mapping[str, Any]) -> Relations:
    """The relations that a content tells in `m.relates_to`."""
    relates = mapping(content.get("m.relates_to"))
    if not relates:
        return _NONE
    kind, target = relates.get("rel_type"), event_id(relates.get("event_id"))
    if kind == "m.replace":
        return Relations(edit_of=target)
    if kind == "m.annotation":
        return Relations(reaction_to=target, reaction_key=reaction_key(relates.get("key")))
    thread = target if kind == THREAD else ""
    answered = event_id(mapping(relates.get("m.in_reply_to")).get("event_id"))
    pretended = bool(thread) and relates.get("is_falling_back") is True
    return Relations(reply_to="" if pretended else answered, thread=thread, answers=bool(answered))


def in_thread(root: str, answered: str = "", latest: str = "") -> dict[str, Any]:
    """What a content says of the thread that it is in, and of what it answers there.

    Clients without threads show what answers none as an answer to the one before it, `latest`.
    """
    relates = {"rel_type": THREAD, "event_id": root, "is_falling_back": not answered}
    return {"m.relates_to": {**relates, "m.in_reply_to": {"event_id": answered or latest or root}}}


def reaction_key(value: object) -> str:
    """A reaction as it is kept: harmless, on one line, at most LONGEST_KEY characters; "" when it is no text."""
    return one_line(value[:LONGEST_KEY]) if isinstance(value, str) else ""


def without_fallback(body: str) -> str:
    """The body of a reply without the quotation that older clients put before it; all of it when nothing else is there."""
    if not _fallback_head(body):
        return body
    lines = body.split("\n")
    count = next((at for at, line in enumerate(lines) if not line.startswith(">")), len(lines))
    rest = "\n".join(lines[count + 1 if count < len(lines) and not lines[count].strip() else count :])
    return rest if rest.strip() else body
