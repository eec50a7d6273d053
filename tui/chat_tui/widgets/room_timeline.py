"""The timeline of the open room with its keys: walk through messages, answer, copy, open what one holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from chat_tui.keys import Place, bindings
from chat_tui.messages import FileWanted, Operation, OperationWanted
from chat_tui.widgets.message_lines import Target
from chat_tui.widgets.timeline import Timeline

if TYPE_CHECKING:
    from chat_tui.transfer_words import FileDeed

__all__ = ["RoomTimeline"]


class RoomTimeline(Timeline, inherit_bindings=False):
    """A timeline that is worked by keys; letters without a meaning here go to the composer."""

    BINDINGS = bindings(Place.TIMELINE)

    class CopyWanted(Message):
        """The person wants this text in the clipboard."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Typed(Message):
        """The person began to write."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Seen(Message, bubble=True):
        """Other messages are on screen than before."""

        def can_replace(self, message: Message) -> bool:
            """Only the last one counts."""
            return isinstance(message, RoomTimeline.Seen)

    _seen: tuple[tuple[int, int], tuple[int, int], int] | None = None

    def updated(self) -> None:
        """Say that the rows on screen are others."""
        super().updated()
        rows = self.viewport.rows
        seen = (rows[0], rows[-1], self.messages.hi) if rows else None
        if seen != self._seen:
            self._seen = seen
            self.screen.post_message(self.Seen())

    def restyle(self) -> None:
        """Lay everything out again, and say so."""
        self._seen = None
        super().restyle()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters mean something only while the cursor stands on a message."""
        if action in {"operate", "open_link", "copy_message", "activate"}:
            return self.cursor is not None
        if action == "file":
            return parameters[0] in self._deeds()
        return True

    def _deeds(self) -> tuple[FileDeed, ...]:
        """What can be done with the file of the message under the cursor."""
        card = None if self.cursor is None else self.messages.source.row(self.cursor).file
        return () if card is None else card.deeds

    def action_file(self, deed: str) -> None:
        """Do something with the file of the message under the cursor."""
        wanted = next((able for able in self._deeds() if able == deed), None)
        if wanted is not None and (key := self.cursor_key()):
            self.post_message(FileWanted(wanted, key))

    def action_walk(self, step: int) -> None:
        """Move the cursor by a message."""
        self.move_cursor(step)

    def action_operate(self, operation: str) -> None:
        """Do something with the message under the cursor."""
        if key := self.cursor_key():
            self.post_message(OperationWanted(Operation(operation), key))

    def action_open_link(self) -> None:
        """Open the file, else the first link, of the message under the cursor."""
        if "open" in self._deeds():
            self.action_file("open")
        elif self.cursor is not None:
            link = next((target for target in self.targets(self.cursor) if target.kind == "link"), None)
            if link is not None:
                self.clicked(self.cursor, link)

    def action_copy_message(self) -> None:
        """Copy the message under the cursor."""
        if self.cursor is not None:
            self.post_message(self.CopyWanted(self.source.text(self.cursor)))

    def action_activate(self) -> None:
        """Do the first thing that can be done with the message under the cursor, as a click on it would."""
        if self.cursor is None:
            return
        targets = self.targets(self.cursor)
        order = ("gap", "more", "failed", "file", "link", "reply", "thread")
        fitting = (one for one in targets if one.kind in order and one.value != "cancel")
        chosen = min(fitting, key=lambda target: order.index(target.kind), default=None)
        if isinstance(chosen, Target):
            self.clicked(self.cursor, chosen)

    def clicked(self, position: int, target: object | None) -> None:
        """Open the thread that was hit; anything else is the timeline's."""
        if isinstance(target, Target) and target.kind == "thread":
            key = self.messages.source.row(position).key
            self.post_message(OperationWanted(Operation.THREAD, key))
        else:
            super().clicked(position, target)

    def on_key(self, event: events.Key) -> None:
        """Hand what is typed to the composer, unless it is a key of this list."""
        if event.is_printable and event.character and event.key not in self.screen.active_bindings:
            event.stop()
            self.set_cursor(None)  # now: the letters that follow belong to the text, whatever they mean on a message
            self.post_message(self.Typed(event.character))
