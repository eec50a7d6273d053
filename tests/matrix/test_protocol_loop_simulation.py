"""The sync loop against a small server over a bad network, with crashes: nothing is lost, doubled or out of order."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import pytest

from chat_tui_core.contract import Arrived, Link, News, Position, RoomsListed
from chat_tui_matrix.protocol import applying
from chat_tui_matrix.wire.calls import Call, Failed, Garbled, Refusal
from chat_tui_matrix.wire.events import RoomSection, SyncReply
from tests.matrix.driver import SLIDING, body, event, query, sync_filter
from tests.matrix.loop_stage import LEGACY, SLIDE, SYNC, Mode, Stage, events_of

ROOMS = tuple(f"!r{number}" for number in range(30))
WILD_STEPS = 400
MOST_CALM_STEPS = 3_000
EVENTS_AT_ONCE = 9
"""How many events the server gives in one answer to /events."""


class Server:
    """Rooms with numbered messages, and the three ways to sync. A token is a number in the log and an epoch."""

    def __init__(self) -> None:
        self.log: list[str] = []  # the room of each event; its place is the event's number
        self.epoch = 0
        self.connection: dict[str, tuple[int, frozenset[str]]] = {}
        self._count = 0

    def token(self, number: int) -> str:
        return f"s{number}_{self.epoch}"

    def known(self, token: str) -> int | None:
        """The number behind a token, None where it is not known (any more)."""
        number, _, epoch = token.removeprefix("s").partition("_")
        return int(number) if int(epoch) == self.epoch else None

    def section(self, room: str, low: int, limit: int, *, whole: bool = False) -> RoomSection | None:
        """What happened in a room from a number on, as far as the limit goes."""
        numbers = [number for number in range(low, len(self.log)) if self.log[number] == room]
        limited = len(numbers) > limit
        numbers = numbers[-limit:]
        if not numbers and not whole:
            return None
        events = tuple(event(event_id=f"${number}") for number in numbers)
        before = str(numbers[0]) if limited else ""
        return RoomSection(room, "join", events, limited=limited, prev_batch=before, whole=whole)

    def answer(self, call: Call) -> tuple[int, Any]:
        """Answer a request as a server would."""
        name = call.request.path.rpartition("/")[2]
        if name == "versions":
            return 200, dict(SLIDING)
        if "simplified" in call.request.path:
            return self._sliding(call)
        since = query(call).get("since") or query(call).get("from") or ""
        low = self.known(since) if since else 0
        if low is None:
            return 400, Refusal("M_UNKNOWN", "Invalid stream token")
        if name == "events":
            return 200, self._events(low)
        limit = 20 if name == "initialSync" else sync_filter(call)["room"]["timeline"]["limit"]
        found = [self.section(room, low, limit, whole=not since) for room in ROOMS]
        return 200, SyncReply(self.token(len(self.log)), tuple(filter(None, found)))

    def _events(self, low: int) -> SyncReply:
        high = min(len(self.log), low + EVENTS_AT_ONCE)
        rooms: dict[str, list[int]] = {}
        for number in range(low, high):
            rooms.setdefault(self.log[number], []).append(number)
        sections = [
            RoomSection(room, "join", tuple(event(event_id=f"${number}") for number in numbers))
            for room, numbers in rooms.items()
        ]
        return SyncReply(self.token(high), tuple(sections))

    def _sliding(self, call: Call) -> tuple[int, Any]:
        pos = query(call).get("pos", "")
        if pos and pos not in self.connection:
            return 400, Refusal("M_UNKNOWN_POS", "Unknown position")
        low, sent = self.connection.get(pos, (0, frozenset[str]()))
        self.connection = {pos: (low, sent)} if pos else {}
        window = body(call)["lists"]["rooms"]["ranges"][0][1] + 1
        newest = sorted(ROOMS, key=lambda room: max((n for n, one in enumerate(self.log) if one == room), default=-1))
        shown = newest[::-1][:window]
        found = [self.section(room, low if room in sent else 0, 20, whole=room not in sent) for room in shown]
        # A room that is not shown comes whole when it is shown again.
        self._count += 1
        self.connection[f"p{self._count}"] = (len(self.log), frozenset(shown))
        return 200, SyncReply(f"p{self._count}", tuple(filter(None, found)), total=len(ROOMS))


class Store:
    """What is durable: the events of each room by number with their orders, holes, and the position."""

    def __init__(self) -> None:
        self.events: dict[str, dict[int, int]] = {room: {} for room in ROOMS}
        self.holes: dict[str, list[tuple[int, int]]] = {room: [] for room in ROOMS}
        self.position: dict[str, str] = {}
        self.listed: set[str] = set()

    def take(self, item: News) -> None:
        if isinstance(item, Position):
            self.position = dict(item.data)
        elif isinstance(item, RoomsListed):
            self.listed = {room.room_id for room in item.rooms}
        elif isinstance(item, Arrived):
            known = self.events[item.room_id]
            numbers = {int(one.event_id[1:]): one.order for one in item.events}
            if item.token and not numbers.keys() & known.keys():
                self.holes[item.room_id].append((max(known, default=-1) + 1, int(item.token)))
            for number, order in numbers.items():
                known.setdefault(number, order)


class World:
    """One client, one server, the network between them, and a store that is sometimes slow."""

    def __init__(self, mode: Mode, seed: int) -> None:
        self.rng = random.Random(seed)
        self.mode = mode
        self.server = Server()
        self.store = Store()
        self.batches: deque[list[News]] = deque()
        self.arrived: set[str] = set()
        self.now = 1000.0
        self.stage = self.boot()

    def boot(self) -> Stage:
        """A new program that knows only what is durable."""
        self.batches.clear()
        self.arrived.clear()
        stage = Stage(self.mode, position=self.store.position, rng=self.rng.random)
        stage.works = False
        stage.now = self.now
        stage.core.start(stage.now)
        return stage

    # what can happen

    def speak(self) -> None:
        for _ in range(self.rng.choice((1, 1, 2, 5, 70))):
            self.server.log.append(self.rng.choice(ROOMS[: self.rng.choice((1, 4, len(ROOMS)))]))

    def answer(self) -> None:
        if calls := self.stage.all_calls():
            call = self.rng.choice(calls)
            status, value = self.server.answer(call)
            self.stage.reply_to(call, value, status)

    def trouble(self) -> None:
        """A request is lost before or after the server had it, or the server is in trouble."""
        if calls := self.stage.all_calls():
            call = self.rng.choice(calls)
            if self.rng.random() < 0.5:
                self.server.answer(call)
                self.stage.reply_to(call, Failed(call.id, "connection reset"))
            else:
                trouble = [(500, Refusal("", "oops")), (429, Refusal("M_LIMIT_EXCEEDED", "", 2.0)), (200, Garbled("?"))]
                status, value = self.rng.choice(trouble)
                self.stage.reply_to(call, value, status)

    def work(self) -> None:
        self.stage.core.work(self.stage.now)

    def collect(self) -> None:
        """Take a batch; but for what a first sync tells, nothing comes twice to one program."""
        if not (news := self.stage.news()):
            return
        self.batches.append(news)
        ends = [n for n, item in enumerate(news) if isinstance(item, Position) and self.mode.key in item.data]
        brought = news[: ends[-1]] if ends else []
        if not any(isinstance(item, RoomsListed) for item in brought):
            assert not self.arrived.intersection(events_of(brought))
        self.arrived.update(events_of(news))

    def commit(self) -> None:
        if self.batches:
            for item in (batch := self.batches.popleft()):
                self.store.take(item)
            if any(isinstance(item, Position) for item in batch):
                self.stage.core.stored(self.store.position, self.stage.now)

    def pass_time(self) -> None:
        self.stage.advance(self.rng.choice((0.5, 2.0, 31.0)))

    def crash(self) -> None:
        if self.rng.random() < 0.15:
            self.now = self.stage.now + self.rng.choice((0.0, 1.0, 500.0))
            self.stage = self.boot()

    def forget(self) -> None:
        if self.rng.random() < 0.1:
            self.server.epoch += 1
            self.server.connection.clear()

    def run(self) -> None:
        wild = (
            [self.speak] * 3
            + [self.answer] * 5
            + [self.work, self.collect, self.commit] * 4
            + [self.trouble, self.pass_time, self.crash, self.forget]
        )
        for _ in range(WILD_STEPS):
            self.rng.choice(wild)()
        for _ in range(MOST_CALM_STEPS):
            if self.done():
                return
            calm = self.rng.choice((self.answer, self.work, self.collect, self.commit))
            calm()
            if not self.stage.all_calls():
                self.stage.advance(1.0)
        raise AssertionError(f"not done: {self.missing()}")

    # what must hold

    def missing(self) -> list[tuple[str, int]]:
        """Events that are neither stored nor known to be missing."""
        return [
            (room, number)
            for number, room in enumerate(self.server.log)
            if number not in self.store.events[room]
            and not any(low <= number < high for low, high in self.store.holes[room])
        ]

    def done(self) -> bool:
        quiet = self.stage.at(Link.ONLINE) and not self.batches
        return quiet and len(self.store.listed) == len(ROOMS) and not self.missing()


@pytest.mark.parametrize("mode", [SYNC, SLIDE, LEGACY], ids=lambda mode: mode.name)
@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_or_out_of_order_whatever_the_network_does(
    mode: Mode, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # B2, B3, B4, B8
    monkeypatch.setattr(applying, "MOST_ROOMS", 3)  # many slices
    world = World(mode, seed)
    world.run()
    assert world.server.log
    for room, known in world.store.events.items():
        orders = [known[number] for number in sorted(known)]
        assert orders == sorted(set(orders)), room
    assert world.store.position["mode"] == mode.name
