"""Accounts on disk: names, damage, permissions, whole replacements, and one process at a time."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import AccountBusy, ConfigError, StoreUnwritable
from chat_tui_core.model import Account

ADA = Account("home", "wschat", "ws://127.0.0.1:8765", "ada", "d-1", {"legacy": "yes"})


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    """A data folder that does not exist yet."""
    return DataFolder(tmp_path / "not" / "yet")


def test_an_account_comes_back_as_it_was_saved(data: DataFolder) -> None:
    assert data.accounts() == []
    data.save(ADA, "s3cret")
    assert data.account("home") == ADA
    assert data.token("home") == "s3cret"
    assert DataFolder(data.root).accounts() == [ADA]


# E12
def test_nobody_else_can_read_what_is_stored(data: DataFolder) -> None:
    previous = os.umask(0)
    try:
        data.save(ADA, "s3cret")
    finally:
        os.umask(previous)
    folder = data.folder("home")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in folder.iterdir()} == {
        "account.json": 0o600,
        "token": 0o600,
    }
    assert "s3cret" not in (folder / "account.json").read_text()


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o601])
def test_a_token_that_others_can_read_is_refused(data: DataFolder, bits: int) -> None:
    data.save(ADA, "s3cret")
    path = data.folder("home") / "token"
    path.chmod(bits)
    with pytest.raises(ConfigError, match=f"chmod 600 {path}"):
        data.token("home")
    data.save(ADA, "s3cret")
    assert data.token("home") == "s3cret"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "A", "ä", "a b", "a\n", "x" * 33, "../x", "-\0", "..."])
def test_bad_names_are_refused(data: DataFolder, name: str) -> None:
    for use in (data.folder, data.account, data.token, data.lock):
        with pytest.raises(ConfigError, match="cannot name an account"):
            use(name)


@pytest.mark.parametrize("name", ["a", "x" * 32, "work.2_b-c", "1", ".a"])
def test_good_names_stay_below_the_folder(data: DataFolder, name: str) -> None:
    assert data.folder(name).parent == data.root / "accounts"


def test_an_unknown_account_names_those_that_exist(data: DataFolder) -> None:
    with pytest.raises(ConfigError, match="there are none yet"):
        data.account("home")
    data.save(ADA, "x")
    for use in (data.account, data.lock):
        with pytest.raises(ConfigError, match="there are: home"):
            use("work")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 60_000,
        json.dumps({"backend": "wschat", "url": "u", "user": "u"}).encode(),
        json.dumps({"backend": 1, "url": "u", "user": "u", "device": "d"}).encode(),
        json.dumps({"backend": "wschat", "url": "u", "user": "u", "device": "d d"}).encode(),
        json.dumps({"backend": "wschat", "url": "u", "user": "u\x1b[2J", "device": "d"}).encode(),
        json.dumps({"backend": "wschat", "url": "u", "user": "u", "device": "d", "options": [1]}).encode(),
        json.dumps({"backend": "wschat", "url": "u", "user": "u", "device": "d", "options": {"a": 1}}).encode(),
    ],
)
def test_a_damaged_account_is_told_and_hides_no_other(data: DataFolder, text: bytes) -> None:
    data.save(ADA, "x")
    data.save(Account("work", "wschat", "u", "ada", "d"), "y")
    (data.folder("home") / "account.json").write_bytes(text)
    with pytest.raises(ConfigError, match="damaged"):
        data.account("home")
    assert [account.name for account in data.accounts()] == ["work"]
    assert data.names() == ["home", "work"]


def test_a_token_that_is_no_text_is_told(data: DataFolder) -> None:
    data.save(ADA, "x")
    path = data.folder("home") / "token"
    path.write_bytes(b"\xff\xff")
    with pytest.raises(ConfigError, match="damaged"):
        data.token("home")
    path.unlink()
    with pytest.raises(ConfigError, match="no token"):
        data.token("home")


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    data = DataFolder(tmp_path / "file")
    with pytest.raises(StoreUnwritable, match="cannot be written"):
        data.save(ADA, "x")
    with pytest.raises(ConfigError, match="is not a folder"):
        data.accounts()


def test_a_failed_write_leaves_the_old_files_whole(data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    data.save(ADA, "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnwritable, match="No space left on device"):
        data.save(Account("home", "wschat", "elsewhere", "ada", "d-2"), "new")
    monkeypatch.undo()
    assert data.account("home") == ADA
    assert data.token("home") == "old"
    assert sorted(entry.name for entry in data.folder("home").iterdir()) == ["account.json", "token"]


def test_a_link_in_the_way_is_not_followed(data: DataFolder, tmp_path: Path) -> None:
    data.save(ADA, "old")
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (data.folder("home") / f"token.{os.getpid()}.new").symlink_to(victim)
    with pytest.raises(StoreUnwritable):
        data.save(ADA, "new")
    assert victim.read_text() == "mine"


HOLD = """
import sys
from pathlib import Path
from chat_tui_core.accounts import DataFolder
lock = DataFolder(Path(sys.argv[1])).lock("home")
print("held", flush=True)
sys.stdin.readline()
"""


def test_one_process_at_a_time_and_a_killed_one_lets_go(data: DataFolder) -> None:
    data.save(ADA, "x")
    command = [sys.executable, "-c", HOLD, str(data.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(AccountBusy, match=f"process {other.pid}"):
            data.lock("home")
        other.kill()
    with data.lock("home") as lock:
        with pytest.raises(AccountBusy, match=f"process {os.getpid()}"):
            data.lock("home")
        lock.release()
        data.lock("home").release()


def test_forgetting_removes_everything(data: DataFolder) -> None:
    data.save(ADA, "x")
    data.forget("home")
    assert data.names() == []
    assert not data.folder("home").exists()
    with pytest.raises(StoreUnwritable):
        data.forget("home")
