"""What the command palette lists: every key's action that could be meant now, and every command."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from rich.align import Align
from rich.text import Text
from textual import command as textual_command
from textual import work
from textual.app import App, SystemCommand
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets.option_list import Option

from chat_tui.commands import listed
from chat_tui.keymaps import bound_keys, keymap_of, line_keys
from chat_tui.keys import KEYS, Key, Place, shown_as
from chat_tui.screens.dialog import AnsweredOnce
from chat_tui.screens.main import MainScreen
from chat_tui.screens.settings_work import settable
from chat_tui.strings import _
from chat_tui.widgets.banner import Banner

__all__ = ["CommandPalette", "actions", "entries"]

_NO_MARKUP: Final = str.maketrans("[]", "()")  # the palette would take brackets as markup
ITSELF: Final = "app.palette"


_gathering: Final = inspect.unwrap(textual_command.CommandPalette._gather_commands)  # noqa: SLF001 - what its worker does


class CommandPalette(AnsweredOnce, textual_command.CommandPalette):
    """Textual's palette, in the person's language."""

    DEFAULT_CSS = """
    CommandPalette {
        & CommandInput > .input--placeholder { color: $foreground 60%; }
        & OptionList > .option-list--option-disabled { color: $foreground 60%; }
        & > Vertical { width: 96; max-width: 100%; }
    }
    """

    def __init__(self) -> None:
        super().__init__(placeholder=_("Search for commands…"), id="--command-palette")

    def _action_command_list(self, action: str) -> None:
        """Move in the list; one that is not laid out yet has no pages."""
        with suppress(KeyError):
            super()._action_command_list(action)

    @work(exclusive=True, group="gather")
    async def _gather_commands(self, search_value: str) -> None:
        """Look for what fits; once the palette is closed there is no list to show it in."""
        with suppress(NoMatches):
            await _gathering(self, search_value)

    def _cancel_gather_commands(self) -> None:
        """Look for it no longer."""
        self.workers.cancel_group(self, "gather")

    def _start_no_matches_countdown(self, search_value: str) -> None:
        """Say after a while that nothing fits, where something is looked for."""
        self._stop_no_matches_countdown()
        show = partial(self._show_no_matches, search_value)
        self._no_matches_timer = self.set_timer(self._NO_MATCHES_COUNTDOWN, show)

    def _show_no_matches(self, search_value: str) -> None:
        if search_value:
            none = Align.center(Text(_("No matches found"), style="not bold"))
            self.query_one(textual_command.CommandList).add_option(Option(none, disabled=True, id=self._NO_MATCHES))
        self._list_visible = bool(search_value)


def entries(app: App[Any], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Everything that can be done on a screen, for the palette that opens above it; before anything is typed it lists less."""
    keymap = keymap_of(settable(app).options.config)
    for node, key in actions(screen):
        if key.action == "spaces" and not (isinstance(screen, MainScreen) and screen.has_spaces):
            continue
        about = f"{_keys(keymap, key)}   {_within(key.place)}"
        yield SystemCommand(key.said, about, _run(app, node, key), key.palette)
    if isinstance(screen, MainScreen):
        for line in line_keys(keymap):
            give = partial(screen.action_give_line, line.id)
            yield SystemCommand(line.said.translate(_NO_MARKUP), _keys(keymap, line), give)
        for command in listed(screen.own_commands):
            if command.needs is None or command.needs in screen.session.capabilities:
                usage = command.said_usage.translate(_NO_MARKUP)
                about, begin = _(command.help).translate(_NO_MARKUP), partial(screen.begin_command, command.name)
                yield SystemCommand(usage, about, begin, discover=command.own is not None)


def _keys(keymap: Mapping[str, str], key: Key) -> str:
    return ", ".join(shown_as(name) for name in bound_keys(keymap, key))


def _within(place: Place) -> str:
    """Where a key works, as it is said within a line."""
    said = _(place.value)
    return said[:1].lower() + said[1:]


def actions(screen: Screen[Any]) -> Iterator[tuple[DOMNode, Key]]:
    """The actions that could be meant on a screen, each once, with whom to ask for it."""
    told: set[str] = set()
    for node in _nodes(screen):
        ids = {binding.id for bindings in node._bindings.key_to_bindings.values() for binding in bindings}  # noqa: SLF001
        for key in KEYS:
            if key.id in ids and key.id not in told and key.id != ITSELF:
                told.add(key.id)
                yield node, key


def _nodes(screen: Screen[Any]) -> Iterator[DOMNode]:
    """Whoever has keys: the parts of the main screen, elsewhere what has the focus; then the screen and the app."""
    if isinstance(screen, MainScreen):
        yield from (screen.timeline, screen.rooms, screen.composer, *screen.query(Banner))
    elif screen.focused is not None:
        yield from screen.focused.ancestors_with_self
    yield screen
    yield screen.app


def _run(app: App[Any], node: DOMNode, key: Key) -> Callable[[], Awaitable[None]]:
    """Do what the key does, where it would."""

    async def run() -> None:
        if isinstance(node, Widget) and not isinstance(node, Screen) and node.focusable:
            node.screen.set_focus(node)
        await app.run_action(key.action, default_namespace=node)

    return run
