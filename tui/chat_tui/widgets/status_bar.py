"""The bottom line: the connection's truth, who is signed in, what is not sent yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from textual import events
from textual.timer import Timer

from chat_tui.keys import key_of, shown_as
from chat_tui.messages import OutboxWanted, TransfersWanted
from chat_tui.strings import _
from chat_tui.widgets.text_layout import cells, clean_line
from chat_tui.widgets.text_line import Piece, TextLine
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.values import changed

__all__ = ["StatusBar", "link_line", "link_text"]

#: Link -> mark and style; the word beside it says the same.
MARKS: Final = {
    Link.ONLINE: ("●", "$text-success"),
    Link.OFFLINE: ("○", "$foreground 60%"),
    Link.STOPPED: ("✗", "$text-error"),
}
HINTS: Final = ("app.help", "room.switch")


def link_text(link: LinkChanged, now: float) -> str:
    """The connection's truth in words; `now` is on the clock of `retry_at`."""
    reason = clean_line(_(link.reason)).rstrip(".")
    if link.link is Link.WAITING:
        seconds = max(0, ceil(link.retry_at - now)) if link.retry_at else 0
        text = _("reconnecting in {seconds} s").format(seconds=seconds) if seconds else _("reconnecting")
        return f"{text} ({reason})" if reason else text
    if link.link is Link.STOPPED:
        return _("stopped: {reason}").format(reason=reason) if reason else _("stopped")
    return f"{_(link.link.value)} ({reason})" if reason else _(link.link.value)


def link_line(link: LinkChanged) -> tuple[str, str, str]:
    """(mark, tone, words) of a connection in few cells; no words while it is as it should be."""
    if link.link is Link.ONLINE:
        return "●", "good", ""
    words = _("reconnecting") if link.link is Link.WAITING else _(link.link.value)
    return MARKS.get(link.link, ("◌", ""))[0], "bad" if link.link is Link.STOPPED else "warn", words


class StatusBar(TextLine):
    """Always visible and always true; it counts down while the next try is waited for."""

    DEFAULT_CSS = """
    StatusBar { padding: 0 1; color: $foreground 80%; &:ansi { color: ansi_default; } }
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self._link = LinkChanged(Link.OFFLINE)
        self._account = ""
        self._note = ""
        self._unsent = 0
        self._failed = 0
        self._later = 0
        self._lag: int | None = None
        self._files = (0, 0)
        self._others: tuple[str, ...] = ()
        self._timer: Timer | None = None
        self._unsent_spot = (0, 0)
        self._files_spot = (0, 0)

    def tell(
        self,
        *,
        link: LinkChanged | None = None,
        account: str | None = None,
        note: str | None = None,
        unsent: tuple[int, int, int] | None = None,
        lag: int | None = None,
        files: tuple[int, int] | None = None,
        others: tuple[str, ...] | None = None,
    ) -> None:
        """Set what is given and leave the rest as it was.

        `unsent`: (all that is late, those of them that were refused, what was put off on purpose). `lag`: milliseconds
        that the server took for what was said last, below 0 = not known. `files`: how many go out and come in.
        `others`: what is wrong with other accounts.
        """
        self._link = link or self._link
        self._account = self._account if account is None else account
        self._note = self._note if note is None else note
        self._unsent, self._failed, self._later = (
            (self._unsent, self._failed, self._later) if unsent is None else unsent
        )
        self._lag = self._lag if lag is None else lag if lag >= 0 else None
        self._others = self._others if others is None else others
        self._files = self._files if files is None else files
        self._update()

    def _update(self) -> None:
        waiting = self._link.link is Link.WAITING and self._link.retry_at > self._clock()
        if waiting and self._timer is None:
            self._timer = self.set_interval(0.5, self._update)
        elif not waiting and self._timer is not None:
            self._timer.stop()
            self._timer = None
        left, hints, room = self._said(self._link), self._hints(), self.size.width
        if room and self._link.link is not Link.STOPPED and _cells(left) + _cells(hints) > room:
            hints = []  # what is not sent yet counts more than the hints, and more than why there is no connection
            if _cells(left) > room:
                left = self._said(changed(self._link, reason=""))
        self.show(left, hints)

    def _said(self, link: LinkChanged) -> list[Piece]:
        """Give how things stand: the connection first, then what is not sent yet."""
        mark, style = MARKS.get(link.link, ("◌", "$text-warning"))
        left: list[Piece] = [(f"{mark} ", style), (link_text(link, self._clock()), style)]
        if self._lag is not None and link.link is Link.ONLINE:
            from chat_tui.moments import said_delay

            left.append((f" {said_delay(self._lag)}", "$foreground 55%"))
        if self._account:
            left.append((f"  {clean_line(self._account)}", "bold"))
        start = _cells(left)
        left += self._open()
        end = _cells(left)
        self._unsent_spot = start, end
        moving = " ".join(f"{arrow}{count}" for arrow, count in zip("↑↓", self._files, strict=True) if count)
        left += [(f"  {moving}", "$text-accent bold")] if moving else []
        self._files_spot = end, end + cells(moving) + 2 * bool(moving)
        left += [(f"  {clean_line(other)}", "$text-warning") for other in self._others]
        if self._note:
            left.append((f"  {clean_line(self._note)}", "$foreground 60%"))
        return left

    def _open(self) -> list[Piece]:
        """Give what is not sent yet, and what is put off: a click on it opens the outbox."""
        pieces: list[Piece] = []
        if self._unsent:
            said = _("{count} unsent ({refused} refused)") if self._failed else _("{count} unsent")
            text = "  " + said.format(count=self._unsent, refused=self._failed)
            pieces.append((text, "$text-error bold" if self._failed else "$text-warning bold"))
        if self._later:
            from chat_tui.waiting import SCHEDULED

            pieces.append((f"  {SCHEDULED} {self._later}", "$foreground 60%"))
        return pieces

    def _hints(self) -> list[Piece]:
        """Give the few keys that lead to all others, where there is room; or what helps after the end."""
        if self._link.link is Link.STOPPED:
            return [("  /login", "bold"), (" " + _("sign in again"), "$foreground 60%")]
        if self.size.width < 60:
            return []
        pieces: list[Piece] = []
        for key_id in HINTS:
            key = key_of(key_id)
            pieces += [("  ", ""), (shown_as(key.keys), "bold"), (f" {_(key.hint)}", "$foreground 60%")]
        return pieces

    def on_resize(self) -> None:
        """There may be room for the hints now."""
        self._update()

    def on_click(self, event: events.Click) -> None:
        """Open the outbox, or the list of files, when its count was hit."""
        for (start, end), wanted in ((self._unsent_spot, OutboxWanted), (self._files_spot, TransfersWanted)):
            if start <= event.x - 1 < end:
                self.post_message(wanted())


def _cells(pieces: list[Piece]) -> int:
    return sum(cells(text) for text, _ in pieces)
