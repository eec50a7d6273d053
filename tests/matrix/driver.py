"""Drives the Matrix core in tests: a float for a clock, and calls that are answered by the pattern of their path."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import Link, LinkChanged, News, Question, RoomStates, StateReader
from chat_tui_matrix.protocol.core import Login, MatrixCore
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.parts import Parts, make_parts
from chat_tui_matrix.wire.calls import (
    Answer,
    Call,
    Failed,
    Garbled,
    Hangup,
    Out,
    Refusal,
    SecretKept,
)
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection, SyncReply

ME = "@ann:chat.example"
BOB = "@bob:chat.example"
ROOM = "!talk:chat.example"
WALL = 1_760_000_000
"""The time of day at the driver's first second."""

VERSIONS: Mapping[str, Any] = {"versions": ["v1.11"], "unstable_features": {}}
SLIDING: Mapping[str, Any] = {
    "versions": ["v1.11"],
    "unstable_features": {"org.matrix.simplified_msc3575": True},
}

#: Paths by what they are for, as regular expressions for `Driver.call` and the others.
PATHS: Mapping[str, str] = {
    "versions": r"/versions$",
    "whoami": r"/account/whoami$",
    "refresh": r"/refresh$",
    "sync": r"/v3/sync$",
    "sliding": r"/org\.matrix\.simplified_msc3575/sync$",
    "initial_sync": r"/v3/initialSync$",
    "events": r"/v3/events$",
    "room_initial_sync": r"/rooms/[^/]+/initialSync$",
    "summary": r"/room_summary/",
    "send": r"/rooms/[^/]+/send/",
}

N = TypeVar("N")


# ---------------------------------------------------------------- what a server tells


def event(
    type_: str = "m.room.message",
    content: Mapping[str, Any] | None = None,
    *,
    sender: str = BOB,
    key: str | None = None,
    event_id: str = "",
    ts: int = 0,
    unsigned: Mapping[str, Any] | None = None,
) -> MatrixEvent:
    """An event; without an id it gets one of its type, key and content."""
    body = dict(content or {})
    made = event_id or f"${type_}-{key}-{json.dumps(body, sort_keys=True)}"
    return MatrixEvent(type_, body, sender, made, ts or WALL * 1000, key, unsigned=dict(unsigned or {}))


def message(text: str, *, sender: str = BOB, event_id: str = "", txn: str = "") -> MatrixEvent:
    """A message; `txn` as it comes back to the device that sent it."""
    more = {"transaction_id": txn} if txn else {}
    return event("m.room.message", {"msgtype": "m.text", "body": text}, sender=sender, event_id=event_id, unsigned=more)


def member(user: str, membership: str = "join", *, sender: str = "", name: str = "", before: str = "") -> MatrixEvent:
    """A member event; `before` is the membership that it replaces."""
    content = {"membership": membership, **({"displayname": name} if name else {})}
    more = {"prev_content": {"membership": before}} if before else {}
    return event("m.room.member", content, sender=sender or user, key=user, unsigned=more)


def section(room_id: str = ROOM, *timeline: MatrixEvent, membership: str = "join", **more: Any) -> RoomSection:
    """What an answer tells of a room."""
    return RoomSection(room_id, membership, timeline=timeline, **more)


def reply(since: str, *rooms: RoomSection, **more: Any) -> SyncReply:
    """What a sync brings."""
    return SyncReply(since, rooms=rooms, **more)


def send(action_id: int, text: str = "hello", room_id: str = ROOM) -> Action:
    """An action that says something."""
    return Action(action_id, Kind.SEND, room_id, {"text": text}, created_at=WALL * 1000)


