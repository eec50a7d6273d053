"""Ask before something that cannot be taken back."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from chat_tui.keys import Place, bindings
from chat_tui.screens.dialog import Dialog
from chat_tui.strings import _
from chat_tui.widgets.key_line import keys_told

__all__ = ["ConfirmScreen"]


class ConfirmScreen(Dialog[bool]):
    """A question with y and n; anything but y means no."""

    BINDINGS = [
        *bindings(Place.DIALOG),
        Binding("y", "yes", "yes", show=False),
        Binding("n,enter", "close", "no", show=False),
    ]
    DEFAULT_CSS = """
    ConfirmScreen {
        align: center middle;
        & > Vertical { width: 60; max-width: 90%; height: auto; padding: 1 2; background: $surface; }
        & #confirm-keys { margin-top: 1; }
    }
    """

    def __init__(self, question: str, yes: str) -> None:
        super().__init__()
        self._question = question
        self._yes = yes

    def compose(self) -> ComposeResult:
        """Give the question and its answers."""
        with Vertical():
            yield Static(self._question, markup=False)
            yield Static(keys_told(f"y {self._yes}   n {_('leave it as it is')}"), id="confirm-keys")

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(result=True)

    def action_close(self) -> None:
        """Leave it."""
        self.dismiss(result=False)
