"""People, rooms and events, as immutable values that every backend speaks in."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from chat_tui_core.values import frozen


class EventKind(StrEnum):
    """What a timeline event is, as far as showing it goes."""

    MESSAGE = "message"
    NOTICE = "notice"
    EMOTE = "emote"
    FILE = "file"
    JOIN = "join"
    LEAVE = "leave"
    INVITE = "invite"
    KICK = "kick"
    TOPIC = "topic"
    NAME = "name"
    REDACTED = "redacted"
    UNSUPPORTED = "unsupported"


#: Kinds that a person said, and that therefore count as unread.
SPOKEN = frozenset({EventKind.MESSAGE, EventKind.NOTICE, EventKind.EMOTE, EventKind.FILE})


class Membership(StrEnum):
    """How this account stands to a room."""

    JOINED = "joined"
    INVITED = "invited"
    LEFT = "left"
    NONE = "none"  # a public room that we could join


class RoomKind(StrEnum):
    """Who can see a room."""

    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"


class Presence(StrEnum):
    """Whether a person is there; UNKNOWN until the server says so."""

    ONLINE = "online"
    IDLE = "idle"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What a member may do in a room."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"


@frozen
class Member:
    """One person in one room. `name` is for showing; `user_id` identifies."""

    user_id: str
    name: str = ""
    presence: Presence = Presence.UNKNOWN
    role: Role = Role.MEMBER


@frozen
class Reaction:
    """One key (an emoji or a short text) on one event and who set it."""

    key: str
    users: tuple[str, ...] = ()


@frozen
class RoomEvent:
    """One item of a room's timeline.

    `order` sorts a room's events as the server orders them (wschat: pos). `ts` is the server's time in
    milliseconds since 1970. `sender_name` is the name when it was said (B18). `target` names whom a
    membership event concerns. `action_id` is set only on what this very device did.
    """

    room_id: str
    event_id: str
    order: int
    kind: EventKind
    sender: str
    ts: int
    text: str = ""
    sender_name: str = ""
    target: str = ""
    reply_to: str = ""
    edited_ts: int = 0
    reactions: tuple[Reaction, ...] = ()
    action_id: int = 0


@frozen
class Room:
    """One room as the home screen shows it.

    `head` is the newest order that the server has told of, `read` the last order that this user has read
    (0 = none). `last_*` describe the newest spoken event that is known.
    """

    room_id: str
    name: str = ""
    topic: str = ""
    kind: RoomKind = RoomKind.PUBLIC
    membership: Membership = Membership.JOINED
    members: int = 0
    aliases: tuple[str, ...] = ()
    unread: int = 0
    mentions: int = 0
    head: int = 0
    read: int = 0
    last_ts: int = 0
    last_sender: str = ""
    last_text: str = ""

    @property
    def title(self) -> str:
        """The name to show: the room's own, else its id."""
        return self.name or self.room_id


@frozen
class Gap:
    """A hole in a room's stored events: everything with `after` < order < `before` is not here yet.

    `token` is the backend's own mark for fetching it (Matrix: prev_batch); empty where orders suffice.
    """

    room_id: str
    after: int
    before: int
    token: str = ""


@frozen
class Account:
    """One login: `name` is the person's own word for it, `device` is kept for ever (action ids hang on it)."""

    name: str
    backend: str
    url: str
    user: str
    device: str
    options: dict[str, str] = field(default_factory=dict)
