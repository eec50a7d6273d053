"""The line above the messages: the room's name, its topic, how many are in it."""

from __future__ import annotations

from chat_tui.strings import _, n_
from chat_tui.widgets.room_order import MARKS
from chat_tui.widgets.text_layout import clean_line
from chat_tui.widgets.text_line import Piece, TextLine
from chat_tui_core.model import Room
from chat_tui_core.safe_text import one_line

__all__ = ["RoomHeader"]

TOPIC = 300
"""Characters of a topic that are shown at most."""


class RoomHeader(TextLine):
    """Says where the person is."""

    DEFAULT_CSS = """
    RoomHeader { padding: 0 1; background: $surface; &:ansi { background: ansi_default; } }
    """

    def show_room(self, room: Room | None, *, back: str = "", thread: str = "") -> None:
        """Show a room's name and topic, or with what its thread began that is open.

        `back`: the key that leads back to the list where it is hidden.
        """
        left: list[Piece] = [(f"‹ {back}  ", "$foreground 55%")] if back else []
        right: list[Piece] = []
        if room is None:
            left.append(("chat-tui", "bold"))
        else:
            left += [(f"{MARKS[room.kind]} ", "$accent bold"), (clean_line(room.title), "bold")]
            if thread:
                left += [("  ↳ ", "$accent bold"), (clean_line(one_line(thread, TOPIC)), "$foreground 60%")]
                right = [(_("Esc leaves the thread"), "$foreground 55%")]
            elif topic := clean_line(one_line(room.topic, TOPIC)):
                left.append((f"  {topic}", "$foreground 60%"))
            if room.members and not thread:
                right = [
                    (
                        n_("{count} member", "{count} members", room.members).format(count=room.members),
                        "$foreground 55%",
                    )
                ]
        self.show(left, right)
