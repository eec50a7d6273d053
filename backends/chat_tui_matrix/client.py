"""The shell of the Matrix core: carries its requests over HTTP, and the answers back; a contract.Connection."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from typing import Final, Protocol

from chat_tui_core.actions import Action
from chat_tui_core.contract import Deliver, KeepSecret, Link, News, Problem, ProtocolCore, Question
from chat_tui_core.errors import StoreError
from chat_tui_core.file_news import FileBytes, FileOrder
from chat_tui_core.no_files import NoFiles
from chat_tui_matrix.calling import Caller
from chat_tui_matrix.carrying import carry
from chat_tui_matrix.reasons import CallFailed
from chat_tui_matrix.wire.calls import Answer, Call, Failed, Hangup, In, Out, SecretKept
from chat_tui_matrix.wire.calls import KeepSecret as Keep

_LOG = logging.getLogger(__name__)

END_TIME: Final = 0.8
"""Seconds that what is under way has to end when everything ends."""

KEEP_AGAIN: Final = 2.0
"""Seconds until a secret that could not be stored is stored again."""

LONGEST_BATCH: Final = 0.005
"""Seconds after which news are handed on although more answers are there."""


class Core(ProtocolCore[Out, In], Protocol):
    """What the shell carries, such as MatrixCore."""

    @property
    def link(self) -> Link:
        """How the account stands to its server."""

    def order(self, order: FileOrder, now: float) -> None:
        """Take an order about a file."""

    def work(self, now: float) -> bool:
        """Do a part of what an answer means; says whether more is left. Nothing else is received before that."""


class MatrixConnection:
    """See contract.Connection. `url` is the homeserver's base URL, `proxy` as `proxies.proxy_for` wants it."""

    def __init__(
        self,
        core: Core,
        url: str,
        deliver: Deliver,
        keep_secret: KeepSecret,
        files: FileBytes | None = None,
        *,
        proxy: str = "",
    ) -> None:
        self._core = core
        self._files = files or NoFiles()
        self._url = url
        self._proxy = proxy
        self._deliver = deliver
        self._keep_secret = keep_secret
        self._inbox: deque[In] = deque()
        self._kick = asyncio.Event()
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()  # secrets that are stored, calls that were dropped
        self._news: list[News] = []
        self._ended = asyncio.Event()
        self._started = self._closed = False

    # ------------------------------------------------------------ from the session

    def do(self, action: Action) -> None:
        """See ProtocolCore.do."""
        self._core.do(action, _now())
        self._kick.set()

    def ask(self, question: Question) -> None:
        """See ProtocolCore.ask."""
        self._core.ask(question, _now())
        self._kick.set()

    def order(self, order: FileOrder) -> None:
        """See FileCarrier.order."""
        self._core.order(order, _now())
        self._kick.set()

    def stored(self, position: Mapping[str, str]) -> None:
        """See ProtocolCore.stored."""
        self._core.stored(position, _now())
        self._kick.set()

    def connect_now(self) -> None:
        """See ProtocolCore.connect_now; nothing begins again here once `run` has returned."""
        if self._started and not self._ended.is_set():
            self._core.connect_now(_now())
            self._kick.set()

    async def close(self) -> None:
        """Drop what is under way, within a second; `run` returns."""
        self._closed = True
        if not self._started or self._ended.is_set():
            return
        self._core.stop(_now())
        self._kick.set()
        await self._ended.wait()

    async def run(self) -> None:
        """Stay connected until `close`; returns then, or when the link is STOPPED for good."""
        if self._started or self._closed:
            return
        self._started = True
        try:
            async with Caller(self._proxy) as caller:
                await self._run(caller)
        finally:
            self._ended.set()

    async def _run(self, caller: Caller) -> None:
        seconds = 0.0
        try:
            if not self._closed:
                self._core.start(_now())
                await self._loop(caller)
            seconds = END_TIME
        finally:
            await self._release(seconds)

    # ------------------------------------------------------------ the loop

    async def _loop(self, caller: Caller) -> None:
        """Feed the core. After every answer it works until nothing is left of that, before it gets the next one."""
        until = 0.0
        while True:
            working = self._core.work(_now())
            for out in self._core.sends():
                self._carry_out(out, caller)
            self._news += self._core.events()
            ended = self._core.link in {Link.STOPPED, Link.OFFLINE}
            if working or ended or not self._inbox or _now() >= until:
                self._hand_over()
                if ended:
                    return
                if working or self._inbox:
                    await asyncio.sleep(0)  # whoever types goes first
                else:
                    await self._wait()
                until = _now() + LONGEST_BATCH
            if not working:
                self._feed()

    def _hand_over(self) -> None:
        if self._news:
            news, self._news = self._news, []
            self._deliver(news)

    def _feed(self) -> None:
        """Give the core the next thing that was met, and let time pass."""
        now = _now()
        if self._inbox:
            self._core.receive(self._inbox.popleft(), now)
        wake = self._core.wake_at()
        if wake is not None and now >= wake:
            self._core.tick(now)

    async def _wait(self) -> None:
        """Until something came in, somebody asked for something, or it is time to tick."""
        wake = self._core.wake_at()
        timer = None if wake is None else asyncio.get_running_loop().call_at(wake, self._kick.set)
        try:
            await self._kick.wait()
        finally:
            if timer is not None:
                timer.cancel()
        self._kick.clear()

    # ------------------------------------------------------------ what the core wants done

    def _carry_out(self, out: Out, caller: Caller) -> None:
        match out:
            case Call(id=number):
                self._drop(number)
                self._calls[number] = asyncio.create_task(self._call(out, caller))
            case Hangup(id=number):
                self._drop(number)
            case Keep(secret=secret):
                self._beside(self._keep(secret))

    def _drop(self, number: int) -> None:
        """Let a call end without a word; its id may be given out again."""
        task = self._calls.pop(number, None)
        if task is not None:
            task.cancel()
            self._until_done(task)

    async def _call(self, call: Call, caller: Caller) -> None:
        """Make a request and tell of its end, unless it was dropped meanwhile."""
        told: In
        try:
            if call.request.upload or call.request.download:
                told = await carry(caller, self._url, call, self._files, self._put)
            else:
                status, value = await caller.call(self._url, call.request, call.token)
                told = Answer(call.id, status, value, wall_s=int(time.time()))
        except CallFailed as failed:
            told = Failed(call.id, failed.reason, fatal=failed.fatal, sent=failed.sent)
        if self._calls.get(call.id) is asyncio.current_task():
            del self._calls[call.id]
            self._put(told)

    async def _keep(self, secret: str) -> None:
        """Store a secret, however long that takes: without it this device would be signed out."""
        told = False
        while True:
            try:
                await self._keep_secret(secret)
            except StoreError as error:
                if not told:
                    told = True
                    self._news.append(Problem(f"The renewed sign-in could not be stored, and is not used yet. {error}"))
                    self._kick.set()
                _LOG.warning("the renewed sign-in could not be stored: %s", error)
                await asyncio.sleep(KEEP_AGAIN)
            else:
                self._put(SecretKept())
                return

    def _put(self, item: In) -> None:
        self._inbox.append(item)
        self._kick.set()

    def _beside(self, work: Coroutine[None, None, None]) -> None:
        self._until_done(asyncio.create_task(work))

    def _until_done(self, task: asyncio.Task[None]) -> None:
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def _release(self, seconds: float) -> None:
        """Leave no task behind: what is under way may end in time, then it is dropped."""
        for number in tuple(self._calls):
            self._drop(number)
        tasks = set(self._others)
        if tasks and seconds:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _now() -> float:
    return asyncio.get_running_loop().time()
