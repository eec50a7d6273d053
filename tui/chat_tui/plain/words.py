"""What is read out: events, rooms and actions as lines of plain text; harmless, and each complete by itself."""

from __future__ import annotations

from datetime import tzinfo
from types import MappingProxyType

from chat_tui.commands import ME
from chat_tui.transfer_words import size_text
from chat_tui.waiting import reason_of
from chat_tui.widgets.event_sentences import sentence
from chat_tui.widgets.message_look import clock_of
from chat_tui_core.actions import Action, Kind
from chat_tui_core.model import SPOKEN, EventKind, FileInfo, Membership, Room, RoomEvent, RoomKind
from chat_tui_core.news import Link, LinkChanged
from chat_tui_core.safe_text import harmless, harmless_name, one_line

__all__ = ["DONE", "event_line", "link_line", "refused_line", "room_line", "room_lines", "title_of"]

GIST = 60
#: What is read out when one of these is confirmed, for it makes no line of its own.
DONE = MappingProxyType({Kind.EDIT: "Changed.", Kind.REACT: "Reacted.", Kind.REDACT: "Deleted."})


def title_of(room: Room) -> str:
    """A room's name."""
    return harmless_name(room.title) or room.room_id


def event_line(event: RoomEvent, me: str, *, room: Room | None = None, zone: tzinfo | None = None) -> str:
    """An event as it is read out; `room` is named where it is not the current one. Further lines are indented.

    Empty for an event that says nothing.
    """
    who = "You" if event.sender == me else harmless_name(event.sender_name or event.sender) or "Somebody"
    said = _said(event, who)
    if not said:
        return ""
    where = f"in {title_of(room)}, " if room is not None else ""
    return f"{clock_of(event.ts, zone)} {where}{said}".replace("\n", "\n    ")


def _said(event: RoomEvent, who: str) -> str:
    if event.kind is EventKind.REDACTED:
        return f"{who} deleted a message"
    if event.kind is EventKind.UNSUPPORTED:
        return f"{who} sent something that cannot be shown"
    if event.kind is EventKind.EMOTE or (event.kind is EventKind.MESSAGE and event.text.startswith(ME)):
        return f"* {who} {harmless(event.text.removeprefix(ME))}"
    if event.kind not in SPOKEN:
        return one_line(sentence(event))
    if event.file is not None:
        caption = f": {harmless(event.text)}" if event.text and event.text != event.file.name else ""
        return f"{who} sent {_file(event.file)}{caption}"
    answers = " (an answer)" if event.reply_to else ""
    return f"{who}{answers}: {harmless(event.text)}"


def _file(file: FileInfo) -> str:
    facts = ", ".join(part for part in (size_text(file.size), harmless_name(file.mime)) if part)
    return f"the file {harmless_name(file.name)}" + (f" ({facts})" if facts else "")


def room_line(room: Room) -> str:
    """The room that becomes the current one."""
    count = room.members or (room.membership is Membership.JOINED)  # oneself, where the server has told no number yet
    members = f"{count:d} member{'' if count == 1 else 's'}"
    topic = f" Topic: {one_line(room.topic)}" if room.topic else ""
    kind = "Direct chat with" if room.kind is RoomKind.DIRECT else "Room"
    return f"{kind} {title_of(room)}, {members}.{topic}"


def room_lines(rooms: list[Room]) -> list[str]:
    """A list of rooms, one a line, with how much is unread."""
    return [f"{title_of(room)}{f', {room.unread} unread' if room.unread else ''}" for room in rooms]


def link_line(link: LinkChanged) -> str:
    """What the connection is now; empty for a step on the way that says nothing."""
    reason = f": {one_line(link.reason).rstrip('.')}" if link.reason else ""
    if link.link is Link.ONLINE:
        return "Connected."
    if link.link is Link.STOPPED:
        return f"The connection has ended{reason}. /connect tries again."
    return f"No connection{reason}. It is tried again." if link.link is Link.WAITING else ""


def refused_line(action: Action) -> str:
    """A message that the server did not take, and what can be done."""
    gist = one_line(action.text, GIST)
    return f"Refused: {gist}. Reason: {reason_of(action)}. /retry, /edit NEW TEXT, /discard or /pass decides about it."
