"""What the doctor finds: keys that clash, how notices are shown, reports of faults; and no secrets."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from chat_tui.doctor import Finding, findings


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set in the environment that a finding could depend on."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("CHAT_TUI_SECRETS", "file")
    monkeypatch.setenv("VISUAL", "ed --wait")
    for name in ("ed", "aspell"):
        (tmp_path / name).write_text("#!/bin/sh\n[ $3 = --lang=en ] && echo '@'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


def look(folder: Path, config: str = "") -> dict[str, Finding]:
    file = folder / "config.toml"
    file.write_text(config)
    args = Namespace(data_dir=str(folder / "data"), config=str(file), debug=False, account="")
    return {finding.what: finding for finding in findings(args)}


@pytest.mark.usefixtures("found")
def test_an_empty_place_is_well(tmp_path: Path) -> None:
    seen = look(tmp_path)
    assert seen["configuration"].well
    assert seen["notices"] == Finding("notices", True, "the bell alone: no desktop here")
    assert seen["reports of faults"].detail == "none"
    assert "browser" in seen
    assert seen["editor"] == Finding("editor", True, "ed --wait")
    assert seen["spelling"] == Finding("spelling", True, "off: composer.spelling is not set")
    assert all(seen[name].well for name in ("tomlkit", "textual", "data folder"))


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize(
    ("config", "what", "told"),
    [
        ("densty = 1", "configuration", "line 1: there is no setting 'densty' (did you mean 'density'?)"),
        ('[keys]\n"room.switch" = "ctrl+f"', "configuration", "ctrl+f is both room.switch and search.open"),
        ('[composer]\nspelling = "en_GB"\nspeller = "hunspell"', "spelling", "install hunspell"),
        ('[composer]\nspelling = "xx_YY"\nspeller = "aspell"', "spelling", "has it a dictionary"),
        ('[themes.a]\ntext = "x"', "configuration", 'line 2: themes.a.text must be a colour such as "#6fb3f2"'),
        ("[commands.join]\nrun = ['x']", "configuration", "line 1: commands.join has the name of one of the app's"),
        ('[keys]\n"/names" = "ctrl+k"', "configuration", "ctrl+k is both room.switch and /names"),
        ('[proxy]\nhome = "ftp://x"', "configuration", "line 1: proxy must be a table such as home ="),
        ('[notify]\ndesktop = "program"', "notices", "notify-send is not installed, or there is no desktop"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, config: str, what: str, told: str) -> None:
    finding = look(tmp_path, config)[what]
    assert not finding.well
    assert told in finding.detail


@pytest.mark.usefixtures("found")
def test_what_is_chosen_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", "x")
    assert "allow-passthrough" in look(tmp_path, '[notify]\ndesktop = "osc9"')["notices"].detail
    assert look(tmp_path, '[notify]\ndesktop = "off"')["notices"].detail == "off"
    spelling = look(tmp_path, '[composer]\nspelling = "en"')["spelling"]
    assert (spelling.well, spelling.detail) == (True, "aspell -a --encoding=utf-8 --lang=en")
    monkeypatch.setenv("VISUAL", "nowhere")
    assert "$VISUAL names nowhere" in look(tmp_path)["editor"].detail


@pytest.mark.usefixtures("found")
def test_the_newest_report_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for day in (1, 2):
        (tmp_path / "data" / f"crash-2026110{day}-010203.txt").write_text("")
    assert look(tmp_path)["reports of faults"].detail.endswith("crash-20261102-010203.txt")
