"""A room's messages in order, with gaps and local echoes, as changes to a list.

Items stand in the server's order; a gap stands after the last event before it; echoes of actions that are not in
the stream yet stand at the end, in the order typed, and after them what leaves at a time of its own. Every method returns the changes that it made, to be applied one
after the other; an item keeps its `key` for life, so a confirmed echo is the same line.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Final

from chat_tui_core.actions import Action, State
from chat_tui_core.model import Gap, RoomEvent
from chat_tui_core.values import frozen

_ECHO: Final = 1 << 62  # sorts behind every order
_EVENT, _GAP = 0, 1

_Place = tuple[int, int]
_order = attrgetter("order")


@frozen
class Item:
    """One row: an event, a gap, or the echo of an action that has no event yet.

    An event that this device caused keeps its action beside it, for its state and times.
    """

    key: str
    event: RoomEvent | None = None
    action: Action | None = None
    gap: Gap | None = None


@frozen
class Inserted:
    """`items` now stand from `index` on."""

    index: int
    items: tuple[Item, ...]


@frozen
class Changed:
    """The item at `index` is now `item`."""

    index: int
    item: Item


@frozen
class Removed:
    """`count` items from `index` on are gone."""

    index: int
    count: int


@frozen
class Reset:
    """The whole list is now `items`."""

    items: tuple[Item, ...]


Change = Inserted | Changed | Removed | Reset


def subtract(gaps: Iterable[Gap], low: int, high: int) -> list[Gap]:
    """The gaps that stay when every order from `low` to `high` (both inclusive) has become known."""
    left: list[Gap] = []
    for gap in gaps:
        if gap.before <= low or gap.after >= high:
            left.append(gap)
            continue
        if gap.after + 1 < low:
            left.append(replace(gap, before=low))
        if gap.before > high + 1:
            left.append(replace(gap, after=high))
    return [gap for gap in left if gap.before - gap.after > 1]


class Timeline:
    """The loaded part of one room's timeline. Pure: it is told what there is, and tells what changed.

    It is `detached` while its end is not the room's: then it holds no echoes, and what is said now is not in it.
    """

    def __init__(self, room_id: str) -> None:
        self.room_id = room_id
        self.detached = False
        self.items: list[Item] = []
        self._places: list[_Place] = []
        self._events: dict[str, _Place] = {}
        self._echoes: dict[int, _Place] = {}  # by action id
        self._unplaced: dict[str, Action] = {}  # answered, by event id, until the event comes

    # ------------------------------------------------------------ reading

    @property
    def oldest(self) -> int:
        """The order of the first loaded event; 0 when there is none."""
        return next((item.event.order for item in self.items if item.event), 0)

    @property
    def newest(self) -> int:
        """The order of the last loaded event; 0 when there is none."""
        return next((item.event.order for item in reversed(self.items) if item.event), 0)

    def index_of(self, event_id: str) -> int | None:
        """Where an event stands, None when it is not loaded."""
        place = self._events.get(event_id)
        return None if place is None else bisect_left(self._places, place)

    def event(self, event_id: str) -> RoomEvent | None:
        """The loaded event with this id."""
        index = self.index_of(event_id)
        return None if index is None else self.items[index].event

    def echoes(self, action_id: int) -> bool:
        """Whether an action is shown that has no event yet."""
        return action_id in self._echoes

    # ------------------------------------------------------------ changing

    def reset(
        self, events: Iterable[RoomEvent], gaps: Iterable[Gap], actions: Iterable[Action], *, detached: bool = False
    ) -> list[Change]:
        """Start over with what is stored; `actions` are shown at the room's end, so not while it is detached."""
        self.items, self._places, self.detached = [], [], detached
        self._events, self._echoes, self._unplaced = {}, {}, {}
        for event in sorted(events, key=_order):
            place = (event.order, _EVENT)
            if event.event_id not in self._events and place not in self._places[-1:]:
                self._events[event.event_id] = place
                self._places.append(place)
                self.items.append(Item(event.event_id, event=event))
        self.set_gaps(list(gaps))
        for action in actions:
            self.echo(action)
        return [Reset(tuple(self.items))]

    def attach(self, actions: Iterable[Action]) -> list[Change]:
        """The list has come to the room's end again: what waits to be sent is shown there."""
        self.detached = False
        return [change for action in actions for change in self.echo(action)]

    def add(self, events: Iterable[RoomEvent]) -> list[Change]:
        """Put events in their places; a known event is brought up to date."""
        changes: list[Change] = []
        for event in sorted(events, key=_order):
            changes += self._put(event)
        return _joined(changes)

    def echo(self, action: Action) -> list[Change]:
        """Show an action where its event will be, or bring its mark up to date."""
        index = self.index_of(action.event_id) if action.event_id else None
        if index is not None:
            return self._settle(action, index)
        if action.event_id:
            self._unplaced[action.event_id] = action
        if action.state is State.CANCELLED:
            return self._remove_echo(action.id)
        if self.detached:
            return []
        place, known = _echo_place(action), self._echoes.get(action.id)
        self._echoes[action.id] = place
        if known is None:
            return [self._insert(place, Item(f"a{action.id}", action=action))]
        index = bisect_left(self._places, known)
        item = replace(self.items[index], action=action)
        return self._update(index, item) if known == place else [self._remove(index), self._insert(place, item)]

    def rekey(self, old_id: int, action: Action) -> list[Change]:
        """An action goes on under a new id; one that was refused and is tried again keeps its place and its key."""
        place = self._echoes.get(old_id)
        if place is None or place != _echo_place(action):
            return [*self._remove_echo(old_id), *self.echo(action)]
        self._echoes[action.id] = self._echoes.pop(old_id)
        index = bisect_left(self._places, place)
        return self._update(index, replace(self.items[index], action=action))

    def set_gaps(self, gaps: Sequence[Gap]) -> list[Change]:
        """These are the room's gaps now, as far as they touch what is loaded."""
        end = self.newest if self.detached else _ECHO
        wanted = {_gap_key(g): g for g in gaps if (g.before > self.oldest and g.after <= end) or not self._events}
        changes: list[Change] = []
        for index in range(len(self.items) - 1, -1, -1):
            item = self.items[index]
            if item.gap is None:
                continue
            gap = wanted.pop(item.key, None)
            changes += [self._remove(index)] if gap is None else self._update(index, replace(item, gap=gap))
        for gap in wanted.values():
            changes.append(self._insert((gap.after, _GAP), Item(_gap_key(gap), gap=gap)))
        return changes

    def drop_oldest(self, keep: int) -> list[Change]:
        """Forget all but the newest `keep` items: memory follows what is near the screen."""
        surplus = len(self.items) - keep
        return [self._forget(0, surplus)] if surplus > 0 else []

    def drop_newest(self, keep: int) -> list[Change]:
        """Forget all but the oldest `keep` items, and every echo; the list no longer ends where the room does."""
        if len(self.items) <= keep:
            return []
        self.detached = True
        keep = min(keep, bisect_left(self._places, (_ECHO, 0)))
        return [self._forget(keep, len(self.items) - keep)]

    def _forget(self, start: int, count: int) -> Removed:
        for item in self.items[start : start + count]:
            if item.event is not None:
                self._events.pop(item.event.event_id, None)
            elif item.action is not None:
                self._echoes.pop(item.action.id, None)
        del self.items[start : start + count], self._places[start : start + count]
        return Removed(start, count)

    # ------------------------------------------------------------ parts

    def _put(self, event: RoomEvent) -> list[Change]:
        known = self._events.get(event.event_id)
        if known is not None:
            index = bisect_left(self._places, known)
            item = replace(self.items[index], event=event)
            return self._update(index, item) if known[0] == event.order else self._move(index, item, event.order)
        action = self._unplaced.pop(event.event_id, None)
        action_id = event.action_id or (action.id if action else 0)
        place = (event.order, _EVENT)
        index = bisect_left(self._places, place)
        if index < len(self._places) and self._places[index] == place:
            return []  # another event holds this order: the first one stays
        if action_id in self._echoes:
            return self._confirm(event, action_id, place)
        self._events[event.event_id] = place
        return [self._insert(place, Item(event.event_id, event=event, action=action))]

    def _confirm(self, event: RoomEvent, action_id: int, place: _Place) -> list[Change]:
        old = bisect_left(self._places, self._echoes.pop(action_id))
        item = replace(self.items[old], event=event)
        self._events[event.event_id] = place
        new = bisect_left(self._places, place)
        if new == old:
            self._places[old], self.items[old] = place, item
            return [Changed(old, item)]
        return [self._remove(old), self._insert(place, item)]

    def _settle(self, action: Action, index: int) -> list[Change]:
        changes = self._remove_echo(action.id)
        if changes:
            index = bisect_left(self._places, self._events[action.event_id])
        return changes + self._update(index, replace(self.items[index], action=action))

    def _move(self, index: int, item: Item, order: int) -> list[Change]:
        """The server has given an event another place; it stays where it is when that is taken."""
        place = (order, _EVENT)
        at = bisect_left(self._places, place)
        if at < len(self._places) and self._places[at] == place:
            return []
        return [self._remove(index), self._insert(place, item)]

    def _update(self, index: int, item: Item) -> list[Change]:
        if self.items[index] == item:
            return []
        self.items[index] = item
        return [Changed(index, item)]

    def _remove_echo(self, action_id: int) -> list[Change]:
        place = self._echoes.pop(action_id, None)
        return [] if place is None else [self._remove(bisect_left(self._places, place))]

    def _insert(self, place: _Place, item: Item) -> Inserted:
        index = bisect_left(self._places, place)
        self._places.insert(index, place)
        self.items.insert(index, item)
        if item.event is not None:
            self._events[item.event.event_id] = place
        return Inserted(index, (item,))

    def _remove(self, index: int) -> Removed:
        del self._places[index], self.items[index]
        return Removed(index, 1)


def _echo_place(action: Action) -> _Place:
    """Where an echo stands: in the order typed, what leaves at a time of its own after all others, by that time."""
    return (_ECHO + action.scheduled, action.place)


def _gap_key(gap: Gap) -> str:
    return f"gap{gap.after}"


def _joined(changes: list[Change]) -> list[Change]:
    """Neighbouring insertions as one: a page of history is one change."""
    joined: list[Change] = []
    run: list[Item] = []
    start = 0
    for change in changes:
        if isinstance(change, Inserted) and run and change.index == start + len(run):
            run.extend(change.items)
            continue
        if run:
            joined.append(Inserted(start, tuple(run)))
            run = []
        if isinstance(change, Inserted):
            start, run = change.index, list(change.items)
        else:
            joined.append(change)
    if run:
        joined.append(Inserted(start, tuple(run)))
    return joined
