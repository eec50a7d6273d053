"""Starting a server from options, its accounts, its end by signal, and what kill -9 cannot take."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chat_tui_core.contract import SeedLine, SeedRoom, ServerMaker, ServerOptions
from chat_tui_core.errors import ConfigError, StoreDamaged, StoreError, StoreUnwritable
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.maker import WschatServerMaker
from chat_tui_wschat.server.passwords import Cost
from tests.wschat.wschat_peer import Peer, dial, hear

CHEAP = Cost(16, 1, 1)
MAKER = WschatServerMaker()


def test_it_is_the_contracts_maker() -> None:
    maker: ServerMaker = MAKER
    assert maker is MAKER


async def refused(options: ServerOptions) -> str:
    with pytest.raises((ConfigError, StoreError)) as caught:
        await MAKER.start(options, cost=CHEAP)
    assert not [thread.name for thread in threading.enumerate() if "wschat" in thread.name]
    text = str(caught.value)
    assert text.endswith(".")
    return text


async def test_a_taken_port_is_said() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert await refused(ServerOptions(port=port)) == f"Port {port} is taken; choose another with --port."


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (ServerOptions(host="203.0.113.77"), "no address 203.0.113.77"),
        (ServerOptions(host="no such host"), "cannot listen on no such host"),
        (ServerOptions(tls_cert="cert.pem"), "both a certificate and its key"),
        (ServerOptions(tls_cert="missing.pem", tls_key="missing.pem"), "cannot be read"),
        (ServerOptions(tls_cert=__file__, tls_key=__file__), "no certificate and its key"),
        (ServerOptions(chaos="drop=1"), "'1' is no number from 0 to 0.5"),
        (ServerOptions(rate=0), "from 1 to"),
        (ServerOptions(data="/nowhere/at/all/server.db"), "cannot be written"),
        (ServerOptions(data="/"), "cannot be written"),
        (ServerOptions(data=__file__), "damaged or no chat-tui server's"),
        (ServerOptions(seed=(SeedRoom("Bad Room", "", (), ()),)), "no channel name"),
        (ServerOptions(seed=(SeedRoom("room", "", ("x",), ()),)), "no user name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_options_that_cannot_be_used_are_said(options: ServerOptions, words: str) -> None:
    before = Path(__file__).read_bytes()
    assert words in await refused(options)
    assert Path(__file__).read_bytes() == before


async def test_a_seed_of_thousands_is_quick_and_made_once(tmp_path: Path) -> None:
    lines = tuple(SeedLine(("ann", "bob")[n % 2], 1_700_000_000_000 + n, f"line {n}\nsecond") for n in range(5000))
    rooms = (
        SeedRoom("general", "all", ("ann", "bob"), lines),
        SeedRoom("@ann+bob", "", ("ann", "bob"), lines[:3], private=True),
    )
    options = ServerOptions(data=str(tmp_path / "server.db"), open_registration=True, seed=rooms)
    begin = time.perf_counter()
    server = await MAKER.start(options, cost=CHEAP)
    assert time.perf_counter() - begin < 5
    await server.close()
    server = await MAKER.start(options, cost=CHEAP)
    async with dial(server.url) as peer:
        await peer.password("ann")
        (direct, general) = (await peer.ask("LSCHANS")).data["channels"]
        assert (direct["name"], direct["pos"], direct["direct"]) == ("@ann+bob", 3, True)
        assert (general["pos"], general["unread"], general["members"]) == (5000, 1000, 2)
        (last,) = (await peer.ask("HISTORY general LATEST * 1")).data["events"]
        assert (last["pos"], last["ts"], last["from"], last["text"]) == (
            5000,
            1_700_000_004_999,
            "bob",
            "line 4999\nsecond",
        )
    await server.close()
    await server.close()


# ---------------------------------------------------------------- accounts


async def test_an_account_is_made_and_gets_a_new_password_which_ends_its_tokens(tmp_path: Path) -> None:
    data = str(tmp_path / "server.db")
    await MAKER.add_user(data, "ann", "first words")
    server = await MAKER.start(ServerOptions(data=data))
    async with dial(server.url) as peer:
        assert (await peer.ask("AUTH PASS laptop ann wrong")).words[1] == "BADAUTH"
        assert (await peer.ask("AUTH PASS laptop nobody first words")).words[1] == "BADAUTH"
        await peer.password("ann", password="first words")
    with pytest.raises(StoreUnwritable, match="in use"):
        await MAKER.add_user(data, "ann", "second")
    await server.close()
    await MAKER.add_user(data, "ann", "second")
    server = await MAKER.start(ServerOptions(data=data))
    async with dial(server.url) as again:
        assert (await again.ask(f"AUTH TOKEN laptop {peer.token}")).words[1] == "BADAUTH"
        await again.password("ann", password="second")
    await server.close()


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("Ann", "x", "no user name"),
        ("a", "x", "no user name"),
        ("ann", "", "password"),
        ("ann", "two\nlines", "password"),
    ],
)
async def test_accounts_that_cannot_be(name: str, password: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        await MAKER.add_user(str(tmp_path / "server.db"), name, password)


async def test_an_account_needs_a_file_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--data"):
        await MAKER.add_user("", "ann", "secret")
    (tmp_path / "server.db").write_text("not a database at all, " * 100)
    with pytest.raises(StoreDamaged):
        await MAKER.add_user(str(tmp_path / "server.db"), "ann", "secret")


# ---------------------------------------------------------------- signals

SCRIPT = """
import asyncio, sys
from chat_tui_core.contract import ServerOptions
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.maker import WschatServerMaker
from chat_tui_wschat.server.passwords import Cost

