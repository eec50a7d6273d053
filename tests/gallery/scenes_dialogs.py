"""Scenes of the dialogs over the main screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from textual.screen import Screen

from chat_tui.screens.confirm import ConfirmScreen
from chat_tui.screens.info import InfoScreen, facts_of
from chat_tui.screens.output_screen import OutputScreen
from chat_tui.screens.paste_question import PasteScreen
from chat_tui.screens.settings import Settings, SettingsScreen
from chat_tui.screens.spelling_work import SuggestScreen
from chat_tui.screens.themes import ThemesScreen
from chat_tui.settings import SETTINGS
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.timeline import Item
from tests.gallery.scene import Scene, by_sam, then
from tests.gallery.world import Sam, chat, general, long, long_names, offline, one_of_each, said

__all__ = ["SCENES"]

Play = Callable[[Sam], Awaitable[None]]


def _over(play: Play, make: Callable[[Sam], Screen[Any]]) -> Play:
    """A dialog over a scene."""

    async def both(stage: Sam) -> None:
        await play(stage)
        await stage.app.push_screen(make(stage))
        await stage.pilot.pause()

    return both


def _typed(play: Play, text: str, shown: str) -> Play:
    """A text, and what is shown after it."""

    async def both(stage: Sam) -> None:
        await play(stage)
        await stage.type(text)
        await stage.until_shown(shown)

    return both


async def _commanded(stage: Sam, line: str) -> None:
    await stage.type(line)
    await stage.pilot.press("enter")
    await stage.pilot.pause()


async def _stats(stage: Sam) -> None:
    await chat(stage)
    await _commanded(stage, "/stats")
    await stage.until_shown("Enter to sent")


async def _found(stage: Sam) -> None:
    await general(stage)
    await stage.pilot.press("ctrl+f")
    await stage.type("the")
    await stage.until_shown("found; Enter")


async def _found_nothing(stage: Sam) -> None:
    await general(stage)
    await stage.pilot.press("ctrl+f")
    await stage.type("xylophone")
    await stage.until_shown("nothing found")


async def _found_long(stage: Sam) -> None:
    await long_names(stage)
    await stage.pilot.press("ctrl+f")
    await stage.type("word")
    await stage.until_shown("found; Enter")


async def _search_wrong(stage: Sam) -> None:
    await general(stage)
    await stage.pilot.press("ctrl+f")
    await stage.type("before:yesterday")
    await stage.settle()


async def _quiet_hours(stage: Sam) -> None:
    await _over(general, _settings)(stage)
    listed = stage.app.screen.query_one(Settings)
    listed.set_cursor(next(at for at, one in enumerate(SETTINGS) if one.name == "notify.quiet"))
    await stage.pilot.press("enter")


async def _settled(stage: Sam) -> None:
    await one_of_each(stage)
    await stage.pilot.press("f2", "s")
    await stage.until_shown("settled")


async def _outbox_offline(stage: Sam) -> None:
    await offline(stage)
    await stage.news(LinkChanged(Link.WAITING))
    await stage.pilot.press("f2")


async def _outbox_long(stage: Sam) -> None:
    await long_names(stage)
    await stage.news(LinkChanged(Link.WAITING, "the server does not answer, and nobody knows why, " * 3))
    for text in (long("word"), "a b c " * 60):
        await stage.session.send(stage.main.conversation.room_id, text)
    await stage.pilot.press("f2")


async def _facts(stage: Sam) -> None:
    await then(chat, "up", "up", "up", "i")(stage)
    await stage.until_shown("Confirmed")


def _long_facts(_stage: Sam) -> InfoScreen:
    return InfoScreen(facts_of(Item("k", said(1, 1, long("person"), "x", reply_to=long("event"), thread="$" * 90))))


def _question(room: str) -> Callable[[Sam], Screen[Any]]:
    return lambda _stage: ConfirmScreen(f"Leave {room} and forget it, with its history?", "forget it")


def _settings(stage: Sam) -> SettingsScreen:
    stage.app.options = replace(stage.app.options, file=Path.home() / ".config" / "chat-tui" / "config.toml")
    return SettingsScreen()


async def _palette(stage: Sam) -> None:
    await general(stage)
    await stage.pilot.press("ctrl+p")
    await stage.until_shown("Change between dark and light")


def _dialog(
    name: str,
    about: str,
    screen: str,
    play: Play,
    *shows: str,
    whole: bool = False,
    listed: bool = False,
) -> Scene:
    return Scene(name, about, screen, by_sam(play), shows, whole, listed)


def _paste(lines: int, line: str) -> Callable[[Sam], Screen[Any]]:
    return lambda _stage: PasteScreen(f"{line}\n" * lines, lines, lambda _text: None, files=True)


def _suggested(*words: str) -> Callable[[Sam], Screen[Any]]:
    return lambda _stage: SuggestScreen("teh", words)


def _output(text: str) -> Callable[[Sam], Screen[Any]]:
    return lambda _stage: OutputScreen("/translate", text)


SWITCHER, SEARCH, OUTBOX, INFO = "SwitcherScreen", "SearchScreen", "OutboxScreen", "InfoScreen"
SCENES: Final = (
    _dialog("switcher", "Go to a room", SWITCHER, then(chat, "ctrl+k"), "Go to room", whole=True),
    _dialog(
        "switcher-typed", "Go to a room by a few letters", SWITCHER, then(chat, "ctrl+k", *"ge"), "garden", listed=True
    ),
    _dialog("switcher-nothing", "No such room", SWITCHER, then(chat, "ctrl+k", *"xyz"), "Nothing fits."),
    _dialog("switcher-long", "Rooms with very long names", SWITCHER, then(long_names, "ctrl+k")),
    _dialog("search", "Search", SEARCH, then(general, "ctrl+f"), "Search all rooms"),
    _dialog("search-found", "Search: what was found", SEARCH, _found, "found", listed=True),
    _dialog("search-nothing", "Search: nothing found", SEARCH, _found_nothing, "nothing found"),
    _dialog("search-wrong", "Search: what cannot be understood", SEARCH, _search_wrong, "before:yesterday"),
    _dialog("search-long", "Search: very long names", SEARCH, _found_long, "found"),
    _dialog(
        "outbox", "The outbox: one of everything", OUTBOX, then(one_of_each, "f2", "down", "down"), "close", listed=True
    ),
    _dialog(
        "outbox-empty", "The outbox: everything is sent", OUTBOX, then(general, "f2"), "Everything is sent.", "close"
    ),
    _dialog(
        "outbox-offline", "The outbox without a connection", OUTBOX, _outbox_offline, "Written in a tunnel", "close"
    ),
    _dialog("outbox-settled", "The outbox: what was settled", OUTBOX, _settled, "close"),
    _dialog("outbox-long", "The outbox: everything too long", OUTBOX, _outbox_long, "close"),
    _dialog("facts", "All that is known of a message", INFO, _facts, "y copy", listed=True),
    _dialog("facts-long", "Facts that are too long", INFO, _over(general, _long_facts), "y copy"),
    _dialog("stats", "How quick the server is", INFO, _stats, "Enter to sent"),
    _dialog("react", "A reaction", "ReactScreen", then(general, "up", "plus"), "React with…", listed=True),
    _dialog("react-typed", "A reaction by its name", "ReactScreen", then(general, "up", "plus", *"cat"), "cat"),
    _dialog(
        "react-nothing", "No such reaction", "ReactScreen", then(general, "up", "plus", *("zq" * 20)), "Nothing fits."
    ),
    _dialog("confirm", "A question", "ConfirmScreen", _over(general, _question("general")), "forget it"),
    _dialog(
        "confirm-long",
        "A question about a very long name",
        "ConfirmScreen",
        _over(general, _question(long("room")[:79] + "…")),
        "forget it",
    ),
    _dialog("help", "Keys and commands", "HelpScreen", then(general, "f1"), "Everywhere", "Esc close", listed=True),
    _dialog("help-end", "Keys and commands: the end", "HelpScreen", then(general, "f1", "end"), "//text"),
    _dialog(
        "settings", "All settings", "SettingsScreen", _over(general, _settings), "Settings", "Esc closes", listed=True
    ),
    _dialog(
        "settings-typing",
        "A setting is typed",
        "SettingsScreen",
        _quiet_hours,
        "Settings",
        "notify.quiet",
        "Enter keeps it",
    ),
    _dialog(
        "themes",
        "Themes are seen before they are taken",
        "ThemesScreen",
        _over(chat, lambda _: ThemesScreen()),
        "Enter keeps it",
        whole=True,
    ),
    _dialog("paste", "A paste of many lines", "PasteScreen", _over(general, _paste(12, "a line of a log")), "Esc"),
    _dialog(
        "paste-long",
        "A paste of very many lines",
        "PasteScreen",
        _over(general, _paste(12_345, long("line"))),
        "12,345",
    ),
    _dialog(
        "suggest",
        "What could be meant by a word",
        "SuggestScreen",
        _over(general, _suggested("the", "ten", "tea")),
        "Add",
    ),
    _dialog(
        "suggest-nothing", "Nothing is like a word", "SuggestScreen", _over(general, _suggested()), "Nothing is like"
    ),
    _dialog(
        "output", "What a person's own command says", "OutputScreen", _over(general, _output("Good morning.")), "y copy"
    ),
    _dialog(
        "output-long",
        "An own command says a lot",
        "OutputScreen",
        _over(general, _output("a line of what it says\n" * 200)),
        "y copy",
    ),
    _dialog("palette", "The command palette", "CommandPalette", _palette, "Search for commands", listed=True),
    _dialog(
        "palette-typed",
        "The command palette by a word",
        "CommandPalette",
        _typed(_palette, "room", "To the last room"),
        "To the last room",
    ),
    _dialog(
        "palette-nothing",
        "The command palette finds nothing",
        "CommandPalette",
        _typed(_palette, "qqqq", "No matches found"),
        "No matches found",
    ),
)
