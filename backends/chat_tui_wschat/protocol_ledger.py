"""What is on its way: actions that wait for their turn, were written, and what their answers mean (wschat 3.5)."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import Answered, LostAction, News, Postponed, Problem, RefusedAction, Written
from chat_tui_core.safe_text import one_line
from chat_tui_wschat.frames import Confirm, Failure
from chat_tui_wschat.protocol_fields import flag, moment, named, text, whole
from chat_tui_wschat.protocol_link import Pace
from chat_tui_wschat.protocol_timeline import made_id

ANSWER_TIME: Final = 20.0
"""Seconds without an answer on a living connection after which an action is handed back as in doubt."""

DEFAULT_RETRY: Final = 5.0
LEAST_RETRY: Final = 0.5
MOST_RETRY: Final = 300.0
"""Seconds that a RATELIMIT without, or with a hostile, `retry` makes an action wait (A23)."""

FAULT_RETRIES: Final = (2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
"""Seconds before an action that met a fault of the server's is tried again with the same id."""

TEXT_LIMIT: Final = 300
_REMEMBERED: Final = 4_096

_ECHO_TYPES: Final = {
    Kind.SEND: "message",
    Kind.EDIT: "message",
    Kind.REDACT: "message",
    Kind.REACT: "message",
    Kind.CREATE_ROOM: "channel",
    Kind.DELETE_ROOM: "channel",
    Kind.TOPIC: "channel",
    Kind.JOIN: "user",
    Kind.LEAVE: "user",
    Kind.INVITE: "user",
    Kind.KICK: "user",
}
"""Kind of action -> the event type that its echo has, to those who declared that intent (wschat 3.3)."""


_PLACED: Final = frozenset({Kind.JOIN, Kind.LEAVE, Kind.KICK, Kind.TOPIC})
"""Kinds whose own timeline item is at the pos of their answer, and has no id of its own."""


def sane_retry(retry: float | None) -> float:
    """Give the seconds to wait after RATELIMIT, whatever its `retry` says."""
    return DEFAULT_RETRY if retry is None else min(max(retry, LEAST_RETRY), MOST_RETRY)


@dataclass(slots=True)
class Entry:
    """One action with its frame; `at` is when it was written."""

    id: int
    kind: Kind
    room_id: str
    message: str | bytes
    at: float = 0.0


class Ledger:
    """Every action between `do` and its end on this connection. Nothing in here outlives the connection."""

    def __init__(self) -> None:
        self._waiting: deque[Entry] = deque()
        self._written: dict[int, Entry] = {}
        self._known: OrderedDict[int, Entry] = OrderedDict()  # answered, echoed or given up: late replies may come
        self._faults: dict[int, int] = {}

    def put(self, action: Action, message: str | bytes) -> None:
        """Let an action wait for its turn."""
        self._waiting.append(Entry(action.id, action.kind, action.room_id, message))

    def release(self, pace: Pace, now: float) -> list[Entry]:
        """Give the actions whose turn it is; they count as written."""
        released = []
        while self._waiting and pace.take(now):
            entry = self._waiting.popleft()
            entry.at = now
            self._written[entry.id] = entry
            released.append(entry)
        return released

    def written(self, entry: Entry) -> Written:
        """Give the news that an action's bytes were handed to the network."""
        return Written(entry.id)

    def wake_at(self, pace: Pace) -> float | None:
        """Give the time when the next action may leave, or when one has gone unanswered for too long."""
        times = [entry.at + ANSWER_TIME for entry in self._written.values()]
        if self._waiting:
            times.append(pace.ready_at)
        return min(times, default=None)

    # ------------------------------------------------------------ what becomes of them

    def confirm(self, reply: Confirm, intents: Collection[str]) -> list[News]:
        """An action was carried out (S1 2a)."""
        entry = self._end(reply.id)
        if entry is None:
            return [_unknown("CONFIRM", reply.verb)]
        data = reply.data or {}
        noop = flag(data, "noop")
        order = 0 if noop else whole(data, "pos")
        event_id = named(data, "id") or (made_id(entry.room_id, order) if order and entry.kind in _PLACED else "")
        changed = text(data, "text") if isinstance(data.get("text"), str) else None
        final = self._is_final(entry, reply, intents)
        return [Answered(entry.id, event_id, order, moment(data), entry.room_id, changed, final)]

    def _is_final(self, entry: Entry, reply: Confirm, intents: Collection[str]) -> bool:
        """Whether no echo will follow.

        A repeated answer may be to an action of an earlier session, whose echo went there; only a message then has
        another way to be seen, by its place in the timeline.
        """
        if entry.kind is Kind.READ or flag(reply.data or {}, "noop") or (reply.dup and entry.kind is not Kind.SEND):
            return True
        needed = _ECHO_TYPES.get(entry.kind)
        return needed is not None and needed not in intents

    def fail(self, reply: Failure, pace: Pace, now: float) -> list[News]:
        """The server said no, or not now."""
        entry = self._end(reply.id)
        if entry is None:
            return [_unknown(f"ERROR {reply.code}", reply.verb)]
        said = one_line(reply.text, TEXT_LIMIT) or reply.code
        if reply.code == "RATELIMIT":
            seconds = sane_retry(reply.retry)
            pace.hold(now + seconds)
            return [Postponed(entry.id, seconds, reply.code, said), *self._postpone(entry.room_id, seconds, said)]
        if reply.code in {"INTERNAL", "BADSTATE"}:
            count = self._faults.get(entry.id, 0)
            self._faults[entry.id] = count + 1
            return [Postponed(entry.id, FAULT_RETRIES[min(count, len(FAULT_RETRIES) - 1)], reply.code, said)]
        self._faults.pop(entry.id, None)
        return [RefusedAction(entry.id, reply.code, said)]

    def _postpone(self, room_id: str, seconds: float, said: str) -> list[News]:
        """Hand the room's waiting actions back, so that none overtakes the one that must wait."""
        back = [entry for entry in self._waiting if entry.room_id == room_id]
        self._waiting = deque(entry for entry in self._waiting if entry.room_id != room_id)
        return [Postponed(entry.id, seconds, "RATELIMIT", said) for entry in back]

    def echoed(self, action_id: int) -> None:
        """An action was seen in the stream: it is settled, whatever its answer says."""
        self._end(action_id)
        self._faults.pop(action_id, None)

    def overdue(self, now: float) -> list[News]:
        """Give back what was not answered in time although the connection lives; the same id is tried again."""
        late = [entry.id for entry in self._written.values() if now >= entry.at + ANSWER_TIME]
        for action_id in late:
            self._end(action_id)
        return [LostAction(action_id) for action_id in late]

    def lost(self) -> list[News]:
        """The connection is gone: what was written is in doubt, what was not goes back as it is."""
        news: list[News] = [LostAction(action_id) for action_id in self._written]
        news += [
            Postponed(entry.id, 0.0, "OFFLINE", "The connection broke before it was sent.") for entry in self._waiting
        ]
        self._written.clear()
        self._waiting.clear()
        self._known.clear()
        return news

    def _end(self, action_id: int | None) -> Entry | None:
        """Give the entry of an action that was written on this connection, and keep it for late replies only."""
        if action_id is None:
            return None
        entry = self._written.pop(action_id, None)
        if entry is None:
            return self._known.get(action_id)
        self._known[action_id] = entry
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return entry


def _unknown(what: str, verb: str) -> Problem:
    return Problem(f"An answer to nothing that was asked was set aside: {what} {verb}.")
