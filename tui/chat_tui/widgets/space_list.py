"""Spaces as lists: those that one is in, as a tree with what is new in each; and the rooms of one, to join them."""

from __future__ import annotations

from chat_tui.strings import _, n_
from chat_tui.widgets.numbered_list import NumberedList
from chat_tui.widgets.pick_list import Part, Row
from chat_tui.widgets.room_order import SPACE_MARK, mark_of
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.spaces import Listed
from chat_tui_core.values import frozen

__all__ = ["SpaceLine", "SpaceList", "SpaceRoomList", "SpaceRow"]

STEP = 2
"""Cells by which what is in a space stands behind it."""


@frozen
class SpaceLine:
    """One choice of rooms: `view` is the id of a space, or what stands for all rooms or for those in none.

    `rooms` are how many of them the person is in. `named`: the account is told, for there are several.
    """

    account: str
    view: str
    title: str
    depth: int = 0
    rooms: int = 0
    unread: int = 0
    mentions: int = 0
    chosen: bool = False
    named: bool = False

    @property
    def id(self) -> object:
        """Which choice it is."""
        return self.account, self.view


class SpaceList(NumberedList[SpaceLine]):
    """A line a choice; what the list of rooms shows now is marked."""

    def marked(self, position: int) -> bool:
        """Tell whether the list of rooms shows this."""
        return self.entries[position].chosen

    def rows(self, position: int) -> list[Row]:
        """Give the line of a choice."""
        line = self.entries[position]
        mark = f"{SPACE_MARK} " if len(line.view) > 1 else "  "
        left: list[Part] = [
            (" " * (STEP * line.depth), ""),
            (mark, "accent" if line.unread or line.mentions else "dim"),
            (line.title, "strong" if line.unread or line.mentions else ""),
            (f"  {n_('{count} room', '{count} rooms', line.rooms).format(count=line.rooms)}", "dim"),
        ]
        if line.named:
            left.append((f"  {clean_line(line.account)}", "accent"))
        right: list[Part] = [(f"@{line.mentions} ", "accent")] if line.mentions else []
        right += [(f" {line.unread} " if line.unread < 1000 else " 999+ ", "badge")] if line.unread else []
        return [(left, [*right, (" ", "")])]


@frozen
class SpaceRow:
    """One room of a space; `word` says how the person stands to it, in a style."""

    listed: Listed
    word: str
    style: str

    @property
    def id(self) -> object:
        """The room's."""
        return self.listed.room.room_id


class SpaceRoomList(NumberedList[SpaceRow]):
    """Two lines a room: its name and how the person stands to it, and its topic."""

    def rows(self, position: int) -> list[Row]:
        """Give the lines of a room."""
        row = self.entries[position]
        listed, room = row.listed, row.listed.room
        indent = " " * (STEP * (listed.depth - 1))
        left: list[Part] = [
            (f"{indent}{mark_of(room)} ", "accent" if room.is_space else "dim"),
            (clean_line(room.title), "strong"),
        ]
        if listed.held.suggested:
            left.append((f"  {_('suggested')}", "good"))
        count = n_("{count} member", "{count} members", room.members).format(count=room.members)
        right: list[Part] = [(f"{count}  ", "dim")] if room.members else []
        right.append((f"{row.word} ", row.style))
        topic = clean_line(room.topic)
        return [(left, right), ([(f"{indent}  ", ""), (topic, "dim")], [])] if topic else [(left, right)]
