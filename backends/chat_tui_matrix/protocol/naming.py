"""What a person types as the name of a room or of a person, as Matrix writes it."""

from __future__ import annotations

import re
from typing import Any, Final

from chat_tui_matrix.protocol.replies import Declined

_USER: Final = re.compile(r"@[^:\s]*:\S+")
_MOST_SERVERS: Final = 5


def is_room_id(word: str) -> bool:
    """Whether this is a room's id; it need not name a server (room version 12)."""
    return len(word) > 1 and word.startswith("!")


def is_user_id(word: str) -> bool:
    """Whether this is a person's full id."""
    return _USER.fullmatch(word) is not None


def server_of(name: str) -> str:
    """The server that a full name belongs to, "" where it names none."""
    return name.partition(":")[2]


def address(word: str, me: str) -> str:
    """The id or alias to join. "garden" and "#garden" are of our own server; raises Declined."""
    word = word.strip()
    if is_room_id(word):
        return word
    if word.startswith("@"):
        raise Declined("BADARGS", f"{word} is a person: invite them into a room to talk.")
    name = word.removeprefix("#")
    if not name or name.startswith(":"):
        raise Declined("BADARGS", "A room has an address such as #garden:example.org.")
    return f"#{name}" if ":" in name else f"#{name}:{server_of(me)}"


def servers(where: str, via: Any) -> tuple[str, ...]:
    """The servers through which a room can be joined: those that were named, else the one that its id names."""
    named = via if isinstance(via, list | tuple) else ()
    found = tuple(name for name in named if isinstance(name, str) and name)[:_MOST_SERVERS]
    if found or not is_room_id(where):
        return found
    own = server_of(where)
    return (own,) if own else ()


def user_id(word: str, me: str) -> str:
    """A person's full id; raises Declined with the likely one, for a wrong guess would invite a stranger."""
    word = word.strip()
    if is_user_id(word):
        return word
    likely = word.removeprefix("@") or "name"
    raise Declined("BADARGS", f"A person's full id is needed, such as @{likely}:{server_of(me) or 'example.org'}.")
