"""A session on a server that breaks things on purpose: everything said arrives once, in order, and is confirmed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chat_tui.arguments import parser
from chat_tui.demo import start_demo
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.contract import Link, ServerOptions
from chat_tui_core.errors import ConfigError
from chat_tui_core.model import Account, EventKind, Membership
from chat_tui_core.session import Session
from chat_tui_core.session_changes import LinkMoved, SessionChange
from chat_tui_core.store import Store
from chat_tui_wschat import backend
from chat_tui_wschat.server import faulty
from chat_tui_wschat.server.faults import Decision, Plan, Way
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.maker import WschatServerMaker
from chat_tui_wschat.server.passwords import Cost
from chat_tui_wschat.server.shell import WsServer
from tests.wschat.wschat_peer import dial, hear

pytestmark = pytest.mark.live

COUNT = 60
CHEAP = Cost(16, 1, 1)


@asynccontextmanager
async def serving(data: Path, chaos: str) -> AsyncIterator[WsServer]:
    options = ServerOptions(data=str(data), open_registration=True, chaos=chaos)
    server = await WschatServerMaker().start(options, limits=Limits(burst=100_000), cost=CHEAP)
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def speaking(url: str, folder: Path, *, eager: bool = True) -> AsyncIterator[Session]:
    """Somebody who is online, and who never waits for the next try when `eager`."""
    given = await backend.login(url, "ann", "secret", kind="password", device="laptop")
    store = Store.open(folder / "ann.db")
    session = Session(Account("ann", "wschat", url, given.user, given.device), backend, given.token, store)

    def hurry(change: SessionChange) -> None:
        if eager and isinstance(change, LinkMoved) and change.link.link is Link.WAITING:
            asyncio.get_running_loop().call_later(0.02, session.connect_now)

    session.watch(hurry)
    session.connect()
    try:
        await session.ready()
        yield session
    finally:
        await session.close()
        await store.close()


async def confirmed(session: Session, action: Action) -> Action:
    done = await session.settled(action.id, State.CONFIRMED)
    assert done.state is State.CONFIRMED, f"{done.state} {done.error_text}"
    assert done.id == action.id
    return done


async def told(data: Path) -> list[str]:
    """What the server has kept of the room, as a plain peer reads it when nothing is broken any more."""
    async with serving(data, "") as server, dial(server.url) as peer:
        await peer.password("reader")
        await peer.ask("@id=2 JOIN general")
        reply = await peer.ask("@id=3 HISTORY general LATEST * 100")
        assert reply.data["more"] is False
        events = reply.data["events"]
        assert [event["pos"] for event in events] == list(range(1, len(events) + 1))
        return [event["text"] for event in events if event["type"] == "message"]


MIXES = {
    "a little of everything": "drop=0.02,delay=0.05:0.05,duplicate=0.03,reorder=0.03,cut=0.01,lose-confirm=0.03",
    "confirms": "lose-confirm=0.15",
    "cuts without a replay": "cut=0.03,truncate=0.5",
    "order": "duplicate=0.2,reorder=0.2,delay=0.2:0.02",
    "frames": "drop=0.06",
}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("mix", MIXES)
async def test_what_is_said_under_faults_is_said_once_and_in_order(
    mix: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # A25, A11, A12, A13, A14, A16
    data, seen = tmp_path / "server.db", Counter[str]()

    class Counted(Plan):
        def decide(self, way: Way, frame: str | bytes) -> Decision:
            decision = Plan.decide(self, way, frame)
            seen[decision.fault] += 1
            return decision

    monkeypatch.setattr("chat_tui_wschat.server.shell.Plan", Counted)
    expected = [f"line {number}" for number in range(COUNT)]
    async with (
        serving(data, f"seed={seed},{MIXES[mix]},mend=0.2") as server,
        speaking(server.url, tmp_path) as session,
    ):
        await confirmed(session, await session.perform(Kind.CREATE_ROOM, "general"))
        session.open_room("general", 200)
        for action in [await session.send("general", text) for text in expected]:
            await confirmed(session, action)

        def shown() -> list[str]:
            timeline = session.timeline("general")
            assert timeline is not None
            events = [item.event for item in timeline.items if item.event is not None]
            return [event.text for event in events if event.kind is EventKind.MESSAGE]

        while shown() != expected:
            await asyncio.sleep(0.02)
        assert not session.open_actions
    assert await told(data) == expected
    assert set(seen) > {"pass"}, "this seed makes no faults"


async def test_a_lost_event_is_missed_and_asked_for_by_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # A25, A11
    """One numbered event is lost, nothing else; the next one shows it, and RESUME brings it."""
    lost: list[str] = []
    asked: list[str] = []

    class LoseOne(Plan):
        def decide(self, way: Way, frame: str | bytes) -> Decision:
            text = str(frame)
            if way == "out" and "EVENT message CREATE" in text and '"text":"two"' in text and not lost:
                lost.append(text)
                return Decision("drop")
            return Decision("pass")

    take = WsServer._receive

    def listen(self: WsServer, number: int, data: str | bytes) -> None:
        asked.append(str(data))
        take(self, number, data)

    monkeypatch.setattr("chat_tui_wschat.server.shell.Plan", LoseOne)
    monkeypatch.setattr(WsServer, "_receive", listen)
    async with (
        serving(tmp_path / "server.db", "mend=60") as server,
        speaking(server.url, tmp_path, eager=False) as session,
    ):
        await confirmed(session, await session.perform(Kind.CREATE_ROOM, "general"))
        for action in [await session.send("general", text) for text in ("one", "two", "three")]:
            await confirmed(session, action)
    assert len(lost) == 1
    number = int(hear(lost[0]).tags["seq"])
    (resumed,) = [frame for frame in asked if "RESUME" in frame]
    assert resumed.endswith(f" {number - 1}")
    assert sum("MSG general" in frame for frame in asked) == 3, "nothing was sent twice"


async def test_what_is_held_leaves_before_a_goodbye(tmp_path: Path) -> None:  # A25
    async with serving(tmp_path / "server.db", "delay=0.5:60") as server, dial(server.url) as peer:
        await peer.password("ann")
        (socket,) = server._sockets.values()
        assert isinstance(socket, faulty.FaultySocket)
        socket._rough = True
        while socket._outward.wake_at() is None:
            socket.push(["EVENT channel CREATE here"])
        server.rules.stop("the end")
        server._stir()
        assert (await peer.closed())[0] == 1001


async def test_the_demo_breaks_what_it_is_told_to_break() -> None:  # A25
    demo = await start_demo("seed=5,cut=0.05,delay=0.1:0.01,mend=0.2", pace=60)
    try:
        store = Store.open(demo.data.folder(demo.account.name) / "chat.db")
        session = Session(demo.account, backend, demo.token, store)
        links: list[Link] = []

        def hurry(change: SessionChange) -> None:
            if isinstance(change, LinkMoved):
                links.append(change.link.link)
                if links[-1] is Link.WAITING:
                    asyncio.get_running_loop().call_later(0.02, session.connect_now)

        session.watch(hurry)
        session.connect()
        await session.ready()
        room_id = next(room.room_id for room in session.rooms.values() if room.membership is Membership.JOINED)
        for action in [await session.send(room_id, f"line {number}") for number in range(30)]:
            await confirmed(session, action)
        assert Link.WAITING in links, "this seed makes no faults"
        await session.close()
        await store.close()
    finally:
        await demo.close()


async def test_the_demo_says_what_is_wrong_with_a_plan() -> None:  # A25
    with pytest.raises(ConfigError, match="Write a number, which is a seed"):
        await start_demo("everything")


@pytest.mark.parametrize(
    ("arguments", "chaos"),
    [(["--demo"], ""), (["--demo", "--chaos"], "1"), (["--demo", "--chaos", "7"], "7"), (["server", "--chaos"], "1")],
)
def test_the_option_gives_the_plan(arguments: list[str], chaos: str) -> None:  # A25
    commands = {name: lambda _: 0 for name in ("", "server")}
    assert parser(commands).parse_args(arguments).chaos == chaos


async def test_the_rate_holds_and_is_told(tmp_path: Path) -> None:  # A23
    options = ServerOptions(data=str(tmp_path / "server.db"), open_registration=True, rate=12)
    server = await WschatServerMaker().start(options, cost=CHEAP)
    try:
        async with dial(server.url) as peer:
            assert peer.hello.data["commands"] == 12
            await peer.password("ann")
            words = [(await peer.ask("LSEVENTS")).words[:2] for _ in range(13)]
            assert words[0] == ("CONFIRM", "LSEVENTS")
            assert words[-1] == ("ERROR", "RATELIMIT")
    finally:
        await server.close()
