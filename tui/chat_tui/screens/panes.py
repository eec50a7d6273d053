"""Which panes are shown: by the width of the terminal, unless the person says otherwise."""

from __future__ import annotations

from typing import Final

from textual.screen import Screen

__all__ = ["Panes"]

NARROW: Final = 70
"""Below this width there is room for one pane only."""
WIDE: Final = 100
"""From this width on the rooms get more room."""
WITH_MEMBERS: Final = 140
"""From this width on the members are shown without being asked for."""


class Panes:
    """Shows and hides the panes of the main screen by classes on it."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._rooms: bool | None = None
        self._members: bool | None = None
        self._front = "rooms"  # in a narrow terminal: rooms, chat or members

    @property
    def narrow(self) -> bool:
        """Whether there is room for one pane only."""
        return self._screen.app.size.width < NARROW

    @property
    def rooms_shown(self) -> bool:
        """Whether the rooms are on screen."""
        return self._front == "rooms" if self.narrow else self._rooms is not False

    @property
    def members_shown(self) -> bool:
        """Whether the members are on screen."""
        if self.narrow:
            return self._front == "members"
        return self._screen.app.size.width >= WITH_MEMBERS if self._members is None else self._members

    @property
    def chat_shown(self) -> bool:
        """Whether the open room is on screen."""
        return not self.narrow or self._front == "chat"

    def arrange(self, *, update: bool = True) -> None:
        """Show what suits the present width. `update`: there is something to be styled again."""
        self._screen.update_classes(  # at once: each change has all styles worked out again
            {
                "-narrow": self.narrow,
                "-wide": self._screen.app.size.width >= WIDE,
                "-no-rooms": not self.rooms_shown,
                "-members": self.members_shown,
                "-no-chat": not self.chat_shown,
            },
            update=update,
        )

    def show_chat(self) -> None:
        """Bring the open room to the front where only one pane is shown."""
        self._front = "chat"
        self.arrange()

    def show_rooms(self) -> None:
        """Bring the rooms to the front where only one pane is shown."""
        self._front = "rooms"
        self.arrange()

    def toggle_rooms(self) -> bool:
        """Show or hide the rooms; gives whether they are shown now."""
        if self.narrow:
            self._front = "chat" if self._front == "rooms" else "rooms"
        else:
            self._rooms = not self.rooms_shown
        self.arrange()
        return self.rooms_shown

    def toggle_members(self) -> bool:
        """Show or hide the members; gives whether they are shown now."""
        if self.narrow:
            self._front = "chat" if self._front == "members" else "members"
        else:
            self._members = not self.members_shown
        self.arrange()
        return self.members_shown
