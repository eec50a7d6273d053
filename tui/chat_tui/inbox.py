"""What stands in the inbox: invitations, mentions and answers of all accounts, as values and in words."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from chat_tui.strings import _
from chat_tui_core.model import Room, RoomEvent
from chat_tui_core.values import frozen

__all__ = ["Entry", "Why", "newest_first", "text_of"]


class Why(Enum):
    """Why something is in the inbox."""

    INVITED = "invited"
    NAMED = "named"
    ANSWERED = "answered"


@frozen
class Entry:
    """An invitation to a room of an account, or what was said there to the person; `new`: it is not read yet."""

    why: Why
    account: str
    room: Room
    event: RoomEvent | None = None
    new: bool = False

    @property
    def id(self) -> tuple[str, str, int]:
        """What no other entry has."""
        return self.account, self.room.room_id, self.event.order if self.event is not None else 0

    @property
    def ts(self) -> int:
        """When it came, milliseconds since 1970; 0 where nobody knows."""
        return self.event.ts if self.event is not None else self.room.last_ts

    @property
    def who(self) -> str:
        """Who it is from, "" where nobody knows."""
        return (self.event.sender_name or self.event.sender) if self.event is not None else self.room.inviter


def newest_first(entries: Iterable[Entry], most: int) -> list[Entry]:
    """The entries in the order in which they are listed: invitations wait for an answer, so they come first."""
    ordered = sorted(entries, key=lambda entry: (entry.why is not Why.INVITED, -entry.ts, entry.id))
    return ordered[:most]


def text_of(entry: Entry) -> str:
    """What was said, or what there is to know of an invitation; one line, not cleaned."""
    if entry.event is not None:
        return entry.event.text or (entry.event.file.name if entry.event.file else "")
    invited = _("invites you") if entry.room.inviter else _("You are invited.")
    return f"{invited}  {entry.room.topic}" if entry.room.topic else invited
