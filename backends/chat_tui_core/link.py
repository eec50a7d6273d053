"""What a server can do, and how the link to it stands: the part of the news that a screen needs from its first frame on."""

from __future__ import annotations

from enum import StrEnum

from chat_tui_core.values import frozen

__all__ = ["Capability", "Link", "LinkChanged"]


class Capability(StrEnum):
    """What a backend can do; the app hides the rest."""

    SEND = "send"
    HISTORY = "history"
    CREATE = "create"
    DELETE = "delete"
    JOIN = "join"
    INVITE = "invite"
    KICK = "kick"
    TOPIC = "topic"
    EDIT = "edit"
    REDACT = "redact"
    REACT = "react"
    REPLY = "reply"
    READ = "read"
    TYPING = "typing"
    PRESENCE = "presence"
    FILES = "files"
    DIRECTORY = "directory"
    BAN = "ban"
    NAME = "name"  # a room's name can be changed
    PROFILE = "profile"  # this user's own name can be changed
    USERS = "users"  # people can be searched for
    JUMP = "jump"  # events around an event id or a time can be asked for
    THREADS = "threads"
    REFER = "refer"  # a file that the server has can be sent again by its address
    TAG = "tag"  # favourites, low priority and mute are kept by the server
    KNOCK = "knock"
    FORGET = "forget"
    PICTURES = "pictures"  # small pictures of files can be asked for
    SPACES = "spaces"  # rooms may be spaces, which hold other rooms
    CONTIGUOUS = "contiguous"  # a room's orders are 1, 2, 3 … without holes: a jump is a gap


class Link(StrEnum):
    """How the account stands to its server, as the status bar says it."""

    OFFLINE = "offline"  # not started, or closed by the person
    CONNECTING = "connecting"
    SIGNING_IN = "signing in"
    RESUMING = "resuming"  # asking for what was missed
    SYNCING = "syncing"  # signed in, lists on their way
    ONLINE = "online"
    WAITING = "reconnecting"  # the next try comes at `retry_at`
    STOPPED = "stopped"  # the server said no for good: the person must act


@frozen
class LinkChanged:
    """The connection's truth. `retry_at` is on the clock that the shell feeds to `tick`; 0 = no try is planned."""

    link: Link
    reason: str = ""
    retry_at: float = 0.0
    attempt: int = 0
