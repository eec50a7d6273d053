"""What the session asks: some questions at a time, asked again after a break, answered once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from chat_tui_core.contract import AskRefused, Link, News, Question, SetPresence, SetTyping
from chat_tui_core.questions import AskAround, AskDirectory, AskHistory, AskMembers, AskUsers
from chat_tui_core.small_pictures import AskPicture
from chat_tui_core.spaces import AskSpace
from chat_tui_core.threads import AskThread
from chat_tui_core.values import slotted
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.ephemeral import OwnPresence, OwnTyping
from chat_tui_matrix.protocol.inquiries import ANSWERS, Inquiry
from chat_tui_matrix.protocol.known_rooms import KnownRooms
from chat_tui_matrix.protocol.replies import Declined, Given, Later, Steps, Unheard, Unreadable, judge
from chat_tui_matrix.wire.calls import Reply, Request

Asked = AskHistory | AskAround | AskMembers | AskUsers | AskDirectory | AskThread | AskPicture | AskSpace
"""Questions that are answered; the rest is only told."""

MOST_AT_ONCE: Final = 6
"""Questions on their way, so that what the person does need not queue behind them at the server."""

MOST_TRIES: Final = 3
"""Faults and silences on a living link after which a question is answered with no; the person may ask again."""

_OVER: Final = frozenset({Link.OFFLINE, Link.STOPPED})
"""Links on which nothing will be asked by itself any more."""


@slotted
class _Open:
    """One question; `request` is its next one, or the one under way as `call`."""

    asked: Asked
    inquiry: Inquiry
    steps: Steps[tuple[News, ...]]
    request: Request
    call: int = 0
    tries: int = 0
    not_before: float = 0.0


class Questions:
    """The questions between `ask` and their answer; they outlive a break of the link. Typing and presence go here too."""

    def __init__(self, desk: Desk, rooms: KnownRooms) -> None:
        self._desk = desk
        self._rooms = rooms
        self._open: list[_Open] = []
        self._held_until = 0.0
        self._typing = OwnTyping(desk)
        self._presence = OwnPresence(desk)

    @property
    def presence(self) -> str:
        """What a sync must give as set_presence, "" for nothing."""
        return self._presence.word

    # ------------------------------------------------------------ in

    def ask(self, question: Question, now: float) -> None:
        """Take a question; every one is answered, with AskRefused where there is nobody to ask."""
        if isinstance(question, SetTyping):
            self._typing.put(question.room_id, now, typing=question.typing)
        elif isinstance(question, SetPresence):
            self._presence.put(question.presence, question.text, now)
        elif self._desk.link in _OVER:
            self._desk.say(AskRefused(question.request, "STOPPED", "Not connected."))
        else:
            inquiry = Inquiry(self._desk, self._rooms)
            self._begin(question, inquiry, ANSWERS[type(question)](inquiry, question), now)

    def lost(self, now: float) -> None:
        """The link broke: ask everything that was not answered again when it is back; typing lapses by itself."""
        for opened in self._open:
            self._desk.hang_up(opened.call)
            opened.call, opened.not_before = 0, 0.0
        self._held_until = 0.0
        self._typing.lost()
        self._presence.lost()

    def stop(self, now: float) -> None:
        """Answer everything with no: there is nobody to ask any more."""
        self.lost(now)
        for opened in self._open:
            opened.steps.close()
            self._desk.say(AskRefused(opened.asked.request, "STOPPED", "Not connected."))
        self._open.clear()

    def tick(self, now: float) -> None:
        """Let time pass; to be called after a change of the link as well."""
        if self._desk.link in _OVER:
            self.stop(now)
        self._typing.tick(now)
        self._presence.tick(now)
        self._pump(now)

    def wake_at(self) -> float | None:
        """Give the time when something may be asked, or repeated."""
        if self._desk.link in _OVER:
            return 0.0 if self._open else None
        if self._desk.link is not Link.ONLINE:
            return None
        times = [self._typing.wake_at(), self._presence.wake_at()]
        if self._under_way() < MOST_AT_ONCE:
            times += [max(o.not_before, self._held_until) for o in self._open if not o.call]
        return min((at for at in times if at is not None), default=None)

    # ------------------------------------------------------------ on their way

    def _begin(
        self,
        question: Asked,
        inquiry: Inquiry,
        steps: Steps[tuple[News, ...]],
        now: float,
    ) -> None:
        request = self._step(question.request, partial(next, steps))
        if request is not None:
            self._open.append(_Open(question, inquiry, steps, request))
            self._pump(now)

    def _under_way(self) -> int:
        return sum(1 for opened in self._open if opened.call)

    def _pump(self, now: float) -> None:
        """Give out the requests whose turn it is, in the order of the questions."""
        if self._desk.link is not Link.ONLINE or now < self._held_until:
            return
        free = MOST_AT_ONCE - self._under_way()
        for opened in [o for o in self._open if not o.call and now >= o.not_before][: max(free, 0)]:
            opened.call = self._desk.call(opened.request, partial(self._replied, opened))

    def _step(self, request: int, feed: Callable[[], Request]) -> Request | None:
        """Give a question's next request, or say its answer."""
        try:
            return feed()
        except StopIteration as end:
            self._desk.say(*end.value)
        except Declined as no:
            self._desk.say(AskRefused(request, no.code, no.text))
        except Unreadable as error:
            self._desk.say(AskRefused(request, "GARBLED", str(error)))
        except ValueError as error:  # text that cannot be written as UTF-8 or JSON
            self._desk.say(AskRefused(request, "BADARGS", f"This cannot be asked: {error}."))
        return None

    def _replied(self, opened: _Open, reply: Reply, now: float) -> None:
        opened.call = 0
        if self._desk.link in _OVER:
            self.stop(now)
            return
        match judge(reply):
            case Given(value=value, wall_s=wall_s):
                opened.inquiry.wall_s = wall_s
                opened.tries = 0
                self._go_on(opened, partial(opened.steps.send, value))
            case Declined() as no:
                self._go_on(opened, partial(opened.steps.throw, no))
            case Later() as later:
                if later.limited:
                    self._held_until = now + (later.seconds or 0.0)
                self._again(opened, later.code, later.text, now + (later.seconds or 0.0))
            case Unheard() as unheard:
                self._again(opened, "UNHEARD", f"No answer: {unheard.reason}.", now)
        self._pump(now)

    def _go_on(self, opened: _Open, feed: Callable[[], Request]) -> None:
        request = self._step(opened.asked.request, feed)
        if request is None:
            self._open.remove(opened)
        else:
            opened.request = request

    def _again(self, opened: _Open, code: str, text: str, not_before: float) -> None:
        """Ask the same again after a while, or give it up."""
        opened.tries += 1
        if opened.tries >= MOST_TRIES:
            opened.steps.close()
            self._open.remove(opened)
            self._desk.say(AskRefused(opened.asked.request, code, text))
        else:
            opened.not_before = not_before + 2.0**opened.tries
