"""Choose a theme by seeing it: the whole app takes the one under the cursor."""

from __future__ import annotations

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from chat_tui.config_file import checked
from chat_tui.keys import Place, bindings
from chat_tui.screens.dialog import Dialog
from chat_tui.screens.settings_work import change, settable
from chat_tui.strings import _, of_error
from chat_tui.themes import OWN
from chat_tui.widgets.key_line import keys_told
from chat_tui.widgets.pick_list import PickList, Row
from chat_tui_core.errors import ChatError

__all__ = ["ThemesScreen"]

ROWS = 16


class Themes(PickList):
    """The names of themes, the app's own first, then the person's."""

    DEFAULT_CSS = f"Themes {{ height: 1fr; min-height: 3; max-height: {ROWS}; }}"

    def __init__(self, names: list[str], dark: dict[str, bool], mine: frozenset[str] = frozenset()) -> None:
        """`mine`: those of the person's own."""
        super().__init__(id="themes")
        self._mine = mine
        self.names = names
        self._dark = dark

    def rows(self, position: int) -> list[Row]:
        """Give a theme's line."""
        name = self.names[position]
        about = (
            _("the terminal's own colours")
            if name.startswith("ansi")
            else _("dark")
            if self._dark[name]
            else _("light")
        )
        if name in self._mine:
            about = _("{about}, yours").format(about=about)
        return [([(name, "")], [(about, "dim")])]

    def set_cursor(self, position: int | None, *, reveal: bool = True) -> None:
        """Put the cursor on a theme, and take it."""
        super().set_cursor(position, reveal=reveal)
        if self.is_mounted and self.cursor is not None and self.app.theme != self.names[self.cursor]:
            self.app.theme = self.names[self.cursor]


class ThemesScreen(Dialog[None]):
    """The list at the side, so that the app can be seen; Enter keeps a theme, Escape brings back the one before."""

    BINDINGS = [*bindings(Place.DIALOG), Binding("q", "close", show=False)]
    DEFAULT_CSS = """
    ThemesScreen {
        align: right top; background: transparent;
        & > Vertical { width: 44; max-width: 60%; height: 20; max-height: 84%; margin: 1 2; padding: 1 1; background: $surface; }
        & Static { color: $foreground 55%; margin-top: 1; padding: 0 1; }
    }
    """

    def compose(self) -> ComposeResult:
        """Give the list."""
        known = self.app.available_themes
        own = [theme.name for theme in OWN]
        mine = [name for name in settable(self.app).options.config.themes if name not in own]
        names = [*own, *mine, *sorted(name for name in known if name not in own and name not in mine)]
        with Vertical():
            yield Themes(names, {name: known[name].dark for name in names}, frozenset(mine))
            yield Static(keys_told(_("Enter keeps it   Esc takes the old one")))

    def on_mount(self) -> None:
        """Begin with the theme that holds."""
        self._before = self.app.theme
        themes = self.query_one(Themes)
        themes.reset(0, len(themes.names))
        themes.focus()
        themes.set_cursor(themes.names.index(self.app.theme))

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self._keep(self.query_one(Themes).names[event.position])

    @work(exit_on_error=False)
    async def _keep(self, name: str) -> None:
        try:
            await change(settable(self.app), checked("theme"), name)
        except ChatError as error:
            self.app.theme = name
            self.app.notify(
                _("It holds until you leave: {error}").format(error=of_error(error)), severity="warning", markup=False
            )
        self.dismiss(None)

    def action_close(self) -> None:
        """Bring back the theme that was there before."""
        self.app.theme = self._before
        self.dismiss(None)
