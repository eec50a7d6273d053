"""Carry out what changes something: send, join, leave, create, and the outbox with retry, cancel and pass."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Any

from chat_tui.moments import said_moment
from chat_tui.requests.reading import find_room, known_room, not_in
from chat_tui.requests.values import Cursor, Done, Note, Request, Row, Told
from chat_tui.requests.watching import online, settled, why_offline
from chat_tui.strings import _, in_english
from chat_tui.waiting import SILENT, Now, standing, waits_now
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.contract import Link
from chat_tui_core.errors import ConfigError, LocalError, UnknownRoom
from chat_tui_core.model import Membership, Room
from chat_tui_core.outbox import Wait
from chat_tui_core.session import Session

#: How far along an action is; a state that is not named never comes to more.
_PROGRESS = {State.PENDING: 0, State.SENT: 1, State.CONFIRMED: 2}


async def send(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Say something in a room; stored before anything leaves."""
    deadline = time.monotonic() + request.timeout
    room = await joined_room(session, request)
    action = await say(session, room, request)
    async for told in _stored(session, request, action, deadline):
        yield told


async def joined_room(session: Session, request: Request) -> Room:
    """The request's room; raises UnknownRoom when the account is not in it."""
    room = await known_room(session, request.room)
    if room.membership is not Membership.JOINED and await online(session):
        room = find_room(session, request.room)
    if room.membership is not Membership.JOINED:
        raise not_in(room)
    return room


async def say(session: Session, room: Room, request: Request) -> Action:
    """Store the request's text as a message that leaves at once, or at its time."""
    action = await session.send(room.room_id, request.text, thread=request.thread, at_ms=request.at)
    if session.undo_seconds and not action.scheduled:
        action = await session.retry(action.id)  # nobody is there who could take it back: it need not wait
    return action


