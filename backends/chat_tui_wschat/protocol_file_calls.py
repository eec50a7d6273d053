"""What is asked of the server about files: the command of each order, its turn, and how often it is asked (wschat 3.9)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from chat_tui_core.file_news import AcceptFile, EndFile, Ending, OfferFile, ResumeFile
from chat_tui_core.transfers import chunks_within
from chat_tui_wschat.frames import Command, Failure
from chat_tui_wschat.grammar import MAX_NUM
from chat_tui_wschat.protocol_labels import Labels
from chat_tui_wschat.protocol_ledger import ANSWER_TIME, FAULT_RETRIES, sane_retry
from chat_tui_wschat.protocol_link import Pace
from chat_tui_wschat.wire import write_command

TEXT_LIMIT: Final = 200

_ENDINGS: Final[Mapping[Ending, tuple[str, str]]] = {
    Ending.DONE: ("DONE", ""),
    Ending.CANCELLED: ("CANCEL", ""),
    Ending.DIGEST: ("FAIL", "DIGEST"),
    Ending.SIZE: ("FAIL", "SIZE"),
    Ending.IO: ("FAIL", "IO"),
}
"""How this side ends a transfer -> the second word of FILE, and what FAIL says."""

SMALL: Final = 131_072
"""Bytes of a chunk: a message waits for no more than one."""

LARGE: Final = 262_144
"""The same in a file of LARGE_FROM bytes and more: each chunk costs processor time, whatever is in it."""

LARGE_FROM: Final = 64 << 20


def chunk_of(size: int, most: int) -> int:
    """Give how long the chunks of a file of this size are to be, where the server takes `most`."""
    return min(most, LARGE if size >= LARGE_FROM else SMALL)


Called = OfferFile | ResumeFile | AcceptFile | EndFile


def command_of(order: Called, chunk: int) -> Command:
    """Give the command of an order; `chunk` is how long the chunks of an offer are to be."""
    match order:
        case OfferFile():
            data: dict[str, Any] = {"name": order.name, "size": order.size, "chunk": chunk, "sha256": order.digest}
            data |= {"mime": order.mime} if order.mime else {}
            return Command("FILE", ("OFFER", order.room_id), data=data, id=order.transfer)
        case ResumeFile():
            return Command("FILE", ("RESUME", order.ticket))
        case AcceptFile():
            return Command("FILE", ("ACCEPT", order.ref, first_wanted(order)))
        case EndFile():
            word, why = _ENDINGS[order.ending]
            if word == "CANCEL":
                said = " ".join(order.text.split())[:TEXT_LIMIT] or None
                return Command("FILE", (word, order.recipient or order.ticket or order.ref), text=said)
            return Command("FILE", (word, order.ticket, *([why] if why else [])))


def first_wanted(order: AcceptFile) -> int:
    """Give the number of the first chunk that is not durable here; the first one where chunks are not known yet."""
    chunk = int(order.memo) if order.memo.isascii() and order.memo.isdigit() and len(order.memo) < 10 else 0
    if not chunk or order.size < 0 or not order.done:
        return 1
    return min(chunks_within(order.size, chunk, order.done) + 1, MAX_NUM)


@dataclass(slots=True)
class Call:
    """A command that is to be sent, or was sent at `at` and is not answered yet."""

    order: Called
    command: Command
    at: float = 0.0
    faults: int = 0


class Calls:
    """The commands about files between an order and their answer."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._waiting: deque[Call] = deque()
        self._called: dict[int, Call] = {}
        self._held_until = 0.0

    def put(self, order: Called, command: Command) -> None:
        """Let a command wait for its turn; raises FrameError when it makes no frame."""
        write_command(command)
        self._waiting.append(Call(order, command))

    def forget(self, transfer: int) -> None:
        """Nothing of this transfer is asked any more."""
        self._waiting = deque(call for call in self._waiting if call.order.transfer != transfer)
        self._called = {label: call for label, call in self._called.items() if call.order.transfer != transfer}

    def clear(self) -> None:
        """Nothing is asked any more."""
        self._waiting.clear()
        self._called.clear()
        self._held_until = 0.0

    def release(self, pace: Pace, now: float) -> list[str | bytes]:
        """Give the frames of the commands whose turn it is; an offer's label is its action id."""
        frames = []
        while self._waiting and now >= self._held_until and pace.take(now):
            call = self._waiting.popleft()
            label = call.command.id or self._labels.next()
            frames.append(write_command(replace(call.command, id=label)))
            call.at = now
            self._called[label] = call
        return frames

    def overdue(self, now: float) -> None:
        """Ask again what was not answered in time."""
        for label, call in list(self._called.items()):
            if now >= call.at + ANSWER_TIME:
                del self._called[label]
                self._waiting.append(call)

    def wake_at(self, pace: Pace) -> float | None:
        """Give the time when the next command may leave, or when one has gone unanswered for too long."""
        times = [call.at + ANSWER_TIME for call in self._called.values()]
        if self._waiting:
            times.append(max(self._held_until, pace.ready_at))
        return min(times, default=None)

    def knows(self, label: int | None) -> bool:
        """Say whether this label is a command that is not answered yet."""
        return label in self._called

    def answered(self, label: int | None) -> Call:
        """Give the call that an answer with this label, which is known, belongs to."""
        return self._called.pop(label or 0)

    def again(self, call: Call, reply: Failure, now: float) -> bool:
        """Ask once more after a while, where that is what the refusal asks for."""
        if reply.code not in {"RATELIMIT", "INTERNAL", "BADSTATE"}:
            return False
        seconds = sane_retry(reply.retry)
        if reply.code != "RATELIMIT":
            seconds = FAULT_RETRIES[min(call.faults, len(FAULT_RETRIES) - 1)]
            call.faults += 1
        self._held_until = now + seconds
        self._waiting.append(call)
        return True
