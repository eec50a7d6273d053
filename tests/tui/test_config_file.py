"""Writing settings: comments and order stay, what is wrong is refused, and a file is never half written."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from chat_tui import config
from chat_tui.config_file import put, put_in_table
from chat_tui_core.errors import ConfigError, StoreUnwritable

TEXT = """# my settings
theme = "nord"  # cold

[keys]
"room.switch" = "ctrl+g"  # as elsewhere

[notify]
# who calls?
level = "all"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize(
    ("name", "value", "old", "new"),
    [
        ("theme", "gruvbox", '"nord"', '"gruvbox"'),
        ("notify.level", "nothing", 'level = "all"', 'level = "nothing"'),
        ("notify.bell", False, 'level = "all"\n', 'level = "all"\nbell = false\n'),
        ("notify.keywords", ["a", "b"], 'level = "all"\n', 'level = "all"\nkeywords = ["a", "b"]\n'),
        ("density", "compact", "# my", 'density = "compact"\n# my'),
        ("undo_send", 5, "# my", "undo_send = 5\n# my"),
    ],
)
def test_only_the_setting_changes(file: Path, name: str, value: Any, old: str, new: str) -> None:
    found = put(file, name, value)
    assert file.read_text() == TEXT.replace(old, new)
    assert found == config.load(file)


def test_a_key_of_a_table_is_set_and_taken_out(file: Path) -> None:
    assert put_in_table(file, "notify.rooms", "!a.b:x", "all").notify_rooms == {"!a.b:x": "all"}
    assert put_in_table(file, "notify.rooms", "general", "nothing").notify_rooms["general"] == "nothing"
    assert put_in_table(file, "notify.rooms", "!a.b:x", None).notify_rooms == {"general": "nothing"}
    assert put_in_table(file, "keys", "app.help", "f2").keys == {"room.switch": "ctrl+g", "app.help": "f2"}
    assert "# who calls?" in file.read_text()


def test_a_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    assert put(file, "notify.level", "all").notify_level == "all"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    put(file, "clock", "12h")
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_a_link_to_the_file_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    put(link, "clock", "12h")
    assert link.is_symlink()
    assert 'clock = "12h"' in file.read_text()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("thme", "x", "did you mean 'theme'"),
        ("clock", "13h", 'clock must be "24h" or "12h"'),
        ("undo_send", "soon", "undo_send must be a number"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_written(file: Path, name: str, value: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        put(file, name, value)
    assert file.read_text() == TEXT


def test_a_file_that_is_not_right_is_left_alone(file: Path) -> None:
    file.write_text("densty = 1\n")
    with pytest.raises(ConfigError, match="did you mean 'density'"):
        put(file, "clock", "12h")
    file.write_text("keys.app.help = 'f2'\n")
    with pytest.raises(ConfigError, match="by hand"):
        put_in_table(file, "keys", "app.help", None)
    assert file.read_text() == "keys.app.help = 'f2'\n"


def test_a_file_that_cannot_be_written_stays(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreUnwritable, match="No space left"):
        put(file, "clock", "12h")
    assert file.read_text() == TEXT
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]
