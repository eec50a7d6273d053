"""Many clients on one server, some of them slow or dead (S0 trap 4)."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from contextlib import AsyncExitStack

import pytest

from chat_tui_core.contract import SeedRoom, ServerOptions
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.shell import WsServer
from tests.wschat.server_running import running, signed
from tests.wschat.wschat_peer import Peer, dial, hear

pytestmark = pytest.mark.live


async def stalled(stack: AsyncExitStack, server: WsServer) -> Peer:
    """A peer that reads no more than what it is told to, with small buffers on both ends of its connection."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
    sock.connect(("127.0.0.1", int(server.url.rsplit(":", 1)[1])))
    sock.setblocking(False)
    peer = await stack.enter_async_context(dial(server.url, sock=sock, max_queue=1))
    newest = server._sockets[max(server._sockets)]
    newest.ws.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 14)
    return peer


async def test_one_stalled_reader_among_a_hundred_delays_nobody() -> None:  # A9
    names = [f"user_{number:03}" for number in range(100)]
    room = SeedRoom("hall", "", (*names, "writer"), ())
    options = ServerOptions(open_registration=True, seed=(room,))
    limits = Limits(burst=100_000, queue_frames=100, queue_bytes=1 << 18)
    async with running(options, limits) as server, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(dial(server.url)) for _ in names[1:]]
        slow = await stalled(stack, server)
        for peer, name in zip((slow, *peers), names, strict=True):
            await peer.password(name)
            await peer.intend("message")
        (writer,) = await stack.enter_async_context(signed(server.url, "writer"))
        delays: list[float] = []
        count, sent = 300, dict[int, float]()

        async def listen(peer: Peer) -> None:
            for number in range(count):
                event = hear(await peer.recv())
                assert event.data["pos"] == number + 1
                delays.append(time.perf_counter() - sent[number])

        async def read_when_cut() -> int:
            session = server.rules.hall.sessions[slow.sid]
            while session.socket is not None:
                await asyncio.sleep(0.01)
            return (await slow.closed())[0]

        cut = asyncio.create_task(read_when_cut())
        listeners = [asyncio.create_task(listen(peer)) for peer in peers]
        for number in range(count):
            sent[number] = time.perf_counter()
            await writer.ask(f"MSG hall {number} " + "x" * 1500)
        await asyncio.gather(*listeners)
        assert statistics.median(delays) < 0.1
        assert await cut == 4004
        async with dial(server.url) as again:
            reply = await again.ask(f"@id=1 RESUME {slow.sid} 0")
            assert reply.data == {"from": 1, "to": count}


@pytest.mark.parametrize(
    "limits",
    [
        Limits(burst=100_000, queue_frames=20, queue_bytes=1 << 30),
        Limits(burst=100_000, queue_frames=1 << 30, queue_bytes=1 << 16),
    ],
    ids=["frames", "bytes"],
)
async def test_what_waits_for_a_reader_is_limited(limits: Limits) -> None:  # A9
    async with running(limits=limits) as server, signed(server.url, "ann") as (ann,), AsyncExitStack() as stack:
        slow = await stalled(stack, server)
        await slow.password("bob")
        await slow.intend("message")
        session = server.rules.hall.sessions[slow.sid]
        for number in range(500):
            await ann.ask(f"MSG general {number} " + "x" * 3000)
            if session.socket is None:
                break
        assert (await slow.closed())[0] == 4004
        assert (await ann.ask("LSEVENTS")).words[0] == "CONFIRM"


async def test_a_peer_that_vanishes_during_a_broadcast_harms_no_other() -> None:  # A9
    async with running() as server, signed(server.url, "ann", "bob", "glitchy") as (ann, bob, gone):
        await bob.intend("message")
        await gone.intend("message")
        for number in range(50):
            await ann.send(f"MSG general {number}")
            if number == 20:
                gone.cut()
        await ann.flush()
        assert [event.data["text"] for event in await bob.events()] == [str(number) for number in range(50)]
