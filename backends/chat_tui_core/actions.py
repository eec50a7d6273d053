"""What becomes of something the user did: one table.

States and causes follow S1's diagram: START -1-> pending, 2a = answered, 2b/3 = echoed. An echo outranks
everything; an answer and an echo come in either order; `lost` leaves an action in doubt and pending, to be
resent with the same id. A new id is given only by `retried`, after a definite refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from chat_tui_core.errors import IllegalTransition
from chat_tui_core.values import frozen


class State(StrEnum):
    """Where an action stands."""

    PENDING = "pending"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """What can happen to an action."""

    WRITTEN = "written"  # its bytes were handed to the network
    ANSWERED = "answered"  # S1 2a: the request was answered
    ECHOED = "echoed"  # S1 2b/3: seen in the event stream
    REFUSED = "refused"  # a definite no
    LOST = "lost"  # the connection broke before an answer
    RETRIED = "retried"  # the person tries a refused one again, under a new id
    CANCELLED = "cancelled"  # the person takes it back, or discards a refused one


class Kind(StrEnum):
    """What the user did."""

    SEND = "send"
    EDIT = "edit"
    REDACT = "redact"
    REACT = "react"
    JOIN = "join"
    LEAVE = "leave"
    CREATE_ROOM = "create_room"
    DELETE_ROOM = "delete_room"
    INVITE = "invite"
    KICK = "kick"
    BAN = "ban"
    UNBAN = "unban"
    TOPIC = "topic"
    NAME = "name"
    READ = "read"
    FORGET = "forget"
    KNOCK = "knock"
    PROFILE = "profile"  # this user's own name, everywhere
    TAG = "tag"  # favourite, low priority
    MUTE = "mute"
    HOLD = "hold"  # a space holds a room from now on, or no longer


#: A refusal of one of these holds its room's later ones, and ENDING, back until the person decides.
BLOCKING: Final = frozenset({Kind.SEND})

#: After these nothing more can be said in a room: they never overtake a message. Joining, for one, does.
ENDING: Final = frozenset({Kind.LEAVE, Kind.DELETE_ROOM, Kind.FORGET})

#: What is done to a message that is there. Neither a refusal nor a wait of one of these holds a message back.
NOTES: Final = frozenset({Kind.EDIT, Kind.REDACT, Kind.REACT})

#: State -> cause -> next state. A missing pair is illegal: it raises and changes nothing.
TRANSITIONS: Final[Mapping[State, Mapping[Cause, State]]] = MappingProxyType(
    {
        State.PENDING: MappingProxyType(
            {
                Cause.WRITTEN: State.PENDING,
                Cause.ANSWERED: State.SENT,
                Cause.ECHOED: State.CONFIRMED,
                Cause.REFUSED: State.FAILED,
                Cause.LOST: State.PENDING,
                Cause.CANCELLED: State.CANCELLED,
            }
        ),
        State.SENT: MappingProxyType(
            {
                Cause.WRITTEN: State.SENT,
                Cause.ANSWERED: State.SENT,
                Cause.ECHOED: State.CONFIRMED,
                Cause.REFUSED: State.SENT,
                Cause.LOST: State.SENT,
            }
        ),
        State.CONFIRMED: MappingProxyType(
            {
                Cause.WRITTEN: State.CONFIRMED,
                Cause.ANSWERED: State.CONFIRMED,
                Cause.ECHOED: State.CONFIRMED,
                Cause.REFUSED: State.CONFIRMED,
                Cause.LOST: State.CONFIRMED,
            }
        ),
        State.FAILED: MappingProxyType(
            {
                Cause.WRITTEN: State.FAILED,
                Cause.ANSWERED: State.SENT,
                Cause.ECHOED: State.CONFIRMED,
                Cause.REFUSED: State.FAILED,
                Cause.LOST: State.FAILED,
                Cause.RETRIED: State.PENDING,
                Cause.CANCELLED: State.CANCELLED,
            }
        ),
        State.CANCELLED: MappingProxyType(
            {
                Cause.WRITTEN: State.CANCELLED,
                Cause.ANSWERED: State.SENT,
                Cause.ECHOED: State.CONFIRMED,
                Cause.REFUSED: State.CANCELLED,
                Cause.LOST: State.CANCELLED,
            }
        ),
    }
)

#: What a line shows for a state, never by colour alone.
MARKS: Final[Mapping[State, str]] = MappingProxyType(
    {State.PENDING: "…", State.SENT: "✓", State.CONFIRMED: "✓✓", State.FAILED: "✗", State.CANCELLED: "⊘"}
)

#: States in which something is still to happen: by the server, or by the person.
OPEN: Final = frozenset({State.PENDING, State.SENT, State.FAILED})

#: States in which nothing more is expected of the server.
SETTLED: Final = frozenset({State.CONFIRMED, State.FAILED, State.CANCELLED})


def after(state: State, cause: Cause) -> State:
    """The state that follows; raises IllegalTransition where the table has no such step."""
    try:
        return TRANSITIONS[state][cause]
    except KeyError:
        raise IllegalTransition(f"An action that is {state} cannot be {cause}.") from None


@frozen
class Action:
    """One thing the user did, as it is stored and shown. Times are milliseconds since 1970, 0 = not yet.

    `id` rises strictly per device and is never used again. `content` by kind: SEND {"text", "reply_to"?, "thread"?,
    "latest"?: the thread's newest event when it was typed, "kind"?: "notice" or "emote", "at"?: when the person wants
    it to leave, "file"?: a FileInfo's fields, of one that the server has}; EDIT {"target", "text"}; REDACT {"target",
    "reason"?}; REACT {"target", "key", "remove"?, "reaction_id"?}; CREATE_ROOM {"name"?, "alias"?, "topic"?,
    "private"?, "invite"?, "direct"?}; INVITE, KICK, BAN, UNBAN {"user", "reason"?}; TOPIC {"topic"}; NAME {"name"};
    READ {"order", "event_id"?}; LEAVE, KNOCK {"reason"?}; PROFILE {"name"}; TAG {"tag"}; MUTE {"muted"}. `target` is an
    event id; `target_order` its order where known; `typed` is when a thing that is tried again was done first.

    `depends_on` names the action whose event this one is about, until that is known. `doubt`: written, and the answer
    was lost. `retry_of`: the id under which it was first refused. `not_before`: leaves no sooner (scheduled, undo,
    back-off). `written_at`: set before the first byte may leave, and cleared only when it is known that nothing came of
    it. `let_pass`: later actions of its room need not wait for this one.
    """

    id: int
    kind: Kind
    room_id: str
    content: Mapping[str, Any] = field(default_factory=dict)
    state: State = State.PENDING
    doubt: bool = False
    attempts: int = 0
    depends_on: int = 0
    not_before: int = 0
    created_at: int = 0
    written_at: int = 0
    answered_at: int = 0
    confirmed_at: int = 0
    error_code: str = ""
    error_text: str = ""
    event_id: str = ""
    event_order: int = 0
    retry_of: int = 0
    let_pass: bool = False

    @property
    def text(self) -> str:
        """What the person typed, or the gist of the action, for lists."""
        for key in ("text", "topic", "name", "user", "key"):
            if value := self.content.get(key):
                return str(value)
        return ""

    @property
    def room(self) -> str:
        """The room that it was about in the end: one that was made or joined by another address has its own id."""
        return str(self.content.get("room", "")) or self.room_id

    @property
    def place(self) -> int:
        """Where it stands in its room's queue: a refused action that is tried again keeps its place."""
        return self.retry_of or self.id

    @property
    def scheduled(self) -> int:
        """When the person wants it to leave; 0 = in the order typed."""
        return self._time("at")

    @property
    def moment(self) -> int:
        """When it was meant to happen: when it was scheduled for, else when it was done first."""
        return self.scheduled or self._time("typed") or self.created_at

    def _time(self, key: str) -> int:
        at = self.content.get(key, 0)
        return at if isinstance(at, int) else 0

    @property
    def never_left(self) -> bool:
        """Whether no byte of it has ever left from here."""
        return not (self.written_at or self.attempts or self.doubt)

    @property
    def under_way(self) -> bool:
        """Whether its bytes may have left, and what became of them is not known yet."""
        return self.state is State.PENDING and self.written_at > 0

    @property
    def may_cancel(self) -> bool:
        """Whether taking it back still prevents it: nothing was written, or it was refused."""
        return self.state is State.FAILED or (self.state is State.PENDING and not self.written_at and not self.doubt)

    @property
    def may_change(self) -> bool:
        """Whether its text can become another one: no server has ever been told of it under this id, or it refused."""
        return self.state is State.FAILED or (self.state is State.PENDING and self.never_left)
