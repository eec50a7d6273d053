"""The shell of the wschat core: one loop that carries it over a WebSocket; a contract.Connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from chat_tui_core.actions import Action
from chat_tui_core.contract import Deliver, FileBytes, Link, Question
from chat_tui_core.file_news import FileOrder
from chat_tui_core.no_files import NoFiles
from chat_tui_wschat.dialing import DialError, dial
from chat_tui_wschat.file_lane import ChunkLane
from chat_tui_wschat.protocol import (
    Closed,
    CloseSocket,
    In,
    Message,
    Open,
    Opened,
    OpenFailed,
    Out,
    Send,
    WschatCore,
)
from chat_tui_wschat.protocol_values import DropChunks, KeepChunk, SendChunk

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

MOST_AT_ONCE: Final = 200
"""Messages that go into one batch of news."""

LONGEST_BATCH: Final = 0.002
"""Seconds after which a batch is handed on although more is there."""

TURNS: Final = 8
"""Turns of the event loop between two batches while more is there: a key that is typed needs as many to be seen."""

MOST_READ: Final = 64
"""Messages that are read from the socket in one turn of the event loop."""

MOST_WAITING: Final = 250
"""Messages that may wait here before the socket is no longer read."""

END_TIME: Final = 0.8
"""Seconds that sockets have to close when everything ends."""


class _Inbox:
    """What sockets met, until the loop takes it."""

    def __init__(self) -> None:
        self.items: deque[In] = deque()
        self.kick = asyncio.Event()
        self._space = asyncio.Event()
        self._space.set()

    def put(self, item: In) -> None:
        self.items.append(item)
        self.kick.set()
        if len(self.items) >= MOST_WAITING:
            self._space.clear()

    async def has_space(self) -> None:
        await self._space.wait()

    def taken(self) -> None:
        if len(self.items) < MOST_WAITING:
            self._space.set()


class _Socket:
    """One WebSocket from Open to its end: its task connects, reads and writes; nothing is put once it is let go.

    Chunks of files are written one at a time, when no message waits.
    """

    def __init__(self, url: str, inbox: _Inbox, files: FileBytes, proxy: str) -> None:
        self._inbox = inbox
        self._outgoing: deque[str | bytes] = deque()
        self._more = asyncio.Event()
        self._closing: tuple[int, str] | None = None
        self._open = False
        self.chunks = ChunkLane(files, self._more.set)
        self.task = asyncio.create_task(self._live(url, proxy))

    def send(self, message: str | bytes) -> None:
        """Write a message behind the others."""
        self._outgoing.append(message)
        self._more.set()

    def let_go(self, code: int, reason: str) -> None:
        """Write what waits, then close, in END_TIME at most; nothing more is told of this socket."""
        self._closing = (code, reason)
        self._more.set()
        if self._open:
            asyncio.get_running_loop().call_later(END_TIME, self.task.cancel)
        else:
            self.task.cancel()

    def _tell(self, item: In) -> None:
        if self._closing is None:
            self._inbox.put(item)

    async def _live(self, url: str, proxy: str) -> None:
        try:
            socket = await dial(url, proxy)
        except DialError as error:
            self._tell(OpenFailed(error.reason, error.fatal))
            return
        self._open = True
        self._tell(Opened())
        writer = asyncio.create_task(self._write(socket))
        try:
            end = await self._read(socket)
        finally:
            writer.cancel()
            await asyncio.gather(writer, self.chunks.close(), return_exceptions=True)
            socket.transport.abort()
        self._tell(end)

    async def _read(self, socket: ClientConnection) -> Closed:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                for _ in range(MOST_READ):
                    self._tell(Message(await socket.recv()))
                    await self._inbox.has_space()
                await asyncio.sleep(0)
        except ConnectionClosed:
            return Closed(socket.close_code or 1006, socket.close_reason or "")

    async def _write(self, socket: ClientConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                while self._outgoing:
                    await socket.send(self._outgoing.popleft())
                if self._closing is None and (chunk := self.chunks.take()) is not None:
                    await _send_chunk(socket, *chunk)
                    continue
                if self._closing is not None:
                    await socket.close(*self._closing)
                    return
                self._more.clear()
                await self._more.wait()
        except (ConnectionClosed, OSError):
            return  # the reader tells how


async def _send_chunk(socket: ClientConnection, head: bytes, body: memoryview) -> None:
    """Write a chunk, and wait until nearly all of it has left."""
    from websockets.protocol import State

    from chat_tui_wschat.large_messages import binary_frame

    if socket.state is State.OPEN:
        socket.transport.write(binary_frame(head, body, masked=True))
    await socket.drain()


class WschatConnection:
    """See contract.Connection. `proxy`: the one that the account has, see `proxies.proxy_for`."""

    def __init__(self, core: WschatCore, deliver: Deliver, files: FileBytes | None = None, *, proxy: str = "") -> None:
        self._core = core
        self._deliver = deliver
        self._files = files or NoFiles()
        self._proxy = proxy
        self._inbox = _Inbox()
        self._socket: _Socket | None = None
        self._let_go: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()
        self._started = False
        self._closed = False

    # ------------------------------------------------------------ from the session

    def do(self, action: Action) -> None:
        """See ProtocolCore.do."""
        self._core.do(action, _now())
        self._inbox.kick.set()

    def ask(self, question: Question) -> None:
        """See ProtocolCore.ask."""
        self._core.ask(question, _now())
        self._inbox.kick.set()

    def order(self, order: FileOrder) -> None:
        """See FileCarrier.order."""
        self._core.order(order, _now())
        self._inbox.kick.set()

    def stored(self, position: Mapping[str, str]) -> None:
        """See ProtocolCore.stored."""
        self._core.stored(position, _now())

    def connect_now(self) -> None:
        """See ProtocolCore.connect_now."""
        self._core.connect_now(_now())
        self._inbox.kick.set()

    async def close(self) -> None:
        """Say goodbye and release the socket, within a second; `run` returns."""
        self._closed = True
        if not self._started or self._ended.is_set():
            return
        self._core.stop(_now())
        self._inbox.kick.set()
        await self._ended.wait()

    async def run(self) -> None:
        """Connect and stay connected until `close`; returns then, or when the link is STOPPED for good."""
        if self._started or self._closed:
            return
        self._started = True
        in_time = False
        try:
            self._core.start(_now())
            await self._loop()
            in_time = True
        finally:
            try:
                await self._release(END_TIME if in_time else 0.0)
            finally:
                self._ended.set()

    # ------------------------------------------------------------ the loop

    async def _loop(self) -> None:
        while True:
            for out in self._core.sends():
                self._carry_out(out)
            if news := self._core.events():
                self._deliver(news)
            if self._core.link in {Link.STOPPED, Link.OFFLINE}:
                break
            await self._wait()
            self._take()
        for out in self._core.sends():
            self._carry_out(out)

    async def _wait(self) -> None:
        """Until something came in, somebody asked for something, or it is time to tick; others have their turn first."""
        if self._inbox.items:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            return
        wake = self._core.wake_at()
        kick = self._inbox.kick
        timer = None if wake is None else asyncio.get_running_loop().call_at(wake, kick.set)
        try:
            await kick.wait()
        finally:
            if timer is not None:
                timer.cancel()
        kick.clear()

    def _take(self) -> None:
        """Feed the core with what is here already, in one batch of bounded size, and let time pass."""
        started = now = _now()
        items = self._inbox.items
        for _ in range(MOST_AT_ONCE):
            if not items or now - started > LONGEST_BATCH:
                break
            self._core.receive(items.popleft(), now)
            now = _now()
        self._inbox.taken()
        wake = self._core.wake_at()
        if wake is not None and now >= wake:
            self._core.tick(now)

    def _carry_out(self, out: Out) -> None:
        match out:
            case Open(url=url):
                self._drop_socket(1000, "")
                self._socket = _Socket(url, self._inbox, self._files, self._proxy)
            case Send(message=message):
                if self._socket is not None:
                    self._socket.send(message)
            case CloseSocket(code=code, reason=reason):
                self._drop_socket(code, reason)
            case KeepChunk(transfer=transfer, offset=offset, data=data):
                self._files.write(transfer, offset, data)
            case SendChunk():
                if self._socket is not None:
                    self._socket.chunks.put(out)
            case DropChunks(transfer=transfer):
                if self._socket is not None:
                    self._socket.chunks.drop(transfer)

    def _drop_socket(self, code: int, reason: str) -> None:
        """Let the present socket end by itself; what it has already told counts no more."""
        socket, self._socket = self._socket, None
        if socket is None:
            return
        socket.let_go(code, reason)
        self._inbox.items.clear()
        self._inbox.taken()
        self._let_go.add(socket.task)
        socket.task.add_done_callback(self._let_go.discard)

    async def _release(self, seconds: float) -> None:
        """Leave no task behind: sockets that are let go may end in time, then they are cut."""
        self._drop_socket(1000, "")
        tasks = set(self._let_go)
        if tasks and seconds:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _now() -> float:
    return asyncio.get_running_loop().time()
