"""The simulated person: does things, changes their mind, decides over what was refused, and remembers all of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.session.commands import Cancel, LetPass, Make, MarkRead, Resend, Retry
from tests.core.simulator_client import Client
from tests.core.simulator_wire import Wire

UNDO: Final = (0, 0, 5_000)
"""Milliseconds for which a message can be taken back, by schedule."""

LETTERS: Final[Mapping[Kind, str]] = {
    Kind.SEND: "t",
    Kind.EDIT: "e",
    Kind.REACT: "r",
    Kind.KICK: "k",
    Kind.CREATE_ROOM: "n",
    Kind.TOPIC: "p",
}
WEIGHTS: Final[Mapping[Kind, int]] = {
    Kind.SEND: 60,
    Kind.EDIT: 10,
    Kind.REACT: 8,
    Kind.REDACT: 3,
    Kind.KICK: 6,
    Kind.CREATE_ROOM: 4,
    Kind.TOPIC: 4,
}
_KEYS: Final[Mapping[Kind, str]] = {
    Kind.SEND: "text",
    Kind.EDIT: "text",
    Kind.REACT: "key",
    Kind.KICK: "reason",
    Kind.TOPIC: "topic",
    Kind.REDACT: "reason",
}


def mark_of(action: Action) -> str:
    """What tells an action from all others, as it stands in its content."""
    if action.kind is Kind.CREATE_ROOM:
        return action.room_id
    return str(action.content.get(_KEYS.get(action.kind, ""), ""))


@dataclass(eq=False)
class Deed:
    """Something that the person did. `moment` is when it was to happen, in milliseconds of the client's clock."""

    number: int
    kind: Kind
    room: str
    mark: str
    moment: int = 0
    scheduled: bool = False
    about: Deed | None = None
    action_id: int = 0
    kept: bool = False  # the client has said that it is durable
    loose: bool = False  # the person took it out of its order, or back
    again: bool = False  # it was said under a second id, after a refusal
    tries: int = 0

    @property
    def is_loose(self) -> bool:
        """Whether nothing is promised of its place, as it waits for something that has none."""
        return self.loose or (self.about is not None and (self.about.is_loose or self.about.scheduled))


