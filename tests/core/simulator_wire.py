"""What the simulator needs of a protocol: a device's real core, a network that can be broken, and a server with a log."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import News, StateReader


class Effect(NamedTuple):
    """Something that one action did on the server: seen by others, once each time that it was done.

    `mark` is what tells it from all others: the text, the reaction's key, the reason of a removal, the room's name.
    """

    kind: Kind
    room: str
    mark: str


class Wish(NamedTuple):
    """Something to do that has no words of its own: to be in a room, to have somebody in it, a mark on it."""

    kind: Kind
    room: str
    content: Mapping[str, Any]


class Standing(NamedTuple):
    """How something stands in the end: what of which room has which value."""

    what: str
    room: str
    value: str


@dataclass
class Weather:
    """How often things go wrong, per chance to do so; all zero = a calm day. `happened` counts what did."""

    happened: Counter[str]
    drop: float = 0.0
    double: float = 0.0
    overtake: float = 0.0
    busy: float = 0.0

    def strikes(self, chance: random.Random, what: str) -> bool:
        """Whether this goes wrong now."""
        struck: bool = chance.random() < getattr(self, what)
        if struck:
            self.happened[what] += 1
        return struck


class Wire(Protocol):
    """One device, the network, and a model server that outlives them. Time is a number that only rises."""

    @property
    def now(self) -> float:
        """Seconds."""

    @property
    def me(self) -> str:
        """This user's id."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """What the person can do here."""

    @property
    def without_ids(self) -> frozenset[Kind]:
        """What the server keeps no ids of: it is repeated, or whether it was done is looked up by how things stand."""

    @property
    def contiguous(self) -> bool:
        """Whether orders are 1, 2, 3 …: Capability.CONTIGUOUS."""

    @property
    def rooms(self) -> tuple[str, ...]:
        """Rooms that are there from the start; the last one is this user's own."""

    @property
    def victim(self) -> str:
        """The person who can be removed from that one."""

    def boot(self, position: Mapping[str, str], state: StateReader) -> None:
        """A new process starts, with a new core; nothing is left of an earlier one but what is on the network."""

    def do(self, action: Action) -> None:
        """See ProtocolCore.do."""

    def stored(self, position: Mapping[str, str]) -> None:
        """See ProtocolCore.stored."""

    def news(self) -> list[News]:
        """See ProtocolCore.events."""

    def flush(self) -> None:
        """Bytes that the core wants to write go to the network."""

    def step(self, weather: Weather) -> bool:
        """One thing happens on the network or at the server; False when there was nothing to happen."""

    def pass_time(self, seconds: float) -> None:
        """Nothing happens until somebody wants to be woken, or that time is over."""

    def cut(self) -> None:
        """The connection breaks; what was on its way may still arrive, or not."""

    def restart_server(self) -> None:
        """The server is killed and comes back with all that it had acknowledged."""

    def interfere(self, *, comes_back: bool) -> None:
        """Somebody else does something: talks, removes this user from a room, or comes back after having been removed."""

    def elsewhere(self) -> None:
        """Another device of this user says something in one of the rooms; its texts begin with "phone"."""

    def wish(self) -> Wish | None:
        """Something without words that this user may want now."""

    def meaning(self, action: Action) -> Standing | None:
        """How things stand when an action that has no words is carried out; None where others may change it as well."""

    def stands(self, wanted: Standing) -> bool:
        """Whether things stand so on the server."""

    def talk(self) -> None:
        """Others say something in every room, so that the stream goes on."""

    def is_member(self, room: str) -> bool:
        """Whether this user may speak in a room, as the server sees it."""

    def effects(self) -> list[Effect]:
        """Everything that this user has done, in the server's order within each room."""

    def broken_rules(self) -> list[str]:
        """What the client did that no client may: an id used twice, for one."""
