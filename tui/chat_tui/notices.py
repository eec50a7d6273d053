"""Decide which events a person is told of while they look elsewhere, and in which words; no I/O and no clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

from chat_tui.config import Config
from chat_tui.settings import quiet_minutes
from chat_tui.strings import _
from chat_tui_core.model import SPOKEN, EventKind, Membership, Room, RoomEvent, RoomKind
from chat_tui_core.safe_text import harmless_name, one_line
from chat_tui_core.values import frozen

__all__ = [
    "Notice",
    "Why",
    "has_keyword",
    "invitation",
    "invited",
    "is_quiet",
    "level_of",
    "notice_of",
    "summed_up",
    "why_told",
]

LONGEST: Final = 200
"""Characters of a message that a notice shows."""


class Why(StrEnum):
    """Why a person is told of an event."""

    MENTION = "mention"
    KEYWORD = "keyword"
    DIRECT = "direct"
    MESSAGE = "message"
    INVITE = "invite"


@frozen
class Notice:
    """What is shown: two harmless texts on one line each, and the room that they are about."""

    title: str
    body: str
    room_id: str = ""


def is_quiet(span: str, minute: int) -> bool:
    """Whether a minute of the day lies in a span such as "22:00-07:00"; the end is out, equal ends are no span."""
    minutes = quiet_minutes(span)
    if minutes is None:
        return False
    begin, end = minutes
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def level_of(config: Config, room: Room) -> str:
    """What is told of a room: its own level, by id or by name, else the general one; a muted room is quiet."""
    if room.muted:
        return "nothing"
    own = config.notify_rooms
    return own.get(room.room_id) or own.get(room.title.removeprefix("#")) or config.notify_level


def why_told(
    config: Config, room: Room, event: RoomEvent, me: str, *, minute: int, mentioned: bool, seen: bool
) -> Why | None:
    """Why the person is told of an event, None if they are not.

    `minute` is that of their day, `mentioned` whether the event names them, `seen` whether it is on the screen that
    they look at.
    """
    level = level_of(config, room)
    spoken = event.kind in SPOKEN and event.sender != me
    if not spoken or seen or event.order <= room.read or level == "nothing" or is_quiet(config.notify_quiet, minute):
        return None
    if mentioned:
        return Why.MENTION
    if has_keyword(event.text, config.notify_keywords):
        return Why.KEYWORD
    if room.kind is RoomKind.DIRECT:
        return Why.DIRECT
    return Why.MESSAGE if level == "all" else None


def has_keyword(text: str, keywords: Sequence[str]) -> bool:
    """Whether one of these words stands in the text as a word, in any case."""
    return bool(keywords) and _finder(tuple(keywords)).search(text) is not None


@lru_cache(maxsize=8)
def _finder(keywords: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, keywords))})(?!\w)", re.IGNORECASE)


def invited(config: Config, room: Room, *, minute: int) -> bool:
    """Whether the person is told that they are invited to a room."""
    quiet = is_quiet(config.notify_quiet, minute) or level_of(config, room) == "nothing"
    return room.membership is Membership.INVITED and not quiet


def notice_of(room: Room, event: RoomEvent, said: str | None) -> Notice:
    """What is shown of an event: who and where, and what: `said` is its text as it may be shown; None: nothing of it."""
    sender = harmless_name(event.sender_name or event.sender)
    direct = room.kind is RoomKind.DIRECT
    title = sender if direct else _("{name} in {room}").format(name=sender, room=harmless_name(room.title))
    if said is None:
        body = _("New file") if event.kind is EventKind.FILE else _("New message")
    elif event.file is not None:
        body = one_line(_("File: {name} {text}").format(name=event.file.name, text=said), LONGEST)
    else:
        body = one_line(said, LONGEST)
    return Notice(title, body, room.room_id)


def invitation(room: Room) -> Notice:
    """What is shown of an invitation."""
    who = harmless_name(room.inviter) or _("Somebody")
    return Notice(harmless_name(room.title), _("{name} invites you to this room").format(name=who), room.room_id)


def summed_up(notices: Sequence[Notice]) -> Notice:
    """One notice for all of these: itself where it is one, else how many there are and in how many rooms."""
    if len(notices) == 1:
        return notices[0]
    rooms = {notice.room_id: None for notice in notices}
    if len(rooms) == 1:
        body = _("{count} new messages; the last: {text}").format(count=len(notices), text=notices[-1].body)
        return Notice(notices[-1].title, body, *rooms)
    body = _("{count} new messages in {rooms} rooms").format(count=len(notices), rooms=len(rooms))
    return Notice("chat-tui", body)
