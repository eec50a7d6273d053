"""The Matrix protocol core: a contract.ProtocolCore without I/O, clock or randomness of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chat_tui_core.actions import Action
from chat_tui_core.contract import (
    Link,
    LostAction,
    News,
    Position,
    Postponed,
    Question,
    StateReader,
    StateSet,
    Surroundings,
)
from chat_tui_core.file_news import FileOrder
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.line import Line
from chat_tui_matrix.protocol.opening import CAPABILITIES
from chat_tui_matrix.protocol.parts import Parts, make_parts
from chat_tui_matrix.protocol.sign_in import SIGNED_OUT, Gate, Login
from chat_tui_matrix.protocol.sync_loop import SyncLoop
from chat_tui_matrix.wire.calls import Began, In, Out, Pictured, SecretKept, Sent, Stilled

__all__ = ["CAPABILITIES", "Login", "MatrixCore"]

_AWAY: Final = frozenset({Link.OFFLINE, Link.STOPPED})
_LARGEST_TURN: Final = 1 << 30
"""Orders stay below 2**53."""


class MatrixCore:
    """One account on one homeserver. See contract.ProtocolCore for what each method is called for.

    `position` is what the last Position gave, or empty; `rng` gives a number from 0 to below 1 (jitter); `state` reads
    what was stored of StateSet; `mode` is "auto", "sync", "sliding" or "legacy". Whenever an answer came in, `work` must
    be called until it says that nothing is left; news may be taken in between.
    """

    def __init__(
        self,
        login: Login,
        position: Mapping[str, str],
        rng: Callable[[], float],
        state: StateReader | None = None,
        mode: str = "auto",
        *,
        parts: Callable[[Desk], Parts] = make_parts,
    ) -> None:
        self._desk = Desk(login.user, login.device, "", Surroundings().read_state if state is None else state)
        self._desk.turn = _turn(position)
        self._gate = Gate(self._desk, login.secret, self._end)
        self._rng = rng
        self._mode = mode
        self._make = parts
        self._started = False
        self._told_link = Link.OFFLINE
        self._given: Mapping[str, str] = position  # the newest position that was given out
        self._state_given = False  # some state was given out after it
        self._build(position)

    def _build(self, position: Mapping[str, str]) -> None:
        self._parts = self._make(self._desk)
        self._line = Line(self._desk, self._rng, self._broke, self._end)
        self._loop = SyncLoop(self._desk, self._line, self._parts, self._mode, position, ended=self._end)

    @property
    def link(self) -> Link:
        """How the account stands to its server."""
        return self._desk.link

    # ------------------------------------------------------------ in, from the session

    def start(self, now: float) -> None:
        """Begin to connect; does nothing while that is under way."""
        if self._desk.link not in _AWAY:
            return
        if self._started:  # what the parts know may never have been stored: an answer was dropped
            self._build(self._loop.position)
        self._started = True
        self._gate.open()
        self._loop.start(now)

    def stop(self, now: float) -> None:
        """Drop what is under way; nothing is tried again."""
        if self._desk.link is not Link.OFFLINE:
            self._leave(Link.OFFLINE, "closed", "the connection was closed", now)

    def do(self, action: Action, now: float) -> None:
        """Have an action's request made."""
        if self._desk.link is Link.ONLINE:
            self._parts.ledger.do(action, now)
        elif action.doubt:
            self._desk.say(LostAction(action.id))
        else:
            text = "Not connected; it is sent when the connection is back."
            self._desk.say(Postponed(action.id, 0.0, "OFFLINE", text))

    def ask(self, question: Question, now: float) -> None:
        """Take a question."""
        self._parts.questions.ask(question, now)

    def order(self, order: FileOrder, now: float) -> None:
        """Take an order about a file; without a link it is forgotten, and given again when there is one."""
        if self._desk.link is Link.ONLINE:
            self._parts.files.order(order, now)

    def stored(self, position: Mapping[str, str], now: float) -> None:
        """Everything up to this position is durable. Told on unless newer state was said and may not be."""
        if position == self._given and not self._state_given and not self._loop.applying:
            self._parts.rooms.stored()

    def connect_now(self, now: float) -> None:
        """Do not wait for the next try."""
        if self._desk.link is Link.STOPPED:
            self.start(now)
        else:
            self._line.again(now)
            self._tell_link(now)

    # ------------------------------------------------------------ in, from the shell

    def receive(self, data: In, now: float) -> None:
        """Take what the shell met; an answer to a poll is only put down for `work`."""
        if isinstance(data, SecretKept):
            self._gate.kept()
        elif isinstance(data, Pictured | Sent | Began | Stilled):
            self._parts.files.met(data)
        elif not self._gate.take(data, now):
            self._desk.replied(data, now)
        self._tell_link(now)

    def work(self, now: float) -> bool:
        """Apply a part of the newest answer to a poll, some milliseconds long; says whether more is left."""
        more = self._loop.work(now)
        self._tell_link(now)
        return more

    def tick(self, now: float) -> None:
        """Let time pass."""
        if self._desk.link not in _AWAY:
            self._line.tick(now)
            self._told_link = self._desk.link
            self._loop.tick(now)
            self._parts.ledger.tick(now)
            self._parts.questions.tick(now)
            self._parts.files.tick(now)

    def _tell_link(self, now: float) -> None:
        """Let the parts do what waited for this change of the link."""
        if self._desk.link is not self._told_link:
            self.tick(now)

    # ------------------------------------------------------------ out

    def sends(self) -> list[Out]:
        """What the shell must do now, in order."""
        return self._gate.outs()

    def events(self) -> list[News]:
        """What happened, in order. What an answer brought is in one batch with its Position, but for a first sync's."""
        if self._loop.holding:
            return []
        self._loop.mark()
        news = self._desk.take_news()
        for item in news:
            if isinstance(item, Position):
                self._given, self._state_given = item.data, False
            elif isinstance(item, StateSet):
                self._state_given = True
        return news

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest; None = no need."""
        if self._desk.link in _AWAY:
            return None
        parts = (self._line, self._loop, self._parts.ledger, self._parts.questions, self._parts.files)
        times = (part.wake_at() for part in parts)
        return min((at for at in times if at is not None), default=None)

    # ------------------------------------------------------------ the end

    def _end(self, reason: str, now: float) -> None:
        """Trying again cannot help: the person must act."""
        if self._desk.link not in _AWAY:
            self._leave(Link.STOPPED, reason, SIGNED_OUT, now)

    def _broke(self, now: float) -> None:
        self._parts.ledger.lost(now)
        self._parts.questions.lost(now)
        self._parts.counting.lost()
        self._parts.files.lost()

    def _leave(self, link: Link, reason: str, told: str, now: float) -> None:
        if self._loop.holding:
            self._desk.take_news()  # half of an answer: the whole of it comes again
        self._loop.stop()
        self._line.move(link, reason, now)
        self._parts.questions.stop(now)
        self._parts.files.stop()
        self._gate.shut(told, now)


def _turn(position: Mapping[str, str]) -> int:
    text = position.get("turn", "")
    return min(int(text), _LARGEST_TURN) if text.isascii() and text.isdigit() and len(text) < 12 else 0
