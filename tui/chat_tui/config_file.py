"""Write a setting into the configuration file; comments, order and everything else in it stay as they are."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chat_tui import config
from chat_tui.config import Config
from chat_tui.settings import SETTINGS, setting_of
from chat_tui.strings import _
from chat_tui_core.durable import sync_folder
from chat_tui_core.errors import ConfigError, StoreUnwritable

__all__ = ["put", "put_in_table", "with_setting"]


def put(file: Path, name: str, value: Any) -> Config:
    """Set a setting; gives what the whole file holds then.

    Raises ConfigError for an unknown setting, a wrong value or a file that is not right as it is, StoreUnwritable.
    """
    return _write(file, name, "", value)


def put_in_table(file: Path, name: str, key: str, value: Any) -> Config:
    """Set one key in a setting that is a table, None takes it out; else as `put`."""
    return _write(file, name, key, value)


def _write(file: Path, name: str, key: str, value: Any) -> Config:
    file = file.resolve()
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(_("{file} cannot be read ({why}).").format(file=file, why=error)) from error
    config.read(text, str(file))
    changed = with_setting(text, name, value, key=key)
    found = config.read(changed, str(file))
    held = getattr(found, checked(name).field)
    if key:
        held = held.get(key)
    if held != (tuple(value) if isinstance(value, list) else value):
        raise ConfigError(_("{file} sets {name} in a way that must be changed by hand.").format(file=file, name=name))
    _replace(file, changed)
    return found


def checked(name: str) -> Any:
    """The setting with this name; raises ConfigError that says which there are."""
    setting = setting_of(name)
    if setting is None:
        near = config.nearest(name, (known.name for known in SETTINGS))
        raise ConfigError(_("There is no setting {name!r}{near}.").format(name=name, near=near))
    return setting


def with_setting(text: str, name: str, value: Any, *, key: str = "") -> str:
    """A TOML text with one setting changed, or with `key` one key of its table. Raises ConfigError for a wrong value."""
    import tomlkit
    from tomlkit.items import Table

    setting = checked(name)
    wrong = setting.problem({key: value} if key and value is not None else {} if key else value)
    if wrong:
        raise ConfigError(f"{name} {wrong}.")
    document = tomlkit.parse(text)
    level: Any = document
    *tables, last = [*name.split("."), *([key] if key else [])]
    for table in tables:
        if not isinstance(level.get(table), Mapping):
            level[table] = tomlkit.table()
        level = level[table]
    if value is None:
        level.pop(last, None)
    elif level is document and last not in level and any(isinstance(item, Table) for item in document.values()):
        head = tomlkit.parse(f"{last} = {tomlkit.item(value).as_string()}\n")
        return head.as_string() + text  # a plain key must stand before the first table
    else:
        level[last] = value
    return document.as_string()


def _replace(file: Path, text: str) -> None:
    """Have the file hold this text, or what it held before where that fails; its permissions stay."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o600
        with tempfile.NamedTemporaryFile(
            "w", dir=file.parent, prefix=".config-", delete=False, encoding="utf-8"
        ) as new:
            try:
                new.write(text)
                new.flush()
                os.fsync(new.fileno())
                Path(new.name).chmod(mode)
                Path(new.name).replace(file)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(new.name).unlink()
                raise
    except OSError as error:
        raise StoreUnwritable(_("{file} cannot be written ({why}).").format(file=file, why=error.strerror)) from error
    sync_folder(file.parent)
