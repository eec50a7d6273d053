"""Read an event that is no state: what it says, as a timeline shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from chat_tui_core.model import EventKind, FileInfo
from chat_tui_core.safe_text import one_line
from chat_tui_matrix.content import formatted, relations
from chat_tui_matrix.content.attachments import file_info, has_caption
from chat_tui_matrix.content.fields import listed, mapping, redaction, text, user_id
from chat_tui_matrix.content.relations import Relations
from chat_tui_matrix.wire.events import MatrixEvent

__all__ = ["Said", "read"]

HTML: Final = "org.matrix.custom.html"

NO_TEXT: Final = "This message has no text that can be read."
ENCRYPTED: Final = "Encrypted message: this client cannot read it yet."
CALL: Final = "Calls are not supported."
VERIFICATION: Final = "Verifying keys is not supported."

_PLAIN: Final = frozenset({"msgtype", "body"})
"""All that the content of most messages has."""

MAX_MENTIONS: Final = 100
MAX_CHOICES: Final = 20
MAX_REASON: Final = 300


class Said(msgspec.Struct, frozen=True, gc=False):
    """What an event says. `text` is harmless and in light markup; ids are "" where there is none.

    With `edit_of`, everything else is how that event now is. With `reaction_to`, there is nothing to show: the key is
    set on that event. `mentions_user_ids` and `mentions_room` are whom the sender wants to be told of it;
    `mentions_told`: whether that is said at all.
    """

    kind: EventKind
    text: str = ""
    reply_to: str = ""
    thread: str = ""
    file: FileInfo | None = None
    edit_of: str = ""
    reaction_to: str = ""
    reaction_key: str = ""
    mentions_user_ids: tuple[str, ...] = ()
    mentions_room: bool = False
    mentions_told: bool = False

    def names(self, user: str) -> bool | None:
        """Whether it is meant to be brought to somebody's notice; None where that is not told."""
        return self.mentions_room or user in self.mentions_user_ids if self.mentions_told else None


def read(event: MatrixEvent) -> Said | None:
    """What an event that is no state says; None for one that shows nothing. Never raises, whatever its content.

    An event that was redacted is REDACTED, with the reason as its text; one that nothing is known of is UNSUPPORTED.
    """
    if event.state_key is not None:
        return None
    reader = _READERS.get(event.type)
    if reader is None:
        if event.type.startswith(_SILENT):
            return None
        return Said(EventKind.UNSUPPORTED, f"This client cannot show “{one_line(event.type, 80)}”.")
    because = redaction(event.unsigned)
    if because is None and (event.content or event.type not in _EMPTIED):
        return reader(event.content)
    if event.type not in _EMPTIED:
        return None
    reason = mapping((because or {}).get("content")).get("reason")
    return Said(EventKind.REDACTED, one_line(text(reason), MAX_REASON))


# ---------------------------------------------------------------- m.room.message


def _message(content: Mapping[str, Any]) -> Said | None:
    """m.room.message; an edit is read from its new content, and left out where that cannot be read."""
    if _PLAIN.issuperset(content) and content.get("msgtype") == "m.text" and isinstance(content.get("body"), str):
        return Said(EventKind.MESSAGE, text(content["body"]))
    related = relations.read(content)
    if not related.edit_of:
        return _said(content, related)
    new = content.get("m.new_content")
    said = _said(new, related) if isinstance(new, dict) else None
    return None if said is None or said.kind is EventKind.UNSUPPORTED else said


def _said(content: Mapping[str, Any], related: Relations) -> Said:
    msgtype = content.get("msgtype")
    kind = _KINDS.get(msgtype, EventKind.MESSAGE) if isinstance(msgtype, str) else EventKind.MESSAGE
    if kind is EventKind.FILE:
        return _brought(content, related)
    if not isinstance(content.get("body"), str):
        return _made(EventKind.UNSUPPORTED, NO_TEXT, content, related)
    if kind is EventKind.UNSUPPORTED:
        return _made(kind, VERIFICATION, content, related)
    wording = _place(content) if msgtype == "m.location" else _wording(content, related)
    return _made(kind, wording, content, related)


def _wording(content: Mapping[str, Any], related: Relations) -> str:
    """The text of a body: its HTML where it has some, without the quotation of what it answers."""
    plain = text(content.get("body"))
    if related.answers:
        plain = relations.without_fallback(plain)
    html = content.get("formatted_body")
    if content.get("format") == HTML and isinstance(html, str):
        return formatted.to_text(html, plain)
    return plain


def _place(content: Mapping[str, Any]) -> str:
    """A location as a line: what its sender calls it, and its geo address unless that is told already."""
    said, geo = one_line(text(content.get("body")), 500), one_line(text(content.get("geo_uri")), 120)
    if not geo.startswith("geo:") or geo in said:
        return f"Location: {said}".rstrip()
    return f"Location: {said} ({geo})" if said else f"Location: {geo}"


