"""Say in words what an action is, how it stands, and what it waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Final, Literal

from chat_tui.moments import said_delay, said_moment, said_span
from chat_tui_core.actions import MARKS, Action, Kind, State
from chat_tui_core.outbox import LONGEST_HOLD, Wait, Why, plan
from chat_tui_core.safe_text import one_line
from chat_tui_core.values import frozen

__all__ = [
    "SCHEDULED",
    "SILENT",
    "Now",
    "Standing",
    "deed_of",
    "mark_of",
    "note_of",
    "reason_of",
    "standing",
    "subject_of",
    "undo_until",
    "waits_now",
]

SILENT: Final = frozenset({Kind.READ})
"""Actions that the program does by itself: they are nobody's business."""
SCHEDULED: Final = "◷"
"""The mark of what leaves at a time that the person chose."""
DOUBT: Final = "…?"
_GIST: Final = 200
"""Characters of a text that a list shows at most."""

Tone = Literal["", "good", "warn", "bad", "dim"]

#: Kind -> what is done, before the gist of it; a message needs no such word.
_DEEDS: Final[Mapping[Kind, str]] = {
    Kind.SEND: "",
    Kind.EDIT: "edit",
    Kind.REDACT: "delete a message",
    Kind.REACT: "react",
    Kind.JOIN: "join",
    Kind.LEAVE: "leave",
    Kind.CREATE_ROOM: "create the room",
    Kind.DELETE_ROOM: "delete the room",
    Kind.INVITE: "invite",
    Kind.KICK: "remove",
    Kind.BAN: "ban",
    Kind.UNBAN: "lift the ban on",
    Kind.TOPIC: "set the topic",
    Kind.NAME: "name the room",
    Kind.FORGET: "forget the room",
    Kind.KNOCK: "ask to be let in",
    Kind.PROFILE: "take the name",
    Kind.TAG: "mark the room",
    Kind.MUTE: "mute the room",
    Kind.READ: "mark as read",
}
#: Kind -> what was done as the subject of a sentence.
_SUBJECTS: Final[Mapping[Kind, str]] = {
    Kind.SEND: "“{gist}”",
    Kind.EDIT: "The edit “{gist}”",
    Kind.REDACT: "Deleting {about}",
    Kind.REACT: "The reaction {gist} to {about}",
    Kind.JOIN: "Joining the room",
    Kind.LEAVE: "Leaving the room",
    Kind.CREATE_ROOM: "Creating the room",
    Kind.DELETE_ROOM: "Deleting the room",
    Kind.INVITE: "Inviting {gist}",
    Kind.KICK: "Removing {gist}",
    Kind.BAN: "Banning {gist}",
    Kind.UNBAN: "Lifting the ban on {gist}",
    Kind.TOPIC: "Setting the topic",
    Kind.NAME: "Naming the room",
    Kind.FORGET: "Forgetting the room",
    Kind.KNOCK: "Asking to be let in",
    Kind.PROFILE: "Taking the name {gist}",
    Kind.TAG: "Marking the room",
    Kind.MUTE: "Muting the room",
    Kind.READ: "Marking the room as read",
}


@frozen
class Now:
    """What the words depend on beside the action: the time, in milliseconds since 1970, and whether there is a link."""

    ms: int
    online: bool = True
    zone: tzinfo | None = None
    """Where the person is; None: where the computer is."""


@frozen
class Standing:
    """How something stands: in words, and how good that is."""

    words: str
    tone: Tone = "dim"


def waits_now(waits: Mapping[int, Wait], actions: Mapping[int, Action], now_ms: int) -> Mapping[int, Wait]:
    """What every open action waits for, also before the session has looked for the first time."""
    return waits if waits or not actions else plan(actions.values(), (), now_ms).waits


def undo_until(action: Action, now_ms: int) -> int:
    """Until when a message that was just said can be taken back by a key, in milliseconds since 1970; 0 = it cannot."""
    held = now_ms < action.not_before <= now_ms + LONGEST_HOLD and not action.scheduled and not action.error_code
    return action.not_before if held and action.kind is Kind.SEND and action.may_change else 0


def deed_of(action: Action) -> tuple[str, str]:
    """(what is done, the gist of it), each on one line; either may be empty."""
    deed = _DEEDS[action.kind]
    if action.kind is Kind.REACT and action.content.get("remove"):
        deed = "take back"
    gist = one_line(action.text, _GIST)
    if action.kind is Kind.SEND and action.content.get("kind") == "emote":
        deed = "/me"
    return deed, gist


