"""What every backend must pass: checks that run a real session against a real server; third parties run them too.

    @pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
    async def test_conformance(check, stage, tmp_path):
        await check(stage, tmp_path)

A failed check raises AssertionError with a sentence. A `Stage` gives the server and breaks it on demand.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.contract import Backend
from chat_tui_core.errors import AuthRefused, TransportError
from chat_tui_core.link import Capability, Link
from chat_tui_core.model import Account, EventKind, Membership, RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.store import Store

PATIENCE: Final = 20.0
SENTENCE: Final = re.compile(r"(?:[A-Z]|\w+://).*[^.?!\s][.?]", re.DOTALL)
"""What a person is told begins with a capital or an address, and ends with one full stop or question mark."""


class Stage(Protocol):
    """A real server for one check."""

    backend: Backend
    url: str

    async def user(self, name: str) -> str:
        """Make sure that a user exists; returns the password."""

    async def cut(self) -> None:
        """Break every connection now; the server stays up and takes new ones."""

    async def stop(self) -> None:
        """Take the server down without a goodbye."""

    async def start(self) -> None:
        """Bring it back, with everything that it had acknowledged."""


Check = Callable[[Stage, Path], Awaitable[None]]


def must(condition: object, sentence: str) -> None:
    """Fail the check with a sentence."""
    if not condition:
        raise AssertionError(sentence)


async def until(condition: Callable[[], object], sentence: str) -> None:
    """Wait until something holds; fails the check after PATIENCE seconds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - conditions are over several sessions
            await asyncio.sleep(0.01)
    must(condition(), sentence)


@asynccontextmanager
async def running(stage: Stage, folder: Path, name: str, device: str = "") -> AsyncIterator[Session]:
    """A signed-in, online session of a user; its store is kept in `folder` under the device's name."""
    device = device or f"{name}-device"
    credentials = await stage.backend.login(stage.url, name, await stage.user(name), kind="password", device=device)
    account = Account(name, stage.backend.name, stage.url, credentials.user, credentials.device)
    store = Store.open(folder / f"{device}.db")
    session = Session(account, stage.backend, credentials.token, store)
    session.connect()
    try:
        async with asyncio.timeout(PATIENCE):
            await session.ready()
        yield session
    finally:
        await session.close()
        await store.close()


async def make_room(session: Session, name: str = "meeting") -> str:
    """A new public room that the session's user is in; returns its id."""
    action = await session.perform(Kind.CREATE_ROOM, name, topic="a topic")
    done = await _confirmed(session, action)
    room_id = done.room
    await until(lambda: room_id in session.rooms, "a created room appears in the list")
    return room_id


async def _confirmed(session: Session, action: Action) -> Action:
    async with asyncio.timeout(PATIENCE):
        done = await session.settled(action.id, State.CONFIRMED)
    must(done.state is State.CONFIRMED, f"{action.kind} ends confirmed, not {done.state}: {done.error_text}")
    return done


async def _join(session: Session, room_id: str) -> None:
    await _confirmed(session, await session.perform(Kind.JOIN, room_id))
    await until(
        lambda: room_id in session.rooms and session.rooms[room_id].membership is Membership.JOINED,
        "a joined room is in the list",
    )


def _said(session: Session, room_id: str) -> list[RoomEvent]:
    timeline = session.timeline(room_id)
    events = (item.event for item in timeline.items) if timeline else iter(())
    return [event for event in events if event is not None and event.kind is EventKind.MESSAGE]


# ---------------------------------------------------------------- checks


async def wrong_secret(stage: Stage, folder: Path) -> None:
    """A wrong password is refused as such, once, and no server is told apart from a wrong one."""
    await stage.user("ann")
    try:
        await stage.backend.login(stage.url, "ann", "not the password", kind="password", device="x")
    except AuthRefused:
        return
    must(condition=False, sentence="a wrong password raises AuthRefused")


async def unreachable(stage: Stage, folder: Path) -> None:
    """A server that is not there raises TransportError with a sentence."""
    secret = await stage.user("ann")
    await stage.stop()
    try:
        await stage.backend.login(stage.url, "ann", secret, kind="password", device="x")
    except TransportError as error:
        must(SENTENCE.fullmatch(str(error)), "the error is a sentence")
        return
    must(condition=False, sentence="an unreachable server raises TransportError")


