"""The one place where a session's changes become work for the screen: gathered, and handed over once per frame.

A change that the person is waiting for (their own action, the link) is handed over on the next turn of the loop, and
so are the first few of any others; a flood is handed over twenty times a second, what nobody can read any more five
times, and its end at once. While the terminal has not yet taken what was drawn before, nothing is: more output would
only stand in the queue before the echo of the next key.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from chat_tui_core.actions import Action, Kind
from chat_tui_core.model import RoomEvent
from chat_tui_core.session_changes import (
    ActionMoved,
    EventsArrived,
    LinkMoved,
    MembersMoved,
    PresenceMoved,
    ReadMarkMoved,
    RoomsMoved,
    Said,
    SessionChange,
    TimelineMoved,
    TransferMoved,
    TypingMoved,
)
from chat_tui_core.timeline import Change, Reset
from chat_tui_core.values import slotted

if TYPE_CHECKING:
    from chat_tui_core.link import LinkChanged
    from chat_tui_core.transfers import Transfer

__all__ = ["Batch", "Feed", "gather"]

QUICK: Final = 1 / 60
"""Seconds between two drains while little happens, on the average."""
AT_ONCE: Final = 4
"""Drains that need not wait for each other while little happens: one message makes several, and another one may come."""
SLOW: Final = 1 / 20
"""Seconds between two drains in a flood."""
FLOOD: Final = 12
"""Lines and other changes in one drain that make a flood."""
SLOWEST: Final = 1 / 5
"""Seconds between two drains while more comes than anybody reads: a whole screen each time, which slow lines feel."""
TORRENT: Final = 100
"""Lines and other changes in one drain that are more than that."""
MOST_KEPT: Final = 1_000
"""Lines and other changes that are kept for the next drain; more are handed over before it is time."""
PATIENCE: Final = 1.0
"""Seconds that a slow terminal may hold a drain back."""


@slotted
class Batch:
    """What happened since the last drain; of several values of one thing only the last one is kept."""

    link: LinkChanged | None = None
    rooms: set[str] = field(default_factory=set)
    timelines: dict[str, list[Change]] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    typing: set[str] = field(default_factory=set)
    presence: set[str] = field(default_factory=set)
    read_marks: dict[str, dict[str, int]] = field(default_factory=dict)
    actions: dict[int, Action] = field(default_factory=dict)
    transfers: dict[int, Transfer] = field(default_factory=dict)
    arrivals: dict[str, list[RoomEvent]] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)


def gather(changes: Iterable[SessionChange]) -> Batch:
    """Sort changes by what they are about."""
    batch = Batch()
    for change in changes:
        _TAKE[type(change)](batch, change)
    return batch


def _timeline(batch: Batch, change: Any) -> None:
    """A timeline's steps before a Reset are dropped: it starts over."""
    steps = batch.timelines.setdefault(change.room_id, [])
    for step in change.changes:
        if isinstance(step, Reset):
            steps.clear()
        steps.append(step)


def _action(batch: Batch, change: Any) -> None:
    batch.actions.pop(change.old_id, None)
    batch.actions[change.action.id] = change.action


def _transfer(batch: Batch, change: Any) -> None:
    batch.transfers[change.transfer.id] = change.transfer


def _arrived(batch: Batch, change: Any) -> None:
    batch.arrivals.setdefault(change.room_id, []).extend(change.events)


def _link(batch: Batch, change: Any) -> None:
    batch.link = change.link


#: Kind of change -> where it goes.
_TAKE: Final[Mapping[type, Callable[[Batch, Any], None]]] = MappingProxyType(
    {
        TimelineMoved: _timeline,
        ActionMoved: _action,
        LinkMoved: _link,
        TransferMoved: _transfer,
        EventsArrived: _arrived,
        RoomsMoved: lambda batch, change: batch.rooms.update(change.room_ids),
        MembersMoved: lambda batch, change: batch.members.add(change.room_id),
        TypingMoved: lambda batch, change: batch.typing.add(change.room_id),
        PresenceMoved: lambda batch, change: batch.presence.add(change.user_id),
        ReadMarkMoved: lambda batch, change: batch.read_marks.setdefault(change.room_id, {}).update(change.positions),
        Said: lambda batch, change: batch.said.append(change),
    }
)


