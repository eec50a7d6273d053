"""Opening, losing and giving up the socket: what is tried again, when, and what is said about it (wschat 3.6, 3.7)."""

from __future__ import annotations

from typing import Final

from chat_tui_core.contract import Link, Position
from chat_tui_wschat.frames import Command
from chat_tui_wschat.protocol_desk import Desk
from chat_tui_wschat.protocol_link import STABLE_AFTER, Next, closing, retry_after
from chat_tui_wschat.protocol_values import Closed, CloseSocket, Open, OpenFailed

BROKEN_STREAM: Final = "a part of the stream was lost; asking for it again"
_MOST_STUCK: Final = 3


def open_socket(desk: Desk, reason: str = "") -> None:
    """Try to connect now."""
    desk.move(Link.CONNECTING, reason)
    desk.out.append(Open(desk.login.url))


def open_failed(desk: Desk, failed: OpenFailed, now: float) -> None:
    """No WebSocket came about."""
    if desk.link is not Link.CONNECTING or desk.socket:
        return
    if failed.fatal:
        give_up(desk, failed.reason)
    else:
        wait(desk, failed.reason, now + desk.backoff.next())


def closed(desk: Desk, event: Closed, now: float) -> None:
    """The server, or the network, closed the socket."""
    if not desk.socket:
        return
    follows, words = closing(event.code, event.reason)
    if desk.bye:
        words = f"{desk.bye} ({words})" if follows is Next.STOP else desk.bye
    forget_socket(desk, now)
    if follows is Next.ONCE:
        desk.late_signins += 1
        follows = Next.STOP if desk.late_signins > 1 else Next.RETRY
    if follows is Next.STOP:
        give_up(desk, words)
    elif follows is Next.WAIT:
        desk.backoff.attempt += 1
        wait(desk, words, now + retry_after(event.reason))
    else:
        wait(desk, words, now + desk.backoff.next())


def drop(desk: Desk, reason: str, now: float, *, code: int = 1000, seconds: float | None = None) -> None:
    """Close the socket ourselves and try again: after the back-off, or at once the first time, or in `seconds`."""
    if not desk.socket:
        return
    desk.out.append(CloseSocket(code, reason))
    forget_socket(desk, now)
    if seconds is not None:
        desk.backoff.attempt += 1
        wait(desk, reason, now + seconds)
    elif code != 1000 and not desk.backoff.attempt:
        desk.backoff.attempt = 1
        wait(desk, reason, now)
    else:
        wait(desk, reason, now + desk.backoff.next())


def refuse_socket(desk: Desk, reason: str, now: float) -> None:
    """Close the socket ourselves and do not try again: the person must act."""
    desk.out.append(CloseSocket(1000, ""))
    forget_socket(desk, now)
    give_up(desk, reason)


def break_stream(desk: Desk, now: float) -> None:
    """A number of the stream is missing: RESUME from the last one taken; where that never helps, start afresh."""
    sid, last, count = desk.stuck
    here = (desk.sequence.sid, desk.sequence.last)
    count = count + 1 if here == (sid, last) else 1
    desk.stuck = (*here, count)
    if count >= _MOST_STUCK:
        desk.sequence.begin()
    drop(desk, BROKEN_STREAM, now, code=4006)


def forget_socket(desk: Desk, now: float) -> None:
    """The socket is gone: what was under way is in doubt, goes back or is asked again."""
    if desk.link is Link.ONLINE and now - desk.online_since >= STABLE_AFTER:
        desk.backoff.reset()
    desk.socket = False
    desk.hello_by = desk.deadline = desk.heartbeat = desk.legacy = None
    desk.expected = desk.bye = ""
    desk.gap = False
    desk.errands.clear()
    desk.again.clear()
    desk.stream.lists = None
    desk.sequence.drop_held()
    desk.questions.requeue()
    desk.files.lost()
    desk.say(*desk.ledger.lost())
    desk.mark_position()


def wait(desk: Desk, reason: str, until: float) -> None:
    """Try again at this time."""
    desk.move(Link.WAITING, reason, until)


def give_up(desk: Desk, reason: str) -> None:
    """Nothing is tried again by itself."""
    desk.move(Link.STOPPED, reason)
    desk.say(*desk.questions.refuse_all("STOPPED", f"Not connected: {reason}."))


def say_goodbye(desk: Desk, now: float) -> None:
    """End the session and close; without a socket only the tries end, and the session may still be resumed."""
    if desk.socket:
        ends = desk.legacy is None and desk.link in {Link.SYNCING, Link.ONLINE}
        if ends:
            desk.send(Command("QUIT"))
        desk.out.append(CloseSocket(1000, ""))
        forget_socket(desk, now)
        if ends:
            desk.sequence.begin()
            desk.say(Position({}))
    elif desk.link is Link.CONNECTING:
        desk.out.append(CloseSocket(1000, ""))
    desk.move(Link.OFFLINE, "closed")
    desk.say(*desk.stream.clear_typing(), *desk.questions.refuse_all("OFFLINE", "The connection was closed."))
