"""What actions and questions need to know of rooms, and one action with all that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from chat_tui_core.actions import Action
from chat_tui_core.model import Member, Room, RoomEvent
from chat_tui_core.values import frozen, slotted
from chat_tui_matrix.content.outgoing import clean
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.wire.events import MatrixEvent

MADE: Final = "chat.tui.made"
"""Type of the state event that a room is made with, so that the action which made it can be told: {"txn"}."""


class KnownState(Protocol):
    """The newest state of rooms."""

    def get(self, room_id: str, kind: str, key: str = "") -> dict[str, Any] | None:
        """Give the content of one piece of state; None where there is none."""


class KnownRooms(Protocol):
    """The rooms of this run."""

    @property
    def state(self) -> KnownState:
        """Their state, with what is stored of earlier runs."""

    def overview(self) -> tuple[Room, ...]:
        """Give all of them."""

    def order_of(self, room_id: str, event_id: str) -> int:
        """Give the place of an event that was seen in this run, else 0."""

    def event_at(self, room_id: str, order: int) -> str:
        """Give the id of the newest event at or before a place, "" where none was seen in this run."""

    def page(
        self, room_id: str, events: Sequence[MatrixEvent], state: Sequence[MatrixEvent], first_order: int
    ) -> tuple[RoomEvent, ...]:
        """Give the lines of a page of history; `events` are in the order of time, lines from `first_order` on."""

    def people(self, room_id: str) -> Mapping[str, str]:
        """Give who is known to be in a room or invited, by id, with their names."""

    def members_from(self, room_id: str, events: Sequence[MatrixEvent]) -> tuple[Member, ...]:
        """Give the people of a room from their member events."""


@slotted
class Job:
    """An action that is being carried out. `now` and `wall_s` (the time of day) are those of the newest answer.

    `wrote_at` is when an earlier try in this run was written, None where there was none.
    """

    action: Action
    desk: Desk
    rooms: KnownRooms
    now: float
    wrote_at: float | None
    wall_s: int = 0

    @property
    def txn(self) -> str:
        """The transaction id: the same for every try, and never that of another action of this device."""
        return f"{self.action.id}.{self.action.created_at}"

    @property
    def in_doubt(self) -> bool:
        """Whether an earlier try may have been carried out without our knowing."""
        return self.action.doubt or self.action.attempts > 0

    @property
    def room_id(self) -> str:
        """The room it happens in."""
        return self.action.room_id

    def text(self, key: str) -> str:
        """A text of the action's content as a server takes it, "" where it has none."""
        return clean(self.action.content.get(key))


@frozen
class Done:
    """An action was carried out. `final`: nothing of it will be seen in the stream with an id of ours."""

    event_id: str = ""
    room_id: str = ""
    final: bool = False


FINAL: Final = Done(final=True)
"""Carried out, and the answer is all there is."""