def _weight(change: SessionChange) -> int:
    """How much a change counts for a flood: by its lines, where it brings some."""
    return len(change.events) if isinstance(change, EventsArrived) else 1


def _is_awaited(change: SessionChange) -> bool:
    """Whether the person waits for a change: that something was read is told to the server, but not awaited."""
    if isinstance(change, ActionMoved):
        return change.action.kind is not Kind.READ
    return isinstance(change, (LinkMoved, Said))


def _pause_after(count: int, ahead: float) -> float:
    """Seconds until the next drain after one with so many changes; `ahead`: how long the last ones should have taken."""
    if count < FLOOD:
        return max(0.0, ahead - (AT_ONCE - 1) * QUICK)
    return SLOW if count < TORRENT else SLOWEST


class Feed:
    """Takes changes as they come and hands them over in batches.

    `run` must have a callable run soon in the screen's own context; `backlog` tells how many writes the terminal
    has not taken yet.
    """

    def __init__(
        self,
        apply: Callable[[Batch], None],
        run: Callable[[Callable[[], None]], object],
        *,
        backlog: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._apply = apply
        self._run = run
        self._backlog = backlog
        self._clock = clock or asyncio.get_running_loop().time
        self._changes: deque[SessionChange] = deque()
        self._kept = 0
        self._looked = 0  # how much was kept when it was looked at last
        self._timer: asyncio.TimerHandle | None = None
        self._requested = False
        self._urgent = False
        self._last = float("-inf")
        self._pause = 0.0
        self._paced = float("-inf")  # when the last drain would be over, had each one taken its time
        self._waiting_since: float | None = None
        self._closed = False

    def push(self, change: SessionChange) -> None:
        """Take one change; never blocks, never draws."""
        if self._closed:
            return
        self._changes.append(change)
        self._kept += _weight(change)
        if _is_awaited(change):
            self._urgent = True
            self._request()
        elif self._kept >= MOST_KEPT and self._waiting_since is None:
            self._request()
        elif self._timer is None and not self._requested:
            self._plan()

    def close(self) -> None:
        """Hand nothing over any more."""
        self._closed = True
        self._changes.clear()
        self._cancel_timer()

    def _plan(self) -> None:
        """Have a drain at the right time; in a torrent, look now and then whether it has ended."""
        wait = self._last + self._pause - self._clock()
        if wait <= 0:
            self._request()
        else:
            self._looked = self._kept
            self._timer = asyncio.get_running_loop().call_later(min(wait, SLOW), self._due)

    def _due(self) -> None:
        self._timer = None
        if self._kept - self._looked >= FLOOD:
            self._plan()
        else:
            self._request()

    def _request(self) -> None:
        self._cancel_timer()
        if not self._requested and not self._closed:
            self._requested = True
            self._run(self.drain)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def drain(self) -> None:
        """Hand over what has gathered, unless the terminal is still busy with what was drawn before."""
        self._requested = False
        if self._closed or not self._changes:
            return
        now = self._clock()
        if not self._urgent and self._backlog() > 0:
            since = self._waiting_since = now if self._waiting_since is None else self._waiting_since
            if now - since < PATIENCE:
                self._timer = asyncio.get_running_loop().call_later(QUICK, self._due)
                return
        self.flush()

    def flush(self) -> None:
        """Hand over what has gathered, now."""
        self._waiting_since, self._urgent = None, False
        if self._closed or not self._changes:
            return
        changes = list(self._changes)
        self._changes.clear()
        self._last = self._clock()
        self._paced = max(self._last, self._paced) + QUICK
        self._pause, self._kept = _pause_after(self._kept, self._paced - self._last), 0
        self._apply(gather(changes))
