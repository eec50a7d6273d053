"""Kill the server at random moments while twenty clients talk, and check that nothing was lost, doubled or reordered.

Run it as `python -m bench.wschat_kill --rounds 200 --seed 1`. It ends with 1 when one promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.plain_client import plain  # noqa: E402
from bench.processes import ServerProcess  # noqa: E402
from bench.server_file import PASSWORD, fill, guest  # noqa: E402
from chat_tui_core.actions import Action, Kind, State  # noqa: E402
from chat_tui_core.link import Link  # noqa: E402
from chat_tui_core.model import Account, EventKind  # noqa: E402
from chat_tui_core.registry import load  # noqa: E402
from chat_tui_core.session import Session  # noqa: E402
from chat_tui_core.session_changes import ActionMoved, LinkMoved, SessionChange  # noqa: E402
from chat_tui_core.store import Store  # noqa: E402
from chat_tui_core.store import actions as stored_actions  # noqa: E402

CLIENTS: Final = 20
ROOMS: Final = 5
ROOMS_EACH: Final = 3
MOST_OPEN: Final = 12
"""Messages that a client lets wait before it says more."""

PAUSE: Final = 0.25
"""Seconds that a client waits at most before it says more."""

LIFE: Final = (0.02, 0.7)
"""Seconds that a server lives."""

ROUND_LIMIT: Final = 30.0
SAME: Final = 10.0
"""Seconds that a client has to show what the server has."""

CALM: Final = 90.0
"""Seconds that everybody has at the end to get everything through."""


class Said(NamedTuple):
    """Something that was said, and where."""

    room_id: str
    text: str


@dataclass
class Talker:
    """One client: a real session with a real store, and what it has said and heard of it."""

    name: str
    session: Session
    rooms: list[str]
    said: dict[int, Said] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    strange: list[str] = field(default_factory=list)
    quiet: bool = False

    def notice(self, change: SessionChange) -> None:
        """Keep what the server has acknowledged; do not wait for the next try when the server is away."""
        if isinstance(change, LinkMoved) and change.link.link is Link.WAITING:
            asyncio.get_running_loop().call_later(0.05, self.session.connect_now)
        if not isinstance(change, ActionMoved) or change.action.kind is not Kind.SEND:
            return
        if change.action.state in {State.SENT, State.CONFIRMED}:
            self.answered.add(change.action.id)
        elif change.action.state is not State.PENDING:
            self.strange.append(f"{change.action.id} is {change.action.state}: {change.action.error_text}")
        if change.old_id:
            self.strange.append(f"{change.old_id} has become {change.action.id}")

    async def talk(self, rng: random.Random) -> None:
        """Say one thing after another, until it is to be quiet."""
        number = 0
        while not self.quiet:
            if len(self.session.open_actions) < MOST_OPEN:
                number += 1
                said = Said(rng.choice(self.rooms), f"{self.name} {number}")
                self.said[(await self.session.send(*said)).id] = said
            await asyncio.sleep(rng.uniform(0.0, PAUSE))


@dataclass
class Findings:
    """What was broken, and how much was looked at."""

    broken: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def must(self, condition: object, sentence: str) -> None:
        """Note a promise that does not hold."""
        self.counts["checks"] += 1
        if not condition:
            self.broken.append(sentence)


async def enter(url: str, folder: Path, number: int, stack: AsyncExitStack) -> Talker:
    """Sign a client in, and let it be in its rooms."""
    backend, name = load("wschat"), guest(number)
    given = await backend.login(url, name, PASSWORD, kind="password", device="bench")
    store = Store.open(folder / f"{name}.db")
    stack.push_async_callback(store.close)
    session = Session(Account(name, "wschat", url, given.user, given.device), backend, given.token, store)
    stack.push_async_callback(session.close)
    session.connect()
    await session.ready()
    talker = Talker(name, session, [f"room{(number + step) % ROOMS}" for step in range(ROOMS_EACH)])
    for room_id in talker.rooms:
        kind = Kind.JOIN if room_id in session.rooms else Kind.CREATE_ROOM
        action = await session.settled((await session.perform(kind, room_id)).id, State.CONFIRMED)
        if action.state is not State.CONFIRMED:
            raise RuntimeError(f"{name} is not in {room_id}: {action.error_text}")
        session.open_room(room_id)
    session.watch(talker.notice)
    return talker


async def until(condition: Callable[[], object], seconds: float) -> bool:
    """Wait until something holds; say whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True


async def one_life(data: Path, port: int, rng: random.Random) -> None:
    """Let a server live for a moment, then kill it."""
    server = await asyncio.to_thread(ServerProcess, data, port)
    with server:
        await asyncio.sleep(rng.uniform(*LIFE))
        await asyncio.to_thread(server.end, signal.SIGKILL)


