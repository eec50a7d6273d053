"""The configuration file: what it may hold, and how what it may not hold is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat_tui import config
from chat_tui.config import Config
from chat_tui_core.errors import ConfigError


def written(folder: Path, text: str | bytes) -> Path:
    """A configuration file with this text."""
    path = folder / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_setting_is_read(tmp_path: Path) -> None:
    text = """
        theme = "nord"
        density = "compact"
        notify = false
        account = "home"
        undo_send = 7.5
        [keys]
        app.help = "f2"
        "room.switch" = "ctrl+j,alt+j"
    """
    assert config.load(written(tmp_path, text)) == Config(
        "nord", "compact", False, "home", {"app.help": "f2", "room.switch": "ctrl+j,alt+j"}, 7.5
    )


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert config.load(written(tmp_path, "")) == Config()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('themee = "nord"', "there is no setting 'themee' (did you mean 'theme'?)"),
        ("zzz = 1", "there is no setting 'zzz' (there are: account, density, keys, notify, secrets, theme, undo_send)"),
        ("notify = 1", "notify must be true or false"),
        ('density = "huge"', 'density must be "cozy" or "compact"'),
        ("density = []", 'density must be "cozy" or "compact"'),
        ("theme = 3", "theme must be a text in quotes"),
        ('account = "a\\u001b"', "account must be a text in quotes"),
        ("undo_send = -1", "undo_send must be a number of seconds from 0 to 120"),
        ("undo_send = 121", "undo_send must be"),
        ("undo_send = true", "undo_send must be"),
        ("undo_send = nan", "undo_send must be"),
        ("keys = 1", "keys must be a table"),
        ("keys.app.help = 1", "keys must be a table"),
        ("notfy = true\ntheme = 1\nnotify = true", "(did you mean 'notify'?); theme must be"),
        ("theme = ", "is not valid TOML"),
        (b"\xff", "is not UTF-8"),
        ("a = " + "[" * 5_000, "TOML|nested"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(ConfigError) as failure:
        config.load(written(tmp_path, text))
    assert any(part in str(failure.value) for part in told.split("|"))
    assert "config.toml" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_only_a_file_that_was_named_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config.load() == Config()
    with pytest.raises(ConfigError, match="There is no configuration file"):
        config.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path)


def test_where_the_data_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv(config.DATA_VARIABLE, raising=False)
    if (tmp_path / "x").anchor == "/":
        assert config.default_data().name == "chat-tui"
    monkeypatch.setenv(config.DATA_VARIABLE, "~/elsewhere")
    assert config.default_data() == Path.home() / "elsewhere"
