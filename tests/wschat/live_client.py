"""What live client tests share: a server, a connection with its news, a wire that can be cut."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from chat_tui_core.contract import Connection, Link, LinkChanged, News, Position, ServerOptions
from chat_tui_core.model import Account
from chat_tui_wschat import backend
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.maker import WschatServerMaker
from chat_tui_wschat.server.passwords import Cost
from chat_tui_wschat.server.shell import WsServer

PATIENCE = 8.0
CHEAP = Cost(n=16, r=1)

N = TypeVar("N")


@asynccontextmanager
async def serving(data: str = "", port: int = 0, limits: Limits | None = None) -> AsyncIterator[WsServer]:
    """An open server whose passwords are cheap to check."""
    options = ServerOptions(data=data, port=port, open_registration=True)
    server = await WschatServerMaker().start(options, limits=limits or Limits(), cost=CHEAP)
    try:
        yield server
    finally:
        await server.close()


async def token_for(url: str, user: str = "ann", device: str = "laptop") -> str:
    """Register or sign in, and give the token."""
    return (await backend.login(url, user, "secret", kind="password", device=device)).token


class Client:
    """A running connection; it stores every position at once, as a session does."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        user: str = "ann",
        device: str = "laptop",
        position: Mapping[str, str] | None = None,
    ) -> None:
        self.news: list[News] = []
        self.batches: list[Sequence[News]] = []
        self.position: Mapping[str, str] = position or {}
        self._more = asyncio.Event()
        account = Account("test", "wschat", url, user, device)
        self.connection: Connection = backend.connect(account, token, self.position, self._deliver)
        self.task = asyncio.create_task(self.connection.run())

    def _deliver(self, batch: Sequence[News]) -> None:
        self.batches.append(batch)
        self.news += batch
        for item in batch:
            if isinstance(item, Position):
                self.position = item.data
                self.connection.stored(item.data)
        self._more.set()

    def of(self, kind: type[N]) -> list[N]:
        """All news of one kind so far."""
        return [item for item in self.news if isinstance(item, kind)]

    async def until(self, kind: type[N], fits: Callable[[N], bool] = lambda _: True, count: int = 1) -> N:
        """Wait for news; gives the last of `count` that fit."""
        async with asyncio.timeout(PATIENCE):
            while len(found := [item for item in self.of(kind) if fits(item)]) < count:
                self._more.clear()
                await self._more.wait()
        return found[count - 1]

    async def link(self, link: Link, count: int = 1) -> LinkChanged:
        """Wait until the link was in this state `count` times."""
        return await self.until(LinkChanged, lambda item: item.link is link, count)

    async def close(self) -> None:
        """Close, and see to it that `run` returns."""
        await self.connection.close()
        async with asyncio.timeout(PATIENCE):
            await self.task


@asynccontextmanager
async def running(client: Client) -> AsyncIterator[Client]:
    """A client that is online, closed at the end."""
    try:
        await client.link(Link.ONLINE)
        yield client
    finally:
        await client.close()


class Wire:
    """A TCP relay that can be cut, and closed for a while."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server
        self.url = ""

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    def cut(self, *, stay: bool = False) -> None:
        """Cut every connection; with `stay`, new ones are refused until `mend`."""
        self._open = not stay
        for writer in list(self._writers):
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self._open = True

    async def close(self) -> None:
        """Stop listening."""
        self.cut(stay=True)
        self._server.close()
        await self._server.wait_closed()


@asynccontextmanager
async def wire_to(server: WsServer) -> AsyncIterator[Wire]:
    """A wire before a server."""
    wire = Wire(int(server.url.rpartition(":")[2]))
    await wire.start()
    try:
        yield wire
    finally:
        await wire.close()


@asynccontextmanager
async def tcp_server(answer: bytes | None) -> AsyncIterator[int]:
    """A server that reads one HTTP head and answers with these octets; None = a correct WebSocket handshake, then silence."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_handshake(head) if answer is None else answer)
            await writer.drain()
            if answer is None:
                while await reader.read(65536):
                    pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def _handshake(head: bytes) -> bytes:
    named = (line.partition(b": ") for line in head.split(b"\r\n"))
    key = next(value for name, _, value in named if name.lower() == b"sec-websocket-key")
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + base64.b64encode(digest)
        + b"\r\n\r\n"
    )
