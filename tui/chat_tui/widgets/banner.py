"""The notice of what stands in a room's way: what it is, why, what it holds back, and what can be done about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from textual import events
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from chat_tui.keys import Place, bindings, key_of, keys_in, shown_as
from chat_tui.messages import Decided, Decision
from chat_tui.moments import said_span
from chat_tui.strings import N_, _, n_
from chat_tui.waiting import reason_of, subject_of
from chat_tui.widgets.obstacle import Obstacle
from chat_tui.widgets.text_layout import cells, clean_line, fit

__all__ = ["Banner"]

#: The words for what can be done with what is only put off.
_NOT_REFUSED: Final = {Decision.RETRY: N_("now"), Decision.DISCARD: N_("take back")}
_GAP: Final = 3
TICK_SECONDS: Final = 0.5


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Banner(Widget, can_focus=True):
    """Two lines: what and why; the keys. It is not there while nothing stands in the way."""

    BINDINGS = bindings(Place.BANNER)
    DEFAULT_CSS = """
    Banner {
        display: none; height: 2; padding: 0 1; background: $error 18%; text-wrap: nowrap;
        &.-shown { display: block; }
        &.-waits { background: $warning 18%; }
        &:focus { background: $error 30%; }
        &.-waits:focus { background: $warning 30%; }
        &:ansi { background: ansi_default; }
    }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.now_ms: Callable[[], int] = _wall_ms
        """The clock of what is waited for, in milliseconds since 1970."""
        self._obstacle: Obstacle | None = None
        self._about = ""
        self._timer: Timer | None = None
        self._spots: list[tuple[int, int, Decision]] = []

    @property
    def obstacle(self) -> Obstacle | None:
        """What is shown."""
        return self._obstacle

    def show_obstacle(self, obstacle: Obstacle | None, about: str = "") -> None:
        """Show what stands in the way, `about` being the message that it was done to; None: nothing does."""
        if (obstacle, about) != (self._obstacle, self._about):
            self._obstacle, self._about = obstacle, about
            self.set_class(obstacle is not None, "-shown")
            waits = obstacle is not None and not obstacle.refused
            self.set_class(waits, "-waits")
            if waits and self._timer is None:
                self._timer = self.set_interval(TICK_SECONDS, self.refresh)
            elif not waits and self._timer is not None:
                self._timer.stop()
                self._timer = None
            self.refresh()

    def render(self) -> Content:
        """Give the two lines for the present width."""
        if self._obstacle is None:
            return Content("")
        obstacle, width = self._obstacle, self.size.width
        reason = clean_line(reason_of(obstacle.action))
        if obstacle.refused:
            mark, style = "✗ ", "$text-error bold"
            tail = " " + _("was refused: {reason}").format(reason=reason)
        else:
            left = said_span(obstacle.wait.until - self.now_ms())
            mark, style = "… ", "$text-warning bold"
            tail = " " + _("has to wait {span}: {reason}").format(span=left, reason=reason)
        room = max(width - 2 - cells(tail), (width - 2) // 2)
        subject = _cut(clean_line(subject_of(obstacle.action, self._about)), room)
        first = Content.assemble((mark, style), (subject, "bold"), fit(tail, width - cells(subject) - 2))
        return Content("\n").join([first, self._second(obstacle)])

    def _second(self, obstacle: Obstacle) -> Content:
        """Give the line of keys, and note where each stands; in fewer words where there is little room."""
        lead = "  " + _("{key}, then").format(key=shown_as(key_of("banner.focus").keys)) + "  "
        if self.has_focus:
            lead = f"  {_('press')}".ljust(cells(lead))  # as wide: a click gives the focus before it is taken
        keys = [(Decision(key.id.removeprefix("banner.")), key) for key in keys_in(Place.BANNER)]
        keys = [(decision, key) for decision, key in keys if decision in obstacle.choices]
        long, short = (
            [self._word(decision, obstacle, brief=brief) or _(key.hint) for decision, key in keys]
            for brief in (False, True)
        )
        taken = sum(
            cells(shown_as(key.keys)) + 1 + cells(word) + _GAP for (_, key), word in zip(keys, long, strict=True)
        )
        words, gap = (long, _GAP) if cells(lead) + taken - _GAP <= self.size.width else (short, _GAP - 1)
        pieces: list[tuple[str, str]] = [(lead, "$foreground 60%")]
        at = cells(lead)
        self._spots = []
        for (decision, key), word in zip(keys, words, strict=True):
            letter = shown_as(key.keys)
            size = cells(letter) + 1 + cells(word)
            self._spots.append((at, at + size, decision))
            pieces += [(letter, "bold underline"), (f" {word}{' ' * gap}", "")]
            at += size + gap
        return Content.assemble(*pieces)

    @staticmethod
    def _word(decision: Decision, obstacle: Obstacle, *, brief: bool) -> str:
        """Give another word than the key's own where that says more."""
        if decision is Decision.PASS and obstacle.held:
            long = n_("let {count} later one pass", "let {count} later ones pass", obstacle.held)
            return (_("let {count} pass") if brief else long).format(count=obstacle.held)
        if decision is Decision.PASS and brief:
            return _("let pass")
        return "" if obstacle.refused else _(_NOT_REFUSED.get(decision, ""))

    def action_decide(self, decision: str) -> None:
        """Hand the decision on."""
        if self._obstacle is not None and Decision(decision) in self._obstacle.choices:
            self.post_message(Decided(self._obstacle.action.id, Decision(decision)))

    def on_click(self, event: events.Click) -> None:
        """Take a click on one of the words."""
        if event.y == 1:
            for start, end, decision in self._spots:
                if start <= event.x - 1 < end:
                    self.action_decide(decision)


def _cut(subject: str, width: int) -> str:
    """What fits of a subject; a quotation that is cut is closed all the same."""
    shown = fit(subject, width)
    return f"{fit(subject, width - 1)}”" if shown != subject and subject.endswith("”") else shown
