"""The simulator's Matrix: the real core, a model homeserver, and a network of requests between them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import Link, News, StateReader
from chat_tui_matrix.protocol.core import Login, MatrixCore
from chat_tui_matrix.wire.calls import Answer, Call, Failed, Hangup, KeepSecret, Refusal, SecretKept
from tests.core.simulator_homeserver import DEN, DOOR, GENERAL, ME, VICTIM, YARD, Homeserver
from tests.core.simulator_wire import Effect, Standing, Weather, Wish

START: Final = 1_760_000_000.0
SHORTEST: Final = 0.05
"""Seconds that pass at least when nothing happens."""

GUESTS: Final = ("@gus:hs", "@gil:hs", "@gwen:hs")
UNBANNED: Final = "anything but banned"
HOP: Final = 0.002
"""Seconds that a request or an answer is on its way."""


@dataclass
class _Travel:
    """A request on its way: to the server, held there, or with its answer on the way back."""

    call: Call
    deadline: float
    answer: tuple[int, Any] | None = None
    held: bool = False

    @property
    def is_sync(self) -> bool:
        """Whether it is the long poll."""
        return self.call.request.path.endswith("/sync") and "since" in self.call.request.query


class MatrixWire:
    """One device of ann's; bob is in her rooms, and sometimes removes her from one. Another device of hers talks, too."""

    contiguous = False
    without_ids = frozenset({Kind.KICK, Kind.TOPIC})
    rooms = (GENERAL, DEN)
    victim = VICTIM
    me = ME
    kinds = frozenset(
        {Kind.SEND, Kind.EDIT, Kind.REACT, Kind.REDACT, Kind.KICK, Kind.CREATE_ROOM, Kind.JOIN, Kind.TOPIC}
    )

    def __init__(self, chance: random.Random) -> None:
        self.now = START
        self._chance = chance
        self._server = Homeserver(chance)
        self._travelling: list[_Travel] = []
        self._talked = self._phone_said = self._named = 0
        self._down_until = 0.0
        self.core = MatrixCore(Login("", ME, "LAPTOP", "secret"), {}, chance.random, mode="sync")

    # ------------------------------------------------------------ the device

    def boot(self, position: Mapping[str, str], state: StateReader) -> None:
        self._abandon()
        login = Login("https://hs", ME, "LAPTOP", "secret")
        self.core = MatrixCore(login, position, self._chance.random, state, "sync")
        self.core.start(self.now)

    def do(self, action: Action) -> None:
        self.core.do(action, self.now)

    def stored(self, position: Mapping[str, str]) -> None:
        self.core.stored(position, self.now)

    def news(self) -> list[News]:
        return self.core.events()

    def flush(self) -> None:
        for out in self.core.sends():
            if isinstance(out, Call):
                self._travelling.append(_Travel(out, self.now + out.request.timeout))
            elif isinstance(out, Hangup):
                self._hang_up(out.id)
            elif isinstance(out, KeepSecret):
                self._receive(SecretKept())

    # ------------------------------------------------------------ the network

    def step(self, weather: Weather) -> bool:
        if self.core.link is Link.STOPPED:
            self.core.connect_now(self.now)
            return True
        moving = [
            travel for travel in self._travelling if not travel.held or self._server.has_news(travel.call.request)
        ]
        if not moving:
            return False
        self.now += HOP
        travel = self._chance.choice(moving)
        if travel.answer is None:
            self._arrive(travel, weather)
        else:
            self._come_back(travel, weather)
        return True

    def _arrive(self, travel: _Travel, weather: Weather) -> None:
        """A request reaches the server, or does not."""
        request = travel.call.request
        if self.now < self._down_until or weather.strikes(self._chance, "drop"):
            self._fail(travel, sent=self._chance.random() < 0.5)
        elif weather.strikes(self._chance, "busy"):
            travel.answer = self._chance.choice(_NOT_NOW)
        elif request.method == "PUT" and weather.strikes(self._chance, "double"):
            self._execute(travel)
            self._execute(travel)
        elif travel.is_sync and not travel.held and request.query.get("timeout") and not self._server.has_news(request):
            travel.held = True
        else:
            self._execute(travel)
            if request.method != "GET" and weather.strikes(self._chance, "busy"):
                travel.answer = (502, Refusal("", "Bad gateway"))

    def _execute(self, travel: _Travel) -> None:
        self._server.clock_ms = round(self.now * 1000)
        travel.held = False
        travel.answer = self._server.answer(travel.call.request)

    def _come_back(self, travel: _Travel, weather: Weather) -> None:
        """An answer reaches the device, or does not."""
        if weather.strikes(self._chance, "drop"):
            weather.happened["lost answer"] += 1
            self._fail(travel)
            return
        assert travel.answer is not None
        status, value = travel.answer
        self._travelling.remove(travel)
        self._receive(Answer(travel.call.id, status, value, int(self.now)))

    def _fail(self, travel: _Travel, *, sent: bool = True) -> None:
        self._travelling.remove(travel)
        self._receive(Failed(travel.call.id, "the connection broke", sent=sent))

    def _receive(self, data: Answer | Failed | SecretKept) -> None:
        self.core.receive(data, self.now)
        while self.core.work(self.now):
            pass

    def _hang_up(self, call_id: int) -> None:
        for travel in [travel for travel in self._travelling if travel.call.id == call_id]:
            self._travelling.remove(travel)
            self._perhaps(travel)

    def _perhaps(self, travel: _Travel) -> None:
        """A request that is given up is carried out by then, or never."""
        if travel.answer is None and self._chance.random() < 0.5:
            self._execute(travel)

    def _abandon(self) -> list[_Travel]:
        travelling, self._travelling = self._travelling, []
        for travel in travelling:
            self._perhaps(travel)
        return travelling

    def cut(self) -> None:
        for travel in self._abandon():
            self._receive(Failed(travel.call.id, "the connection broke"))

    def restart_server(self) -> None:
        self.cut()
        self._down_until = self.now + self._chance.uniform(0.0, 5.0)

    def pass_time(self, seconds: float) -> None:
        wake = self.core.wake_at()
        times = [at for at in (wake, *(travel.deadline for travel in self._travelling)) if at is not None]
        nearest = min(times, default=self.now + seconds)
        self.now = min(max(nearest, self.now + SHORTEST), self.now + max(seconds, SHORTEST))
        for travel in [travel for travel in self._travelling if travel.is_sync and travel.held]:
            if self.now >= travel.deadline - _SPARE:
                self._execute(travel)
        for travel in [travel for travel in self._travelling if self.now >= travel.deadline]:
            self._fail(travel)
        self.core.tick(self.now)

    # ------------------------------------------------------------ other people

    def interfere(self, *, comes_back: bool) -> None:
        self._talked += 1
        what = self._chance.random()
        if what < 0.6:
            self._server.speak(GENERAL, f"bob {self._talked}")
        elif what < 0.8:
            self._server.remove_me()
        elif comes_back:
            self._server.bring_back()

    def elsewhere(self) -> None:
        self._phone_said += 1
        self._server.speak(self._chance.choice(self.rooms), f"phone {self._phone_said}", ME)

    def wish(self) -> Wish | None:
        self._named += 1
        kind = self._chance.choice(list(_WISHES))
        room, possible = _WISHES[kind]
        content = {key: self._chance.choice(values) for key, values in possible.items()}
        if kind in {Kind.NAME, Kind.PROFILE}:
            content["name"] = f"name {self._named}"
        return Wish(kind, self._chance.choice((YARD, DOOR)) if kind is Kind.LEAVE else room, content)

    def meaning(self, action: Action) -> Standing | None:
        kind, room = action.kind, action.room_id
        if kind is Kind.READ:
            return Standing("read", room, str(action.content.get("event_id")))
        if kind in _MEMBERSHIPS:
            user = str(action.content.get("user", ME))
            return Standing(f"member {user}", room, _MEMBERSHIPS[kind]) if room in {YARD, DOOR} or user != ME else None
        found = {
            Kind.NAME: ("m.room.name", action.content.get("name")),
            Kind.PROFILE: ("displayname", action.content.get("name")),
            Kind.TAG: ("tags", action.content.get("tag")),
            Kind.MUTE: ("mute", str(action.content.get("muted"))),
            Kind.HOLD: (f"m.space.child {action.content.get('room')}", str(action.content.get("held"))),
        }.get(kind)
        return Standing(found[0], room, str(found[1])) if found else None

    def stands(self, wanted: Standing) -> bool:
        found = self._server.setting(wanted.room, wanted.what)
        return found != "ban" if wanted.value == UNBANNED else found == wanted.value

    def talk(self) -> None:
        for room in self.rooms:
            self._server.speak(room, "goes on")

    def is_member(self, room: str) -> bool:
        return self._server.is_member(room)

    # ------------------------------------------------------------ the truth

    def effects(self) -> list[Effect]:
        return self._server.effects

    def broken_rules(self) -> list[str]:
        return []


