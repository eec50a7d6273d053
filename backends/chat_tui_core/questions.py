"""What a session asks of a backend: values only."""

from __future__ import annotations

from chat_tui_core.model import Presence
from chat_tui_core.small_pictures import AskPicture
from chat_tui_core.spaces import AskSpace
from chat_tui_core.threads import AskThread
from chat_tui_core.values import frozen


@frozen
class AskHistory:
    """Events of a room: before or after an order (both exclusive), or the newest where both are 0.

    `token` is that of the gap which the page is to fill: `Gap.token` with `before`, `Gap.token_after` with `after`.
    `event_id` is the stored event at that order, where there is one, for servers that go by ids.
    """

    request: int
    room_id: str
    count: int
    before: int = 0
    after: int = 0
    token: str = ""
    event_id: str = ""


@frozen
class AskMembers:
    """Who is in a room."""

    request: int
    room_id: str


@frozen
class AskDirectory:
    """Rooms that could be joined, narrowed by `search`."""

    request: int
    search: str = ""


@frozen
class AskAround:
    """Events around one, or around a time (milliseconds since 1970), for a jump. Answered by AroundGiven."""

    request: int
    room_id: str
    count: int
    event_id: str = ""
    ts: int = 0


@frozen
class AskUsers:
    """People whose name or id matches."""

    request: int
    search: str


@frozen
class SetTyping:
    """Tell a room that this user types, or no longer does. Never stored, never retried."""

    room_id: str
    typing: bool


@frozen
class SetPresence:
    """Tell others whether this user is there. Never stored; the last one holds."""

    presence: Presence
    text: str = ""


Question = (
    AskHistory
    | AskMembers
    | AskDirectory
    | AskAround
    | AskUsers
    | AskThread
    | AskPicture
    | AskSpace
    | SetTyping
    | SetPresence
)
