"""From HELLO to being online: AUTH or RESUME, intents, lists (wschat 3.2, 3.3, 3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chat_tui_core.contract import Link, RoomsListed, SetPresence, SignedIn
from chat_tui_core.model import Presence
from chat_tui_core.safe_text import one_line
from chat_tui_wschat.frames import Command, Confirm, Event, Failure, Hello
from chat_tui_wschat.grammar import SESSION, FrameError, user_name_ok
from chat_tui_wschat.protocol_desk import PROGRESS_TIME, Desk, Errand
from chat_tui_wschat.protocol_fields import flag, named, text, whole
from chat_tui_wschat.protocol_labels import FIRST_LABEL
from chat_tui_wschat.protocol_ledger import sane_retry
from chat_tui_wschat.protocol_link import PROTOCOL, Heartbeat, Pace, capabilities, read_hello
from chat_tui_wschat.protocol_rooms import Lists
from chat_tui_wschat.protocol_socket import drop, refuse_socket

REFUSED: Final = "wrong password or token"
LISTS_TIME: Final = 30.0
"""Seconds for lists that are taken again while online."""

FILE_LIST: Final = "lsfiles"
"""What HELLO's `caps` say where LSFILES can be asked."""

LISTS_PAUSE: Final = 10.0
"""Seconds between two times that lists are taken again because of something that was not known."""


def hello(desk: Desk, frame: Hello, now: float) -> None:
    """The server says what it offers; sign in."""
    if desk.heartbeat is not None:
        desk.problem("A second HELLO was set aside.")
        return
    if not frame.proto.startswith(PROTOCOL):
        refuse_socket(desk, f"the server speaks {frame.proto}, this program {PROTOCOL}", now)
        return
    desk.limits = read_hello(frame.data)
    desk.pace = Pace(desk.limits, now)
    desk.heartbeat = Heartbeat(desk.limits.heartbeat, now, desk.rng())
    desk.hello_by, desk.legacy, desk.greeted = None, None, True
    if desk.sequence.sid:
        desk.move(Link.RESUMING)
        desk.sign("RESUME", (desk.sequence.sid, desk.sequence.last), now)
    else:
        authenticate(desk, now)


def authenticate(desk: Desk, now: float, reason: str = "") -> None:
    """Sign in with the token, as a new session."""
    desk.sequence.begin()
    desk.settled = False
    desk.move(Link.SIGNING_IN, reason)
    try:
        desk.sign("AUTH", ("TOKEN", desk.device, desk.login.token), now)
    except FrameError:
        refuse_socket(desk, "the stored token or device name is damaged: sign in again", now)


# ---------------------------------------------------------------- the answers to AUTH and RESUME


def authenticated(desk: Desk, reply: Confirm, now: float) -> None:
    """CONFIRM AUTH: declare the intents, then ask for the lists."""
    data = reply.data or {}
    if reply.words and user_name_ok(reply.words[0]):
        desk.stream.me = reply.words[0]
    sid = text(data, "session", 64)
    desk.sequence.adopt(sid if SESSION.ok(sid) else "", whole(data, "seq"))
    desk.stored = desk.sequence.last
    desk.device = named(data, "device") or desk.device
    desk.last_action_id = whole(data, "last_id", FIRST_LABEL - 1)
    _signed_in(desk)
    synchronise(desk, now)


def resumed(desk: Desk, reply: Confirm, now: float) -> None:
    """CONFIRM RESUME: what was missed follows, or snapshots that replace it."""
    data = reply.data or {}
    desk.gap = flag(data, "gap")
    if desk.gap:
        desk.sequence.adopt(desk.sequence.sid, whole(data, "seq"))
    _signed_in(desk)


def _signed_in(desk: Desk) -> None:
    desk.say(SignedIn(desk.stream.me, desk.device, desk.last_action_id, capabilities(desk.limits)))


def caught_up(desk: Desk, event: Event, now: float) -> None:
    """EVENT session RESUMED: nothing is missing any more. Lists are taken in any case: differences are repaired (A8)."""
    desk.sequence.promise(whole(event.data, "seq"), now)
    desk.say(*desk.stream.clear_typing())
    if desk.link is not Link.RESUMING:
        return
    if desk.gap or not desk.settled:
        synchronise(desk, now, subscribe=not desk.settled)
        return
    desk.intents = set(desk.limits.events)
    online(desk, now)
    take_lists(desk, now)


def confirmed(desk: Desk, reply: Confirm, now: float) -> None:
    """The answer to AUTH or RESUME is yes."""
    expected, desk.expected = desk.expected, ""
    desk.deadline = now + PROGRESS_TIME
    (authenticated if expected == "AUTH" else resumed)(desk, reply, now)


def failed(desk: Desk, reply: Failure, now: float) -> None:
    """The answer to AUTH or RESUME is no: wait, sign in anew, or ask the person."""
    said = one_line(reply.text, 200)
    expected, desk.expected = desk.expected, ""
    if reply.code == "RATELIMIT":
        drop(desk, "the server asks to slow down", now, seconds=sane_retry(reply.retry))
    elif reply.code in {"INTERNAL", "BADSTATE"}:
        drop(desk, f"signing in did not work ({said or reply.code})", now)
    elif expected == "RESUME":
        authenticate(desk, now, "the server no longer has our session")
    else:
        refuse_socket(desk, REFUSED if reply.code == "BADAUTH" else f"signing in was refused ({said})", now)


