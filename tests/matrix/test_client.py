"""The shell of the Matrix core against a real web server: what is carried, what breaks, and how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import Connection, Link, LinkChanged, News, Problem, Question
from chat_tui_core.errors import FileTrouble, StoreUnwritable
from chat_tui_core.file_news import FileCarrier, FileOrder, PauseFile
from chat_tui_core.questions import AskDirectory
from chat_tui_matrix import calling, client
from chat_tui_matrix.client import MatrixConnection
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import (
    Answer,
    Began,
    Call,
    Download,
    Failed,
    Fetched,
    Garbled,
    Hangup,
    In,
    KeepSecret,
    Out,
    Refusal,
    Request,
    SecretKept,
    Stilled,
)
from tests.matrix.homeserver_stage import Homeserver, Typist, endless, in_pieces, until


class FakeCore:
    """Does what a test tells it to, and writes down what it is told."""

    def __init__(self) -> None:
        self.link = Link.OFFLINE
        self.outs: list[Out] = []
        self.news: list[News] = []
        self.got: list[In] = []
        self.told: list[Any] = []
        self.pieces = 0
        self.working = False
        self.wake: float | None = None
        self.then: Callable[[In], None] = lambda _data: None

    def start(self, now: float) -> None:
        self.link = Link.CONNECTING

    def stop(self, now: float) -> None:
        self.link = Link.OFFLINE
        self.news.append(LinkChanged(Link.OFFLINE))

    def do(self, action: Action, now: float) -> None:
        self.told.append(action)

    def ask(self, question: Question, now: float) -> None:
        self.told.append(question)

    def order(self, order: FileOrder, now: float) -> None:
        self.told.append(order)

    def stored(self, position: Mapping[str, str], now: float) -> None:
        self.told.append(position)

    def connect_now(self, now: float) -> None:
        self.told.append("now")

    def receive(self, data: In, now: float) -> None:
        assert not self.working, "received before the work on the last answer was done"
        self.got.append(data)
        self.then(data)
        self.working = self.pieces > 0

    def work(self, now: float) -> bool:
        if self.pieces:
            self.pieces -= 1
            self.news.append(Problem(f"piece {self.pieces}"))
        self.working = self.pieces > 0
        return self.working

    def tick(self, now: float) -> None:
        self.told.append("tick")
        self.wake = None

    def sends(self) -> list[Out]:
        outs, self.outs = self.outs, []
        return outs

    def events(self) -> list[News]:
        news, self.news = self.news, []
        return news

    def wake_at(self) -> float | None:
        return self.wake


class Stage:
    """A connection, its fake core, the server that it talks to, and what it delivered and kept."""

    def __init__(self, server: Homeserver) -> None:
        self.server = server
        self.core = FakeCore()
        self.batches: list[Sequence[News]] = []
        self.kept: list[str] = []
        self.refuse = 0
        self.connection = MatrixConnection(self.core, server.url, self.batches.append, self.keep)
        self.task: asyncio.Task[None] | None = None

    async def keep(self, secret: str) -> None:
        if self.refuse:
            self.refuse -= 1
            raise StoreUnwritable("The disk is full: make room.")
        self.kept.append(secret)

    def out(self, *outs: Out) -> None:
        """Have the core give these out now."""
        self.core.outs += outs
        self.connection.connect_now()

    def get(self, number: int, path: str, **fields: Any) -> None:
        """Have it GET a path."""
        self.out(Call(number, Request("GET", path, **fields), "t0ken-of-ann"))

    async def end(self, number: int) -> Answer | Failed:
        """What became of a call."""
        await until(lambda: any(isinstance(item, Answer | Failed) and item.id == number for item in self.core.got))
        return next(item for item in self.core.got if isinstance(item, Answer | Failed) and item.id == number)

    @property
    def news(self) -> list[News]:
        return [item for batch in self.batches for item in batch]


@pytest.fixture
async def server() -> AsyncIterator[Homeserver]:
    async with Homeserver() as server:
        yield server


@asynccontextmanager
async def running(server: Homeserver) -> AsyncIterator[Stage]:
    stage = Stage(server)
    stage.task = asyncio.create_task(stage.connection.run())
    await until(lambda: stage.core.link is Link.CONNECTING)
    try:
        yield stage
    finally:
        before = asyncio.get_running_loop().time()
        await stage.connection.close()
        await stage.task
        assert asyncio.get_running_loop().time() - before < 1.0
        left = [task for task in asyncio.all_tasks() if "MatrixConnection" in repr(task.get_coro())]
        assert not left


# ---------------------------------------------------------------- what is carried


async def test_requests_are_made_as_they_are_written(server: Homeserver) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"raw": request.raw_path, "authorization": request.headers.get("Authorization", "")})

    server.on("/_matrix/", echo)
    async with running(server) as stage:
        assert isinstance(stage.connection, Connection)
        path = "/_matrix/client/v3/rooms/%21a%3Ab/send/m.x/%2E%2E%2F1"
        stage.out(Call(7, Request("PUT", path, {"a": "b c&d", "é": "%"}, b'{"x":1}'), "t0ken-of-ann"))
        stage.out(Call(8, Request("GET", "/_matrix/v", auth=False)))
        put, got = await stage.end(7), await stage.end(8)
    assert isinstance(put, Answer)
    assert put.status == 200
    assert put.value == {"raw": f"{path}?a=b+c%26d&%C3%A9=%25", "authorization": "Bearer t0ken-of-ann"}
    assert abs(put.wall_s - time.time()) < 60
    assert isinstance(got, Answer)
    assert got.value["authorization"] == ""
    assert {"x": 1} in server.bodies
    assert stage.core.link is Link.OFFLINE


class Shelf:
    """A session's disk that takes what comes, as long as there is room."""

    def __init__(self) -> None:
        self.came = b""
        self.full = False

    async def read(self, transfer: int, offset: int, length: int) -> bytes:
        return b"sent"[offset : offset + length]

    def write(self, transfer: int, offset: int, data: bytes | memoryview) -> None:
        self.came += data

    async def room(self, transfer: int) -> None:
        if self.full:
            raise FileTrouble("The disk is full.")


