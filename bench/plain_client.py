"""A wschat client of a few lines over a bare WebSocket, to measure and to check: it shares no code with the program."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect

PATIENCE: Final = 30.0
PAGE: Final = 100


def data_of(frame: str) -> dict[str, Any]:
    """Give the JSON of a frame: what begins with the first brace after a space."""
    _, brace, rest = frame.partition(" {")
    data: dict[str, Any] = json.loads("{" + rest) if brace else {}
    return data


class PlainClient:
    """One socket; frames go out and come in as they are."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self.sid = ""
        self.token = ""
        self._last_id = 0

    async def recv(self) -> str:
        """Give the next frame."""
        frame = await asyncio.wait_for(self.ws.recv(), PATIENCE)
        return frame if isinstance(frame, str) else frame.decode()

    async def ask(self, command: str) -> str:
        """Send a command under a new id and give its reply; what comes before it is dropped."""
        self._last_id += 1
        mark = f"@id={self._last_id} "
        await self.ws.send(mark + command)
        while True:
            frame = await self.recv()
            if frame.startswith((f"{mark}CONFIRM", f"{mark}ERROR")):
                return frame.removeprefix(mark)

    async def do(self, command: str) -> dict[str, Any]:
        """Send a command that must work; give the JSON of its reply."""
        reply = await self.ask(command)
        if not reply.startswith("CONFIRM"):
            raise RuntimeError(f"{command[:60]} -> {reply[:200]}")
        return data_of(reply)

    async def sign_in(self, user: str, password: str = "secret", device: str = "bench") -> None:  # noqa: S107
        """Sign in; the first time makes the user, where the server is open."""
        data = await self.do(f"AUTH PASS {device} {user} {password}")
        self.sid, self.token = data["session"], data["token"]
        self._last_id = max(self._last_id, int(data["last_id"]))

    async def intend(self, *types: str) -> None:
        """Subscribe to event types."""
        for name in types:
            await self.do(f"SUBEVENT {name}")

    async def timeline(self, channel: str) -> list[dict[str, Any]]:
        """Give all items of a channel, in order."""
        items: list[dict[str, Any]] = []
        more, last = True, 0
        while more:
            page = await self.do(f"HISTORY {channel} AFTER {last} {PAGE}")
            items += page["events"]
            more, last = page["more"], items[-1]["pos"] if items else 0
        return items


@asynccontextmanager
async def plain(url: str, **options: Any) -> AsyncIterator[PlainClient]:
    """Open a socket and hear HELLO."""
    async with connect(url, compression=None, ping_interval=None, close_timeout=1, **options) as ws:
        client = PlainClient(ws)
        hello = await client.recv()
        if not hello.startswith("HELLO wschat-ie/1 "):
            raise RuntimeError(f"this is no wschat server: {hello[:80]}")
        yield client
