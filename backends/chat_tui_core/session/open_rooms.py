"""The timelines of open rooms: filled from the store first, then from the network, holes and all."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Final

from chat_tui_core.actions import Action, Kind
from chat_tui_core.errors import ChatError, TransportError
from chat_tui_core.model import Gap, Room, RoomEvent
from chat_tui_core.news import AskHistory, AskMembers, HistoryGiven, Question
from chat_tui_core.session.ingest_state import Outcome
from chat_tui_core.session_changes import SessionChange, TimelineMoved
from chat_tui_core.store import Store
from chat_tui_core.store import events as stored
from chat_tui_core.timeline import Change, Timeline

PAGE: Final = 100
FEW: Final = 30  # fewer lines than this do not fill a screen
EMPTY_PAGES: Final = 8  # pages without a line that are passed over in one go
ASK_TIMEOUT: Final = 30.0


class OpenRooms:
    """Timelines by room, and the questions that fill them. Lives on the session's loop."""

    def __init__(
        self,
        store: Store,
        ask: Callable[[Question], bool],
        publish: Callable[[SessionChange], None],
        open_actions: Mapping[int, Action],
        rooms: Mapping[str, Room],
    ) -> None:
        self._store = store
        self._ask = ask  # False while the link is not online
        self._publish = publish
        self._open_actions = open_actions
        self._rooms = rooms
        self.timelines: dict[str, Timeline] = {}
        self._at_start: set[str] = set()
        self.asked: dict[int, AskHistory] = {}
        self._answers: dict[int, asyncio.Future[HistoryGiven]] = {}
        self._last_request = 0
        self._loading: dict[str, asyncio.Lock] = {}
        self._background: set[asyncio.Task[object]] = set()

    # ------------------------------------------------------------ opening

    def open(self, room_id: str, count: int) -> Timeline:
        """The room's newest stored lines at once; what is missing is fetched in the background."""
        timeline = self.timelines.get(room_id)
        if timeline is None:
            timeline = self.timelines[room_id] = Timeline(room_id)
            timeline.reset(*self._store.read(_first_page, room_id, count), self._sends(room_id))
            self._note_start(room_id, timeline)
            self.refresh(room_id)
        return timeline

    def refresh(self, room_id: str) -> None:
        """Ask for what an open room lacks: members, a first page, what was missed at its end."""
        self._last_request += 1
        if not self._ask(AskMembers(self._last_request, room_id)):
            return
        timeline = self.timelines.get(room_id)
        gaps = self._store.read(stored.gaps, room_id)
        newest = self._store.read(stored.bounds, room_id)[1]
        few = timeline is not None and len(timeline.items) < FEW and not self.at_start(room_id)
        if gaps and (gaps[-1].before > newest or few):
            self._in_background(self._fetch(room_id, PAGE, before=gaps[-1].before))
        elif timeline is not None and not timeline.newest:
            self._in_background(self._fetch(room_id, PAGE))

    def close(self, room_id: str) -> None:
        """Forget a room's loaded lines."""
        self.timelines.pop(room_id, None)
        self._at_start.discard(room_id)

    def at_start(self, room_id: str) -> bool:
        """Whether the oldest loaded line is the room's first."""
        return room_id in self._at_start

    # ------------------------------------------------------------ older lines

    async def load_older(self, room_id: str, count: int) -> bool:
        """Lines before the oldest loaded one. True: there may be more."""
        async with self._loading.setdefault(room_id, asyncio.Lock()):
            timeline = self.timelines.get(room_id)
            if timeline is None or self.at_start(room_id):
                return False
            oldest = timeline.oldest
            page, gaps = await self._store.fetch(_older_page, room_id, oldest, count)
            for _ in range(EMPTY_PAGES):
                if page and not any(gap.after < oldest <= gap.before for gap in gaps):
                    break
                if not await self._try_fetch(room_id, count, before=oldest):
                    self._show_older(timeline, page, gaps)
                    return bool(page)
                page, gaps = await self._store.fetch(_older_page, room_id, oldest, count)
                at_start = self._store.read(stored.room_start, room_id)
                if page or at_start:
                    break
            self._show_older(timeline, page, gaps)
            return not self.at_start(room_id)

    async def fill_gap(self, room_id: str, gap: Gap, count: int = PAGE) -> None:
        """Fetch the newest part of a hole. Raises TransportError while offline."""
        await self._fetch(room_id, count, before=gap.before, token=gap.token)

    async def history(self, room_id: str, count: int, before: int) -> list[RoomEvent]:
        """Events for scripts: the store's where it has them without a hole, else fetched; ascending."""
        for _ in range(count // PAGE + 2):
            page, gaps, start = await self._store.fetch(_known_page, room_id, before, count)
            low = page[0].order if page else 0
            high = before or self._rooms[room_id].head + 1 if room_id in self._rooms else before
            whole = not any(gap.before > low and gap.after < (high or gap.before) for gap in gaps)
            if whole and (len(page) >= count or start):
                return page
            holes = [gap.before for gap in gaps if gap.before > low]
            edge = holes[-1] if holes else low or before
            if not await self._try_fetch(room_id, min(count, PAGE), before=min(edge, before) if before else edge):
                return page
        page, _ = await self._store.fetch(_older_page, room_id, before, count)
        return page

    async def _try_fetch(self, room_id: str, count: int, before: int = 0) -> bool:
        try:
            await self._fetch(room_id, count, before=before)
        except ChatError:
            return False
        return True

    async def _fetch(self, room_id: str, count: int, before: int = 0, token: str = "") -> HistoryGiven:
        """One page from the network, stored when this returns. Raises TransportError, Refused."""
        self._last_request += 1
        token = token or self._store.read(_token, room_id, before)
        question = AskHistory(self._last_request, room_id, count, before=before, token=token)
        answer: asyncio.Future[HistoryGiven] = asyncio.get_running_loop().create_future()
        self.asked[question.request] = question
        self._answers[question.request] = answer
        try:
            if not self._ask(question):
                raise TransportError("Not connected: older messages come when the connection is back.")
            return await asyncio.wait_for(answer, ASK_TIMEOUT)
        except TimeoutError:
            raise TransportError("The server does not answer; older messages come later.") from None
        finally:
            self.asked.pop(question.request, None)
            self._answers.pop(question.request, None)

    def prefetch(self, room_id: str, count: int) -> None:
        """Bring a closed room's newest lines into the store."""
        before = 0
        gaps = self._store.read(stored.gaps, room_id)
        if gaps and (gaps[-1].after or len(self._store.read(stored.newest_events, room_id, FEW)) < FEW):
            before = gaps[-1].before
        elif self._store.read(stored.bounds, room_id)[1]:
            return
        self._in_background(self._fetch(room_id, count, before=before))

    # ------------------------------------------------------------ what a batch brought

    def answered(self, news: HistoryGiven) -> None:
        """A page was stored."""
        answer = self._answers.get(news.request)
        if answer is not None and not answer.done():
            answer.set_result(news)

    def refused(self, request: int, error: ChatError) -> None:
        """A question was answered with no."""
        answer = self._answers.get(request)
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def apply(self, outcome: Outcome) -> None:
        """Bring the open timelines up to date with what was stored."""
        for room_id, delta in outcome.deltas.items():
            timeline = self.timelines.get(room_id)
            if timeline is None:
                continue
            changes = timeline.add(_near(timeline, delta.events.values(), live=delta.live))
            if delta.gaps is not None:
                changes += timeline.set_gaps(delta.gaps)
            self._note_start(room_id, timeline)
            self._tell(room_id, changes, live=delta.live)
        old_ids = {new: old for old, new in outcome.rekeyed.items()}
        for action in outcome.actions.values():
            self.show(action, old_ids.get(action.id, 0))

    def show(self, action: Action, old_id: int = 0) -> None:
        """Show what becomes of something that was said."""
        timeline = self.timelines.get(action.room_id)
        if timeline is None or action.kind is not Kind.SEND:
            return
        self._tell(action.room_id, timeline.rekey(old_id, action) if old_id else timeline.echo(action))

    async def stop(self) -> None:
        """Leave no task behind."""
        for task in tuple(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    # ------------------------------------------------------------ parts

    def _sends(self, room_id: str) -> list[Action]:
        return [a for a in self._open_actions.values() if a.room_id == room_id and a.kind is Kind.SEND]

    def _show_older(self, timeline: Timeline, page: list[RoomEvent], gaps: list[Gap]) -> None:
        changes = timeline.add(page) + timeline.set_gaps(gaps)
        self._note_start(timeline.room_id, timeline)
        self._tell(timeline.room_id, changes)

    def _note_start(self, room_id: str, timeline: Timeline) -> None:
        if room_id not in self._at_start and self._store.read(stored.room_start, room_id):
            oldest = self._store.read(stored.bounds, room_id)[0]
            if timeline.oldest == oldest:
                self._at_start.add(room_id)

    def _tell(self, room_id: str, changes: Iterable[Change], *, live: bool = False) -> None:
        changes = tuple(changes)
        if changes:
            self._publish(TimelineMoved(room_id, changes, live))

    def _in_background(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, ChatError):
            raise error  # a fetch that fails is asked again when the link is back; anything else is a mistake


def _near(timeline: Timeline, events: Iterable[RoomEvent], *, live: bool) -> list[RoomEvent]:
    """Leave out what lies before the loaded part: scrolling back loads it from the store."""
    oldest = timeline.oldest
    return [event for event in events if live or not oldest or event.order >= oldest]


def _token(db: sqlite3.Connection, room_id: str, before: int) -> str:
    """The token of the gap that ends at an order, where the backend gave one."""
    return next((gap.token for gap in stored.gaps(db, room_id) if gap.before == before), "") if before else ""


def _first_page(db: sqlite3.Connection, room_id: str, count: int) -> tuple[list[RoomEvent], list[Gap]]:
    return stored.newest_events(db, room_id, count), stored.gaps(db, room_id)


def _known_page(
    db: sqlite3.Connection, room_id: str, before: int, count: int
) -> tuple[list[RoomEvent], list[Gap], bool]:
    """A page, the gaps, and whether the room's start is known: all of one moment."""
    return *_older_page(db, room_id, before, count), stored.room_start(db, room_id)


def _older_page(db: sqlite3.Connection, room_id: str, before: int, count: int) -> tuple[list[RoomEvent], list[Gap]]:
    if not before:
        return _first_page(db, room_id, count)
    return stored.events_before(db, room_id, before, count), stored.gaps(db, room_id)