async def initial_sync(stage: Stage, folder: Path) -> None:
    """After signing in every joined room is there with name, topic, members and last message (S1 initialSync)."""
    async with running(stage, folder, "ann") as ann:
        room_id = await make_room(ann)
        await _confirmed(ann, await ann.send(room_id, "hello"))
    async with running(stage, folder, "ann", "second") as again:
        room = again.rooms.get(room_id)
        must(room, "a joined room is listed on another device")
        assert room is not None  # noqa: S101
        must(room.membership is Membership.JOINED, "it is listed as joined")
        must(room.topic == "a topic", "with its topic")
        must(room.members == 1, "with its member count")
        await until(lambda: again.rooms[room_id].last_text == "hello", "with its last message")


async def message_life(stage: Stage, folder: Path) -> None:
    """A message is pending, then confirmed, once, and the other side sees it once without our id (A13-A15)."""
    async with running(stage, folder, "ann") as ann, running(stage, folder, "bob") as bob:
        room_id = await make_room(ann)
        await _join(bob, room_id)
        ann.open_room(room_id)
        bob.open_room(room_id)
        action = await ann.send(room_id, "hello  there")
        must(action.state is State.PENDING, "it is pending when it is stored")
        done = await _confirmed(ann, action)
        must(done.id == action.id, "it keeps its id")
        await until(lambda: _said(bob, room_id), "the other side sees it")
        await asyncio.sleep(0.05)
        seen = _said(bob, room_id)
        must([event.text for event in seen] == ["hello  there"], "once, with its text as it was typed")
        must(seen[0].action_id == 0, "without our action id")
        must(_said(ann, room_id)[0].event_id == seen[0].event_id, "both know it by the same id")


async def server_order(stage: Stage, folder: Path) -> None:
    """Two people talk at once: both see the same order, and each one's own lines in the order typed (A16)."""
    async with running(stage, folder, "ann") as ann, running(stage, folder, "bob") as bob:
        room_id = await make_room(ann)
        await _join(bob, room_id)
        ann.open_room(room_id)
        bob.open_room(room_id)
        actions = []
        for number in range(10):
            actions.append((ann, await ann.send(room_id, f"a{number}")))
            actions.append((bob, await bob.send(room_id, f"b{number}")))
        for session, action in actions:
            await _confirmed(session, action)
        await until(lambda: len(_said(ann, room_id)) == len(_said(bob, room_id)) == 20, "both see all lines")
        texts = [event.text for event in _said(ann, room_id)]
        must(texts == [event.text for event in _said(bob, room_id)], "both see one order")
        for who in "ab":
            must([t for t in texts if t[0] == who] == [f"{who}{n}" for n in range(10)], "nobody is reordered")


async def exactly_once(stage: Stage, folder: Path) -> None:
    """Connections are cut again and again while somebody talks: every line arrives once, in order (A14)."""
    async with running(stage, folder, "ann") as ann:
        room_id = await make_room(ann)
        ann.open_room(room_id)
        actions = []
        for number in range(30):
            actions.append(await ann.send(room_id, f"line {number}"))
            if number % 10 == 5:
                await stage.cut()
                ann.connect_now()
        for action in actions:
            ann.connect_now()
            await _confirmed(ann, action)
        await until(lambda: len(_said(ann, room_id)) == 30, "all lines are in the timeline")
        must([e.text for e in _said(ann, room_id)] == [f"line {n}" for n in range(30)], "once and in order")
    async with running(stage, folder, "ann", "reader") as reader:
        events = [e for e in await reader.history(room_id, 100) if e.kind is EventKind.MESSAGE]
        must([e.text for e in events] == [f"line {n}" for n in range(30)], "also in the server's history")


async def offline_queue(stage: Stage, folder: Path) -> None:
    """What is typed while the server is away survives a restart of the program and arrives in order (E3)."""
    async with running(stage, folder, "ann") as ann:
        room_id = await make_room(ann)
        account, token, path = ann.account, ann._line.token, ann.store.path  # noqa: SLF001
    await stage.stop()
    store = Store.open(path)
    offline = Session(account, stage.backend, token, store)
    offline.connect()
    ids = [(await offline.send(room_id, f"typed {number}")).id for number in range(3)]
    must(ids == sorted(set(ids)), "ids rise")
    await offline.close()
    await store.close()
    await stage.start()
    store = Store.open(path)
    again = Session(account, stage.backend, token, store)
    again.open_room(room_id)
    must([a.id for a in again.open_actions.values() if a.kind is Kind.SEND] == ids, "they are still pending")
    again.connect()
    try:
        for action_id in ids:
            async with asyncio.timeout(PATIENCE):
                done = await again.settled(action_id, State.CONFIRMED)
            must(done.state is State.CONFIRMED, "they end confirmed")
        await until(lambda: len(_said(again, room_id)) == 3, "they are in the timeline")
        must([e.text for e in _said(again, room_id)] == [f"typed {n}" for n in range(3)], "in order")
    finally:
        await again.close()
        await store.close()


