"""A plain WebSocket client for tests: it knows the grammar of wschat-ie/1 and nothing of our codec or client."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 10.0


@dataclass(frozen=True)
class Heard:
    """One frame taken apart: tags, the words before any JSON, the JSON, and the whole frame."""

    raw: str
    tags: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return " ".join(self.words)


def hear(raw: str) -> Heard:
    """Take a frame apart; the JSON is what begins with the first "{" after a space."""
    tags: dict[str, str] = {}
    body = raw
    if raw.startswith("@"):
        section, body = raw[1:].split(" ", 1)
        tags = dict(tag.split("=", 1) for tag in section.split(";"))
    head, brace, tail = body.partition(" {")
    if body.startswith("ERROR"):
        return Heard(raw, tags, tuple(body.split(" ", 3)))
    return Heard(raw, tags, tuple(head.split(" ")), json.loads("{" + tail) if brace else {})


class Peer:
    """One socket to a wschat server."""

    def __init__(self, ws: ClientConnection, hello: Heard) -> None:
        self.ws = ws
        self.hello = hello
        self.sid = ""
        self.token = ""
        self.found: dict[str, str] = {}
        self._marks = itertools.count(1_000_000)

    async def send(self, *frames: str | bytes) -> None:
        for frame in frames:
            await self.ws.send(frame)

    async def recv(self) -> str:
        frame = await asyncio.wait_for(self.ws.recv(), PATIENCE)
        assert isinstance(frame, str)
        return frame

    async def flush(self) -> list[str]:
        """Everything up to now: what comes before the answer to a PING that is sent now (it acknowledges nothing)."""
        mark = f"@id={next(self._marks)} "
        await self.send(f"{mark}PING 0")
        heard: list[str] = []
        while (frame := await self.recv()) != f"{mark}PONG 0":
            heard.append(frame)
        return heard

    async def events(self) -> list[Heard]:
        """The EVENT frames up to now; nothing else may have come."""
        heard = [hear(frame) for frame in await self.flush()]
        assert all(frame.words[0] == "EVENT" for frame in heard), heard
        return heard

    async def ask(self, frame: str | bytes) -> Heard:
        """Send a command and give its reply; events that come meanwhile are dropped."""
        await self.send(frame)
        while True:
            heard = hear(await self.recv())
            if heard.words[0] in {"CONFIRM", "ERROR"}:
                return heard

    async def play(self, transcript: str) -> None:
        """Play lines `C: frame` and `S: frame`. In the server's, `<name>` stands for any word and is remembered."""
        for line in filter(str.strip, transcript.splitlines()):
            side, frame = line.lstrip()[:3], line.lstrip()[3:]
            for name, value in self.found.items():
                frame = frame.replace(f"<{name}>", value)
            if side == "C: ":
                await self.send(frame)
                continue
            assert side == "S: ", line
            pattern = re.sub(r"<([a-z]+)>", r"(?P<\1>[A-Za-z0-9_.-]+)", re.escape(frame))
            heard = await self.recv()
            match = re.fullmatch(pattern, heard)
            assert match is not None, f"expected {frame}\n   heard {heard}"
            self.found.update(match.groupdict())

    async def password(
        self, user: str, *, device: str = "laptop", password: str = "secret", tagged: bool = True
    ) -> Heard:
        reply = await self.ask(f"{'@id=1 ' if tagged else ''}AUTH PASS {device} {user} {password}")
        assert reply.words == ("CONFIRM", "AUTH", user), reply.raw
        self.sid, self.token = reply.data["session"], reply.data["token"]
        return reply

    async def intend(self, *types: str) -> None:
        for name in types:
            assert (await self.ask(f"SUBEVENT {name}")).head == f"CONFIRM SUBEVENT {name}"

    async def closed(self) -> tuple[int, str]:
        """Wait until the server closes; give its code and reason."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.ws.recv()
                except ConnectionClosed:
                    break
        assert self.ws.close_code is not None
        return self.ws.close_code, self.ws.close_reason or ""

    def cut(self) -> None:
        self.ws.transport.abort()


@asynccontextmanager
async def dial(url: str, **options: Any) -> AsyncIterator[Peer]:
    """Open a socket and hear the HELLO."""
    async with connect(url, compression=None, ping_interval=None, close_timeout=1, **options) as ws:
        frame = await asyncio.wait_for(ws.recv(), PATIENCE)
        assert isinstance(frame, str)
        yield Peer(ws, hear(frame))
