"""Bad weather between our client and its homeserver, a client that talks through it, and what must come of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import pytest

from chat_tui_core.actions import Action, State
from chat_tui_core.link import Link
from chat_tui_core.session import Session
from chat_tui_core.session_changes import ActionMoved, LinkMoved, SessionChange
from chat_tui_matrix.protocol import actions, backoff, lookups
from tests.matrix_live.answers import broken, limited
from tests.matrix_live.faults import Fault, Storm, afterwards, cut_after, cut_before, cut_within, instead, slow
from tests.matrix_live.people import Json, Person
from tests.matrix_live.proxy import Proxy

HASTE: Final = 0.02
"""What our own pauses are multiplied by: a storm that takes an hour takes a minute then."""

FAULTS: Final[Sequence[Fault]] = (
    cut_before(),
    cut_after(),
    cut_within(),
    instead(broken(500)),
    instead(broken(502)),
    afterwards(),
    instead(limited(0.5)),
    slow(delay=0.2),
    slow(piece=64, pause=0.01),
)


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have our client wait less between its tries; what the server asks for it waits as ever."""
    monkeypatch.setattr(actions, "FAULT_RETRIES", tuple(seconds * HASTE for seconds in actions.FAULT_RETRIES))
    monkeypatch.setattr(backoff, "DELAYS", tuple(seconds * HASTE for seconds in backoff.DELAYS))
    # A homeserver that nobody waits for any more goes on making a room; here that takes it a quarter of a second.
    monkeypatch.setattr(lookups, "SETTLE", 3.0)


def storm_on(proxy: Proxy, seed: int, share: float = 0.3) -> Storm:
    """Let a storm begin."""
    return proxy.storm(Storm(seed, FAULTS, share=share))


class Fates:
    """What became of each action of a session, as the session told it."""

    def __init__(self, session: Session) -> None:
        self.states: dict[int, State] = {}
        self.strange: list[str] = []
        session.watch(self._notice)

    def _notice(self, change: SessionChange) -> None:
        if not isinstance(change, ActionMoved):
            return
        action = change.action
        self.states[action.id] = action.state
        if action.state in {State.FAILED, State.CANCELLED} or change.old_id:
            self.strange.append(
                f"{action.id} ({action.kind}) is {action.state}: {action.error_code} {action.error_text}"
            )

    def of(self, made: Iterable[Action]) -> Counter[State]:
        """How many of these actions are in which state."""
        return Counter(self.states.get(action.id, State.PENDING) for action in made)


async def all_done(session: Session, seconds: float) -> None:
    """Wait until nothing is open any more; AssertionError with what is, otherwise."""
    done = asyncio.Event()
    stop = session.watch(lambda _: done.set() if not session.open_actions else None)
    try:
        async with asyncio.timeout(seconds):
            while session.open_actions:
                await done.wait()
                done.clear()
    except TimeoutError:
        left = [
            f"{action.id} {action.kind} {action.state} {session.waits.get(action.id)}, doubt {action.doubt},"
            f" {action.attempts} tries, {action.error_code} {action.error_text}"
            for action in session.open_actions.values()
        ]
        raise AssertionError(f"link {session.link}; still open after {seconds} s:\n" + "\n".join(left)) from None
    finally:
        stop()


async def say_all(session: Session, rooms: Sequence[str], count: int) -> tuple[list[Action], dict[str, list[str]]]:
    """Say so many things, turn by turn in each room; the actions, and what each room must have in this order."""
    expected: dict[str, list[str]] = {room_id: [] for room_id in rooms}
    made = []
    for number in range(count):
        room_id = rooms[number % len(rooms)]
        made.append(await session.send(room_id, f"line {number}"))
        expected[room_id].append(f"line {number}")
    return made, expected


def impatient(session: Session) -> None:
    """Have a session not wait for its next try to connect: whoever uses it presses the key for that at once."""

    def look(change: LinkMoved) -> None:
        if change.link.link is Link.WAITING:
            asyncio.get_running_loop().call_later(0.05, session.connect_now)

    session.subscribe(LinkMoved, look)


async def said_by(reader: Person, room_id: str, sender: Person) -> list[str]:
    """What one person said in a room as another one reads it, oldest first; edits are left out."""
    return [
        event["content"]["body"]
        for event in await reader.messages(room_id)
        if event["sender"] == sender.user_id and "m.new_content" not in event["content"]
    ]


def about(events: Iterable[Json], target: str, rel_type: str) -> list[Json]:
    """The events among these that are in such a relation to another one."""
    found = []
    for event in events:
        relation = event["content"].get("m.relates_to", {})
        if relation.get("event_id") == target and relation.get("rel_type") == rel_type:
            found.append(event)
    return found
