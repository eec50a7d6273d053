"""Files over real HTTP: streamed both ways, from where they broke off or anew, and never to whom they do not belong."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from chat_tui_core.errors import FileTrouble
from chat_tui_matrix import carrying
from chat_tui_matrix.calling import Caller
from chat_tui_matrix.carrying import NO_WAY_ON, carry, redirected, same_server
from chat_tui_matrix.reasons import CallFailed
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import (
    Answer,
    Began,
    Call,
    Download,
    Failed,
    Fetched,
    OnItsWay,
    Pictured,
    Refusal,
    Reply,
    Sent,
    Stilled,
    Unfit,
    Upload,
)
from chat_tui_matrix.wire.file_heads import OTHER_SIZE, PACKED, TOO_LONG
from tests.matrix.homeserver_stage import Homeserver, until

BODY = bytes(range(256)) * 2_000
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x20\x00\x00\x00\x10" + BODY
MEDIA = "/_matrix/client/v1/media/download"
Get = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MediaServer(Homeserver):
    """A homeserver whose handlers read the bodies of requests themselves."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path}")
        self.headers.append(dict(request.headers))
        for path in sorted(self.handlers, key=len, reverse=True):
            if request.path.startswith(path):
                return await self.handlers[path](request)
        return web.json_response({"errcode": "M_NOT_FOUND", "error": "Not found"}, status=404)


class Disk:
    """A session's disk: one source, and what came at which place. `most` bytes are taken, or given."""

    def __init__(self, source: bytes = b"", most: int = 1 << 40) -> None:
        self.source = source
        self.most = most
        self.reads: list[tuple[int, int]] = []
        self.writes: list[tuple[int, bytes | memoryview]] = []

    async def read(self, transfer: int, offset: int, length: int) -> bytes:
        if offset + length > self.most:
            raise FileTrouble("The disk is gone.")
        self.reads.append((offset, length))
        return self.source[offset : offset + length]

    def write(self, transfer: int, offset: int, data: bytes | memoryview) -> None:
        self.writes.append((offset, data))

    async def room(self, transfer: int) -> None:
        if sum(len(data) for _, data in self.writes) >= self.most:
            raise FileTrouble("The disk is full.")

    def came(self, before: bytes = b"") -> bytes:
        """What is there now, if the pieces fit together."""
        found = bytearray(before)
        for offset, data in self.writes:
            assert offset <= len(found), "a hole"
            found[offset : offset + len(data)] = data
        return bytes(found)


class Stage:
    """A media server, a caller, and what was told of the calls on their way."""

    def __init__(self, server: MediaServer, caller: Caller) -> None:
        self.server = server
        self.caller = caller
        self.told: list[OnItsWay] = []

    async def send(self, disk: Disk, size: int = -1, mime: str = "image/png") -> Reply | Stilled:
        request = paths.upload("a.png", Upload(1, len(disk.source) if size < 0 else size, mime))
        return await self.carry(Call(7, request, "tok"), disk)

    async def fetch(self, disk: Disk, size: int = -1, done: int = 0, etag: str = "") -> Reply | Stilled:
        request = paths.download("x.example", "Media1", Download(1, size, done, etag))
        return await self.carry(Call(8, request, "tok"), disk)

    async def carry(self, call: Call, disk: Disk) -> Reply | Stilled:
        async with asyncio.timeout(20):
            return await carry(self.caller, self.server.url, call, disk, self.told.append)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with MediaServer() as server, Caller() as caller:
        yield Stage(server, caller)


def gives(body: bytes, *, ranges: bool = False, etag: str = "", encoding: str = "") -> Get:
    """A handler that gives a file, in parts where that is asked for."""
    named = {"ETag": etag, "Content-Encoding": encoding, "Accept-Ranges": "bytes" if ranges else ""}
    known = {name: value for name, value in named.items() if value}

    async def give(request: web.Request) -> web.StreamResponse:
        asked = request.headers.get("Range", "")
        headers = dict(known)
        if ranges and asked and request.headers.get("If-Range", etag) == etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            return web.Response(status=206, body=body[start:], headers=headers)
        return web.Response(body=body, headers=headers)

    return give


# ---------------------------------------------------------------- there


@pytest.mark.parametrize("source", [b"", b"x", PNG, PNG * 3])
async def test_a_body_is_sent_with_its_length_and_told_of(stage: Stage, source: bytes) -> None:  # D1
    got: list[tuple[bytes, Any]] = []

    async def take(request: web.Request) -> web.StreamResponse:
        got.append((await request.content.read(), dict(request.headers)))
        return web.json_response({"content_uri": "mxc://x/y"})

    stage.server.on("/_matrix/media/v3/upload", take)
    reply = await stage.send(Disk(source))
    assert isinstance(reply, Answer)
    assert (reply.status, reply.value) == (200, {"content_uri": "mxc://x/y"})
    ((body, headers),) = got
    assert body == source
    assert headers["Content-Length"] == str(len(source))
    assert (headers["Content-Type"], headers["Authorization"]) == ("image/png", "Bearer tok")
    assert "Transfer-Encoding" not in headers
    assert [item for item in stage.told if isinstance(item, Pictured)] == [Pictured(7, 32, 16)] * (len(source) > 1)
    if source:
        assert stage.told[-1] == Sent(7, len(source))


