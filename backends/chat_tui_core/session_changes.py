"""What a session tells whoever watches it: the screen, the command line, a bot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chat_tui_core.actions import Action
    from chat_tui_core.contract import LinkChanged
    from chat_tui_core.model import RoomEvent
    from chat_tui_core.timeline import Change
    from chat_tui_core.transfers import Transfer


@frozen
class LinkMoved:
    """The connection's truth changed; `retry_at` is on time.monotonic's clock."""

    link: LinkChanged


@frozen
class RoomsMoved:
    """These rooms are new, changed or gone (look them up in `Session.rooms`)."""

    room_ids: frozenset[str]


@frozen
class TimelineMoved:
    """An open room's list changed, step by step. `live` events are new in the stream."""

    room_id: str
    changes: tuple[Change, ...]
    live: bool = False


@frozen
class EventsArrived:
    """New events of the stream, in any room, open or not; what merely fills a hole is not among them."""

    room_id: str
    events: tuple[RoomEvent, ...]


@frozen
class MembersMoved:
    """Who is in the room, or what is known of them, changed."""

    room_id: str


@frozen
class TypingMoved:
    """Other people who type in the room now."""

    room_id: str


@frozen
class PresenceMoved:
    """Whether this person is there changed."""

    user_id: str


@frozen
class ReadMarkMoved:
    """Members have read further: up to which order, by their ids."""

    room_id: str
    positions: Mapping[str, int]


@frozen
class ActionMoved:
    """An action is new or changed its state; `old_id` when it got a new id after a refusal."""

    action: Action
    old_id: int = 0


@frozen
class TransferMoved:
    """A file is new, has moved on, waits for something else, or has ended: see `Session.files`."""

    transfer: Transfer


@frozen
class Said:
    """One sentence for the person. `serious`: something was refused or set aside."""

    text: str
    serious: bool = False
    room_id: str = ""


SessionChange = (
    LinkMoved
    | RoomsMoved
    | TimelineMoved
    | EventsArrived
    | MembersMoved
    | TypingMoved
    | PresenceMoved
    | ReadMarkMoved
    | ActionMoved
    | TransferMoved
    | Said
)
