"""What commands do with settings: look at them, change them, here and in the configuration file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from textual.app import App

from chat_tui.commands import Call
from chat_tui.config import AppOptions, Config, default_file
from chat_tui.strings import N_, _
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.errors import ConfigError, LocalError

if TYPE_CHECKING:
    from chat_tui.screens.doing import Doing
    from chat_tui.settings import Setting

__all__ = ["SETTINGS_WORK", "Settable", "change", "settable", "shown"]

TOLD: Final = {
    "all": N_("You are told of all in {room}."),
    "mentions": N_("You are told of mentions in {room}."),
    "nothing": N_("You are told of nothing in {room}."),
}
AS_ALWAYS: Final = "default"
"""What /notify takes for a room that shall have no level of its own."""


class Settable(Protocol):
    """An app that has settings."""

    options: AppOptions

    def configure(self, config: Config) -> None:
        """Have these settings hold from now on."""


def settable(app: App[Any]) -> Settable:
    """The app, as what has settings."""
    return cast("Settable", app)


def shown(value: Any) -> str:
    """A setting's value for people."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _("{count} set").format(count=len(value)) if value else _("none")
    if isinstance(value, tuple):
        return ", ".join(clean_line(word) for word in value) or _("none")
    return clean_line(f"{value:g}" if isinstance(value, float) else str(value)) or _("not set")


async def change(app: Settable, setting: Setting, value: Any) -> None:
    """Set a setting, in the file too; in the demo nothing is kept. Raises ConfigError, StoreUnwritable."""
    from chat_tui.config_file import put

    if wrong := setting.problem(value):
        raise ConfigError(f"{setting.name} {wrong}.")
    if app.options.demo:
        held: dict[str, Any] = {setting.field: tuple(value) if isinstance(value, list) else value}
        app.configure(replace(app.options.config, **held))
    else:
        app.configure(await asyncio.to_thread(put, app.options.file or default_file(), setting.name, value))


async def _set(doing: Doing, call: Call) -> None:
    """Show all settings, say one, or change one."""
    if not call.words:
        await _settings(doing, call)
        return
    from chat_tui.config_file import checked

    setting = checked(call.words[0])
    app = settable(doing.app)
    text = call.rest.partition(" ")[2].strip()
    if text and setting.table:
        file = app.options.file or default_file()
        raise LocalError(
            _("{name} is a table: write it in {file}. {example}")
            .format(name=setting.name, file=file, example=setting.example)
            .replace("\n", "  ")
        )
    if text:
        await change(app, setting, setting.read("" if text == '""' else text))
    said = _("{name} is {value} from the next start on.") if text and setting.at_start else _("{name} is {value}.")
    said = said.format(name=setting.name, value=shown(getattr(app.options.config, setting.field)))
    doing.say(f"{said} {_(setting.meaning)}")


async def _settings(doing: Doing, _call: Call) -> None:
    from chat_tui.screens.settings import SettingsScreen

    await doing.app.push_screen(SettingsScreen())


async def _notify(doing: Doing, call: Call) -> None:
    """Say, or set, what the person is told of the open room."""
    from chat_tui.config_file import put_in_table
    from chat_tui.notices import level_of
    from chat_tui.settings import LEVELS

    room = doing.open_room()
    app = settable(doing.app)
    if call.words:
        level = call.words[0].lower()
        if level not in (*LEVELS, AS_ALWAYS):
            raise LocalError(_("/notify takes {levels} or {last}.").format(levels=", ".join(LEVELS), last=AS_ALWAYS))
        wanted = None if level == AS_ALWAYS else level
        if app.options.demo:
            levels = {key: value for key, value in app.options.config.notify_rooms.items() if key != room.room_id}
            app.configure(replace(app.options.config, notify_rooms=levels | ({room.room_id: wanted} if wanted else {})))
        else:
            file = app.options.file or default_file()
            app.configure(await asyncio.to_thread(put_in_table, file, "notify.rooms", room.room_id, wanted))
    config = app.options.config
    muted = " " + _("It is muted: /mute lets it be heard again.") if room.muted else ""
    doing.say(_(TOLD[level_of(config, room)]).format(room=clean_line(room.title)) + muted)


async def _theme(doing: Doing, call: Call) -> None:
    """Choose a theme by looking at it, or take the one that is named."""
    app = settable(doing.app)
    if not call.words:
        from chat_tui.screens.themes import ThemesScreen

        await doing.app.push_screen(ThemesScreen())
        return
    themes = doing.app.available_themes
    if call.words[0] not in themes:
        raise LocalError(
            _("There is no theme {name!r}: there are {names}.").format(
                name=call.words[0], names=", ".join(sorted(themes))
            )
        )
    from chat_tui.config_file import checked

    await change(app, checked("theme"), call.words[0])


SETTINGS_WORK: Final[Mapping[str, Callable[[Doing, Call], Awaitable[None]]]] = MappingProxyType(
    {"set": _set, "settings": _settings, "notify": _notify, "theme": _theme}
)
