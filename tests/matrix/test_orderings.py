"""In whatever order answers and echoes come, or get lost, what was said is there once, confirmed, in its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pytest

from chat_tui_core.actions import Action, State
from chat_tui_core.contract import Deliver, Link, Question, Surroundings
from chat_tui_core.model import Account, EventKind
from chat_tui_core.session import Session
from chat_tui_core.store import Store
from chat_tui_core.store import actions as stored_actions
from chat_tui_matrix.protocol.actions import UNSEEN
from chat_tui_matrix.wire.calls import Call, Failed
from chat_tui_matrix.wire.events import MatrixEvent, PageReply
from tests.core.orderings import TEN
from tests.core.scripted import ScriptedBackend
from tests.matrix.driver import BOB, ME, ROOM, WALL, Driver, body, member, message, reply, section
from tests.matrix.loop_stage import Mode, each_mode

SEND: Final = "PUT send"
ALONE: Final = Surroundings()


class Homeserver:
    """One room's events, and the transaction ids that it has seen from our device."""

    def __init__(self) -> None:
        self.events: list[MatrixEvent] = [member(ME), member(BOB), message("before", event_id="$0")]
        self.made: dict[str, str] = {}

    def carry_out(self, call: Call) -> str:
        """Do what a request wants, once for each transaction id; the event's id."""
        *_, txn = unquote(call.request.path).split("/")
        if txn not in self.made:
            self.made[txn] = f"${len(self.events)}"
            text = said_in(call)
            self.events.append(message(text, sender=ME, event_id=self.made[txn], txn=txn))
        return self.made[txn]

    @property
    def texts(self) -> list[str]:
        """What was said."""
        return [event.content["body"] for event in self.events if event.type == "m.room.message"]


def said_in(call: Call) -> str:
    """The text that a request says."""
    return str(body(call)["body"])


class DrivenConnection:
    """See contract.Connection: a core without a network; the test answers its calls."""

    def __init__(self, mode: Mode, position: Mapping[str, str], deliver: Deliver, lent: Surroundings) -> None:
        self.driver = Driver(mode=mode.name, position=position, state=lent.read_state)
        self.driver.always("GET /messages$", lambda _: PageReply())
        self.driver.always("GET /members$", lambda _: (member(ME), member(BOB)))
        if mode.name != "sync":
            self.driver.always("sync", lambda _: reply("c1"))  # how much is unread is asked for beside
        self.deliver = deliver
        self._closed = asyncio.Event()

    async def run(self) -> None:
        await self._closed.wait()

    def do(self, action: Action) -> None:
        self.driver.do(action)

    def ask(self, question: Question) -> None:
        self.driver.ask(question)

    def stored(self, position: Mapping[str, str]) -> None:
        self.driver.core.stored(position, self.driver.now)

    def connect_now(self) -> None:
        self.driver.core.connect_now(self.driver.now)

    async def close(self) -> None:
        self._closed.set()


class MatrixBackend(ScriptedBackend):
    """Makes driven connections in one mode."""

    def __init__(self, mode: Mode) -> None:
        super().__init__()
        self.mode = mode
        self.newest: DrivenConnection

    def connect(
        self,
        account: Account,
        token: str,
        position: Mapping[str, str],
        deliver: Deliver,
        surroundings: Surroundings = ALONE,
    ) -> DrivenConnection:
        self.newest = DrivenConnection(self.mode, position, deliver, surroundings)
        return self.newest


