"""Make a room once: with a mark by which it is found again, and noted as a direct chat where it is one."""

from __future__ import annotations

from typing import Any, Final

from chat_tui_matrix.protocol.known_rooms import MADE, Done, Job
from chat_tui_matrix.protocol.lookups import made_room
from chat_tui_matrix.protocol.naming import is_room_id, user_id
from chat_tui_matrix.protocol.replies import Declined, Steps, id_of
from chat_tui_matrix.protocol.spaces import SPACE
from chat_tui_matrix.wire import paths

_DIRECT: Final = "m.direct"


def make_room(job: Job) -> Steps[Done]:
    """Make it."""
    room_id = id_of((yield paths.create_room(room_body(job))), "room_id")
    yield from _note_direct(job, room_id)
    return Done(room_id=room_id, final=True)


def remade_room(job: Job) -> Steps[Done | None]:
    """Find the room that an earlier try has made."""
    room_id = yield from made_room(job)
    if not room_id:
        return None
    yield from _note_direct(job, room_id)
    return Done(room_id=room_id, final=True)


def room_body(job: Job) -> dict[str, Any]:
    """The body of createRoom; raises Declined where a guest has no id."""
    content = job.action.content
    guests = _guests(job)
    direct = bool(content.get("direct"))
    private = direct or bool(content.get("private"))
    body: dict[str, Any] = {
        "preset": "trusted_private_chat" if direct else "private_chat" if private else "public_chat",
        "visibility": "private" if private else "public",
        "initial_state": [{"type": MADE, "state_key": "", "content": {"txn": job.txn}}],
    }
    typed = "" if direct or is_room_id(job.room_id) else job.room_id.removeprefix("#")
    alias = job.text("alias").removeprefix("#").partition(":")[0]
    told = {
        "name": job.text("name") or typed,
        "topic": job.text("topic"),
        "room_alias_name": alias,
        "invite": guests,
        "is_direct": direct,
        "creation_content": {"type": SPACE} if content.get("space") else {},
    }
    return body | {key: value for key, value in told.items() if value}


def _guests(job: Job) -> list[str]:
    invite = job.action.content.get("invite")
    words = invite.replace(",", " ").split() if isinstance(invite, str) else invite
    if not isinstance(words, list | tuple):
        return []
    return list(dict.fromkeys(user_id(str(word), job.desk.me) for word in words))


def _note_direct(job: Job, room_id: str) -> Steps[None]:
    """Say which person a direct chat is with (account data m.direct); the room stands even if that is refused."""
    if not job.action.content.get("direct"):
        return
    me = job.desk.me
    try:
        known = yield from _direct_chats(job)
        chats = {guest: _with(known.get(guest), room_id) for guest in _guests(job)}
        if any(chats[guest] != known.get(guest) for guest in chats):
            yield paths.put_account_data(me, _DIRECT, {**known, **chats})
    except Declined as no:
        job.desk.problem(f"The room could not be noted as a direct chat: {no.text}", room_id)


def _direct_chats(job: Job) -> Steps[dict[str, Any]]:
    try:
        known = yield paths.account_data(job.desk.me, _DIRECT)
    except Declined as no:
        if no.status != 404:
            raise
        return {}
    return known if isinstance(known, dict) else {}


def _with(rooms: Any, room_id: str) -> list[Any]:
    listed = rooms if isinstance(rooms, list) else []
    return listed if room_id in listed else [*listed, room_id]
