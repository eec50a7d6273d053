"""Say of a file on its way what it is, how it stands, how fast it moves, who has it, and what can be done with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from chat_tui.moments import said_span
from chat_tui.strings import N_, _, decimal
from chat_tui_core.safe_text import one_line
from chat_tui_core.transfers import ENDED, MARKS, Direction, Recipient, State, Transfer
from chat_tui_core.values import frozen

__all__ = [
    "ARROWS",
    "FileDeed",
    "Now",
    "Pace",
    "Stand",
    "bar",
    "deeds_of",
    "facts_of",
    "size_text",
    "stand_of",
    "tilde",
]

Tone = Literal["", "dim", "good", "warn", "bad"]

ARROWS: Final[Mapping[Direction, str]] = {Direction.OUT: "↑", Direction.IN: "↓"}
WINDOW: Final = 5.0
"""Seconds over which the pace of a file is measured."""
STALLED: Final = 3.0
"""After so many seconds without a byte it is no longer told how fast a file moves."""
NAMED: Final = 24
"""Characters of a person's name in a line on a file."""


class FileDeed(StrEnum):
    """What can be done with a file that is offered, on its way, or was."""

    ACCEPT = "accept"
    SAVE = "save"
    CANCEL = "cancel"
    RETRY = "retry"
    OPEN = "open"
    FOLDER = "folder"
    COPY = "copy"


class Pace:
    """How fast a file moves, from what was told lately. Times are seconds on any clock that only rises."""

    def __init__(self) -> None:
        self._told: deque[tuple[float, int]] = deque()

    def note(self, now: float, done: int) -> None:
        """So many bytes are done by now; fewer than before: it began anew."""
        if self._told and done < self._told[-1][1]:
            self._told.clear()
        if not self._told or done > self._told[-1][1]:
            self._told.append((now, done))
        while len(self._told) > 2 and self._told[1][0] <= now - WINDOW:
            self._told.popleft()

    def rate(self, now: float) -> float:
        """Bytes a second; 0 while that is not known, or nothing moves."""
        if len(self._told) < 2 or now - self._told[-1][0] > STALLED:
            return 0.0
        (first, start), (_, end) = self._told[0], self._told[-1]
        return (end - start) / max(now - first, 0.1)


@frozen
class Now:
    """What the words depend on beside the transfer: why it waits, in how many seconds it goes on, bytes a second."""

    why: str = ""
    again: float = 0.0
    rate: float = 0.0


@frozen
class Stand:
    """How a file stands: always a mark and a word; `share` from 0 to 1 where a bar is drawn, else None."""

    mark: str
    word: str
    tone: Tone = "dim"
    share: float | None = None
    facts: tuple[str, ...] = ()
    more: str = ""
    more_tone: Tone = "dim"


def size_text(size: int) -> str:
    """A number of bytes for people; "" for none."""
    if size <= 0:
        return ""
    amount, unit = float(size), "B"
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{decimal(amount)} {unit}"


def facts_of(size: int, mime: str) -> str:
    """Size and type of a file, as far as they are told: "48.2 MB  application/zip"."""
    shown = _("empty") if size == 0 else size_text(size)
    return "  ".join(part for part in (shown, one_line(mime, 60)) if part)


def bar(share: float, width: int) -> tuple[str, str]:
    """A bar of so many cells as what is done and what is not: thick and thin, so that its shape alone tells it."""
    halves = min(width * 2, max(0, int(share * width * 2)))
    full, half = divmod(halves, 2)
    done = "━" * full + "╾" * half
    return done, "─" * (width - len(done))


def tilde(path: str) -> str:
    """A path as people write it, harmless: `~` for their home folder."""
    home = str(Path.home())
    shown = path.encode("utf-8", "replace").decode()
    if shown == home or shown.startswith(home.rstrip("/") + "/"):
        shown = "~" + shown[len(home.rstrip("/")) :]
    return one_line(shown, 400)


# ---------------------------------------------------------------- how it stands


def stand_of(transfer: Transfer, now: Now) -> Stand:
    """How a transfer stands, in words and figures."""
    if transfer.state is State.COMPLETE:
        return _complete(transfer)
    if transfer.state in ENDED:
        return _broken(transfer)
    if transfer.state is State.NEW and transfer.direction is Direction.IN:
        return Stand(MARKS[State.NEW], _("offered"), "warn")
    return _moving(transfer, now)


