"""The server's shell: sockets, clock, storage thread; it carries the rules and decides nothing itself."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import logging
import secrets
import signal
import ssl
import time
import traceback
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from chat_tui_core.errors import StoreError
from chat_tui_wschat.server.batch import Batch, PasswordCheck
from chat_tui_wschat.server.faults import Mix, Plan
from chat_tui_wschat.server.faulty import FaultySocket
from chat_tui_wschat.server.file_lane import FileLane
from chat_tui_wschat.server.hall import Hall
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.outgoing import Outgoing
from chat_tui_wschat.server.passwords import Cost, hash_password, password_matches
from chat_tui_wschat.server.rules import Rules
from chat_tui_wschat.server.rules_signing import Checked
from chat_tui_wschat.server.server_socket import ServerSocket, choose_subprotocol
from chat_tui_wschat.server.shelf import KeepChunk, SharedFile
from chat_tui_wschat.server.sockets import WRITE_LIMIT, OutgoingSocket
from chat_tui_wschat.server.state import TAIL, Session
from chat_tui_wschat.server.storage import Result, Store

_GOODBYE: Final = 3.0
_CHUNK_HEAD: Final = 64
_log: Final = logging.getLogger("chat_tui_wschat.server")
# What the library logs may hold frames, and frames may hold secrets.
_silent: Final = logging.getLogger("chat_tui_wschat.server.websockets")
_silent.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Setup:
    """How a server is to run. `open_storage` is called in the storage thread; port 0 = any free one.

    `faults` are made on purpose, None = none (A25).
    """

    open_storage: Callable[[], Store]
    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    registration: bool = False
    welcome: str = ""
    name: str = "chat-tui"
    limits: Limits = field(default_factory=Limits)
    cost: Cost = field(default_factory=Cost)
    faults: Mix | None = None


def is_loopback(host: str) -> bool:
    """Say whether a server bound to this host can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _secret() -> str:
    return secrets.token_urlsafe(32)


