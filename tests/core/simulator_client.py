"""The simulated client: a session's values in lock-step, with a point before and after each step where it may die."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from chat_tui_core.actions import OPEN, Action
from chat_tui_core.contract import Link, LinkChanged, News, RoomStates, SignedIn
from chat_tui_core.errors import LocalError
from chat_tui_core.news import Position, Postponed
from chat_tui_core.outbox import Outbox, Wait
from chat_tui_core.session.commands import Command, Leave
from chat_tui_core.session.ingest import ingest, needs_sync, run_command
from chat_tui_core.session.ingest_state import Known, Outcome
from chat_tui_core.store import actions as stored_actions
from chat_tui_core.store import meta
from chat_tui_core.store import rooms as stored_rooms
from chat_tui_core.store import state as stored_state
from tests.core.simulator_disk import Disk
from tests.core.simulator_shown import Screen
from tests.core.simulator_wire import Wire

EPOCH_MS: Final = 1_700_000_000_000
"""The wall clock starts here at the earliest."""

MOST_TURNS: Final = 500
"""Units of work after which a client that does not come to rest without hearing anything is broken."""


class Crash(Exception):
    """The program is gone, in the middle of something."""


class DiskState:
    """contract.StateReader on a simulated disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def get(self, room_id: str, kind: str, key: str = "") -> str:
        return self._disk.read(stored_state.get_state, room_id, kind, key)

    def rooms(self, room_ids: Sequence[str], but: str) -> RoomStates:
        return self._disk.read(stored_state.state_of_rooms, room_ids, but)

    def all(self, room_id: str, kind: str) -> dict[str, str]:
        return self._disk.read(stored_state.all_state, room_id, kind)


