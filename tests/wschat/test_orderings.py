"""In whatever order answers and echoes come, or get lost, what was said is there once, confirmed, in its place.

A session on a real store, the real core and the real server's rules; the test decides which frame arrives, and when.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from chat_tui_core.actions import Action, State
from chat_tui_core.contract import Deliver, Link, Question, Surroundings
from chat_tui_core.model import Account, EventKind
from chat_tui_core.session import Session
from chat_tui_core.store import Store
from chat_tui_core.store import actions as stored_actions
from chat_tui_wschat.protocol import Closed, CloseSocket, Login, Message, Open, Opened, Send, WschatCore
from chat_tui_wschat.protocol_ledger import ANSWER_TIME
from chat_tui_wschat.server.limits import Limits
from tests.core.orderings import TEN
from tests.core.scripted import ScriptedBackend
from tests.wschat.rules_stage import EPOCH_MS, START, Client, Stage, token_of

ROOM: Final = "general"
ALONE: Final = Surroundings()
ANSWER: Final = " CONFIRM MSG "
RESUMED: Final = "EVENT session RESUMED"
ECHO: Final = "EVENT message CREATE general "


class DrivenConnection:
    """See contract.Connection: a core without a network; the test carries its frames."""

    def __init__(self, world: World, position: Mapping[str, str], deliver: Deliver) -> None:
        self._world = world
        self.deliver = deliver
        login = Login("ws://chat.example", "ann", "laptop", token_of("ann", "laptop"))
        self.core = WschatCore(login, position, lambda: 0.5)
        self._closed = asyncio.Event()

    async def run(self) -> None:
        self.core.start(self._world.stage.now)
        await self._closed.wait()

    def do(self, action: Action) -> None:
        self.core.do(action, self._world.stage.now)

    def ask(self, question: Question) -> None:
        self.core.ask(question, self._world.stage.now)

    def stored(self, position: Mapping[str, str]) -> None:
        self.core.stored(position, self._world.stage.now)

    def connect_now(self) -> None:
        self.core.connect_now(self._world.stage.now)

    async def close(self) -> None:
        self._closed.set()


class WschatBackend(ScriptedBackend):
    """Makes driven connections."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self.newest: DrivenConnection

    def connect(
        self,
        account: Account,
        token: str,
        position: Mapping[str, str],
        deliver: Deliver,
        surroundings: Surroundings = ALONE,
    ) -> DrivenConnection:
        self.newest = DrivenConnection(self._world, position, deliver)
        return self.newest