class WsServer:
    """A running server; `url` is what clients connect to. `start` before all else, `close` at the end."""

    def __init__(self, setup: Setup) -> None:
        self.url = ""
        self.rules: Rules
        self._setup = setup
        self._clock: Callable[[], float] = time.monotonic
        self._disk = ThreadPoolExecutor(1, "wschat-storage")
        self._hashing = ThreadPoolExecutor(2, "wschat-password")
        self._numbers = itertools.count(1)
        self._sockets: dict[int, OutgoingSocket] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._progress = asyncio.Event()
        self._over = asyncio.Event()
        self._failure: StoreError | None = None
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._largest = max(setup.limits.max_frame, setup.limits.max_chunk + _CHUNK_HEAD)
        self._store: Store
        self._lane: FileLane
        self._server: Server

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Open the storage, load it, bind and serve.

        Raises:
            StoreError: the storage cannot be used.
            OSError: the address cannot be bound.
        """
        setup = self._setup
        loop = asyncio.get_running_loop()
        try:
            self._store = await loop.run_in_executor(self._disk, setup.open_storage)
        except BaseException:
            self._shut_threads()
            raise
        try:
            loaded = await loop.run_in_executor(self._disk, self._store.load, TAIL)
            safe = setup.tls is not None or is_loopback(setup.host)
            hall = Hall(setup.limits, loaded, _secret, registration=setup.registration, clear_passwords=safe)
            hall.welcome = setup.welcome
            self.rules = Rules(hall, setup.name, self._now(hall))
            alive = [file.number for file in hall.shelf.files.values() if file.alive]
            await loop.run_in_executor(self._disk, self._store.chunks.tidy, alive)
            self._lane = FileLane(self._store.chunks, kept=self._kept, not_kept=self._not_kept, digested=self._digested)
            self._server = await self._bind()
        except BaseException:
            await self._close_storage()
            raise
        port = self._server.sockets[0].getsockname()[1]
        host = f"[{setup.host}]" if ":" in setup.host else setup.host
        self.url = f"{'ws' if setup.tls is None else 'wss'}://{host}:{port}"
        self._spawn(self._pump())
        self._stir()
        counts = len(loaded.users), len(loaded.channels)
        _log.info("started host=%s port=%d tls=%s users=%d channels=%d", setup.host, port, bool(setup.tls), *counts)

    async def _bind(self) -> Server:
        setup = self._setup
        return await serve(
            self._handle,
            setup.host,
            setup.port,
            ssl=setup.tls,
            create_connection=ServerSocket,
            compression=None,
            max_size=self._largest,
            write_limit=WRITE_LIMIT,
            ping_interval=None,
            close_timeout=_GOODBYE,
            open_timeout=setup.limits.auth_timeout,
            select_subprotocol=choose_subprotocol,
            server_header=None,
            logger=_silent,
            backlog=1024,
        )

    async def serve_until_stopped(self) -> None:
        """Serve until SIGTERM or SIGINT, then shut down cleanly.

        Raises:
            StoreError: the storage failed; every session was told, and the server is closed.
        """
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGINT)
        for number in numbers:
            loop.add_signal_handler(number, self._over.set)
        try:
            await self._over.wait()
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
            await self.close()
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        """Tell the sessions, make everything durable, release the port and the files. Closing twice is closing once."""
        self._over.set()
        if self._closed:
            return
        self._closed = True
        self._server.close(close_connections=False)
        if self._failure is None:
            self.rules.stop("the server goes down")
            self._stir()
            await self._idle.wait()
        if self._timer is not None:
            self._timer.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE + 1):
                await asyncio.gather(*(socket.finish() for socket in list(self._sockets.values())))
                await self._server.wait_closed()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lane.close()
        await self._close_storage()
        _log.info("stopped")

    async def cut(self) -> None:
        """Break every connection without a word, as a failing network does; sessions wait to be resumed."""
        sockets = [socket.ws for socket in self._sockets.values()]
        for ws in sockets:
            ws.transport.abort()
        await asyncio.gather(*(ws.wait_closed() for ws in sockets))

    async def _close_storage(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._disk, self._store.close)
        self._shut_threads()

    def _shut_threads(self) -> None:
        self._disk.shutdown()
        self._hashing.shutdown()

    # ------------------------------------------------------------ what comes in

    def _now(self, hall: Hall) -> float:
        """Give the rules' time, and let them know what time of day that is."""
        now = self._clock()
        hall.epoch = time.time() - now
        return now

    @property
    def _time(self) -> float:
        return self._now(self.rules.hall)

    async def _handle(self, ws: ServerConnection) -> None:
        """Serve one socket from its first frame to its end."""
        number = next(self._numbers)
        address = str(ws.remote_address[0]) if ws.remote_address else ""
        take = self._add_socket(ws, number)
        self.rules.opened(number, address, self._time)
        self._stir()
        _log.debug("socket=%d opened address=%s", number, address)
        try:
            while True:
                data = await ws.recv()
                take(data)
                if isinstance(ws, ServerSocket) and not ws.intake.largest and self.rules.signed_in(number):
                    ws.intake.largest = self._largest
                while self.rules.crowded(number):
                    await self._progress.wait()
        except ConnectionClosed:
            pass
        finally:
            self.rules.lost(number, self._time)
            self._stir()
            await self._sockets.pop(number).finish()
            _log.debug("socket=%d closed code=%s", number, ws.close_code)

    def _add_socket(self, ws: ServerConnection, number: int) -> Callable[[str | bytes], None]:
        """Make a socket known; give what takes the frames that come in on it."""
        limits, mix = self._setup.limits, self._setup.faults
        take, slow = partial(self._receive, number), partial(self._slow, number)
        if mix is None:
            self._sockets[number] = OutgoingSocket(ws, limits, slow, self._lane)
            return take

        def session() -> Session | None:
            known = self.rules.hall.sockets.get(number)
            return known.session if known is not None else None

        faulty = self._sockets[number] = FaultySocket(
            ws, limits, slow, self._lane, Plan(mix, number), take=take, session=session
        )
        return faulty.receive

    def _receive(self, number: int, data: str | bytes) -> None:
        with self._guarded():
            self.rules.received(number, data, self._time)
            self._stir()

    def _slow(self, number: int) -> None:
        _log.info("socket=%d cut: too slow", number)
        self.rules.slow(number, self._time)
        self._stir()

    async def _check(self, check: PasswordCheck) -> None:
        """Do the slow part of signing in, away from the event loop."""

        def work() -> Checked:
            if check.register:
                return Checked(good=False, fresh=hash_password(check.password, self._setup.cost))
            return Checked(password_matches(check.password, check.stored, self._setup.cost))

        checked = await asyncio.get_running_loop().run_in_executor(self._hashing, work)
        with self._guarded():
            self.rules.checked(check.socket.number, checked, self._time)
            self._pulse()
            self._stir()

    # ------------------------------------------------------------ bytes of files

    def _kept(self, jobs: Sequence[KeepChunk]) -> None:
        with self._guarded():
            self.rules.kept(jobs, self._time)
            self._stir()

    def _not_kept(self, file: SharedFile) -> None:
        with self._guarded():
            self.rules.not_kept(file)
            self._stir()

    def _digested(self, file: SharedFile, digest: str) -> None:
        with self._guarded():
            self.rules.digested(file, digest)
            self._stir()

    # ------------------------------------------------------------ what goes out

    async def _pump(self) -> None:
        """Make batch after batch durable, and only then let its frames go."""
        loop = asyncio.get_running_loop()
        while True:
            await self._work.wait()
            self._work.clear()
            while (batch := self.rules.take()) is not None:
                with self._guarded(batch):
                    results: list[Result] = []
                    if batch.writes or batch.reads:
                        results = await loop.run_in_executor(self._disk, self._store.commit, batch.writes, batch.reads)
                    self._release(self.rules.committed(batch, results, self._time))
                    self._lane.drop(batch.drops)
                    self._attend()
                if self._failure is not None:
                    return
            self._idle.set()

    def _release(self, frames: list[tuple[int, list[Outgoing]]]) -> None:
        for number, waiting in frames:
            socket = self._sockets.get(number)
            if socket is not None:
                socket.push(waiting)
        self._pulse()

    @contextlib.contextmanager
    def _guarded(self, batch: Batch | None = None) -> Iterator[None]:
        """Stop the server when the storage fails, or when the rules have a fault that left them half changed."""
        try:
            yield
        except StoreError as error:
            self._fail(batch, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not go unnoticed
            # Its text may hold what a client sent, so only its kind and place are told.
            where = traceback.extract_tb(error.__traceback__)[-1]
            _log.error("fault error=%s at=%s:%s", type(error).__name__, where.name, where.lineno)
            self._fail(batch, StoreError(f"The server has a fault ({type(error).__name__}); start it again."))

    def _fail(self, batch: Batch | None, error: StoreError) -> None:
        """Stop for good: what the rules remember is no longer what is stored."""
        if self._failure is not None:
            return
        _log.error("failed error=%s", error)
        self._failure = error
        self._release(self.rules.failed(batch, "the server has a fault"))
        self._over.set()
        self._idle.set()

    def _stir(self) -> None:
        """The rules did something: let the pump look for a batch, and see to the rest."""
        self._idle.clear()
        self._work.set()
        self._attend()

    def _attend(self) -> None:
        """Begin what the rules ask for beside frames, and make the timer fit their next wake-up."""
        self._lane.put(self.rules.jobs())
        for check in self.rules.checks():
            self._spawn(self._check(check))
        due = self.rules.wake_at()
        if due is not None and (self._timer is None or due < self._due):
            if self._timer is not None:
                self._timer.cancel()
            self._due = due
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, due - self._clock()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        with self._guarded():
            self.rules.tick(self._time)
            self._stir()

    def _pulse(self) -> None:
        """Wake whoever waits for progress."""
        self._progress.set()
        self._progress.clear()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
