"""A fault of the program: a report without anything that people wrote, kept few, and one sentence."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from chat_tui import log
from chat_tui.crash import report_text, reports, save_report, sentence
from tests.tui.stage import Stage

SAID = "meet me at the pier"


def fault(text: str = SAID) -> Exception:
    """An error with a cause; both quote what somebody wrote."""
    try:
        try:
            dict[str, str]()[text]
        except KeyError as error:
            raise ValueError(f"cannot show {text!r}") from error
    except ValueError as error:
        return error
    raise AssertionError


# E12
def test_a_report_tells_where_and_on_what_and_nothing_that_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("SECRET_TOKEN", "hidden-value")
    monkeypatch.setattr("chat_tui.log._secrets", set())  # what other tests had to hide may be any word
    text = report_text(fault(), ["MainScreen"], when="now")
    for words in ("ValueError", "which came of", "KeyError", "test_crash.py", "in fault", "textual: ", "TERM: xterm"):
        assert words in text
    assert "screens: MainScreen" in text
    assert SAID not in text
    assert "hidden-value" not in text
    assert str(Path.home()) not in text or Path.home() == Path("/")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AttributeError("no attribute 'x'"), "AttributeError: no attribute 'x'"),
        (OSError(28, "No space left on device", "/secret/place"), "OSError: No space left on device"),
        (RuntimeError(SAID), "RuntimeError"),
    ],
)
def test_messages_of_the_program_itself_are_told(error: Exception, told: str) -> None:
    text = report_text(error, [], when="now")
    assert text.rstrip().endswith(told)
    assert SAID not in text
    assert "/secret/place" not in text


def test_a_known_secret_is_hidden_even_in_a_message_of_the_program() -> None:  # E12
    log.hide("tok-en-4711")
    try:
        assert "tok-en-4711" not in report_text(TypeError("bad tok-en-4711"), [], when="now")
    finally:
        log._secrets.clear()


def test_an_error_that_came_of_itself_ends() -> None:
    one, two = ValueError(), ValueError()
    one.__cause__, two.__cause__ = two, one
    assert report_text(one, [], when="now").count("ValueError") == 2


def test_reports_are_for_their_owner_and_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(1, 8):
        monkeypatch.setattr("chat_tui.crash.time.localtime", lambda day=day: (2026, 11, day, 1, 2, 3, 0, 1, 0))
        path = save_report(tmp_path / "data", fault(), [])
        assert path is not None
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path.name for path in reports(tmp_path / "data")] == [
        f"crash-2026110{day}-010203.txt" for day in range(3, 8)
    ]


def test_where_no_report_can_be_written_the_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert save_report(tmp_path / "file", fault(), []) is None
    assert str(tmp_path / "log") in sentence(None, tmp_path / "log")


# E12
def test_the_log_tells_of_an_exception_without_what_was_said(tmp_path: Path) -> None:
    log.start(tmp_path, debug=True)
    try:
        logging.getLogger("chat_tui").error("a command failed", exc_info=fault())
        text = log.path_in(tmp_path).read_text()
    finally:
        for handler in logging.getLogger().handlers[:]:
            if isinstance(handler, log.LateFile):
                logging.getLogger().removeHandler(handler)
                handler.close()
        logging.getLogger().setLevel(logging.WARNING)
    assert "test_crash.py" in text
    assert "builtins.ValueError\nwhich" not in text.split("which came of")[1]
    assert SAID not in text


async def test_the_app_ends_with_a_report_and_a_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:  # E11, E12
    stage = Stage(tmp_path / "chat.db")

    def boom() -> None:
        raise fault()

    async def crashes() -> None:
        async with stage.show():
            stage.app.action_help = boom  # type: ignore[method-assign]
            await stage.pilot.press("f1")
            await stage.pilot.pause()

    with pytest.raises(ValueError, match="cannot show"):
        await crashes()
    await stage.app.close_account()
    (report,) = reports(tmp_path)
    assert "screens: MainScreen" in report.read_text()
    assert SAID not in report.read_text()
    told = capfd.readouterr().err
    assert told.count("A fault of the program ended it.") == 1
    assert report.name in told.replace("\n", "")
    assert SAID not in told
