"""The one queue through which everything reaches the store: news in batches, commands one by one, in order.

While one transaction runs, the news that arrive meanwhile become the next one: the busier the server, the larger the
batches. In a flood each waits a moment for more, for a transaction costs as much as a hundred lines in it; what the
person does waits for none of that. A batch that cannot be stored is kept and tried again; the server is not told that it was received.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from chat_tui_core.errors import StoreError
from chat_tui_core.session.commands import Command, MarkRead
from chat_tui_core.store import Store
from chat_tui_core.values import slotted

if TYPE_CHECKING:
    from chat_tui_core.news import News
    from chat_tui_core.session.ingest_state import Known, Outcome

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 2.0
BATCH_LIMIT: Final = 250
"""News of one transaction, and so of one step of the session: a key that is typed waits for no more than that."""
FLOOD: Final = 20
"""News of one transaction that make a flood."""
GATHER_SECONDS: Final = 0.05
"""From one transaction of a flood to the next."""


@slotted
class _Work:
    news: Sequence[News]
    command: Command | None = None
    done: asyncio.Future[Outcome] | None = None


class Intake:
    """Stores what comes and hands the outcome on, in order. Lives on one event loop."""

    def __init__(
        self,
        store: Store,
        known: Callable[[], Known],
        settle: Callable[[Outcome, Sequence[News]], None],
        complain: Callable[[str], None],
    ) -> None:
        self._store = store
        self._known = known
        self._settle = settle
        self._complain = complain
        self._queue: deque[_Work] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._waiting = 0  # news in the queue
        self._next_at = 0.0
        self._hurry = asyncio.Event()

    def deliver(self, news: Sequence[News]) -> None:
        """Take news from a connection."""
        if news:
            self._push(_Work(news))

    def command(self, command: Command) -> asyncio.Future[Outcome]:
        """Run one of the person's commands in its turn; the future raises what it raises, and StoreError."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._push(_Work((), command, done))
        return done

    async def close(self) -> None:
        """Finish what is queued; a store that refuses is not waited for."""
        self._closing = True
        self._hurry.set()
        if self._task is not None:
            await self._task

    def _push(self, work: _Work) -> None:
        self._queue.append(work)
        self._waiting += len(work.news)
        if work.command is not None or self._waiting >= BATCH_LIMIT:
            self._hurry.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="intake")

    async def _run(self) -> None:
        while self._queue:
            if (wait := self._next_at - asyncio.get_running_loop().time()) > 0:
                await self._gather(wait)
            work = self._queue.popleft()
            if work.command is not None:
                await self._run_command(work)
                continue
            news = list(work.news)
            while self._queue and self._queue[0].command is None and len(news) < BATCH_LIMIT:
                news.extend(self._queue.popleft().news)
            self._waiting -= len(news)
            flood = len(news) >= FLOOD
            self._next_at = asyncio.get_running_loop().time() + GATHER_SECONDS if flood else 0.0
            await self._store_news(news)

    async def _gather(self, seconds: float) -> None:
        """In a flood, let more come; a command, the end, or enough of it ends the wait."""
        enough = self._closing or self._waiting >= BATCH_LIMIT
        if enough or any(work.command is not None for work in self._queue):
            return
        self._hurry.clear()
        timer = asyncio.get_running_loop().call_later(seconds, self._hurry.set)
        await self._hurry.wait()
        timer.cancel()

    async def _run_command(self, work: _Work) -> None:
        from chat_tui_core.session.ingest import run_command

        assert work.command is not None  # noqa: S101
        assert work.done is not None  # noqa: S101
        durable = not isinstance(work.command, MarkRead)  # as far as it gives out an action id, it is nevertheless
        try:
            outcome = await self._store.write(run_command, self._known(), work.command, durable=durable)
        except Exception as error:  # noqa: BLE001 - whoever gave the command hears of it, whatever it is
            if not work.done.done():
                work.done.set_exception(error)
            return
        self._settle(outcome, ())
        if not work.done.done():
            work.done.set_result(outcome)
        await asyncio.sleep(0)  # whoever waited for it goes first: the thread that stores would hold them up

    async def _store_news(self, news: list[News]) -> None:
        from chat_tui_core.session.ingest import ingest, needs_sync

        complained = False
        while True:
            try:
                outcome = await self._store.write(ingest, self._known(), news, durable=needs_sync(news))
            except StoreError as error:
                if not complained:
                    self._complain(f"{error} What arrives is kept and stored as soon as that works.")
                complained = True
                if self._closing:
                    _log.warning("closed before %d news could be stored; the server sends them again", len(news))
                    return
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._settle(outcome, news)
            return