class World:
    """A session of ours, the server, and the frames between them: those that a test holds wait until it lets them go."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stage = Stage(Limits(burst=1_000_000))
        self.bob = self.stage.sign_in("bob", "message")
        self.bob.ok(f"@id=1 CREATE {ROOM}")
        before = self.stage.sign_in("ann", device="laptop")
        before.ok(f"JOIN {ROOM}")
        before.say("QUIT")
        self.phone = self.stage.sign_in("ann", device="phone")
        self.bob.ok(f"@id=2 MSG {ROOM} before")
        self.socket: Client | None = None
        self.held: list[str] = []  # frames to us that have not arrived yet
        self.holding: tuple[str, ...] = ()  # words of the frames that are held from now on
        self.written: list[str] = []  # every message of ours that was written
        self.deaf = False  # what we write does not reach the server
        self._down: deque[str] = deque()
        self.backend = WschatBackend(self)
        self.open()

    def open(self) -> None:
        self.store = Store.open(self.path)
        account = Account("test", "wschat", "ws://chat.example", "ann", "laptop")
        clock = lambda: EPOCH_MS + round((self.stage.now - START) * 1000)  # noqa: E731
        self.session = Session(account, self.backend, "token", self.store, wall_ms=clock)
        self.session.connect()
        self.session.open_room(ROOM)

    # ------------------------------------------------------------ carrying frames

    async def settle(self) -> None:
        """Carry everything that is on its way and not held."""
        for _ in range(400):
            await asyncio.sleep(0)
            moved = self._carry()
            if news := self.backend.newest.core.events():
                self.backend.newest.deliver(news)
                moved = True
            task = self.session._intake._task
            if task is not None and not task.done():
                await asyncio.wait({task}, timeout=5)
            elif not moved:
                return
        raise AssertionError("it never comes to rest")

    def _carry(self) -> bool:
        """Take what the core wants to be done, and bring it one frame."""
        core = self.backend.newest.core
        outs = core.sends()
        for out in outs:
            if isinstance(out, Open):
                self.socket = self.stage.connect()
                core.receive(Opened(), self.stage.now)
            elif isinstance(out, CloseSocket):
                self._lose_socket()
            elif isinstance(out, Send):
                self._write(str(out.message))
        if self.socket is not None:
            self._down.extend(self.socket.hear())
        if self._down:
            frame = self._down.popleft()
            if any(word in frame for word in self.holding):
                self.held.append(frame)
            else:
                core.receive(Message(frame), self.stage.now)
            return True
        return bool(outs)

    def _write(self, frame: str) -> None:
        if " MSG " in frame:
            self.written.append(frame)
        if self.socket is not None and not self.deaf:
            self.stage.rules.received(self.socket.number, frame, self.stage.now)
            self.stage.settle()

    def _lose_socket(self) -> None:
        if self.socket is not None:
            socket, self.socket = self.socket, None
            self._down.clear()
            socket.lose()

    async def let_go(self, word: str, *, times: int = 1) -> None:
        """The held frame with this word arrives."""
        (frame,) = [frame for frame in self.held if word in frame]
        self.held.remove(frame)
        self.holding = tuple(held for held in self.holding if held != word)
        for _ in range(times):
            self.backend.newest.core.receive(Message(frame), self.stage.now)
            await self.settle()

    def drop(self, word: str) -> None:
        """The held frame with this word is lost."""
        (frame,) = [frame for frame in self.held if word in frame]
        self.held.remove(frame)
        self.holding = tuple(held for held in self.holding if held != word)

    async def later(self, seconds: float) -> None:
        """Let time pass, for all of them."""
        end = self.stage.now + seconds
        while self.stage.now < end:
            self.stage.now = min(end, self.stage.now + 5.0)
            for other in (self.bob, self.phone):
                self.stage.rules.received(other.number, "PONG 0", self.stage.now)
            self.stage.rules.tick(self.stage.now)
            self.stage.settle()
            self.backend.newest.core.tick(self.stage.now)
            await self.settle()
            self.session._sender.pump()
            await self.settle()

    async def cut(self) -> None:
        """The connection breaks, with all that is on it."""
        self.held.clear()
        self.holding = ()
        self.deaf = False
        self._lose_socket()
        self.backend.newest.core.receive(Closed(1006), self.stage.now)
        await self.settle()
        assert self.session.link.link is Link.WAITING

    # ------------------------------------------------------------ what people do

    async def say(self, text: str = "ours", *, hold: Sequence[str] = ()) -> Action:
        self.holding = tuple(hold)
        action = await self.session.send(ROOM, text)
        await self.settle()
        return action

    async def restart(self) -> None:
        """The program is killed and started again."""
        self.held.clear()
        self.holding = ()
        self._lose_socket()
        self.session._sender.stop()
        await self.session.close()
        await self.store.close()
        self.open()
        await self.settle()

    # ------------------------------------------------------------ what must be

    def on_server(self) -> list[str]:
        """What was said, by the server's own storage."""
        page = self.bob.ok(f"HISTORY {ROOM} AFTER 0 100")
        return [item["text"] for item in page["events"] if item["type"] == "message"]

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
        assert self.session.open_actions == {}
        assert self.on_server().count("ours") == 1
        assert self.shown() == self.on_server()
        assert {frame.partition(" ")[0] for frame in self.written} == {f"@id={action.id}" for action in actions}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path / "chat.db")
    await world.settle()
    assert world.session.link.link is Link.ONLINE
    yield world
    await world.session.close()
    await world.store.close()


