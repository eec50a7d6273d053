"""What a backend tells a session: values only."""

from __future__ import annotations

from collections.abc import Mapping

from chat_tui_core.file_news import FileNews
from chat_tui_core.link import Capability, LinkChanged
from chat_tui_core.model import Gap, Member, Presence, Room, RoomEvent
from chat_tui_core.small_pictures import PictureGiven
from chat_tui_core.spaces import SpaceGiven
from chat_tui_core.threads import ThreadGiven, ThreadTold
from chat_tui_core.values import frozen

# ---------------------------------------------------------------- news: backend -> session


@frozen
class SignedIn:
    """Who we are now.

    `last_action_id`: the highest id that the server has seen from this device, 0 if it cannot tell.
    `capabilities`: what this very server can do. `note`: something for the status bar to say.
    """

    user: str
    device: str
    last_action_id: int = 0
    capabilities: frozenset[Capability] = frozenset()
    note: str = ""


@frozen
class RoomsListed:
    """Every room that the account is in or invited to, and rooms that it could join; rooms that are not named are gone.

    A field that the server did not tell is left at the model's default and does not overwrite what is stored.
    """

    rooms: tuple[Room, ...]


@frozen
class RoomChanged:
    """One room is new, or some of its fields are. `fields` names those that this news sets."""

    room: Room
    fields: frozenset[str]


@frozen
class RoomGone:
    """The room was deleted, or is no longer visible to us."""

    room_id: str
    reason: str = ""


@frozen
class Arrived:
    """Timeline events of one room, ascending. `live`: new in the stream; else they fill what was missed.

    With a `token`, there may be events between what is stored and these: unless one of them is stored already, that is
    a gap, and the token fetches it. `start` is the order at which the batch begins, for a batch without events.
    """

    room_id: str
    events: tuple[RoomEvent, ...]
    live: bool = True
    token: str = ""
    start: int = 0


@frozen
class GapFound:
    """The stream jumped: the events inside the gap exist but were not brought."""

    gap: Gap


@frozen
class Edited:
    """An event's text was changed. An older edit never replaces a newer one.

    With `by`, only an edit by the event's own sender counts. The event may come later than its edit.
    """

    room_id: str
    event_id: str
    order: int
    text: str
    ts: int
    by: str = ""


@frozen
class Redacted:
    """An event was deleted; its place stays. A reaction's `reaction_id` may stand for the event: it is taken back."""

    room_id: str
    event_id: str
    order: int
    by: str = ""


@frozen
class Reacted:
    """A reaction was set or removed; setting twice is once. `reaction_id` is its own event, where it has one."""

    room_id: str
    event_id: str
    order: int
    by: str
    key: str
    removed: bool = False
    reaction_id: str = ""


@frozen
class HistoryGiven:
    """The answer to AskHistory: ascending events. `more`: further ones exist in the asked direction, from `token` on."""

    request: int
    room_id: str
    events: tuple[RoomEvent, ...]
    more: bool
    token: str = ""


@frozen
class AroundGiven:
    """The answer to AskAround: ascending events, their orders only relative to each other.

    `event_id` is the one that was meant. The tokens fetch what is before and after; "" = nothing is.
    """

    request: int
    room_id: str
    event_id: str
    events: tuple[RoomEvent, ...]
    token: str = ""
    token_after: str = ""


@frozen
class StateSet:
    """A piece of a room's state as it is now: `content` is JSON, "" = it was removed. `type` and `key` name it.

    Kept for the backend's own use (contract.StateReader) and for whoever wants to look; room_id "" is the account's.
    """

    room_id: str
    type: str
    key: str
    content: str
    sender: str = ""
    event_id: str = ""
    ts: int = 0


@frozen
class MembersListed:
    """Everyone in a room now. `request` is 0 when nobody asked."""

    room_id: str
    members: tuple[Member, ...]
    request: int = 0


@frozen
class MemberChanged:
    """One person came to a room, changed or left it (`gone`)."""

    room_id: str
    member: Member
    gone: bool = False


@frozen
class DirectoryGiven:
    """The answer to AskDirectory."""

    request: int
    rooms: tuple[Room, ...]


@frozen
class UsersGiven:
    """The answer to AskUsers. `more`: the server knows further ones."""

    request: int
    users: tuple[Member, ...]
    more: bool = False


@frozen
class AskRefused:
    """The answer to a question is no."""

    request: int
    code: str
    text: str


@frozen
class TypingSet:
    """Who types in a room now; replaces what was known."""

    room_id: str
    users: tuple[str, ...]


@frozen
class PresenceSet:
    """Whether a person is there."""

    user_id: str
    presence: Presence
    text: str = ""


@frozen
class ReadMoved:
    """A person has read up to and including `order`, or the event where its order is not known; never back."""

    room_id: str
    user_id: str
    order: int = 0
    event_id: str = ""


@frozen
class Written:
    """The action's bytes were handed to the network."""

    action_id: int


@frozen
class Answered:
    """S1 2a. `final`: no echo will follow, the answer is all there is. `text` only when the server changed it."""

    action_id: int
    event_id: str = ""
    order: int = 0
    ts: int = 0
    room_id: str = ""
    text: str | None = None
    final: bool = False


@frozen
class Echoed:
    """S1 2b/3: the action was seen in the event stream. `made`: see RoomEvent.action_made."""

    action_id: int
    event_id: str = ""
    order: int = 0
    made: int = 0


@frozen
class RefusedAction:
    """A definite no. `code` is the server's own word, `text` one sentence for the person."""

    action_id: int
    code: str
    text: str


@frozen
class Postponed:
    """Not now: the same id may be tried again after `seconds` (rate limit, server fault)."""

    action_id: int
    seconds: float
    code: str
    text: str


@frozen
class LostAction:
    """No answer came to an action that was written: in doubt. It is tried again with the same id, after `seconds`."""

    action_id: int
    seconds: float = 0.0


@frozen
class Position:
    """Where the stream stands after everything before it in this batch; given back at the next start.

    Saved in one transaction *with* what it brought; an empty mapping forgets it.
    """

    data: Mapping[str, str]


@frozen
class Problem:
    """Something the server sent was set aside (S2's poison event) or is worth a line in `doctor`."""

    text: str
    room_id: str = ""


News = (
    LinkChanged
    | SignedIn
    | RoomsListed
    | RoomChanged
    | RoomGone
    | Arrived
    | GapFound
    | Edited
    | Redacted
    | Reacted
    | HistoryGiven
    | AroundGiven
    | StateSet
    | MembersListed
    | MemberChanged
    | DirectoryGiven
    | UsersGiven
    | AskRefused
    | TypingSet
    | PresenceSet
    | ReadMoved
    | Written
    | Answered
    | Echoed
    | RefusedAction
    | Postponed
    | LostAction
    | Position
    | Problem
    | FileNews
    | ThreadGiven
    | ThreadTold
    | PictureGiven
    | SpaceGiven
)
