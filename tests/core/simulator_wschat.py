"""The simulator's wschat: the real core, the real server's rules, and a network of frames between them."""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Mapping
from typing import Final

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import Link, News, StateReader
from chat_tui_wschat.protocol import Closed, CloseSocket, Login, Message, Open, Opened, Send, WschatCore
from chat_tui_wschat.protocol_timeline import read_chat
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.memory_storage import MemoryStorage
from chat_tui_wschat.server.storage import PutUser
from tests.core.simulator_wire import Effect, Standing, Weather, Wish
from tests.wschat.rules_stage import Client, Stage, token_of
from tests.wschat.wschat_peer import Heard

ME: Final = "ann"
DEVICE: Final = "laptop"
OTHERS_ROOM: Final = "general"
OWN_ROOM: Final = "den"
SIDE_ROOM: Final = "yard"
PHONE: Final = "phone"
GUESTS: Final = ("gus", "gil", "gwen", "gabi")
SHORTEST: Final = 0.05
"""Seconds that pass at least when nothing happens: no timer that is always due stops the clock."""

HOP: Final = 0.002
"""Seconds that a frame is on its way."""

_LABELLED: Final = re.compile(r"@id=(\d{1,15}) ([A-Z]+)")
_STAYING: Final = ("HELLO",)  # without it the client would rightly take the server for bare S0
_SIGNING: Final = ("AUTH", "RESUME")


