"""A server that runs for one test, and peers that are signed in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from chat_tui_core.contract import SeedLine, SeedRoom, ServerOptions
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.maker import WschatServerMaker
from chat_tui_wschat.server.passwords import Cost
from chat_tui_wschat.server.shell import WsServer
from tests.wschat.wschat_peer import Peer, dial

CHEAP = Cost(16, 1, 1)
ROOM = SeedRoom(
    "general",
    "",
    ("ann", "bob", "glitchy"),
    tuple(SeedLine("ann", 1_700_000_000_000 + n, f"line {n}") for n in range(40)),
)


@asynccontextmanager
async def running(options: ServerOptions | None = None, limits: Limits | None = None) -> AsyncIterator[WsServer]:
    server = await WschatServerMaker().start(
        options or ServerOptions(open_registration=True, seed=(ROOM,)),
        limits=limits or Limits(burst=100_000),
        cost=CHEAP,
    )
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def signed(url: str, *users: str) -> AsyncIterator[list[Peer]]:
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(dial(url)) for _ in users]
        for peer, user in zip(peers, users, strict=True):
            await peer.password(user)
        yield peers