async def test_files_are_carried_between_the_disk_and_the_server(server: Homeserver) -> None:  # D1
    async def give(_request: web.Request) -> web.Response:
        return web.Response(body=b"brought")

    server.on("/_matrix/client/v1/media/download", give)
    async with running(server) as stage:
        assert isinstance(stage.connection, FileCarrier)
        shelf = Shelf()
        stage.connection._files = shelf
        stage.out(Call(1, paths.download("x", "y", Download(1, 7))))
        assert await stage.end(1) == Answer(1, 200, Fetched(7))
        assert shelf.came == b"brought"
        assert Began(1, 0, 7) in stage.core.got
        shelf.full = True
        stage.out(Call(2, paths.download("x", "y", Download(1, 7))))
        await until(lambda: Stilled(2) in stage.core.got)
        stage.connection.order(PauseFile(1))
        assert stage.core.told[-1] == PauseFile(1)


async def test_what_the_session_tells_reaches_the_core(server: Homeserver) -> None:
    async with running(server) as stage:
        action, question = Action(1, Kind.SEND, "!r:x", {"text": "x"}), AskDirectory(1)
        stage.connection.do(action)
        stage.connection.ask(question)
        stage.connection.stored({"since": "s1"})
        stage.connection.connect_now()
        assert stage.core.told == [action, question, {"since": "s1"}, "now"]


async def test_time_passes_when_the_core_wants_it(server: Homeserver) -> None:
    async with running(server) as stage:
        stage.core.wake = asyncio.get_running_loop().time() + 0.05
        stage.connection.connect_now()
        await until(lambda: "tick" in stage.core.told)


async def test_refusals_and_redirects_are_answers(server: Homeserver) -> None:  # B13
    error = {"errcode": "M_LIMIT_EXCEEDED", "error": "slow down", "retry_after_ms": 1500}
    server.on("/limited", error, 429)
    server.on("/html", "<html>502", 502)

    async def elsewhere(_request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"{server.url}/secret")

    server.on("/moved", elsewhere)
    async with running(server) as stage:
        for number, path in enumerate(("/limited", "/html", "/moved")):
            stage.get(number, path)
        ends = [await stage.end(number) for number in range(3)]
    assert [end.status for end in ends if isinstance(end, Answer)] == [429, 502, 307]
    assert getattr(ends[0], "value", None) == Refusal("M_LIMIT_EXCEEDED", "slow down", 1.5)
    assert "GET /secret" not in server.seen


