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
    BAN = "ban"
    UNBAN = "unban"
    KNOCK = "knock"
    RENAME = "rename"  # a member's own name: `text` is the new one, `sender_name` the old one
    TOPIC = "topic"
    NAME = "name"
    UPGRADE = "upgrade"  # the room goes on in another one: `target` is its id
    STATE = "state"  # any other change of the room: `text` says what the sender did, "changed the picture"
    REDACTED = "redacted"
    UNSUPPORTED = "unsupported"


#: Kinds that a person said, and that therefore count as unread.
SPOKEN = frozenset({EventKind.MESSAGE, EventKind.NOTICE, EventKind.EMOTE, EventKind.FILE})


class Membership(StrEnum):
    """How this account stands to a room."""

    JOINED = "joined"
    INVITED = "invited"
    KNOCKED = "knocked"  # we asked to be let in
    LEFT = "left"
    NONE = "none"  # a public room that we could join


class RoomKind(StrEnum):
    """Who can see a room."""

    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"


class RoomTag(StrEnum):
    """Where this user wants a room in the list."""

    FAVOURITE = "favourite"
    NONE = ""
    LOW = "low"


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
class FileInfo:
    """A file that a message brings. `ref` is the backend's own address of it; sizes are bytes and pixels, 0 = not told.

    `digest` is the SHA-256 in hex where the sender told it. `thumbnail` is the address of a small picture of it.
    """

    name: str
    size: int = 0
    mime: str = ""
    ref: str = ""
    width: int = 0
    height: int = 0
    digest: str = ""
    thumbnail: str = ""


@frozen
class RoomEvent:
    """One item of a room's timeline.

    `order` sorts a room's events as the server orders them (wschat: pos). `ts` is the server's time in
    milliseconds since 1970. `sender_name` is the name when it was said (B18). `target` names whom a
    membership event concerns. `action_id` is set only on what this very device did; `action_made` is then the
    time at which that action was made, where the server tells it back: the id alone might be an older copy's.
    `thread` is the event that the thread began with. `text` is the caption where there is a `file`. `names_me` is
    whether it is meant to be brought to this user's notice, where its sender says so; None: its text has to tell.
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
    thread: str = ""
    file: FileInfo | None = None
    action_made: int = 0
    names_me: bool | None = None


@frozen
class Room:
    """One room as the home screen shows it.

    `head` is the newest order that the server has told of, `read` the last order that this user has read
    (0 = none). `last_*` describe the newest spoken event that is known. `inviter` invited us; `successor` is the room
    in which an upgraded one goes on; `direct` is the other person of a DIRECT room where the server tells. `children` are
    the ids of the rooms that a space holds, in its order; None = it is a room to talk in.
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
    tag: RoomTag = RoomTag.NONE
    muted: bool = False
    inviter: str = ""
    successor: str = ""
    direct: str = ""
    children: tuple[str, ...] | None = None

    @property
    def is_space(self) -> bool:
        """Whether it is there to hold other rooms, and not to talk in."""
        return self.children is not None

    @property
    def title(self) -> str:
        """The name to show: the room's own, else its id."""
        return self.name or self.room_id


@frozen
class Gap:
    """A hole in a room's stored events: everything with `after` < order < `before` is not here yet.

    `token` is the backend's own mark for fetching its newest part (Matrix: prev_batch), `token_after` the one for
    its oldest part; both empty where orders suffice.
    """

    room_id: str
    after: int
    before: int
    token: str = ""
    token_after: str = ""


@frozen
class Account:
    """One login: `name` is the person's own word for it, `device` is kept for ever (action ids hang on it)."""

    name: str
    backend: str
    url: str
    user: str
    device: str
    options: dict[str, str] = field(default_factory=dict)
