"""What the server says: each sort of frame to the part of the core that it concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from chat_tui_core.contract import Echoed, Link, RoomChanged
from chat_tui_core.model import Membership, RoomKind
from chat_tui_core.safe_text import one_line
from chat_tui_wschat import protocol_legacy, protocol_signin
from chat_tui_wschat.frames import Chunk, Command, Confirm, Event, Failure, Hello, Ping, Pong
from chat_tui_wschat.grammar import FrameError
from chat_tui_wschat.protocol_desk import PROGRESS_TIME, Desk
from chat_tui_wschat.protocol_fields import text
from chat_tui_wschat.protocol_labels import FIRST_LABEL
from chat_tui_wschat.protocol_socket import drop
from chat_tui_wschat.wire import parse_reply


def take(desk: Desk, message: str | bytes, now: float) -> None:
    """Take one WebSocket message; what makes no sense is set aside and still counts as received."""
    waits_for_more = desk.link is not Link.ONLINE and desk.legacy is None and not desk.expected
    if desk.deadline is not None and waits_for_more:
        desk.deadline = max(desk.deadline, now + PROGRESS_TIME)
    try:
        reply = parse_reply(message)
    except FrameError as error:
        if error.seq is None or desk.legacy is not None:
            desk.problem(_unreadable(error))
        else:
            _numbered(desk, error.seq, error, now)
        return
    _REPLIES[type(reply)](desk, reply, now)


def _hello(desk: Desk, reply: Hello, now: float) -> None:
    protocol_signin.hello(desk, reply, now)


def _confirm(desk: Desk, reply: Confirm, now: float) -> None:
    if desk.legacy is not None:
        protocol_legacy.confirmed(desk, desk.legacy, reply, now)
    elif desk.expects(reply.verb, reply.id):
        protocol_signin.confirmed(desk, reply, now)
        # A gap ends the wait for what lies in it.
        for item in desk.sequence.due():
            _apply(desk, item, now)
    elif reply.id in desk.errands:
        protocol_signin.errand_done(desk, reply, now)
    elif desk.questions.knows(reply.id):
        desk.say(*desk.questions.confirm(reply))
    elif desk.files.calls.knows(reply.id):
        desk.say(*desk.files.confirm(reply))
    elif reply.id is not None and reply.id < FIRST_LABEL:
        _declined(desk, reply)
        desk.say(*desk.ledger.confirm(reply, desk.intents))


def _declined(desk: Desk, reply: Confirm) -> None:
    """An invitation was declined: nobody is told of that by an event."""
    room = desk.stream.rooms.rooms.get(reply.words[0]) if reply.verb == "PART" and reply.words else None
    if room is not None and room.membership is Membership.INVITED:
        membership = Membership.NONE if room.kind is RoomKind.PUBLIC else Membership.LEFT
        desk.stream.rooms.rooms[room.room_id] = after = replace(room, membership=membership)
        desk.say(RoomChanged(after, frozenset({"membership"})))


def _failure(desk: Desk, reply: Failure, now: float) -> None:
    if desk.legacy is not None:
        protocol_legacy.failed(desk, desk.legacy, reply, now)
    elif desk.expects(reply.verb, reply.id):
        protocol_signin.failed(desk, reply, now)
    elif reply.id in desk.errands:
        protocol_signin.errand_failed(desk, reply, now)
    elif desk.questions.knows(reply.id):
        desk.say(*desk.questions.fail(reply, now))
    elif desk.files.calls.knows(reply.id):
        desk.say(*desk.files.fail(reply, now))
    elif reply.id is not None and reply.id < FIRST_LABEL:
        desk.say(*desk.ledger.fail(reply, desk.pace, now))
        if reply.code == "BADSTATE":
            drop(desk, "the server lost our session", now)
    elif (reply.verb, reply.code) != ("FILE", "FILESTATE"):  # a chunk that came too late, or was not due any more
        desk.problem(f"The server refused something: {reply.code} {reply.verb} {one_line(reply.text, 200)}")


def _event(desk: Desk, event: Event, now: float) -> None:
    if event.type == "session":
        control = _CONTROLS.get(event.action)
        if control is not None:
            control(desk, event, now)
        else:
            desk.problem(f"An event of an unknown kind was set aside: session {event.action}.")
    elif event.seq is None or desk.legacy is not None:
        _apply(desk, event, now)
    else:
        _numbered(desk, event.seq, event, now)


def _numbered(desk: Desk, seq: int, item: Event | FrameError, now: float) -> None:
    """Take an item of the stream: those that are due are applied; one that was there before only settles."""
    due = desk.sequence.offer(seq, item, now)
    if due is None:
        if isinstance(item, Event) and item.id is not None and item.id < FIRST_LABEL:
            desk.ledger.echoed(item.id)
            desk.say(desk.stream.echo(item))
        return
    for each in due:
        _apply(desk, each, now)


def _apply(desk: Desk, item: Event | FrameError, now: float) -> None:
    if isinstance(item, FrameError):
        desk.problem(_unreadable(item))
        return
    news = desk.stream.apply(item, now)
    for each in news:
        if isinstance(each, Echoed):
            desk.ledger.echoed(each.action_id)
    desk.say(*news)


def _resumed(desk: Desk, event: Event, now: float) -> None:
    protocol_signin.caught_up(desk, event, now)


def _snapshot(desk: Desk, event: Event, now: float) -> None:
    desk.say(*desk.stream.snapshot(event))


def _bye(desk: Desk, event: Event, now: float) -> None:
    desk.bye = one_line(text(event.data, "reason"), 120)


def _ping(desk: Desk, reply: Ping, now: float) -> None:
    desk.send(Command("PONG", (reply.num,)))


def _pong(desk: Desk, reply: Pong, now: float) -> None:
    if desk.heartbeat is not None and not desk.heartbeat.pong(reply.num):
        desk.problem("A PONG that answers no PING was set aside.")


def _chunk(desk: Desk, reply: Chunk, now: float) -> None:
    desk.say(*desk.files.chunk(reply))


def _unreadable(error: FrameError) -> str:
    return f"A frame that makes no sense was set aside: {error.verb}: {error.text}."


_REPLIES: Final[Mapping[type, Callable[[Desk, Any, float], None]]] = {
    Hello: _hello,
    Confirm: _confirm,
    Failure: _failure,
    Event: _event,
    Ping: _ping,
    Pong: _pong,
    Chunk: _chunk,
}
_CONTROLS: Final[Mapping[str, Callable[[Desk, Event, float], None]]] = {
    "RESUMED": _resumed,
    "SNAPSHOT": _snapshot,
    "BYE": _bye,
}
