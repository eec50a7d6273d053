"""The control socket: answers, malformed requests, both sides ending at any moment, stale and long paths."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest

from chat_tui import control
from chat_tui.control import ControlServer, HandedBack, NobodyListens, ask
from chat_tui.requests.values import Cursor, Done, Note, Request, Row, Told
from chat_tui_core.errors import ConfigError, LocalError, Refused, TransportError
from chat_tui_core.session import Session

NO_SESSION = cast("Session", None)
Script = Callable[[Request], AsyncGenerator[Told, None]]


async def everything(_request: Request) -> AsyncGenerator[Told, None]:
    """One of each."""
    yield Note("one moment")
    yield Cursor({"action_id": 7})
    yield Row({"text": "héllo\nthere"}, {"after": {"general": 3}})
    yield Done(4)


async def endless(_request: Request) -> AsyncGenerator[Told, None]:
    """A tail."""
    yield Row({"n": 1}, {"after": {"general": 1}})
    await asyncio.Event().wait()


class Stage:
    """A server whose answers a test decides."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.server = ControlServer(NO_SESSION, folder)
        self.script: Script = everything
        self.asked: list[Request] = []
        monkeypatch.setattr(control, "perform", self._perform)

    def _perform(self, _session: Session, request: Request) -> AsyncGenerator[Told, None]:
        self.asked.append(request)
        return self.script(request)

    async def told(self, request: Request) -> list[Told]:
        """The whole answer."""
        return [told async for told in ask(self.folder, request)]

    async def raw(self, data: bytes) -> bytes:
        """What comes back for arbitrary bytes."""
        reader, writer = await asyncio.open_unix_connection(str(self.folder / "control.sock"), limit=1 << 22)
        await reader.readline()
        writer.write(data)
        writer.write_eof()
        try:
            return await reader.read()
        finally:
            writer.close()


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, monkeypatch)
    await stage.server.start()
    yield stage
    await stage.server.close()


async def test_what_is_told_arrives_as_it_was(stage: Stage) -> None:
    request = Request("send", ("general",), text="x", timeout=1.5, after={"general": 2})
    assert await stage.told(request) == [
        Note("one moment"),
        Cursor({"action_id": 7}),
        Row({"text": "héllo\nthere"}, {"after": {"general": 3}}),
        Done(4),
    ]
    assert stage.asked == [request]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{\n",
        b"[]\n",
        b"null\n",
        b"\xff\xfe\n",
        b'{"do": 1}\n',
        b'{"do": "rooms", "bogus": 1}\n',
        b'{"rooms": []}\n',
        b'{"do": "rooms", "count": -1}\n',
        b'{"do": "rooms", "count": 1e400}\n',
        b'{"do": "rooms", "timeout": NaN}\n',
        b"[" * 200_000 + b"\n",
        b"x" * (control._REQUEST_LIMIT + 1),
    ],
)
async def test_a_malformed_request_is_refused_and_hurts_nobody(stage: Stage, line: bytes) -> None:
    answer = json.loads(await stage.raw(line))
    assert answer["code"] == 1
    assert answer["error"]
    assert stage.asked == []
    assert len(await stage.told(Request("rooms"))) == 4


@pytest.mark.parametrize(
    ("error", "raised"),
    [(ConfigError("No such room."), LocalError), (Refused("Not here.", "NOPERM"), Refused)],
)
async def test_an_error_keeps_its_sentence_and_its_kind(
    stage: Stage, error: Exception, raised: type[Exception]
) -> None:
    async def failing(_request: Request) -> AsyncGenerator[Told, None]:
        yield Note("so far")
        raise error

    stage.script = failing
    with pytest.raises(raised, match=str(error)):
        await stage.told(Request("rooms"))


