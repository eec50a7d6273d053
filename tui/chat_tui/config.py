"""What the person has set: one TOML file, where the data is, and what the app is started with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chat_tui.strings import _
from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import ConfigError
from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from chat_tui.own_tables import OwnCommand, OwnTheme

DATA_VARIABLE: Final = "CHAT_TUI_DATA_DIR"
_PROGRAM = "chat-tui"
_TABLES: Final = frozenset({"composer", "notify"})
"""Tables of the file that only hold settings."""
_OWN: Final = ("themes", "commands")
"""Tables of the file that hold tables of the person's own."""


@frozen
class Config:
    """The settings of the configuration file; each has the value that holds when it is not set: see `settings`.

    `faults`: what is wrong in the person's own themes and commands, a sentence each; it stops nothing.
    """

    theme: str = ""
    density: str = "cozy"
    clock: str = "24h"
    readers: bool = True
    pictures: str = "auto"
    language: str = "auto"
    account: str = ""
    accounts: tuple[str, ...] = ()
    undo_send: float = 0.0
    keep_days: int = 0
    secrets: str = "auto"
    keymap: str = "default"
    keys: Mapping[str, str] = field(default_factory=dict)
    composer_paste_lines: int = 10
    composer_spelling: str = ""
    composer_speller: str = "auto"
    notify_level: str = "mentions"
    notify_desktop: str = "auto"
    notify_bell: bool = True
    notify_preview: bool = True
    notify_keywords: tuple[str, ...] = ()
    notify_quiet: str = ""
    notify_rooms: Mapping[str, str] = field(default_factory=dict)
    themes: Mapping[str, OwnTheme] = field(default_factory=dict)
    commands: Mapping[str, OwnCommand] = field(default_factory=dict)
    proxy: Mapping[str, str] = field(default_factory=dict, repr=False)
    faults: tuple[str, ...] = ()


@frozen
class AppOptions:
    """What the app is started with. `chaos`: faults that the demo's server shall make, empty = none.

    `file`: where settings are written to, None = the default file.
    """

    data: DataFolder
    config: Config = field(default_factory=Config)
    account: str = ""
    demo: bool = False
    chaos: str = ""
    file: Path | None = None


def default_data() -> Path:
    """The folder for accounts and messages: $CHAT_TUI_DATA_DIR, else where the system keeps a person's data."""
    if chosen := os.environ.get(DATA_VARIABLE):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_data_path(_PROGRAM, appauthor=False)


def default_file() -> Path:
    """The configuration file that is read when none is named."""
    import platformdirs

    return platformdirs.user_config_path(_PROGRAM, appauthor=False) / "config.toml"


def load(path: Path | None = None) -> Config:
    """The settings in a file, or in the default file, which need not exist.

    Raises ConfigError that names every unknown or wrong setting with its line and the nearest that there is.
    """
    file = path or default_file()
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError:
        if path is None:
            return Config()
        raise ConfigError(_("There is no configuration file {file}.").format(file=file)) from None
    except OSError as error:
        raise ConfigError(_("{file} cannot be read ({why}).").format(file=file, why=error.strerror)) from error
    except UnicodeDecodeError:
        raise ConfigError(_("{file} is not UTF-8 text.").format(file=file)) from None
    return read(text, str(file))


def read(text: str, file: str = "") -> Config:
    """The settings that a text in TOML holds; `file` is what errors call it, "" where it has no name. Raises ConfigError as `load` does."""
    import tomllib

    from chat_tui.settings import flat, setting_of

    file = file or _("the configuration")
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_("{file} is not valid TOML: {error}.").format(file=file, error=error)) from None
    except RecursionError:
        raise ConfigError(_("{file} is nested too deeply.").format(file=file)) from None
    values = _own_tables(text, found)
    problems = []
    for name, value in _named(found):
        if wrong := _problem(name, value):
            problems.append(_("line {line}: {wrong}").format(line=line_of(text, name), wrong=wrong))
        elif setting := setting_of(name):
            values[setting.field] = flat(value) if setting.table else tuple(value) if isinstance(value, list) else value
    if problems:
        raise ConfigError(f"{file}: {'; '.join(problems)}.")
    return Config(**values)


def _own_tables(text: str, found: dict[str, Any]) -> dict[str, Any]:
    """Take the tables of the person's own out of what was found; gives them as values, and what is wrong in them."""
    own: dict[str, Any] = {name: found.pop(name) for name in _OWN if name in found}
    if not own:
        return {}
    from chat_tui.own_tables import read_tables

    made, faults = read_tables(own, partial(line_of, text), nearest)
    return {**made, "faults": faults}


def nearest(word: str, known: Iterable[str]) -> str:
    """For the end of an error sentence: what was perhaps meant, else everything that there is."""
    names = sorted(known)
    return meant(word, names) or _(" (there are: {names})").format(names=", ".join(names))


def meant(word: str, known: Iterable[str]) -> str:
    """For the end of an error sentence: what was perhaps meant; empty where nothing is like it."""
    import difflib

    close = difflib.get_close_matches(word, sorted(known), 1)
    return _(" (did you mean {close!r}?)").format(close=close[0]) if close else ""


def line_of(text: str, name: str) -> int:
    """The line of a TOML text, from 1, on which a dotted name is set or its table begins; 1 where none is found."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.split("#", 1)[0].strip()
        if bare.startswith("["):
            table = _bare(bare.strip("[] "))
            here = table
        elif "=" in bare:
            key = _bare(bare.partition("=")[0])
            here = f"{table}.{key}" if table else key
        else:
            continue
        if here == name or here.startswith(f"{name}."):
            return number
    return 1


def _bare(key: str) -> str:
    """A TOML key without its quotes and blanks."""
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _named(found: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    """What a file sets, by the settings' names: tables that only hold settings are gone through."""
    for key, value in found.items():
        name = f"{above}{key}"
        if name in _TABLES and isinstance(value, dict):
            yield from _named(value, f"{name}.")
        else:
            yield name, value


def _problem(name: str, value: Any) -> str:
    from chat_tui.settings import SETTINGS, setting_of

    setting = setting_of(name)
    if setting is not None:
        wrong = setting.problem(value)
        return f"{name} {wrong}" if wrong else ""
    if name in _TABLES:
        return _("{name} must be a table: write [{name}] on a line of its own and its settings below").format(name=name)
    return _("there is no setting {name!r}{near}").format(
        name=name, near=nearest(name, (known.name for known in SETTINGS))
    )
