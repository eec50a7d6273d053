"""The configuration file: what it may hold, and how what it may not hold is told."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from chat_tui import config
from chat_tui.config import Config
from chat_tui.settings import SETTINGS, Setting
from chat_tui_core.errors import ConfigError
from tools import docs_settings


def written(folder: Path, text: str | bytes) -> Path:
    """A configuration file with this text."""
    path = folder / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


ALL = """
theme = "nord"
density = "compact"
clock = "12h"
account = "home"
undo_send = 7.5
secrets = "file"
keymap = "vim"
[keys]
app.help = "f2"
"room.switch" = "ctrl+j,alt+j"
[notify]
level = "all"
desktop = "osc9"
bell = false
preview = false
keywords = ["release", "lunch"]
quiet = "22:00-07:00"
[notify.rooms]
general = "nothing"
"!a.b:matrix.example" = "all"
"""


def test_every_setting_is_read(tmp_path: Path) -> None:
    assert config.load(written(tmp_path, ALL)) == Config(
        theme="nord",
        density="compact",
        clock="12h",
        account="home",
        undo_send=7.5,
        secrets="file",
        keymap="vim",
        keys={"app.help": "f2", "room.switch": "ctrl+j,alt+j"},
        notify_level="all",
        notify_desktop="osc9",
        notify_bell=False,
        notify_preview=False,
        notify_keywords=("release", "lunch"),
        notify_quiet="22:00-07:00",
        notify_rooms={"general": "nothing", "!a.b:matrix.example": "all"},
    )


def test_the_table_of_settings_is_what_the_values_hold() -> None:
    assert {setting.name.rpartition(".")[0] for setting in SETTINGS} - {""} == config._TABLES
    default = Config()
    assert [known.name for known in fields(Config)] == [*(setting.field for setting in SETTINGS), "faults"]
    assert [getattr(default, setting.field) for setting in SETTINGS] == [setting.default for setting in SETTINGS]
    assert all(not setting.problem(setting.default) for setting in SETTINGS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_explained(setting: Setting) -> None:
    assert setting.meaning.endswith(".")
    assert all(not setting.problem(setting.read(choice)) for choice in setting.choices)
    if setting.example:
        text = setting.example
        if "." in setting.name and not setting.table:
            text = f"[{setting.name.partition('.')[0]}]\n{text}"
        assert getattr(config.read(text), setting.field) != setting.default


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert config.load(written(tmp_path, "")) == Config()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('themee = "nord"', "there is no setting 'themee' (did you mean 'theme'?)"),
        (
            "zzz = 1",
            "there is no setting 'zzz' (there are: account, accounts, clock, commands, composer.paste_lines, ",
        ),
        ("notify = 1", "notify must be a table: write [notify]"),
        ("\n[notify]\n# levels\nlevel = 1", 'line 4: notify.level must be "all", "mentions" or "nothing"'),
        ("notify.bel = 1", "line 1: there is no setting 'notify.bel' (did you mean 'notify.bell'?)"),
        ("[notify]\nbell = 1", "line 2: notify.bell must be true or false"),
        ('[notify]\nquiet = "22-7"', "line 2: notify.quiet must be a span"),
        ('[notify]\nquiet = "24:00-07:00"', "notify.quiet must be a span"),
        ("[notify]\nkeywords = [1]", "notify.keywords must be a list of words"),
        ('[notify]\nkeywords = [" "]', "notify.keywords must be a list of words"),
        ('theme = "nord"\n[notify.rooms]\nx = "loud"', "line 2: notify.rooms must be a table"),
        ('clock = "13h"', 'clock must be "24h" or "12h"'),
        ('theme = "x"\n\n"themee" = 1', "line 3: there is no setting 'themee'"),
        ('density = "huge"', 'density must be "cozy" or "compact"'),
        ("density = []", 'density must be "cozy" or "compact"'),
        ("theme = 3", "theme must be a text in quotes"),
        ('account = "a\\u001b"', "account must be a text in quotes"),
        ("undo_send = -1", "undo_send must be a number of seconds from 0 to 120"),
        ("undo_send = 121", "undo_send must be"),
        ("undo_send = true", "undo_send must be"),
        ("undo_send = nan", "undo_send must be"),
        ("keep_days = 1.5", "keep_days must be a whole number of days"),
        ("keep_days = -1", "keep_days must be"),
        ("keys = 1", "keys must be a table"),
        ("keys.app.help = 1", "keys must be a table"),
        ("densty = true\ntheme = 1", "(did you mean 'density'?); line 2: theme must be"),
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


def test_the_documented_file_is_a_file_with_the_defaults() -> None:
    assert config.read(docs_settings.whole_file()) == Config()