async def attack(folder: Path, rounds: int, seed: int, findings: Findings) -> None:
    """Let everybody talk through the deaths of the server, then check everything."""
    rng, data = random.Random(seed), folder / "server.db"
    fill(data, CLIENTS, more=["reader"])
    async with AsyncExitStack() as stack:
        with ServerProcess(data) as first:
            port = first.port
            talkers = [await enter(first.url, folder, number, stack) for number in range(CLIENTS)]
            talking = [asyncio.create_task(one.talk(random.Random(f"{seed} {one.name}"))) for one in talkers]
            await asyncio.sleep(rng.uniform(*LIFE))
        try:
            for _ in range(rounds):
                async with asyncio.timeout(ROUND_LIMIT):
                    await one_life(data, port, rng)
                findings.counts["kills"] += 1
        finally:
            for one in talkers:
                one.quiet = True
            ended = await asyncio.gather(*talking, return_exceptions=True)
        findings.broken += [repr(end) for end in ended if end is not None]
        server = await asyncio.to_thread(ServerProcess, data, port)
        with server:
            calm = await until(lambda: not any(one.session.open_actions for one in talkers), CALM)
            findings.must(calm, "some actions did not end")
            truth = await read_everything(server.url)
            check_server(talkers, truth, findings)
            for one in talkers:
                await check_client(one, truth, findings)


async def read_everything(url: str) -> dict[str, list[dict[str, Any]]]:
    """Read every room as somebody who has nothing to do with the program."""
    async with plain(url) as reader:
        await reader.sign_in("reader")
        truth = {}
        for number in range(ROOMS):
            await reader.do(f"JOIN room{number}")
            truth[f"room{number}"] = await reader.timeline(f"room{number}")
        return truth


def check_server(talkers: list[Talker], truth: dict[str, list[dict[str, Any]]], findings: Findings) -> None:
    """What was said is there once, in the order typed, at positions without a hole, and nothing else is."""
    texts = {room: [item["text"] for item in items if item["type"] == "message"] for room, items in truth.items()}
    for room, items in truth.items():
        findings.must(
            [item["pos"] for item in items] == list(range(1, len(items) + 1)), f"{room}: positions have holes"
        )
        findings.must(len(set(texts[room])) == len(texts[room]), f"{room}: something is there twice")
    expected: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in talkers:
        for _, said in sorted(one.said.items()):
            expected[said.room_id][one.name].append(said.text)
    for room, there in texts.items():
        findings.counts["messages"] += len(there)
        for name, mine in expected[room].items():
            found = [text for text in there if text.split()[0] == name]
            findings.must(
                found == mine, f"{room}: {name} said {len(mine)} things, {len(found)} are there or in another order"
            )
        findings.must(len(there) == sum(map(len, expected[room].values())), f"{room}: things that nobody has said")


async def check_client(one: Talker, truth: dict[str, list[dict[str, Any]]], findings: Findings) -> None:
    """Every action ended confirmed under its first id, where the server has it; the client shows what the server has."""
    findings.broken += [f"{one.name}: {sentence}" for sentence in one.strange]
    for action_id, said in one.said.items():
        action = one.session.store.read(stored_actions.load_action, action_id)
        is_now = f"{action.state}, doubt {action.doubt}, error {action.error_code!r}" if action else "gone"
        findings.must(
            is_right(action, said, truth),
            f"{one.name}: action {action_id} is not as on the server: {is_now}, link {one.session.link}",
        )
    findings.must(one.answered <= one.said.keys(), f"{one.name}: an answer to nothing that was said")
    findings.counts["acknowledged before the end"] += len(one.answered)
    for room_id in one.rooms:
        expected = [(item["pos"], item["text"]) for item in truth[room_id] if item["type"] == "message"]
        alike = await looks_like(one.session, room_id, expected, findings)
        findings.must(alike, f"{one.name}: {room_id} does not look as on the server")
        findings.counts["timelines compared"] += 1


async def looks_like(session: Session, room_id: str, expected: list[tuple[int, str]], findings: Findings) -> bool:
    """Say whether an open room soon looks as on the server, from its oldest loaded line on.

    A hole is filled as the app does it when the hole comes into view; a line that is missing without one is a fault.
    """
    end, timeline = time.monotonic() + SAME, session.open_room(room_id)
    while time.monotonic() < end:
        events = [item.event for item in timeline.items if item.event is not None]
        found = [(event.order, event.text) for event in events if event.kind is EventKind.MESSAGE]
        holes = [item.gap for item in timeline.items if item.gap is not None]
        if not holes and found == [entry for entry in expected if entry[0] >= timeline.oldest]:
            return True
        for hole in holes:
            findings.counts["holes filled"] += 1
            await session.fill_gap(room_id, hole)
        await asyncio.sleep(0.05)
    return False


def is_right(action: Action | None, said: Said, truth: dict[str, list[dict[str, Any]]]) -> bool:
    """Say whether an action is confirmed at the place where the server has its text."""
    if action is None or action.state is not State.CONFIRMED:
        return False
    items = truth[said.room_id]
    return 0 < action.event_order <= len(items) and items[action.event_order - 1].get("text") == said.text


def main() -> int:
    """Run, print, and tell by the exit code whether every promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, metavar="N", help="how often the server dies (default: 200)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="decides when it dies and what is said")
    asked = parser.parse_args()
    findings, started = Findings(), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
        asyncio.run(attack(Path(folder), asked.rounds, asked.seed, findings))
    counts = ", ".join(f"{count} {name}" for name, count in sorted(findings.counts.items()))
    print(f"seed {asked.seed}, {CLIENTS} clients, {ROOMS} rooms, {time.perf_counter() - started:.1f} s: {counts}")
    print(f"promises broken: {len(findings.broken)} (at most 0)")
    for sentence in findings.broken[:20]:
        print(f"  {sentence}")
    return 1 if findings.broken else 0


# A13, A14, A16, E3
if __name__ == "__main__":
    sys.exit(main())
