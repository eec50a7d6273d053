"""All keys and commands, from their tables."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from chat_tui.commands import COMMANDS
from chat_tui.keys import Key, Place, bindings, keys_in, shown_as

__all__ = ["HelpScreen", "help_text"]

COLUMN = 22
JUMPS = "room.jump"


def help_text(bound: dict[str, str]) -> Content:
    """The help as a text; `bound` tells for ids of keys what they were changed to."""
    lines: list[Content] = []
    for place in Place:
        lines += [Content.styled(place.value, "$accent bold")]
        lines += [_line(_keys(key, bound), _label(key)) for key in keys_in(place) if not _folded(key)]
        lines.append(Content(""))
    lines.append(Content.styled("Commands", "$accent bold"))
    lines += [_line(command.usage, command.help) for command in COMMANDS]
    lines.append(_line("//text", "send a text that begins with a slash"))
    return Content("\n").join(lines)


def _folded(key: Key) -> bool:
    """Alt+1 stands for Alt+2 to Alt+9."""
    return key.id.startswith(JUMPS) and key.id != f"{JUMPS}1"


def _label(key: Key) -> str:
    return "Go to one of the first rooms of the list" if key.id == f"{JUMPS}1" else key.label


def _keys(key: Key, bound: dict[str, str]) -> str:
    if key.id == f"{JUMPS}1" and key.id not in bound:
        return "Alt+1 … Alt+9"
    return ", ".join(shown_as(one) for one in bound.get(key.id, key.keys).split(","))


def _line(left: str, right: str) -> Content:
    if len(left) >= COLUMN:
        return Content.assemble((f"  {left}", "bold"), f"\n  {'':<{COLUMN}}{right}")
    return Content.assemble((f"  {left:<{COLUMN}}", "bold"), right)


class HelpScreen(ModalScreen[None]):
    """A page to scroll."""

    BINDINGS = [*bindings(Place.DIALOG), Binding("f1,q", "close", show=False)]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > VerticalScroll { width: 80; max-width: 96%; height: 86%; padding: 1 2; background: $surface; scrollbar-size-vertical: 1; }
    }
    """

    def compose(self) -> ComposeResult:
        """Give the page."""
        with VerticalScroll():
            yield Static(help_text(dict(self.app._keymap)))  # noqa: SLF001

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)
