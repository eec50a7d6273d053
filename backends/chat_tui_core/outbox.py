"""Which waiting action leaves next, and what each one waits for: a room's in the order typed, one at a time.

One at a time is what keeps the order when the server refuses or postpones an action in the middle: the next one
is not on the wire yet. Rooms are independent of each other. Everything here is pure: a session and a simulator drive it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from chat_tui_core.actions import BLOCKING, ENDING, NOTES, OPEN, Action, Kind, State
from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from chat_tui_core.news import Answered, Echoed, LostAction, News, Postponed, RefusedAction

#: A read position need not wait for a message that was refused, nor a message for a read position.
_OWN_LANE: Final = frozenset({Kind.READ})

#: Milliseconds that a server can make an action wait at most. What waits longer waits because the clock was set back.
LONGEST_HOLD: Final = 3_600_000


class Why(StrEnum):
    """What an open action waits for."""

    TURN = "turn"  # nothing but the link
    ANSWER = "answer"  # on its way
    CHECK = "check"  # its answer was lost: the same id is looked for, or sent again
    ECHO = "echo"  # answered, and not seen in the stream yet
    TIME = "time"  # the person scheduled it
    UNDO = "undo"  # just said: it can still be taken back
    RETRY = "retry"  # the server could not take it: tried again by itself
    BEHIND = "behind"  # an earlier one of its room goes first
    BLOCKED = "blocked"  # an earlier one of its room was refused
    CAUSE = "cause"  # what it is about is not there yet
    PERSON = "person"  # refused: try again, change it, discard it, or let the others pass


@frozen
class Wait:
    """What keeps an open action: until when (milliseconds since 1970, 0 = no set time), and for which other action."""

    why: Why
    until: int = 0
    by: int = 0


@frozen
class Plan:
    """What may leave now, what holds a room back, when to look again (milliseconds; 0 = no need), and why the rest waits."""

    ready: tuple[Action, ...]
    blocked: dict[str, Action]
    due: int
    waits: dict[int, Wait]


def plan(actions: Iterable[Action], in_flight: Collection[int], now_ms: int) -> Plan:
    """Decide over all open actions. `in_flight`: handed to the backend and not yet answered, refused or lost."""
    known = {action.id: action for action in actions if action.state in OPEN}
    queues: dict[tuple[str, bool], list[Action]] = {}
    for action in known.values():
        queues.setdefault((action.room_id, action.kind in _OWN_LANE), []).append(action)
    lanes = {key: _Lane(in_order(queue), known, in_flight, now_ms) for key, queue in queues.items()}
    ready = (lane.ready for lane in lanes.values() if lane.ready is not None)
    return Plan(
        tuple(sorted(ready, key=lambda action: action.place)),
        {room_id: lane.blocking for (room_id, _), lane in lanes.items() if lane.blocking is not None},
        min((lane.due for lane in lanes.values() if lane.due), default=0),
        {action_id: wait for lane in lanes.values() for action_id, wait in lane.waits.items()},
    )


def in_order(queue: Iterable[Action]) -> list[Action]:
    """One room's actions in the order in which they leave: as typed; a scheduled one after all made before its time."""
    queue = list(queue)
    ordered = sorted((action for action in queue if not action.scheduled), key=lambda action: action.place)
    timed = (action for action in queue if action.scheduled)
    for action in sorted(timed, key=lambda action: (action.scheduled, action.id)):
        before = (index for index, other in enumerate(ordered) if other.moment <= action.scheduled)
        ordered.insert(max(before, default=-1) + 1, action)
    return ordered


def is_there(cause: Action) -> bool:
    """Whether what depends on an action can leave: the server has it, and told its event where it has one."""
    if cause.event_id or cause.state is State.CONFIRMED:
        return True
    return cause.state is State.SENT and cause.kind is not Kind.SEND


def resolved(action: Action, cause: Action) -> Action:
    """The dependent action once `cause` is there: it is about that event."""
    if action.kind is Kind.REACT and cause.kind is Kind.REACT:  # taking back a reaction
        about: dict[str, Any] = {key: cause.content[key] for key in ("target", "target_order") if key in cause.content}
        about["reaction_id"] = cause.event_id
    else:
        key = "reply_to" if action.kind is Kind.SEND else "target"
        about = {key: cause.event_id, "target_order": cause.event_order}
    return replace(action, content={**action.content, **about}, depends_on=0)


