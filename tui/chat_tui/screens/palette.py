"""What the command palette lists: every key's action that could be meant now, and every command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Final

from textual.app import App, SystemCommand
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from chat_tui.commands import COMMANDS
from chat_tui.keymaps import bound_keys, keymap_of
from chat_tui.keys import KEYS, Key, shown_as
from chat_tui.screens.main import MainScreen
from chat_tui.screens.settings_work import settable
from chat_tui.widgets.banner import Banner

__all__ = ["actions", "entries"]

_NO_MARKUP: Final = str.maketrans("[]", "()")  # the palette would take brackets as markup
ITSELF: Final = "app.palette"


def entries(app: App[Any], screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Everything that can be done on a screen, for the palette that opens above it; before anything is typed it lists less."""
    keymap = keymap_of(settable(app).options.config)
    for node, key in actions(screen):
        keys = ", ".join(shown_as(name) for name in bound_keys(keymap, key))
        yield SystemCommand(key.label, f"{keys}   {key.place.value.lower()}", _run(app, node, key), key.palette)
    if isinstance(screen, MainScreen):
        for command in COMMANDS:
            if command.needs is None or command.needs in screen.session.capabilities:
                usage = command.usage.translate(_NO_MARKUP)
                yield SystemCommand(usage, command.help, partial(screen.begin_command, command.name))


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
        yield from (screen.timeline, screen.rooms, screen.composer, screen.query_one(Banner))
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
