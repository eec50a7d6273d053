"""What the pages share that stand over the main screen to be read and copied."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Static

from chat_tui.keys import Place, bindings, shown_as
from chat_tui.screens.dialog import Dialog
from chat_tui.strings import _
from chat_tui.widgets.key_line import keys_told

__all__ = ["Page"]


class Page(Dialog[None]):
    """y copies `text`, Esc and Enter go back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Place.DIALOG),
        Binding("y", "copy", "copy", show=False),
        Binding("enter", "close", show=False),
    ]
    text: str

    def keys_line(self, id: str) -> Static:  # noqa: A002
        """Give the line that tells the keys."""
        return Static(keys_told(f"y {_('copy')}   {shown_as('escape')} {_('close')}"), id=id)

    def action_copy(self) -> None:
        """Copy all of it."""
        self.app.copy_to_clipboard(self.text)
        self.notify(_("Copied."), markup=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()
