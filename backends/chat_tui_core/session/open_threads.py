"""The timelines of open threads: filled from the store at once, from the network where the room has holes, live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from chat_tui_core.actions import Action, Kind
from chat_tui_core.session_changes import SessionChange, TimelineMoved
from chat_tui_core.store import Store
from chat_tui_core.store import threads as stored
from chat_tui_core.threads import Answers, AskThread, place_of, room_of, root_of
from chat_tui_core.timeline import Change, Timeline

if TYPE_CHECKING:
    from chat_tui_core.session.ingest_state import Outcome

MOST: Final = 2_000
"""Answers of a thread that are shown: the newest ones."""
ASKED: Final = 1_000
"""Answers that are asked of the server where some may be missing."""


class OpenThreads:
    """Timelines by the places of threads (see `chat_tui_core.threads`). Lives on the session's loop.

    `ask` puts a question, made with the number that it gets, and drops it while the link is not online.
    """

    def __init__(
        self,
        store: Store,
        ask: Callable[[Callable[[int], AskThread]], None],
        publish: Callable[[SessionChange], None],
        open_actions: Mapping[int, Action],
    ) -> None:
        self._store = store
        self._ask = ask
        self._publish = publish
        self._open_actions = open_actions
        self.timelines: dict[str, Timeline] = {}

    def open(self, room_id: str, root: str) -> Timeline:
        """A thread's stored lines at once, the event that it began with first; what is missing comes by itself."""
        place = place_of(room_id, root)
        timeline = self.timelines.get(place)
        if timeline is None:
            timeline = self.timelines[place] = Timeline(place)
            timeline.reset(self._store.read(stored.thread_events, room_id, root, MOST), (), self._sends(place))
            self.refresh(place)
        return timeline

    def refresh(self, place: str) -> None:
        """Ask for what a thread may lack."""
        room_id, root = room_of(place), root_of(place)
        if self._store.read(stored.lacks, room_id, root):
            self._ask(lambda request: AskThread(request, room_id, root, ASKED))

    def close(self, place: str) -> None:
        """Forget a thread's loaded lines; what of them is stored stays."""
        self.timelines.pop(place, None)

    def answers(self, room_id: str) -> Mapping[str, Answers]:
        """How much was said in each thread of a room, by the event that it began with."""
        return self._store.read(stored.answers, room_id)

    def seen_up_to(self, place: str, me: str, read: int, order: int) -> int:
        """How far the room is read by somebody who sees its thread up to an order, and had read up to `read`."""
        return self._store.read(stored.seen_up_to, room_of(place), root_of(place), me, read, order)

    # ------------------------------------------------------------ what a batch brought

    def apply(self, outcome: Outcome) -> None:
        """Bring the open threads up to date with what was stored, and with what a server told of them."""
        for place, timeline in self.timelines.items():
            delta, root = outcome.deltas.get(room_of(place)), root_of(place)
            if delta is not None:
                mine = [event for event in delta.events.values() if root in {event.thread, event.event_id}]
                self._tell(place, timeline.add(mine), live=delta.live)
            if given := outcome.threads.get(place):
                self._tell(place, timeline.add(given))

    def show(self, action: Action, old_id: int = 0) -> None:
        """Show what becomes of something that was said in a thread."""
        place = _place(action)
        if (timeline := self.timelines.get(place)) is not None:
            self._tell(place, timeline.rekey(old_id, action) if old_id else timeline.echo(action))

    def _sends(self, place: str) -> list[Action]:
        return [action for action in self._open_actions.values() if _place(action) == place]

    def _tell(self, place: str, changes: Iterable[Change], *, live: bool = False) -> None:
        if changes := tuple(changes):
            self._publish(TimelineMoved(place, changes, live))


def _place(action: Action) -> str:
    """The thread in which an action says something; "" for any other."""
    root = str(action.content.get("thread", "")) if action.kind is Kind.SEND else ""
    return place_of(action.room_id, root) if root else ""
