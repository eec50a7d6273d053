"""The client's core against the server's rules over a simulated network: every message exactly once, in order."""

from __future__ import annotations

import random
from collections import deque

import pytest

from chat_tui_core.contract import (
    Answered,
    Arrived,
    AskHistory,
    Echoed,
    GapFound,
    HistoryGiven,
    Link,
    LostAction,
    News,
    Position,
    Postponed,
    RefusedAction,
    RoomChanged,
    RoomsListed,
)
from chat_tui_wschat.protocol import Closed, CloseSocket, Login, Message, Open, Opened, Send, WschatCore
from chat_tui_wschat.server.limits import Limits
from tests.wschat.protocol_driver import send
from tests.wschat.rules_stage import Client, Stage, token_of

MESSAGES = 12
MOST_STEPS = 30_000
CALM = 1_200
"""Steps after which the network behaves."""


class World:
    """One client, one server, the wire between them, and a mini-session that keeps what a store would keep."""

    def __init__(self, seed: int, *, replay_max: int) -> None:
        self.chance = random.Random(seed)
        self.stage = Stage(Limits(burst=1_000_000, replay_max=replay_max))
        self.stage.sign_in("bob").ok("@id=1 CREATE general")
        ann = self.stage.sign_in("ann")
        ann.ok("JOIN general")
        ann.say("QUIT")
        self.said_by_bob = 0
        self.up: deque[str | bytes] = deque()
        self.down: deque[str] = deque()
        self.socket: Client | None = None
        # what the store keeps
        self.position: dict[str, str] = {}
        self.waiting = [send(number, f"text {number}") for number in range(1, MESSAGES + 1)]
        self.seen: dict[int, str] = {}
        self.head = 0
        # what dies with the process
        self.in_flight = False
        self.not_before = 0.0
        self.asking = False
        self.start_client()

    # the client

    def start_client(self) -> None:
        """A new process: it knows what was stored."""
        self.drop_socket()
        self.in_flight, self.asking = False, False
        login = Login("ws://chat.example", "ann", "laptop", token_of("ann", "laptop"))
        self.core = WschatCore(login, self.position, self.chance.random)
        self.core.start(self.stage.now)
        self.pump()

    def drop_socket(self) -> None:
        """The wire is gone, and everything on it."""
        self.up.clear()
        self.down.clear()
        if self.socket is not None:
            socket, self.socket = self.socket, None
            socket.lose()

    def pump(self) -> None:
        """Carry out what the core wants, take its news, and give it what is next."""
        for item in self.core.events():
            self.take(item)
        self.next_action()
        for out in self.core.sends():
            if isinstance(out, Open):
                self.socket = self.stage.connect()
                self.core.receive(Opened(), self.stage.now)
            elif isinstance(out, CloseSocket):
                self.drop_socket()
            elif isinstance(out, Send):
                self.up.append(out.message)
        for item in self.core.events():
            self.take(item)

    def next_action(self) -> None:
        """One action at a time, as the outbox does; and history where something is missing."""
        now = self.stage.now
        if self.core.link is not Link.ONLINE:
            return
        if self.waiting and not self.in_flight and now >= self.not_before:
            self.in_flight = True
            self.core.do(self.waiting[0], now)
        missing = next((order for order in range(2, self.head + 1) if order not in self.seen), 0)
        if missing and not self.asking:
            self.asking = True
            self.core.ask(AskHistory(1, "general", 50, after=missing - 1), now)

    def take(self, news: News) -> None:
        """What a session does with news."""
        match news:
            case Arrived(events=events) | HistoryGiven(events=events):
                self.asking = self.asking and not isinstance(news, HistoryGiven)
                for event in events:
                    assert self.seen.setdefault(event.order, event.text) == event.text
                    self.head = max(self.head, event.order)
            case Answered(action_id=number) | Echoed(action_id=number):
                if self.waiting and self.waiting[0].id == number:
                    self.waiting.pop(0)
                    self.in_flight = False
            case LostAction() | Postponed():
                self.in_flight = False
                self.not_before = self.stage.now + getattr(news, "seconds", 0.0)
            case RefusedAction():
                raise AssertionError(news)
            case Position(data=data):
                self.position = dict(data)
                self.core.stored(data, self.stage.now)
            case RoomsListed(rooms=rooms):
                self.head = max([self.head, *(room.head for room in rooms)])
            case RoomChanged(room=room, fields=fields) if "head" in fields:
                self.head = max(self.head, room.head)
            case GapFound(gap=gap):
                self.head = max(self.head, gap.before - 1)

    # the wire

    def collect(self) -> None:
        """Take what the server has put out for us."""
        if self.socket is not None:
            self.down.extend(self.socket.hear())

    def step(self, *, wild: bool) -> None:
        """One thing happens somewhere."""
        self.collect()
        roll = self.chance.random()
        if wild and roll < 0.04:
            self.disaster()
        elif wild and roll < 0.08 and self.said_by_bob < 30:
            self.said_by_bob += 1
            self.stage.sign_in("bob").ok(f"@id={self.said_by_bob + 1} MSG general bob {self.said_by_bob}")
        elif roll < 0.45 and self.up and self.socket is not None:
            self.stage.rules.received(self.socket.number, self.up.popleft(), self.stage.now)
            self.stage.settle()
        elif self.down:
            self.deliver(wild=wild)
        elif self.socket is not None and self.socket.close is not None:
            close, self.socket = self.socket.close, None
            self.up.clear()
            self.core.receive(Closed(close.code, close.reason), self.stage.now)
        elif not self.up:
            self.let_time_pass()
        self.pump()

    def deliver(self, *, wild: bool) -> None:
        """One frame arrives; in wild times it may be lost, come twice, or be overtaken."""
        # Without HELLO the server would rightly count as bare S0.
        fate = self.chance.random() if wild and not self.down[0].startswith("HELLO") else 1.0
        if fate < 0.03:
            self.down.popleft()
            return
        if fate < 0.06:
            self.down.append(self.down[0])
        elif fate < 0.09:
            self.down.append(self.down.popleft())
        self.core.receive(Message(self.down.popleft()), self.stage.now)

    def disaster(self) -> None:
        """The wire is cut, or one side crashes and starts again."""
        kind = self.chance.random()
        if kind < 0.6:
            had = self.socket is not None
            self.drop_socket()
            if had:
                self.core.receive(Closed(1006), self.stage.now)
        elif kind < 0.8:
            self.start_client()
        else:
            self.stage.restart()
            self.socket = None
            self.up.clear()
            self.down.clear()
            self.core.receive(Closed(1006), self.stage.now)

    def let_time_pass(self) -> None:
        """Jump to when the client wants to be woken, a second at most."""
        now = self.stage.now
        wake = self.core.wake_at()
        self.stage.now = now + 1 if wake is None else min(max(wake, now), now + 1)
        self.stage.rules.tick(self.stage.now)
        self.stage.settle()
        self.core.tick(self.stage.now)

    @property
    def done(self) -> bool:
        """Whether everything was said, and everything said was heard."""
        return not self.waiting and len(self.seen) >= self.head - 1 and self.core.link is Link.ONLINE and not self.down


@pytest.mark.parametrize("replay_max", [3, 1000])
@pytest.mark.parametrize("seed", range(40))
def test_exactly_once_whatever_the_network_does(seed: int, replay_max: int) -> None:  # A11, A12, A13, A14, A25
    world = World(seed, replay_max=replay_max)
    for number in range(MOST_STEPS):
        world.step(wild=number < CALM)
        if number > CALM and world.done:
            break
    assert world.done, "it never comes to rest"
    page = world.stage.sign_in("bob").ok("HISTORY general LATEST * 100")
    texts = {item["pos"]: item.get("text", "") for item in page["events"]}
    own = [said for _, said in sorted(texts.items()) if said.startswith("text")]
    assert own == [f"text {number}" for number in range(1, MESSAGES + 1)]
    assert {order: said for order, said in world.seen.items() if order > 1} == {
        order: said for order, said in texts.items() if order > 1
    }
