"""Matrix events and what a sync brings of a room, as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec


class MatrixEvent(msgspec.Struct, frozen=True, gc=False):
    """One event of any kind, checked for shape only: every text in it is still hostile.

    `state_key` is None for an event that is no state. Ephemeral events and account data have no id and no sender.
    `unsigned` and `content` are JSON objects.
    """

    type: str
    content: dict[str, Any] = msgspec.field(default_factory=dict)
    sender: str = ""
    event_id: str = ""
    origin_server_ts: int = 0
    state_key: str | None = None
    redacts: str = ""
    unsigned: dict[str, Any] = msgspec.field(default_factory=dict)
    room_id: str = ""


class RoomSection(msgspec.Struct, frozen=True, gc=False):
    """What one answer tells of one room, whichever way it was asked: sync, sliding sync or the legacy calls.

    `membership` is join, invite, leave or knock; "" where nothing could be read but `problems`. `state` holds before
    `timeline` (S2); for invite and knock it is the stripped state. `corrections` are state that holds behind the
    timeline, though that leaves it otherwise. `whole`: state is all there is of the room, not what changed (first sync,
    room initialSync). `prev_batch` fetches what is before the timeline; with `limited`, something is. None in the
    counts = not told. `problems`: events of the section that were set aside, a sentence each.
    """

    room_id: str
    membership: str
    timeline: tuple[MatrixEvent, ...] = ()
    state: tuple[MatrixEvent, ...] = ()
    ephemeral: tuple[MatrixEvent, ...] = ()
    account_data: tuple[MatrixEvent, ...] = ()
    limited: bool = False
    prev_batch: str = ""
    whole: bool = False
    heroes: tuple[str, ...] | None = None
    joined: int | None = None
    invited: int | None = None
    unread: int | None = None
    mentions: int | None = None
    name: str = ""
    problems: tuple[str, ...] = ()
    corrections: tuple[MatrixEvent, ...] = ()


class SyncReply(msgspec.Struct, frozen=True, gc=False):
    """What any of the three ways of syncing brings. `since` is the token that the next request starts from.

    `rooms` may read a section only when it is taken, and anew each time: take it once.
    """

    since: str
    rooms: Sequence[RoomSection] = ()
    account_data: tuple[MatrixEvent, ...] = ()
    presence: tuple[MatrixEvent, ...] = ()
    problems: tuple[str, ...] = ()
    total: int = 0
    """How many rooms the account has, where the answer tells: a room may have several sections."""


class PageReply(msgspec.Struct, frozen=True, gc=False):
    """A page of a room's history: `events` in the order of the answer, `state` of their senders, `end` "" at the end."""

    events: tuple[MatrixEvent, ...] = ()
    state: tuple[MatrixEvent, ...] = ()
    start: str = ""
    end: str = ""
    problems: tuple[str, ...] = ()


class ContextReply(msgspec.Struct, frozen=True, gc=False):
    """Events around one: ascending, the event itself among them. Tokens as in PageReply: `start` older, `end` newer."""

    events: tuple[MatrixEvent, ...] = ()
    state: tuple[MatrixEvent, ...] = ()
    start: str = ""
    end: str = ""
    problems: tuple[str, ...] = ()