class Client:
    """What a Session does between its connection and its store, without a loop: one unit of work after the other."""

    def __init__(self, disk: Disk, wire: Wire, chance: random.Random, happened: Counter[str]) -> None:
        self.disk = disk
        self.wire = wire
        self.happened = happened
        self.danger = 0.0  # of dying at each point
        self.shown: list[Callable[[Action], None]] = []  # called with every action as the screen shows it
        self.trace: Callable[[str], None] | None = None  # called with what happens, in words
        self._chance = chance
        self._drift = max(0, EPOCH_MS - round(wire.now * 1000))  # of the wall clock, milliseconds
        self.boot()

    # ------------------------------------------------------------ life

    def boot(self) -> None:
        """A new process: what is stored, and nothing else."""
        self.tell("the program starts")
        now, read = self.wall_ms, self.disk.read
        if read(stored_actions.needs_tidying, now):
            self.disk.write(stored_actions.tidy, now)
        self.me = read(meta.get_meta, "me") or self.wire.me
        self.rooms = {room.room_id: room for room in read(stored_rooms.load_rooms)}
        self.actions = {action.id: action for action in read(stored_actions.open_actions)}
        self.renamed: dict[int, int] = {}
        self.link = Link.OFFLINE
        self.due = 0
        self._inbox: deque[Sequence[News] | Leave] = deque()
        self._outbox = self.make_outbox()
        self._screen = Screen(self.disk, self.actions, self.rooms, self.wire.rooms)
        self.wire.boot(read(meta.get_position), DiskState(self.disk))
        self.wire.flush()

    def make_outbox(self) -> Outbox:
        """What decides over the open actions."""
        return Outbox(self.actions, self.wall_ms)

    @property
    def wall_ms(self) -> int:
        """The time of day, as this machine has it."""
        return round(self.wire.now * 1000) + self._drift

    def set_clock(self, ms: int) -> None:
        """The person, or a time server, sets the clock by so much."""
        self._drift += ms

    def tell(self, what: str) -> None:
        """Say what happens, to whoever replays it."""
        if self.trace is not None:
            self.trace(what)

    def point(self) -> None:
        """Here the program may die."""
        if self.danger and self._chance.random() < self.danger:
            raise Crash

    # ------------------------------------------------------------ work

    def run(self) -> None:
        """Take what came and do what follows, until there is nothing to do without hearing more."""
        for _ in range(MOST_TURNS):
            news = self.wire.news()
            if news:
                self._inbox.append(news)
            if not self._inbox:
                if not self.pump():
                    self.wire.flush()
                    if not self._heard_more():
                        return
                continue
            work = self._inbox.popleft()
            if isinstance(work, Leave):
                self._leave(work)
            else:
                self._take(work)
        raise AssertionError("the client never comes to rest")

    def _heard_more(self) -> bool:
        news = self.wire.news()
        if news:
            self._inbox.append(news)
        return bool(news)

    def _take(self, news: Sequence[News]) -> None:
        for item in news:
            self.tell(f"  heard {item}")
        self.point()
        outcome = self.disk.write(ingest, self._known(), news, durable=needs_sync(news))
        self.point()
        self.settle(outcome, news)

    def _leave(self, command: Leave) -> None:
        self.command(command)
        self._outbox.marked(command.action_ids)

    def command(self, command: Command) -> Outcome:
        """Carry out a command of the person; raises LocalError, and Crash before or after it is stored."""
        self.tell(f"  told to {command}")
        self.point()
        outcome = self.disk.write(run_command, self._known(), command, durable=True)
        self.point()
        self.settle(outcome, ())
        return outcome

    def try_command(self, command: Command) -> Action | None:
        """The action that a command was about; None where the command is refused, or changes nothing."""
        try:
            return next(iter(self.command(command).actions.values()), None)
        except LocalError:
            self.happened["impossible wish"] += 1
            return None

    def _known(self) -> Known:
        return Known(self.me, self.rooms, {}, self.wire.contiguous, self.wall_ms)

    def settle(self, outcome: Outcome, news: Sequence[News]) -> None:
        """Put what was stored in place (Session._settle)."""
        self.me = outcome.me
        self.rooms.update(outcome.rooms)
        self.renamed.update(outcome.rekeyed)
        for old in outcome.rekeyed:
            self.actions.pop(old, None)
            self._outbox.forget(old)
        self._screen.apply(outcome)
        for action in outcome.actions.values():
            self.put(action)
        for item in news:
            if isinstance(item, LinkChanged):
                self.link = item.link
                self._outbox.link(online=item.link is Link.ONLINE)
            elif isinstance(item, SignedIn):
                self.happened["sign-in"] += 1
            elif isinstance(item, Position):
                self.wire.stored(item.data)
        self._outbox.note(news, self.wall_ms)

    def put(self, action: Action) -> None:
        """The screen shows an action."""
        if action.state in OPEN:
            self.actions[action.id] = action
        else:
            self.actions.pop(action.id, None)
        for show in self.shown:
            show(action)

    def pump(self) -> bool:
        """Hand over what may leave (Sender.pump); says whether more is to be done at once."""
        step = self._outbox.next(self.actions.values(), self.wall_ms)
        self.due = step.due
        if step.mark:
            self._inbox.append(Leave(step.mark))
        if step.unmark:
            self._inbox.append([Postponed(action_id, 0.0, "OFFLINE", "not sent") for action_id in step.unmark])
        for action in step.hand:
            self.point()
            self.wire.do(action)
            self.point()
        return bool(step.mark or step.unmark or step.hand)

    @property
    def waits(self) -> Mapping[int, Wait]:
        """See Sender.waits."""
        return self._outbox.waits

    @property
    def earlier(self) -> int:
        """See Sender.earlier."""
        return self._outbox.earlier

    @property
    def is_online(self) -> bool:
        """See Sender.is_online."""
        return self._outbox.is_online

    def current(self, action_id: int) -> int:
        """The id that an action bears now."""
        while action_id in self.renamed:
            action_id = self.renamed[action_id]
        return action_id

    def screen(self, room_id: str) -> list[str]:
        """What an open room shows, from top to bottom."""
        return self._screen.texts(room_id)

    def faults(self) -> list[str]:
        """What is shown in another way than it is, once all that was heard is in place."""
        return list(self._screen.faults(self.waits))

    def everything(self) -> list[Action]:
        """All actions that are stored, whatever became of them."""
        return self.disk.read(_everything)


def _everything(db: sqlite3.Connection) -> list[Action]:
    return stored_actions.recent_actions(db, 1 << 30)
