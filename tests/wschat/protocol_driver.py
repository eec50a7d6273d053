"""Drives the wschat core in tests: a float for a clock, frames as text, every command of the handshake answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import Link, LinkChanged, News
from chat_tui_wschat.protocol import (
    Closed,
    CloseSocket,
    Login,
    Message,
    Open,
    Opened,
    OpenFailed,
    Send,
    WschatCore,
)
from chat_tui_wschat.wire import Chunk, Command, parse_command

SID = "k3J9xQ2mP0vTz7aB"
HELLO: Mapping[str, Any] = {
    "name": "dev",
    "heartbeat": 30000,
    "events": ["channel", "user", "message", "presence", "typing", "file"],
    "caps": ["chat", "direct", "history", "private", "resume"],
}
GENERAL: Mapping[str, Any] = {"name": "general", "topic": "talk", "joined": True, "members": 2, "pos": 40, "read": 38}

N = TypeVar("N")


def frame(words: str, data: Mapping[str, Any] | None = None) -> str:
    """A frame with its JSON."""
    return words if data is None else f"{words} {json.dumps(data, ensure_ascii=False)}"


def message(
    pos: int,
    *,
    seq: int | None = None,
    action: int | None = None,
    room: str = "general",
    sender: str = "bob",
    **more: Any,
) -> str:
    """`EVENT message CREATE`, with tags where they are given."""
    data = {"id": f"m{pos}", "pos": pos, "from": sender, "text": f"text {pos}", "ts": 1_754_690_000_000 + pos, **more}
    tags = ";".join(f"{key}={value}" for key, value in (("seq", seq), ("id", action)) if value is not None)
    return frame(f"{f'@{tags} ' if tags else ''}EVENT message CREATE {room}", data)


def send(action_id: int, text: str = "hello", room: str = "general", **more: Any) -> Action:
    """An action that says something."""
    return Action(action_id, Kind.SEND, room, {"text": text, **more})


class Driver:
    """A core, its clock, and everything that it has given so far."""

    def __init__(
        self, position: Mapping[str, str] | None = None, rng: Callable[[], float] = lambda: 0.5, user: str = "ann"
    ) -> None:
        self.core = WschatCore(Login("ws://chat.example", user, "laptop", "s3cr3t"), position or {}, rng)
        self.now = 1000.0
        self.answers_pings = False
        self._outs: list[object] = []

    # what the core gives

    def take(self) -> list[object]:
        """What the shell must do, since the last time."""
        outs, self._outs = [*self._outs, *self.core.sends()], []
        return outs

    def commands(self) -> list[Command]:
        """The commands that were sent since the last time."""
        found = (parse_command(out.message) for out in self.take() if isinstance(out, Send))
        return [command for command in found if not isinstance(command, Chunk)]

    def verbs(self) -> list[str]:
        """The verbs that were sent since the last time."""
        return [command.verb for command in self.commands()]

    def news(self) -> list[News]:
        """The news since the last time."""
        return self.core.events()

    def only(self, kind: type[N]) -> list[N]:
        """The news of one kind since the last time; all others are dropped."""
        return [item for item in self.news() if isinstance(item, kind)]

    def links(self) -> list[Link]:
        """How the link moved since the last time."""
        return [item.link for item in self.only(LinkChanged)]

    # what it is fed

    def feed(self, *frames: str | bytes) -> None:
        """Messages from the server."""
        for data in frames:
            self.core.receive(Message(data), self.now)

    def close(self, code: int = 1006, reason: str = "") -> None:
        """The server closes the socket."""
        self.core.receive(Closed(code, reason), self.now)

    def fail(self, reason: str = "connection refused", *, fatal: bool = False) -> None:
        """No connection comes about."""
        self.core.receive(OpenFailed(reason, fatal), self.now)

    def do(self, *actions: Action) -> None:
        """The user does something."""
        for action in actions:
            self.core.do(action, self.now)

    def advance(self, seconds: float) -> None:
        """Let time pass, ticking whenever the core wants it; a core that never moves on is caught."""
        end = self.now + seconds
        for _ in range(10_000):
            wake = self.core.wake_at()
            if wake is None or wake > end + 1e-9:
                break
            self.now = max(self.now, wake)
            self.core.tick(self.now)
            if self.answers_pings:
                self._answer_pings()
        else:
            raise AssertionError("the core wants to be woken for ever")
        self.now = max(self.now, end)

    def _answer_pings(self) -> None:
        new = self.core.sends()
        self._outs += new
        for out in new:
            if isinstance(out, Send) and isinstance(out.message, str) and out.message.startswith("PING "):
                self.feed(out.message.replace("PING", "PONG"))

    # the handshake

    def open(self, hello: Mapping[str, Any] = HELLO) -> None:
        """The socket opens and the server says HELLO; starts the core when that was not done."""
        self.core.start(self.now)
        assert any(isinstance(out, Open) for out in self.take())
        self.core.receive(Opened(), self.now)
        self.feed(frame("HELLO wschat-ie/1", hello))

    def confirm(self, command: Command, words: str = "", data: Mapping[str, Any] | None = None, tags: str = "") -> None:
        """Answer a labelled command with CONFIRM."""
        head = f"@id={command.id}{tags} CONFIRM {command.verb}"
        self.feed(frame(f"{head} {words}".rstrip(), data))

    def refuse(self, command: Command, code: str, text: str = "no", tags: str = "") -> None:
        """Answer a labelled command with ERROR."""
        self.feed(f"@id={command.id}{tags} ERROR {code} {command.verb} {text}")

    def answer_lists(self, rooms: Sequence[Any] = (GENERAL,), at: int = 0) -> None:
        """Answer SUBEVENT, LSSUBS and LSCHANS until nothing is asked any more."""
        for command in self.commands():
            if command.verb == "SUBEVENT":
                self.confirm(command, str(command.args[0]))
            elif command.verb == "LSSUBS":
                joined = [room["name"] for room in rooms if isinstance(room, Mapping) and room.get("joined")]
                self.confirm(command, "", {"at": at, "channels": joined})
            elif command.verb == "LSCHANS":
                self.confirm(command, "", {"at": at, "channels": list(rooms)})

    def sign_in(self, rooms: Sequence[Any] = (GENERAL,), hello: Mapping[str, Any] = HELLO, last_id: int = 0) -> None:
        """From nothing to ONLINE by AUTH."""
        self.open(hello)
        (auth,) = self.commands()
        assert auth.verb == "AUTH"
        self.confirm(auth, "ann", {"session": SID, "device": "laptop", "last_id": last_id, "seq": 0})
        self.answer_lists(rooms)
        assert self.core.link is Link.ONLINE

    def resume(self, last: int, to: int, *frames: str) -> None:
        """From HELLO to ONLINE by RESUME, with a replay."""
        self.open()
        (asked,) = self.commands()
        assert (asked.verb, asked.args) == ("RESUME", (SID, last))
        self.confirm(asked, SID, {"from": last + 1, "to": to})
        self.feed(*frames, frame(f"EVENT session RESUMED {SID}", {"seq": to}))

    def quiet(self) -> None:
        """Forget what was given so far."""
        self.take()
        self.news()


__all__ = ["GENERAL", "HELLO", "SID", "CloseSocket", "Driver", "frame", "message", "send"]