async def main():
    options = ServerOptions(data=sys.argv[1], open_registration=True)
    server = await WschatServerMaker().start(options, limits=Limits(burst=100_000), cost=Cost(16, 1, 1))
    print(server.url, flush=True)
    await server.serve_until_stopped()

asyncio.run(main())
"""


@asynccontextmanager
async def process(data: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A server in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, str(data), stdout=pipe, stderr=pipe, env=environment
    )
    try:
        assert child.stdout is not None
        yield child, (await asyncio.wait_for(child.stdout.readline(), 20)).decode().strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.communicate()


@pytest.mark.live
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_server_cleanly(number: signal.Signals, tmp_path: Path) -> None:  # E11
    async with process(tmp_path / "server.db") as (child, url):
        async with dial(url) as peer:
            await peer.password("ann")
            await peer.ask("@id=1 CREATE general")
            await peer.send("@id=2 MSG general last words")
            await peer.flush()
            child.send_signal(number)
            bye = hear(await peer.recv())
            assert (bye.head, bye.data) == (f"EVENT session BYE {peer.sid}", {"reason": "the server goes down"})
            assert (await peer.closed())[0] == 1001
        assert await asyncio.wait_for(child.wait(), 5) == 0
        _, complaints = await child.communicate()
        assert complaints == b""
    server = await MAKER.start(ServerOptions(data=str(tmp_path / "server.db")), cost=CHEAP)
    async with dial(server.url) as peer_again:
        await peer_again.ask(f"AUTH TOKEN laptop {peer.token}")
        assert (await peer_again.ask("HISTORY general LATEST * 1")).data["events"][0]["text"] == "last words"
    await server.close()


async def send_until_cut(peer: Peer, confirmed: set[int], sent: set[int]) -> None:
    """Send messages without waiting, and note which are confirmed, until the connection breaks."""

    async def listen() -> None:
        while True:
            reply = hear(await peer.recv())
            if reply.words[:2] == ("CONFIRM", "MSG"):
                confirmed.add(int(reply.tags["id"]))

    async def speak() -> None:
        for number in range(2, 1500):
            sent.add(number)
            await peer.send(f"@id={number} MSG general {number}")

    results = await asyncio.gather(listen(), speak(), return_exceptions=True)
    assert all(isinstance(result, Exception) or result is None for result in results)


@pytest.mark.live
async def test_what_was_confirmed_survives_kill_and_nothing_is_doubled(tmp_path: Path) -> None:  # A14
    confirmed: set[int] = set()
    sent: set[int] = set()
    async with process(tmp_path / "server.db") as (child, url), dial(url) as peer:
        await peer.password("ann")
        await peer.ask("@id=1 CREATE general")
        sending = asyncio.create_task(send_until_cut(peer, confirmed, sent))
        while len(confirmed) < 200:
            await asyncio.sleep(0.01)
        child.kill()
        await sending
    server = await MAKER.start(
        ServerOptions(data=str(tmp_path / "server.db")), limits=Limits(burst=100_000), cost=CHEAP
    )
    async with dial(server.url) as again:
        await again.ask(f"@id=1 AUTH TOKEN laptop {peer.token}")
        await again.send(*[f"@id={number} MSG general {number}" for number in sorted(sent)])
        replies = {number: hear(await again.recv()) for number in sorted(sent)}
        assert [reply.tags["id"] for reply in replies.values()] == [str(number) for number in sorted(sent)]
        assert all(reply.words[0] == "CONFIRM" for reply in replies.values())
        assert all("dup" in replies[number].tags for number in confirmed)
        texts: list[str] = []
        more, last = True, 0
        while more:
            page = (await again.ask(f"HISTORY general AFTER {last} 100")).data
            texts += [item["text"] for item in page["events"] if item["type"] == "message"]
            more, last = page["more"], page["events"][-1]["pos"]
        assert sorted(map(int, texts)) == sorted(sent)
    await server.close()