async def test_calls_are_under_way_together_and_end_in_any_order(server: Homeserver) -> None:
    gate = asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        await gate.wait()
        return web.json_response({})

    server.on("/slow", slow)
    server.on("/quick", {})
    async with running(server) as stage:
        stage.get(1, "/slow")
        for number in range(2, 40):
            stage.get(number, "/quick")
        for number in range(2, 40):
            await stage.end(number)
        assert all(getattr(item, "id", 0) != 1 for item in stage.core.got)
        gate.set()
        assert isinstance(await stage.end(1), Answer)


# ---------------------------------------------------------------- what breaks


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
async def test_a_cut_is_told_once_and_nothing_is_sent_again_behind_our_back(server: Homeserver, method: str) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server.on("/cut", cut)
    server.on("/well", {})
    async with running(server) as stage:
        stage.get(1, "/well")  # so that the connection is an old one, which the library would not trust
        await stage.end(1)
        stage.out(Call(2, Request(method, "/cut", body=b"{}")))
        end = await stage.end(2)
        assert end == Failed(2, end.reason if isinstance(end, Failed) else "", sent=True)
        await asyncio.sleep(0.05)
    assert server.seen.count(f"{method} /cut") == 1


async def test_nobody_there_and_nothing_was_sent() -> None:
    async with Homeserver() as server:
        url = server.url
    gone = Homeserver()
    gone.url = url
    async with running(gone) as stage:
        stage.get(1, "/x")
        assert await stage.end(1) == Failed(1, "connection refused; is the server running?", sent=False)