class _Lane:
    """One room's queue, gone through once from the front."""

    def __init__(
        self, queue: Sequence[Action], known: Mapping[int, Action], in_flight: Collection[int], now_ms: int
    ) -> None:
        self.ready: Action | None = None
        self.blocking: Action | None = None
        self.due = 0
        self._known = known
        self._in_flight = in_flight
        self._now = now_ms
        self._busy = self._first_out(queue)
        self._shut: Wait | None = None  # what holds back everything that follows
        self._messages_shut: Wait | None = None  # what holds back messages and the room's end, not joining it again
        self._notes_shut: Wait | None = None  # what holds back only what is done to messages
        self._adrift: set[int] = set()  # what waits for something that does not come by itself
        self.waits: dict[int, Wait] = {}
        for action in queue:
            self.waits[action.id] = self._look(action)

    def _look(self, action: Action) -> Wait:
        if action.state is State.SENT:
            return Wait(Why.ECHO)
        if action.state is State.FAILED:
            return self._refused(action)
        if self._is_out(action):
            return self._out(action)
        if action.scheduled > self._now:
            self._wake(action.scheduled)
            return Wait(Why.TIME, action.scheduled)
        return self._waiting(action)

    def _refused(self, action: Action) -> Wait:
        if action.kind in BLOCKING and not action.let_pass and self._holder(action) is None:
            self.blocking = action
            self._messages_shut = Wait(Why.BLOCKED, by=action.id)
        return Wait(Why.PERSON)

    def _out(self, action: Action) -> Wait:
        if action is not self._busy:
            return Wait(Why.BEHIND, by=self._busy.id if self._busy else 0)
        if action.id not in self._in_flight:
            self.ready = action
        if action.doubt:
            return Wait(Why.CHECK)
        return Wait(Why.TURN if self.ready else Why.ANSWER)

    def _waiting(self, action: Action) -> Wait:
        if self._busy is not None:
            return Wait(Why.BEHIND, by=self._busy.id)
        if (shut := self._holder(action)) is not None:
            return shut
        if self._is_held(action):
            return self._held(action)
        if (cause := self._missing(action)) is not None:
            if not self._is_coming(cause):
                self._adrift.add(action.id)
            elif action.kind in BLOCKING:
                self._shut = Wait(Why.BEHIND, by=action.id)
            return Wait(Why.CAUSE, by=cause.id)
        self.ready = action
        self._shut = Wait(Why.BEHIND, by=action.id)
        return Wait(Why.TURN)

    def _holder(self, action: Action) -> Wait | None:
        """What an earlier action holds this one back with."""
        if action.kind in BLOCKING | ENDING:
            return self._shut or self._messages_shut
        return self._shut or (self._notes_shut if action.kind in NOTES else None)

    def _held(self, action: Action) -> Wait:
        self._wake(action.not_before)
        if action.kind in NOTES:
            self._notes_shut = Wait(Why.BEHIND, by=action.id)
        elif not action.let_pass:
            self._shut = Wait(Why.BEHIND, by=action.id)
        if action.doubt:
            return Wait(Why.CHECK, action.not_before)
        new = action.kind in BLOCKING and not action.attempts and not action.error_code
        return Wait(Why.UNDO if new else Why.RETRY, action.not_before)

    def _missing(self, action: Action) -> Action | None:
        """What the action depends on, as long as that is not there."""
        cause = self._known.get(action.depends_on)
        return None if cause is None or is_there(cause) else cause

    def _is_coming(self, cause: Action) -> bool:
        """Whether a cause before this will be there by itself: then the order typed is kept behind what waits for it."""
        before = cause.id in self.waits and cause.id not in self._adrift
        return before and cause.state is not State.FAILED and cause.scheduled <= self._now

    def _is_held(self, action: Action) -> bool:
        return self._now < action.not_before <= self._now + LONGEST_HOLD

    def _is_out(self, action: Action) -> bool:
        """Whether an action's bytes may be out there, or are to be sent again now."""
        if action.id in self._in_flight:
            return action.state is State.PENDING
        return action.under_way and not self._is_held(action)

    def _first_out(self, queue: Sequence[Action]) -> Action | None:
        """The action that must land before any other of its room leaves."""
        out = [action for action in queue if self._is_out(action)]
        return next((action for action in out if action.id in self._in_flight), out[0] if out else None)

    def _wake(self, at: int) -> None:
        self.due = min(self.due or at, at)