async def change_room(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Join, leave or create a room: `do` is the kind."""
    deadline = time.monotonic() + request.timeout
    await online(session, request.timeout)
    kind = Kind(request.do)
    room_id = request.room if kind is Kind.CREATE_ROOM else _named(session, request.room)
    action = await session.perform(kind, room_id, target_action=0, **request.content)
    async for told in _stored(session, request, action, deadline):
        yield told


async def outbox(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """What has not been confirmed yet, oldest first."""
    now = Now(session.now_ms(), online=session.link.link is Link.ONLINE)
    waits = waits_now(session.waits, session.open_actions, now.ms)
    for action in sorted(session.open_actions.values(), key=lambda action: action.id):
        if action.kind not in SILENT:
            wait = waits.get(action.id)
            room = session.rooms.get(action.room_id)
            said = {"why": standing(action, wait, now).words, "room": room.title if room else action.room_id}
            yield Row(outbox_row(action, wait, now), said=said)
    yield Done()


async def retry(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Try a refused action again, under a new id, or one that waits, at once."""
    deadline = time.monotonic() + request.timeout
    action = await session.retry(_open(session, request.action_id).id)
    async for told in _stored(session, request, action, deadline):
        yield told


async def cancel(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Take back what has not left, or discard what was refused."""
    action = await session.cancel(_open(session, request.action_id).id)
    yield Row(action_row(action))
    yield Done()


async def let_pass(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """What was refused, or has to wait, no longer holds the later ones of its room back."""
    action = await session.let_pass(_open(session, request.action_id).id)
    yield Row(action_row(action))
    yield Done()


async def wait(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Wait until a stored action is as far as was asked for; tell how far it came."""
    wanted = State(request.wait)
    if wanted is not State.PENDING:
        session.connect()
    action = await settled(session, request.action_id, wanted, request.timeout)
    if action.state is State.FAILED and action.kind is not Kind.SEND:
        await session.cancel(action.id)  # told here and now: it need not stay in the outbox
    yield Row(action_row(action))
    code = _code(action, wanted)
    if code or action.scheduled > session.now_ms():
        yield Note(_why(session, action))
    yield Done(code)


async def _stored(session: Session, request: Request, action: Action, deadline: float) -> AsyncGenerator[Told, None]:
    """From here on whoever goes on with the request only waits."""
    rest = {"do": "wait", "action_id": action.id}
    yield Cursor(rest)
    async for told in wait(session, request.resumed({**rest, "timeout": max(0.0, deadline - time.monotonic())})):
        yield told


def _code(action: Action, wanted: State) -> int:
    if action.state not in _PROGRESS:
        return 3
    return 0 if _PROGRESS[action.state] >= _PROGRESS[wanted] else 4


def _why(session: Session, action: Action) -> str:
    """One sentence on what keeps an action from being where it should be."""
    held = session.blocked.get(action.room_id)
    if action.state is State.FAILED:
        reason = _reason(action)
        if action.kind is not Kind.SEND:
            return _("The server refused it: {reason}").format(reason=reason)
        return _(
            "The server refused message {id}: {reason} "
            "It is kept: `chat-tui outbox retry {id}` or `chat-tui outbox cancel {id}`."
        ).format(id=action.id, reason=reason)
    if action.state is State.CANCELLED:
        return _("Action {id} was cancelled.").format(id=action.id)
    if held is not None and held.id != action.id:
        return _(
            "Message {id} is kept, but message {held} before it was refused: "
            "`chat-tui outbox retry {held}` or `chat-tui outbox cancel {held}` first."
        ).format(id=action.id, held=held.id)
    if action.scheduled > (now := session.now_ms()):
        when = said_moment(action.scheduled, now)
        return _("Action {id} leaves {when}, or as soon as chat-tui runs after that.").format(id=action.id, when=when)
    if session.link.link is not Link.ONLINE:
        return _("{why} Action {id} is kept and leaves with the next connection.").format(
            why=why_offline(session), id=action.id
        )
    return _("Action {id} is still {state}; it is kept in the outbox until the server has answered.").format(
        id=action.id, state=_(action.state.value)
    )


def _reason(action: Action) -> str:
    reason = (_(action.error_text) or action.error_code or _("no reason was given")).rstrip(".")
    return f"{reason}."


def _open(session: Session, action_id: int) -> Action:
    action = session.open_actions.get(action_id)
    if action is None:
        raise LocalError(_("There is no action {id} in the outbox: see `chat-tui outbox`.").format(id=action_id))
    return action


def _named(session: Session, wanted: str) -> str:
    """The id of a known room, or the word as it is: a private room becomes known by joining it."""
    try:
        room: Room = find_room(session, wanted)
    except UnknownRoom:
        if not wanted or not wanted.isprintable():
            raise ConfigError(_("{wanted!r} cannot name a room.").format(wanted=wanted)) from None
        return wanted
    return room.room_id


def action_row(action: Action) -> dict[str, Any]:
    """An action as `send --json` gives it."""
    row: dict[str, Any] = {"action_id": action.id, "state": action.state.value}
    if action.event_id:
        row["event_id"] = action.event_id
    if action.error_text or action.error_code:
        row["error"] = action.error_text or action.error_code
    return row


def outbox_row(action: Action, wait: Wait | None, now: Now) -> dict[str, Any]:
    """An action as `outbox --json` gives it: `next_try` in milliseconds since 1970, `waits_for` another action's id."""
    with in_english():
        why = standing(action, wait, now).words
    row: dict[str, Any] = {
        "action_id": action.id,
        "kind": action.kind.value,
        "room_id": action.room_id,
        "text": action.text,
        "state": action.state.value,
        "attempts": action.attempts,
        "waits": wait.why.value if wait is not None else "",
        "why": why,
    }
    if wait is not None and wait.until > now.ms:
        row["next_try"] = wait.until
    if wait is not None and wait.by:
        row["waits_for"] = wait.by
    if action.error_text or action.error_code:
        row["error"] = action.error_text or action.error_code
    return row
