"""Say in words what an action is, how it stands, and what it waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Final, Literal

from chat_tui.moments import said_delay, said_moment, said_span
from chat_tui.strings import N_, _, n_
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
    "unsent_note",
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
    Kind.EDIT: N_("edit"),
    Kind.REDACT: N_("delete a message"),
    Kind.REACT: N_("react"),
    Kind.JOIN: N_("join"),
    Kind.LEAVE: N_("leave"),
    Kind.CREATE_ROOM: N_("create the room"),
    Kind.DELETE_ROOM: N_("delete the room"),
    Kind.INVITE: N_("invite"),
    Kind.KICK: N_("remove"),
    Kind.BAN: N_("ban"),
    Kind.UNBAN: N_("lift the ban on"),
    Kind.TOPIC: N_("set the topic"),
    Kind.NAME: N_("name the room"),
    Kind.FORGET: N_("forget the room"),
    Kind.KNOCK: N_("ask to be let in"),
    Kind.PROFILE: N_("take the name"),
    Kind.TAG: N_("mark the room"),
    Kind.MUTE: N_("mute the room"),
    Kind.HOLD: N_("change the space"),
    Kind.READ: N_("mark as read"),
}
#: Kind -> what was done as the subject of a sentence.
_SUBJECTS: Final[Mapping[Kind, str]] = {
    Kind.SEND: N_("“{gist}”"),
    Kind.EDIT: N_("The edit “{gist}”"),
    Kind.REDACT: N_("Deleting {about}"),
    Kind.REACT: N_("The reaction {gist} to {about}"),
    Kind.JOIN: N_("Joining the room"),
    Kind.LEAVE: N_("Leaving the room"),
    Kind.CREATE_ROOM: N_("Creating the room"),
    Kind.DELETE_ROOM: N_("Deleting the room"),
    Kind.INVITE: N_("Inviting {gist}"),
    Kind.KICK: N_("Removing {gist}"),
    Kind.BAN: N_("Banning {gist}"),
    Kind.UNBAN: N_("Lifting the ban on {gist}"),
    Kind.TOPIC: N_("Setting the topic"),
    Kind.NAME: N_("Naming the room"),
    Kind.FORGET: N_("Forgetting the room"),
    Kind.KNOCK: N_("Asking to be let in"),
    Kind.PROFILE: N_("Taking the name {gist}"),
    Kind.TAG: N_("Marking the room"),
    Kind.MUTE: N_("Muting the room"),
    Kind.HOLD: N_("Changing the space"),
    Kind.READ: N_("Marking the room as read"),
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
    deed = _(_DEEDS[action.kind])
    if action.kind is Kind.REACT and action.content.get("remove"):
        deed = _("take back")
    gist = one_line(action.text, _GIST)
    if action.kind is Kind.SEND and action.content.get("kind") == "emote":
        deed = "/me"
    return deed, gist


def subject_of(action: Action, about: str = "") -> str:
    """What was done as the subject of a sentence; `about` is the text of the message that it was done to."""
    gist = one_line(action.text, _GIST)
    message = _("“{gist}”").format(gist=one_line(about, _GIST)) if about else _("a message")
    return _(_SUBJECTS[action.kind]).format(gist=gist, about=message)


def mark_of(action: Action, wait: Wait | None) -> str:
    """The mark of an action's state, in at most two cells."""
    if action.doubt:
        return DOUBT
    return SCHEDULED if wait is not None and wait.why is Why.TIME else MARKS[action.state]


def reason_of(action: Action) -> str:
    """Why the server did not take it, without a full stop."""
    said = _(action.error_text) or action.error_code
    return one_line(said, 300).rstrip(".") or _("the server gave no reason")


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
        return _("sends in {span}, {key} takes it back").format(span=said_span(wait.until - now.ms), key=take_back)
    return standing(action, wait, now).words if wait.why in _NOTED else ""


_NOTED: Final = frozenset({Why.CHECK, Why.RETRY, Why.TIME})


def _turn(_action: Action, _wait: Wait, now: Now) -> Standing:
    return Standing(_("leaves now") if now.online else _("leaves with the next connection"), "warn")


def _check(_action: Action, wait: Wait, now: Now) -> Standing:
    if not now.online:
        return Standing(_("checking… with the next connection"), "warn")
    if wait.until > now.ms:
        return Standing(_("checking… again in {span}").format(span=said_span(wait.until - now.ms)), "warn")
    return Standing(_("checking… whether it arrived"), "warn")


def _time(action: Action, wait: Wait, now: Now) -> Standing:
    moment = said_moment(wait.until, now.ms, now.zone)
    return Standing(_("goes {moment}, in {span}").format(moment=moment, span=said_span(wait.until - now.ms)), "good")


def _retry(action: Action, wait: Wait, now: Now) -> Standing:
    again = _("… again in {span}") if now.online else _("… again with the next connection")
    reason = f": {reason_of(action)}" if action.error_text or action.error_code else ""
    return Standing(again.format(span=said_span(wait.until - now.ms)) + reason, "warn")


def _refused(action: Action) -> Standing:
    said = _("refused, others pass it: {reason}") if action.let_pass else _("refused: {reason}")
    return Standing(said.format(reason=reason_of(action)), "bad")


#: What it waits for -> how that is said.
_WAITING: Final[Mapping[Why, Callable[[Action, Wait, Now], Standing]]] = {
    Why.TURN: _turn,
    Why.ANSWER: lambda _action, _wait, _now: Standing(_("on its way"), "warn"),
    Why.CHECK: _check,
    Why.ECHO: lambda _action, _wait, _now: Standing(_("sent, not seen in the room yet"), "good"),
    Why.TIME: _time,
    Why.UNDO: lambda _action, wait, now: Standing(
        _("sends in {span}").format(span=said_span(wait.until - now.ms)), "warn"
    ),
    Why.RETRY: _retry,
    Why.BEHIND: lambda _action, wait, _now: Standing(_("waits behind #{id}").format(id=wait.by)),
    Why.BLOCKED: lambda _action, wait, _now: Standing(_("held back: #{id} was refused").format(id=wait.by), "warn"),
    Why.CAUSE: lambda _action, wait, _now: Standing(_("waits until #{id} is there").format(id=wait.by)),
    Why.PERSON: lambda action, _wait, _now: _refused(action),
}


def _confirmed(action: Action) -> Standing:
    if not action.confirmed_at:
        return Standing(_("confirmed"), "good")
    took = said_delay(max(0, action.confirmed_at - action.created_at))
    return Standing(_("confirmed after {span}").format(span=took), "good")


def _cancelled(action: Action) -> Standing:
    if action.error_text or action.error_code:
        return Standing(_("discarded: {reason}").format(reason=reason_of(action)))
    return Standing(_("taken back"))


def _as_it_is(action: Action) -> Standing:
    return Standing(_(_STATES[action.state]))


#: What it is as long as it is not known what it waits for.
_STATES: Final[Mapping[State, str]] = {State.PENDING: N_("pending"), State.SENT: N_("sent")}
_SETTLED: Final[Mapping[State, Callable[[Action], Standing]]] = {
    State.CONFIRMED: _confirmed,
    State.CANCELLED: _cancelled,
    State.FAILED: _refused,
}


def unsent_note(waiting: int) -> str:
    """What becomes of so many things that are not sent, where the person signs out; empty for none."""
    if not waiting:
        return ""
    return n_(
        "One thing is not sent yet; that happens when you sign in again.",
        "{count} things are not sent yet; that happens when you sign in again.",
        waiting,
    ).format(count=waiting)
