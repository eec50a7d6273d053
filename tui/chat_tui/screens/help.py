"""All keys and commands, from their tables."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from chat_tui.commands import COMMANDS, Own, listed
from chat_tui.keymaps import line_keys
from chat_tui.keys import Key, Place, bindings, keys_in, shown_as
from chat_tui.screens.dialog import Dialog
from chat_tui.screens.settings_work import settable
from chat_tui.strings import _
from chat_tui.widgets.key_line import keys_told
from chat_tui.widgets.two_columns import Entry, TwoColumns

__all__ = ["HelpScreen", "help_entries"]

COLUMN = 26
JUMPS = "room.jump"
_NO_OWN: Final[Own] = MappingProxyType({})


def help_entries(bound: dict[str, str], own: Own = _NO_OWN) -> list[Entry]:
    """The help as a table; `bound` tells for ids of keys what they were changed to, and which lines keys give."""
    rows: list[Entry] = []
    for place in Place:
        rows.append((_(place.value), None))
        rows += [(f"  {_keys(key, bound)}", _label(key)) for key in keys_in(place) if not _folded(key)]
        rows.append(("", ""))
    if lines := [(f"  {_keys(key, bound)}", key.said) for key in line_keys(bound)]:
        rows += [(_("Your own keys"), None), *lines, ("", "")]
    if mine := [(f"  {one.said_usage}", one.help) for one in listed(own) if one.own is not None]:
        rows += [(_("Your own commands"), None), *mine, ("", "")]
    rows.append((_("Commands"), None))
    rows += [(f"  {command.said_usage}", _(command.help)) for command in COMMANDS]
    rows.append((f"  {_('//text')}", _("send a text that begins with a slash")))
    return rows


def _folded(key: Key) -> bool:
    """Alt+1 stands for Alt+2 to Alt+9."""
    return key.id.startswith(JUMPS) and key.id != f"{JUMPS}1"


def _label(key: Key) -> str:
    return _("Go to one of the first rooms of the list") if key.id == f"{JUMPS}1" else key.said


def _keys(key: Key, bound: dict[str, str]) -> str:
    if key.id == f"{JUMPS}1" and key.id not in bound:
        return "Alt+1 … Alt+9"
    return ", ".join(shown_as(one) for one in bound.get(key.id, key.keys).split(","))


class HelpScreen(Dialog[None]):
    """A page to scroll."""

    BINDINGS = [*bindings(Place.DIALOG), Binding("f1,q", "close", show=False)]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > Vertical { width: 84; max-width: 96%; height: 90%; padding: 1 2; background: $surface; }
        & VerticalScroll { scrollbar-size-vertical: 1; }
        & #help-keys { height: 1; margin-top: 1; color: $foreground 55%; }
    }
    """

    def compose(self) -> ComposeResult:
        """Give the page."""
        with Vertical():
            with VerticalScroll():
                own = settable(self.app).options.config.commands
                yield TwoColumns(help_entries(dict(self.app._keymap), own), COLUMN)  # noqa: SLF001
            keys = f"↑ ↓ {_('scroll')}   {shown_as('escape')} {_('close')}"
            yield Static(keys_told(keys), id="help-keys")

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)
