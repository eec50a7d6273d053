"""matrix-nio as a peer: an independent client that reads what ours wrote, and writes what ours must read."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.matrix_live.environments import NIO, clean_environ
from tests.matrix_live.people import Person

PROGRAM = Path(__file__).with_name("nio_program.py")
# Seconds.
PATIENCE = 30.0
LINE_LIMIT = 2**26


class NioFailed(Exception):
    """nio, or the homeserver through it, could not do what was asked."""


@dataclass(frozen=True)
class Line:
    """One event as nio shows it; `kind` is nio's name for what it is, `reactions` key -> senders."""

    event_id: str
    sender: str
    kind: str
    body: str
    reply_to: str
    edits: int
    reactions: dict[str, list[str]]
    redacted: bool


class NioPeer:
    """A nio client in a process of its own. Between `start` and `close`, or in `async with`.

    It sees only what it has synced: `sync` once, or `wait_for` something. Methods raise NioFailed or TimeoutError.
    """

    def __init__(self) -> None:
        self.process: asyncio.subprocess.Process | None = None
        self.reading: asyncio.Task[None] | None = None
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        self.numbers = itertools.count()
        self.user_id = ""
        self.device_id = ""

    async def start(self) -> None:
        """Start the process; installs nio first if need be."""
        python = await asyncio.to_thread(NIO.ensured)
        self.process = await asyncio.create_subprocess_exec(
            str(python),
            "-P",
            str(PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=clean_environ(),
            limit=LINE_LIMIT,
        )
        self.reading = asyncio.create_task(self.read_answers(self.process))

    async def read_answers(self, process: asyncio.subprocess.Process) -> None:
        """Give each answer to whoever waits for it."""
        if process.stdout is None:
            return
        while line := await process.stdout.readline():
            said = json.loads(line)
            waiting = self.waiting.pop(said["id"], None)
            if waiting is None or waiting.done():
                continue
            if "failed" in said:
                waiting.set_exception(NioFailed(said["failed"]))
            else:
                waiting.set_result(said["result"])
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_exception(NioFailed("the process with nio has ended"))
        self.waiting.clear()

    async def ask(self, do: str, **arguments: object) -> Any:
        """Have a command of nio_program.Peer done; its result."""
        if self.process is None or self.process.stdin is None or self.reading is None or self.reading.done():
            raise NioFailed("the process with nio does not run")
        number = next(self.numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting[number] = answer
        self.process.stdin.write(json.dumps({"id": number, "do": do, **arguments}).encode() + b"\n")
        async with asyncio.timeout(PATIENCE):
            await self.process.stdin.drain()
            return await answer

    async def login(self, person: Person, url: str = "") -> None:
        """Sign in as somebody, with a device of its own; `url` names a proxy."""
        found = await self.ask("login", url=url or person.raw.url, user=person.user_id, password=person.password)
        self.user_id, self.device_id = found["user_id"], found["device_id"]

    async def sync(self, timeout_ms: int = 0) -> None:
        """Sync once."""
        await self.ask("sync", timeout=timeout_ms)

    async def send(self, room: str, text: str, *, msgtype: str = "m.text", reply_to: str = "") -> str:
        """Send a message; its id."""
        return str(await self.ask("send", room=room, text=text, msgtype=msgtype, reply_to=reply_to))

    async def send_file(self, room: str, path: Path, mime: str = "application/octet-stream") -> str:
        """Send a file; its message's id."""
        return str(await self.ask("send_file", room=room, path=str(path), mime=mime))

    async def fetch_file(self, room: str, event: str, path: Path) -> dict[str, Any]:
        """Fetch the file of a message that was seen; its kind and content, and the mime type it came with."""
        return dict(await self.ask("fetch_file", room=room, event=event, path=str(path)))

    async def edit(self, room: str, event: str, text: str) -> str:
        """Replace a message's text; the edit's id."""
        return str(await self.ask("edit", room=room, event=event, text=text))

    async def react(self, room: str, event: str, key: str) -> str:
        """React; the reaction's id."""
        return str(await self.ask("react", room=room, event=event, key=key))

    async def redact(self, room: str, event: str, reason: str = "") -> str:
        """Redact; the redaction's id."""
        return str(await self.ask("redact", room=room, event=event, reason=reason))

    async def read(self, room: str, event: str) -> None:
        """Say that everything up to and including this event is read."""
        await self.ask("read", room=room, event=event)

    async def typing(self, room: str, on: bool = True) -> None:
        """Say that one is typing, or no more."""
        await self.ask("typing", room=room, on=on)

    async def create(self, name: str, *invite: str) -> str:
        """Make a room and invite user ids; the room's id."""
        return str(await self.ask("create", name=name, invite=list(invite)))

    async def join(self, room: str) -> str:
        """Join by id or alias; the room's id."""
        return str(await self.ask("join", room=room))

    async def leave(self, room: str) -> None:
        """Leave."""
        await self.ask("leave", room=room)

    async def rooms(self) -> dict[str, list[str]]:
        """The ids of rooms "joined" and "invited", as of the last sync."""
        return dict(await self.ask("rooms"))

    async def room(self, room: str) -> dict[str, Any]:
        """What nio makes of a room, as of the last sync: name, topic, members, typing, read (user id -> event id)."""
        return dict(await self.ask("room", room=room))

    async def seen(self, room: str) -> list[Line]:
        """A room's events as of the last sync, oldest first, with edits, reactions and redactions applied."""
        return [Line(**line) for line in await self.ask("seen", room=room)]

    async def texts(self, room: str) -> list[str]:
        """The bodies of a room's messages as they read now, without redacted ones."""
        return [
            line.body for line in await self.seen(room) if line.kind.startswith("RoomMessage") and not line.redacted
        ]

    async def wait_for(self, room: str, seen: Callable[[list[Line]], bool], seconds: float = 10.0) -> list[Line]:
        """Sync until what is seen in a room is as it should be; the lines. Raises TimeoutError with what was there."""
        lines: list[Line] = []
        try:
            async with asyncio.timeout(seconds):
                while True:
                    lines = await self.seen(room)
                    if seen(lines):
                        return lines
                    await self.sync(1000)
        except TimeoutError:
            raise TimeoutError(f"nio saw in {room}: {lines}") from None

    async def wait_for_text(self, room: str, text: str, seconds: float = 10.0) -> Line:
        """Sync until a message reads so; its line."""
        lines = await self.wait_for(room, lambda lines: any(line.body == text for line in lines), seconds)
        return next(line for line in lines if line.body == text)

    async def close(self) -> None:
        """End the process."""
        if self.process is None or self.process.stdin is None:
            return
        self.process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self.process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        if self.reading is not None:
            await self.reading

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