async def paging(stage: Stage, folder: Path) -> None:
    """Scrolling back brings every line once, ascending, and stops at the room's start (A17)."""
    async with running(stage, folder, "ann") as ann:
        room_id = await make_room(ann)
        last = [await ann.send(room_id, f"line {number}") for number in range(60)][-1]
        await _confirmed(ann, last)
    async with running(stage, folder, "ann", "fresh") as fresh:
        fresh.open_room(room_id, 20)
        await until(lambda: _said(fresh, room_id), "opening a room brings its newest lines")
        for _ in range(20):
            if not await fresh.load_older(room_id, 10):
                break
        must(fresh.at_start(room_id), "the start is reached")
        must([e.text for e in _said(fresh, room_id)] == [f"line {n}" for n in range(60)], "without hole or double")


async def members_and_leaving(stage: Stage, folder: Path) -> None:
    """Who comes and goes is seen by those who are there (A7, A18)."""
    async with running(stage, folder, "ann") as ann, running(stage, folder, "bob") as bob:
        room_id = await make_room(ann)
        ann.open_room(room_id)
        await _join(bob, room_id)
        await until(lambda: len(ann.members(room_id)) == 2, "a member who joins is seen")
        await _confirmed(bob, await bob.perform(Kind.LEAVE, room_id))
        await until(lambda: len(ann.members(room_id)) == 1, "a member who leaves is seen")
        await until(lambda: bob.rooms[room_id].membership is not Membership.JOINED, "who left is no member")


async def refusals(stage: Stage, folder: Path) -> None:
    """What the server refuses ends failed, with a reason, and keeps its text; a retry gets a new id."""
    async with running(stage, folder, "ann") as ann:
        action = await ann.send("no-such-room", "kept")
        async with asyncio.timeout(PATIENCE):
            done = await ann.settled(action.id, State.CONFIRMED)
        must(done.state is State.FAILED, "sending to a room that does not exist fails")
        must(done.error_text and done.text == "kept", "with a reason, and the text is kept")
        again = await ann.retry(action.id)
        must(again.id > action.id, "a retry after a refusal gets a new id")


async def hostile_text(stage: Stage, folder: Path) -> None:
    """Escape sequences and bidi overrides never come out of a session (E7)."""
    async with running(stage, folder, "ann") as ann, running(stage, folder, "bob") as bob:
        room_id = await make_room(ann)
        await _join(bob, room_id)
        bob.open_room(room_id)
        await _confirmed(ann, await ann.send(room_id, "a \u202e b \u2066 c"))
        await until(lambda: _said(bob, room_id), "the text arrives")
        must(not set(_said(bob, room_id)[0].text) & set("\u202e\u2066\x1b"), "harmless")


async def unread(stage: Stage, folder: Path) -> None:
    """Others' lines count as unread until they are read, on every device (E6)."""
    async with running(stage, folder, "ann") as ann, running(stage, folder, "bob") as bob:
        room_id = await make_room(ann)
        await _join(bob, room_id)
        for number in range(3):
            await _confirmed(ann, await ann.send(room_id, f"line {number}"))
        await until(lambda: bob.rooms[room_id].unread == 3, "three lines are unread")
        bob.mark_read(room_id, bob.rooms[room_id].head)
        await until(lambda: bob.rooms[room_id].unread == 0, "reading lowers the count")
        if Capability.READ in bob.capabilities:
            await until(lambda: not bob.open_actions, "the server is told")
    async with running(stage, folder, "bob", "phone") as phone:
        if Capability.READ in phone.capabilities:
            must(phone.rooms[room_id].unread == 0, "another device knows")


async def truth_about_the_link(stage: Stage, folder: Path) -> None:
    """The link says what is so: online, then reconnecting with a reason and a time, then online again (E10)."""
    async with running(stage, folder, "ann") as ann:
        await stage.stop()
        await until(lambda: ann.link.link is Link.WAITING, "a lost server shows as reconnecting")
        must(ann.link.reason, "with a reason")
        must(ann.link.retry_at > 0, "and the time of the next try")
        await stage.start()
        ann.connect_now()
        await until(lambda: ann.link.link is Link.ONLINE, "and comes back")


CHECKS: Final[tuple[Check, ...]] = (
    wrong_secret,
    unreachable,
    initial_sync,
    message_life,
    server_order,
    exactly_once,
    offline_queue,
    paging,
    members_and_leaving,
    refusals,
    hostile_text,
    unread,
    truth_about_the_link,
)