class Person:
    """Acts on a client; what is durable there is looked up again after each restart."""

    def __init__(self, client: Client, wire: Wire, chance: random.Random) -> None:
        self.deeds: list[Deed] = []
        self.by_mark: dict[str, Deed] = {}
        self.wishes = 0  # things without words that were wanted
        self.undo = chance.choice(UNDO)
        self._client = client
        self._wire = wire
        self._chance = chance
        self._kinds = [kind for kind in WEIGHTS if kind in wire.kinds]
        self._weights = [WEIGHTS[kind] for kind in self._kinds]
        self._marks = 0

    # ------------------------------------------------------------ doing things

    def act(self) -> None:
        """Do something new."""
        (kind,) = self._chance.choices(self._kinds, self._weights)
        room = self._chance.choice(self._wire.rooms)
        about = self._a_message(room) if kind in {Kind.EDIT, Kind.REACT, Kind.REDACT} else None
        if kind in {Kind.EDIT, Kind.REACT, Kind.REDACT} and about is None:
            kind = Kind.SEND
        if kind is Kind.SEND and self._chance.random() < 0.15:
            about = self._a_message(room)
        if kind is Kind.KICK:
            room = self._wire.rooms[-1]
        self._do(kind, room, about)

    def _a_message(self, room: str) -> Deed | None:
        """An own message that can be meant; most people mean one of their last."""
        said = [deed for deed in self.deeds if deed.kind is Kind.SEND and deed.room == room and deed.action_id][-4:]
        return self._chance.choice(said) if said else None

    def _new_mark(self, kind: Kind) -> str:
        self._marks += 1
        return f"{LETTERS[kind]}{self._marks:03}"

    def _do(self, kind: Kind, room: str, about: Deed | None) -> None:
        if kind is Kind.REDACT and about is not None:
            if any(deed.kind is Kind.REDACT and deed.about is about for deed in self.deeds):
                return
            mark = about.mark
        else:
            mark = self._new_mark(kind)
        deed = Deed(len(self.deeds), kind, mark if kind is Kind.CREATE_ROOM else room, mark, about=about)
        content: dict[str, Any] = {_KEYS[kind]: mark} if kind in _KEYS else {}
        if kind is Kind.KICK:
            content["user"] = self._wire.victim
        self._client.set_clock(1)  # no two deeds have one time
        now = deed.moment = self._client.wall_ms
        not_before = now + self.undo if kind is Kind.SEND and self.undo else 0
        if kind is Kind.SEND and about is None and self._chance.random() < 0.06:
            deed.scheduled = True
            deed.moment = not_before = content["at"] = now + self._chance.randrange(1_000, 60_000)
        self.deeds.append(deed)
        if kind is not Kind.REDACT:
            self.by_mark[mark] = deed
        meant = self._client.current(about.action_id) if about else 0
        draft = Action(0, kind, deed.room, content, not_before=not_before, created_at=now)
        action = self._client.try_command(Make(draft, meant, self._client.is_online, self._client.earlier))
        if action is None:
            return
        waiting = (other for other in self.deeds if other.kind is Kind.EDIT and other.about is about)
        changed = next((other for other in waiting if self._client.current(other.action_id) == action.id), None)
        deed.action_id, deed.kept = action.id, True
        if about is not None and action.kind is not kind:
            self._became(about, deed, action)
        elif changed is not None:
            self._became(changed, deed, action)

    def _became(self, about: Deed, deed: Deed, action: Action) -> None:
        """The edit has changed what has not left yet, which now bears its text."""
        about.mark = deed.mark
        about.action_id = action.id
        self.by_mark[deed.mark] = about
        self.deeds.remove(deed)

    def wish(self) -> None:
        """Want something that has no words, where there is something to want."""
        wish = self._wire.wish()
        if wish is None:
            return
        self._client.set_clock(1)
        self.wishes += 1
        if wish.kind is Kind.READ:
            room = self._client.rooms.get(wish.room)
            if room is not None:
                self._client.try_command(MarkRead(room.room_id, room.head, tell=True))
            return
        draft = Action(0, wish.kind, wish.room, wish.content, created_at=self._client.wall_ms)
        self._client.try_command(Make(draft, 0, self._client.is_online, self._client.earlier))

    # ------------------------------------------------------------ deciding

    def decide(self) -> None:
        """Look at what is open, and do something about one of it."""
        waiting = [deed for deed in self.deeds if self._client.current(deed.action_id) in self._client.actions]
        if waiting:
            deed = self._chance.choice(waiting)
            self._decide(deed, self._client.actions[self._client.current(deed.action_id)])

    def settle(self, said: Counter[str]) -> None:
        """Decide over everything that was refused; who sees a message on the server does not say it again."""
        for action in list(self._client.actions.values()):
            deed = self.by_mark.get(mark_of(action))
            if action.state is not State.FAILED or action.kind is not Kind.SEND or deed is None:
                continue
            if action.let_pass and not self._is_needed(action):
                continue
            deed.tries += 1
            if said[deed.mark] or deed.tries > 3:
                self._take_back(deed, action)
            elif self._wire.is_member(action.room_id):
                self._decide(deed, action)
            elif not any(a.kind is Kind.JOIN for a in self._client.actions.values()):
                self._client.try_command(Make(Action(0, Kind.JOIN, action.room_id), 0, self._client.is_online))

    def _is_needed(self, action: Action) -> bool:
        return any(other.depends_on == action.id for other in self._client.actions.values())

    def _decide(self, deed: Deed, action: Action) -> None:
        what = self._chance.random()
        if action.state is State.FAILED:
            if what < 0.5:
                self._again(deed, self._client.try_command(Retry(action.id)))
            elif what < 0.7 and action.kind is Kind.SEND:
                self._say_otherwise(deed, action)
            elif what < 0.85:
                deed.loose = True
                self._client.try_command(LetPass(action.id))
            else:
                self._take_back(deed, action)
        elif what < 0.3:
            self._take_back(deed, action)
        elif what < 0.5 and action.kind is Kind.SEND:
            self._say_otherwise(deed, action)
        elif what < 0.6:
            deed.loose = deed.loose or deed.scheduled
            self._client.try_command(Retry(action.id))

    def _take_back(self, deed: Deed, action: Action) -> None:
        if self._client.try_command(Cancel(action.id)) is not None:
            deed.loose = True

    def _say_otherwise(self, deed: Deed, action: Action) -> None:
        mark = self._new_mark(Kind.SEND)
        self.by_mark[mark] = deed
        found = self._client.try_command(Resend(action.id, mark, self._client.earlier))
        if found is not None:
            deed.mark = mark
            self._again(deed, found)

    @staticmethod
    def _again(deed: Deed, found: Action | None) -> None:
        if found is not None:
            deed.again = deed.again or found.id != deed.action_id
            deed.action_id = found.id

    # ------------------------------------------------------------ after a restart

    def look_again(self, *, restored: bool) -> list[Deed]:
        """Find everything again in what is stored; gives what was promised and is not there."""
        stored = {(action.kind, mark_of(action)): action for action in self._client.everything()}
        for deed in list(self.deeds):
            if deed.kind is not Kind.EDIT or deed.about is None:
                continue
            if (Kind.SEND, deed.mark) in stored:
                self._became(deed.about, deed, stored[Kind.SEND, deed.mark])
        gone = []
        for deed in self.deeds:
            found = next((a for a in self._versions(deed, stored) if a is not None), None)
            if found is not None:
                deed.action_id, deed.kept = found.id, True
                deed.mark = mark_of(found) if deed.kind is not Kind.REDACT else deed.mark
                continue
            deed.action_id = 0
            deed.loose = True
            if deed.kept and not restored:
                gone.append(deed)
            deed.kept = False
        return gone

    def _versions(self, deed: Deed, stored: Mapping[tuple[Kind, str], Action]) -> list[Action | None]:
        marks = [deed.mark, *(mark for mark, owner in self.by_mark.items() if owner is deed)]
        return [stored.get((deed.kind, mark)) for mark in marks]
