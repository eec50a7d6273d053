"""The whole server over real WebSockets: transcripts, restarts, TLS, closing codes."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chat_tui_core.contract import ServerOptions
from chat_tui_core.errors import StoreError, StoreUnwritable
from chat_tui_wschat.client_socket import ClientSocket
from chat_tui_wschat.server import rulebook
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.maker import WschatServerMaker
from chat_tui_wschat.server.memory_storage import MemoryStorage
from chat_tui_wschat.server.passwords import Cost
from chat_tui_wschat.server.rulebook import Rule
from chat_tui_wschat.server.shell import Setup, WsServer
from chat_tui_wschat.server.storage import DropMember, Read, Result, Write
from chat_tui_wschat.server.turn import Turn
from tests.wschat.server_running import CHEAP, ROOM, running, signed
from tests.wschat.wschat_peer import dial, hear

pytestmark = pytest.mark.live

# ---------------------------------------------------------------- transcripts


async def test_s0s_frames_hold_verbatim() -> None:  # A1, A3
    async with running() as server, signed(server.url, "ann") as (ann,), dial(server.url) as old:
        await old.play(
            'C: AUTH PASS old glitchy secret\nS: CONFIRM AUTH glitchy {"session":"<sid>","device":"old","last_id":0,"seq":0,"token":"<token>"}'
        )
        await old.play(
            """
            C: SUBEVENT channel
            S: CONFIRM SUBEVENT channel
            C: SUBEVENT user
            S: CONFIRM SUBEVENT user
            C: SUBEVENT
            S: ERROR BADARGS SUBEVENT SUBEVENT requires event type argument
            C: SUBEVENT weather
            S: ERROR BADARGS SUBEVENT Unsupported event type: weather
            C: UNSUBEVENT message
            S: CONFIRM UNSUBEVENT message
            C: PART general
            S: EVENT user PART general {"username":"glitchy"}
            S: CONFIRM PART general {"pos":41}
            C: JOIN general
            S: EVENT user JOIN general {"username":"glitchy"}
            S: CONFIRM JOIN general {"pos":42,"topic":""}
            """
        )
        await ann.ask("@id=2 CREATE example")
        await ann.ask("@id=3 DELETE example")
        await old.play("S: EVENT channel CREATE example\nS: EVENT channel DELETE example")


BEFORE = """
C: @id=1 AUTH PASS laptop glitchy secret
S: @id=1 CONFIRM AUTH glitchy {"session":"<sid>","device":"laptop","last_id":0,"seq":0,"token":"<token>"}
C: SUBEVENT channel
S: CONFIRM SUBEVENT channel
C: @id=2 SUBEVENT message
S: @id=2 CONFIRM SUBEVENT message
C: SUBEVENT
S: ERROR BADARGS SUBEVENT SUBEVENT requires event type argument
C: @id=3 SUBEVENT weather
S: @id=3 ERROR BADARGS SUBEVENT Unsupported event type: weather
C: @id=4 LSSUBS
S: @id=4 CONFIRM LSSUBS {"at":0,"channels":["general"]}
"""

TALK = """
S: @seq=1 EVENT channel CREATE example {"by":"ann"}
S: @seq=2 EVENT channel DELETE example {"by":"ann"}
C: @id=5 MSG general hello  there {"not":"json"}
S: @seq=3;id=5 EVENT message CREATE general {"pos":41,"id":"m1.41","from":"glitchy","text":"hello  there {\\"not\\":\\"json\\"}","ts":<ts>}
S: @id=5 CONFIRM MSG general {"id":"m1.41","pos":41,"ts":<ts>}
C: @id=5 MSG general hello  there {"not":"json"}
S: @id=5;dup=1 CONFIRM MSG general {"id":"m1.41","pos":41,"ts":<ts>}
C: @id=5 MSG general something else
S: @id=5 ERROR IDREUSE MSG action id 5 was used for a different command
C: @id=6 HISTORY general BEFORE 41 1
S: @id=6 CONFIRM HISTORY general {"events":[<>],"more":true}
C: SUBEVENT typing
S: CONFIRM SUBEVENT typing
C: TYPING general ON
S: EVENT typing SET general {"users":["glitchy"]}
C: PING 3
S: PONG 3
""".replace(
    "<>", '{"pos":40,"type":"message","action":"CREATE","id":"m1.40","from":"ann","text":"line 39","ts":1700000000039}'
)

AFTER = """
C: RESUME <sid> 3
S: CONFIRM RESUME <sid> {"from":4,"to":4}
S: @seq=4 EVENT message CREATE general {"pos":42,"id":"m1.42","from":"ann","text":"still there?","ts":<later>}
S: EVENT session RESUMED <sid> {"seq":4}
S: EVENT typing SET general {"users":["glitchy"]}
"""


async def test_the_protocols_own_transcript() -> None:  # A24, A13, A17
    async with running() as server, signed(server.url, "ann") as (ann,):
        async with dial(server.url) as peer:
            assert peer.hello.words == ("HELLO", "wschat-ie/1")
            await peer.play(BEFORE)
            await ann.ask("CREATE example")
            await ann.ask("DELETE example")
            await peer.play(TALK)
            peer.cut()
        await ann.ask("MSG general still there?")
        async with dial(server.url) as again:
            again.found = peer.found
            await again.play(AFTER)


async def test_the_transcript_of_an_overrun_replay() -> None:  # A12
    async with (
        running(limits=Limits(burst=100_000, replay_max=3)) as server,
        signed(server.url, "ann", "bob") as (ann, bob),
    ):
        await bob.intend("message")
        bob.cut()
        for number in range(5):
            await ann.ask(f"MSG general {number}")
        async with dial(server.url) as again:
            again.found = {"sid": bob.sid}
            await again.play(
                """
                C: RESUME <sid> 1
                S: CONFIRM RESUME <sid> {"gap":true,"seq":5}
                S: EVENT session SNAPSHOT general {"topic":"","pos":45,"read":0,"members":["ann","bob","glitchy"]}
                S: EVENT session RESUMED <sid> {"seq":5}
                """
            )


# ---------------------------------------------------------------- restarts


async def test_a_restart_keeps_messages_ids_and_tokens(tmp_path: Path) -> None:  # A14, A12
    options = ServerOptions(data=str(tmp_path / "server.db"), open_registration=True)
    async with running(options) as server, signed(server.url, "ann") as (ann,):
        await ann.ask("@id=1 CREATE general")
        confirm = await ann.ask("@id=2 MSG general hello")
        closing = asyncio.create_task(server.close())
        assert hear(await ann.recv()).words[:3] == ("EVENT", "session", "BYE")
        assert (await ann.closed())[0] == 1001
        await closing
    async with running(options) as server, dial(server.url) as again:
        assert (await again.ask(f"@id=3 RESUME {ann.sid} 0")).words[1] == "NOSESSION"
        reply = await again.ask(f"@id=3 AUTH TOKEN laptop {ann.token}")
        assert (reply.words[2], reply.data["last_id"]) == ("ann", 2)
        dup = await again.ask("@id=2 MSG general hello")
        assert (dup.tags, dup.data) == ({"id": "2", "dup": "1"}, confirm.data)
        page = (await again.ask("HISTORY general LATEST * 9")).data["events"]
        assert [item["pos"] for item in page] == [1, 2]


async def test_cut_connections_resume() -> None:  # A11
    async with running() as server, signed(server.url, "ann", "bob") as (ann, bob):
        await bob.intend("message")
        await server.cut()
        async with dial(server.url) as first, dial(server.url) as second:
            await first.ask(f"RESUME {ann.sid} 0")
            await first.ask("MSG general after the cut")
            await second.send(f"RESUME {bob.sid} 0")
            frames = [hear(await second.recv()) for _ in range(3)]
            assert [frame.words[1] for frame in frames] == ["RESUME", "message", "session"]


class FailingStorage(MemoryStorage):
    """Storage whose disk is full from some moment on."""

    full = False

    def commit(self, writes: Sequence[Write], reads: Sequence[Read]) -> list[Result]:
        if self.full and writes:
            raise StoreUnwritable("The data file cannot be written: the disk is full.")
        return super().commit(writes, reads)


async def test_a_full_disk_stops_the_server_honestly() -> None:  # A22
    store = FailingStorage()
    server = WsServer(Setup(lambda: store, registration=True, cost=CHEAP))
    await server.start()
    async with signed(server.url, "ann", "bob") as (ann, bob):
        await ann.ask("@id=2 CREATE general")
        store.full = True
        serving = asyncio.create_task(server.serve_until_stopped())
        reply = await ann.ask("@id=3 MSG general lost")
        assert reply.words[:3] == ("ERROR", "INTERNAL", "MSG")
        for peer in (ann, bob):
            assert (await peer.closed())[0] == 1011
        with pytest.raises(StoreUnwritable, match="disk is full"):
            await serving


async def test_a_fault_after_a_write_stops_the_server_too(monkeypatch: pytest.MonkeyPatch) -> None:  # A22
    def broken(turn: Turn) -> str:
        turn.hall.write(DropMember(1, 1))
        raise KeyError(turn.command.text)

    server = await WschatServerMaker().start(ServerOptions(open_registration=True, seed=(ROOM,)), cost=CHEAP)
    serving = asyncio.create_task(server.serve_until_stopped())
    async with signed(server.url, "ann", "bob") as (ann, bob):
        monkeypatch.setattr(rulebook, "RULES", {**rulebook.RULES, "MSG": Rule(broken, keeps=True)})
        await ann.send("MSG general hi")
        for peer in (ann, bob):
            assert (await peer.closed())[0] == 1011
        with pytest.raises(StoreError, match="KeyError"):
            await serving


# ---------------------------------------------------------------- frames at the edge


async def test_what_is_sent_while_a_password_is_checked_is_answered_in_order() -> None:  # A10
    async with running() as server, dial(server.url) as peer:
        await peer.send("@id=1 AUTH PASS laptop ann secret", *[f"@id={n} LSEVENTS" for n in range(2, 200)])
        replies = [hear(await peer.recv()) for _ in range(199)]
        assert [reply.tags["id"] for reply in replies] == [str(n) for n in range(1, 200)]
        assert {reply.words[1] for reply in replies} == {"AUTH", "LSEVENTS"}


async def test_one_password_after_another_is_checked() -> None:  # A10
    async with running() as server, signed(server.url, "ann"), dial(server.url) as peer:
        await peer.send("AUTH PASS phone ann wrong", "AUTH PASS phone ann secret", "LSEVENTS")
        assert [hear(await peer.recv()).words[1] for _ in range(3)] == ["BADAUTH", "AUTH", "LSEVENTS"]


async def test_a_slowed_down_address_still_gets_its_password_checked() -> None:  # A10
    async with running() as server, signed(server.url, "ann"):
        async with dial(server.url) as peer:
            await peer.send(*["AUTH PASS phone ann wrong"] * 3)
            assert (await peer.closed())[0] == 4000
        async with dial(server.url) as again:
            begin = time.perf_counter()
            await again.password("ann", device="phone")
            assert time.perf_counter() - begin > 0.4


async def test_a_socket_whose_frames_wait_is_read_no_further() -> None:
    costly = Cost(2**14, 8, 2)
    server = await WschatServerMaker().start(
        ServerOptions(open_registration=True), limits=Limits(burst=100_000), cost=costly
    )
    async with dial(server.url) as peer:
        await peer.send("@id=1 AUTH PASS laptop ann secret", *["LSEVENTS"] * 1000)
        (seen,) = server.rules.hall.sockets.values()
        longest = 0
        while seen.session is None:
            longest = max(longest, len(seen.backlog or ()))
            await asyncio.sleep(0.001)
        assert 0 < longest <= 32
        assert {hear(await peer.recv()).words[1] for _ in range(1001)} == {"AUTH", "LSEVENTS"}
    await server.close()


async def test_times_are_milliseconds_since_1970() -> None:
    async with running() as server, signed(server.url, "ann") as (ann,):
        data = (await ann.ask("MSG general now")).data
        assert abs(data["ts"] / 1000 - time.time()) < 60


@pytest.mark.parametrize(
    ("send", "code"),
    [
        (lambda ws: ws.send("SUBEVENT " + "x" * 1_000_000), 1009),
        (lambda ws: ws.send(b"MSG general \xff\xfe", text=True), 1007),
        (lambda ws: ws.send(b"x1 -1 data"), 1003),
    ],
    ids=["a megabyte", "no utf-8", "no file chunk"],
)
async def test_what_no_frame_may_be_closes_the_socket(send: Callable[[Any], Any], code: int) -> None:  # A3, A22
    async with running() as server, signed(server.url, "ann", "bob") as (ann, bob):
        await send(ann.ws)
        assert (await ann.closed())[0] == code
        assert (await bob.ask("LSEVENTS")).words[0] == "CONFIRM"


async def test_a_frame_of_exactly_the_limit_is_read() -> None:  # A23
    async with running() as server, signed(server.url, "ann") as (ann,):
        assert (await ann.ask("MSG general " + "x" * (65_536 - 12))).words[1] == "TOOLONG"
        await ann.send("MSG general " + "x" * (65_536 - 11))
        assert (await ann.closed())[0] == 1009


async def test_a_socket_that_says_nothing_is_closed_in_time() -> None:  # A10
    async with running(limits=Limits(auth_timeout=0.1)) as server, dial(server.url) as peer:
        assert (await peer.closed())[0] == 4003


async def test_a_session_that_says_nothing_is_asked_and_closed() -> None:  # A20
    async with running(limits=Limits(heartbeat=0.1)) as server, signed(server.url, "ann") as (ann,):
        assert await ann.recv() == "PING 0"
        assert (await ann.closed())[0] == 4006


async def test_the_subprotocol_is_offered_and_not_required() -> None:
    async with running() as server:
        async with dial(server.url, subprotocols=["other", "wschat-ie.1"]) as peer:
            assert peer.ws.subprotocol == "wschat-ie.1"
        async with dial(server.url) as peer:
            assert peer.ws.subprotocol is None


async def test_logs_hold_no_secrets(caplog: pytest.LogCaptureFixture) -> None:  # E12
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets.client").setLevel(logging.WARNING)
    async with running() as server, signed(server.url, "ann") as (ann,):
        await ann.ask("MSG general very private words")
        await ann.ask("AUTH PASS laptop ann hidden-password")
    assert "started" in caplog.text
    for secret in (ann.sid, ann.token, "very private words", "hidden-password", "secret"):
        assert secret not in caplog.text


# ---------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += [
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-out",
        cert,
        "-keyout",
        key,
    ]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


async def test_passwords_travel_over_tls(certificate: tuple[str, str]) -> None:
    cert, key = certificate
    options = ServerOptions(open_registration=True, tls_cert=cert, tls_key=key)
    async with running(options) as server:
        assert server.url.startswith("wss://")
        async with dial(server.url, ssl=ssl.create_default_context(cafile=cert)) as peer:
            await peer.password("ann")
            assert (await peer.ask("CREATE general")).data == {"pos": 1}


async def test_chunks_of_files_travel_over_tls(certificate: tuple[str, str]) -> None:  # D1
    cert, key = certificate
    body, chunk, trust = bytes(range(251)) * 1_000, 100_000, ssl.create_default_context(cafile=cert)
    options = ServerOptions(open_registration=True, tls_cert=cert, tls_key=key)
    async with running(options) as server, dial(server.url, ssl=trust, create_connection=ClientSocket) as ann:
        await ann.password("ann")
        await ann.ask("CREATE files")
        about = {"name": "a.bin", "size": len(body), "chunk": chunk, "sha256": sha256(body).hexdigest()}
        offered = await ann.ask(f"@id=9 FILE OFFER files {json.dumps(about)}")
        await ann.send(*(f"{offered.data['xid']} {n + 1} ".encode() + body[n * chunk :][:chunk] for n in range(3)))
        got = await ann.ask(f"FILE ACCEPT {offered.words[3]} 1")
        came: list[bytes] = []
        async with asyncio.timeout(20):
            while len(came) < 3:
                frame = await ann.ws.recv()
                if isinstance(frame, bytes):
                    came.append(frame)
    assert came == [f"{got.words[3]} {n + 1} ".encode() + body[n * chunk :][:chunk] for n in range(3)]


async def test_passwords_do_not_travel_in_clear_text_beyond_this_machine() -> None:
    async with running(ServerOptions(host="0.0.0.0", open_registration=True)) as server:
        port = server.url.rsplit(":", 1)[1]
        async with dial(f"ws://127.0.0.1:{port}") as peer:
            assert (await peer.ask("AUTH PASS laptop ann secret")).words[1] == "NOPERM"