def _moving(transfer: Transfer, now: Now) -> Stand:
    share = 0.0 if transfer.size <= 0 else min(1.0, transfer.done / transfer.size)
    facts = [f"{transfer.percent} %" if transfer.size > 0 else size_text(transfer.done)]
    if now.rate and not now.why:
        facts.append(f"{size_text(round(now.rate))}/s")
        if transfer.size > 0:
            left = said_span(round((transfer.size - transfer.done) / now.rate * 1000))
            facts.append(_("{span} left").format(span=left))
    if now.why:
        why = one_line(_(now.why), 300)
        if now.again > 0:
            why = _("{why} Again in {span}.").format(why=why, span=said_span(round(now.again * 1000)))
        return Stand(_mark(transfer), _("waiting"), "warn", share, tuple(facts), why, "warn")
    who = _who_has(transfer) if transfer.recipients else ""
    word = _(_MOVING[transfer.direction])
    return Stand(_mark(transfer), word, "", share, tuple(fact for fact in facts if fact), who)


_MOVING: Final[Mapping[Direction, str]] = {Direction.OUT: N_("sending"), Direction.IN: N_("receiving")}


def _mark(transfer: Transfer) -> str:
    return MARKS[transfer.state]


def _complete(transfer: Transfer) -> Stand:
    if transfer.direction is Direction.IN:
        return Stand(_mark(transfer), _("received"), "good", more=_where(transfer))
    return Stand(_mark(transfer), _("sent"), "good", more=_who_has(transfer))


def _where(transfer: Transfer) -> str:
    """Where a received file is; its name too where it had to get another one."""
    path = Path(transfer.path)
    if path.name == transfer.name:
        return _("in {folder}").format(folder=tilde(str(path.parent)))
    return _("as {file}").format(file=tilde(transfer.path))


def _broken(transfer: Transfer) -> Stand:
    done = f"{transfer.percent} %" if transfer.done > 0 else ""
    reason = one_line(_(transfer.reason), 300).rstrip(".")
    left = ""
    if transfer.direction is Direction.IN and transfer.path and transfer.done > 0:
        name = one_line(Path(transfer.path).name.encode("utf-8", "replace").decode(), 200)
        left = _("what came is kept as {name}").format(name=name)
    failed = transfer.state is State.FAILED
    facts = (done,) if done else ()
    more = "; ".join(part for part in (reason, left) if part)
    word = _("failed") if failed else _("cancelled")
    return Stand(_mark(transfer), word, "bad" if failed else "dim", None, facts, more)


def _who_has(transfer: Transfer) -> str:
    """Who of those that accepted a file of ours has it: "2 of 3 have it", or about one by name.

    Nothing where the server does not tell: it names no way (ticket) by which others get the file.
    """
    recipients = transfer.recipients
    if not recipients:
        return _("nobody has it yet") if transfer.ticket else ""
    have = sum(1 for one in recipients if one.state is State.COMPLETE)
    if len(recipients) == 1:
        (one,) = recipients
        return _RECIPIENT[one.state](one, one_line(one.user, NAMED), transfer.size)
    gone = sum(1 for one in recipients if one.state in ENDED) - have
    said = _("{have} of {all} have it, {gone} cannot or will not") if gone else _("{have} of {all} have it")
    return said.format(have=have, all=len(recipients), gone=gone)


def _takes(one: Recipient, name: str, size: int) -> str:
    if size <= 0:
        return _("{name} takes it").format(name=name)
    return _("{name} takes it, {percent} %").format(name=name, percent=min(99, one.done * 100 // size))


def _could_not(one: Recipient, name: str, _size: int) -> str:
    if not one.reason:
        return _("{name} could not take it").format(name=name)
    reason = one_line(_(one.reason), 100).rstrip(".")
    return _("{name} could not take it: {reason}").format(name=name, reason=reason)


_RECIPIENT: Final[Mapping[State, Callable[[Recipient, str, int], str]]] = {
    State.NEW: _takes,
    State.ACCEPTED: _takes,
    State.CONNECTED: _takes,
    State.COMPLETE: lambda _one, name, _size: _("{name} has it").format(name=name),
    State.CANCELLED: lambda _one, name, _size: _("{name} cancelled it").format(name=name),
    State.FAILED: _could_not,
}


# ---------------------------------------------------------------- what can be done

_OFFER: Final = (FileDeed.ACCEPT, FileDeed.SAVE)


def deeds_of(transfer: Transfer | None, *, waits: bool = False) -> tuple[FileDeed, ...]:
    """What can be done with a file, the likeliest first; None: a message brings it, and nobody has asked for it yet."""
    if transfer is None:
        return _OFFER
    if transfer.state is State.NEW and transfer.direction is Direction.IN:
        return (*_OFFER, FileDeed.CANCEL)
    if transfer.is_open:
        return (FileDeed.CANCEL, FileDeed.RETRY) if waits else (FileDeed.CANCEL,)
    there = (FileDeed.OPEN, FileDeed.FOLDER, FileDeed.COPY)
    if transfer.state is State.COMPLETE:
        return there if transfer.path else ()
    left = (FileDeed.FOLDER, FileDeed.COPY) if transfer.path else ()
    return (FileDeed.RETRY, *left)
