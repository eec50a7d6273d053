"""What the person did, on its way: one request after the other, and exactly one word on each try."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from chat_tui_core.actions import Action
from chat_tui_core.contract import Answered, Link, LostAction, News, Postponed, RefusedAction, Written
from chat_tui_core.values import slotted
from chat_tui_matrix.protocol.deeds import DEEDS, Allowance, Deed, carry_out
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.known_rooms import Done, Job, KnownRooms
from chat_tui_matrix.protocol.lookups import NotYet
from chat_tui_matrix.protocol.replies import Declined, Given, Later, Steps, Unheard, Unreadable, judge
from chat_tui_matrix.wire.calls import Reply, Request

FAULT_RETRIES: Final = (2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""Seconds before an action that met a fault is tried again with the same transaction id; the last one holds."""

UNSEEN: Final = 45.0
"""Seconds online after which an answered event counts as seen: the stream may have jumped over it (`limited`)."""

_LEAST_REST: Final = 0.05
_BROKE: Final = "The connection broke before it was sent."
_REMEMBERED: Final = 1_000
_READING: Final = "GET"


@slotted
class _Past:
    """What earlier tries of an action have met in this run. `pause_ends`: when it may be tried again."""

    faults: int = 0
    pause_ends: float = 0.0
    wrote_at: float | None = None


@slotted
class _Entry:
    """One try of an action. `written`: a request that changes something left; `reached`: one was answered."""

    job: Job
    deed: Deed
    steps: Steps[Done]
    call: int = 0
    method: str = ""
    written: bool = False
    reached: bool = False