class World:
    """A session of ours on a real store, the homeserver, and what is on its way between them."""

    def __init__(self, mode: Mode, path: Path) -> None:
        self.mode = mode
        self.path = path
        self.server = Homeserver()
        self.backend = MatrixBackend(mode)
        self.polls = 0
        self.seen = 0
        self.clock = WALL * 1000
        self.open()

    def open(self) -> None:
        self.store = Store.open(self.path)
        account = Account("test", "matrix", "https://chat.example", ME, "LAPTOP")
        self.session = Session(account, self.backend, "token", self.store, wall_ms=lambda: self.clock)
        self.session.connect()
        self.session.open_room(ROOM)

    @property
    def driver(self) -> Driver:
        return self.backend.newest.driver

    # ------------------------------------------------------------ time

    async def settle(self) -> None:
        """Let everything that is on its way between the core, the store and the session arrive."""
        for _ in range(200):
            news = self.driver.news()
            if news:
                self.backend.newest.deliver(news)
            await asyncio.sleep(0)
            task = self.session._intake._task
            if task is not None and not task.done():
                await asyncio.wait({task}, timeout=5)
            elif not news:
                return
        raise AssertionError("it never comes to rest")

    async def later(self, seconds: float) -> None:
        """Let time pass, for the core and for the session."""
        self.driver.advance(seconds)
        self.clock += round(seconds * 1000)
        await self.settle()
        self.session._sender.pump()
        await self.settle()

    # ------------------------------------------------------------ what the person does

    async def start(self) -> None:
        """From nothing, or from what is stored, to ONLINE."""
        self.driver.start(self.mode.versions)
        await self.poll()

    async def say(self, text: str) -> Action:
        action = await self.session.send(ROOM, text)
        await self.settle()
        return action

    async def restart(self) -> None:
        """The program is killed and started again: what is not stored is gone."""
        self.backend.newest.driver.core.stop(self.driver.now)
        self.session._sender.stop()
        await self.session.close()
        await self.store.close()
        self.open()
        await self.start()

    # ------------------------------------------------------------ what the network does

    async def answer(self, call: Call | None = None, times: int = 1) -> None:
        """The request is carried out, and its answer comes."""
        call = call or self.driver.call(SEND)
        event_id = self.server.carry_out(call)
        for _ in range(times - 1):
            event_id = self.server.carry_out(call)
        self.driver.reply_to(call, {"event_id": event_id})
        await self.settle()

    def carry_out(self) -> Call:
        """The request is carried out; its answer is still on its way."""
        call = self.driver.call(SEND)
        self.server.carry_out(call)
        return call

    async def lose(self) -> None:
        """What is under way of a request, or of its answer, is lost."""
        self.driver.reply_to(self.driver.call(SEND), Failed(0, "cut", sent=True))
        await self.settle()

    async def poll(self, *, again: int = 0, left_out: int = 0) -> None:
        """The answer to the poll comes, with what is new; the last `again` events a second time.

        `left_out`: so many new events are not in it, for there were too many (`limited`).
        """
        first = not self.driver.all_calls(self.mode.later) or not self.driver.core._loop.position.get(self.mode.key)
        pattern = self.mode.first if first else self.mode.later
        new = self.server.events if first else self.server.events[max(0, self.seen - again) + left_out :]
        self.seen = len(self.server.events)
        self.polls += 1
        more: dict[str, Any] = {"whole": True, "joined": 2} if first else {}
        if left_out:
            more |= {"limited": True, "prev_batch": "p1"}
        rooms = [section(ROOM, *new, **more)] if new or left_out else []
        self.driver.answer(pattern, reply(f"t{self.polls}", *rooms, total=1))
        await self.settle()

    async def lose_poll(self) -> None:
        """The poll breaks: the link is gone."""
        self.driver.fail(self.mode.later, "connection reset")
        await self.settle()
        assert self.session.link.link is Link.WAITING

    # ------------------------------------------------------------ what must be

    def shown(self) -> list[str]:
        """What the room's timeline shows, echoes of ours that have no place yet with a star."""
        timeline = self.session.timeline(ROOM)
        assert timeline is not None
        texts = []
        for item in timeline.items:
            if item.event is not None and item.event.kind is EventKind.MESSAGE:
                texts.append(item.event.text)
            elif item.action is not None:
                texts.append(f"{item.action.text}*")
        return texts

    async def check(self, *actions: Action) -> None:
        """Everything is confirmed under its first id; it is on the server and on the screen once, in the same order."""
        for action in actions:
            stored = self.store.read(stored_actions.load_action, action.id)
            assert stored is not None
            assert (stored.state, stored.doubt) == (State.CONFIRMED, False)
            assert stored.event_id in {event.event_id for event in self.server.events}
        assert self.session.open_actions == {}
        assert self.server.texts.count("ours") == 1
        assert self.shown() == self.server.texts
        assert not self.driver.all_calls(SEND), "it is sent once more"


@pytest.fixture
async def world(mode: Mode, tmp_path: Path) -> AsyncIterator[World]:
    world = World(mode, tmp_path / "chat.db")
    await world.start()
    yield world
    await world.session.close()
    await world.store.close()


# ---------------------------------------------------------------- the ten orderings


async def answer_then_echo(world: World) -> Action:
    action = await world.say("ours")
    await world.answer()
    assert world.session.open_actions[action.id].state is State.SENT
    await world.poll()
    return action


