"""The one queue through which everything reaches the store: news in batches, commands one by one, in order.

While one transaction runs, the news that arrive meanwhile become the next one: the busier the server, the larger the
batches. A batch that cannot be stored is kept and tried again; the server is not told that it was received.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from chat_tui_core.errors import StoreError
from chat_tui_core.news import News
from chat_tui_core.session.ingest import Command, ingest, needs_sync, run_command
from chat_tui_core.session.ingest_state import Known, Outcome
from chat_tui_core.store import Store
from chat_tui_core.values import slotted

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 2.0
BATCH_LIMIT: Final = 500


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
        if self._task is not None:
            await self._task

    def _push(self, work: _Work) -> None:
        self._queue.append(work)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="intake")

    async def _run(self) -> None:
        while self._queue:
            work = self._queue.popleft()
            if work.command is not None:
                await self._run_command(work)
                continue
            news = list(work.news)
            while self._queue and self._queue[0].command is None and len(news) < BATCH_LIMIT:
                news.extend(self._queue.popleft().news)
            await self._store_news(news)

    async def _run_command(self, work: _Work) -> None:
        assert work.command is not None  # noqa: S101
        assert work.done is not None  # noqa: S101
        try:
            outcome = await self._store.write(run_command, self._known(), work.command, durable=True)
        except Exception as error:  # noqa: BLE001 - whoever gave the command hears of it, whatever it is
            if not work.done.done():
                work.done.set_exception(error)
            return
        self._settle(outcome, ())
        if not work.done.done():
            work.done.set_result(outcome)

    async def _store_news(self, news: list[News]) -> None:
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
