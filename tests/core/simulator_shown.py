"""What the simulated person sees: open rooms that are kept up to date change by change, and why each action waits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar, TypeVarTuple, cast

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.model import Gap, Room, RoomEvent
from chat_tui_core.outbox import Wait, Why
from chat_tui_core.session.ingest_state import Outcome
from chat_tui_core.session.open_rooms import OpenRooms
from chat_tui_core.store import Store
from chat_tui_core.store import events as stored_events
from chat_tui_core.timeline import Item, Timeline
from tests.core.simulator_disk import Disk

T = TypeVar("T")
Args = TypeVarTuple("Args")

LINES: Final = 1_000
"""Lines of a room that are loaded: all of them."""

_OF_FAILED: Final = frozenset({Why.PERSON})
_OF_SENT: Final = frozenset({Why.ECHO})
_OF_PENDING: Final = frozenset(Why) - _OF_FAILED - _OF_SENT


class _Reading:
    """The part of a Store that open rooms need while there is no network to ask."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def read(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args) -> T:
        return self._disk.read(work, *args)


class Screen:
    """All rooms of interest, open from the start of the program on."""

    def __init__(
        self, disk: Disk, actions: Mapping[int, Action], rooms: Mapping[str, Room], wanted: Iterable[str]
    ) -> None:
        self._disk = disk
        self._actions = actions
        store = cast("Store", _Reading(disk))
        self._open = OpenRooms(store, lambda _: False, lambda _change: None, actions, rooms, online=lambda: False)
        self._live = {room_id: self._open.open(room_id, LINES) for room_id in wanted}

    def apply(self, outcome: Outcome) -> None:
        """Something was stored."""
        self._open.apply(outcome)

    def texts(self, room_id: str) -> list[str]:
        """What a room shows, from top to bottom."""
        return [_text(item) for item in self._live[room_id].items if item.gap is None]

    def faults(self, waits: Mapping[int, Wait]) -> Iterator[str]:
        """What is not shown as it is stored; `waits`: what the outbox says that each open action waits for."""
        for room_id, timeline in self._live.items():
            stored = Timeline(room_id)
            stored.reset(*self._disk.read(_whole, room_id), self._sends(room_id))
            whole = self._open.at_start(room_id) and not any(item.gap for item in timeline.items)
            live, right = _rows(timeline, whole=whole), _rows(stored, whole=whole)
            if live != right:
                yield f"{room_id} shows {_differences(live, right)} than what is stored"
            yield from _wrong_marks(timeline, self._actions, whole=whole)
        for action in self._actions.values():
            wait = waits.get(action.id)
            if wait is None or wait.why not in _FITTING.get(action.state, frozenset()):
                yield f"{action.kind} {action.id} is {action.state}, and is said to wait for {wait}"
            elif wait.by and wait.by not in self._actions:
                yield f"{action.kind} {action.id} is said to wait for {wait.by}, which is settled"

    def _sends(self, room_id: str) -> list[Action]:
        return [a for a in self._actions.values() if a.room_id == room_id and a.kind is Kind.SEND]


_FITTING: Final = {State.PENDING: _OF_PENDING, State.SENT: _OF_SENT, State.FAILED: _OF_FAILED}

_Row = tuple[str, int, str]


def _rows(timeline: Timeline, *, whole: bool) -> list[_Row]:
    """Each line: its event, or its action without one, and its text."""
    rows = []
    for item in timeline.items:
        if item.gap is None and (whole or not _is_away(item)):
            event_id = item.event.event_id if item.event else ""
            rows.append((event_id, item.action.id if item.action and not item.event else 0, _text(item)))
    return rows


def _is_away(item: Item) -> bool:
    """Whether a confirmed message keeps its line at the end: its event is in a hole, or above what is loaded."""
    return item.event is None and item.action is not None and item.action.state is State.CONFIRMED


def _differences(live: Sequence[_Row], right: Sequence[_Row]) -> str:
    more = [row for row in live if row not in right]
    less = [row for row in right if row not in live]
    return f"{more} more and {less} less" if more or less else f"another order, {list(live)},"


def _wrong_marks(timeline: Timeline, actions: Mapping[int, Action], *, whole: bool) -> Iterator[str]:
    room_id = timeline.room_id
    for item in timeline.items:
        action = item.action
        if action is None:
            continue
        known = actions.get(action.id)
        if item.event is None and known is None and (whole or not _is_away(item)):
            yield f"{room_id} shows {action.text} as {action.state}, which is settled"
        elif known is not None and known != action:
            yield f"{room_id} shows {action.text} as {action.state}, and it is {known.state}"
        elif item.event is not None and item.event.sender != _sender(timeline, action):
            yield f"{room_id} shows {item.event.text} of {item.event.sender} with the mark of our {action.text}"


def _sender(timeline: Timeline, action: Action) -> str:
    event = timeline.event(action.event_id) if action.event_id else None
    return event.sender if event else ""


def _text(item: Item) -> str:
    shown: Any = item.event or item.action
    return str(shown.text)


def _whole(db: sqlite3.Connection, room_id: str) -> tuple[list[RoomEvent], list[Gap]]:
    return stored_events.newest_events(db, room_id, LINES), stored_events.gaps(db, room_id)