def _brought(content: Mapping[str, Any], related: Relations) -> Said:
    """A message with a file; its text is the caption."""
    file = file_info(content)
    if file is None:
        return _made(EventKind.UNSUPPORTED, NO_TEXT, content, related)
    caption = _wording(content, related) if has_caption(content) else ""
    return _made(EventKind.FILE, caption, content, related, file)


def _made(
    kind: EventKind, wording: str, content: Mapping[str, Any], related: Relations, file: FileInfo | None = None
) -> Said:
    users, whole_room = _mentions(content) if "m.mentions" in content else ((), False)
    return Said(
        kind,
        wording,
        related.reply_to,
        related.thread,
        file,
        related.edit_of,
        mentions_user_ids=users,
        mentions_room=whole_room,
        mentions_told=isinstance(content.get("m.mentions"), dict),
    )


def _mentions(content: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """Whom a message is to be brought to the notice of, and whether it is everybody in the room."""
    mentions = mapping(content.get("m.mentions"))
    users = (user_id(value) for value in listed(mentions.get("user_ids"))[:MAX_MENTIONS])
    return tuple(dict.fromkeys(user for user in users if user)), mentions.get("room") is True


# ---------------------------------------------------------------- other types


def _reaction(content: Mapping[str, Any]) -> Said | None:
    related = relations.read(content)
    if not (related.reaction_to and related.reaction_key):
        return None
    return Said(EventKind.UNSUPPORTED, reaction_to=related.reaction_to, reaction_key=related.reaction_key)


def _sticker(content: Mapping[str, Any]) -> Said | None:
    return _brought({key: value for key, value in content.items() if key != "filename"}, relations.read(content))


def _encrypted(content: Mapping[str, Any]) -> Said | None:
    """An encrypted event; an edit or a reaction that cannot be read is left out."""
    related = relations.read(content)
    if related.edit_of or related.reaction_to:
        return None
    return _made(EventKind.UNSUPPORTED, ENCRYPTED, content, related)


def _call(content: Mapping[str, Any]) -> Said | None:
    return Said(EventKind.UNSUPPORTED, CALL)


def _poll(content: Mapping[str, Any]) -> Said | None:
    """A poll's question and its answers, a line each; votes are not counted."""
    poll = mapping(content.get("m.poll")) or mapping(content.get("org.matrix.msc3381.poll.start"))
    question = one_line(_extensible(mapping(poll.get("question"))), 500) or one_line(_extensible(content), 500)
    related = relations.read(content)
    if related.edit_of:
        return None
    if not question:
        return _made(EventKind.UNSUPPORTED, NO_TEXT, content, related)
    answers = (one_line(_extensible(mapping(item)), 200) for item in listed(poll.get("answers"))[:MAX_CHOICES])
    wording = "\n".join([f"Poll: {question}", *(f"- {answer}" for answer in answers if answer)])
    return _made(EventKind.MESSAGE, wording, content, related)


def _extensible(value: Mapping[str, Any]) -> str:
    """The plain text of extensible content: a string, or the first of m.text that is no HTML."""
    for key in ("body", "org.matrix.msc1767.text", "m.text"):
        found = value.get(key)
        if isinstance(found, str):
            return text(found)
        for item in map(mapping, listed(found)):
            if item.get("mimetype", "text/plain") == "text/plain" and isinstance(item.get("body"), str):
                return text(item["body"])
    return ""


_KINDS: Final[Mapping[str, EventKind]] = {
    "m.notice": EventKind.NOTICE,
    "m.server_notice": EventKind.NOTICE,
    "m.emote": EventKind.EMOTE,
    "m.key.verification.request": EventKind.UNSUPPORTED,
    **dict.fromkeys(("m.image", "m.file", "m.audio", "m.video"), EventKind.FILE),
}
"""What a message is, by its msgtype; a type that is not here is shown by its body, as the specification asks."""

_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Said | None]]] = {
    "m.room.message": _message,
    "m.reaction": _reaction,
    "m.sticker": _sticker,
    "m.room.encrypted": _encrypted,
    "m.poll.start": _poll,
    "org.matrix.msc3381.poll.start": _poll,
    "m.call.invite": _call,
    "m.call.notify": _call,
    "m.rtc.notification": _call,
    "org.matrix.msc4075.call.notify": _call,
    "org.matrix.msc4075.rtc.notification": _call,
}

_EMPTIED: Final = frozenset(
    {"m.room.message", "m.sticker", "m.room.encrypted", "m.poll.start", "org.matrix.msc3381.poll.start"}
)
"""Types that leave a place behind when they are redacted: their content is gone, and they had some."""

_SILENT: Final = (
    "m.room.redaction",
    "m.call.",
    "m.rtc.",
    "m.poll.",
    "m.beacon",
    "m.key.verification.",
    "org.matrix.msc3381.poll.",
    "org.matrix.msc3401.call.",
    "org.matrix.msc3672.beacon",
    "org.matrix.msc4075.",
    "org.matrix.msc4143.rtc.",
    "org.matrix.call.",
    "io.element.call.",
    "im.vector.",
)
"""How types begin whose events show nothing by themselves: signals of calls, votes, positions, keys."""
