"""What work at one account's rooms sees of the screen: that account's session and parts, and what all accounts share."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from textual.app import App

    from chat_tui.programs import Programs
    from chat_tui.screens.conversation import Conversation
    from chat_tui.widgets.composer import Composer
    from chat_tui.widgets.hint_line import HintLine
    from chat_tui.widgets.obstacle import Obstacle
    from chat_tui.widgets.room_timeline import RoomTimeline
    from chat_tui_core.actions import Action
    from chat_tui_core.model import Room, RoomEvent
    from chat_tui_core.session import Session
    from chat_tui_core.transfers import Transfer

__all__ = ["Cards", "Operations", "Window"]


class Operations(Protocol):
    """What commands do with messages of the open room; each raises ChatError with the sentence to show."""

    async def edit_last(self) -> None:
        """Edit the own message said last."""

    async def redact_last(self) -> None:
        """Delete the own message said last."""

    async def react_to_last(self, key: str) -> None:
        """React to the newest message."""

    async def reply_to_last(self, text: str) -> None:
        """Answer the newest message of somebody else."""

    async def forward_last(self, room: Room) -> None:
        """Send the newest message on to a room."""

    async def change(self, action: Action) -> None:
        """Put the text of something that waits, or was refused, into the composer, to be sent in its place."""


class Shown(Protocol):
    """How pictures are shown."""

    def why(self, event: RoomEvent) -> str:
        """Why a picture is shown as it is, for the person."""

    def flip(self, event: RoomEvent) -> str:
        """Show a picture that is not shown, or the other way; gives why that cannot be, "" = done."""


class Cards(Protocol):
    """How files stand."""

    @property
    def pictures(self) -> Shown:
        """The pictures among them."""

    def of_event(self, event: RoomEvent) -> Transfer | None:
        """The newest transfer of an event's file, None when nobody has asked for it."""


class Window(Protocol):
    """The screen as the work of one account sees it: whatever the person opens meanwhile, it stays with its account."""

    @property
    def app(self) -> App[object]:
        """The app, for dialogs."""

    @property
    def session(self) -> Session:
        """The account's session."""

    @property
    def view(self) -> str:
        """Which of the account's rooms are listed (see `space_view`)."""

    @property
    def sessions(self) -> Mapping[str, Session]:
        """The sessions of all accounts in the window, by their names."""

    @property
    def conversation(self) -> Conversation:
        """The account's open room; it has none while a room of another account is open."""

    @property
    def operating(self) -> Operations:
        """What can be done with the account's messages."""

    @property
    def cards(self) -> Cards:
        """How the account's files stand."""

    @property
    def timeline(self) -> RoomTimeline:
        """The messages on screen."""

    @property
    def composer(self) -> Composer:
        """Where the person writes."""

    @property
    def hints(self) -> HintLine:
        """The line above the composer."""

    @property
    def programs(self) -> Programs:
        """What runs of the person's own commands."""

    @property
    def obstacle(self) -> Obstacle | None:
        """What stands in the open room's way, where that is one of the account's."""

    def say(self, text: str, *, serious: bool = False) -> None:
        """Say one sentence in a corner of the screen, for a while."""

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Carry out work beside the screen; what cannot be done is said above the composer."""

    def open_room(self, room_id: str) -> None:
        """Open one of the account's rooms; one that the person is not in is joined first."""

    async def search(self, words: str = "") -> None:
        """Search, and go to what was chosen."""

    def count_files(self) -> None:
        """Say how many files are on their way, in all accounts."""

    def action_outbox(self) -> None:
        """Show what is not sent yet."""

    def action_inbox(self) -> None:
        """Show what was said to the person."""

    def action_transfers(self) -> None:
        """Show files on their way."""

    def choose_view(self, view: str) -> None:
        """Have the list show the account's rooms of a space (see `space_view`)."""

    def action_spaces(self) -> None:
        """Choose which rooms the list shows."""

    def action_switch(self) -> None:
        """Find a room or a person by name."""

    def action_toggle_members(self) -> None:
        """Show or hide the members."""
