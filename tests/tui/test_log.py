"""The log file: when it is made, what never stands in it."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat_tui import log


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    raising = logging.raiseExceptions
    log._secrets.clear()
    yield
    log._secrets.clear()
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.raiseExceptions = raising


def test_silence_makes_no_file(tmp_path: Path) -> None:
    log.start(tmp_path / "data")
    logging.getLogger("chat_tui").debug("nothing")
    assert not (tmp_path / "data").exists()


# E12
def test_a_line_is_written_for_the_owner_alone_and_without_secrets(tmp_path: Path) -> None:
    log.start(tmp_path / "data")
    log.hide("s3cret-token")
    log.hide("a")
    logging.getLogger("chat_tui").warning("refused s3cret-token \x1b[2J at %s", "wss://chat.example")
    path = log.path_in(tmp_path / "data")
    line = path.read_text()
    assert "refused *** \ufffd[2J at wss://chat.example" in line
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


# E12
def test_frames_are_never_logged_even_when_debugging(tmp_path: Path) -> None:
    log.start(tmp_path, debug=True)
    logging.getLogger("websockets.client").debug("> TEXT 'MSG general hello'")
    logging.getLogger("chat_tui").debug("connecting")
    text = log.path_in(tmp_path).read_text()
    assert "connecting" in text
    assert "hello" not in text


def test_a_log_that_cannot_be_written_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    log.start(tmp_path / "file")
    logging.getLogger("chat_tui").error("lost")
    assert capsys.readouterr().err == ""


def test_starting_again_changes_the_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        log.start(tmp_path / name)
        logging.getLogger("chat_tui").warning("in %s", name)
    assert "in two" not in log.path_in(tmp_path / "one").read_text()
    assert "in two" in log.path_in(tmp_path / "two").read_text()


PAIR = '{"access_token": "syt_bG9uZw_aaaaaaaaaaaaaaaaaaaa", "refresh_token": "syr_bbbbbbbbbbbbbbbbbbbbbbbbb"}'


def test_the_log_shows_no_part_of_a_secret(tmp_path: Path) -> None:  # E12
    log.start(tmp_path)
    log.hide(PAIR)
    logging.getLogger("x").warning("%s and syt_bG9uZw_aaaaaaaaaaaaaaaaaaaa of access_token", PAIR)
    text = log.path_in(tmp_path).read_text()
    assert "aaaaaaaa" not in text
    assert "bbbbbbbb" not in text
    assert "*** and *** of access_token" in text


def test_the_log_goes_on_in_another_file_before_it_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_BYTES", 2_000)  # E12
    log.start(tmp_path)
    log.hide("s3cret-token")
    for number in range(200):
        logging.getLogger("chat_tui").warning("line %s with s3cret-token", number)
    path = log.path_in(tmp_path)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [path.name, f"{path.name}.1", f"{path.name}.2"]
    assert all(file.stat().st_size <= 2_000 and stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert "line 199 with ***" in path.read_text()
    assert not any("s3cret" in file.read_text() for file in files)
