"""How each kind of action is carried out over HTTP: one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, Final

from chat_tui_core.actions import Kind
from chat_tui_core.model import Room, RoomTag
from chat_tui_core.news import RoomChanged, RoomGone
from chat_tui_core.values import frozen
from chat_tui_matrix.content import outgoing
from chat_tui_matrix.protocol import lookups
from chat_tui_matrix.protocol.known_rooms import FINAL, Done, Job
from chat_tui_matrix.protocol.making_rooms import make_room, remade_room
from chat_tui_matrix.protocol.naming import address, is_room_id, server_of, servers, user_id
from chat_tui_matrix.protocol.replies import Declined, Steps, id_of, object_of
from chat_tui_matrix.protocol.spaces import CHILD
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Request

_GONE: Final = 404


class Allowance(Enum):
    """What a server counts together when it limits how often something may be done."""

    EVENTS = auto()
    JOINS = auto()
    INVITES = auto()
    ROOMS = auto()
    ACCOUNT = auto()


@frozen
class Deed:
    """How one kind of action is done.

    `steps` makes its requests and reads their answers. `look`, for what a server does not know again by an id, says
    whether an earlier try was carried out. `far`: it may hang on other servers, so 502 and 504 with an errcode are this
    server's considered answer and no fault of its own. `known_again`: a repetition changes nothing, however late.
    """

    steps: Callable[[Job], Steps[Done]]
    look: Callable[[Job], Steps[Done | None]] | None = None
    allowance: Allowance = Allowance.EVENTS
    far: bool = False
    known_again: bool = False


def carry_out(deed: Deed, job: Job) -> Steps[Done]:
    """Do it; where an earlier try may have done it already, look first.

    A no is looked at as well then: the earlier try may have been carried out only while this one was on its way.
    """
    if deed.look is None or not job.in_doubt:
        return (yield from deed.steps(job))
    found = yield from deed.look(job)
    if found is not None:
        return found
    try:
        return (yield from deed.steps(job))
    except Declined:
        found = yield from deed.look(job)
        if found is None:
            raise
        return found


# ---------------------------------------------------------------- one request each


def _once(request: Callable[[Job], Request], read: Callable[[Job, Any], Done]) -> Callable[[Job], Steps[Done]]:
    def steps(job: Job) -> Steps[Done]:
        return read(job, (yield request(job)))

    return steps


def _event(_job: Job, value: Any) -> Done:
    """The answer names the event, which is then seen in the stream."""
    return Done(event_id_of(value))


def _settled(_job: Job, value: Any) -> Done:
    """The answer is an object and says no more than yes."""
    object_of(value)
    return FINAL


def _entered(job: Job, value: Any) -> Done:
    """The answer names the room."""
    return Done(room_id=id_of(value, "room_id"), final=True)


def event_id_of(value: Any) -> str:
    """The event id that an answer must name; raises Unreadable."""
    return id_of(value, "event_id")


def _send(job: Job) -> Request:
    if job.action.kind is not Kind.SEND:
        _target(job)
    if job.action.kind is not Kind.REACT and job.rooms.state.get(job.room_id, "m.room.encryption") is not None:
        # What is said in an encrypted room must never leave in clear text, whatever else goes wrong.
        raise Declined(
            "ENCRYPTED", "This room is encrypted, and this client cannot encrypt yet: use another client here."
        )
    event_type, content = outgoing.content(job.action, job.rooms.people(job.room_id))
    return paths.send(_room(job), event_type, job.txn, content)


def _redact(job: Job) -> Request:
    return paths.redact(_room(job), _target(job), job.txn, job.text("reason"))


def _topic(job: Job) -> Request:
    return paths.put_state(_room(job), "m.room.topic", "", {"topic": job.text("topic")})


def _name(job: Job) -> Request:
    return paths.put_state(_room(job), "m.room.name", "", {"name": job.text("name")})


def _hold(job: Job) -> Request:
    """Put a room into a space, to be joined through its own server and ours, or take it out."""
    room_id = job.text("room")
    if not is_room_id(room_id):
        raise Declined("BADARGS", "Only a room that you are in, or know, can be put into a space.")
    via = [name for name in dict.fromkeys((server_of(room_id), server_of(job.desk.me))) if name]
    return paths.put_state(_room(job), CHILD, room_id, {"via": via} if job.action.content.get("held") else {})


def _invite(job: Job) -> Request:
    return paths.invite(_room(job), user_id(job.text("user"), job.desk.me), job.text("reason"))


def _kick(job: Job) -> Request:
    return paths.kick(_room(job), user_id(job.text("user"), job.desk.me), job.text("reason"))


def _ban(job: Job) -> Request:
    return paths.ban(_room(job), user_id(job.text("user"), job.desk.me), job.text("reason"))


def _unban(job: Job) -> Request:
    return paths.unban(_room(job), user_id(job.text("user"), job.desk.me), job.text("reason"))


def _join(job: Job) -> Request:
    where = address(job.room_id, job.desk.me)
    return paths.join(where, servers(where, job.action.content.get("via")))


def _knock(job: Job) -> Request:
    where = address(job.room_id, job.desk.me)
    return paths.knock(where, job.text("reason"), servers(where, job.action.content.get("via")))


def _leave(job: Job) -> Request:
    return paths.leave(_room(job), job.text("reason"))


def _profile(job: Job) -> Request:
    return paths.set_display_name(job.desk.me, job.text("name"))


def _read(job: Job) -> Request:
    event_id = job.text("event_id")
    order = job.action.content.get("order")
    if not event_id and isinstance(order, int) and order > 0:
        event_id = job.rooms.event_at(job.room_id, order)
    if not event_id:
        raise Declined("UNKNOWN_EVENT", "The message that was read has no id here, so the server cannot be told of it.")
    return paths.read_markers(_room(job), event_id, event_id)


# ---------------------------------------------------------------- several requests


def _react(job: Job) -> Steps[Done]:
    """Set a reaction, or take it back, which is to redact its event (spec: m.annotation)."""
    if job.action.content.get("remove"):
        reaction = job.text("reaction_id") or (yield from lookups.own_reaction(job))
        if not reaction:
            return FINAL
        return Done(event_id_of((yield paths.redact(_room(job), reaction, job.txn, ""))))
    try:
        return Done(event_id_of((yield _send(job))))
    except Declined as no:
        if no.code == "M_DUPLICATE_ANNOTATION":
            return FINAL
        raise


def _forget(job: Job) -> Steps[Done]:
    """Forget a room, and leave it first where the server says that we are in it (400)."""
    room_id = _room(job)
    try:
        yield paths.forget(room_id)
    except Declined as no:
        if no.status != 400:
            raise
        yield paths.leave(room_id, job.text("reason"))
        yield paths.forget(room_id)
    job.desk.say(RoomGone(room_id, "you have forgotten it"))
    return FINAL


_TAGS: Final[Mapping[str, str]] = {RoomTag.FAVOURITE: "m.favourite", RoomTag.LOW: "m.lowpriority"}


def _tag(job: Job) -> Steps[Done]:
    """Set one of the two tags and take the other away: a room has one place in the list."""
    room_id, wanted = _room(job), job.text("tag")
    if wanted not in {*_TAGS, RoomTag.NONE}:
        raise Declined("BADARGS", "A room can be a favourite, of low priority, or neither.")
    if wanted:
        yield paths.put_tag(job.desk.me, room_id, _TAGS[wanted])
    for tag in (name for word, name in _TAGS.items() if word != wanted):
        yield from _without(paths.delete_tag(job.desk.me, room_id, tag))
    return FINAL


def _mute(job: Job) -> Steps[Done]:
    """Put a rule before all others that has the room be silent, or take it away.

    It is told here, too: the legacy event stream brings no rules.
    """
    room_id, muted = _room(job), bool(job.action.content.get("muted"))
    if muted:
        yield paths.put_push_rule_room(room_id)
    else:
        yield from _without(paths.delete_push_rule_room(room_id))
    job.desk.say(RoomChanged(Room(room_id, muted=muted), frozenset({"muted"})))
    return FINAL


def _without(request: Request) -> Steps[None]:
    """Take something away; it is right if it was not there."""
    try:
        yield request
    except Declined as no:
        if no.status != _GONE:
            raise


def _delete_room(_job: Job) -> Request:
    raise Declined("UNSUPPORTED", "Matrix cannot delete a room: leave it, or forget it to have it out of your list.")


# ---------------------------------------------------------------- what must be there


def _room(job: Job) -> str:
    if not is_room_id(job.room_id):
        raise Declined("BADARGS", "This needs a room that you are in, or know.")
    return job.room_id


def _target(job: Job) -> str:
    target = job.text("target")
    if not target:
        raise Declined("BADARGS", "The message that this is about is not on the server.")
    return target


DEEDS: Final[Mapping[Kind, Deed]] = {
    Kind.SEND: Deed(_once(_send, _event), known_again=True),
    Kind.EDIT: Deed(_once(_send, _event), known_again=True),
    Kind.REDACT: Deed(_once(_redact, _event), known_again=True),
    Kind.REACT: Deed(_react, known_again=True),
    Kind.TOPIC: Deed(_once(_topic, _event)),
    Kind.NAME: Deed(_once(_name, _event)),
    Kind.HOLD: Deed(_once(_hold, _event)),
    Kind.INVITE: Deed(_once(_invite, _settled), look=lookups.is_in, allowance=Allowance.INVITES),
    Kind.KICK: Deed(_once(_kick, _settled), look=lookups.is_out),
    Kind.BAN: Deed(_once(_ban, _settled)),
    Kind.UNBAN: Deed(_once(_unban, _settled), look=lookups.is_not_banned),
    Kind.JOIN: Deed(_once(_join, _entered), allowance=Allowance.JOINS, far=True),
    Kind.KNOCK: Deed(_once(_knock, _entered), look=lookups.has_asked, allowance=Allowance.JOINS, far=True),
    Kind.LEAVE: Deed(_once(_leave, _settled)),
    Kind.FORGET: Deed(_forget),
    Kind.CREATE_ROOM: Deed(make_room, look=remade_room, allowance=Allowance.ROOMS),
    Kind.DELETE_ROOM: Deed(_once(_delete_room, _settled)),
    Kind.READ: Deed(_once(_read, _settled), allowance=Allowance.ACCOUNT, known_again=True),
    Kind.PROFILE: Deed(_once(_profile, _settled), allowance=Allowance.ACCOUNT),
    Kind.TAG: Deed(_tag, allowance=Allowance.ACCOUNT),
    Kind.MUTE: Deed(_mute, allowance=Allowance.ACCOUNT),
}
"""Every kind of action. INVITE, BAN, JOIN, LEAVE and equal state may be repeated; what bears a transaction id too.

An invite is looked up all the same: once it is accepted, a second one would be refused.
"""
