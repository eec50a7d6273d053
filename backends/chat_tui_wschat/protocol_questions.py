"""What the session asks: at most four questions on their way, asked again after a cut, pages put together."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from chat_tui_core.contract import (
    AskDirectory,
    AskHistory,
    AskMembers,
    AskRefused,
    DirectoryGiven,
    HistoryGiven,
    MembersListed,
    News,
    Problem,
)
from chat_tui_core.model import Member, Membership, Room, RoomEvent
from chat_tui_core.safe_text import one_line
from chat_tui_wschat.frames import Command, Confirm, Failure
from chat_tui_wschat.grammar import FrameError
from chat_tui_wschat.protocol_events import Stream
from chat_tui_wschat.protocol_fields import Data, entries, flag, text
from chat_tui_wschat.protocol_labels import Labels
from chat_tui_wschat.protocol_ledger import sane_retry
from chat_tui_wschat.protocol_link import Pace
from chat_tui_wschat.protocol_rooms import listed, members
from chat_tui_wschat.wire import write_command

MOST_AT_ONCE: Final = 4
"""Questions on their way, so that the server's limit on commands is left for actions."""

ANSWER_TIME: Final = 20.0
MOST_TRIES: Final = 3
MOST_PAGES: Final = 100
TEXT_LIMIT: Final = 300

Asked = AskHistory | AskMembers | AskDirectory


@dataclass(slots=True)
class _Open:
    """One question, and what its pages have brought so far."""

    question: Asked
    tries: int = 0
    at: float = 0.0
    after: str = ""
    pages: int = 0
    members: dict[str, Member] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)


