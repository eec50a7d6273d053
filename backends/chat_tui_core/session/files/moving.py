"""Keeps the files that are on their way moving: as many at once as may, again after a break, and says what one waits for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, Final

from chat_tui_core.errors import FileTrouble, IllegalTransition, StoreError
from chat_tui_core.file_news import (
    AcceptFile,
    EndFile,
    Ending,
    FileOrder,
    FileStopped,
    KeptFile,
    OfferFile,
    PauseFile,
    ResumeFile,
)
from chat_tui_core.session.files import places, units
from chat_tui_core.session.files.disk import Disk
from chat_tui_core.session.files.incoming import Incoming
from chat_tui_core.session.files.outgoing import Outgoing
from chat_tui_core.session.files.places import Place
from chat_tui_core.session.files.trouble import Broken
from chat_tui_core.session.files.waiting import BEHIND, OFFLINE, PREPARING, TURN, UNABLE, Waits
from chat_tui_core.session_changes import TransferMoved
from chat_tui_core.store import Store
from chat_tui_core.store import transfers as stored
from chat_tui_core.transfers import AT_ONCE, Cause, Direction, State, Transfer, after, next_to_move

TELL_EVERY: Final = 0.1
"""Seconds between two times that watchers hear of one file's progress."""


class Mover:
    """Every open transfer of one account, and the bytes between disk and backend (file_news.FileBytes)."""

    def __init__(
        self,
        store: Store,
        order: Callable[[FileOrder], bool],
        publish: Callable[[TransferMoved], None],
        wall_ms: Callable[[], int],
        behind: Callable[[Transfer], bool],
    ) -> None:
        """`order` says whether the order could be given: the link is online, and the server takes files.

        `behind`: a message must go first (precedence.is_behind).
        """
        self.most = AT_ONCE
        self._behind = behind
        self._store = store
        self._order = order
        self._publish = publish
        self._wall_ms = wall_ms
        self.disk = Disk()
        self.waits = Waits(self.wake)
        self.open: dict[int, Transfer] = {}
        self._moving: dict[int, Incoming | Outgoing] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ordered: set[int] = set()
        self._telling: set[int] = set()
        self._told_at: dict[int, float] = {}
        self._freeing: dict[int, asyncio.Task[None]] = {}
        self._online = False
        self._closed = False

    # ------------------------------------------------------------ what is known

    def load(self) -> None:
        """Take up what is stored: nothing flows yet."""
        for transfer in self._store.read(stored.open_transfers):
            lost = replace(transfer, state=after(transfer.state, Cause.LOST))
            self.open[transfer.id] = lost

    def put(self, transfer: Transfer) -> None:
        """A transfer is new or has changed, and is stored."""
        known = self.open.get(transfer.id)
        self.open[transfer.id] = transfer
        if transfer.is_settled:
            del self.open[transfer.id]
        if not transfer.is_open:
            self._let_go(transfer)
        now = asyncio.get_running_loop().time()
        if (
            known is None
            or (known.state, known.recipients, known.name) != (transfer.state, transfer.recipients, transfer.name)
            or (transfer.done == transfer.size != known.done)
            or (transfer.path, transfer.reason) != (known.path, known.reason)
            or now >= self._told_at.get(transfer.id, 0.0) + TELL_EVERY
        ):
            self._told_at[transfer.id] = now
            self._publish(TransferMoved(transfer))

    def why(self, transfer: Transfer) -> str:
        """One sentence on why nothing moves; empty while it moves, and when it has ended."""
        if not transfer.wants_to_move:
            return ""
        if waits := self.waits.text(transfer.id):
            return waits
        if transfer.direction is Direction.OUT and not transfer.digest:
            return PREPARING
        if not self._online:
            return OFFLINE
        if self._behind(transfer):
            return BEHIND
        return "" if transfer.id in self._ordered else TURN

    # ------------------------------------------------------------ what happens around it

    def online(self, *, online: bool) -> None:
        """Orders can be given, or no longer; what was given before is forgotten by the backend."""
        self._online = online
        self._ordered.clear()
        self._telling.clear()
        for transfer in list(self.open.values()):
            if not online and transfer.state is State.CONNECTED:
                self.put(replace(transfer, state=after(transfer.state, Cause.LOST)))
        self.pump()

    def stopped(self, news: FileStopped) -> None:
        """The server cannot go on with one now."""
        if news.transfer in self.open:
            self._ordered.discard(news.transfer)
            self._wait(news.transfer, news.text, news.seconds)

    def taken(self, transfer_id: int) -> None:
        """An order was taken: what had to be told of it before can be told now, and it is in no trouble."""
        self._telling.discard(transfer_id)
        self.waits.went_well(transfer_id)

    def refused(self, transfer_id: int) -> None:
        """An order was refused: it may be given again, if the transfer goes on at all."""
        self._ordered.discard(transfer_id)

    def pump(self) -> None:
        """Begin with those whose turn it is, tell the server what it does not know, and free names that nobody needs."""
        if self._closed:
            return
        for transfer in list(self.open.values()):
            if not transfer.is_open:
                self._let_go(transfer)
        for transfer in next_to_move(self.open.values(), self.waits, self.most):
            unread = transfer.direction is Direction.OUT and not transfer.digest
            idle = transfer.id not in self._ordered and transfer.id not in self._tasks
            if idle and (unread or (self._online and not self._behind(transfer))):
                self._start(transfer.id, self._begin(transfer))
        if self._online:
            for transfer in list(self.open.values()):
                if transfer.tell and transfer.id not in self._telling:
                    self._tell(transfer)

    def wake(self, transfer_id: int) -> None:
        """Try again now what waits for the disk."""
        if self.waits.end(transfer_id) and (transfer := self.open.get(transfer_id)):
            self._publish(TransferMoved(transfer))
        self.pump()

    async def close(self) -> None:
        """Store what has come, and release all files."""
        self._closed = True
        self.waits.close()
        await asyncio.gather(*(one.close() for one in self._moving.values()), return_exceptions=True)
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), *self._freeing.values(), return_exceptions=True)
        await self.disk.close()

    # ------------------------------------------------------------ the bytes, as file_news.FileBytes has them

    async def read(self, transfer: int, offset: int, length: int) -> bytes:
        """See FileBytes.read."""
        moving = self._moving.get(transfer)
        if not isinstance(moving, Outgoing):
            raise FileTrouble("This file is not sent now.")
        try:
            return await moving.read(offset, length)
        except FileTrouble as error:
            if self._moving.get(transfer) is moving:
                self._trouble(transfer, error)
            raise

    def write(self, transfer: int, offset: int, data: bytes | memoryview) -> None:
        """See FileBytes.write."""
        moving = self._moving.get(transfer)
        if isinstance(moving, Incoming):
            known = self.open.get(transfer)
            moving.write(offset, data, known.size if known else -1)

    async def room(self, transfer: int) -> None:
        """See FileBytes.room."""
        moving = self._moving.get(transfer)
        if not isinstance(moving, Incoming):
            raise FileTrouble("This file is not taken now.")
        await moving.room()

    # ------------------------------------------------------------ one transfer

    async def _begin(self, transfer: Transfer) -> None:
        """Have one side ready, then let the backend move the bytes."""
        try:
            order = await (self._send if transfer.direction is Direction.OUT else self._receive)(transfer)
        except FileTrouble as error:
            self._trouble(transfer.id, error)
        except StoreError as error:
            self._trouble(transfer.id, FileTrouble(str(error)))
        else:
            now = self.open.get(transfer.id)
            if order is None or now is None or not now.wants_to_move or not self._online:
                return
            if self._order(order):
                self._ordered.add(transfer.id)
                self._publish(TransferMoved(now))
            else:
                self._wait(transfer.id, UNABLE)

    async def _send(self, transfer: Transfer) -> FileOrder | None:
        moving = self._moving.get(transfer.id)
        if not isinstance(moving, Outgoing):
            moving = self._moving[transfer.id] = Outgoing(transfer, self.disk)
        if not transfer.digest:
            size, stamp, digest = await moving.digest()
            transfer = await self._store.write(units.prepared, transfer.id, size, stamp, digest, durable=True)
            self.put(transfer)
        stamp = await moving.open(transfer.stamp, transfer.digest)
        if stamp != transfer.stamp:
            transfer = await self._store.write(
                units.prepared, transfer.id, transfer.size, stamp, transfer.digest, durable=True
            )
        if not self._online or self._behind(transfer):
            return None
        if transfer.ref:
            return ResumeFile(transfer.id, transfer.ref, transfer.ticket, transfer.size, transfer.memo)
        if not transfer.asked:
            transfer = await self._store.write(units.asking, transfer.id, durable=True)
        return _offer(transfer)

    async def _receive(self, transfer: Transfer) -> FileOrder | None:
        place = Place.of_stamp(transfer.path, transfer.stamp)
        if transfer.size >= 0 and await self.disk.run(place.path, places.already_there, place, transfer.size):
            await self._complete(transfer, transfer.path)  # the program ended right after it got its name
            return None
        moving = self._moving.get(transfer.id)
        if not isinstance(moving, Incoming):
            moving = self._moving[transfer.id] = self._incoming(transfer)
        done = await moving.open(transfer.size)
        transfer = self.open.get(transfer.id, transfer)  # what still waited for the disk is noted by now
        if done < transfer.done or moving.place.stamp != transfer.stamp:
            transfer = await self._store.write(units.placed, transfer.id, moving.place.stamp, durable=True)
            self.put(transfer)
        if done and done == transfer.size and transfer.ticket:
            await self._finish(transfer, moving)
            return None
        if not self._online:
            return None
        known = (transfer.ticket, transfer.memo)
        return AcceptFile(transfer.id, transfer.room_id, transfer.ref, transfer.size, done, *known)

    def _incoming(self, transfer: Transfer) -> Incoming:
        return Incoming(
            transfer,
            self.disk,
            partial(self._note, transfer.id),
            kept=partial(self._kept, transfer.id),
            trouble=partial(self._trouble, transfer.id),
        )

    async def _note(self, transfer_id: int, done: int, stamp: str) -> bool:
        """Journal how much of a file is durable; False when nobody wants it any more."""
        if not await self._store.write(stored.journal, transfer_id, done, stamp):
            return False
        if transfer := self.open.get(transfer_id):
            self.put(replace(transfer, done=done, stamp=stamp, state=after(transfer.state, Cause.MOVED)))
        return True

    def _kept(self, transfer_id: int, done: int) -> None:
        self.waits.went_well(transfer_id)
        self._order(KeptFile(transfer_id, done))
        self.check_whole(transfer_id)

    def check_whole(self, transfer_id: int) -> None:
        """Finish a received file if all of it is durable here."""
        transfer, moving = self.open.get(transfer_id), self._moving.get(transfer_id)
        if transfer is None or not isinstance(moving, Incoming) or transfer_id in self._tasks:
            return
        if moving.done == transfer.size and transfer.ticket and transfer.wants_to_move:
            self._start(transfer_id, self._finish_or_wait(transfer, moving))

    async def _finish_or_wait(self, transfer: Transfer, moving: Incoming) -> None:
        try:
            await self._finish(transfer, moving)
        except (FileTrouble, StoreError) as error:
            self._trouble(transfer.id, error if isinstance(error, FileTrouble) else FileTrouble(str(error)))

    async def _finish(self, transfer: Transfer, moving: Incoming) -> None:
        path = await moving.finish(transfer.size, transfer.digest)
        await self._complete(transfer, str(path))

    async def _complete(self, transfer: Transfer, path: str) -> None:
        await self._end(transfer.id, Cause.FINISHED, Ending.DONE, "", path)

    async def _end(self, transfer_id: int, cause: Cause, tell: Ending, reason: str, path: str = "") -> None:
        now = self._wall_ms()
        with contextlib.suppress(IllegalTransition):  # it has ended in another way meanwhile
            ended = await self._store.write(
                units.ended, transfer_id, cause, tell.value, reason, path, now, durable=True
            )
            self.put(ended)
            self.pump()

    # ------------------------------------------------------------ trouble, and the end

    def _trouble(self, transfer_id: int, error: FileTrouble) -> None:
        """The disk does not play along: the transfer waits, or fails for good."""
        transfer = self.open.get(transfer_id)
        if transfer is None or not transfer.is_open or self._closed:
            return
        if transfer_id in self._ordered:
            self._ordered.discard(transfer_id)
            self._order(PauseFile(transfer_id))
        moving = self._moving.pop(transfer_id, None)
        if moving is not None:
            self._aside(moving.close())
        if isinstance(error, Broken):
            self._aside(self._end(transfer_id, Cause.FAILED, error.ending, str(error)))
            return
        self._wait(transfer_id, str(error))

    def _wait(self, transfer_id: int, text: str, seconds: float = 0.0) -> None:
        self.waits.begin(transfer_id, text, seconds)
        if transfer := self.open.get(transfer_id):
            self._publish(TransferMoved(transfer))
        self.pump()

    def _tell(self, transfer: Transfer) -> None:
        """Tell the server how a transfer ended; what it was never heard to have taken must be named first."""
        self._telling.add(transfer.id)
        if transfer.direction is Direction.OUT and not transfer.ref:
            self._order(_offer(transfer))
        else:
            text = transfer.reason if transfer.state is not State.COMPLETE else ""
            self._order(EndFile(transfer.id, transfer.ref, transfer.ticket, Ending(transfer.tell), text))

    def _let_go(self, transfer: Transfer) -> None:
        """A transfer has ended: nothing of it moves any more, and its files are released."""
        key = transfer.id
        self.waits.forget(key)
        self._told_at.pop(key, None)
        if key in self._ordered:
            self._ordered.discard(key)
            self._order(PauseFile(key))
        moving = self._moving.pop(key, None)
        held = transfer.direction is Direction.IN and transfer.state is not State.COMPLETE and transfer.stamp
        if (moving is not None or held) and key not in self._freeing:
            task = self._freeing[key] = asyncio.get_running_loop().create_task(self._free(transfer, moving))
            task.add_done_callback(lambda _: self._freeing.pop(key, None))

    async def _free(self, transfer: Transfer, moving: Incoming | Outgoing | None) -> None:
        """Release the files of a transfer that has ended; of one that did not come, the name too. Its part stays."""
        if moving is not None:
            await moving.close()
        if transfer.direction is Direction.OUT or transfer.state is State.COMPLETE:
            return
        place = Place.of_stamp(transfer.path, transfer.stamp)
        left = await self.disk.run(place.path, places.give_up, place)
        self.put(await self._store.write(units.left_at, transfer.id, left))

    async def freed(self, transfer_id: int) -> None:
        """Wait until a transfer that has ended holds nothing any more."""
        if task := self._freeing.get(transfer_id):
            await asyncio.gather(task, return_exceptions=True)

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for, but for the end of the program."""
        task = asyncio.get_running_loop().create_task(work)
        key = -id(task)
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    def _start(self, transfer_id: int, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[transfer_id] = task
        task.add_done_callback(lambda _: self._ended_task(transfer_id))

    def _ended_task(self, transfer_id: int) -> None:
        self._tasks.pop(transfer_id, None)
        if not self._closed:
            self.check_whole(transfer_id)
            self.pump()


def _offer(transfer: Transfer) -> OfferFile:
    known = transfer.name, transfer.size, transfer.digest, transfer.mime, transfer.thread
    return OfferFile(transfer.id, transfer.room_id, *known)
