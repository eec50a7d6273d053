"""Sign in by a browser: a page of the homeserver's, and a listener on this machine where it comes back to (5.7.3)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from chat_tui_core.contract import Browse
from chat_tui_core.errors import TransportError
from chat_tui_matrix.wire.requesting import V3

WAIT: Final = 300.0
"""Seconds that the person has for the page."""

HEAD_TIME: Final = 10.0
"""Seconds that a browser has to say what it wants."""

LONGEST_HEAD: Final = 16_384
LONGEST_TOKEN: Final = 4_096

_PAGE: Final = (
    "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>chat-tui</title>"
    "<style>body{{font:1.2rem system-ui;margin:20vh auto;max-width:30em;text-align:center}}</style><p>{}</p></html>"
)
_DONE: Final = ("200 OK", "You are signed in. Close this page and go back to chat-tui.")
_NO_GET: Final = ("405 Method Not Allowed", "")
_NOT_HERE: Final = ("404 Not Found", "There is nothing here.")
_NO_TOKEN: Final = ("400 Bad Request", "The server gave nothing to sign in with. Go back to chat-tui and try again.")


async def token_by_browser(base: str, browse: Browse) -> str:
    """Have the person sign in on the homeserver's page; gives the login token that it ends with.

    Raises TransportError when nobody comes back in time.
    """
    async with _listening() as (back, came):
        page = f"{base}{V3}/login/sso/redirect?{urlencode({'redirectUrl': back})}"
        browse(page)
        try:
            async with asyncio.timeout(WAIT):
                return await came
        except TimeoutError as error:
            raise TransportError(
                f"Nobody came back from the browser within {WAIT / 60:.0f} minutes: try again."
            ) from error


@asynccontextmanager
async def _listening() -> AsyncIterator[tuple[str, asyncio.Future[str]]]:
    """Listen on this machine alone; gives the address to come back to, and what will be brought there.

    The address has a secret in it: no other page can have this browser sign somebody else in here.
    """
    came: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    path = f"/{secrets.token_urlsafe(24)}"
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_serve(reader, writer, path, came))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0, limit=LONGEST_HEAD)
    try:
        port: int = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}{path}", came
    finally:
        server.close()
        for task in tasks:  # browsers open connections that they may never use
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        came.cancel()


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, came: asyncio.Future[str]
) -> None:
    """Answer one request of a browser, whatever it is."""
    try:
        async with asyncio.timeout(HEAD_TIME):
            head = await reader.readuntil(b"\r\n\r\n")
            (status, words), token = _answer(head, path)
            writer.write(_response(status, words))
            await writer.drain()
        if token and not came.done():
            came.set_result(token)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return
    finally:
        writer.close()


def _answer(head: bytes, path: str) -> tuple[tuple[str, str], str]:
    """Give what to say to a request, and the login token that it brings, or ""."""
    words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    if len(words) != 3 or words[0] != "GET":
        return _NO_GET, ""
    try:
        asked = urlsplit(words[1])
        given = parse_qs(asked.query).get("loginToken", [])
    except ValueError:
        return _NOT_HERE, ""
    if not secrets.compare_digest(asked.path.encode(), path.encode()):
        return _NOT_HERE, ""
    if len(given) != 1 or not given[0].isprintable() or len(given[0]) > LONGEST_TOKEN:
        return _NO_TOKEN, ""
    return _DONE, given[0]


def _response(status: str, words: str) -> bytes:
    page = _PAGE.format(words).encode() if words else b""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + page
