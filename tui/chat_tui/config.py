"""What the person can set: one TOML file, where the data is, and what the app is started with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import ConfigError
from chat_tui_core.secrets import Keep
from chat_tui_core.values import frozen

DATA_VARIABLE: Final = "CHAT_TUI_DATA_DIR"
_PROGRAM = "chat-tui"
LONGEST_UNDO: Final = 120


@frozen
class Config:
    """The settings of the configuration file; each has the value that holds when it is not set.

    theme: a theme's name, empty = the app's own choice. density: "cozy" or "compact". notify: ring for mentions and
    direct messages. account: the account to open when none is named. undo_send: seconds in which a message can be
    taken back after Enter, 0 = it leaves at once. secrets: where tokens are kept from now on: "keyring", "file", or
    "auto" for the keyring where there is a good one. keys: binding id -> keys, comma-separated.
    """

    theme: str = ""
    density: str = "cozy"
    notify: bool = True
    account: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    undo_send: float = 0.0
    secrets: str = "auto"


@frozen
class AppOptions:
    """What the app is started with. `chaos`: faults that the demo's server shall make, empty = none."""

    data: DataFolder
    config: Config = field(default_factory=Config)
    account: str = ""
    demo: bool = False
    chaos: str = ""


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

    Raises ConfigError that names every unknown or wrong setting and the nearest that there is.
    """
    file = path or default_file()
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError:
        if path is None:
            return Config()
        raise ConfigError(f"There is no configuration file {file}.") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not UTF-8 text.") from None
    import tomllib

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from None
    except RecursionError:
        raise ConfigError(f"{file} is nested too deeply.") from None
    if problems := [problem for key, value in found.items() if (problem := _problem(key, value))]:
        raise ConfigError(f"{file}: {'; '.join(problems)}.")
    return Config(**{**found, "keys": _flat(found.get("keys", {}))})


def nearest(word: str, known: Iterable[str]) -> str:
    """For the end of an error sentence: what was perhaps meant, else everything that there is."""
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(word, names, 1)
    return f" (did you mean {close[0]!r}?)" if close else f" (there are: {', '.join(names)})"


def _flat(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """A table whose dotted keys TOML has made into tables within tables, dotted again."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
    return flat


def _keys(value: Any) -> str:
    good = isinstance(value, dict) and all(
        isinstance(keys, str) and keys.isprintable() for keys in _flat(value).values()
    )
    return "" if good else 'must be a table such as app.help = "f1,ctrl+h"'


def _text(value: Any) -> str:
    return "" if isinstance(value, str) and value.isprintable() else "must be a text in quotes"


def _yes_or_no(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _density(value: Any) -> str:
    return "" if isinstance(value, str) and value in {"cozy", "compact"} else 'must be "cozy" or "compact"'


def _seconds(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "" if number and 0 <= value <= LONGEST_UNDO else f"must be a number of seconds from 0 to {LONGEST_UNDO}"


def _place(value: Any) -> str:
    return "" if isinstance(value, str) and value in set(Keep) else 'must be "auto", "keyring" or "file"'


#: Setting -> what is wrong with a value, empty = nothing.
_CHECKS: Final[Mapping[str, Callable[[Any], str]]] = {
    "theme": _text,
    "density": _density,
    "notify": _yes_or_no,
    "account": _text,
    "undo_send": _seconds,
    "secrets": _place,
    "keys": _keys,
}


def _problem(key: str, value: Any) -> str:
    check = _CHECKS.get(key)
    if check is None:
        return f"there is no setting {key!r}{nearest(key, _CHECKS)}"
    wrong = check(value)
    return f"{key} {wrong}" if wrong else ""
