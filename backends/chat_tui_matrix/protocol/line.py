"""One request at a time on the way to being online: what fails is made again after a while, and the link says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from chat_tui_core.contract import Link, LinkChanged
from chat_tui_core.safe_text import one_line
from chat_tui_matrix.protocol.backoff import Backoff
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.wire.calls import LONG, Answer, Garbled, Refusal, Reply, Request

SILENT: Final = "the server did not answer"
_SAID_LIMIT: Final = 120


class Line:
    """What the sync loop talks over.

    `broke` is called when the link stops being ONLINE; `ended` when trying again cannot help, with words.
    """

    def __init__(
        self,
        desk: Desk,
        rng: Callable[[], float],
        broke: Callable[[float], None],
        ended: Callable[[str, float], None],
    ) -> None:
        self.backoff = Backoff(rng)
        self._desk = desk
        self._broke = broke
        self._ended = ended
        self._told = LinkChanged(desk.link)
        self._step: Callable[[float], None] | None = None
        self._call = 0
        self._due: float | None = None  # when the call counts as failed, or when the step is begun again
        self._silent = 0

    # ------------------------------------------------------------ what the loop does

    def run(self, step: Callable[[float], None], now: float) -> None:
        """Begin a step; whenever it fails it is begun again after the back-off."""
        self._step = step
        step(now)

    def ask(self, request: Request, seconds: float, then: Callable[[Answer, float], None], now: float) -> None:
        """Make a request that may take so many seconds: twice as many after each time that it took longer."""
        seconds = max(seconds, min(seconds * 2 ** min(self._silent, 4), LONG))
        self._due = now + seconds
        self._call = self._desk.call(replace(request, timeout=seconds), partial(self._replied, then))

    def pause(self, seconds: float, now: float) -> None:
        """Begin the step again a little later, although nothing failed."""
        self._due = now + seconds

    def refused(self, answer: Answer, now: float) -> None:
        """The answer cannot be used: try again when the server says, or after the back-off."""
        refusal = answer.value if isinstance(answer.value, Refusal) else None
        self.fail(in_words(answer), now, refusal.retry_after if refusal is not None else None)

    def fail(self, reason: str, now: float, asked: float | None = None) -> None:
        """It did not work: try again later; `asked` is the seconds that the server wants."""
        self.hang_up()
        self._due = now + self.backoff.next(asked)
        self.move(Link.WAITING, reason, now, self._due)

    def move(self, link: Link, reason: str, now: float, retry_at: float = 0.0) -> None:
        """The link is this now; said once."""
        if self._desk.link is Link.ONLINE and link is not Link.ONLINE:
            self._broke(now)
        self._desk.link = link
        told = LinkChanged(link, reason, retry_at, self.backoff.attempt)
        if told != self._told:
            self._told = told
            self._desk.say(told)

    def hang_up(self) -> None:
        """Drop the request that is under way, and plan nothing."""
        self._desk.hang_up(self._call)
        self._call, self._due = 0, None

    # ------------------------------------------------------------ time and replies

    def again(self, now: float) -> None:
        """Do not wait for the next try."""
        if self._desk.link is Link.WAITING and self._step is not None:
            self._due = None
            self._step(now)

    def tick(self, now: float) -> None:
        """Let time pass."""
        if self._due is None or now < self._due or self._step is None:
            return
        self._due = None
        if self._call:
            self._silent += 1
            self.fail(SILENT, now)
        else:
            self._step(now)

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest."""
        return self._due

    def _replied(self, then: Callable[[Answer, float], None], reply: Reply, now: float) -> None:
        self._call, self._due = 0, None
        if isinstance(reply, Answer):
            self._silent = 0
            then(reply, now)
        elif reply.fatal:
            self._ended(reply.reason, now)
        else:
            self.fail(reply.reason, now)


def in_words(answer: Answer) -> str:
    """Why an answer cannot be used, in words for the status bar."""
    if isinstance(answer.value, Garbled):
        return one_line(answer.value.text, _SAID_LIMIT).rstrip(".") or "the server's answer cannot be read"
    if not isinstance(answer.value, Refusal):
        return "the server's answer is not what was asked for"
    if answer.status == 429:
        return "the server asks to slow down"
    said = one_line(answer.value.text or answer.value.code, _SAID_LIMIT)
    words = f"the server has a fault, {answer.status}" if answer.status >= 500 else "the server refused to sync"
    return f"{words} ({said})" if said else words