@frozen
class Step:
    """What to do now: hand over, store that it may leave from now on, take that back; and when to look again."""

    hand: tuple[Action, ...]
    mark: tuple[int, ...]
    unmark: tuple[int, ...]
    due: int


class Outbox:
    """What was handed to the backend and has not landed, and what to do next.

    That an action may leave is stored (`mark`: its `written_at`) before it is handed over, so that after a crash
    everything whose bytes may be out there is known, and everything else can still be taken back or changed. What is
    handed over says in `written_at` when its bytes may last have left before, 0 = never.

    `earlier` are actions of an earlier run, which ended before `since_ms`: the file may be an older copy of one that has
    sent them, so they are always handed over as in doubt.
    """

    def __init__(self, earlier: Iterable[int] = (), since_ms: int = 0) -> None:
        self.blocked: Mapping[str, Action] = {}
        self.waits: Mapping[int, Wait] = {}
        self.earlier = max(earlier, default=0)
        self._since = since_ms
        self._written: dict[int, int] = {}
        self._online = False
        self._in_flight: set[int] = set()
        self._handed: set[int] = set()  # in flight, or lost: their bytes may be out there
        self._marking: set[int] = set()
        self._unmarking: set[int] = set()

    @property
    def is_online(self) -> bool:
        """Whether actions may be handed over."""
        return self._online

    def link(self, *, online: bool) -> None:
        """The link came up or went down. Whatever did not land before it came up again is in doubt."""
        if online and not self._online:
            self._in_flight.clear()
        self._online = online

    def note(self, news: Iterable[News], now_ms: int) -> None:
        """Something was heard of actions that are on their way, and is stored."""
        from chat_tui_core.news import Answered, Echoed, LostAction, Postponed, RefusedAction, Written

        for item in news:
            if isinstance(item, Written):
                self._written[item.action_id] = now_ms
            elif isinstance(item, Answered | Echoed | RefusedAction | Postponed | LostAction):
                self._landed(item)

    def _landed(self, item: Answered | Echoed | RefusedAction | Postponed | LostAction) -> None:
        from chat_tui_core.news import LostAction, Postponed

        self._in_flight.discard(item.action_id)
        if isinstance(item, LostAction):
            return
        self._handed.discard(item.action_id)
        if isinstance(item, Postponed):
            self._unmarking.discard(item.action_id)
        else:
            self._written.pop(item.action_id, None)

    def forget(self, action_id: int) -> None:
        """An action's id is no longer in use."""
        for ids in (self._in_flight, self._handed, self._marking, self._unmarking):
            ids.discard(action_id)
        self._written.pop(action_id, None)

    def marked(self, ids: Iterable[int]) -> None:
        """Marking these has ended, well or not."""
        self._marking.difference_update(ids)

    def next(self, actions: Collection[Action], now_ms: int) -> Step:
        """What to do now, given all open actions as they are stored."""
        found = plan(actions, self._in_flight, now_ms)
        self.blocked, self.waits = found.blocked, found.waits
        self._marking.difference_update(action.id for action in actions if action.under_way)
        if not self._online:
            back = tuple(action.id for action in actions if self._never_left(action))
            self._unmarking.update(back)
            return Step((), (), back, found.due)
        hand = [action for action in found.ready if action.under_way and action.id not in self._unmarking]
        mark = tuple(action.id for action in found.ready if not action.under_way and action.id not in self._marking)
        ids = {action.id for action in hand}
        self._in_flight |= ids
        self._handed |= ids
        self._marking.update(mark)
        return Step(tuple(map(self._as_known, hand)), mark, (), found.due)

    def _never_left(self, action: Action) -> bool:
        """Whether an action was marked to leave, and the link broke before it was handed over."""
        handled = action.id in self._handed or action.id in self._unmarking
        return action.under_way and not action.doubt and not handled

    def _as_known(self, action: Action) -> Action:
        """The action as the backend is to see it: with what is known of earlier tries, not with the mark of this one."""
        written = self._written.get(action.id, action.written_at if action.doubt else 0)
        if action.id <= self.earlier:
            return replace(action, doubt=True, written_at=written or self._since)
        return replace(action, written_at=written)