class Stored:
    """What a store would give: StateSet by room, type and key. A contract.StateReader."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, str, str], str] = {}

    def get(self, room_id: str, kind: str, key: str = "") -> str:
        """The content as JSON."""
        return self.contents.get((room_id, kind, key), "")

    def rooms(self, room_ids: Sequence[str], but: str) -> RoomStates:
        """The contents by room, type and key."""
        found: RoomStates = {}
        for (room, kind, key), text in self.contents.items():
            if room in room_ids and kind != but:
                found.setdefault(room, {}).setdefault(kind, {})[key] = text
        return found

    def all(self, room_id: str, kind: str) -> dict[str, str]:
        """The contents by key."""
        return {k: text for (room, type_, k), text in self.contents.items() if (room, type_) == (room_id, kind)}


# ---------------------------------------------------------------- the driver


class Driver:
    """A core, its clock and the calls that nobody has answered yet.

    `parts` makes rooms, ledger and questions; the real ones are the default. `calls` are in the order in which they
    were made. Patterns are names of PATHS or regular expressions that are searched for in the path; a method may stand
    in front: "PUT send".
    """

    def __init__(
        self,
        *,
        mode: str = "sync",
        position: Mapping[str, str] | None = None,
        secret: str = "tok",
        user: str = ME,
        device: str = "LAPTOP",
        rng: Callable[[], float] = lambda: 0.5,
        state: StateReader | None = None,
        parts: Callable[[Desk], Parts] = make_parts,
    ) -> None:
        login = Login("https://chat.example", user, device, secret)
        self.core = MatrixCore(login, position or {}, rng, state or Stored(), mode, parts=parts)
        self.now = 1000.0
        self.calls: list[Call] = []
        self.made: list[Call] = []
        self.hung_up: list[int] = []
        self.secrets: list[str] = []
        self.works = True
        self._standing: list[tuple[str, Callable[[Call], Any]]] = []

    # ------------------------------------------------------------ what the core gives

    def take(self) -> list[Out]:
        """What the shell must do, since the last time; calls with a standing answer are answered."""
        taken: list[Out] = []
        while outs := self.core.sends():
            taken += outs
            for out in outs:
                self._take(out)
        return taken

    def _take(self, out: Out) -> None:
        if isinstance(out, Call):
            self.calls.append(out)
            self.made.append(out)
            give = next((give for pattern, give in self._standing if _fits(out, pattern)), None)
            if give is not None:
                self.reply_to(out, give(out))
        elif isinstance(out, Hangup):
            self.hung_up.append(out.id)
            self.calls = [call for call in self.calls if call.id != out.id]
        else:
            self.secrets.append(out.secret)

    def all_calls(self, pattern: str = "") -> list[Call]:
        """The open calls of which the path fits."""
        self.take()
        return [call for call in self.calls if _fits(call, pattern)]

    def call(self, pattern: str) -> Call:
        """The one open call of which the path fits."""
        fitting = self.all_calls(pattern)
        shown = [f"{call.request.method} {call.request.path}" for call in self.calls]
        assert len(fitting) == 1, f"{pattern}: {len(fitting)} of {shown}"
        return fitting[0]

    def asks(self, pattern: str) -> bool:
        """Whether there is one open call of which the path fits."""
        return len(self.all_calls(pattern)) == 1

    def at(self, link: Link) -> bool:
        """Whether the link is this one now."""
        return self.core.link is link

    def news(self) -> list[News]:
        """The news since the last time."""
        self.take()
        return self.core.events()

    def only(self, kind: type[N]) -> list[N]:
        """The news of one kind since the last time; all others are dropped."""
        return [item for item in self.news() if isinstance(item, kind)]

    def links(self) -> list[tuple[Link, str]]:
        """How the link moved since the last time, with the reason."""
        return [(item.link, item.reason) for item in self.only(LinkChanged)]

    # ------------------------------------------------------------ what it is fed

    def reply_to(self, call: Call, value: Any, status: int = 200) -> None:
        """Answer a call: a value as its decoder gives it, bytes that are decoded, or a whole In."""
        self.calls = [other for other in self.calls if other.id != call.id]
        if isinstance(value, Failed):
            self.core.receive(Failed(call.id, value.reason, value.fatal, value.sent), self.now)
        else:
            if isinstance(value, bytes):
                from chat_tui_matrix.wire.decoding import decode

                value = decode(call.request.reads, status, {"content-type": "application/json"}, value)
            wall = WALL + int(self.now - 1000)
            self.core.receive(Answer(call.id, status, value, wall), self.now)
        if self.works:
            self.work()

    def answer(self, pattern: str, value: Any, status: int = 200) -> Call:
        """Answer the one open call of which the path fits."""
        call = self.call(pattern)
        self.reply_to(call, value, status)
        return call

    def raw(self, pattern: str, body: object, status: int = 200) -> Call:
        """Answer with what goes over the wire: bytes, or a value that becomes JSON."""
        return self.answer(pattern, body if isinstance(body, bytes) else json.dumps(body).encode(), status)

    def always(self, pattern: str, give: Callable[[Call], Any]) -> None:
        """From now on answer each such call at once."""
        self._standing.append((pattern, give))

    def refuse(self, pattern: str, status: int, code: str = "", text: str = "", **more: Any) -> Call:
        """Answer the one open call of which the path fits with an error of the server."""
        return self.answer(pattern, Refusal(code, text, **more), status)

    def garble(self, pattern: str, text: str = "no JSON") -> Call:
        """Answer with what cannot be read."""
        return self.answer(pattern, Garbled(text))

    def fail(
        self, pattern: str, reason: str = "connection refused", *, fatal: bool = False, sent: bool = False
    ) -> Call:
        """No answer comes to the one open call of which the path fits."""
        return self.answer(pattern, Failed(0, reason, fatal, sent))

    def keep_secret(self) -> str:
        """The newest secret is durable."""
        self.take()
        self.core.receive(SecretKept(), self.now)
        return self.secrets[-1]

    def do(self, *actions: Action) -> None:
        """The user does something."""
        for action in actions:
            self.core.do(action, self.now)

    def ask(self, question: Question) -> None:
        """The session asks something."""
        self.core.ask(question, self.now)

    def work(self) -> int:
        """Have everything applied that came in; gives the number of slices."""
        for count in range(100_000):
            if not self.core.work(self.now):
                return count + 1
        raise AssertionError("the work never ends")

    def advance(self, seconds: float) -> None:
        """Let time pass, ticking whenever the core wants it; a core that never moves on is caught."""
        end = self.now + seconds
        for _ in range(10_000):
            wake = self.core.wake_at()
            if wake is None or wake > end + 1e-9:
                break
            self.now = max(self.now, wake)
            self.core.tick(self.now)
            self.take()
        else:
            raise AssertionError("the core wants to be woken for ever")
        self.now = max(self.now, end)

    # ------------------------------------------------------------ the way to being online

    def start(self, versions: Mapping[str, Any] = VERSIONS) -> None:
        """Start, and tell what the server offers."""
        self.core.start(self.now)
        self.answer("versions", dict(versions))

    def online(self, *rooms: RoomSection, since: str = "s1", **more: Any) -> None:
        """From nothing to ONLINE by GET /sync."""
        self.start()
        self.answer("sync", reply(since, *rooms, **more))
        assert self.core.link is Link.ONLINE

    def sync(self, since: str, *rooms: RoomSection, **more: Any) -> None:
        """Answer the open poll of GET /sync."""
        self.answer("sync", reply(since, *rooms, **more))

    def quiet(self) -> None:
        """Forget what was given so far."""
        self.news()
        self.made.clear()
        self.hung_up.clear()


def _fits(call: Call, pattern: str) -> bool:
    method, _, rest = pattern.rpartition(" ")
    path = PATHS.get(rest, rest)
    return method in {"", call.request.method} and re.search(path, call.request.path) is not None


def query(call: Call) -> dict[str, str]:
    """What a call asks in its query."""
    return dict(call.request.query)


def body(call: Call) -> Any:
    """What a call says in its body."""
    return json.loads(call.request.body or b"null")


def sync_filter(call: Call) -> Any:
    """The filter of a call to GET /sync."""
    return json.loads(call.request.query["filter"])


def ids(sections: Iterable[RoomSection]) -> Sequence[str]:
    """The rooms of some sections."""
    return [one.room_id for one in sections]
