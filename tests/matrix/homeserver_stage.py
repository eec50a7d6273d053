"""A web server of a test's own on a free port of this machine: handlers by path, and what came."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
VERSIONS = {"versions": ["r0.6.1", "v1.11"]}
CLIENT = "/_matrix/client"


class Homeserver:
    """Answers by the longest path that a request begins with; everything else is 404. `seen` are "METHOD /path"."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.seen: list[str] = []
        self.bodies: list[Any] = []
        self.headers: list[Mapping[str, str]] = []
        self._runner = web.AppRunner(self._app(), shutdown_timeout=0.5)
        self.url = ""

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/{rest:.*}", self._answer)
        return app

    def on(self, path: str, answer: Handler | Mapping[str, Any] | str, status: int = 200) -> None:
        """What is answered there: by a handler, with JSON, or with a text."""
        if callable(answer):
            self.handlers[path] = answer
            return

        async def say(_request: web.Request) -> web.StreamResponse:
            if isinstance(answer, str):
                return web.Response(status=status, text=answer, content_type="text/html")
            return web.json_response(answer, status=status)

        self.handlers[path] = say

    def is_homeserver(self, *flows: str) -> None:
        """Answer as a homeserver that has these ways to sign in."""
        self.on(f"{CLIENT}/versions", VERSIONS)
        self.on(f"{CLIENT}/v3/login", {"flows": [{"type": flow} for flow in flows]})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path}")
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.json() if request.can_read_body else None)
        for path in sorted(self.handlers, key=len, reverse=True):
            if request.path.startswith(path):
                return await self.handlers[path](request)
        return web.Response(status=404, text="nothing here")

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something holds; TimeoutError otherwise."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def in_pieces(body: bytes, size: int = 1 << 16) -> Handler:
    """Answer with JSON a piece at a time, so that writing it does not hold up the loop that the client shares."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for at in range(0, len(body), size):
            await response.write(body[at : at + size])
        return response

    return answer


class Typist:
    """Wants a turn every millisecond, and notes how much processor time went by in between.

    Processor time, of all threads: on a loaded machine another clock would count what others do.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.spent = 0.0

    async def type(self) -> None:
        """Go on until cancelled."""
        first = before = time.process_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.process_time()
            self.longest = max(self.longest, now - before)
            self.spent = now - first
            before = now

    @asynccontextmanager
    async def typing(self) -> AsyncIterator[None]:
        """Type as long as this lasts."""
        task = asyncio.create_task(self.type())
        try:
            yield
        finally:
            task.cancel()


async def endless(request: web.Request, piece: bytes, pause: float, count: int = 1_000_000) -> web.StreamResponse:
    """A body that comes in pieces for as long as somebody reads."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    try:
        for _ in range(count):
            await response.write(piece)
            await asyncio.sleep(pause)
    except ConnectionError:
        pass
    return response
