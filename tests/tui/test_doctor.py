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
    assert all(seen[name].well for name in ("tomlkit", "textual", "data folder"))


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize(
    ("config", "what", "told"),
    [
        ("densty = 1", "configuration", "line 1: there is no setting 'densty' (did you mean 'density'?)"),
        ('[keys]\n"room.switch" = "ctrl+f"', "configuration", "ctrl+f is both room.switch and search.open"),
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


@pytest.mark.usefixtures("found")
def test_the_newest_report_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for day in (1, 2):
        (tmp_path / "data" / f"crash-2026110{day}-010203.txt").write_text("")
    assert look(tmp_path)["reports of faults"].detail.endswith("crash-20261102-010203.txt")