async def echo_then_answer(world: World) -> Action:
    action = await world.say("ours")
    call = world.carry_out()
    await world.poll()
    assert action.id not in world.session.open_actions
    await world.answer(call)
    return action


async def answer_lost(world: World) -> Action:
    action = await world.say("ours")
    world.carry_out()
    await world.lose()
    assert world.session.open_actions[action.id].doubt
    await world.poll()
    await world.answer()  # it had been sent again at once, with the same id
    return action


async def echo_lost(world: World) -> Action:
    """So much was said that the answer to the poll leaves ours out; it is fetched only when somebody scrolls there."""
    action = await world.say("ours")
    await world.answer()
    world.server.events += [message(f"more {number}", event_id=f"$more{number}") for number in range(3)]
    await world.poll(left_out=2)
    await world.later(UNSEEN + 1)
    assert action.id not in world.session.open_actions
    world.driver._standing.insert(0, ("GET /messages$", lambda _: history(world)))
    timeline = world.session.timeline(ROOM)
    assert timeline is not None
    (gap,) = [item.gap for item in timeline.items if item.gap is not None]
    filling = asyncio.create_task(world.session.fill_gap(ROOM, gap))
    for _ in range(5):
        await asyncio.sleep(0)
        await world.settle()
    await filling
    return action


async def both_lost_and_applied(world: World) -> Action:
    action = await world.say("ours")
    world.carry_out()
    await world.lose_poll()
    assert world.session.open_actions[action.id].doubt
    await world.later(2.0)
    await world.poll()
    assert action.id not in world.session.open_actions, "the echo came with the first answer after the break"
    return action


async def both_lost_and_not_applied(world: World) -> Action:
    action = await world.say("ours")
    await world.lose_poll()
    assert world.session.open_actions[action.id].doubt
    await world.later(2.0)
    await world.poll()
    await world.answer()
    await world.poll()
    return action


async def duplicate_echo(world: World) -> Action:
    action = await world.say("ours")
    await world.answer(times=2)
    await world.poll()
    await world.poll(again=1)
    await world.poll(again=2)
    return action


async def echo_after_restart(world: World) -> Action:
    action = await world.say("ours")
    world.carry_out()
    await world.restart()
    assert action.id not in world.session.open_actions or world.session.open_actions[action.id].doubt
    for call in world.driver.all_calls(SEND):
        await world.answer(call)
    await world.poll()
    return action


async def two_sessions(world: World) -> Action:
    """Another device of ours says something meanwhile: it bears no transaction id here, and is nothing of ours."""
    action = await world.say("ours")
    world.server.events.append(message("from the phone", sender=ME, event_id="$phone"))
    await world.poll()
    assert world.session.open_actions[action.id].state is State.PENDING
    await world.answer()
    world.server.events.append(message("again from the phone", sender=ME, event_id="$phone2"))
    await world.poll()
    return action


async def said_while_resuming(world: World) -> Action:
    await world.lose_poll()
    world.server.events.append(message("meanwhile", event_id="$meanwhile"))
    await world.later(2.0)
    assert world.session.link.link is Link.RESUMING
    action = await world.say("ours")
    assert not world.driver.all_calls(SEND)
    await world.poll()
    await world.answer()
    await world.poll()
    return action


ORDERINGS: Final[Sequence[Callable[[World], Any]]] = (
    answer_then_echo,
    echo_then_answer,
    answer_lost,
    echo_lost,
    both_lost_and_applied,
    both_lost_and_not_applied,
    duplicate_echo,
    echo_after_restart,
    two_sessions,
    said_while_resuming,
)


def test_these_are_the_ten() -> None:
    assert tuple(ordering.__name__ for ordering in ORDERINGS) == TEN


def history(world: World) -> PageReply:
    """The newest page of the room's history."""
    return PageReply(tuple(reversed(world.server.events)), (), "p1", "")


@each_mode
@pytest.mark.parametrize("ordering", ORDERINGS, ids=lambda ordering: ordering.__name__)
async def test_every_ordering_ends_confirmed_once(
    ordering: Callable[[World], Any], world: World
) -> None:  # A13, A14, A15, B12
    action = await ordering(world)
    await world.check(action)
    following = await world.say("the next one")
    await world.answer()
    await world.poll()
    await world.check(action, following)