async def test_a_file_is_never_whole_in_memory(stage: Stage) -> None:  # D1
    """A server that does not read yet gets no more than what fits into the buffers between."""
    size, may_read = 256 << 20, asyncio.Event()

    class Endless(Disk):
        async def read(self, transfer: int, offset: int, length: int) -> bytes:
            self.reads.append((offset, length))
            return bytes(length)

    async def take(request: web.Request) -> web.StreamResponse:
        await may_read.wait()
        return web.json_response({"errcode": "M_FORBIDDEN", "error": "No more"}, status=403)

    stage.server.on("/_matrix/media/v3/upload", take)
    disk = Endless()
    sending = asyncio.create_task(stage.send(disk, size))
    seen = -1
    async with asyncio.timeout(20):
        while seen != len(disk.reads):
            seen = len(disk.reads)
            await asyncio.sleep(0.3)
    assert 0 < sum(length for _, length in disk.reads) < 32 << 20
    assert max(length for _, length in disk.reads) <= carrying.PIECE
    may_read.set()
    reply = await sending
    assert isinstance(reply, Answer | Failed)  # its no may come while we still write
    assert not isinstance(reply, Answer) or reply.value == Refusal("M_FORBIDDEN", "No more")


@pytest.mark.parametrize("most", [0, carrying.PIECE])
async def test_a_source_that_fails_ends_the_request_without_a_word(stage: Stage, most: int) -> None:  # D3
    whole: list[bool] = []

    async def take(request: web.Request) -> web.StreamResponse:
        try:
            await request.content.read()
        except Exception:
            whole.append(False)
            raise
        whole.append(True)
        return web.json_response({"content_uri": "mxc://x/y"})

    stage.server.on("/_matrix/media/v3/upload", take)
    assert await stage.send(Disk(PNG, most)) == Stilled(7)
    if most:
        await until(lambda: whole == [False])
    else:
        assert stage.server.seen == [], "what cannot be read is no request"


async def test_a_server_that_stops_reading_is_given_up(  # D3, D11
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "STALLED", 0.2)
    over = asyncio.Event()

    async def take(request: web.Request) -> web.StreamResponse:
        await over.wait()
        return web.Response()

    stage.server.on("/_matrix/media/v3/upload", take)
    source = bytes(64 << 20)
    assert await stage.send(Disk(source)) == Failed(7, "the server did not answer in time")
    over.set()


# ---------------------------------------------------------------- and back


@pytest.mark.parametrize("body", [b"", b"x", BODY])
@pytest.mark.parametrize("told", [True, False])
async def test_a_file_comes(stage: Stage, body: bytes, told: bool) -> None:  # D1
    stage.server.on(MEDIA, gives(body, etag='"e"', ranges=True))
    disk = Disk()
    assert await stage.fetch(disk, len(body) if told else -1) == Answer(8, 200, Fetched(len(body)))
    assert stage.told == [Began(8, 0, len(body), '"e"', True)]
    assert disk.came() == body
    assert disk.writes, "an empty file is written, too"
    (headers,) = stage.server.headers
    assert (headers["Authorization"], headers["Accept-Encoding"]) == ("Bearer tok", "identity")


async def test_the_rest_comes_where_the_server_gives_parts(stage: Stage) -> None:  # D3
    stage.server.on(MEDIA, gives(BODY, etag='"e"', ranges=True))
    disk = Disk()
    assert await stage.fetch(disk, len(BODY), 1_000, '"e"') == Answer(8, 206, Fetched(len(BODY)))
    assert stage.told == [Began(8, 1_000, len(BODY), '"e"', True)]
    assert disk.writes[0][0] == 1_000
    assert disk.came(BODY[:1_000]) == BODY
    assert (stage.server.headers[0]["Range"], stage.server.headers[0]["If-Range"]) == ("bytes=1000-", '"e"')


@pytest.mark.parametrize("etag", ['"old"', ""])
async def test_the_whole_comes_where_it_does_not(stage: Stage, etag: str) -> None:  # D3
    stage.server.on(MEDIA, gives(BODY, etag='"e"', ranges=etag == '"old"'))
    disk = Disk()
    assert await stage.fetch(disk, len(BODY), 400_000, etag) == Answer(8, 200, Fetched(len(BODY)))
    assert stage.told[0] == Began(8, 0, len(BODY), '"e"', etag == '"old"')
    assert disk.came(BODY[:400_000]) == BODY
    assert disk.writes[0][0] + len(disk.writes[0][1]) > 400_000, "what is here is not written again"


async def test_a_part_that_cannot_be_had_is_asked_for_as_a_whole(stage: Stage) -> None:  # D3
    stage.server.on(MEDIA, gives(BODY, ranges=True))
    disk = Disk()
    assert await stage.fetch(disk, len(BODY), len(BODY)) == Answer(8, 200, Fetched(len(BODY)))
    assert ["Range" in headers for headers in stage.server.headers] == [True, False]
    assert disk.writes == []


