"""What the core needs of the parts that know rooms, actions and questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from chat_tui_core.actions import Action
from chat_tui_core.file_news import FileOrder
from chat_tui_core.model import Room
from chat_tui_core.questions import Question
from chat_tui_matrix.protocol import actions, counting, files, questions, rooms
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.wire.calls import OnItsWay
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection


class Rooms(Protocol):
    """Turns what a sync brings into news."""

    def expect(self, sections: Iterable[RoomSection]) -> None:
        """These sections are applied next."""

    def apply(self, section: RoomSection, base: int) -> None:
        """Say what one section brings; `base` is the order of its room's first event."""

    def account_data(self, events: Iterable[MatrixEvent]) -> None:
        """Say what the account's own data bring: who is a direct chat, what is muted."""

    def presence(self, events: Iterable[MatrixEvent]) -> None:
        """Say who is there."""

    def overview(self) -> tuple[Room, ...]:
        """All rooms that are known in this run."""

    def stored(self) -> None:
        """All state that was said so far is durable."""


class Ledger(Protocol):
    """Carries the person's actions out."""

    def do(self, action: Action, now: float) -> None:
        """Have an action's request made."""

    def lost(self, now: float) -> None:
        """The link broke: what is on its way is in doubt."""

    def tick(self, now: float) -> None:
        """Let time pass."""

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest."""


class Questions(Protocol):
    """Answers what the session asks, and tells others that this user is there or types."""

    @property
    def presence(self) -> str:
        """What a sync must give as set_presence, so that it does not contradict what was told; "" for nothing."""

    def ask(self, question: Question, now: float) -> None:
        """Take a question; it is answered in any case."""

    def lost(self, now: float) -> None:
        """The link broke: what was not answered is asked again when it is back."""

    def stop(self, now: float) -> None:
        """Answer everything with no."""

    def tick(self, now: float) -> None:
        """Let time pass; called after a change of the link, too."""

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest."""


class Counting(Protocol):
    """Asks how much is unread where the way of syncing does not tell."""

    token: str
    """From which the next question goes on; kept with the position, "" = none."""

    @property
    def wanted(self) -> bool:
        """Whether something is to be asked, and nothing is under way."""

    def ask(self, now: float, then: Callable[[float], None]) -> None:
        """Ask now; `then` is called when that has ended, well or not."""

    def lost(self) -> None:
        """The link broke: what was not answered is asked again when it is back."""

    def tick(self, now: float) -> None:
        """Let time pass."""

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest."""


class Files(Protocol):
    """Sends and fetches files."""

    def order(self, order: FileOrder, now: float) -> None:
        """Take an order."""

    def met(self, item: OnItsWay) -> None:
        """Take what is told of a call that goes on."""

    def lost(self) -> None:
        """The link broke: orders are given again when it is back."""

    def stop(self) -> None:
        """Drop everything."""

    def tick(self, now: float) -> None:
        """Let time pass."""

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest."""


class Parts(NamedTuple):
    """One account's parts, which share its desk."""

    rooms: Rooms
    ledger: Ledger
    questions: Questions
    counting: Counting
    files: Files


def make_parts(desk: Desk) -> Parts:
    """Make the parts of an account."""
    room_desk = rooms.RoomDesk(desk)
    ledger, asked = actions.Ledger(desk, room_desk), questions.Questions(desk, room_desk)
    return Parts(room_desk, ledger, asked, counting.Counting(desk, room_desk), files.Files(desk, room_desk))