_WISHES: Final[Mapping[Kind, tuple[str, Mapping[str, tuple[Any, ...]]]]] = {
    Kind.JOIN: (YARD, {}),
    Kind.LEAVE: (YARD, {}),
    Kind.FORGET: (YARD, {}),
    Kind.KNOCK: (DOOR, {}),
    Kind.INVITE: (DEN, {"user": GUESTS}),
    Kind.BAN: (DEN, {"user": GUESTS}),
    Kind.UNBAN: (DEN, {"user": GUESTS}),
    Kind.NAME: (DEN, {}),
    Kind.PROFILE: ("", {}),
    Kind.TAG: (GENERAL, {"tag": ("favourite", "low", "")}),
    Kind.MUTE: (GENERAL, {"muted": (True, False)}),
    Kind.HOLD: (DEN, {"room": (GENERAL, YARD), "held": (True, False)}),
    Kind.READ: (DEN, {}),
}
"""Kind -> the room that it is about, and what its content may be."""

_MEMBERSHIPS: Final[Mapping[Kind, str]] = {
    Kind.JOIN: "join",
    Kind.LEAVE: "leave",
    Kind.FORGET: "leave",
    Kind.KNOCK: "knock",
    Kind.INVITE: "invite",
    Kind.BAN: "ban",
    Kind.UNBAN: UNBANNED,
}

_SPARE: Final = 25.0
"""Seconds before a long poll's deadline at which the server answers it without news."""

_NOT_NOW: Final = (
    (429, Refusal("M_LIMIT_EXCEEDED", "Too fast", 1.0)),
    (503, Refusal("", "Service unavailable")),
)
