"""Carry files over HTTP: bodies that are read from the session's disk, and answers that go there, piece by piece."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urljoin, urlsplit

from chat_tui_core.errors import FileTrouble
from chat_tui_core.file_news import FileBytes
from chat_tui_matrix.addresses import is_loopback
from chat_tui_matrix.calling import Caller, url_of, value_of
from chat_tui_matrix.content.pictures import NEEDED, pixels
from chat_tui_matrix.reasons import CallFailed, failure
from chat_tui_matrix.wire.calls import (
    Answer,
    Began,
    Call,
    Download,
    Failed,
    Fetched,
    OnItsWay,
    Pictured,
    Reply,
    Sent,
    Stilled,
    Unfit,
    Upload,
)
from chat_tui_matrix.wire.file_heads import TOO_LONG, Head, head, headers_for, most

if TYPE_CHECKING:
    from aiohttp import ClientResponse

PIECE: Final = NEEDED
"""Bytes that are read from the disk and written together."""

STALLED: Final = 60.0
"""Seconds in which a piece must be read and written; beyond that nothing listens any more."""

TELL_EVERY: Final = 0.1
"""Seconds between two times that the core hears how far an upload is."""

MOST_HOPS: Final = 3
"""Redirects that are followed for one file."""

NO_WAY_ON: Final = "the server sends us to a place where no file can be fetched"

_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_NO_SUCH_PART: Final = 416

Tell = Callable[[OnItsWay], None]


async def carry(caller: Caller, base: str, call: Call, files: FileBytes, tell: Tell) -> Reply | Stilled:
    """Make a request that sends or fetches a file."""
    try:
        url, upload = url_of(base, call.request), call.request.upload
        if upload is not None:
            return await _send(caller, url, call, _Body(upload, files, call.id, tell))
        return await _fetch(caller, url, call, files, tell)
    except FileTrouble:
        return Stilled(call.id)
    except CallFailed as failed:
        return Failed(call.id, failed.reason, fatal=failed.fatal, sent=failed.sent)


def redirected(status: int, headers: Mapping[str, str], url: str) -> str | None:
    """Where an answer sends us instead; None where it does not send us anywhere.

    Raises CallFailed for a way from TLS to plain text, from elsewhere to this machine, or with a password in it.
    """
    if status not in _MOVED:
        return None
    told = next((value.strip() for name, value in headers.items() if name.lower() == "location"), "")
    there = ""
    try:
        there = urljoin(url, quote(told, safe="%/:=&?~#+!$,;'@()*[]"))
        may = bool(told) and _may_lead(url, there)
    except ValueError:
        may = False
    if not may:
        raise CallFailed(NO_WAY_ON)
    return there


def _may_lead(url: str, there: str) -> bool:
    """Raises ValueError for what is no address."""
    here, to = urlsplit(url), urlsplit(there)
    if to.scheme not in ({"https"} if here.scheme == "https" else {"http", "https"}):
        return False
    inward = is_loopback(to.hostname or "") and not is_loopback(here.hostname or "")
    return bool(to.hostname) and not to.username and to.port != 0 and not inward


def same_server(one: str, other: str) -> bool:
    """Whether two addresses lead to the same server: only then may it see the token."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


# ---------------------------------------------------------------- there


class _Body:
    """The bytes of a file as the library asks for them. `patience` is moved on with each piece."""

    def __init__(self, upload: Upload, files: FileBytes, call_id: int, tell: Tell) -> None:
        self.upload = upload
        self.trouble: FileTrouble | None = None
        self.patience: asyncio.Timeout | None = None
        self._files = files
        self._id = call_id
        self._tell = tell
        self._told_at = 0.0

    async def begin(self) -> bytes:
        """The first piece, so that a file that cannot be read is no request at all. Raises FileTrouble."""
        return await self._read(0)

    async def pieces(self, first: bytes) -> AsyncIterator[bytes]:
        """All of it."""
        if any(size := pixels(first)):
            self._tell(Pictured(self._id, *size))
        offset, piece = 0, first
        while piece:
            self._go_on(STALLED)
            yield piece
            offset += len(piece)
            self._say(offset)
            piece = await self._read(offset) if offset < self.upload.size else b""
        self._go_on(None)  # it is the answer that is waited for; the library has a bound for that

    async def _read(self, offset: int) -> bytes:
        try:
            return await self._files.read(self.upload.transfer, offset, min(PIECE, self.upload.size - offset))
        except FileTrouble as error:
            self.trouble = error
            raise

    def _go_on(self, seconds: float | None) -> None:
        if self.patience is not None:
            self.patience.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)

    def _say(self, offset: int) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._told_at + TELL_EVERY or offset == self.upload.size:
            self._told_at = now
            self._tell(Sent(self._id, offset))


