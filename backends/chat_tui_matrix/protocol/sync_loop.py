"""The sync loop: one poll after the other, each applied and told with the position that it ends in (S2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chat_tui_core.contract import Link, Position, RoomsListed, SignedIn
from chat_tui_matrix.protocol.applying import Applying
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.line import Line
from chat_tui_matrix.protocol.opening import CAPABILITIES, Opening
from chat_tui_matrix.protocol.parts import Parts
from chat_tui_matrix.protocol.plain import PlainWay
from chat_tui_matrix.protocol.way import UNRECOGNIZED, Verdict, Way
from chat_tui_matrix.wire.calls import Answer, Refusal
from chat_tui_matrix.wire.events import SyncReply

QUICK: Final = 0.5
"""Seconds: an answer without news that comes sooner, although it was to wait for some, counts as too quick."""

MOST_QUICK: Final = 5
"""So many of those in a row are fine; then there is a pause before each poll, so that no server makes us race."""

PAUSE: Final = 1.0

COUNT_TIME: Final = 1.0
"""Seconds that being online waits for how much is unread, where that has to be asked for."""

COUNTED: Final = "counted"
"""What the token of counting is called in a position."""

NOT_OFFERED: Final = "the server does not offer this way to sync; choose another one, or auto"
FORGOTTEN: Final = "The server no longer knew where we were in its stream; everything is read again."


class SyncLoop:
    """Runs from `start` to `stop`. What is applied is said on the desk; the core gives it out unless `holding`."""

    def __init__(
        self,
        desk: Desk,
        line: Line,
        parts: Parts,
        mode: str,
        position: Mapping[str, str],
        *,
        ended: Callable[[str, float], None],
    ) -> None:
        self._desk = desk
        self._line = line
        self._rooms = parts.rooms
        self._questions = parts.questions
        self._counting = parts.counting
        self._counting.token = position.get(COUNTED, "")
        self._ended = ended
        self._opening = Opening(desk, line, mode, self._opened)
        self.position = dict(position)
        self._ways: list[Way] = []
        self._way: Way = PlainWay()
        self._applying: Applying | None = None
        self._first = False  # a first sync is under way: not every room has been told of
        self._seen: set[str] = set()  # by the first sync
        self._usable = False  # there are rooms to show
        self._forgotten = False
        self._asked_at = 0.0
        self._waited = False
        self._quick = 0
        self._counts_first = False  # being ONLINE waits until it is known how much is unread, or a second

    @property
    def applying(self) -> bool:
        """Whether an answer is applied in part."""
        return self._applying is not None

    @property
    def holding(self) -> bool:
        """Whether an answer is applied in part, and nothing of it must be given out before the rest (B4)."""
        return self._applying is not None and not self._first

    def start(self, now: float) -> None:
        """Begin with what the server offers."""
        self._opening.begin(now)

    def stop(self) -> None:
        """Drop what is under way."""
        self._line.hang_up()
        self._counting.lost()
        self._applying = None
        self._counts_first = False

    # ------------------------------------------------------------ which way

    def _opened(self, ways: list[Way], now: float) -> None:
        self._ways = ways
        self._take_way(now)

    def _take_way(self, now: float) -> None:
        """Sync the best way that is left: on from where this way was left last time, else from nothing."""
        self._way = way = self._ways.pop(0)
        desk = self._desk
        desk.say(SignedIn(desk.me, desk.device, capabilities=CAPABILITIES - way.lacks, note=way.note))
        self._begin(self.position.get(way.key, "") if self.position.get("mode") == way.mode else "")
        self._line.run(self._poll, now)

    def _begin(self, token: str) -> None:
        self._way.begin(token)
        self._first = not token
        self._usable = bool(token)
        self._seen.clear()

    # ------------------------------------------------------------ polling

    def _poll(self, now: float) -> None:
        way = self._way
        if self._counts_first:
            self._counts_first = False
            self._line.move(Link.ONLINE, "", now)
        elif self._desk.link is not Link.ONLINE:
            self._line.move(Link.RESUMING if self._usable else Link.SYNCING, "", now)
        self._waited = self._desk.link is Link.ONLINE and not self._first
        self._asked_at = now
        poll = way.next(wait=self._waited, presence=self._questions.presence)
        self._line.ask(poll.request, poll.seconds, self._polled, now)

    def _polled(self, answer: Answer, now: float) -> None:
        taken = self._way.take(answer)
        if isinstance(taken, SyncReply):
            self._applying = Applying(taken, answer.wall_s, self._desk, self._rooms)
        elif taken is Verdict.MORE:
            self._poll(now)
        elif taken is Verdict.FORGOTTEN:
            self._begin_again(answer, now)
        elif taken is Verdict.ABSENT and self._ways:
            self._desk.problem(f"The server offers the sync mode {self._way.mode} but does not have it.")
            self._take_way(now)
        elif taken is Verdict.ABSENT and isinstance(answer.value, Refusal) and answer.value.code == UNRECOGNIZED:
            self._ended(NOT_OFFERED, now)
        else:
            self._line.refused(answer, now)

    def _begin_again(self, answer: Answer, now: float) -> None:
        """The token is worth nothing: a first sync, after the back-off when that has just happened."""
        self._begin("")
        if self._forgotten:
            self._line.refused(answer, now)
            return
        self._forgotten = True
        self._desk.problem(FORGOTTEN)
        self._line.move(Link.SYNCING, "", now)
        self._poll(now)

    # ------------------------------------------------------------ applying

    def work(self, now: float) -> bool:
        """Apply a part of the newest answer; says whether more is left."""
        applying = self._applying
        if applying is None:
            return False
        more = applying.slice()
        if self._first:
            self._seen.update(applying.told)
        if more:
            if not self._usable and applying.rested:
                self._line.move(Link.SYNCING, self._progress(applying.reply), now)
            if self._first:
                self._tell_position("")
            return True
        self._applied(applying.reply, now)
        self._applying = None
        self._go_on(applying.reply, now)
        return False

    def _applied(self, reply: SyncReply, now: float) -> None:
        """All of an answer is told: the link, the list of rooms when it is whole, and last the position."""
        way, was_first = self._way, self._first
        self._usable = True
        if not (was_first and self._forgotten):
            self._line.backoff.reset()
            self._forgotten = False
        if was_first and way.whole:
            self._first = False
            self._desk.say(RoomsListed(tuple(r for r in self._rooms.overview() if r.room_id in self._seen)))
            self._seen.clear()
        if not way.behind:
            self._up_to_date(reply, now)
        self._tell_position("" if self._first else reply.since)

    def _up_to_date(self, reply: SyncReply, now: float) -> None:
        """Nothing more was missed: the link is ONLINE, or will be when it is known how much is unread."""
        self._counts_first = self._desk.link is not Link.ONLINE and self._must_count and self._counting.wanted
        if not self._counts_first:
            self._line.move(Link.ONLINE, self._progress(reply) if self._first else "", now)

    def _tell_position(self, token: str) -> None:
        """Say where the stream stands; a first sync that is not whole stands nowhere, but its turn is used up."""
        place = {self._way.key: token} if token else {}
        self._tell({"mode": self._way.mode, **place, **self._beside()})

    def mark(self) -> None:
        """Say the position again where a page of history has begun a turn, or something was counted: stored with that."""
        if self._applying is None and "turn" in self.position:
            self._tell({**self.position, **self._beside()})

    def _beside(self) -> dict[str, str]:
        """What a position holds beside the place in the stream."""
        counted = "" if self._way.counts else self._counting.token
        return {"turn": str(self._desk.turn), **({COUNTED: counted} if counted else {})}

    def _tell(self, position: dict[str, str]) -> None:
        if position != self.position:
            self.position = position
            self._desk.say(Position(position))

    # ------------------------------------------------------------ how much is unread

    def tick(self, now: float) -> None:
        """Let time pass: where an answer does not tell how much is unread, that is asked when all rooms are known."""
        if self._must_count:
            self._counting.tick(now)

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest."""
        return self._counting.wake_at() if self._must_count else None

    @property
    def _must_count(self) -> bool:
        return not (self._first or self._way.counts)

    def _counted(self, now: float) -> None:
        if self._counts_first:
            self._line.run(self._poll, now)

    def _progress(self, reply: SyncReply) -> str:
        total = max(reply.total, len(self._seen))
        return f"{len(self._seen)} of {total} rooms" if total else ""

    def _go_on(self, reply: SyncReply, now: float) -> None:
        empty = not (reply.rooms or reply.account_data or reply.presence)
        quick = self._waited and empty and now - self._asked_at < QUICK
        self._quick = self._quick + 1 if quick else 0
        if self._counts_first:
            self._line.pause(COUNT_TIME, now)
            self._counting.ask(now, self._counted)
        elif self._quick > MOST_QUICK:
            self._line.pause(PAUSE, now)
        else:
            self._poll(now)
