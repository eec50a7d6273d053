"""What is read out: events, rooms and actions as lines of plain text; harmless, and each complete by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from types import MappingProxyType
from typing import Final

from chat_tui.spoken import ME
from chat_tui.strings import N_, _, n_
from chat_tui.transfer_words import size_text
from chat_tui.waiting import reason_of
from chat_tui.widgets.event_sentences import sentence
from chat_tui.widgets.message_look import clock_of
from chat_tui_core.actions import Action, Kind
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.model import SPOKEN, EventKind, FileInfo, Membership, Room, RoomEvent, RoomKind
from chat_tui_core.safe_text import harmless, harmless_name, one_line

__all__ = ["DONE", "event_line", "link_line", "refused_line", "room_line", "room_lines", "title_of", "who_said"]

GIST = 60
NOBODY: Final[Mapping[str, str]] = MappingProxyType({})
#: What is read out when one of these is confirmed, for it makes no line of its own.
DONE = MappingProxyType({Kind.EDIT: N_("Changed."), Kind.REACT: N_("Reacted."), Kind.REDACT: N_("Deleted.")})


def title_of(room: Room) -> str:
    """A room's name."""
    return harmless_name(room.title) or room.room_id


def event_line(
    event: RoomEvent,
    me: str,
    *,
    room: Room | None = None,
    names: Mapping[str, str] = NOBODY,
    zone: tzinfo | None = None,
) -> str:
    """An event as it is read out; `room` is named where it is not the current one. Further lines are indented.

    `names` are those that people have now, by their ids. Empty for an event that says nothing.
    """
    if not event.sender_name and event.sender in names:
        event = replace(event, sender_name=names[event.sender])
    said = _said(event, who_said(event, me), names)
    if not said:
        return ""
    where = ""
    if room is not None and room.kind is RoomKind.DIRECT:
        where = _("in a direct chat, ")
    elif room is not None:
        where = _("in {room}, ").format(room=title_of(room))
    return f"{clock_of(event.ts, zone)} {where}{said}".replace("\n", "\n    ")


def who_said(event: RoomEvent, me: str) -> str:
    """Whose an event is."""
    return _("You") if event.sender == me else harmless_name(event.sender_name or event.sender) or _("Somebody")


def _said(event: RoomEvent, who: str, names: Mapping[str, str]) -> str:
    if event.kind is EventKind.REDACTED:
        return _("{who} deleted a message").format(who=who)
    if event.kind is EventKind.UNSUPPORTED:
        return _("{who} sent something that cannot be shown").format(who=who)
    if event.kind is EventKind.EMOTE or (event.kind is EventKind.MESSAGE and event.text.startswith(ME)):
        return f"* {who} {harmless(event.text.removeprefix(ME))}"
    if event.kind not in SPOKEN:
        return one_line(sentence(event, names))
    if event.file is not None:
        caption = f": {harmless(event.text)}" if event.text and event.text != event.file.name else ""
        return _("{who} sent the file {file}{caption}").format(who=who, file=_file(event.file), caption=caption)
    return f"{who}{_where(event)}: {harmless(event.text)}"


def _where(event: RoomEvent) -> str:
    """On what a message hangs."""
    if event.thread:
        return _(" (an answer, in a thread)") if event.reply_to else _(" (in a thread)")
    return _(" (an answer)") if event.reply_to else ""


def _file(file: FileInfo) -> str:
    facts = ", ".join(part for part in (size_text(file.size), harmless_name(file.mime)) if part)
    return harmless_name(file.name) + (f" ({facts})" if facts else "")


def room_line(room: Room) -> str:
    """The room that becomes the current one."""
    count = room.members or int(
        room.membership is Membership.JOINED
    )  # oneself, where the server has told no number yet
    members = n_("{count} member", "{count} members", count).format(count=count)
    topic = " " + _("Topic: {topic}").format(topic=one_line(room.topic)) if room.topic else ""
    said = _("Direct chat with {name}, {members}.") if room.kind is RoomKind.DIRECT else _("Room {name}, {members}.")
    return said.format(name=title_of(room), members=members) + topic


def room_lines(rooms: list[Room]) -> list[str]:
    """A list of rooms, one a line, with how much is unread."""
    return [f"{title_of(room)}, {_unread(room)}" if room.unread else title_of(room) for room in rooms]


def _unread(room: Room) -> str:
    return _("{count} unread").format(count=room.unread)


def link_line(link: LinkChanged) -> str:
    """What the connection is now; empty for a step on the way that says nothing."""
    reason = f": {one_line(_(link.reason)).rstrip('.')}" if link.reason else ""
    if link.link is Link.ONLINE:
        return _("Connected.")
    if link.link is Link.STOPPED:
        return _("The connection has ended{reason}. /connect tries again.").format(reason=reason)
    if link.link is Link.WAITING:
        return _("No connection{reason}. It is tried again.").format(reason=reason)
    return ""


def refused_line(action: Action) -> str:
    """A message that the server did not take, and what can be done."""
    gist = one_line(action.text, GIST)
    return _("Refused: {gist}. Reason: {reason}. /retry, /edit NEW TEXT, /discard or /pass decides about it.").format(
        gist=gist, reason=reason_of(action)
    )
