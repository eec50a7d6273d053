"""What the parts of one account's protocol core share: calls with their sequels, news, and who we are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chat_tui_core.contract import Link, News, Problem, StateReader
from chat_tui_matrix.wire.calls import Call, Hangup, Out, Reply, Request

Then = Callable[[Reply, float], None]
"""What happens with a call's end: (reply, now)."""

EPOCH: Final = 1_704_067_200
"""2024-01-01, from which turns are counted, in seconds since 1970."""

ROOM_FOR_LATER: Final = 1 << 23
"""Orders between two turns: as many events of one room may be missed between two answers and be fetched later.

A turn is one answer that brings new events. It is at least the second of its arrival since EPOCH and always higher than
the one before, which is stored with the position: so orders rise across restarts, even where an answer was
half stored, and all orders stay below 2**53.
"""


class Desk:
    """Calls out, replies in. Parts add calls and news here; only the core takes them from it."""

    def __init__(self, me: str, device: str, token: str, state: StateReader) -> None:
        self.me = me
        self.device = device
        self.token = token
        self.state = state
        self.link = Link.OFFLINE
        self.turn = 0
        self._last_call = 0
        self._then: dict[int, Then] = {}
        self._out: list[Out] = []
        self._news: list[News] = []

    # ------------------------------------------------------------ out

    def call(self, request: Request, then: Then) -> int:
        """Have a request made; `then` gets its answer or its failure, once. Returns the call's id."""
        self._last_call += 1
        self._then[self._last_call] = then
        self._out.append(Call(self._last_call, request, self.token if request.auth else ""))
        return self._last_call

    def hang_up(self, call_id: int) -> None:
        """Drop a call; its sequel is not run."""
        if self._then.pop(call_id, None) is not None:
            self._out.append(Hangup(call_id))

    def put(self, out: Out) -> None:
        """Have the shell do something that is no call."""
        self._out.append(out)

    def say(self, *news: News) -> None:
        """Add news, in order."""
        self._news.extend(news)

    def problem(self, text: str, room_id: str = "") -> None:
        """Something was set aside."""
        self._news.append(Problem(text, room_id))

    # ------------------------------------------------------------ in

    def replied(self, reply: Reply, now: float) -> None:
        """Run the sequel of a call; one that nobody waits for any more is dropped."""
        then = self._then.pop(reply.id, None)
        if then is not None:
            then(reply, now)

    def waits_for(self, call_id: int) -> bool:
        """Whether a call has neither ended nor been dropped."""
        return call_id in self._then

    # ------------------------------------------------------------ places

    def next_turn(self, wall_s: int) -> int:
        """Begin a turn; returns the order of its first event."""
        self.turn = max(self.turn + 1, wall_s - EPOCH)
        return self.turn * ROOM_FOR_LATER

    # ------------------------------------------------------------ for the core

    def take_out(self) -> list[Out]:
        """What the shell must do now."""
        out, self._out = self._out, []
        return out

    def take_news(self) -> list[News]:
        """What happened."""
        news, self._news = self._news, []
        return news
