"""What hostile or careless clients may cost a real server in memory; whoever else is there goes on being served."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench.plain_client import plain
from bench.processes import ServerProcess, allow_many_files
from bench.server_file import PASSWORD, fill, guest
from bench.wschat_stalled import FILLING, WINDOW, listen_late
from chat_tui_wschat.server.limits import Limits

pytestmark = [pytest.mark.live, pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")]

MIB = 1 << 20
#: MiB that the server may grow by at its highest, whatever one client does; a stalled one has a queue of 4 MiB and a
#: replay of 1,000 events, and both hold the same texts.
BOUND = 32

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def highest(server: ServerProcess) -> float:
    """The most MiB that it has ever held in memory."""
    lines = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server with three users and a room that all are in."""
    allow_many_files()
    fill(tmp_path / "server.db", 3, ["hall"])
    with ServerProcess(tmp_path / "server.db", welcome=False, log=True) as server:
        yield server
        assert server.runs()
        assert server.end() == 0


@asynccontextmanager
async def within_bounds(server: ServerProcess) -> AsyncIterator[None]:
    """Somebody is served before, meanwhile and afterwards, and the server grows by BOUND at most."""
    async with plain(server.url) as other:
        await other.sign_in(guest(0))
        await other.do("MSG hall before")
        before = highest(server)
        yield
        used = server.processor()
        async with asyncio.timeout(30):
            await other.do("MSG hall afterwards")
        assert server.processor() - used < 2, "seconds of the server's own, however busy the machine is"
    assert highest(server) - before < BOUND


async def raw(server: ServerProcess) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has asked to be a WebSocket, and reads nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    writer.write(UPGRADE)
    return reader, writer


async def test_a_thousand_idle_strangers(server: ServerProcess) -> None:  # A9, A10
    waiting, patience = Limits().sockets_waiting, Limits().auth_timeout
    async with within_bounds(server):
        began = time.monotonic()
        opened = [await raw(server) for _ in range(1000)]
        await asyncio.gather(*(reader.readuntil(b"\r\n\r\n") for reader, _ in opened))
        rest = [await asyncio.wait_for(reader.read(400), 10) for reader, _ in opened]
        heard = sum(b"HELLO" in octets for octets in rest)
        places = waiting * (1 + int((time.monotonic() - began) / patience))  # who says nothing leaves a place
        assert 200 <= heard <= places, "more are sent away at once: too many are signing in"
    for _, writer in opened:
        writer.transport.abort()


async def test_somebody_who_never_reads(server: ServerProcess) -> None:  # A9
    async with within_bounds(server), contextlib.AsyncExitStack() as stack, plain(server.url) as speaker:
        await speaker.sign_in(guest(1))
        slow = await listen_late(server.url, stack, guest(2))
        assert slow.ws.transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 2 * WINDOW
        sent = 0
        while not server.logged("cut: too slow"):
            await speaker.do(f"MSG hall {sent} {FILLING}")
            sent += 1
            assert sent < 2000
        slow.ws.transport.abort()


def masked(payload: bytes, first: int) -> bytes:
    """A client's WebSocket frame with a mask of zeros; `first` is its first octet."""
    return bytes([first, 0xFF]) + len(payload).to_bytes(8, "big") + bytes(4) + payload


@pytest.mark.parametrize("signed", [False, True], ids=["stranger", "user"])
async def test_frames_of_ten_megabytes(signed: bool, server: ServerProcess) -> None:  # A3, A5
    async with within_bounds(server):
        for first, verb in ((0x81, b"MSG"), (0x82, b"CHAT"), (0x01, b"MSG")):
            reader, writer = await raw(server)
            await reader.readuntil(b"\r\n\r\n")
            if signed:
                writer.write(masked(f"AUTH PASS bench {guest(1)} {PASSWORD}".encode(), 0x81))
                await asyncio.wait_for(reader.readuntil(b"CONFIRM AUTH"), 10)
            with contextlib.suppress(OSError):
                writer.write(masked(verb + b" hall " + b"x" * 10 * MIB, first))
                await writer.drain()
                rest = await asyncio.wait_for(reader.read(-1), 10)
                assert b"\x03\xf1" in rest, "closed with 1009"
            writer.transport.abort()


async def test_sockets_that_come_and_go(server: ServerProcess) -> None:  # A9
    async def come_and_go(count: int) -> None:
        for number in range(count):
            reader, writer = await raw(server)
            if number % 3:
                await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()

    async with within_bounds(server):
        await asyncio.gather(*(come_and_go(100) for _ in range(15)))
