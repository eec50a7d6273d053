"""Exactly once: whatever happens to requests and answers, every action ends, and none is carried out twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any, Final
from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import Answered, LostAction, News, Postponed, RefusedAction, Written
from chat_tui_matrix.protocol.actions import UNSEEN
from chat_tui_matrix.protocol.known_rooms import MADE
from chat_tui_matrix.wire.calls import Answer, Call, Failed, Garbled, Refusal, Reply, Request
from chat_tui_matrix.wire.events import MatrixEvent, PageReply, RoomSection, SyncReply
from tests.matrix.action_stage import BOB, MADE_AT, ME, ROOM, Stage, body

# ---------------------------------------------------------------- a homeserver that counts


class Homeserver:
    """Carries requests out as Synapse was seen to: what has a transaction id once, the rest as often as asked."""

    def __init__(self) -> None:
        self.events: dict[str, str] = {}
        self.rooms: list[tuple[str, str]] = []
        self.bob = "join"
        self.kicks = 0

    def handle(self, request: Request) -> Any:
        """The value of an answer, or a Refusal with its status."""
        path = unquote(request.path)
        if path.endswith("/createRoom"):
            mark = body(request)["initial_state"][0]["content"]["txn"]
            self.rooms.append((f"!made{len(self.rooms)}", mark))
            return {"room_id": self.rooms[-1][0]}
        if path.endswith("/v3/sync"):
            return SyncReply("s1", tuple(RoomSection(room, "join", state=(_mark(txn),)) for room, txn in self.rooms))
        if path.endswith("/kick"):
            if self.bob != "join":
                return 403, Refusal("M_FORBIDDEN", "The target user is not in the room")
            self.bob = "leave"
            self.kicks += 1
            return {}
        if "/state/m.room.member/" in path:
            return {"membership": self.bob}
        if request.method == "PUT" and ("/send/" in path or "/redact/" in path):
            return {"event_id": self.events.setdefault(path.rpartition("/")[2], f"$e{len(self.events)}")}
        return {}


def _mark(txn: str) -> MatrixEvent:
    return MatrixEvent(MADE, {"txn": txn}, ME, "$mark", 1, "")


# ---------------------------------------------------------------- what can happen to a request


class Fate(Enum):
    FINE = auto()
    NOT_SENT = auto()
    LOST_BEFORE = auto()  # the server never sees it, and we cannot know that
    LOST_AFTER = auto()  # carried out, the answer is lost
    LOST_LATE = auto()  # carried out some seconds after the connection broke
    FAULT_BEFORE = auto()
    FAULT_AFTER = auto()  # a proxy gave up on a server that went on
    LIMITED = auto()
    GARBLED = auto()
    LINK_BROKE = auto()  # with the request carried out
    RESTART = auto()  # of our program, with the request carried out


@dataclass
class Person:
    """A session as far as actions go: it stores what news say, and hands pending actions over again."""

    actions: dict[int, Action]
    settled: dict[int, News] = field(default_factory=dict)
    not_before: dict[int, float] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)

    def take(self, news: News, now: float, wall_ms: int) -> None:
        match news:
            case Written(action_id=key):
                action = self.actions[key]
                self.actions[key] = replace(action, attempts=action.attempts + 1, written_at=wall_ms)
            case LostAction(action_id=key):
                self.actions[key] = replace(self.actions[key], doubt=True)
                self.not_before[key] = now + news.seconds
                self.waiting.discard(key)
            case Postponed(action_id=key):
                assert not self.actions[key].doubt
                self.actions[key] = replace(self.actions[key], written_at=0)
                self.not_before[key] = now + news.seconds
                self.waiting.discard(key)
            case Answered(action_id=key) | RefusedAction(action_id=key):
                self.waiting.discard(key)
                self.settled[key] = news


class World:
    """One person, one server, and a list of fates for the next requests; after those all goes well."""

    def __init__(self, actions: list[Action], fates: list[Fate]) -> None:
        self.server = Homeserver()
        self.person = Person({action.id: action for action in actions})
        self.fates = fates
        self.late: list[tuple[float, Request]] = []
        self.now = 100.0
        self.start()

    def start(self) -> None:
        self.stage = Stage()
        self.stage.now = self.now
        self.stage.wall = int(MADE_AT / 1000 + self.now)

    def run(self) -> None:
        for _ in range(600):
            if set(self.person.settled) == set(self.person.actions):
                break
            self.hand_over()
            calls = list(self.stage.calls())
            if calls:
                self.meet(calls[0])
            else:
                self.pass_time(1.0)
        self.pass_time(0.0)
        self.pass_time(UNSEEN)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.stage.now = self.now
        self.stage.wall = int(MADE_AT / 1000 + self.now)
        for due, request in [item for item in self.late if item[0] <= self.now]:
            self.late.remove((due, request))
            self.server.handle(request)
        self.stage.ledger.tick(self.now)
        self.read()

    def hand_over(self) -> None:
        person = self.person
        for key, action in person.actions.items():
            if key in person.waiting or key in person.settled or person.not_before.get(key, 0.0) > self.now:
                continue
            person.waiting.add(key)
            self.stage.ledger.do(action, self.now)
            self.read()

    def meet(self, call: Call) -> None:
        fate = self.fates.pop(0) if self.fates else Fate.FINE
        self.stage.open.remove(call)
        reply = _REPLIES[fate](self, call)
        if reply is not None:
            self.stage.desk.replied(reply, self.now)
        self.read()

    def read(self) -> None:
        for news in self.stage.news():
            if isinstance(news, Postponed):  # it may be changed or taken back now
                assert f"{news.action_id}.{MADE_AT + news.action_id}" not in self.server.events
            self.person.take(news, self.now, round(MADE_AT + self.now * 1000))

    # ------------------------------------------------------------ fates

    def fine(self, call: Call) -> Reply:
        value = self.server.handle(call.request)
        if isinstance(value, tuple):
            return Answer(call.id, value[0], value[1], self.stage.wall)
        return Answer(call.id, 200, value, self.stage.wall)

    def lost_after(self, call: Call) -> Reply:
        self.server.handle(call.request)
        return Failed(call.id, "cut")

    def lost_late(self, call: Call) -> Reply:
        self.late.append((self.now + 5.0, call.request))
        return Failed(call.id, "cut")

    def fault_after(self, call: Call) -> Reply:
        self.server.handle(call.request)
        return Answer(call.id, 504, Refusal("", "HTTP 504: Gateway Timeout"), self.stage.wall)

    def garbled(self, call: Call) -> Reply:
        self.server.handle(call.request)
        return Answer(call.id, 200, Garbled("half of it"), self.stage.wall)

    def link_broke(self, call: Call) -> None:
        self.server.handle(call.request)
        self.stage.ledger.lost(self.now)

    def restart(self, call: Call) -> None:
        self.server.handle(call.request)
        self.start()
        person = self.person
        person.waiting.clear()
        for key, answer in person.settled.items():  # the session's own rule: what was answered in an earlier run
            if isinstance(answer, Answered):
                person.settled[key] = replace(answer, final=True)
        person.actions = {
            key: replace(action, doubt=action.doubt or action.attempts > 0) for key, action in person.actions.items()
        }


_REPLIES: Final[dict[Fate, Callable[[World, Call], Reply | None]]] = {
    Fate.FINE: World.fine,
    Fate.NOT_SENT: lambda _world, call: Failed(call.id, "refused", sent=False),
    Fate.LOST_BEFORE: lambda _world, call: Failed(call.id, "cut"),
    Fate.LOST_AFTER: World.lost_after,
    Fate.LOST_LATE: World.lost_late,
    Fate.FAULT_BEFORE: lambda world, call: Answer(call.id, 500, Refusal("M_UNKNOWN", "boom"), world.stage.wall),
    Fate.FAULT_AFTER: World.fault_after,
    Fate.LIMITED: lambda world, call: Answer(call.id, 429, Refusal("M_LIMIT_EXCEEDED", "", 3.0), world.stage.wall),
    Fate.GARBLED: World.garbled,
    Fate.LINK_BROKE: World.link_broke,
    Fate.RESTART: World.restart,
}


def _action(action_id: int, kind: Kind, **content: Any) -> Action:
    room_id = "Tea" if kind is Kind.CREATE_ROOM else ROOM
    return Action(action_id, kind, room_id, content, created_at=MADE_AT + action_id)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(Fate), max_size=14))
def test_whatever_happens_to_the_network_everything_is_done_once(fates: list[Fate]) -> None:  # B12
    actions = [
        _action(1, Kind.SEND, text="one"),
        _action(2, Kind.CREATE_ROOM, name="Tea"),
        _action(3, Kind.KICK, user=BOB),
        _action(4, Kind.REDACT, target="$t"),
    ]
    world = World(actions, fates)
    world.run()
    assert [type(world.person.settled.get(key)) for key in (1, 2, 3, 4)] == [Answered] * 4
    assert sorted(world.server.events) == [f"1.{MADE_AT + 1}", f"4.{MADE_AT + 4}"]
    assert world.server.rooms == [("!made0", f"2.{MADE_AT + 2}")]
    assert world.server.kicks == 1
    made = world.person.settled[2]
    assert isinstance(made, Answered)
    assert made.room_id == "!made0"
    ends = [answer.final for answer in world.person.settled.values() if isinstance(answer, Answered)]
    assert all(ends), "something would stay `sent` for ever"


# ---------------------------------------------------------------- one word on each try

VALUES: Final[tuple[Any, ...]] = (
    {},
    {"event_id": "$e", "room_id": "!made", "membership": "join"},
    {"membership": "leave"},
    SyncReply("s1"),
    PageReply(),
    Garbled("x"),
    None,
)
REFUSALS: Final = (
    (400, "M_UNKNOWN"),
    (403, "M_FORBIDDEN"),
    (404, "M_NOT_FOUND"),
    (429, "M_LIMIT_EXCEEDED"),
    (502, "M_X"),
)
CONTENT: Final = {"text": "x", "user": BOB, "target": "$t", "key": "k", "topic": "t", "name": "n", "tag": "low"}

replies = st.one_of(
    st.sampled_from(VALUES).map(lambda value: lambda call: Answer(call, 200, value, 5)),
    st.sampled_from(REFUSALS).map(lambda no: lambda call: Answer(call, no[0], Refusal(no[1], ""), 5)),
    st.booleans().map(lambda sent: lambda call: Failed(call, "cut", sent=sent)),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("do"), st.integers(1, 6), st.sampled_from(Kind), st.booleans()),
        st.tuples(st.just("reply"), st.integers(0, 5), replies),
        st.tuples(st.just("lost")),
        st.tuples(st.just("tick"), st.sampled_from([0.5, 3.0, 50.0])),
    ),
    max_size=60,
)


class Words:
    """Knows which tries still wait for their word."""

    def __init__(self) -> None:
        self.waiting: set[int] = set()
        self.promised: set[int] = set()  # answered, and not final
        self.paused: set[int] = set()  # in doubt, and told to wait

    def read(self, said: list[News]) -> None:
        for news in said:
            if isinstance(news, Answered) and news.action_id not in self.waiting:
                assert news.final
                self.promised.remove(news.action_id)
            elif isinstance(news, LostAction) and news.action_id not in self.waiting:
                assert news.seconds == 0.0
                self.paused.remove(news.action_id)
            elif isinstance(news, Answered | RefusedAction | Postponed | LostAction):
                self.waiting.remove(news.action_id)
                if isinstance(news, LostAction) and news.seconds:
                    self.paused.add(news.action_id)
                if isinstance(news, Answered) and not news.final:
                    self.promised.add(news.action_id)


@settings(max_examples=400, deadline=None)
@given(steps)
def test_each_try_gets_exactly_one_word(plan: list[tuple[Any, ...]]) -> None:
    stage, words = Stage(), Words()
    for step in plan:
        match step:
            case ("do", key, kind, doubt):
                if key not in words.waiting:
                    words.promised.discard(key)
                    stage.ledger = _without_promise(stage, key)
                    words.waiting.add(key)
                    stage.do(kind, dict(CONTENT), id=key, doubt=doubt)
            case ("reply", which, reply):
                calls = stage.calls()
                if calls:
                    call = calls.pop(which % len(calls))
                    stage.desk.replied(reply(call.id), stage.now)
            case ("lost",):
                stage.ledger.lost(stage.now)
                words.read(stage.news())
                assert not words.waiting
            case ("tick", seconds):
                stage.now += seconds
                stage.ledger.tick(stage.now)
        words.read(stage.news())
        under_way = len(stage.calls()) + len(stage.ledger._behind)
        assert len(words.waiting) == under_way, "a try that is nowhere would never get its word"
        assert stage.calls() or not stage.ledger._behind or stage.ledger.wake_at() is not None


def _without_promise(stage: Stage, key: int) -> Any:
    """An id is never used for another action; here it may be, so the ledger forgets what it still watches."""
    stage.ledger._unseen.pop(key, None)
    return stage.ledger
