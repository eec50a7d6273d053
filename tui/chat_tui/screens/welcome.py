"""The first start: look around in the demo, or sign in somewhere."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from chat_tui.messages import DemoWanted
from chat_tui.strings import N_, _
from chat_tui.widgets.key_line import keys_told
from chat_tui.widgets.pick_list import PickList, Row
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.values import frozen

__all__ = ["WelcomeScreen"]

#: Backend -> what it is called and what it is for, in this order; others follow, named as their packages call them.
KNOWN = {
    "wschat": (N_("A chat-tui server"), N_("sign in with a name and a password")),
    "matrix": ("Matrix", N_("sign in to your homeserver")),
}
DEMO = ""


@frozen
class Choice:
    """A way to begin; `backend` is empty for the demo."""

    backend: str
    title: str
    about: str


def choices() -> list[Choice]:
    """The demo, where its server is installed, and every installed backend."""
    installed = registry.names()
    names = [name for name in KNOWN if name in installed] + [name for name in installed if name not in KNOWN]
    found = [Choice(name, *map(_, KNOWN.get(name, (name, N_("sign in"))))) for name in names]
    if "wschat" in names:
        found.insert(0, Choice(DEMO, _("Look around"), _("a demo with rooms and people; nothing is kept")))
    return found


class Choices(PickList):
    """What to begin with, two lines each."""

    DEFAULT_CSS = """
    Choices { width: 68; max-width: 96%; height: auto; background: $background; }
    """

    def __init__(self, found: list[Choice]) -> None:
        super().__init__(id="choices")
        self.found = found

    def rows(self, position: int) -> list[Row]:
        """Give a way to begin."""
        choice = self.found[position]
        return [([(choice.title, "strong")], []), ([(choice.about, "dim")], [])]


class WelcomeScreen(Screen[None]):
    """A greeting and the ways to begin."""

    TITLE_TEXT: ClassVar[str] = "chat-tui"
    ABOUT: ClassVar[str] = N_("Nothing you type is lost, doubled or reordered, and you can see why.")
    KEYS: ClassVar[str] = N_("↑ ↓ choose   Enter goes on   Ctrl+Q leaves")
    AUTO_FOCUS = None
    DEFAULT_CSS = """
    WelcomeScreen {
        align: center middle; background: $background;
        & > Vertical { width: 70; max-width: 96%; height: auto; }
        & Static { padding: 0 1; }
        & #welcome-title { text-style: bold; color: $accent; }
        & #welcome-about { margin-bottom: 1; color: $foreground 70%; }
        & #welcome-keys { margin-top: 1; color: $foreground 55%; }
    }
    """

    def __init__(self, data: DataFolder) -> None:
        super().__init__()
        self._data = data

    def compose(self) -> ComposeResult:
        """Give the greeting and the choices."""
        with Vertical():
            yield Static(_(self.TITLE_TEXT), id="welcome-title", markup=False)
            yield Static(_(self.ABOUT), id="welcome-about", markup=False)
            yield Choices(self.found())
            yield Static(keys_told(_(self.KEYS)), id="welcome-keys")

    def found(self) -> list[Choice]:
        """The ways to begin."""
        return choices()

    def on_mount(self) -> None:
        """Begin at the first choice."""
        listed = self.query_one(Choices)
        listed.styles.height = 2 * len(listed.found)
        listed.reset(0, len(listed.found))
        listed.set_cursor(0)
        self.set_focus(listed)  # at once: a quick key after the first frame would be lost

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        """Go on with the choice."""
        event.stop()
        choice = self.query_one(Choices).found[event.position]
        if choice.backend == DEMO:
            self.post_message(DemoWanted())
        else:
            from chat_tui.screens.login import LoginScreen

            self.app.push_screen(LoginScreen(self._data, choice.backend, choice.title))