# ---------------------------------------------------------------- the ten orderings


async def answer_then_echo(world: World) -> Action:
    action = await world.say(hold=(ANSWER, ECHO))
    await world.let_go(ANSWER)
    assert world.session.open_actions[action.id].state is State.SENT
    await world.let_go(ECHO)
    return action


async def echo_then_answer(world: World) -> Action:
    action = await world.say(hold=(ANSWER, ECHO))
    await world.let_go(ECHO)
    assert action.id not in world.session.open_actions
    await world.let_go(ANSWER)
    return action


async def answer_lost(world: World) -> Action:
    """The connection lives on: after a while the same id is sent again, and the server says that it knows it."""
    action = await world.say(hold=(ANSWER, ECHO))
    world.drop(ANSWER)
    await world.later(ANSWER_TIME + 1)
    assert len(world.written) == 2
    assert world.session.open_actions[action.id].state is State.SENT
    await world.let_go(ECHO)
    return action


async def echo_lost(world: World) -> Action:
    action = await world.say(hold=(ANSWER, ECHO))
    await world.let_go(ANSWER)
    world.drop(ECHO)
    assert world.session.open_actions[action.id].state is State.SENT
    world.bob.ok(f"@id=3 MSG {ROOM} more")
    await world.later(60)  # a number is missing: the stream is asked for again
    return action


async def both_lost_and_applied(world: World) -> Action:
    action = await world.say(hold=(ANSWER, ECHO))
    await world.cut()
    assert world.session.open_actions[action.id].doubt
    await world.later(2)
    return action


async def both_lost_and_not_applied(world: World) -> Action:
    world.deaf = True
    action = await world.say()
    await world.cut()
    assert world.session.open_actions[action.id].doubt
    assert "ours" not in world.on_server()
    await world.later(2)
    assert len(world.written) == 2
    return action


async def duplicate_echo(world: World) -> Action:
    action = await world.say(hold=(ECHO,))
    await world.let_go(ECHO, times=3)
    return action


async def echo_after_restart(world: World) -> Action:
    action = await world.say(hold=(ANSWER, ECHO))
    await world.restart()
    return action


async def two_sessions(world: World) -> Action:
    """Another device of ours says something meanwhile, under the very number that this one uses."""
    action = await world.say(hold=(ANSWER, ECHO))
    world.holding = ()
    world.phone.ok(f"@id={action.id} MSG {ROOM} from the phone")
    await world.let_go(ECHO)
    await world.settle()
    await world.let_go(ANSWER)
    return action


async def said_while_resuming(world: World) -> Action:
    await world.cut()
    world.bob.ok(f"@id=3 MSG {ROOM} meanwhile")
    world.holding = (RESUMED,)
    await world.later(2)
    assert world.session.link.link is Link.RESUMING
    action = await world.session.send(ROOM, "ours")
    await world.settle()
    assert world.written == []
    await world.let_go(RESUMED)
    await world.settle()
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


@pytest.mark.parametrize("ordering", ORDERINGS, ids=lambda ordering: ordering.__name__)
async def test_every_ordering_ends_confirmed_once(
    ordering: Callable[[World], Any], world: World
) -> None:  # A13, A14, A15, A16
    action = await ordering(world)
    await world.later(1)
    await world.check(action)
    following = await world.say("the next one")
    await world.later(1)
    await world.check(action, following)


async def test_the_other_device_never_hears_our_numbers(world: World) -> None:  # A15
    world.phone.hear()
    await world.say()
    heard = world.phone.hear() + world.bob.hear()
    assert any("ours" in frame for frame in heard)
    assert not any(frame.startswith("@") and "id=" in frame.partition(" ")[0] for frame in heard)
