"""One WebSocket of a server that makes faults on purpose: frames of both ways go through its plan (A25)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from websockets.asyncio.server import ServerConnection

from chat_tui_wschat.server.faults import Decision, Lane, Plan, Way
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.outgoing import Close, Outgoing
from chat_tui_wschat.server.sockets import FileBytes, OutgoingSocket
from chat_tui_wschat.server.state import Session

_log = logging.getLogger(__name__)


class FaultySocket(OutgoingSocket):
    """An OutgoingSocket whose frames have the faults of a plan, from the first one that a signed-in client sends.

    What the server says before, the replay after a RESUME among it, arrives: so every new connection brings a
    client further, however many faults there are. `take` gets what comes in, `session` gives the socket's session.
    """

    __slots__ = ("_inward", "_outward", "_over", "_plan", "_rough", "_session", "_take", "_timers")

    def __init__(
        self,
        ws: ServerConnection,
        limits: Limits,
        too_slow: Callable[[], None],
        files: FileBytes,
        plan: Plan,
        *,
        take: Callable[[str | bytes], None],
        session: Callable[[], Session | None],
    ) -> None:
        super().__init__(ws, limits, too_slow, files)
        self._plan = plan
        self._take = take
        self._session = session
        self._inward = Lane[str | bytes]()
        self._outward = Lane[str]()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._rough = False
        self._over = False

    def push(self, frames: Sequence[Outgoing]) -> None:
        """Send frames, as far as the plan lets them. Chunks of files come unharmed, or not at all."""
        if not self._rough:
            super().push(frames)
            return
        for frame in frames:
            if isinstance(frame, Close):
                super().push([*self._outward.rest(), frame])
                return
            if isinstance(frame, str):
                self._pass("out", frame)
            else:
                super().push([frame])
        self._let_out()

    def receive(self, frame: str | bytes) -> None:
        """Take a frame that came in, as far as the plan lets it."""
        if self._over:
            return
        self._rough = self._rough or self._session() is not None
        if not self._rough or (isinstance(frame, bytes) and frame[:1] == b"x"):
            self._take(frame)
            return
        self._pass("in", frame)
        self._let_in()

    def _pass(self, way: Way, frame: str | bytes) -> None:
        """Let the plan decide about one frame."""
        if self._over:
            return
        decision = self._plan.decide(way, frame)
        if decision.fault != "pass":
            number = self._plan.counts[way]
            _log.info("fault socket=%d way=%s frame=%d fault=%s", self._plan.socket, way, number, decision.fault)
        if decision.fault == "cut":
            self._cut(decision)
        elif decision.fault in {"drop", "lose-confirm"}:
            self._mend_later(self._plan.mending(way))
        elif way == "in":
            self._inward.put(frame, decision, _now())
        elif isinstance(frame, str):
            self._outward.put(frame, decision, _now())

    def _let_in(self) -> None:
        for frame in self._inward.due(_now()):
            self._take(frame)
        self._wake("in", self._inward.wake_at(), self._let_in)

    def _let_out(self) -> None:
        due: list[Outgoing] = [*self._outward.due(_now())]
        if due:
            super().push(due)
        self._wake("out", self._outward.wake_at(), self._let_out)

    def _wake(self, name: str, at: float | None, work: Callable[[], None]) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
        if at is not None and not self._over:
            self._timers[name] = asyncio.get_running_loop().call_at(at, work)

    def _mend_later(self, decision: Decision) -> None:
        """A frame was lost: the connection goes too, if it does not go before."""
        if "mend" not in self._timers:
            seconds = self._plan.mix.mend
            self._timers["mend"] = asyncio.get_running_loop().call_later(seconds, self._cut, decision)

    def _cut(self, decision: Decision) -> None:
        if self._over:
            return
        self._end()
        session = self._session()
        if decision.forget and session is not None:
            session.acknowledge(session.seq)
        if decision.code:
            super().push([Close(decision.code, "a fault on purpose")])
        else:
            self.ws.transport.abort()

    def _end(self) -> None:
        """Let nothing through any more, in either way."""
        self._over = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._inward.rest()
        self._outward.rest()

    async def finish(self) -> None:
        """Wait until nothing is being written any more."""
        self._end()
        await super().finish()


def _now() -> float:
    return asyncio.get_running_loop().time()