def subject_of(action: Action, about: str = "") -> str:
    """What was done as the subject of a sentence; `about` is the text of the message that it was done to."""
    gist = one_line(action.text, _GIST)
    return _SUBJECTS[action.kind].format(gist=gist, about=f"“{one_line(about, _GIST)}”" if about else "a message")


def mark_of(action: Action, wait: Wait | None) -> str:
    """The mark of an action's state, in at most two cells."""
    if action.doubt:
        return DOUBT
    return SCHEDULED if wait is not None and wait.why is Why.TIME else MARKS[action.state]


def reason_of(action: Action) -> str:
    """Why the server did not take it, without a full stop."""
    return one_line(action.error_text or action.error_code, 300).rstrip(".") or "the server gave no reason"


def standing(action: Action, wait: Wait | None, now: Now) -> Standing:
    """How an action stands and what it waits for; `wait` is None for one that is settled."""
    if wait is None:
        return _SETTLED.get(action.state, _as_it_is)(action)
    return _WAITING[wait.why](action, wait, now)


def note_of(action: Action, wait: Wait, now: Now, take_back: str) -> str:
    """What is said below an own message that waits for something which its mark alone does not tell; "" otherwise.

    `take_back` is the key that takes back what can be taken back.
    """
    if wait.why is Why.UNDO:
        return f"sends in {said_span(wait.until - now.ms)}, {take_back} takes it back"
    return standing(action, wait, now).words if wait.why in _NOTED else ""


_NOTED: Final = frozenset({Why.CHECK, Why.RETRY, Why.TIME})


def _turn(_action: Action, _wait: Wait, now: Now) -> Standing:
    return Standing("leaves now" if now.online else "leaves with the next connection", "warn")


def _check(_action: Action, wait: Wait, now: Now) -> Standing:
    if not now.online:
        return Standing("checking… with the next connection", "warn")
    again = f"again in {said_span(wait.until - now.ms)}" if wait.until > now.ms else "whether it arrived"
    return Standing(f"checking… {again}", "warn")


def _time(action: Action, wait: Wait, now: Now) -> Standing:
    left = said_span(wait.until - now.ms)
    return Standing(f"goes {said_moment(wait.until, now.ms, now.zone)}, in {left}", "good")


def _retry(action: Action, wait: Wait, now: Now) -> Standing:
    when = f"in {said_span(wait.until - now.ms)}" if now.online else "with the next connection"
    reason = f": {reason_of(action)}" if action.error_text or action.error_code else ""
    return Standing(f"… again {when}{reason}", "warn")


def _refused(action: Action) -> Standing:
    passing = ", others pass it" if action.let_pass else ""
    return Standing(f"refused{passing}: {reason_of(action)}", "bad")


#: What it waits for -> how that is said.
_WAITING: Final[Mapping[Why, Callable[[Action, Wait, Now], Standing]]] = {
    Why.TURN: _turn,
    Why.ANSWER: lambda _action, _wait, _now: Standing("on its way", "warn"),
    Why.CHECK: _check,
    Why.ECHO: lambda _action, _wait, _now: Standing("sent, not seen in the room yet", "good"),
    Why.TIME: _time,
    Why.UNDO: lambda _action, wait, now: Standing(f"sends in {said_span(wait.until - now.ms)}", "warn"),
    Why.RETRY: _retry,
    Why.BEHIND: lambda _action, wait, _now: Standing(f"waits behind #{wait.by}"),
    Why.BLOCKED: lambda _action, wait, _now: Standing(f"held back: #{wait.by} was refused", "warn"),
    Why.CAUSE: lambda _action, wait, _now: Standing(f"waits until #{wait.by} is there"),
    Why.PERSON: lambda action, _wait, _now: _refused(action),
}


def _confirmed(action: Action) -> Standing:
    took = action.confirmed_at - action.created_at
    return Standing(f"confirmed after {said_delay(max(0, took))}" if action.confirmed_at else "confirmed", "good")


def _cancelled(action: Action) -> Standing:
    return Standing(f"discarded: {reason_of(action)}" if action.error_text or action.error_code else "taken back")


def _as_it_is(action: Action) -> Standing:
    return Standing(action.state.value)


_SETTLED: Final[Mapping[State, Callable[[Action], Standing]]] = {
    State.CONFIRMED: _confirmed,
    State.CANCELLED: _cancelled,
    State.FAILED: _refused,
}
