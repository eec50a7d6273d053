"""A file over plain HTTP, as programs: `serve FOLDER` keeps what is put there, `put` and `get` are clients (aiohttp).

Nothing is made durable, and no digest is computed: this is what the wires, the disk and Python allow.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

from aiohttp import ClientSession, ClientTimeout, web

_PIECE: Final = 1 << 20
_NO_TIMEOUT: Final = ClientTimeout(total=None)


async def serve(folder: str) -> None:
    """Keep and give files until standard input ends; says the address."""

    async def keep(request: web.Request) -> web.Response:
        with Path(folder, request.match_info["name"]).open("wb") as file:  # noqa: ASYNC230 - as plain as can be
            async for piece in request.content.iter_chunked(_PIECE):
                file.write(piece)
        return web.Response()

    async def give(request: web.Request) -> web.FileResponse:
        return web.FileResponse(Path(folder, request.match_info["name"]), chunk_size=_PIECE)

    app = web.Application(client_max_size=1 << 40)
    app.router.add_put("/{name}", keep)
    app.router.add_get("/{name}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


async def copy(what: str, url: str, file: str) -> None:
    """Put a file to a URL, or get it from there; says how many seconds that took."""
    async with ClientSession(timeout=_NO_TIMEOUT) as client:
        started = time.perf_counter()
        with Path(file).open("rb" if what == "put" else "wb") as body:  # noqa: ASYNC230 - as plain as can be
            if what == "put":
                async with client.put(url, data=body) as answer:
                    answer.raise_for_status()
            else:
                async with client.get(url) as answer:
                    async for piece in answer.content.iter_chunked(_PIECE):
                        body.write(piece)
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[2]) if sys.argv[1] == "serve" else copy(*sys.argv[1:4]))
