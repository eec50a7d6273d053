"""Whatever is done and heard, in whatever order: the table is kept, one at a time leaves, nothing noted is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chat_tui_core.actions import OPEN, TRANSITIONS, Action, Kind, State
from chat_tui_core.errors import LocalError
from chat_tui_core.model import EventKind, Membership, Room, RoomEvent
from chat_tui_core.news import Answered, Arrived, Echoed, LostAction, News, Postponed, RefusedAction, Written
from chat_tui_core.outbox import Outbox, Why, is_there
from chat_tui_core.session.commands import Cancel, Command, Leave, LetPass, Make, Resend, Retry
from chat_tui_core.session.ingest import ingest, run_command
from chat_tui_core.session.ingest_state import Known, Outcome
from chat_tui_core.store import actions as stored_actions
from tests.core.simulator_disk import MemoryDisk

ROOMS = {name: Room(name, membership=Membership.JOINED) for name in "ab"}
LATER = 3_000


def reachable(state: State) -> set[State]:
    """The states that some causes lead to from this one."""
    found, left = {state}, [state]
    while left:
        new = set(TRANSITIONS[left.pop()].values()) - found
        found |= new
        left += new
    return found


REACHABLE = {state: reachable(state) for state in State}


class Desk(RuleBasedStateMachine):
    """A store, an outbox, and somebody who plays both the person and the backend."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = MemoryDisk()
        self.now = 1_000_000
        self.places = 0
        self.seen: dict[int, State] = {}
        self.out: dict[int, Action] = {}  # handed over, and not landed
        self.told: dict[int, int] = {}  # the place of the event that the server made of an action
        self.taken_back: set[int] = set()
        self.start()

    def teardown(self) -> None:
        self.disk.close()

    # ------------------------------------------------------------ the session

    def start(self) -> None:
        if self.disk.read(stored_actions.needs_tidying, self.now):
            self.disk.write(stored_actions.tidy, self.now)
        self.actions = {action.id: action for action in self.disk.read(stored_actions.open_actions)}
        self.outbox = Outbox(self.actions, self.now)
        self.out.clear()
        self.pump()

    def known(self) -> Known:
        return Known("me", ROOMS, {}, True, self.now)

    def settle(self, outcome: Outcome, news: Sequence[News] = ()) -> None:
        for old in outcome.rekeyed:
            self.actions.pop(old, None)
            self.outbox.forget(old)
        for action in outcome.actions.values():
            self.note(action)
            if action.state in OPEN:
                self.actions[action.id] = action
            else:
                self.actions.pop(action.id, None)
        self.outbox.note(news, self.now)
        self.pump()

    def note(self, action: Action) -> None:
        before = self.seen.get(action.id)
        if before is None:
            assert action.id > max(self.seen, default=0), "ids rise"
        else:
            assert action.state in REACHABLE[before], f"{before} cannot become {action.state}"
        self.seen[action.id] = action.state

    def pump(self) -> None:
        step = self.outbox.next(self.actions.values(), self.now)
        for action in step.hand:
            stored = self.disk.read(stored_actions.load_action, action.id)
            assert stored is not None
            assert stored.written_at, "it is noted before it leaves"
            assert action.id not in self.taken_back
            assert not [other for other in self.out.values() if other.room_id == action.room_id], "one at a time"
            self.out[action.id] = action
        if step.mark:
            self.command(Leave(step.mark))
            self.outbox.marked(step.mark)
        if step.unmark:
            self.hear(*(Postponed(action_id, 0.0, "OFFLINE", "") for action_id in step.unmark))

    def command(self, command: Command) -> Action | None:
        try:
            outcome = self.disk.write(run_command, self.known(), command, durable=True)
        except LocalError:
            return None
        first = next(iter(outcome.actions.values()), None)
        self.settle(outcome)
        return first

    def hear(self, *news: News) -> None:
        landed = {item.action_id for item in news if isinstance(item, (Answered, Echoed, RefusedAction, Postponed))}
        lost = {item.action_id for item in news if isinstance(item, LostAction)}
        for action_id in landed | lost:
            self.out.pop(action_id, None)
        self.settle(self.disk.write(ingest, self.known(), news), news)
        self.pump()

    # ------------------------------------------------------------ the person

    @rule(room=st.sampled_from("ab"), later=st.sampled_from([0, 0, LATER]), at=st.sampled_from([0, 0, 0, LATER]))
    def says(self, room: str, later: int, at: int) -> None:
        content: dict[str, object] = {"text": "x"} | ({"at": self.now + at} if at else {})
        not_before = self.now + max(later, at) if later or at else 0
        self.make(Action(0, Kind.SEND, room, content, not_before=not_before))

    @rule(kind=st.sampled_from([Kind.EDIT, Kind.REACT, Kind.REDACT, Kind.SEND]), data=st.data())
    def means(self, kind: Kind, data: st.DataObject) -> None:
        messages = [action for action in self.actions.values() if action.kind is Kind.SEND]
        if messages:
            about = data.draw(st.sampled_from(messages))
            self.make(Action(0, kind, about.room_id, {"text": "y"}), about.id)

    @rule(room=st.sampled_from("ab"))
    def kicks(self, room: str) -> None:
        self.make(Action(0, Kind.KICK, room, {"user": "bob"}))

    def make(self, draft: Action, about: int = 0) -> None:
        self.command(Make(draft, about, self.outbox.is_online, self.outbox.earlier))

    @rule(what=st.sampled_from([Cancel, Retry, LetPass, Resend]), data=st.data())
    @precondition(lambda self: self.actions)
    def decides(self, what: type, data: st.DataObject) -> None:
        action = data.draw(st.sampled_from(list(self.actions.values())))
        command = Resend(action.id, "z", self.outbox.earlier) if what is Resend else what(action.id)
        found = self.command(command)
        if what is Cancel and found is not None:
            self.taken_back.add(action.id)
            assert action.id not in self.out

    # ------------------------------------------------------------ the backend

    @rule(data=st.data())
    @precondition(lambda self: self.out)
    def lands(self, data: st.DataObject) -> None:
        action = data.draw(st.sampled_from(list(self.out.values())))
        what = data.draw(st.sampled_from(["written", "answered", "echoed", "refused", "postponed", "lost"]))
        if what in {"answered", "echoed"}:
            self.places = max(self.places, self.told.setdefault(action.id, self.places + 1))
        place, event_id = self.told.get(action.id, 0), f"m{self.told.get(action.id, 0)}"
        news: dict[str, News] = {
            "written": Written(action.id),
            "answered": Answered(action.id, event_id, place),
            "echoed": Echoed(action.id, event_id, place),
            "refused": RefusedAction(action.id, "NO", "No."),
            "postponed": Postponed(action.id, 1.0, "BUSY", "Later."),
            "lost": LostAction(action.id),
        }
        self.hear(news[what])

    @rule(data=st.data())
    @precondition(lambda self: self.told)
    def is_seen(self, data: st.DataObject) -> None:
        action_id = data.draw(st.sampled_from(sorted(self.told)))
        place = self.told[action_id]
        event = RoomEvent("a", f"m{place}", place, EventKind.MESSAGE, "me", 1, "x", action_id=action_id)
        self.hear(Arrived("a", (event,)), Echoed(action_id, event.event_id, place))

    @rule()
    def link_comes_up(self) -> None:
        self.outbox.link(online=True)
        self.pump()

    @rule()
    def link_breaks(self) -> None:
        self.outbox.link(online=False)
        self.hear(*(LostAction(action_id) for action_id in self.out))

    @rule(power=st.booleans())
    def program_dies(self, power: bool) -> None:
        self.disk.crash(power=power)
        stored = self.disk.read(stored_actions.recent_actions, 1_000)
        self.seen.update({action.id: action.state for action in stored})  # a power cut takes back what was heard last
        assert self.taken_back <= {action.id for action in stored}
        self.start()

    @rule()
    def time_passes(self) -> None:
        self.now += 1_500
        self.pump()

    # ------------------------------------------------------------ what always holds

    @invariant()
    def everything_open_has_a_reason(self) -> None:
        assert set(self.outbox.waits) == set(self.actions)

    @invariant()
    def what_is_open_is_stored(self) -> None:
        assert {action.id: action for action in self.disk.read(stored_actions.open_actions)} == self.actions

    @invariant()
    def what_depends_is_told_of_what_is_there(self) -> None:
        for action in self.actions.values():
            if action.depends_on:
                assert not is_there(self.actions[action.depends_on])

    @invariant()
    def a_message_that_was_refused_is_named(self) -> None:
        for wait in self.outbox.waits.values():
            if wait.why is Why.BLOCKED:
                assert self.actions[wait.by].state is State.FAILED
            if wait.by:
                assert wait.by in self.actions


TestDesk = Desk.TestCase  # A13, A14, A16, E3
TestDesk.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
