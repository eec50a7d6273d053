"""The timelines of open rooms: filled from the store first, then from the network, holes and all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from chat_tui_core.actions import Action, Kind
from chat_tui_core.errors import ChatError, TransportError
from chat_tui_core.model import Gap, Room, RoomEvent
from chat_tui_core.session import pages
from chat_tui_core.session.open_threads import OpenThreads
from chat_tui_core.session_changes import SessionChange, TimelineMoved
from chat_tui_core.store import Store
from chat_tui_core.store import events as stored
from chat_tui_core.threads import root_of
from chat_tui_core.timeline import Change, Timeline

if TYPE_CHECKING:
    from chat_tui_core.news import AroundGiven, DirectoryGiven, HistoryGiven, UsersGiven
    from chat_tui_core.questions import AskHistory, Question
    from chat_tui_core.session.ingest_state import Outcome
    from chat_tui_core.small_pictures import PictureGiven
    from chat_tui_core.spaces import SpaceGiven
    from chat_tui_core.threads import ThreadGiven

PAGE: Final = 100
FEW: Final = 30  # fewer lines than this do not fill a screen
MOST_LOADED: Final = 3_000
"""Lines of one room that are loaded at most before those far from the reader are forgotten."""
KEPT_LOADED: Final = 2_000
_NO_END: Final = 1 << 62
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
        *,
        online: Callable[[], bool],
    ) -> None:
        self._store = store
        self._ask = ask  # False while the link is not online
        self._online = online
        self._publish = publish
        self._open_actions = open_actions
        self._rooms = rooms
        self.timelines: dict[str, Timeline] = {}
        self._at_start: set[str] = set()
        self.asked: dict[int, AskHistory] = {}
        self._answers: dict[int, asyncio.Future[object]] = {}
        self._last_request = 0
        self._loading: dict[str, asyncio.Lock] = {}
        self._background: set[asyncio.Task[object]] = set()
        later = self._in_background
        self.threads = OpenThreads(store, lambda make: later(self.answer(make)), publish, open_actions)

    # ------------------------------------------------------------ opening

    def open(self, room_id: str, count: int) -> Timeline:
        """The room's newest stored lines at once; what is missing is fetched in the background."""
        timeline = self.timelines.get(room_id)
        if timeline is None:
            timeline = self.timelines[room_id] = Timeline(room_id)
            timeline.reset(*self._store.read(pages.first_page, room_id, count), self._sends(room_id))
            self._note_start(room_id, timeline)
            self.refresh(room_id)
        return timeline

    def refresh(self, room_id: str) -> None:
        """Ask for what an open room lacks: members, a first page, what was missed at its end."""
        if not self._online():
            return
        from chat_tui_core.questions import AskMembers

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

    def close(self, place: str) -> None:
        """Forget the loaded lines of a room or a thread."""
        self.timelines.pop(place, None)
        self.threads.close(place)
        self._at_start.discard(place)

    def timeline(self, place: str) -> Timeline | None:
        """The timeline of an open room or thread, else None."""
        return self.timelines.get(place) or self.threads.timelines.get(place)

    def at_start(self, place: str) -> bool:
        """Whether the oldest loaded line is the room's first; of a thread all is loaded that is shown."""
        return place in self._at_start or bool(root_of(place))

    # ------------------------------------------------------------ older lines

    async def load_older(self, room_id: str, count: int) -> bool:
        """Lines before the oldest loaded one. True: there may be more."""
        async with self._loading.setdefault(room_id, asyncio.Lock()):
            timeline = self.timelines.get(room_id)
            if timeline is None or self.at_start(room_id):
                return False
            oldest = timeline.oldest
            page, gaps = await self._store.fetch(pages.older_page, room_id, oldest, count)
            for _ in range(EMPTY_PAGES):
                if page and not any(gap.after < oldest <= gap.before for gap in gaps):
                    break
                if not await self._try_fetch(room_id, count, before=oldest):
                    self._show_older(timeline, page, gaps)
                    return bool(page)
                page, gaps = await self._store.fetch(pages.older_page, room_id, oldest, count)
                at_start = self._store.read(stored.room_start, room_id)
                if page or at_start:
                    break
            self._show_older(timeline, page, gaps)
            self._trim(timeline, oldest=False)
            return not self.at_start(room_id)

    async def fill_gap(self, room_id: str, gap: Gap, count: int = PAGE, *, forward: bool = False) -> None:
        """Fetch the newest part of a hole, or its oldest one where the backend can. Raises TransportError while offline."""
        if forward and gap.token_after:
            await self._fetch(room_id, count, after=gap.after, token=gap.token_after)
        else:
            await self._fetch(room_id, count, before=gap.before, token=gap.token)

    # ------------------------------------------------------------ away from the end

    def open_at(self, room_id: str, order: int, count: int = PAGE) -> Timeline:
        """`count` stored lines from an order on, two thirds of that before it; the room's end is left where that is not near."""
        timeline = self.timelines.get(room_id) or self.timelines.setdefault(room_id, Timeline(room_id))
        self._start_over(timeline, *self._store.read(pages.page_around, room_id, order, count))
        return timeline

    def to_oldest(self, room_id: str, count: int = PAGE) -> bool:
        """Go to the oldest stored lines of an open room; False where they are loaded already, or there are none."""
        timeline = self.timelines.get(room_id)
        if timeline is None or self.at_start(room_id):
            return False
        page = self._store.read(pages.oldest_page, room_id, timeline.oldest, count)
        if page is not None:
            self._start_over(timeline, *page)
        return page is not None

    def _start_over(self, timeline: Timeline, page: list[RoomEvent], gaps: list[Gap], newest: int, first: int) -> None:
        """Have a timeline hold this page alone, of a room that goes from `first`, if that is known, to `newest`."""
        room_id = timeline.room_id
        detached = bool(page) and page[-1].order < newest
        changes = timeline.reset(page, gaps, [] if detached else self._sends(room_id), detached=detached)
        (self._at_start.add if timeline.oldest == first else self._at_start.discard)(room_id)
        self._tell(room_id, changes)

    def to_newest(self, room_id: str, count: int = PAGE) -> None:
        """Come back to the room's end."""
        timeline = self.timelines.get(room_id)
        if timeline is not None and timeline.detached:
            changes = timeline.reset(*self._store.read(pages.first_page, room_id, count), self._sends(room_id))
            self._at_start.discard(room_id)
            self._note_start(room_id, timeline)
            self._tell(room_id, changes)

    async def load_newer(self, room_id: str, count: int = PAGE) -> bool:
        """Lines after the newest loaded one of a detached timeline. True: there are more."""
        async with self._loading.setdefault(room_id, asyncio.Lock()):
            timeline = self.timelines.get(room_id)
            if timeline is None or not timeline.detached:
                return False
            newest = timeline.newest
            page, gaps = await self._store.fetch(pages.newer_page, room_id, newest, count)
            if timeline.newest != newest:
                return timeline.detached  # somebody went elsewhere meanwhile
            end = self._store.read(stored.bounds, room_id)[1]  # as of now: what came meanwhile was passed over
            changes = timeline.add(page)
            if not page or page[-1].order >= end:
                changes += timeline.attach(self._sends(room_id))
            changes += timeline.set_gaps(gaps)
            self._tell(room_id, changes)
            self._trim(timeline, oldest=True)
            return timeline.detached

    async def find_around(self, room_id: str, event_id: str = "", ts: int = 0, count: int = PAGE) -> int:
        """The order of an event, or of the first one at or after a time; asked of the server where it is not stored.

        0 when it cannot be found. Raises TransportError while offline, Refused.
        """
        if order := self.stored_place(room_id, event_id, ts):
            return order
        from chat_tui_core.news import AroundGiven
        from chat_tui_core.questions import AskAround

        given = await self.answer(lambda request: AskAround(request, room_id, count, event_id, ts))
        if isinstance(given, AroundGiven) and given.event_id:
            return await self._store.fetch(pages.stored_place, room_id, given.event_id, 0)
        return 0

    def stored_place(self, room_id: str, event_id: str = "", ts: int = 0) -> int:
        """What `find_around` gives where the store knows it, at once; 0 where the server must be asked."""
        return self._store.read(pages.stored_place, room_id, event_id, ts)

    def _trim(self, timeline: Timeline, *, oldest: bool) -> None:
        """Forget what is far from the reader: memory follows what is near the screen."""
        if len(timeline.items) <= MOST_LOADED:
            return
        if oldest:
            self._at_start.discard(timeline.room_id)
        changes = timeline.drop_oldest(KEPT_LOADED) if oldest else timeline.drop_newest(KEPT_LOADED)
        self._tell(timeline.room_id, changes)

    async def history(self, room_id: str, count: int, before: int) -> list[RoomEvent]:
        """Events for scripts: the store's where it has them without a hole, else fetched; ascending."""
        for _ in range(count // PAGE + 2):
            page, gaps, start = await self._store.fetch(pages.known_page, room_id, before, count)
            low = page[0].order if page else 0
            high = before or self._rooms[room_id].head + 1 if room_id in self._rooms else before
            whole = not any(gap.before > low and gap.after < (high or gap.before) for gap in gaps)
            if whole and (len(page) >= count or start):
                return page
            holes = [gap.before for gap in gaps if gap.before > low]
            edge = holes[-1] if holes else low or before
            if not await self._try_fetch(room_id, min(count, PAGE), before=min(edge, before) if before else edge):
                return page
        page, _ = await self._store.fetch(pages.older_page, room_id, before, count)
        return page

    async def _try_fetch(self, room_id: str, count: int, before: int = 0) -> bool:
        try:
            await self._fetch(room_id, count, before=before)
        except ChatError:
            return False
        return True

    async def _fetch(self, room_id: str, count: int, before: int = 0, token: str = "", after: int = 0) -> None:
        """One page from the network, stored when this returns. Raises TransportError, Refused."""
        from chat_tui_core.questions import AskHistory

        self._last_request += 1
        if before and not token:
            before, token = self._store.read(pages.edge, room_id, before)
        edge = self._store.read(stored.event_at, room_id, before or after)
        event_id = edge.event_id if edge else ""
        question = AskHistory(self._last_request, room_id, count, before, after, token, event_id)
        self.asked[question.request] = question
        try:
            await self._answer_to(question.request, question)
        finally:
            self.asked.pop(question.request, None)

    async def answer(self, make: Callable[[int], Question]) -> object:
        """Put a question, made with the number that it gets; its answer. Raises TransportError, Refused."""
        self._last_request += 1
        return await self._answer_to(self._last_request, make(self._last_request))

    async def _answer_to(self, request: int, question: Question) -> object:
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._answers[request] = answer
        try:
            if not self._ask(question):
                raise TransportError("Not connected: what is asked for comes when the connection is back.")
            return await asyncio.wait_for(answer, ASK_TIMEOUT)
        except TimeoutError:
            raise TransportError("The server does not answer; try again later.") from None
        finally:
            self._answers.pop(request, None)

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

    def answered(
        self, news: HistoryGiven | AroundGiven | DirectoryGiven | UsersGiven | ThreadGiven | PictureGiven | SpaceGiven
    ) -> None:
        """What was asked for is stored."""
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
        self.threads.apply(outcome)
        old_ids = {new: old for old, new in outcome.rekeyed.items()}
        for action in outcome.actions.values():
            self.show(action, old_ids.get(action.id, 0))

    def show(self, action: Action, old_id: int = 0) -> None:
        """Show what becomes of something that was said."""
        self.threads.show(action, old_id)
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
        if room_id not in self._at_start and timeline.oldest == self._store.read(pages.first_order, room_id):
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
    """Leave out what lies beyond the loaded part: scrolling loads it from the store. An echo's event takes its line."""
    oldest = 0 if live else timeline.oldest
    newest = timeline.newest if timeline.detached else _NO_END
    return [event for event in events if oldest <= event.order <= newest or timeline.echoes(event.action_id)]