class WschatWire:
    """One device of ann's; bob owns the room "general", sees everything, and sometimes removes her from it.

    Another device of hers talks as well, under the same numbers.
    """

    contiguous = True
    without_ids: frozenset[Kind] = frozenset()
    rooms = (OTHERS_ROOM, OWN_ROOM)
    victim = "cid"
    me = ME
    kinds = frozenset(
        {Kind.SEND, Kind.EDIT, Kind.REACT, Kind.REDACT, Kind.KICK, Kind.CREATE_ROOM, Kind.JOIN, Kind.TOPIC}
    )

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        replay_max = chance.choice((3, 1000))
        ttl = chance.choice((5.0, 300.0))
        store = MemoryStorage()
        store.commit([PutUser(100 + number, name, "") for number, name in enumerate(GUESTS)], ())
        self.stage = Stage(Limits(burst=1_000_000, replay_max=replay_max, resume_ttl=ttl), store=store)
        self._effects: list[Effect] = []
        self._said: dict[tuple[str, int], str] = {}
        self._broken: list[str] = []
        self._talked = 0
        self._up: deque[str | bytes] = deque()
        self._down: deque[str] = deque()
        self._socket: Client | None = None
        self._ghosts: list[tuple[Client, deque[str | bytes]]] = []
        self._phone_said = 0
        self._watch()
        self._bob.ok(f"@id=1 CREATE {OTHERS_ROOM}")
        self._bob.ok(f"@id=2 CREATE {SIDE_ROOM}")
        ann = self.stage.sign_in(ME, device=DEVICE)
        ann.ok(f"JOIN {OTHERS_ROOM}")
        ann.ok(f"CREATE {OWN_ROOM}")
        ann.say("QUIT")
        for room in self.rooms:
            self._bob.ok(f"JOIN {room}")
            self._cid.ok(f"JOIN {room}")
        self.core = WschatCore(Login("", ME, DEVICE, ""), {}, chance.random)

    @property
    def now(self) -> float:
        return self.stage.now

    def _watch(self) -> None:
        self._bob = self.stage.sign_in("bob", "channel", "user", "message")
        self._cid = self.stage.sign_in(self.victim)
        self._phone = self.stage.sign_in(ME, "channel", "user", "message", device=PHONE)

    # ------------------------------------------------------------ the device

    def boot(self, position: Mapping[str, str], state: StateReader) -> None:
        self._lose_socket()
        login = Login("ws://chat.example", ME, DEVICE, token_of(ME, DEVICE))
        self.core = WschatCore(login, position, self._chance.random)
        self.core.start(self.now)

    def do(self, action: Action) -> None:
        self.core.do(action, self.now)

    def stored(self, position: Mapping[str, str]) -> None:
        self.core.stored(position, self.now)

    def news(self) -> list[News]:
        return self.core.events()

    def flush(self) -> None:
        for out in self.core.sends():
            if isinstance(out, Open):
                self._socket = self.stage.connect()
                self.core.receive(Opened(), self.now)
            elif isinstance(out, CloseSocket):
                self._lose_socket()
            elif isinstance(out, Send):
                self._up.append(out.message)
        self._collect()

    # ------------------------------------------------------------ the network

    def step(self, weather: Weather) -> bool:
        self._collect()
        ways = []
        if self._socket is not None and self._up:
            ways.append(self._deliver_up)
        if self._down:
            ways.append(self._deliver_down)
        if self._ghosts:
            ways.append(self._deliver_ghost)
        if not ways and self._socket is not None and self._socket.close is not None:
            ways.append(self._deliver_close)
        if not ways:
            if self.core.link is Link.STOPPED:
                self.core.connect_now(self.now)
                return True
            return False
        self.stage.now += HOP
        self._chance.choice(ways)(weather)
        return True

    def _deliver_up(self, weather: Weather) -> None:
        assert self._socket is not None
        frame = self._up.popleft()
        found = _LABELLED.match(frame if isinstance(frame, str) else frame[:40].decode("ascii", "replace"))
        if found and weather.strikes(self._chance, "busy"):
            code = self._chance.choice(("RATELIMIT", "INTERNAL"))
            self._down.append(f"@id={found[1]};retry=1 ERROR {code} {found[2]} Not now")
            return
        self._receive(self._socket, frame)

    def _receive(self, socket: Client, frame: str | bytes) -> None:
        self.stage.rules.received(socket.number, frame, self.now)
        self._settle()

    def _settle(self) -> None:
        self.stage.settle()
        for heard in self._bob.events():
            self._note(heard)
            if "id" in heard.tags:
                self._broken.append(f"bob heard an id of another's: {heard.raw}")
        for heard in self._phone.events():
            if "id" in heard.tags and not str(heard.data.get("text", "")).startswith(PHONE):
                self._broken.append(f"the other device heard an id of this one: {heard.raw}")

    def _deliver_down(self, weather: Weather) -> None:
        frame = self._down.popleft()
        if not frame.startswith(_STAYING):
            if weather.strikes(self._chance, "drop"):
                return
            if weather.strikes(self._chance, "double"):
                self._down.append(frame)
            elif self._down and weather.strikes(self._chance, "overtake"):
                self._down.append(frame)
                return
        self.core.receive(Message(frame), self.now)

    def _deliver_ghost(self, weather: Weather) -> None:
        """A frame of a connection that the device has given up reaches the server, or the server gives it up too."""
        index = self._chance.randrange(len(self._ghosts))
        socket, frames = self._ghosts[index]
        if frames and socket.close is None and self._chance.random() < 0.7:
            weather.happened["late"] += 1
            self._receive(socket, frames.popleft())
        else:
            del self._ghosts[index]
            socket.lose()

    def _deliver_close(self, weather: Weather) -> None:
        assert self._socket is not None
        close = self._socket.close
        assert close is not None
        self._forget_socket()
        self.core.receive(Closed(close.code, close.reason), self.now)

    def cut(self) -> None:
        if self._socket is not None:
            self._lose_socket()
            self.core.receive(Closed(1006), self.now)

    def restart_server(self) -> None:
        self.stage.restart()
        self._ghosts.clear()
        self._watch()
        if self._socket is not None:
            self._forget_socket()
            self.core.receive(Closed(1006), self.now)

    def pass_time(self, seconds: float) -> None:
        now = self.now
        times = [at for at in (self.core.wake_at(), self.stage.rules.wake_at()) if at is not None]
        self.stage.now = min(max(min(times, default=now + seconds), now + SHORTEST), now + max(seconds, SHORTEST))
        for other in (self._bob, self._cid, self._phone):
            self.stage.rules.received(other.number, "PONG 0", self.now)
        self.stage.rules.tick(self.now)
        self._settle()
        self.core.tick(self.now)

    def _collect(self) -> None:
        """Take what the server has put out for this device."""
        if self._socket is not None:
            frames = self._socket.hear()
            self._broken += [frame for frame in frames if " ERROR IDREUSE " in frame or " ERROR IDSTALE " in frame]
            self._down.extend(frames)

    def _lose_socket(self) -> None:
        """The wire is gone; the server may notice later, and hear what was on its way until then."""
        socket, up = self._socket, self._up
        if socket is None:
            return
        self._up = deque()
        self._forget_socket()
        stray = deque(frame for frame in up if not str(frame).partition(" ")[2].startswith(_SIGNING))
        if self._chance.random() < 0.5:
            self._ghosts.append((socket, stray))
        else:
            socket.lose()
            self._settle()

    def _forget_socket(self) -> None:
        self._socket = None
        self._up.clear()
        self._down.clear()

    # ------------------------------------------------------------ other people

    def interfere(self, *, comes_back: bool) -> None:
        self._talked += 1
        what = self._chance.random()
        if what < 0.6:
            self._bob.say(f"MSG {OTHERS_ROOM} bob {self._talked}")
        elif what < 0.8:
            self._bob.say(f"KICK {OTHERS_ROOM} {ME}")
        elif comes_back:
            self._cid.say(f"JOIN {OWN_ROOM}")
        self._settle()

    def elsewhere(self) -> None:
        self._phone_said += 1
        self._phone.say(f"@id={self._phone_said} MSG {self._chance.choice(self.rooms)} {PHONE} {self._phone_said}")
        self._settle()

    def wish(self) -> Wish | None:
        channels = self.stage.rules.hall.channels
        roll = self._chance.random()
        if roll < 0.4:
            kind = self._chance.choice((Kind.JOIN, Kind.LEAVE))
            return Wish(kind, SIDE_ROOM, {"reason": "enough"} if kind is Kind.LEAVE else {})
        if roll < 0.7:
            return Wish(Kind.INVITE, OWN_ROOM, {"user": self._chance.choice(GUESTS)})
        if roll < 0.85:
            return Wish(Kind.READ, self._chance.choice(self.rooms), {})
        made = [room for room in channels if room not in {*self.rooms, SIDE_ROOM}]
        return Wish(Kind.DELETE_ROOM, self._chance.choice(made), {}) if made else None

    def meaning(self, action: Action) -> Standing | None:
        room = action.room_id
        if action.kind in {Kind.JOIN, Kind.LEAVE} and room == SIDE_ROOM:
            return Standing("member", room, str(action.kind is Kind.JOIN))
        if action.kind is Kind.INVITE:
            return Standing(f"invitation of {action.text}", room, action.text)
        if action.kind is Kind.DELETE_ROOM:
            return Standing("deletion", room, "")
        return Standing("read", room, str(action.content["order"])) if action.kind is Kind.READ else None

    def stands(self, wanted: Standing) -> bool:
        channel = self.stage.rules.hall.channels.get(wanted.room)
        if wanted.what == "deletion" or channel is None:
            return wanted.what == "deletion" and channel is None
        if wanted.what == "member":
            return str(ME in channel.members) == wanted.value
        if wanted.what == "read":
            return channel.reads.get(self.stage.rules.hall.users[ME].number, 0) >= int(wanted.value)
        return wanted.value in channel.invited

    def talk(self) -> None:
        for room in self.rooms:
            self._bob.say(f"MSG {room} goes on")
        self._settle()

    def is_member(self, room: str) -> bool:
        return room in self.stage.rules.hall.users[ME].channels

    # ------------------------------------------------------------ the truth

    def effects(self) -> list[Effect]:
        self._settle()
        return self._effects

    def broken_rules(self) -> list[str]:
        return self._broken

    def _note(self, heard: Heard) -> None:
        """Keep what ann did, as bob sees it."""
        _, kind, what, room = heard.words
        data = heard.data
        if ME not in {data.get("from"), data.get("by")} or str(data.get("text", "")).startswith(PHONE):
            return
        if (kind, what) == ("message", "CREATE"):
            text = read_chat(str(data["chat"]).encode())[1] if "chat" in data else str(data["text"])
            self._said[room, data["pos"]] = text
            self._effects.append(Effect(Kind.SEND, room, text))
            return
        mark = _MARKS.get((kind, what))
        if mark is not None:
            deed, key = mark
            told = self._said.get((room, data.get("pos", 0)), "") if deed is Kind.REDACT else str(data.get(key, room))
            self._effects.append(Effect(deed, room, told))


_MARKS: Final[Mapping[tuple[str, str], tuple[Kind, str]]] = {
    ("message", "UPDATE"): (Kind.EDIT, "text"),
    ("message", "DELETE"): (Kind.REDACT, ""),
    ("message", "REACT"): (Kind.REACT, "key"),
    ("user", "KICK"): (Kind.KICK, "reason"),
    ("channel", "CREATE"): (Kind.CREATE_ROOM, ""),
    ("channel", "TOPIC"): (Kind.TOPIC, "topic"),
}
