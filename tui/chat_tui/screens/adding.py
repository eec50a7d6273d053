"""Add an account while others are open: which kind of server it is on; signing in to it follows."""

from __future__ import annotations

from chat_tui.keys import Place, bindings
from chat_tui.screens.welcome import DEMO, Choice, WelcomeScreen, choices
from chat_tui.strings import N_

__all__ = ["AddingScreen"]


class AddingScreen(WelcomeScreen):
    """The ways to begin, but for the demo; Escape leads back to the rooms."""

    BINDINGS = bindings(Place.DIALOG)
    TITLE_TEXT = N_("Add an account")
    ABOUT = N_("It is shown beside the ones that you have.")
    KEYS = N_("↑ ↓ choose   Enter goes on   Esc goes back")

    def found(self) -> list[Choice]:
        """Every kind of server that can be signed in to."""
        return [choice for choice in choices() if choice.backend != DEMO]

    def action_close(self) -> None:
        """Back to the rooms."""
        if self.is_active:
            self.app.pop_screen()
