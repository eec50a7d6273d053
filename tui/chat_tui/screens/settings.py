"""All settings on one page: what each is, what it means, and a way to change it."""

from __future__ import annotations

from typing import Any, Final

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from chat_tui.config import Config, default_file
from chat_tui.keys import Place, bindings
from chat_tui.screens.dialog import Dialog
from chat_tui.screens.settings_work import change, settable, shown
from chat_tui.settings import SETTINGS, Setting
from chat_tui.strings import N_, _, of_error
from chat_tui.transfer_words import tilde
from chat_tui.widgets.key_line import keys_told
from chat_tui.widgets.pick_list import PickList, Row
from chat_tui_core.errors import ChatError

__all__ = ["SettingsScreen"]

KEYS_LINE: Final = N_("Enter changes it   Del brings back what holds by itself   Esc closes")
EDITING: Final = N_("Enter keeps it   Esc leaves it as it was")


class Settings(PickList):
    """The settings, a line each."""

    DEFAULT_CSS = "Settings { height: 1fr; min-height: 4; }"

    def __init__(self) -> None:
        super().__init__(id="settings")
        self.config = Config()

    @property
    def under(self) -> Setting:
        """The setting under the cursor."""
        return SETTINGS[self.cursor or 0]

    def value(self, setting: Setting) -> Any:
        """What a setting is now."""
        return getattr(self.config, setting.field)

    def rows(self, position: int) -> list[Row]:
        """Give a setting's line: bold where it is not what holds by itself."""
        setting = SETTINGS[position]
        value = self.value(setting)
        own = value != setting.default
        return [([(setting.name, "strong" if own else "")], [(shown(value), "accent" if own else "dim")])]

    def marked(self, position: int) -> bool:
        """Tell whether a value is typed for this setting."""
        return position == self.cursor and not self.has_focus

    def set_cursor(self, position: int | None, *, reveal: bool = True) -> None:
        """Put the cursor on a setting, whose meaning is then told."""
        super().set_cursor(position, reveal=reveal)
        if self.is_mounted and isinstance(self.screen, SettingsScreen):
            self.screen.explain()


class SettingsScreen(Dialog[None]):
    """The list of settings, the meaning of the one under the cursor, and a line to type a value into."""

    BINDINGS = [*bindings(Place.DIALOG), Binding("delete", "reset", show=False)]
    DEFAULT_CSS = """
    SettingsScreen {
        align: center middle;
        & > Vertical { width: 78; max-width: 98%; height: 90%; max-height: 34; padding: 1 2; background: $surface; }
        & #settings-title { text-style: bold; }
        & #settings-file { color: $foreground 55%; height: auto; margin-bottom: 1; }
        & #settings-meaning { height: 4; margin-top: 1; }
        & #settings-value { display: none; }
        & #settings-said { color: $error; height: auto; }
        & #settings-keys { color: $foreground 55%; height: 1; }
        &.-typing #settings-value { display: block; }
    }
    """

    def compose(self) -> ComposeResult:
        """Give the parts."""
        options = settable(self.app).options
        file = _("the demo keeps nothing") if options.demo else tilde(str(options.file or default_file()))
        with Vertical():
            yield Static(_("Settings"), id="settings-title", markup=False)
            yield Static(file, id="settings-file", markup=False)
            yield Settings()
            yield Static("", id="settings-meaning", markup=False)
            yield Input(id="settings-value", compact=True)
            yield Static("", id="settings-said", markup=False)
            yield Static(keys_told(_(KEYS_LINE)), id="settings-keys")

    def on_mount(self) -> None:
        """Show what holds now."""
        settings = self.query_one(Settings)
        settings.config = settable(self.app).options.config
        settings.reset(0, len(SETTINGS))
        settings.focus()
        settings.set_cursor(0)

    def explain(self) -> None:
        """Tell what the setting under the cursor means, and which values it has."""
        setting = self.query_one(Settings).under
        values = "\n" + _("One of: {choices}").format(choices=", ".join(setting.choices)) if setting.choices else ""
        later = "\n" + _("It holds from the next start on.") if setting.at_start else ""
        if setting.table:
            example = setting.example.replace("\n", "  ")
            values = "\n" + _("A table; write it in the file:  {example}").format(example=example)
        self.query_one("#settings-meaning", Static).update(_(setting.meaning).replace("`", "") + values + later)
        self._say("")

    def _say(self, text: str) -> None:
        self.query_one("#settings-said", Static).update(text)

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        """Take the next value where there are few, else ask for one; themes are chosen by looking at them."""
        event.stop()
        setting = self.query_one(Settings).under
        if setting.name == "theme":
            from chat_tui.screens.themes import ThemesScreen

            self.app.push_screen(ThemesScreen(), lambda _done: self._refresh())
        elif setting.table:
            self._say(_("Write this one in the file."))
        elif setting.choices:
            now = setting.choices.index(shown(self.query_one(Settings).value(setting)))
            self._change(setting, setting.read(setting.choices[(now + 1) % len(setting.choices)]))
        else:
            self._ask(setting)

    def _ask(self, setting: Setting) -> None:
        settings = self.query_one(Settings)
        value = settings.value(setting)
        line = self.query_one("#settings-value", Input)
        line.value = "" if value == setting.default else shown(value)
        self.add_class("-typing")
        self.query_one("#settings-keys", Static).update(keys_told(_(EDITING)))
        line.focus()
        self.call_after_refresh(lambda: settings.set_cursor(settings.cursor))  # the list has become shorter

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        setting = self.query_one(Settings).under
        self._change(setting, setting.read(event.value.strip()))

    def action_reset(self) -> None:
        """Bring back what holds when nothing is set."""
        setting = self.query_one(Settings).under
        if not setting.table and not self.has_class("-typing"):
            default = setting.default
            self._change(setting, list(default) if isinstance(default, tuple) else default)

    @work(exclusive=True, exit_on_error=False)
    async def _change(self, setting: Setting, value: Any) -> None:
        try:
            await change(settable(self.app), setting, value)
        except ChatError as error:
            self._say(of_error(error))
            return
        self._refresh()

    def _refresh(self) -> None:
        """Show what holds now; the list has the focus again."""
        settings = self.query_one(Settings)
        settings.config = settable(self.app).options.config
        self.remove_class("-typing")
        self.query_one("#settings-keys", Static).update(keys_told(_(KEYS_LINE)))
        settings.restyle()
        settings.focus()
        self.explain()

    def on_click(self, event: events.Click) -> None:
        """Close at a click beside the page."""
        if event.widget is self:
            self.action_close()

    def action_close(self) -> None:
        """Leave the line that is being typed, else the page."""
        if self.has_class("-typing"):
            self._refresh()
        else:
            self.dismiss(None)
