"""Stand-ins for the parts of the Matrix core that know rooms, actions and questions: they only say what they were told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from chat_tui_core.actions import Action
from chat_tui_core.contract import (
    Answered,
    Arrived,
    AskHistory,
    AskRefused,
    Link,
    LostAction,
    Question,
    StateSet,
    Written,
)
from chat_tui_core.file_news import FileOrder
from chat_tui_core.model import EventKind, Room, RoomEvent
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.parts import Parts
from chat_tui_matrix.wire.calls import Answer, OnItsWay, Refusal, Reply, Request
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection


class FakeRooms:
    """Says each timeline as it is, and keeps what it was given."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.sections: list[RoomSection] = []
        self.bases: list[int] = []
        self.data: list[MatrixEvent] = []
        self.people: list[MatrixEvent] = []
        self.poison = ""
        self.stored_calls = 0

    def expect(self, sections: Iterable[RoomSection]) -> None:
        """Nothing is stored."""

    def apply(self, section: RoomSection, base: int) -> None:
        self.sections.append(section)
        self.bases.append(base)
        if section.room_id == self.poison:
            raise KeyError(section.room_id)
        events = tuple(
            RoomEvent(section.room_id, event.event_id, base + number, EventKind.MESSAGE, event.sender, 0)
            for number, event in enumerate(section.timeline)
        )
        if events or section.limited:
            self.desk.say(Arrived(section.room_id, events, token=section.prev_batch if section.limited else ""))

    def account_data(self, events: Iterable[MatrixEvent]) -> None:
        self.data.extend(events)

    def presence(self, events: Iterable[MatrixEvent]) -> None:
        self.people.extend(events)

    def overview(self) -> tuple[Room, ...]:
        return tuple(Room(room_id) for room_id in dict.fromkeys(section.room_id for section in self.sections))

    def stored(self) -> None:
        self.stored_calls += 1


class FakeLedger:
    """Sends an action by a POST to /act and says what came of it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.calls: dict[int, int] = {}
        self.due: float | None = None
        self.ticks: list[float] = []

    def do(self, action: Action, now: float) -> None:
        def replied(reply: Reply, now: float) -> None:
            if self.calls.pop(action.id, None) is None:
                return
            if isinstance(reply, Answer) and not isinstance(reply.value, Refusal):
                self.desk.say(Answered(action.id))
            else:
                self.desk.say(LostAction(action.id))

        self.calls[action.id] = self.desk.call(Request("POST", f"/_matrix/act/{action.id}"), replied)
        self.desk.say(Written(action.id))

    def lost(self, now: float) -> None:
        for action_id, call in self.calls.items():
            self.desk.hang_up(call)
            self.desk.say(LostAction(action_id))
        self.calls.clear()

    def tick(self, now: float) -> None:
        self.ticks.append(now)
        if self.due is not None and now >= self.due:
            self.due = None

    def wake_at(self) -> float | None:
        return self.due


class FakeQuestions:
    """Asks by a GET of /ask, again after a break; what comes is state."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.presence = ""
        self.asked: list[Question] = []
        self.open: dict[int, AskHistory] = {}
        self.calls: dict[int, int] = {}

    def ask(self, question: Question, now: float) -> None:
        self.asked.append(question)
        if isinstance(question, AskHistory):
            self.open[question.request] = question
            self.tick(now)

    def lost(self, now: float) -> None:
        for call in self.calls.values():
            self.desk.hang_up(call)
        self.calls.clear()

    def stop(self, now: float) -> None:
        self.lost(now)
        self.desk.say(*(AskRefused(request, "STOPPED", "") for request in self.open))
        self.open.clear()

    def tick(self, now: float) -> None:
        if self.desk.link is Link.ONLINE:
            for request in self.open.keys() - self.calls.keys():
                self.calls[request] = self.desk.call(
                    Request("GET", f"/_matrix/ask/{request}"), partial(self._replied, request)
                )

    def wake_at(self) -> float | None:
        return None

    def _replied(self, request: int, reply: Reply, now: float) -> None:
        del self.calls[request]
        question = self.open.pop(request)
        if isinstance(reply, Answer):
            self.desk.say(StateSet(question.room_id, "t", "", "{}"))
        else:
            self.desk.say(AskRefused(request, "FAILED", reply.reason))


class FakeCounting:
    """Asks nothing."""

    wanted = False

    def __init__(self) -> None:
        self.token = ""

    def ask(self, now: float, then: Callable[[float], None]) -> None:
        raise AssertionError("nothing is wanted")

    def lost(self) -> None:
        pass

    def tick(self, now: float) -> None:
        pass

    def wake_at(self) -> float | None:
        return None


class FakeFiles:
    """Carries nothing."""

    def order(self, order: FileOrder, now: float) -> None:
        raise AssertionError("nothing is ordered")

    def met(self, item: OnItsWay) -> None:
        raise AssertionError("nothing flows")

    def lost(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def tick(self, now: float) -> None:
        pass

    def wake_at(self) -> float | None:
        return None


class Fakes:
    """Makes the parts and gives the newest ones to look at."""

    rooms: FakeRooms
    ledger: FakeLedger
    questions: FakeQuestions

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, desk: Desk) -> Parts:
        self.made += 1
        self.rooms, self.ledger, self.questions = FakeRooms(desk), FakeLedger(desk), FakeQuestions(desk)
        return Parts(self.rooms, self.ledger, self.questions, FakeCounting(), FakeFiles())