async def test_a_file_of_another_size_is_not_begun(stage: Stage) -> None:  # D9
    stage.server.on(MEDIA, gives(BODY))
    disk = Disk()
    assert await stage.fetch(disk, len(BODY) - 1) == Answer(8, 200, Unfit(OTHER_SIZE))
    assert (disk.writes, stage.told) == ([], [])


async def test_what_comes_packed_is_not_begun(stage: Stage) -> None:  # D9, E7
    stage.server.on(MEDIA, gives(gzip.compress(bytes(1 << 20)), encoding="gzip"))
    disk = Disk()
    assert await stage.fetch(disk) == Answer(8, 200, Unfit(PACKED))
    assert disk.writes == []


@asynccontextmanager
async def endless(stage: Stage, pieces: int) -> AsyncIterator[Disk]:
    """A file without a length, of so many pieces of 1,000 bytes; then the connection ends, whole or broken."""

    async def give(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(pieces):
            await response.write(b"x" * 1_000)
        return response

    stage.server.on(MEDIA, give)
    yield Disk()


async def test_a_body_that_is_longer_than_announced_is_cut_off(stage: Stage) -> None:  # D9
    async with endless(stage, 100) as disk:
        assert await stage.fetch(disk, 5_500) == Answer(8, 200, Unfit(TOO_LONG))
        assert len(disk.came()) <= 5_500


async def test_one_that_is_shorter_is_broken(stage: Stage) -> None:  # D9
    async with endless(stage, 5) as disk:
        assert await stage.fetch(disk, 5_500) == Failed(8, "the connection broke in the middle of the file")
    async with endless(stage, 5) as disk:
        assert await stage.fetch(disk) == Answer(8, 200, Fetched(5_000))


async def test_a_cut_in_the_middle_is_told_and_what_came_stays(stage: Stage) -> None:  # D3
    async def give(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(BODY))})
        await response.prepare(request)
        await response.write(BODY[:100_000])
        if request.transport is not None:
            request.transport.close()
        return response

    stage.server.on(MEDIA, give)
    disk = Disk()
    assert await stage.fetch(disk, len(BODY)) == Failed(8, "the connection broke in the middle of an answer")
    assert BODY.startswith(disk.came())
    assert disk.came()


async def test_a_disk_that_is_full_ends_it_without_a_word(stage: Stage) -> None:  # D4
    stage.server.on(MEDIA, gives(BODY * 4))
    assert await stage.fetch(Disk(most=1)) == Stilled(8)


async def test_a_no_is_read_as_one(stage: Stage) -> None:  # D8
    reply = await stage.fetch(Disk())
    assert isinstance(reply, Answer)
    assert (reply.status, reply.value) == (404, Refusal("M_NOT_FOUND", "Not found"))


# ---------------------------------------------------------------- redirects


def leads(to: str) -> Get:
    async def lead(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": to})

    return lead


async def test_the_token_goes_to_its_own_server_only(stage: Stage) -> None:  # D8, E12
    async with MediaServer() as other:
        other.on("/store", gives(BODY))
        stage.server.on("/elsewhere", leads(f"{other.url}/store/a%20b"))
        stage.server.on(MEDIA, leads("/elsewhere?x=1"))
        disk = Disk()
        assert await stage.fetch(disk, len(BODY)) == Answer(8, 200, Fetched(len(BODY)))
        assert disk.came() == BODY
        assert [headers.get("Authorization") for headers in stage.server.headers] == ["Bearer tok"] * 2
        assert [headers.get("Authorization") for headers in other.headers] == [None]


@pytest.mark.parametrize("to", ["/_matrix/client/v1/media/download/again", "file:///etc/passwd", "", "http://[::1"])
async def test_a_redirect_to_nowhere_fails(stage: Stage, to: str) -> None:  # D8
    stage.server.on(MEDIA, leads(to))
    assert await stage.fetch(Disk()) == Failed(8, NO_WAY_ON)
    assert len(stage.server.seen) < 10


HOME = "https://chat.example/a"


@pytest.mark.parametrize(
    ("to", "there"),
    [
        ("https://cdn.example/x", "https://cdn.example/x"),
        ("/b c", "https://chat.example/b%20c"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("http://cdn.example/x", None),
        ("https://localhost/x", None),
        ("https://127.0.0.1/x", None),
        ("https://[::1]/x", None),
        ("https://you:me@cdn.example/x", None),
        ("https://cdn.example:0/x", None),
        ("https://cdn.example:x/x", None),
        ("data:text/plain,x", None),
    ],
)
def test_where_a_redirect_may_lead(to: str, there: str | None) -> None:  # D8, E12
    if there is None:
        with pytest.raises(CallFailed):
            redirected(307, {"location": to}, HOME)
    else:
        assert redirected(307, {"location": to}, HOME) == there
    assert redirected(200, {"location": to}, HOME) is None


def test_what_the_same_server_is() -> None:  # E12
    assert same_server(HOME, "https://Chat.Example:443/z")
    assert not same_server(HOME, "https://chat.example:8443/z")
    assert not same_server(HOME, "https://chat.example.test/z")
