"""The editor's file and command: which editor, laid out for the owner alone, read back, found by the next start."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chat_tui import editors
from chat_tui.editors import LARGEST, drop, editor_command, keep, lay_out, left_behind, note_process, read_back
from chat_tui_core.errors import LocalError


def has(*programs: str) -> object:
    return lambda name: f"/bin/{name}" if name in programs else None


@pytest.mark.parametrize(
    ("environment", "programs", "command"),
    [
        ({"VISUAL": "code --wait", "EDITOR": "vi"}, ["code", "vi"], ("code", "--wait")),
        ({"VISUAL": "  ", "EDITOR": "vi"}, ["vi"], ("vi",)),
        ({"EDITOR": "'my editor' -x 'a b'"}, ["my editor"], ("my editor", "-x", "a b")),
        ({}, ["vi", "nano", "sensible-editor"], ("sensible-editor",)),
        ({}, ["vi", "nano"], ("nano",)),
        ({"EDITOR": ""}, ["vi"], ("vi",)),
    ],
)
def test_which_editor(environment: dict[str, str], programs: list[str], command: tuple[str, ...]) -> None:
    assert editor_command(environment, has(*programs)) == command  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environment", "programs", "said"),
    [
        ({"EDITOR": "wim"}, ["vi"], "$EDITOR names wim, which is not installed"),
        ({"VISUAL": "code '--wait"}, ["code"], "quotes in $VISUAL"),
        ({}, [], "set $EDITOR"),
    ],
)
def test_no_editor_says_what_to_do(environment: dict[str, str], programs: list[str], said: str) -> None:
    with pytest.raises(LocalError, match=said.replace("$", r"\$")):
        editor_command(environment, has(*programs))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "one", "one\n", "zwei\nZeilen äö 🚀", "\n\n", " blank "])
def test_what_is_left_alone_is_as_it_was(tmp_path: Path, text: str) -> None:  # E3
    laid = lay_out(tmp_path, "room", text)
    assert laid.file.suffix == ".md"
    assert stat.S_IMODE(laid.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(laid.folder.stat().st_mode) == 0o700
    assert laid.file.read_text(encoding="utf-8").removesuffix("\n") == text.removesuffix("\n")
    assert read_back(laid) == text
    (laid.folder / ".message.md.swp").write_bytes(b"swap")
    drop(laid)
    assert list((tmp_path / editors.FOLDER).iterdir()) == []


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (b"two\n", "two"),
        (b"two", "two"),
        (b"", ""),
        (b"a\r\nb\r\n", "a\nb"),
        (b"\xef\xbb\xbfa\n", "a"),
        (b"a\n\n\n", "a"),
        (b"\n a\n", "\n a"),
    ],
)
def test_what_was_written_is_read_back(tmp_path: Path, left: bytes, text: str) -> None:
    laid = lay_out(tmp_path, "room", "one")
    laid.file.write_bytes(left)
    assert read_back(laid) == text


def test_what_cannot_be_taken_is_told_and_kept(tmp_path: Path) -> None:
    laid = lay_out(tmp_path, "room", "one")
    for data, said in ((b"\xff\xfe", "UTF-8"), (b"x" * (LARGEST + 1), "larger")):
        laid.file.write_bytes(data)
        with pytest.raises(LocalError, match=said):
            read_back(laid)
    laid.file.unlink()
    with pytest.raises(LocalError, match="no file"):
        read_back(laid)
    os.mkfifo(laid.file)
    with pytest.raises(LocalError, match="no file"):
        read_back(laid)  # and it does not wait for somebody to write
    laid.file.unlink()
    laid.file.mkdir()
    with pytest.raises(LocalError, match=r"no file|cannot be read"):
        read_back(laid)
    laid.file.rmdir()
    laid.file.write_bytes(b"\xff")
    assert keep(laid) == laid.file
    assert list(left_behind(tmp_path)) == []
    laid.file.unlink()
    assert keep(laid) is None


def test_the_next_start_finds_what_was_left(tmp_path: Path) -> None:
    assert list(left_behind(tmp_path)) == []
    laid = lay_out(tmp_path, "room\x00thread", "one")
    laid.file.write_bytes(b"two\n")
    assert list(left_behind(tmp_path)) == [(laid, False)]
    program = "import sys; print('.', flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program, str(laid.file)], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        note_process(laid, process.pid)
        assert list(left_behind(tmp_path)) == [(laid, True)]
    assert list(left_behind(tmp_path)) == [(laid, False)]
    note_process(laid, os.getpid())  # another process has the number by now
    if Path("/proc/self/cmdline").exists():
        assert list(left_behind(tmp_path)) == [(laid, False)]
    for wrong in (b"", b"[]", b"{}", b"{", b"[" * 9000, b"\xff"):
        (laid.folder / "place.json").write_bytes(wrong)
        assert list(left_behind(tmp_path)) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / editors.FOLDER).write_bytes(b"")
    with pytest.raises(LocalError, match="cannot be put into a file"):
        lay_out(tmp_path, "room", "one")


def test_what_was_kept_long_ago_goes(tmp_path: Path) -> None:
    laid = lay_out(tmp_path, "room", "one")
    keep(laid)
    waiting = lay_out(tmp_path, "room", "two")
    for folder in (laid.folder, waiting.folder):
        os.utime(folder, (1, 1))
    lay_out(tmp_path, "room", "three")
    assert not laid.folder.exists()
    assert waiting.folder.exists()