class Ledger:
    """Every action between `do` and the word on that try: Answered, RefusedAction, Postponed or LostAction.

    Postponed is said only where nothing came of the action for sure, now and earlier: the person may then still take
    it back or change it. Everything else is in doubt and LostAction. Both name the pause before the next try. The
    session keeps it, for what is in doubt may be seen in the stream meanwhile, and must not be done again then.
    """

    def __init__(self, desk: Desk, rooms: KnownRooms) -> None:
        self._desk = desk
        self._rooms = rooms
        self._entries: dict[int, _Entry] = {}
        self._behind: dict[int, Action] = {}
        self._past: OrderedDict[int, _Past] = OrderedDict()
        self._held: dict[Allowance, float] = {}
        self._unseen: dict[int, tuple[Answered, float | None]] = {}

    # ------------------------------------------------------------ in

    def do(self, action: Action, now: float) -> None:
        """Begin to carry an action out, or say when it may be tried. One that is on its way already goes on."""
        if action.id in self._entries or action.id in self._behind:
            return
        rest = self._held.get(DEEDS[action.kind].allowance, 0.0) - now
        if self._desk.link is not Link.ONLINE:
            self._say(_not_sent(action, "Not connected."))
        elif rest > 0:
            self._put_off(action, max(rest, _LEAST_REST), "M_LIMIT_EXCEEDED", "The server asks for a pause.", now)
        elif self._overtakes(action):
            self._behind[action.id] = action
        else:
            self._begin(action, now)

    def lost(self, now: float) -> None:
        """The link broke: what was written is in doubt, what was not goes back as it is. Pauses are over."""
        for entry in list(self._entries.values()):
            self._desk.hang_up(entry.call)
            action = self._end(entry)
            broke = _not_sent(action, _BROKE)
            self._say(LostAction(action.id) if entry.written else broke)
        for action in self._behind.values():
            self._say(_not_sent(action, _BROKE))
        self._behind.clear()
        for action_id, past in self._past.items():
            if past.pause_ends > now:
                past.pause_ends = 0.0
                self._say(LostAction(action_id))
        self._unseen = {action_id: (answer, None) for action_id, (answer, _) in self._unseen.items()}

    def tick(self, now: float) -> None:
        """Let time pass: an event that was answered and is not seen for long counts as seen."""
        if self._desk.link is not Link.ONLINE:
            return
        for action in [action for action in self._behind.values() if not self._overtakes(action)]:
            del self._behind[action.id]
            self.do(action, now)
        for action_id, (answer, since) in list(self._unseen.items()):
            if since is None:  # what was missed comes with the next answers; only then is it late
                self._unseen[action_id] = (answer, now)
            elif now >= since + UNSEEN:
                del self._unseen[action_id]
                if not self._rooms.order_of(answer.room_id, answer.event_id):
                    self._say(answer)

    def wake_at(self) -> float | None:
        """Give the time when an answered event counts as seen, or something need not wait any more; 0 = at once."""
        if self._desk.link is not Link.ONLINE:
            return None
        times = [0.0 for action in self._behind.values() if not self._overtakes(action)]
        times += [0.0 if since is None else since + UNSEEN for _, since in self._unseen.values()]
        return min(times, default=None)

    # ------------------------------------------------------------ on its way

    def _overtakes(self, action: Action) -> bool:
        """Whether something that must not come later is still on its way to the same room.

        An action that was written twice may be seen in the stream while the second try is under way. The session then
        goes on to the next, and a server that does not know the second try again may carry it out after that one.
        """
        return any(
            entry.job.room_id == action.room_id and not entry.deed.known_again for entry in self._entries.values()
        )

    def _begin(self, action: Action, now: float) -> None:
        deed, past = DEEDS[action.kind], self._past.get(action.id, _Past())
        past.pause_ends = 0.0
        job = Job(action, self._desk, self._rooms, now, past.wrote_at)
        entry = self._entries[action.id] = _Entry(job, deed, carry_out(deed, job))
        self._advance(entry, partial(next, entry.steps), now)

    def _advance(self, entry: _Entry, feed: Callable[[], Request], now: float) -> None:
        """Give out the next request, or end the try."""
        action = entry.job.action
        try:
            request = feed()
        except StopIteration as end:
            self._done(entry, end.value, now)
        except Declined as no:
            self._refuse(entry, no.code, no.text)
        except Unreadable as error:
            self._again(entry, self._pause(action.id), "GARBLED", str(error), now)
        except NotYet as wait:
            entry.reached = True  # an earlier try may still be carried out
            self._again(entry, wait.seconds, "DOUBT", str(wait), now)
        except ValueError as error:  # text that cannot be written as UTF-8 or JSON
            self._refuse(entry, "BADARGS", f"This cannot be sent: {error}.")
        else:
            entry.method = request.method
            entry.call = self._desk.call(request, partial(self._replied, entry))
            if request.method != _READING:
                self._note_written(entry, now)

    def _note_written(self, entry: _Entry, now: float) -> None:
        action_id = entry.job.action.id
        self._remember(action_id).wrote_at = now
        if not entry.written:
            entry.written = True
            self._say(Written(action_id))

    def _replied(self, entry: _Entry, reply: Reply, now: float) -> None:
        verdict = judge(reply)
        match verdict:
            case Given():
                entry.reached |= entry.method != _READING
                entry.job.now, entry.job.wall_s = now, verdict.wall_s
                self._advance(entry, partial(entry.steps.send, verdict.value), now)
            case Declined():
                self._advance(entry, partial(entry.steps.throw, verdict), now)
            case Later() if entry.deed.far and verdict.named and verdict.status in {502, 504}:
                self._refuse(entry, verdict.code, verdict.said or verdict.text)
            case Later():
                self._later(entry, verdict, now)
            case Unheard():
                self._unheard(entry, verdict, now)

    def _later(self, entry: _Entry, later: Later, now: float) -> None:
        """Not now: the server's time, or a pause that grows with each fault of this action.

        A fault that bears an errcode is the homeserver's own word that it failed. One without is a proxy's, which does
        not know what became of the request; nor do we after an answer that cannot be read.
        """
        seconds = later.seconds or 0.0
        if later.limited:
            self._held[entry.deed.allowance] = now + seconds
        else:
            seconds = max(self._pause(entry.job.action.id), seconds)
            entry.reached |= entry.method != _READING and not later.named
        self._again(entry, seconds, later.code, later.text, now)

    def _unheard(self, entry: _Entry, unheard: Unheard, now: float) -> None:
        """No answer. The first time it is tried again at once: a connection that was kept too long breaks so."""
        first = not self._remember(entry.job.action.id).faults
        seconds = self._pause(entry.job.action.id)
        entry.reached |= unheard.sent and entry.method != _READING
        quick = first and entry.reached
        self._again(entry, 0.0 if quick else seconds, "OFFLINE", f"No answer: {unheard.reason}.", now)

    def _again(self, entry: _Entry, seconds: float, code: str, text: str, now: float) -> None:
        """The try is over without a result: nothing came of it, or that is in doubt."""
        action = self._end(entry)
        self._put_off(replace(action, doubt=action.doubt or entry.reached), seconds, code, text, now)

    def _put_off(self, action: Action, seconds: float, code: str, text: str, now: float) -> None:
        if action.doubt:
            self._remember(action.id).pause_ends = now + seconds
            self._say(LostAction(action.id, seconds))
        else:
            self._say(Postponed(action.id, seconds, code, text))

    # ------------------------------------------------------------ ends

    def _done(self, entry: _Entry, done: Done, now: float) -> None:
        action = self._end(entry)
        self._past.pop(action.id, None)
        room_id = done.room_id or action.room_id
        order = self._rooms.order_of(room_id, done.event_id) if done.event_id else 0
        answer = Answered(action.id, done.event_id, order, room_id=room_id, final=True)
        if done.final or order:
            self._say(answer)
            return
        self._say(Answered(action.id, done.event_id, room_id=room_id))
        self._unseen[action.id] = (answer, now)

    def _refuse(self, entry: _Entry, code: str, text: str) -> None:
        action = self._end(entry)
        self._past.pop(action.id, None)
        self._say(RefusedAction(action.id, code, text))

    def _end(self, entry: _Entry) -> Action:
        entry.steps.close()
        self._entries.pop(entry.job.action.id, None)
        return entry.job.action

    def _remember(self, action_id: int) -> _Past:
        past = self._past.setdefault(action_id, _Past())
        self._past.move_to_end(action_id)
        if len(self._past) > _REMEMBERED:
            self._past.popitem(last=False)
        return past

    def _pause(self, action_id: int) -> float:
        """Count a fault and give the seconds to wait after it."""
        past = self._remember(action_id)
        past.faults += 1
        return FAULT_RETRIES[min(past.faults, len(FAULT_RETRIES)) - 1]

    def _say(self, news: News) -> None:
        self._desk.say(news)


def _not_sent(action: Action, text: str) -> News:
    """What to say of a try of which no byte left."""
    return LostAction(action.id) if action.doubt else Postponed(action.id, 0.0, "OFFLINE", text)
