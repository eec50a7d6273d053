"""Files on this connection: what was ordered, one request after the other, and exactly one word on how each order ended."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from chat_tui_core.contract import Link
from chat_tui_core.file_news import (
    AcceptFile,
    EndFile,
    Ending,
    FileOrder,
    FileRefused,
    FileStopped,
    FileTold,
    KeptFile,
    OfferFile,
    PauseFile,
    ResumeFile,
)
from chat_tui_core.values import slotted
from chat_tui_matrix.protocol.backoff import DELAYS
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.file_fetching import IS_GONE, Fetching
from chat_tui_matrix.protocol.file_sending import Limit, Sending, TakingBack, of_offer, resumed
from chat_tui_matrix.protocol.known_rooms import KnownRooms
from chat_tui_matrix.protocol.replies import Declined, Given, Later, Steps, Unheard, Unreadable, judge
from chat_tui_matrix.wire.calls import OnItsWay, Reply, Request, Stilled

_REMEMBERED: Final = 200
"""Files that were sent lately, and can be taken back."""


class Way(Protocol):
    """One file on its way."""

    transfer: int

    def steps(self) -> Steps[None]:
        """Its requests."""

    def met(self, item: OnItsWay) -> None:
        """Take what is told of a call that goes on."""

    def broke(self, reason: str) -> str:
        """One sentence, for when no answer came."""


@slotted
class _Job:
    """A way, its steps, and the call that is under way; `request` waits for `not_before` where nobody else asks again.

    `kept`: it goes on though the link broke, and its order has not come again.
    """

    way: Way
    steps: Steps[None]
    call: int = 0
    request: Request | None = None
    not_before: float = 0.0
    kept: bool = False


class Files:
    """Every order between `order` and its end: FileDone, FileRefused, FileStopped or FileTold.

    After FileStopped the session gives the order again; only what is taken back is tried again here. A break of the
    link is one of the stream: an upload has a connection of its own, cannot be resumed, and goes on where it can.
    """

    def __init__(self, desk: Desk, rooms: KnownRooms) -> None:
        self._desk = desk
        self._rooms = rooms
        self._limit = Limit()
        self._jobs: dict[int, _Job] = {}
        self._calls: dict[int, _Job] = {}
        self._faults: dict[int, int] = {}
        self._said: OrderedDict[int, Sending] = OrderedDict()  # their messages may be there

    # ------------------------------------------------------------ orders

    def order(self, order: FileOrder, now: float) -> None:
        """Take an order."""
        match order:
            case KeptFile(transfer=transfer):
                self._faults.pop(transfer, None)
            case PauseFile(transfer=transfer):
                self._drop(transfer)
            case EndFile():
                self._end(order, now)
            case OfferFile() | ResumeFile() if self._goes_on(order.transfer):
                pass
            case _:
                try:
                    way = self._way(order)
                except Declined as no:
                    self._desk.say(FileRefused(order.transfer, no.code, no.text))
                else:
                    self._begin(way, now)

    def _goes_on(self, transfer: int) -> bool:
        """Whether a file that is to be sent is on its way all the time: that is said then."""
        job = self._jobs.get(transfer)
        if job is None or not job.kept or not isinstance(job.way, Sending):
            return False
        job.kept = False
        job.way.say_again()
        return True

    def _way(self, order: OfferFile | ResumeFile | AcceptFile) -> Way:
        """Raises Declined."""
        if isinstance(order, AcceptFile):
            return Fetching(self._desk, order)
        if isinstance(order, OfferFile):
            file, ref = of_offer(order), ""
        else:
            file, ref = resumed(order), order.ref
        return Sending(self._desk, self._rooms, self._limit, file, ref)

    def _end(self, order: EndFile, now: float) -> None:
        """There is nobody to be told, but a message that may be there."""
        self._drop(order.transfer)
        self._faults.pop(order.transfer, None)
        sending = self._said.get(order.transfer)
        if sending is not None and order.ending is not Ending.DONE:
            self._begin(TakingBack(self._desk, sending), now)
        else:
            self._desk.say(FileTold(order.transfer))

    def lost(self) -> None:
        """The link broke; the session gives its orders again. How large files may be is asked anew."""
        for transfer, job in list(self._jobs.items()):
            job.kept = isinstance(job.way, Sending) and job.way.flows
            if not job.kept:
                self._drop(transfer)
        self._limit = Limit()

    def stop(self) -> None:
        """Drop everything."""
        for transfer in list(self._jobs):
            self._drop(transfer)

    # ------------------------------------------------------------ time

    def tick(self, now: float) -> None:
        """Make again what waited for its time."""
        if self._desk.link is Link.ONLINE:
            for job in self._jobs.values():
                request = job.request
                if request is not None and now >= job.not_before:
                    job.request = None
                    self._call(job, request)

    def wake_at(self) -> float | None:
        """When something is to be made again."""
        if self._desk.link is not Link.ONLINE:
            return None
        return min((job.not_before for job in self._jobs.values() if job.request is not None), default=None)

    # ------------------------------------------------------------ on their way

    def met(self, item: OnItsWay) -> None:
        """Take what is told of a call that goes on; one that nobody waits for any more means nothing."""
        job = self._calls.get(item.id)
        if job is not None and isinstance(item, Stilled):
            self._drop(job.way.transfer)
        elif job is not None:
            job.way.met(item)

    def _begin(self, way: Way, now: float) -> None:
        self._drop(way.transfer)
        job = self._jobs[way.transfer] = _Job(way, way.steps())
        self._advance(job, partial(next, job.steps), now)

    def _drop(self, transfer: int) -> None:
        """Nothing of this transfer is asked any more."""
        job = self._jobs.pop(transfer, None)
        if job is not None:
            self._desk.hang_up(job.call)
            self._calls.pop(job.call, None)
            job.steps.close()

    def _advance(self, job: _Job, feed: Callable[[], Request], now: float) -> None:
        """Give out the next request, or end the order."""
        transfer = job.way.transfer
        try:
            request = feed()
        except StopIteration:
            self._faults.pop(transfer, None)
            self._over(job)
        except Declined as no:
            self._faults.pop(transfer, None)
            gone = no.status in IS_GONE and isinstance(job.way, Fetching)
            self._over(job)
            self._desk.say(FileRefused(transfer, no.code, no.text, gone))
        except Unreadable as error:
            self._again(job, self._pause(transfer), str(error), now)
        except ValueError as error:  # text that cannot be written as UTF-8 or JSON
            self._over(job)
            self._desk.say(FileRefused(transfer, "BADARGS", f"This cannot be sent: {error}."))
        else:
            self._call(job, request)

    def _call(self, job: _Job, request: Request) -> None:
        job.call = self._desk.call(request, partial(self._replied, job, request))
        self._calls[job.call] = job
        self._note_said(job.way)

    def _note_said(self, way: Way) -> None:
        """Keep in mind whose message may be there: a cancel can come after it, or cross it."""
        sending = way.sending if isinstance(way, TakingBack) else way
        if isinstance(sending, Sending):
            self._said.pop(way.transfer, None)
            if sending.said:
                self._said[way.transfer] = sending
            if len(self._said) > _REMEMBERED:
                self._said.popitem(last=False)

    def _replied(self, job: _Job, request: Request, reply: Reply, now: float) -> None:
        self._calls.pop(job.call, None)
        job.call = 0
        match judge(reply):
            case Given(value=value):
                self._advance(job, partial(job.steps.send, value), now)
            case Declined() as no:
                self._advance(job, partial(job.steps.throw, no), now)
            case Later() as later:
                seconds = later.seconds or 0.0
                if not later.limited:
                    seconds = max(seconds, self._pause(job.way.transfer))
                self._again(job, seconds, later.text, now, request)
            case Unheard(reason=reason):
                self._again(job, self._pause(job.way.transfer), job.way.broke(reason), now, request)

    def _again(self, job: _Job, seconds: float, text: str, now: float, request: Request | None = None) -> None:
        """Not now: the session gives the order again after a while."""
        if isinstance(job.way, TakingBack):
            if request is None:
                self._over(job)
                self._desk.say(FileTold(job.way.transfer))
            else:
                job.request, job.not_before = request, now + seconds
            return
        self._over(job)
        self._desk.say(FileStopped(job.way.transfer, seconds, text))

    def _over(self, job: _Job) -> None:
        job.steps.close()
        if self._jobs.get(job.way.transfer) is job:
            del self._jobs[job.way.transfer]
        self._note_said(job.way)

    def _pause(self, transfer: int) -> float:
        """Count a fault and give the seconds to wait after it."""
        count = self._faults[transfer] = self._faults.get(transfer, 0) + 1
        return DELAYS[min(count, len(DELAYS)) - 1]
