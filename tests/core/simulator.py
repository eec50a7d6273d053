"""Exactly once, tried out: one schedule of faults over a person, a client, a network and a server, decided by a seed.

No real time passes and nothing is left to luck: the same seed is the same schedule. What must hold is checked while it
runs (what is shown as confirmed is on the server) and when it has come to rest.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from chat_tui_core.actions import OPEN, Action, Kind, State
from chat_tui_core.contract import Link
from tests.core.simulator_client import Client, Crash
from tests.core.simulator_disk import Disk, MemoryDisk
from tests.core.simulator_matrix import MatrixWire
from tests.core.simulator_person import Deed, Person, mark_of
from tests.core.simulator_wire import Standing, Weather, Wire
from tests.core.simulator_wschat import WschatWire

WIRES: Final[Mapping[str, Callable[[random.Random], Wire]]] = {"wschat": WschatWire, "matrix": MatrixWire}

WILD: Final = 320
"""Steps in which things go wrong."""

CALM: Final = 4_000
"""Steps after that in which everything must come to rest."""

LEAST_DEEDS: Final = 20
MOST_DEEDS: Final = 30
LONGEST_NAP: Final = 5.0
LONGEST_CALM: Final = 900.0
LOOK: Final = 0.06
"""How often all that is shown is compared with all that is stored, per step; and once at the end."""

DAY: Final = 86_400_000
MOST_SHOWN: Final = 5
"""Sentences about what is shown wrongly that one schedule tells at most."""

#: What is seen in the log as often as it was confirmed.
_CHECKED: Final = frozenset({Kind.SEND, Kind.EDIT, Kind.REACT, Kind.REDACT, Kind.KICK, Kind.CREATE_ROOM, Kind.TOPIC})


@dataclass
class Verdict:
    """What was broken, by sort and in sentences, and what has happened on the way."""

    seed: int
    wire: str
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    deeds: int = 0

    @property
    def broken(self) -> list[str]:
        """Every promise that does not hold."""
        return [*self.lost, *self.doubled, *self.reordered, *self.stuck, *self.wrong, *self.others]


class World:
    """One schedule. `client` may be another sort of client, to see what breaks there; `often` is a favourite disaster."""

    def __init__(
        self,
        seed: int,
        wire: str,
        *,
        client: type[Client] = Client,
        disk: Callable[[], Disk] = MemoryDisk,
        often: str = "",
    ) -> None:
        self.chance = random.Random(f"{wire} {seed}")
        self.verdict = Verdict(seed, wire)
        happened = self.verdict.happened
        self.wire = WIRES[wire](self.chance)
        self.weather = Weather(happened, drop=0.03, double=0.03, overtake=0.03, busy=0.03)
        self.disk = disk()
        self.client = client(self.disk, self.wire, self.chance, happened)
        self.person = Person(self.client, self.wire, self.chance)
        self.client.shown.append(self._shown)
        self._weights = [weight * (10 if name == often else 1) for name, (weight, _) in _DISASTERS.items()]
        self.confirmed: set[tuple[Kind, str, str]] = set()
        self.gone: list[Deed] = []
        self.restored = False
        self._counted = 0
        self._log: Counter[tuple[Kind, str, str]] = Counter()
        self.said: Counter[str] = Counter()

    # ------------------------------------------------------------ running

    def run(self) -> Verdict:
        """Run it to its end."""
        self.client.danger = 0.003
        for _ in range(WILD):
            self._step(self._wild)
        for _ in range(LEAST_DEEDS):
            if self._did() < LEAST_DEEDS:
                self._step(self.person.act)
        self.client.danger = 0.0
        last = max((action.scheduled for action in self.client.actions.values()), default=0)
        self.client.set_clock(max(0, last - self.client.wall_ms))  # the clock may have been a day ahead meanwhile
        self.weather = Weather(self.verdict.happened)
        for _ in range(CALM):
            if self._at_rest():
                break
            self._step(self._calm)
        else:
            self.verdict.stuck.append(f"it never comes to rest: {self._open()}")
        self._check()
        self.disk.close()
        self.verdict.deeds = self._did()
        return self.verdict

    def _did(self) -> int:
        return len(self.person.deeds) + self.person.wishes

    def _step(self, what: Callable[[], None]) -> None:
        self.verdict.steps += 1
        try:
            what()
            self.client.run()
            if self.chance.random() < LOOK:
                self._look()
        except Crash:
            self._reboot(power=self.chance.random() < 0.4)

    def _look(self) -> None:
        """Compare what is shown with what is stored."""
        faults = self.client.faults()
        self.verdict.wrong += faults[: max(0, MOST_SHOWN - len(self.verdict.wrong))]

    def _wild(self) -> None:
        roll = self.chance.random()
        if roll < 0.10:
            if self._did() < MOST_DEEDS:
                (self.person.wish if self.chance.random() < 0.25 else self.person.act)()
        elif roll < 0.105:
            self.wire.elsewhere()
        elif roll < 0.13:
            self.person.decide()
        elif roll < 0.15:
            self.person.settle(self.said)
        elif roll < 0.18:
            removing = any(action.kind is Kind.KICK for action in self.client.actions.values())
            self.wire.interfere(comes_back=not removing)
        elif roll < 0.22:
            self._disaster()
        else:
            self._go_on(LONGEST_NAP)

    def _calm(self) -> None:
        roll = self.chance.random()
        if roll < 0.1:
            self.person.settle(self.said)
        elif roll < 0.12:
            self.wire.talk()
        self._go_on(2 * LONGEST_NAP if self.chance.random() < 0.7 else LONGEST_CALM)

    def _go_on(self, nap: float) -> None:
        if not self.wire.step(self.weather):
            due = (self.client.due - self.client.wall_ms) / 1000 if self.client.due else nap
            self.wire.pass_time(max(0.001, min(nap, due)))

    # ------------------------------------------------------------ disasters

    def _disaster(self) -> None:
        (what,) = self.chance.choices(list(_DISASTERS), self._weights)
        self.verdict.happened[what] += 1
        self.client.tell(f"disaster: {what}")
        _DISASTERS[what][1](self)

    def _reboot(self, *, power: bool) -> None:
        """The program died in the middle of something, and starts again."""
        self.verdict.happened["power cut" if power else "crash"] += 1
        self.client.tell("power cut" if power else "the program dies")
        self.disk.crash(power=power)
        self._start()

    def _start(self, *, restored: bool = False) -> None:
        danger, self.client.danger = self.client.danger, 0.0
        self.client.boot()
        self.gone += self.person.look_again(restored=restored)
        self.client.danger = danger

    def _cut(self) -> None:
        self.wire.cut()

    def _crash(self) -> None:
        raise Crash

    def _restart(self) -> None:
        self.disk.reopen()
        self._start()

    def _restart_server(self) -> None:
        self.wire.restart_server()

    def _back_up(self) -> None:
        self.disk.copy()

    def _restore(self) -> None:
        self.restored = True
        self.disk.restore()
        self._start(restored=True)

    def _set_clock(self) -> None:
        far = self.chance.choice((600_000, DAY))
        self.client.set_clock(self.chance.randrange(-far, far))

    # ------------------------------------------------------------ what must hold

    def _shown(self, action: Action) -> None:
        """What the screen says of an action has to be true at that moment."""
        if action.state is State.CONFIRMED:
            self.verdict.happened[f"{action.kind} confirmed"] += 1
        if action.kind not in _CHECKED or action.kind in self.wire.without_ids:
            return
        key = self._key(action)
        self._count()
        done = self._done(key)
        if action.state is State.CONFIRMED:
            self.confirmed.add(key)
        if action.state in {State.SENT, State.CONFIRMED} and not done:
            self.verdict.wrong.append(f"{action.kind} {key[2]} is shown as {action.state}: the server does not have it")
        if action.state is State.PENDING and action.never_left and done and not self.restored:
            self.verdict.wrong.append(f"{action.kind} {key[2]} is shown as never sent, and the server has it")

    def _key(self, action: Action) -> tuple[Kind, str, str]:
        return action.kind, action.room_id, mark_of(action)

    def _done(self, key: tuple[Kind, str, str]) -> int:
        """How often something was done.

        A deletion is known by the message, whatever its text was at the end. So is what an older copy of the file has,
        and was changed since.
        """
        kind, room, mark = key
        if kind is not Kind.REDACT and not self.restored:
            return self._log[key]
        owner = self.person.by_mark.get(mark)
        marks = {mark, *(text for text, deed in self.person.by_mark.items() if deed is owner)}
        return sum(self._log[kind, room, text] for text in marks)

    def _count(self) -> None:
        effects = self.wire.effects()
        for effect in effects[self._counted :]:
            self._log[effect.kind, effect.room, effect.mark] += 1
            if effect.kind is Kind.SEND:
                self.said[effect.mark] += 1
        self._counted = len(effects)

    def _at_rest(self) -> bool:
        waiting = any(action.state is not State.FAILED for action in self.client.actions.values())
        return not waiting and self.client.link is Link.ONLINE

    def _open(self) -> str:
        waits = self.client.waits
        return ", ".join(
            f"{action.id} {action.kind} {mark_of(action)} {action.state} {waits.get(action.id)}"
            for action in self.client.actions.values()
            if action.state is not State.FAILED
        )

    def _check(self) -> None:
        self._count()
        self._look()
        if not self.restored:
            self.verdict.others += self.wire.broken_rules()
            self._check_standing()
        stored = [action for action in self.client.everything() if action.kind in _CHECKED]
        for action in stored:
            self._check_end(action)
        for deed in self.gone:
            there = self._done((deed.kind, deed.room, deed.mark))
            told = f"{deed.kind} {deed.mark} was said to be durable, and is gone"
            (self.verdict.others if there else self.verdict.lost).append(told)
        for key in self.confirmed:
            if not self._done(key):
                self.verdict.lost.append(f"{key[0]} {key[2]} was confirmed, and the server does not have it")
        for key, times in self._log.items():
            if times > 1 and not (self.restored and self._is_excused(key)):
                self.verdict.doubled.append(f"{key[0]} {key[2]} was done {times} times")
        self._check_order()
        for room in self.wire.rooms:
            shown = Counter(self.client.screen(room))
            said = ((text, deed) for text, deed in self.person.by_mark.items() if deed.kind is Kind.SEND)
            known = (text for text, deed in said if not (self.restored and deed.again))
            twice = (text for text in known if shown[text] > max(1, self.said[text]))
            self.verdict.doubled += [f"{text} is shown {shown[text]} times" for text in twice]
            phone = [text for text, times in shown.items() if text.startswith("phone") and times > 1]
            self.verdict.doubled += [f"{text}, of another device, is shown {shown[text]} times" for text in phone]

    def _is_excused(self, key: tuple[Kind, str, str]) -> bool:
        """Whether an older copy of the file cannot know that something was done since it was made.

        So it is with what the person said anew after a refusal, and with what no ids are kept of.
        """
        kind, _, mark = key
        owner = self.person.by_mark.get(mark)
        said_anew = any(
            deed.again for deed in self.person.deeds if deed is owner or (deed.kind, deed.mark) == (kind, mark)
        )
        return said_anew or kind in self.wire.without_ids

    def _check_end(self, action: Action) -> None:
        what = f"{action.kind} {mark_of(action)} ({action.id})"
        done = self._done(self._key(action))
        if action.state is State.FAILED and not action.error_text:
            self.verdict.wrong.append(f"{what} failed without a reason")
        if action.state in OPEN - {State.FAILED}:
            self.verdict.stuck.append(f"{what} ends {action.state}")
        known = not self.restored and action.kind not in self.wire.without_ids
        if action.state in {State.FAILED, State.CANCELLED} and done and known:
            self.verdict.wrong.append(f"{what} ends {action.state}, and the server has it")

    def _check_standing(self) -> None:
        """What has no words stands as the last confirmed action wanted it: they leave in the order of their places."""
        last: dict[tuple[str, str], Standing] = {}
        for action in sorted(self.client.everything(), key=lambda action: action.place):
            meant = self.wire.meaning(action) if action.state is State.CONFIRMED else None
            if meant is not None:
                last[meant.what, meant.room] = meant
        for meant in last.values():
            if not self.wire.stands(meant):
                self.verdict.lost.append(
                    f"{meant.what} of {meant.room or 'this user'} is not {meant.value!r} in the end"
                )

    def _check_order(self) -> None:
        for room in self.wire.rooms:
            texts = [effect.mark for effect in self.wire.effects() if effect.kind is Kind.SEND and effect.room == room]
            found = [self.person.by_mark[text] for text in texts if text in self.person.by_mark]
            deeds = [
                deed
                for deed in found
                if not deed.is_loose and not (deed.scheduled and self.verdict.happened["clock set"])
            ]
            twice = {deed for deed, times in Counter(deeds).items() if times > 1}
            if twice and not self.restored:
                self.verdict.doubled += [f"{deed.mark} was said before and after it was changed" for deed in twice]
            deeds = [deed for deed in deeds if deed not in twice]
            right = sorted(deeds, key=self._place)
            if deeds != right:
                shown = " ".join(deed.mark for deed in deeds)
                self.verdict.reordered.append(f"{room} has {shown}, not {' '.join(deed.mark for deed in right)}")

    def _place(self, deed: Deed) -> tuple[int, bool, int]:
        return (0 if self.verdict.happened["clock set"] else deed.moment, deed.scheduled, deed.number)


_DISASTERS: Final[Mapping[str, tuple[int, Callable[[World], None]]]] = {
    "cut": (50, World._cut),
    "killed": (15, World._crash),
    "restart": (8, World._restart),
    "server restart": (8, World._restart_server),
    "copy": (8, World._back_up),
    "older copy": (6, World._restore),
    "clock set": (2, World._set_clock),
}


def run(
    seed: int,
    wire: str,
    *,
    client: type[Client] = Client,
    disk: Callable[[], Disk] = MemoryDisk,
    trace: Callable[[str], None] | None = None,
    often: str = "",
) -> Verdict:
    """Run one schedule; what goes wrong in the program itself is a broken promise too."""
    world = World(seed, wire, client=client, disk=disk, often=often)
    if trace is not None:
        world.client.trace = lambda what: trace(f"{world.verdict.steps:4} {world.wire.now:.2f} {what}")
    try:
        return world.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, the schedule that led to it must be told
        world.verdict.others.append(f"{type(error).__name__}: {error}")
        return world.verdict
