"""What a word that a person types means as the id of a person or the address of a room, on any protocol."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, unquote

from chat_tui.strings import _
from chat_tui_core.errors import LocalError
from chat_tui_core.model import Member, Room

__all__ = ["day_start", "direct_address", "find_room", "message_link", "person_id", "room_address"]

_MATRIX_TO: Final = re.compile(r"https?://matrix\.to/#/((?:[!#]|%21|%23)[^/?]+)(?:/((?:\$|%24)[^/?]+))?")
_MATRIX_URI: Final = re.compile(r"matrix:(roomid|r)/([^/?]+)(?:/e/([^/?]+))?")


def person_id(word: str, me: str, members: Iterable[Member] = ()) -> str:
    """The id of a person who is named by id, by part of it, or by the name that is shown.

    `me` is the own id, which shows how ids look here: plain, or @name:server, where a bare name means the own server.
    Raises LocalError when two people have that name.
    """
    bare = word.removeprefix("@")
    everyone = list(members)
    if exact := [m.user_id for m in everyone if m.user_id in {word, bare, f"@{bare}"}]:
        return exact[0]
    named = [m.user_id for m in everyone if m.name.casefold() == bare.casefold()]
    if len(named) > 1:
        raise LocalError(
            _("{count} people here are called {bare}: write one of {ids}.").format(
                count=len(named), bare=bare, ids=", ".join(sorted(named)[:4])
            )
        )
    if named:
        return named[0]
    if not me.startswith("@"):
        return bare
    return f"@{bare}" if ":" in bare else f"@{bare}:{me.partition(':')[2]}"


def room_address(word: str, me: str) -> str:
    """The address of a room to join: as it is where addresses carry their mark and server, else the bare name."""
    if not me.startswith("@") or word.startswith("!"):
        return word.removeprefix("#") if not me.startswith("@") else word
    bare = word.removeprefix("#")
    return f"#{bare}" if ":" in bare else f"#{bare}:{me.partition(':')[2]}"


def direct_address(user: str, me: str) -> str:
    """The address of the direct chat of two people where their names make it; "" where it is a room like any other."""
    return "" if me.startswith("@") else f"@{'+'.join(sorted((me, user)))}"


def find_room(word: str, rooms: Iterable[Room]) -> Room | None:
    """The room that a word names: by id, by alias, by the part of an alias before its server, or by name."""
    wanted = _plain(word)
    found = list(rooms)
    exact = (room for room in found if word == room.room_id or wanted in map(_plain, (room.room_id, *room.aliases)))
    named = (room for room in found if wanted == _plain(room.title))
    local = (room for room in found if wanted in {_plain(alias).partition(":")[0] for alias in room.aliases})
    return next(exact, None) or next(named, None) or next(local, None)


def link_to(room_id: str, event_id: str, me: str) -> str:
    """A link to a message, where rooms and messages have ids that are the same everywhere; else "".

    It names a server that knows the room: the one that made it where its id tells, and one's own (specification,
    appendix "matrix.to navigation").
    """
    if not (room_id.startswith("!") and event_id.startswith("$")):
        return ""
    servers = dict.fromkeys(part for part in (room_id.partition(":")[2], me.partition(":")[2]) if part)
    via = "&".join(f"via={quote(server, safe=':')}" for server in servers)
    return f"https://matrix.to/#/{quote(room_id, safe='!:')}/{quote(event_id, safe='$:')}" + (f"?{via}" if via else "")


def message_link(text: str) -> tuple[str, str] | None:
    """(address of a room, id of a message or "") that a Matrix link names, None for anything else."""
    if match := _MATRIX_TO.match(text):
        return unquote(match.group(1)), unquote(match.group(2) or "")
    if match := _MATRIX_URI.match(unquote(text)):
        sign = "!" if match.group(1) == "roomid" else "#"
        return sign + match.group(2), f"${match.group(3)}" if match.group(3) else ""
    return None


def day_start(text: str) -> int | None:
    """The start of a day (2026-01-31, today, yesterday) in local time, as ms since 1970; None for anything else."""
    now = datetime.now().astimezone()
    days = {"today": 0, "yesterday": 1, _("today"): 0, _("yesterday"): 1}
    try:
        day = now - timedelta(days=days[text]) if text in days else datetime.strptime(text, "%Y-%m-%d").astimezone()
    except ValueError:
        return None
    return round(day.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def _plain(name: str) -> str:
    return name.removeprefix("#").casefold()
