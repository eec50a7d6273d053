"""A fault proxy: stands between a client and a homeserver, and spoils what it is told to spoil, request by request."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from collections import Counter
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from tests.matrix_live.answers import MEGABYTE
from tests.matrix_live.faults import Fault, Rule, Storm

ENDLESS = 200 * MEGABYTE
HEAD_END = b"\r\n\r\n"
# Struct linger: on, zero seconds. Closing then sends a reset, as a dead network path does.
RESET = struct.pack("ii", 1, 0)


@dataclass
class Exchange:
    """One request that came: what it was, its fault (empty: none), the homeserver's status (0: it gave no answer)."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    fault: str = ""
    delivered: bool = False
    status: int = 0


class Gone(Exception):
    """A connection ended while something was expected from it."""


class Wire:
    """One end of a connection that speaks HTTP/1.1; what is read early waits in its buffer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.buffer = bytearray()

    async def fill(self) -> bool:
        """Read something; False at the end."""
        try:
            data = await self.reader.read(65_536)
        except OSError:
            return False
        self.buffer += data
        return bool(data)

    async def until_gone(self) -> None:
        """Return when the other side has closed."""
        while await self.fill():
            pass

    def take(self, size: int) -> bytes:
        """Take so many bytes out of the buffer."""
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    async def read_past(self, mark: bytes) -> bytes:
        """Everything up to and including a mark. Raises Gone."""
        while (place := self.buffer.find(mark)) < 0:
            if not await self.fill():
                raise Gone
        return self.take(place + len(mark))

    async def read_exactly(self, size: int) -> bytes:
        """So many bytes. Raises Gone."""
        while len(self.buffer) < size:
            if not await self.fill():
                raise Gone
        return self.take(size)

    async def read_chunks(self) -> bytes:
        """A chunked body as it is on the wire, with its trailer. Raises Gone."""
        body = bytearray()
        while True:
            line = await self.read_past(b"\r\n")
            size = int(line.split(b";")[0], 16)
            body += line
            if size == 0:
                return bytes(body + await self.read_past(b"\r\n"))
            body += await self.read_exactly(size + 2)

    async def send(self, data: bytes) -> None:
        """Write, and wait until it is gone."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection at once, and what is still on its way with it."""
        sock: socket.socket | None = self.writer.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.writer.transport.abort()

    async def close(self) -> None:
        """End the connection in peace."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


def parse_head(head: bytes) -> tuple[str, dict[str, str]]:
    """The first line, and the headers by lower-case name."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def read_body(wire: Wire, headers: dict[str, str], *, to_end: bool = False) -> bytes:
    """A body as it is on the wire; `to_end`: without a length it goes on until the end of the connection."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await wire.read_chunks()
    if "content-length" in headers:
        return await wire.read_exactly(int(headers["content-length"]))
    if to_end:
        await wire.until_gone()
        return wire.take(len(wire.buffer))
    return b""


class Proxy:
    """The proxy, between `start` and `stop` (or in `async with`); `url` is what the client is told.

    `on` scripts a fault, `storm` takes a seeded plan; scripted ones come first, in the order they were given.
    `seen` are the requests in the order they came, `counts` how often each fault struck ("passed": none did).
    A homeserver that does not listen looks like a connection that is reset.
    Addresses of the homeserver in its answers (a sign-in names one) become this proxy's.
    """

    def __init__(self, upstream: str, port: int = 0) -> None:
        self.upstream = upstream.rstrip("/")
        self.port = port
        self.plans: list[Rule | Storm] = []
        self.seen: list[Exchange] = []
        self.counts: Counter[str] = Counter()
        self.server: asyncio.Server | None = None
        self.wires: set[Wire] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where clients find it, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def on(self, method: str, path: str, fault: Fault, *, times: int | None = 1, skip: int = 0) -> Rule:
        """Script a fault: see Rule. `rule.used` tells how often it struck, `rule.struck` can be awaited."""
        rule = Rule(fault, method, path, times, skip)
        self.plans.append(rule)
        return rule

    def storm(self, storm: Storm) -> Storm:
        """Let faults come by a seeded plan."""
        self.plans.append(storm)
        return storm

    def calm(self) -> None:
        """Forget all plans: from now on everything passes."""
        self.plans.clear()

    def requests(self, method: str, path: str) -> list[Exchange]:
        """What came so far of this method, with this pattern in its path."""
        return [one for one in self.seen if method in {"", one.method} and re.search(path, one.path)]

    async def start(self) -> None:
        """Listen; after `go_down` on the same port as before."""
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def go_down(self) -> None:
        """Refuse connections and reset those that are there, until `start`."""
        if self.server is not None:
            self.server.close()
            self.server = None
        self.cut_all()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=5)

    stop = go_down

    def cut_all(self) -> None:
        """Reset every connection there is now, as a network that goes away."""
        for wire in list(self.wires):
            wire.reset()
        for task in list(self.tasks):
            task.cancel()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client's connection, until either side ends it."""
        task = asyncio.current_task()
        wire = Wire(reader, writer)
        self.wires.add(wire)
        if task is not None:
            self.tasks.add(task)
        try:
            while await self.one_request(wire):
                pass
        except (Gone, OSError):
            wire.reset()
        except asyncio.CancelledError:
            # asyncio's streams report a cancelled handler as an error of their own: it ends here.
            wire.reset()
        finally:
            self.wires.discard(wire)
            if task is not None:
                self.tasks.discard(task)
            await wire.close()

    async def one_request(self, client: Wire) -> bool:
        """Read one request and deal with it; whether the connection goes on."""
        head = await client.read_past(HEAD_END)
        first, headers = parse_head(head)
        method, target, _ = first.split(" ", 2)
        body = await read_body(client, headers)
        address = urlsplit(target)
        exchange = Exchange(method, address.path, address.query, headers, body)
        self.seen.append(exchange)
        fault = self.choose(method, address.path)
        exchange.fault = fault.name if fault else ""
        self.counts[exchange.fault or "passed"] += 1
        # A client that goes away ends the exchange, as it would without a proxy between.
        work = asyncio.create_task(self.exchange(client, exchange, head + body, fault or Fault("")))
        watch = asyncio.create_task(client.until_gone())
        try:
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, watch):
                task.cancel()
            outcome, _ = await asyncio.gather(work, watch, return_exceptions=True)
        if isinstance(outcome, asyncio.CancelledError):
            raise Gone
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome and headers.get("connection", "").lower() != "close"

    def choose(self, method: str, path: str) -> Fault | None:
        """The first plan's fault that is for this request."""
        return next((fault for plan in self.plans if (fault := plan.choose(method, path))), None)

    async def exchange(self, client: Wire, exchange: Exchange, request: bytes, fault: Fault) -> bool:
        """Deliver a request and answer it, as the fault will have it; whether the connection goes on."""
        if fault.hold is not None:
            await fault.hold.wait()
        answer = b""
        goes_on = True
        if fault.deliver:
            answer, goes_on = await self.deliver(exchange, request)
        if fault.hold_answer is not None:
            await fault.hold_answer.wait()
        await asyncio.sleep(fault.delay)
        if fault.cut == 0.0:
            client.reset()
            return False
        if fault.answer is not None:
            answer = fault.answer.raw or fault.answer.head() + fault.answer.body
            goes_on = fault.answer.honest()
        if fault.cut is not None:
            start = answer.find(HEAD_END) + len(HEAD_END)
            answer = answer[: start + int((len(answer) - start) * fault.cut)]
            goes_on = False
        await send_in_pieces(client, answer, fault)
        if fault.answer is not None and fault.answer.endless:
            await send_endlessly(client, fault.answer.endless)
        return goes_on

    async def deliver(self, exchange: Exchange, request: bytes) -> tuple[bytes, bool]:
        """Give the homeserver a request; its answer as it is on the wire, and whether the connection goes on."""
        address = urlsplit(self.upstream)
        server = Wire(*await asyncio.open_connection(address.hostname, address.port))
        try:
            await server.send(request)
            exchange.delivered = True
            head = await server.read_past(HEAD_END)
            first, headers = parse_head(head)
            exchange.status = int(first.split(" ")[1])
            bodiless = exchange.method == "HEAD" or exchange.status in {204, 304}
            body = b"" if bodiless else await read_body(server, headers, to_end=True)
            framed = bodiless or "content-length" in headers or "transfer-encoding" in headers
            return self.as_own(head + body), framed and headers.get("connection", "").lower() != "close"
        finally:
            server.reset()

    def as_own(self, answer: bytes) -> bytes:
        """An answer with this proxy's address where it names the homeserver's; only if its length stays the same."""
        theirs, ours = self.upstream.encode(), self.url.encode()
        return answer.replace(theirs, ours) if len(theirs) == len(ours) else answer


async def send_in_pieces(client: Wire, answer: bytes, fault: Fault) -> None:
    """Send an answer, whole or trickling."""
    size = fault.piece or MEGABYTE
    for start in range(0, len(answer), size):
        await client.send(answer[start : start + size])
        if fault.piece:
            await asyncio.sleep(fault.pause)


async def send_endlessly(client: Wire, data: bytes) -> None:
    """Send the same bytes in chunks, until the client goes away or a bound that it should not wait for."""
    chunk = b"%x\r\n%b\r\n" % (len(data), data)
    for _ in range(ENDLESS // len(data)):
        await client.send(chunk)