async def test_a_fault_inside_is_told_and_the_server_goes_on(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    async def faulty(_request: Request) -> AsyncGenerator[Told, None]:
        yield Note(str(1 // 0))

    stage.script = faulty
    with pytest.raises(LocalError, match="stumbled"):
        await stage.told(Request("rooms"))
    assert "ZeroDivisionError" in caplog.text
    stage.script = everything
    assert len(await stage.told(Request("rooms"))) == 4


async def test_only_the_owner_can_connect_and_nothing_stays(stage: Stage) -> None:
    path = stage.folder / "control.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await stage.server.close()
    assert not path.exists()
    with pytest.raises(NobodyListens):
        await stage.told(Request("rooms"))


@pytest.mark.parametrize("kind", ["socket", "file", "dangling link"])
async def test_what_a_killed_process_left_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / "control.sock"
    if kind == "socket":
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
    elif kind == "file":
        path.write_text("")
    else:
        path.symlink_to(tmp_path / "gone" / "control.sock")
    stage = Stage(tmp_path, monkeypatch)
    with pytest.raises(NobodyListens):
        await stage.told(Request("rooms"))
    await stage.server.start()
    assert len(await stage.told(Request("rooms"))) == 4
    await stage.server.close()


async def test_a_path_that_is_too_long_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("x" * 150)
    folder.mkdir()
    stage = Stage(folder, monkeypatch)
    await stage.server.start()
    real = (folder / "control.sock").readlink()
    assert len(os.fsencode(real)) < 104
    assert stat.S_IMODE(real.parent.stat().st_mode) == 0o700
    assert len(await stage.told(Request("rooms"))) == 4
    await stage.server.close()
    assert not real.parent.exists()
    assert list(folder.iterdir()) == []


async def test_a_folder_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"control\.sock cannot be made"):
        await ControlServer(NO_SESSION, tmp_path / "gone").start()


async def test_a_client_that_goes_ends_its_request(stage: Stage) -> None:
    ended = asyncio.Event()

    async def watched(request: Request) -> AsyncGenerator[Told, None]:
        try:
            async for told in endless(request):
                yield told
        finally:
            ended.set()

    stage.script = watched
    answer = ask(stage.folder, Request("tail"))
    assert await anext(answer) == Row({"n": 1}, {"after": {"general": 1}})
    await answer.aclose()
    await asyncio.wait_for(ended.wait(), 5)
    assert len(stage.asked) == 1


async def test_a_client_that_reads_nothing_holds_nobody_up(stage: Stage) -> None:
    async def flood(_request: Request) -> AsyncGenerator[Told, None]:
        while True:
            yield Row({"text": "x" * 10_000})

    stage.script = flood
    reader, writer = await asyncio.open_unix_connection(str(stage.folder / "control.sock"), limit=1024)
    writer.write(json.dumps(Request("tail").as_json()).encode() + b"\n")
    await reader.readline()
    await asyncio.sleep(0.05)
    stage.script = everything
    assert len(await stage.told(Request("rooms"))) == 4
    writer.close()


async def test_a_closing_server_gives_requests_back(stage: Stage) -> None:
    stage.script = endless
    answer = ask(stage.folder, Request("tail"))
    await anext(answer)
    await stage.server.close()
    with pytest.raises(HandedBack):
        await anext(answer)


async def test_closing_waits_until_it_is_known_that_something_is_stored(stage: Stage) -> None:
    stored = asyncio.Event()

    async def slow(_request: Request) -> AsyncGenerator[Told, None]:
        await stored.wait()
        yield Cursor({"do": "wait", "action_id": 9})
        await asyncio.Event().wait()

    stage.script = slow
    answer = ask(stage.folder, Request("send"))
    first = asyncio.ensure_future(anext(answer))
    while not stage.asked:
        await asyncio.sleep(0)
    closing = asyncio.ensure_future(stage.server.close())
    await asyncio.sleep(0)
    stored.set()
    assert await first == Cursor({"do": "wait", "action_id": 9})
    await closing
    with pytest.raises(HandedBack):
        await anext(answer)


# A14
async def test_what_may_or_may_not_be_stored_is_never_asked_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(_request: Request) -> AsyncGenerator[Told, None]:
        await asyncio.Event().wait()
        yield Done()

    monkeypatch.setattr(control, "_STORING", 0.01)
    stage.script = stuck
    first = asyncio.ensure_future(stage.told(Request("send")))
    while not stage.asked:
        await asyncio.sleep(0)
    await stage.server.close()
    with pytest.raises(TransportError, match="look at `chat-tui outbox` before you repeat"):
        await first


@pytest.mark.parametrize(
    ("lines", "do", "raised"),
    [
        ([], "send", NobodyListens),
        ([b'{"hello": 1}\n'], "send", TransportError),
        ([b'{"hello": 1}\n'], "rooms", HandedBack),
        ([b'{"hello": 1}\n', b'{"cursor": {"action_id": 1}}\n'], "send", HandedBack),
        ([b'{"hello": 1}\n', b'{"closing": true}\n'], "send", HandedBack),
        ([b'{"hello": 1}\n', b'{"closing": false}\n'], "send", TransportError),
        ([b'{"hello": 1}\n', b'{"row": 1}\n'], "rooms", LocalError),
        ([b'{"hello": 1}\n', b"nonsense\n"], "rooms", LocalError),
        ([b'{"hello": 1}\n', b'{"no'], "rooms", HandedBack),
    ],
)
async def test_a_server_that_breaks_off(tmp_path: Path, lines: list[bytes], do: str, raised: type[Exception]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(lines))
        if lines:
            await reader.readline()
        writer.close()

    server = await asyncio.start_unix_server(serve, str(tmp_path / "control.sock"))
    with pytest.raises(raised):
        [told async for told in ask(tmp_path, Request(do))]
    server.close()


async def test_there_is_a_limit_of_connections(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_MOST_CONNECTIONS", 1)
    stage.script = endless
    answer = ask(stage.folder, Request("tail"))
    await anext(answer)
    with pytest.raises(NobodyListens):
        await stage.told(Request("rooms"))
    await answer.aclose()