# ---------------------------------------------------------------- intents and lists


def synchronise(desk: Desk, now: float, *, subscribe: bool = True) -> None:
    """Declare the intents and take the lists; then the account is online."""
    desk.move(Link.SYNCING)
    if subscribe:
        desk.intents.clear()
        for kind in desk.limits.events:
            desk.run(Errand("SUBEVENT", (kind,)), now)
    take_lists(desk, now)


def take_lists(desk: Desk, now: float) -> None:
    """Ask for the lists; what happens meanwhile is kept, to be put on top of them (wschat 3.3)."""
    desk.stream.lists = Lists(desk.stream.me)
    desk.stream.wants_lists = False
    desk.lists_at = now + LISTS_PAUSE
    if desk.link is Link.ONLINE:
        desk.deadline = now + LISTS_TIME
    desk.run(Errand("LSSUBS"), now)
    desk.run(Errand("LSCHANS"), now)
    if FILE_LIST in (desk.limits.caps or ()):
        desk.run(Errand("LSFILES"), now)
    else:
        desk.stream.lists.files.done = True


def errand_done(desk: Desk, reply: Confirm, now: float) -> None:
    """A command of the handshake was carried out."""
    errand = desk.errands.pop(reply.id or 0)
    data = reply.data or {}
    lists = desk.stream.lists
    if errand.verb == "SUBEVENT":
        desk.intents.update(errand.args)
    elif lists is not None and errand.verb == "LSSUBS":
        lists.take_subs(data)
    elif lists is not None and errand.verb == "LSFILES":
        news, before = lists.files.take(data, desk.stream.timeline, desk.stream.me)
        desk.say(*news)
        if before:
            desk.run(Errand("LSFILES", (before,)), now)
    elif lists is not None and (after := lists.take_page(data)):
        desk.run(Errand("LSCHANS", (after,)), now)
    finish(desk, now)


def errand_failed(desk: Desk, reply: Failure, now: float) -> None:
    """A command of the handshake was refused: tried again when that is a matter of time, else done without."""
    errand = desk.errands.pop(reply.id or 0)
    if reply.code in {"RATELIMIT", "INTERNAL"}:
        seconds = sane_retry(reply.retry)
        desk.again.append((now + seconds, errand))
        if desk.deadline is not None:
            desk.deadline = max(desk.deadline, now + seconds + PROGRESS_TIME)
        return
    desk.problem(f"The server does without {' '.join((errand.verb, *errand.args))}: {reply.code}")
    lists = desk.stream.lists
    if lists is not None and errand.verb == "LSSUBS":
        lists.subs_done = True
    elif lists is not None and errand.verb == "LSCHANS":
        lists.rooms_done = True
    elif lists is not None and errand.verb == "LSFILES":
        lists.files.done = True
    finish(desk, now)


def run_again(desk: Desk, now: float) -> None:
    """Send the commands of the handshake again whose time has come."""
    due = [errand for at, errand in desk.again if now >= at]
    desk.again = [(at, errand) for at, errand in desk.again if now < at]
    for errand in due:
        desk.run(errand, now)


def finish(desk: Desk, now: float) -> None:
    """Once everything is answered: the rooms as of now, and online."""
    lists = desk.stream.lists
    if lists is None or not lists.done or desk.errands or desk.again:
        return
    desk.stream.lists = None
    desk.deadline = None
    if lists.pages or lists.joined is not None:
        desk.stream.rooms.replace(lists.result())
        desk.say(RoomsListed(tuple(desk.stream.rooms)))
    desk.settled, desk.gap = True, False
    if desk.link is Link.SYNCING:
        online(desk, now)


def online(desk: Desk, now: float, reason: str = "") -> None:
    """Actions and questions may flow."""
    desk.mark_position()
    desk.deadline = None
    desk.online_since = now
    desk.late_signins = 0
    desk.move(Link.ONLINE, reason)
    desk.typing.again(now)
    tell_presence(desk, now)


_PRESENCES: Final[Mapping[Presence, str]] = {
    Presence.ONLINE: "ONLINE",
    Presence.IDLE: "IDLE",
    Presence.OFFLINE: "OFFLINE",
}


def tell_presence(desk: Desk, now: float) -> None:
    """Tell the server whether the user is there, where it wants to know."""
    told = desk.presence
    if told is None or desk.legacy is not None or "presence" not in desk.limits.events:
        return
    words = one_line(told.text, 75)  # at most 300 bytes (wschat 3.8)
    desk.pace.spend(now)
    desk.send(Command("PRESENCE", (_PRESENCES[told.presence],), text=words or None))


def keep_presence(desk: Desk, told: SetPresence, now: float) -> None:
    """Keep what holds now, and tell it while online."""
    if told.presence in _PRESENCES:
        desk.presence = told
        if desk.link is Link.ONLINE:
            tell_presence(desk, now)
