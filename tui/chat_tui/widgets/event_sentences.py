"""What the timeline says of an event that is no message: who came and went, what was set, which file came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from chat_tui.strings import _
from chat_tui.widgets.message_row import Change, Kind
from chat_tui_core.model import EventKind, FileInfo, RoomEvent

__all__ = ["CHANGES", "KINDS", "file_text", "sentence"]

LONGEST_NAME, NAME_START, NAME_END = 48, 30, 16
"""Of a file's name that has more characters than this, so many at its start and at its end are shown."""
KINDS: Final[Mapping[EventKind, Kind]] = {
    EventKind.MESSAGE: "message",
    EventKind.NOTICE: "notice",
    EventKind.EMOTE: "emote",
    EventKind.FILE: "message",
    EventKind.JOIN: "membership",
    EventKind.LEAVE: "membership",
    EventKind.INVITE: "membership",
    EventKind.KICK: "membership",
    EventKind.BAN: "membership",
    EventKind.UNBAN: "membership",
    EventKind.KNOCK: "membership",
    EventKind.RENAME: "membership",
    EventKind.STATE: "membership",
    EventKind.NAME: "topic",
    EventKind.TOPIC: "topic",
    EventKind.UPGRADE: "topic",
    EventKind.REDACTED: "tombstone",
    EventKind.UNSUPPORTED: "unsupported",
}
CHANGES: Final[Mapping[EventKind, Change]] = {
    EventKind.JOIN: "joined",
    EventKind.LEAVE: "left",
    EventKind.INVITE: "invited",
    EventKind.KICK: "kicked",
    EventKind.BAN: "banned",
    EventKind.UNBAN: "invited",
    EventKind.KNOCK: "invited",
    EventKind.RENAME: "renamed",
    EventKind.STATE: "renamed",
}

_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})
Words = Callable[[str, str, str], str]
_SENTENCES: Final[Mapping[EventKind, Words]] = {
    EventKind.JOIN: lambda who, _whom, _text: _("{who} joined").format(who=who),
    EventKind.LEAVE: lambda who, _whom, text: _("{who} left{because}").format(who=who, because=_because(text)),
    EventKind.INVITE: lambda who, whom, text: _("{who} invited {whom}{because}").format(
        who=who, whom=whom, because=_because(text)
    ),
    EventKind.KICK: lambda who, whom, text: _("{who} removed {whom}{because}").format(
        who=who, whom=whom, because=_because(text)
    ),
    EventKind.BAN: lambda who, whom, text: _("{who} banned {whom}{because}").format(
        who=who, whom=whom, because=_because(text)
    ),
    EventKind.UNBAN: lambda who, whom, text: _("{who} lifted the ban on {whom}{because}").format(
        who=who, whom=whom, because=_because(text)
    ),
    EventKind.KNOCK: lambda who, _whom, text: _("{who} asks to be let in{because}").format(
        who=who, because=_because(text)
    ),
    EventKind.RENAME: lambda who, _whom, text: (
        _("{who} is now called {name}").format(who=who, name=text)
        if text
        else _("{who} took the name away").format(who=who)
    ),
    EventKind.STATE: lambda who, _whom, text: f"{who} {_(text)}",
    EventKind.NAME: lambda who, _whom, text: (
        _("{who} named the room {name}").format(who=who, name=text)
        if text
        else _("{who} took the room's name away").format(who=who)
    ),
    EventKind.TOPIC: lambda who, _whom, text: (
        _("{who} set the topic{because}").format(who=who, because=_because(text))
        if text
        else _("{who} removed the topic").format(who=who)
    ),
    EventKind.UPGRADE: lambda who, _whom, text: _("{who} moved the room{because}. /join goes to the new one.").format(
        who=who, because=_because(text)
    ),
}


def sentence(event: RoomEvent, names: Mapping[str, str] = _NOBODY) -> str:
    """What a membership, name, topic or other state event says in words; "" for what people said themselves.

    `names` are those that people have now, by their ids.
    """
    words = _SENTENCES.get(event.kind)
    if words is None:
        return ""
    whom = event.target or event.sender
    return words(event.sender_name or event.sender, names.get(whom) or whom, event.text)


def file_text(file: FileInfo, caption: str) -> str:
    """A file as a line: its name, of a very long one the two ends, its size and type; its caption below."""
    from chat_tui.transfer_words import size_text

    facts = ", ".join(part for part in (size_text(file.size), file.mime) if part)
    name = file.name if len(file.name) <= LONGEST_NAME else f"{file.name[:NAME_START]}…{file.name[-NAME_END:]}"
    line = f"▤ {name}" + (f"  ({facts})" if facts else "")
    return f"{line}\n{caption}" if caption and caption != file.name else line


def _because(text: str) -> str:
    return f": {text}" if text else ""
