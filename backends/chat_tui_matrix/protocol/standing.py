"""What is known of a room beside its state: how we stand to it, and what the server counts for us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from chat_tui_core.values import slotted
from chat_tui_matrix.protocol.state_tracker import OWN, Content

STANDING: Final = f"{OWN}standing"
"""Type under which it is kept with the room's state, for the next run."""


@slotted
class Standing:
    """How we stand to one room.

    `membership` is the server's word: join, invite, knock, leave; "" = nothing is known. `heroes`, `joined` and
    `invited` are the newest summary; `name` is what the server calls it. `inviter` invited us, `direct` did so for a
    direct chat. `creator` sent m.room.create. `events` are the ids of the newest state that the room is shown by, by its
    type: a redaction names nothing else, and may come in a later run. `held` has for each room that the state of a space
    names when that was said (ms since 1970), and by which event.
    """

    membership: str = ""
    heroes: tuple[str, ...] | None = None
    joined: int | None = None
    invited: int | None = None
    name: str = ""
    inviter: str = ""
    direct: str = ""
    creator: str = ""
    events: dict[str, str] = field(default_factory=dict)
    held: dict[str, tuple[int, str]] = field(default_factory=dict)

    def content(self) -> Content:
        """As it is kept: what is not known is left out."""
        told: Content = {name: text for name in _TEXTS if (text := getattr(self, name))}
        told |= {name: number for name in _NUMBERS if (number := getattr(self, name)) is not None}
        if self.heroes is not None:
            told["heroes"] = list(self.heroes)
        if self.events:
            told["events"] = dict(self.events)
        if self.held:
            told["held"] = {room_id: list(said) for room_id, said in self.held.items()}
        return told


_TEXTS: Final = ("membership", "name", "inviter", "direct", "creator")
_NUMBERS: Final = ("joined", "invited")


def standing_of(content: Mapping[str, Any] | None) -> Standing:
    """What was kept; nothing where that makes no sense."""
    told = content or {}
    heroes = told.get("heroes")
    standing = Standing()
    if isinstance(heroes, list):
        standing.heroes = tuple(user_id for user_id in heroes if isinstance(user_id, str))
    events = told.get("events")
    if isinstance(events, dict):
        standing.events = {kind: event_id for kind, event_id in events.items() if isinstance(event_id, str)}
    held = told.get("held")
    for room_id, said in held.items() if isinstance(held, dict) else ():
        match said:
            case [int(ts), str(event_id)]:
                standing.held[room_id] = ts, event_id
    for name in _TEXTS:
        if isinstance(text := told.get(name), str):
            setattr(standing, name, text)
    for name in _NUMBERS:
        if isinstance(number := told.get(name), int):
            setattr(standing, name, number)
    return standing