async def test_a_silent_server_and_one_that_trickles_are_given_up(
    server: Homeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "BODY_TIME", 0.3)

    async def silent(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    server.on("/silent", silent)
    server.on("/trickle", lambda request: endless(request, b" ", 0.02))
    async with running(server) as stage:
        stage.get(1, "/silent", timeout=0.2)
        stage.get(2, "/trickle", timeout=0.2)
        for number in (1, 2):
            assert await stage.end(number) == Failed(number, "the server did not answer in time", sent=True)


async def test_an_answer_that_is_cut_in_the_middle(server: Homeserver) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"a":')
        assert request.transport is not None
        request.transport.close()
        return response

    server.on("/half", half)
    async with running(server) as stage:
        stage.get(1, "/half")
        end = await stage.end(1)
        assert isinstance(end, Failed)
        assert end.sent


async def test_fifty_megabytes_are_read_and_nobody_waits_for_it(server: Homeserver) -> None:  # B1
    big = json.dumps({"next_batch": "s1", "padding": "x" * 50_000_000})
    server.on("/big", in_pieces(big.encode()))
    typist = Typist()
    async with running(server) as stage, typist.typing():
        stage.get(1, "/big", reads="sync")
        end = await stage.end(1)
        assert isinstance(end, Answer)
        assert getattr(end.value, "since", "") == "s1"
    assert typist.longest < 0.15, "whoever types must not wait for it"


async def test_a_decoder_that_fails_ends_nothing(
    server: Homeserver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a very private sentence")

    server.on("/x", {})
    monkeypatch.setattr(calling, "decode", broken)
    async with running(server) as stage:
        stage.get(1, "/x")
        end = await stage.end(1)
    assert isinstance(end, Answer)
    assert end.value == Garbled("the answer cannot be read")
    assert "a decoder failed: ValueError in" in caplog.text
    assert "private" not in caplog.text


async def test_no_token_is_in_the_log(server: Homeserver, caplog: pytest.LogCaptureFixture) -> None:  # E12
    caplog.set_level(logging.DEBUG)
    server.on("/x", "<html>", 500)
    async with running(server) as stage:
        stage.get(1, "/x")
        await stage.end(1)
        stage.out(KeepSecret("s3cret-of-ann"))
        await until(lambda: stage.kept)
    assert "t0ken-of-ann" not in caplog.text + repr(stage.core.got)
    assert "s3cret-of-ann" not in caplog.text


# ---------------------------------------------------------------- dropped calls, ids that come again


async def test_a_call_that_is_hung_up_tells_nothing_and_is_gone(server: Homeserver) -> None:
    gone = asyncio.Event()

    async def wait(_request: web.Request) -> web.Response:
        try:
            await asyncio.sleep(20)
        finally:
            gone.set()
        return web.Response()

    server.on("/wait", wait)
    server.on("/next", {})
    async with running(server) as stage:
        stage.get(1, "/wait")
        await until(lambda: server.seen)
        stage.out(Hangup(1), Hangup(99))
        stage.get(2, "/next")
        await stage.end(2)
        assert [getattr(item, "id", 0) for item in stage.core.got] == [2]
    assert [getattr(item, "id", 0) for item in stage.core.got] == [2]


async def test_an_id_that_is_given_out_again_gets_the_newer_answer_only(server: Homeserver) -> None:
    async def late(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.1)
        return web.json_response({"is": "old"})

    server.on("/old", late)
    server.on("/new", {"is": "new"})
    async with running(server) as stage:
        stage.get(1, "/old")
        await until(lambda: server.seen)
        stage.get(1, "/new")
        end = await stage.end(1)
        await asyncio.sleep(0.2)
    assert isinstance(end, Answer)
    assert end.value == {"is": "new"}
    assert len(stage.core.got) == 1


async def test_a_refused_call_is_made_again_under_its_id(server: Homeserver) -> None:
    async def guarded(request: web.Request) -> web.Response:
        if request.headers["Authorization"] == "Bearer new":
            return web.json_response({"is": "well"})
        return web.json_response({"errcode": "M_UNKNOWN_TOKEN", "error": "x"}, status=401)

    server.on("/x", guarded)
    async with running(server) as stage:

        def again(data: In) -> None:
            if isinstance(data, Answer) and data.status == 401:
                stage.core.outs.append(KeepSecret("new"))
            if isinstance(data, SecretKept):
                stage.core.outs.append(Call(1, Request("GET", "/x"), "new"))

        stage.core.then = again
        stage.get(1, "/x")
        await until(lambda: len(stage.core.got) == 3)
    assert [getattr(item, "status", 0) for item in stage.core.got] == [401, 0, 200]
    assert stage.kept == ["new"]


async def test_a_secret_is_stored_however_often_that_fails(server: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "KEEP_AGAIN", 0.01)
    async with running(server) as stage:
        stage.refuse = 3
        stage.out(KeepSecret("s3cret"))
        await until(lambda: SecretKept() in stage.core.got)
        assert stage.kept == ["s3cret"]
    told = [item.text for item in stage.news if isinstance(item, Problem)]
    assert told == ["The renewed sign-in could not be stored, and is not used yet. The disk is full: make room."]


async def test_a_secret_that_cannot_be_stored_keeps_nothing_from_ending(server: Homeserver) -> None:
    async with running(server) as stage:
        stage.refuse = 1000
        stage.out(KeepSecret("s3cret"))
        await until(lambda: stage.refuse < 1000)
    assert stage.kept == []


# ---------------------------------------------------------------- batches


async def test_what_several_answers_brought_is_one_batch(server: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LONGEST_BATCH", 10.0)
    async with running(server) as stage:
        stage.core.then = lambda data: stage.core.news.append(Problem(f"{getattr(data, 'id', 0)}"))
        for number in range(5):
            stage.connection._put(Failed(number, "x"))
        await until(lambda: stage.batches)
        assert stage.batches == [[Problem(str(number)) for number in range(5)]]


async def test_a_large_answer_is_handed_over_piece_by_piece_and_others_wait(server: Homeserver) -> None:  # B1
    async with running(server) as stage:

        def large(data: In) -> None:
            stage.core.pieces = 3 if isinstance(data, Failed) and data.id == 1 else 0

        stage.core.then = large
        turns = 0

        async def other() -> None:
            nonlocal turns
            while len(stage.core.got) < 2:
                turns += 1
                await asyncio.sleep(0)

        for number in (1, 2):
            stage.connection._put(Failed(number, "x"))
        await other()
        await until(lambda: len(stage.batches) == 3)
        assert stage.batches == [[Problem(f"piece {number}")] for number in (2, 1, 0)]
        assert turns >= 2, "whoever else runs on the loop gets a turn after each piece"


# ---------------------------------------------------------------- how it ends


async def test_it_ends_when_the_core_has_stopped_for_good(server: Homeserver) -> None:
    stage = Stage(server)
    task = asyncio.create_task(stage.connection.run())
    await until(lambda: stage.core.link is Link.CONNECTING)

    def stopped(data: In) -> None:
        stage.core.link = Link.STOPPED
        stage.core.news.append(LinkChanged(Link.STOPPED, "sign in again"))
        stage.core.outs.append(Hangup(1))

    stage.core.then = stopped
    stage.connection._put(Failed(1, "x"))
    async with asyncio.timeout(1):
        await task
    assert stage.news == [LinkChanged(Link.STOPPED, "sign in again")]
    stage.connection.connect_now()
    assert stage.core.told == []
    await stage.connection.close()


async def test_closing_drops_what_is_under_way_in_time(server: Homeserver) -> None:  # E11
    async def wait(_request: web.Request) -> web.Response:
        await asyncio.sleep(20)
        return web.Response()

    server.on("/wait", wait)
    async with running(server) as stage:
        for number in range(10):
            stage.get(number, "/wait")
        await until(lambda: len(server.seen) == 10)
    assert stage.core.got == []
    assert stage.news == [LinkChanged(Link.OFFLINE)]


async def test_closing_does_not_wait_for_a_thread_that_decodes(
    server: Homeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def long(*_: object) -> str:
        loop.call_soon_threadsafe(begun.set)
        time.sleep(1.5)
        return "late"

    monkeypatch.setattr(calling, "decode", long)
    server.on("/big", json.dumps({"x": "x" * calling.ASIDE}))
    async with running(server) as stage:
        stage.get(1, "/big")
        await begun.wait()
    assert stage.core.got == []


async def test_run_twice_is_run_once_and_closed_first_is_not_run_at_all(server: Homeserver) -> None:
    async with running(server) as stage:
        async with asyncio.timeout(1):
            await stage.connection.run()
        assert stage.core.link is Link.CONNECTING
    never = Stage(server)
    await never.connection.close()
    await never.connection.run()
    assert never.core.link is Link.OFFLINE
    early = Stage(server)
    task = asyncio.create_task(early.connection.run())
    await asyncio.sleep(0)  # the library is being imported
    await early.connection.close()
    await task
    assert early.core.link is Link.OFFLINE


async def test_a_cancelled_run_leaves_nothing_behind(server: Homeserver) -> None:
    async def wait(_request: web.Request) -> web.Response:
        await asyncio.sleep(20)
        return web.Response()

    server.on("/wait", wait)
    stage = Stage(server)
    task = asyncio.create_task(stage.connection.run())
    await until(lambda: stage.core.link is Link.CONNECTING)
    stage.get(1, "/wait")
    await until(lambda: server.seen)
    task.cancel()
    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    assert not [task for task in asyncio.all_tasks() if "MatrixConnection" in repr(task.get_coro())]
    await stage.connection.close()


def test_the_network_library_is_imported_by_what_runs_and_by_nothing_before() -> None:
    code = (
        "import sys; from chat_tui_core import registry; from chat_tui_core.model import Account;"
        "backend = registry.load('matrix');"
        "print([name for name in ('asyncio', 'msgspec', 'chat_tui_matrix.protocol') if name in sys.modules]);"
        "account = Account('a', 'matrix', 'http://127.0.0.1:9', '@a:b', 'd');"
        "connection = backend.connect(account, 't', {}, print);"
        "print([name for name in ('aiohttp', 'yarl', 'nh3', 'markdown_it') if name in sys.modules], bool(connection))"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root / "backends")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[] True\n"