class Questions:
    """The questions between `ask` and their answer; they outlive a connection."""

    def __init__(self, stream: Stream, labels: Labels) -> None:
        self._stream = stream
        self._labels = labels
        self._waiting: deque[_Open] = deque()
        self._out: dict[int, _Open] = {}
        self._held_until = 0.0

    def put(self, question: Asked) -> None:
        """Let a question wait for its turn."""
        self._waiting.append(_Open(question))

    def knows(self, label: int | None) -> bool:
        """Say whether this label is a question on its way."""
        return label in self._out

    def release(self, pace: Pace, now: float, max_history: int) -> tuple[list[str | bytes], list[News]]:
        """Give the frames of the questions whose turn it is, and refusals of those that cannot be said."""
        frames: list[str | bytes] = []
        news: list[News] = []
        while self._waiting and now >= self._held_until and len(self._out) < MOST_AT_ONCE and pace.take(now):
            opened = self._waiting.popleft()
            label = self._labels.next()
            try:
                frames.append(write_command(_command(opened, label, max_history)))
            except FrameError as error:
                news.append(AskRefused(opened.question.request, error.code, f"{error.text}."))
                continue
            opened.at = now
            self._out[label] = opened
        return frames, news

    def confirm(self, reply: Confirm) -> list[News]:
        """Take an answer, or one page of it."""
        opened = self._out.pop(reply.id or 0)
        data = reply.data or {}
        match opened.question:
            case AskHistory() as asked:
                return self._history(asked, data)
            case AskMembers() as asked:
                page = members(data, "users")
                opened.members |= {person.user_id: person for person in page}
                if self._has_next(opened, data, page[-1].user_id if page else ""):
                    return []
                return [MembersListed(asked.room_id, tuple(opened.members.values()), asked.request)]
            case AskDirectory() as asked:
                last = self._directory_page(opened, data)
                if self._has_next(opened, data, last):
                    return []
                return [DirectoryGiven(asked.request, tuple(opened.rooms.values()))]

    def _has_next(self, opened: _Open, data: Data, last: str) -> bool:
        """Put the question in front again when there is a further page."""
        opened.pages += 1
        if not flag(data, "more") or not last or last <= opened.after or opened.pages >= MOST_PAGES:
            return False
        opened.after = last
        self._waiting.appendleft(opened)
        return True

    def _directory_page(self, opened: _Open, data: Data) -> str:
        last = ""
        wanted = opened.question.search.casefold() if isinstance(opened.question, AskDirectory) else ""
        for item in entries(data, "channels"):
            found = listed(item, self._stream.me)
            if found is None:
                continue
            room = found[0]
            last = room.room_id
            matches = wanted in room.room_id.casefold() or wanted in room.topic.casefold()
            if matches and room.membership is not Membership.JOINED:
                opened.rooms[room.room_id] = room
        return last

    def _history(self, asked: AskHistory, data: Data) -> list[News]:
        """Give a page: ascending, each pos once, nothing outside of what was asked (wschat 3.5)."""
        news: list[News] = []
        found: dict[int, RoomEvent] = {}
        strange = 0
        for item in entries(data, "events"):
            event = self._item(asked.room_id, item)
            if event is None or (asked.before and event.order >= asked.before) or _not_after(asked, event.order):
                strange += 1
            else:
                found.setdefault(event.order, event)
        if strange:
            news.append(Problem(f"{strange} items of a page of history were set aside.", asked.room_id))
        events = tuple(found[order] for order in sorted(found))
        # An empty page that promises more would be asked for again and again.
        more = flag(data, "more") and bool(events)
        return [*news, HistoryGiven(asked.request, asked.room_id, events, more)]

    def _item(self, room_id: str, item: object) -> RoomEvent | None:
        if not isinstance(item, dict):
            return None
        return self._stream.timeline.item(room_id, text(item, "type", 32), text(item, "action", 16), item)

    def fail(self, reply: Failure, now: float) -> list[News]:
        """The server said no, or not now."""
        opened = self._out.pop(reply.id or 0)
        if reply.code == "RATELIMIT":
            self._held_until = now + sane_retry(reply.retry)
            self._waiting.appendleft(opened)
            return []
        if reply.code == "INTERNAL" and opened.tries + 1 < MOST_TRIES:
            opened.tries += 1
            self._held_until = now + 2.0**opened.tries
            self._waiting.appendleft(opened)
            return []
        return [AskRefused(opened.question.request, reply.code, one_line(reply.text, TEXT_LIMIT) or reply.code)]

    def requeue(self) -> None:
        """The connection is gone: ask everything that was not answered again, in the old order."""
        self._waiting.extendleft(reversed(self._out.values()))
        self._out.clear()
        self._held_until = 0.0

    def overdue(self, now: float) -> list[News]:
        """Ask again what was not answered in time; give up after the third time."""
        news: list[News] = []
        for label, opened in list(self._out.items()):
            if now < opened.at + ANSWER_TIME:
                continue
            del self._out[label]
            opened.tries += 1
            if opened.tries < MOST_TRIES:
                self._waiting.appendleft(opened)
            else:
                news.append(AskRefused(opened.question.request, "TIMEOUT", "The server did not answer."))
        return news

    def refuse_all(self, code: str, said: str) -> list[News]:
        """Answer everything with no: there is nobody to ask."""
        self.requeue()
        news: list[News] = [AskRefused(opened.question.request, code, said) for opened in self._waiting]
        self._waiting.clear()
        return news

    def wake_at(self, pace: Pace) -> float | None:
        """Give the time when the next question may leave, or when one has gone unanswered for too long."""
        times = [opened.at + ANSWER_TIME for opened in self._out.values()]
        if self._waiting and len(self._out) < MOST_AT_ONCE:
            times.append(max(self._held_until, pace.ready_at))
        return min(times, default=None)


def _not_after(asked: AskHistory, order: int) -> bool:
    return not asked.before and asked.after > 0 and order <= asked.after


def _command(opened: _Open, label: int, max_history: int) -> Command:
    after = (opened.after,) if opened.after else ()
    match opened.question:
        case AskHistory(room_id=room_id, count=wanted, before=before, after=later):
            bound: tuple[str | int, ...] = (
                ("BEFORE", before) if before else ("AFTER", later) if later else ("LATEST", "*")
            )
            return Command("HISTORY", (room_id, *bound, min(max(wanted, 1), max_history)), id=label)
        case AskMembers(room_id=room_id):
            return Command("LSUSERS", (room_id, *after), id=label)
        case AskDirectory():
            return Command("LSCHANS", after, id=label)
