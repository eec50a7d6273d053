"""Ten thousand rooms in Textual's own OptionList: what the room list is measured beside."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from chat_tui.widgets.fuzzy import NameIndex
from chat_tui_core.model import Room


class OptionListApp(App[None]):
    """A list of rooms, two lines each, that is filled, bumped and narrowed as the widget lets one."""

    CSS = "OptionList { width: 32; height: 1fr; }"

    def __init__(self, rooms: Sequence[Room]) -> None:
        super().__init__()
        self.listed = sorted(rooms, key=lambda room: -room.last_ts)
        self.names = NameIndex(room.title for room in self.listed)

    def compose(self) -> ComposeResult:
        """Give the list, empty yet."""
        yield Static("rooms")
        yield OptionList()

    @staticmethod
    def option(room: Room) -> Option:
        """A room as the list shows it."""
        return Option(Text(f"# {room.title}\n  {room.last_sender}: {room.last_text[:24]}", no_wrap=True), room.room_id)

    def show(self, rooms: Sequence[Room]) -> None:
        """Fill the list."""
        view = self.query_one(OptionList)
        view.clear_options()
        view.add_options([self.option(room) for room in rooms])
        view.highlighted = 0

    def show_all(self) -> None:
        """Show every room."""
        self.show(self.listed)

    def bump(self, number: int) -> None:
        """Put a room on top: an option can only be added at the end."""
        self.listed.insert(0, self.listed.pop(number % len(self.listed)))
        self.show(self.listed)

    def narrow(self, query: str) -> None:
        """Show the rooms that fit."""
        self.show([self.listed[at] for at in self.names.rank(query, 200)] if query else self.listed)