async def _send(caller: Caller, url: str, call: Call, body: _Body) -> Reply:
    """Raises FileTrouble, CallFailed."""
    first = await body.begin()
    mime = body.upload.mime or "application/octet-stream"
    headers = {"Content-Type": mime, "Content-Length": str(body.upload.size)}
    data = body.pieces(first) if first else b""
    try:
        async with asyncio.timeout(STALLED) as patience:
            body.patience = patience if first else None
            request = call.request
            async with caller.opened(
                request.method, url, data, headers, token=call.token, seconds=request.timeout
            ) as response:
                body.patience = None
                patience.reschedule(None)
                value = await value_of(response, request.reads)
    except CallFailed:
        raise
    except Exception as error:
        if body.trouble is not None:
            raise body.trouble from error
        raise failure(error) from error
    finally:
        body.patience = None
    return Answer(call.id, response.status, value, wall_s=int(time.time()))


# ---------------------------------------------------------------- and back


async def _fetch(caller: Caller, url: str, call: Call, files: FileBytes, tell: Tell) -> Reply:
    """Raises FileTrouble, CallFailed."""
    wanted = call.request.download or Download(0)
    token, asked = call.token, wanted
    for _ in range(MOST_HOPS + 2):
        try:
            async with caller.opened(
                "GET", url, None, headers_for(asked), token=token, seconds=call.request.timeout
            ) as response:
                there = redirected(response.status, response.headers, url)
                if there is None:
                    found = await _head(response, call, asked)
                    if isinstance(found, Answer):
                        return found
                    if found is not None:
                        return await _take(response, found, call, files, tell)
                    asked = Download(wanted.transfer, wanted.size)  # the rest alone cannot be had
        except (CallFailed, FileTrouble):
            raise
        except Exception as error:
            raise failure(error) from error
        if there is not None:
            token = token if same_server(url, there) else ""
            url = there
    raise CallFailed(NO_WAY_ON)


async def _head(response: ClientResponse, call: Call, asked: Download) -> Head | Answer | None:
    """What the answer brings; the Answer where it brings no file, None where the whole must be asked for."""
    status = response.status
    if status // 100 != 2 and not (status == _NO_SUCH_PART and asked.done):
        return Answer(call.id, status, await value_of(response, "anything"), wall_s=int(time.time()))
    found = head(status, response.headers, asked)
    return Answer(call.id, status, found) if isinstance(found, Unfit) else found


async def _take(response: ClientResponse, found: Head, call: Call, files: FileBytes, tell: Tell) -> Reply:
    """Hand the bytes on that are not here yet; none is taken before the size is known to be right."""
    wanted = call.request.download or Download(0)
    tell(Began(call.id, found.start, found.size, found.etag, found.resumes))
    at, end = found.start, most(found, wanted)
    async for piece in response.content.iter_any():
        if at + len(piece) > end:
            return Answer(call.id, response.status, Unfit(TOO_LONG))
        if at + len(piece) > wanted.done:
            await files.room(wanted.transfer)
            files.write(wanted.transfer, at, piece)
        at += len(piece)
    if at < end and max(found.size, wanted.size) >= 0:
        return Failed(call.id, "the connection broke in the middle of the file")
    if not at:
        files.write(wanted.transfer, 0, b"")
    return Answer(call.id, response.status, Fetched(at))
