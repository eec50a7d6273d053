"""What has become of an action whose answer was lost, where repeating it would do it twice or be refused."""

from __future__ import annotations

from typing import Any, Final

from chat_tui_matrix.protocol.known_rooms import FINAL, MADE, Done, Job
from chat_tui_matrix.protocol.replies import Declined, Steps, Unreadable, object_of, text_of
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.events import MatrixEvent, PageReply, RoomSection, SyncReply

SETTLE: Final = 10.0
"""Seconds after a createRoom was written in which the server may still be making the room without our seeing it."""

MOST_PAGES: Final = 20
"""Pages of reactions that are looked through for our own."""

_MEMBER: Final = "m.room.member"
_OUT: Final = frozenset({"leave", "ban"})
_IN: Final = frozenset({"join", "invite"})
_ASKED: Final = frozenset({"join", "invite", "knock"})

_MADE_ONLY: Final[dict[str, Any]] = {
    "account_data": {"types": []},
    "presence": {"types": []},
    "room": {
        "account_data": {"types": []},
        "ephemeral": {"types": []},
        "state": {"types": [MADE]},
        "timeline": {"limit": 0},
    },
}
"""A filter with which a sync tells nothing but which rooms carry the mark of an action."""


class NotYet(Exception):
    """It cannot be known yet; look again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Looking whether this was done already, before it is tried again.")
        self.seconds = seconds


# ---------------------------------------------------------------- members


def is_in(job: Job) -> Steps[Done | None]:
    """An invite: that person is invited or there."""
    return (yield from _membership_is(job, _IN))


def is_out(job: Job) -> Steps[Done | None]:
    """A kick: that person is not there, or was told to be out, and has come back since; either was done already."""
    found = yield from _membership_is(job, _OUT)
    told = job.rooms.state.get(job.room_id, _MEMBER, job.text("user")) or {}
    return FINAL if text_of(told, "membership") in _OUT else found


def is_not_banned(job: Job) -> Steps[Done | None]:
    """An unban: that person is not banned; a second one would be refused (M_BAD_STATE)."""
    return (yield from _membership_is(job, {"leave", "join", "invite", "knock"}))


def _membership_is(job: Job, wanted: frozenset[str] | set[str]) -> Steps[Done | None]:
    try:
        content = yield paths.get_state(job.room_id, _MEMBER, job.text("user"))
    except Declined as no:
        return FINAL if no.status == 404 and "leave" in wanted else None
    return FINAL if text_of(object_of(content), "membership") in wanted else None


def has_asked(job: Job) -> Steps[Done | None]:
    """A knock: we have asked to be let in, or are in."""
    try:
        summary = object_of((yield paths.room_summary(job.room_id)))
    except Declined:
        return None  # the call is young: a server without it is asked to let us in once more
    if text_of(summary, "membership") not in _ASKED:
        return None
    return Done(room_id=text_of(summary, "room_id") or job.room_id, final=True)


# ---------------------------------------------------------------- a room that was made


def made_room(job: Job) -> Steps[str]:
    """Give the room that this very action made, "" where there is none; raises NotYet while one may be under way."""
    for room in job.rooms.overview():
        if text_of(job.rooms.state.get(room.room_id, MADE) or {}, "txn") == job.txn:
            return room.room_id
    # The server may repeat an answer to equal questions for minutes; the waiting time, without meaning here, differs.
    reply = yield paths.sync("", job.action.attempts, _MADE_ONLY, set_presence="offline")
    if not isinstance(reply, SyncReply):
        raise Unreadable("The server's answer is not what it should be.")
    for section in reply.rooms:
        if section.membership == "join" and any(_is_mark(job, event) for event in _events(section)):
            return section.room_id
    rest = _unsettled(job)
    if 0 < rest <= SETTLE:
        raise NotYet(rest)
    return ""


def _unsettled(job: Job) -> float:
    """How many seconds of SETTLE are left; by the time of day where the last try was in an earlier run."""
    if job.wrote_at is not None:
        return job.wrote_at + SETTLE - job.now
    return job.action.written_at / 1000 + SETTLE - job.wall_s


def _events(section: RoomSection) -> tuple[MatrixEvent, ...]:
    return (*section.state, *section.timeline)


def _is_mark(job: Job, event: MatrixEvent) -> bool:
    """Whether an event is our mark, set by ourselves: anybody could write our transaction id into a room."""
    if event.type != MADE or event.state_key is None or event.sender != job.desk.me:
        return False
    return text_of(event.content, "txn") == job.txn


# ---------------------------------------------------------------- a reaction of ours


def own_reaction(job: Job) -> Steps[str]:
    """Give the event id of our own reaction with the action's key, "" where there is none."""
    token = ""
    for _ in range(MOST_PAGES):
        page = yield paths.relations(job.room_id, job.text("target"), "m.annotation", token)
        if not isinstance(page, PageReply):
            raise Unreadable("The server's answer is not what it should be.")
        for event in page.events:
            if event.sender == job.desk.me and _reaction_key(event) == job.text("key"):
                return event.event_id
        if not page.end or page.end == token:
            break
        token = page.end
    return ""


def _reaction_key(event: MatrixEvent) -> str:
    relation = event.content.get("m.relates_to")
    return text_of(relation, "key") if isinstance(relation, dict) else ""
