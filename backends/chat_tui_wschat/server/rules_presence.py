"""Rules for what is never stored: PRESENCE and TYPING (wschat 3.3)."""

from __future__ import annotations

from typing import Final

from chat_tui_wschat.reply_codec import event_body
from chat_tui_wschat.server.hall import Hall
from chat_tui_wschat.server.state import Channel, Session, User
from chat_tui_wschat.server.turn import PRESENCE, TYPING, Turn, confirm

_RANK: Final = {"offline": 0, "idle": 1, "online": 2}
_TYPERS: Final = 100


def presence_event(user: User) -> str:
    """Write the event that says whether a user is there."""
    data = {"state": user.state, "text": user.note} if user.note else {"state": user.state}
    return event_body("presence", "SET", user.name, data)


def refresh_presence(
    hall: Hall, user: User, now: float, origin: Session | None = None, number: int | None = None
) -> None:
    """Work out a user's presence from the sessions, and tell everybody if it changed.

    A user is as present as the most present session; the text is that of the session that spoke last.
    """
    state = max((session.state for session in user.sessions), key=_RANK.__getitem__, default="offline")
    note = next((session.note for session in reversed(user.sessions) if session.note), "")
    if (state, note) == (user.state, user.note):
        return
    user.state, user.note, user.changed_at = state, note, now
    body = presence_event(user)
    for session in hall.sessions.values():
        if session.intents & PRESENCE:
            hall.hint(session, body, number if session is origin else None)


def presence(turn: Turn) -> str | None:
    """PRESENCE: how present this session is, and perhaps a text."""
    session = turn.session
    session.note = turn.note()
    session.state = turn.word(0).lower()
    refresh_presence(turn.hall, turn.user, turn.now, session, turn.command.id)
    return confirm("PRESENCE", turn.word(0)) if turn.command.id is not None else None


def typing(turn: Turn) -> str | None:
    """TYPING: this user types in a channel, or no longer does; it lapses by itself."""
    hall, channel = turn.hall, turn.joined()
    if turn.word(1) == "ON":
        new = turn.user.name not in channel.typing
        until = turn.now + hall.limits.typing_ttl
        channel.typing[turn.user.name] = until
        if new:
            hall.wake(until, "typing", (channel.name, turn.user.name))
            _tell_typing(hall, channel, turn.now)
        elif turn.now - channel.typing_told >= hall.limits.typing_ttl / 2:
            _tell_typing(hall, channel, turn.now)  # a client lets a list lapse that is not repeated (wschat 3.8)
    else:
        stop_typing(hall, channel, turn.user, turn.now)
    return confirm("TYPING", channel.name, turn.word(1)) if turn.command.id is not None else None


def stop_typing(hall: Hall, channel: Channel, user: User, now: float) -> None:
    """End a user's sign of typing, if there is one."""
    if channel.typing.pop(user.name, None) is not None:
        _tell_typing(hall, channel, now)


def typing_event(channel: Channel) -> str:
    """Write the event that names everybody who types; of very many only the first."""
    return event_body("typing", "SET", channel.name, {"users": list(channel.typing)[:_TYPERS]})


def _tell_typing(hall: Hall, channel: Channel, now: float) -> None:
    channel.typing_told = now
    body = typing_event(channel)
    for session in channel.online:
        if session.intents & TYPING:
            hall.hint(session, body)


def typing_lapsed(hall: Hall, key: tuple[str, str], now: float) -> None:
    """Look at a sign of typing whose time may be over; it may have been repeated."""
    channel = hall.channels.get(key[0])
    until = channel.typing.get(key[1]) if channel else None
    if channel is None or until is None:
        return
    if until <= now:
        del channel.typing[key[1]]
        _tell_typing(hall, channel, now)
    else:
        hall.wake(until, "typing", key)


def resend_current(hall: Hall, session: Session, since: float) -> None:
    """After RESUME: tell anew who types, and whose presence changed after `since` (wschat 3.4 rule 9)."""
    if session.intents & TYPING:
        for channel in session.user.channels.values():
            if channel.typing:
                hall.hint(session, typing_event(channel))
    if session.intents & PRESENCE:
        near = {user for channel in session.user.channels.values() for user in channel.members.values()}
        for user in sorted(near, key=lambda user: user.name):
            if user.changed_at >= since:
                hall.hint(session, presence_event(user))
