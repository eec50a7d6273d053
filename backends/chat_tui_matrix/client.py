"""The shell of the Matrix core: carries its requests over HTTP, and the answers back; a contract.Connection."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol

from chat_tui_core.actions import Action
from chat_tui_core.contract import Deliver, KeepSecret, Link, News, Question
from chat_tui_core.errors import StoreError
from chat_tui_matrix.calling import Caller
from chat_tui_matrix.reasons import CallFailed
from chat_tui_matrix.wire.calls import Answer, Call, Failed, Hangup, In, KeepSecret as Keep, Out, SecretKept

_LOG = logging.getLogger(__name__)

END_TIME: Final = 0.8
"""Seconds that requests have to end when everything ends."""

KEEP_AGAIN: Final = 2.0
"""Seconds until a secret that could not be stored is stored again."""


class Core(Protocol):
    """What the shell carries; see contract.ProtocolCore and MatrixCore."""

    @property
    def link(self) -> Link:
        """How the account stands to its server."""

    def start(self, now: float) -> None: ...
    def stop(self, now: float) -> None: ...
    def do(self, action: Action, now: float) -> None: ...
    def ask(self, question: Question, now: float) -> None: ...
    def stored(self, position: Mapping[str, str], now: float) -> None: ...
    def connect_now(self, now: float) -> None: ...
    def receive(self, data: In, now: float) -> None: ...
    def work(self, now: float) -> bool: ...
    def tick(self, now: float) -> None: ...
    def sends(self) -> list[Out]: ...
    def events(self) -> list[News]: ...
    def wake_at(self) -> float | None: ...


class MatrixConnection:
    """See contract.Connection. `url` is the homeserver's base URL."""

    def __init__(self, core: Core, url: str, deliver: Deliver, keep_secret: KeepSecret) -> None:
        self._core = core
        self._url = url
        self._deliver = deliver
        self._keep_secret = keep_secret
        self._inbox: deque[In] = deque()
        self._kick = asyncio.Event()
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()
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

    def stored(self, position: Mapping[str, str]) -> None:
        """See ProtocolCore.stored."""
        self._core.stored(position, _now())

    def connect_now(self) -> None:
        """See ProtocolCore.connect_now."""
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
            async with Caller() as caller:
                if not self._closed:
                    self._core.start(_now())
                    await self._loop(caller)
                await self._release()
        finally:
            self._ended.set()

    # ------------------------------------------------------------ the loop

    async def _loop(self, caller: Caller) -> None:
        while True:
            self._pass_on(caller)
            if self._core.link in {Link.STOPPED, Link.OFFLINE}:
                return
            if self._core.work(_now()):
                self._pass_on(caller)
                await asyncio.sleep(0)  # whoever types goes first
                continue
            self._pass_on(caller)
            if not self._inbox:
                await self._wait()
            if self._inbox:
                self._core.receive(self._inbox.popleft(), _now())
            wake = self._core.wake_at()
            if wake is not None and _now() >= wake:
                self._core.tick(_now())

    def _pass_on(self, caller: Caller) -> None:
        """Do what the core wants done, and tell what it has to tell."""
        for out in self._core.sends():
            self._carry_out(out, caller)
        if news := self._core.events():
            self._deliver(news)

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

    def _carry_out(self, out: Out, caller: Caller) -> None:
        match out:
            case Call(id=number):
                self._drop(number)
                self._calls[number] = asyncio.create_task(self._call(out, caller))
            case Hangup(id=number):
                self._drop(number)
            case Keep(secret=secret):
                self._spawn(secret)

    def _drop(self, number: int) -> None:
        task = self._calls.pop(number, None)
        if task is not None:
            task.cancel()
            self._others.add(task)
            task.add_done_callback(self._others.discard)

    async def _call(self, call: Call, caller: Caller) -> None:
        try:
            status, value = await caller.call(self._url, call.request, call.token)
        except CallFailed as failed:
            self._put(Failed(call.id, failed.reason, fatal=failed.fatal, sent=failed.sent))
        else:
            self._put(Answer(call.id, status, value, wall_s=int(time.time())))
        self._calls.pop(call.id, None)

    def _spawn(self, secret: str) -> None:
        task = asyncio.create_task(self._keep(secret))
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def _keep(self, secret: str) -> None:
        """Store a secret, however long that takes: without it this device would be signed out."""
        while True:
            try:
                await self._keep_secret(secret)
            except StoreError as error:
                _LOG.warning("a renewed token could not be stored: %s", error)
                await asyncio.sleep(KEEP_AGAIN)
            else:
                self._put(SecretKept())
                return

    def _put(self, item: In) -> None:
        self._inbox.append(item)
        self._kick.set()

    async def _release(self) -> None:
        """Leave no task behind."""
        for number in tuple(self._calls):
            self._drop(number)
        tasks = set(self._others)
        if tasks:
            await asyncio.wait(tasks, timeout=END_TIME)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _now() -> float:
    return asyncio.get_running_loop().time()
