"""Rules for sessions: how one begins, goes on with another socket, and ends; heartbeats (wschat 3.2, 3.6)."""

from __future__ import annotations

from collections import deque
from typing import Final

from chat_tui_wschat.framing import tag
from chat_tui_wschat.grammar import unsupported_event_type
from chat_tui_wschat.reply_codec import event_body
from chat_tui_wschat.server.hall import Hall, Refusal
from chat_tui_wschat.server.lists import snapshot
from chat_tui_wschat.server.rules_presence import refresh_presence, resend_current, stop_typing
from chat_tui_wschat.server.state import Device, Session, Socket
from chat_tui_wschat.server.turn import INTENTS, Turn, confirm

SLOW_READER: Final = 4004
ELSEWHERE: Final = 4005
SILENT: Final = 4006


def begin(hall: Hall, socket: Socket, device: Device, now: float, *, tagged: bool) -> Session:
    """Start a session on a socket; an older one of the same device ends, it has one only.

    Raises:
        Refusal: RATELIMIT when the user has too many sessions that are all in use.
    """
    user = device.user
    older = [session for session in user.sessions if session.device is device]
    others = [session for session in user.sessions if session.device is not device]
    if len(others) >= hall.limits.sessions_per_user:
        idle = [session for session in others if session.socket is None]
        if not idle:
            raise Refusal("RATELIMIT", "Too many sessions of this user are open", hall.limits.heartbeat)
        older.append(min(idle, key=lambda session: session.detached_at))
    for session in older:
        if session.device is device:
            socket.meter = session.meter
        end(hall, session, now, "signed in again", ELSEWHERE)
    replay: deque[str | tuple[str, int]] = deque(maxlen=hall.limits.replay_max)
    session = Session(hall.secret(), user, device, tagged, replay, now, socket.meter, socket)
    socket.session = session
    hall.unsigned -= 1
    hall.sessions[session.sid] = session
    user.sessions.append(session)
    for channel in user.channels.values():
        channel.online[session] = None
    refresh_presence(hall, user, now)
    return session


def end(hall: Hall, session: Session, now: float, reason: str, code: int) -> None:
    """End a session; its socket, if it has one, is told and closed with a code of wschat 3.7."""
    user = session.user
    hall.shelf.unbind(session)
    hall.sessions.pop(session.sid, None)
    user.sessions.remove(session)
    for channel in user.channels.values():
        channel.online.pop(session, None)
    _dismiss(hall, session, reason, code)
    if not user.sessions:
        for channel in user.channels.values():
            stop_typing(hall, channel, user, now)
    refresh_presence(hall, user, now)


def _dismiss(hall: Hall, session: Session, reason: str, code: int) -> None:
    """Say goodbye on the session's socket and close it."""
    socket = session.socket
    if socket is not None:
        if code != 1000:
            hall.send(socket, event_body("session", "BYE", session.sid, {"reason": reason}))
        hall.close(socket, code, reason)
        socket.session = None
        session.socket = None


def detach(hall: Hall, session: Session, now: float) -> None:
    """The session's socket is gone; a session that can be resumed waits, the other kind ends."""
    hall.shelf.unbind(session)
    if session.socket is not None:
        session.socket.session = None
        session.socket = None
    if not session.tagged:
        end(hall, session, now, "connection lost", 1000)
        return
    session.detached_at = now
    hall.wake(now + hall.limits.resume_ttl, "expire", session.sid)


def expired(hall: Hall, sid: str, now: float) -> None:
    """Look at a session that may have waited for its socket long enough."""
    session = hall.sessions.get(sid)
    if session is not None and session.socket is None and now >= session.detached_at + hall.limits.resume_ttl:
        end(hall, session, now, "expired", 1000)


def resume(hall: Hall, socket: Socket, sid: str, last: int, now: float, *, number: int | None) -> None:
    """RESUME: bind a session to this socket and replay what came after seq `last`, or give snapshots.

    Raises:
        Refusal: NOSESSION or BADSEQ.
    """
    session = hall.sessions.get(sid)
    if session is None or not session.tagged:
        raise Refusal("NOSESSION", "No such session any more: sign in")
    if last > session.seq:
        raise Refusal("BADSEQ", f"This session has come to {session.seq} only: sign in")
    hall.shelf.unbind(session)
    _dismiss(hall, session, "resumed elsewhere", ELSEWHERE)
    session.socket, socket.session, socket.meter = socket, session, session.meter
    hall.unsigned -= 1
    since, session.heard_at = session.heard_at, now
    first = session.seq - len(session.replay) + 1
    covered = last >= first - 1
    about = {"from": last + 1, "to": session.seq} if covered else {"gap": True, "seq": session.seq}
    hall.send(socket, tag(confirm("RESUME", sid, data=about), id=number))
    session.acknowledge(last)
    if covered:
        for seq, entry in enumerate(session.replay, last + 1):
            body, own = (entry, None) if isinstance(entry, str) else entry
            hall.send(socket, tag(body, seq=seq, id=own))
    else:
        for _, channel in sorted(session.user.channels.items()):
            hall.send(socket, snapshot(hall, session, channel))
    hall.send(socket, event_body("session", "RESUMED", sid, {"seq": session.seq}))
    resend_current(hall, session, since)


def subscribe(turn: Turn) -> str:
    """SUBEVENT: add an event type to the session's intents; adding it twice is adding it once."""
    turn.session.intents |= _intent(turn)
    return confirm("SUBEVENT", turn.word(0))


def unsubscribe(turn: Turn) -> str:
    """UNSUBEVENT: take an event type away; no such event comes after the answer."""
    turn.session.intents &= ~_intent(turn)
    return confirm("UNSUBEVENT", turn.word(0))


def _intent(turn: Turn) -> int:
    bit = INTENTS.get(turn.word(0))
    if bit is None:
        raise Refusal("BADARGS", unsupported_event_type(turn.word(0)))
    return bit


def quit_session(turn: Turn) -> None:
    """QUIT: the session ends at once."""
    socket, number = turn.session.socket, turn.command.id
    if socket is not None and number is not None:
        turn.hall.send(socket, tag(confirm("QUIT"), id=number))
    end(turn.hall, turn.session, turn.now, "bye", 1000)


def beat(hall: Hall, socket_number: int, now: float) -> None:
    """Look after a socket: ask a silent one for a sign of life, give up one that did not answer (4006)."""
    socket = hall.sockets.get(socket_number)
    if socket is None or socket.closed or socket.session is None:
        return
    period, session = hall.limits.heartbeat, socket.session
    if socket.asked and now >= socket.heard_at + 2 * period:
        _dismiss(hall, session, "no sign of life", SILENT)
        detach(hall, session, now)
        return
    due = socket.heard_at + (2 * period if socket.asked else period)
    if now >= due:
        hall.send(socket, f"PING {session.seq}")
        socket.asked = True
        due = now + period
    hall.wake(due, "beat", socket_number)
