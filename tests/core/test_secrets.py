"""Where tokens are kept: which keyring is taken, what it does wrong, moving to and from it, and the environment."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring.core
import pytest
from keyring.backend import KeyringBackend

from chat_tui_core import secrets
from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import ConfigError, StoreUnwritable
from chat_tui_core.model import Account
from chat_tui_core.secrets import Keep
from tests.core.fake_keyring import FakeKeyring

ADA = Account("home", "matrix", "https://matrix.example", "@ada:matrix.example", "d-1", {"mode": "sync"})
FAKE = "tests.core.fake_keyring.FakeKeyring"
WEAK = "tests.core.fake_keyring.WeakKeyring"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No keyring of this machine, no configuration of one, and what is kept is forgotten."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.setattr(KeyringBackend, "_classes", set())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    monkeypatch.delenv(secrets.VARIABLE, raising=False)
    for name in [name for name in os.environ if name.startswith(secrets.TOKEN_VARIABLE)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(FakeKeyring, "present", False)
    monkeypatch.setattr(FakeKeyring, "trouble", "")
    monkeypatch.setattr(FakeKeyring, "kept", {})
    FakeKeyring.answer.clear()
    yield
    FakeKeyring.answer.set()


@pytest.fixture
def _ring(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyring that works and is the person's choice."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", FAKE)
    monkeypatch.setattr(FakeKeyring, "present", True)


def folder(tmp_path: Path, keep: Keep = Keep.AUTO) -> DataFolder:
    return DataFolder(tmp_path / "data", lambda: keep)


def kept() -> list[str]:
    return list(FakeKeyring.kept.values())


def files(data: DataFolder) -> list[str]:
    return sorted(entry.name for entry in data.folder("home").iterdir())


# ---------------------------------------------------------------- where it goes


@pytest.mark.usefixtures("_ring")
def test_a_keyring_keeps_the_token_and_no_file_does(tmp_path: Path) -> None:  # E12
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    assert kept() == ["s3cret"]
    assert files(data) == ["account.json"]
    assert "s3cret" not in (data.folder("home") / "account.json").read_text()
    again = folder(tmp_path, Keep.FILE)
    assert (again.account("home"), again.token("home")) == (ADA, "s3cret")
    assert again.token_place("home") == "the keyring (fake_keyring)"


def test_without_a_keyring_a_file_keeps_it(tmp_path: Path) -> None:
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    assert files(data) == ["account.json", "token"]
    assert data.token("home") == "s3cret"
    assert data.token_place("home") == "a file that only you can read"


@pytest.mark.usefixtures("_ring")
def test_a_file_keeps_it_where_that_is_wanted(tmp_path: Path) -> None:
    DataFolder(tmp_path / "data").save(ADA, "s3cret")
    assert files(folder(tmp_path)) == ["account.json", "token"]
    assert kept() == []


@pytest.mark.parametrize(
    ("chosen", "present"),
    [
        ("keyring.backends.fail.Keyring", True),
        ("keyring.backends.null.Keyring", True),
        (WEAK, True),
        (FAKE, False),
        ("tests.core.no_such_module.Keyring", True),
    ],
)
def test_what_is_no_good_keyring_is_never_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str, present: bool
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", chosen)
    monkeypatch.setattr(FakeKeyring, "present", present)
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    assert files(data) == ["account.json", "token"]
    with pytest.raises(
        ConfigError, match=r"cannot go into a keyring: .* Start or unlock one, or set `secrets` to file"
    ):
        folder(tmp_path, Keep.KEYRING).save(ADA, "other")
    assert data.token("home") == "s3cret"
    assert kept() == []


@pytest.mark.parametrize("name", ["keyrings.alt.file.PlaintextKeyring", "keyrings.alt.file.EncryptedKeyring"])
def test_plain_text_in_another_place_is_no_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A class of keyrings.alt with the best of priorities, chosen by the person: it is passed over."""
    module, _, kind = name.rpartition(".")
    plain = type(kind, (FakeKeyring,), {"__module__": module})
    monkeypatch.setattr(FakeKeyring, "present", True)
    monkeypatch.setattr(keyring.core, "_keyring_backend", plain())
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    assert files(data) == ["account.json", "token"]
    named = {"keyring": name, "name": "home-1"}
    fields = json.loads((data.folder("home") / "account.json").read_text())
    (data.folder("home") / "account.json").write_text(json.dumps(fields | {"secret": named}))
    with pytest.raises(ConfigError, match="is no keyring to be used"):
        data.token("home")


def test_of_several_the_best_is_taken_itself_and_no_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeKeyring, "present", True)
    chain = "keyring.backends.chainer.ChainerBackend"
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", chain)
    found = [keyring.core.load_keyring(name) for name in (WEAK, FAKE)]
    monkeypatch.setattr("keyring.backend.get_all_keyring", lambda: found)
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    named = json.loads((data.folder("home") / "account.json").read_text())["secret"]
    assert named["keyring"] == FAKE
    assert kept() == ["s3cret"]


@pytest.mark.usefixtures("_ring")
@pytest.mark.parametrize("trouble", ["locked", "broken", "forgets", "locked at get"])
def test_a_keyring_that_does_not_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str) -> None:
    monkeypatch.setattr(FakeKeyring, "trouble", trouble)
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    assert data.token("home") == "s3cret"
    assert files(data) == ["account.json", "token"]
    with pytest.raises(ConfigError, match="cannot go into a keyring") as caught:
        folder(tmp_path, Keep.KEYRING).save(ADA, "other")
    assert "\n" not in str(caught.value)
    assert "other" not in str(caught.value)


@pytest.mark.usefixtures("_ring")
def test_a_keyring_that_waits_for_the_person_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeKeyring, "trouble", "asks")
    monkeypatch.setattr(secrets, "PATIENCE", 0.05)
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    assert data.token("home") == "s3cret"
    with pytest.raises(ConfigError, match="did not answer within 0 s; is it waiting to be unlocked"):
        folder(tmp_path, Keep.KEYRING).save(ADA, "other")


# ---------------------------------------------------------------- reading, changing, removing


@pytest.mark.usefixtures("_ring")
@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("locked", "it is locked"),
        ("broken", "the bus is not there"),
        ("gone", "not running"),
        ("empty", "is not in it"),
    ],
)
def test_a_keyring_that_is_gone_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str, words: str
) -> None:
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    monkeypatch.setattr(FakeKeyring, "trouble", trouble)
    monkeypatch.setattr(FakeKeyring, "present", trouble != "gone")
    if trouble == "empty":
        FakeKeyring.kept.clear()
    with pytest.raises(ConfigError, match=rf"in the keyring \(fake_keyring\), but .*{words}.*chat-tui login home"):
        data.token("home")
    assert data.account("home") == ADA


@pytest.mark.usefixtures("_ring")
def test_another_keyring_that_is_better_now_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    assert data.token("home") == "s3cret"


@pytest.mark.usefixtures("_ring")
def test_moving_writes_the_new_one_before_it_removes_the_old_one(tmp_path: Path) -> None:
    folder(tmp_path, Keep.FILE).save(ADA, "one")
    data = folder(tmp_path, Keep.KEYRING)
    data.save(ADA, "two")
    assert (kept(), files(data), data.token("home")) == (["two"], ["account.json"], "two")
    data.save(ADA, "three")
    assert (kept(), data.token("home")) == (["three"], "three")
    back = folder(tmp_path, Keep.FILE)
    back.save(ADA, "four")
    assert (kept(), files(back), back.token("home")) == ([], ["account.json", "token"], "four")


@pytest.mark.usefixtures("_ring")
@pytest.mark.parametrize("before", [Keep.FILE, Keep.KEYRING])
@pytest.mark.parametrize("after", [Keep.FILE, Keep.KEYRING])
def test_a_disk_that_is_full_leaves_the_old_token_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: Keep, after: Keep
) -> None:
    folder(tmp_path, before).save(ADA, "old")
    entries = dict(FakeKeyring.kept)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnwritable, match="No space left"):
        folder(tmp_path, after).save(ADA, "new")
    assert folder(tmp_path).token("home") == "old"
    assert FakeKeyring.kept == entries


@pytest.mark.usefixtures("_ring")
@pytest.mark.parametrize("keep", [Keep.FILE, Keep.KEYRING])
def test_a_token_is_renewed_in_its_place(tmp_path: Path, keep: Keep) -> None:
    data = folder(tmp_path, keep)
    data.save(ADA, "old")
    before = files(data)
    data.keep_token("home", "new")
    assert data.token("home") == "new"
    assert files(data) == before
    assert len(FakeKeyring.kept) == (keep is Keep.KEYRING)


@pytest.mark.usefixtures("_ring")
def test_a_token_that_cannot_be_renewed_is_told_as_a_matter_of_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = folder(tmp_path)
    data.save(ADA, "old")
    monkeypatch.setattr(FakeKeyring, "trouble", "locked at set")
    with pytest.raises(StoreUnwritable, match="did not take the token: it is locked"):
        data.keep_token("home", "new")
    with pytest.raises(StoreUnwritable):
        data.keep_token("nobody", "new")
    assert data.token("home") == "old"


@pytest.mark.usefixtures("_ring")
@pytest.mark.parametrize("keep", [Keep.FILE, Keep.KEYRING])
def test_a_dropped_token_is_gone_and_the_account_stays(tmp_path: Path, keep: Keep) -> None:
    data = folder(tmp_path, keep)
    data.save(ADA, "s3cret")
    assert data.drop_token("home") == ""
    assert kept() == []
    assert data.account("home") == ADA
    with pytest.raises(ConfigError, match="has no token: sign in again"):
        data.token("home")


@pytest.mark.usefixtures("_ring")
def test_forgetting_an_account_empties_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    assert data.forget("home") == ""
    assert kept() == []
    assert not data.folder("home").exists()
    data.save(ADA, "s3cret")
    monkeypatch.setattr(FakeKeyring, "trouble", "locked")
    left = data.forget("home")
    assert left.startswith("The keyring (fake_keyring) may still have the entry 'home-")
    assert left.endswith("of 'chat-tui': it is locked.")
    assert not data.folder("home").exists()


def test_a_damaged_account_can_be_forgotten(tmp_path: Path) -> None:
    data = folder(tmp_path)
    data.save(ADA, "x")
    for text in ('{"secret": 1}', '{"secret": {"keyring": 1, "name": 2}}', "[]", "{", '{"secret": {"keyring": "a"}}'):
        (data.folder("home") / "account.json").write_text(text)
        assert data.token("home") == "x"
    assert data.forget("home") == ""


@pytest.mark.parametrize("name", ["os.system", "../x", "a b.c", "", "keyring.backends.fail.Keyring", "é.x"])
def test_a_forged_account_file_cannot_choose_any_class(tmp_path: Path, name: str) -> None:
    data = folder(tmp_path)
    data.save(ADA, "x")
    forged = {"backend": "b", "url": "u", "user": "u", "device": "d", "secret": {"keyring": name, "name": "n"}}
    (data.folder("home") / "account.json").write_text(json.dumps(forged))
    with pytest.raises(ConfigError, match="sign in again"):
        data.token("home")


# ---------------------------------------------------------------- what the environment and the configuration say


@pytest.mark.parametrize(
    ("variable", "configured", "expected"),
    [("", "auto", Keep.AUTO), ("", "file", Keep.FILE), ("keyring", "file", Keep.KEYRING), ("file", "auto", Keep.FILE)],
)
def test_the_environment_goes_before_the_configuration(
    monkeypatch: pytest.MonkeyPatch, variable: str, configured: str, expected: Keep
) -> None:
    monkeypatch.setenv(secrets.VARIABLE, variable)
    assert secrets.wanted(configured) is expected


def test_another_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="setting `secrets` must be auto, keyring or file, not 'vault'"):
        secrets.wanted("vault")
    monkeypatch.setenv(secrets.VARIABLE, "vault")
    with pytest.raises(ConfigError, match=r"\$CHAT_TUI_SECRETS must be"):
        secrets.wanted()


@pytest.mark.parametrize(("name", "variable"), [("home", "HOME"), ("work-2.b_c", "WORK_2_B_C")])
def test_the_environment_can_give_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, variable: str
) -> None:
    data = folder(tmp_path)
    data.save(Account(name, "matrix", "u", "u", "d"), "stored")
    monkeypatch.setenv(f"CHAT_TUI_TOKEN_{variable}", " given\n")
    assert data.token(name) == "given"
    monkeypatch.delenv(f"CHAT_TUI_TOKEN_{variable}")
    assert data.token(name) == "stored"


def test_no_keyring_is_imported_while_it_is_not_needed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from chat_tui_core.accounts import DataFolder;"
        "from chat_tui_core.model import Account; data = DataFolder(Path(sys.argv[1]));"
        "data.save(Account('a', 'b', 'u', 'u', 'd'), 't'); data.token('a'); data.keep_token('a', 'x');"
        "print('keyring' in sys.modules, 'secrets' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root / "backends")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False False"


# ---------------------------------------------------------------- beside the event loop


@pytest.mark.usefixtures("_ring")
@pytest.mark.parametrize("keep", [Keep.FILE, Keep.KEYRING])
async def test_a_renewed_token_is_durable_when_the_keeper_returns(tmp_path: Path, keep: Keep) -> None:
    data = folder(tmp_path, keep)
    data.save(ADA, "old")
    await data.keeper("home")("new")
    assert folder(tmp_path).token("home") == "new"


@pytest.mark.usefixtures("_ring")
async def test_a_keeper_that_cannot_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = folder(tmp_path)
    data.save(ADA, "old")
    keep = data.keeper("home")
    monkeypatch.setattr(FakeKeyring, "trouble", "locked at set")
    with pytest.raises(StoreUnwritable, match="did not take the token: it is locked"):
        await keep("new")
    assert data.token("home") == "old"


@pytest.mark.usefixtures("_ring")
async def test_the_loop_goes_on_while_a_keyring_waits_for_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    monkeypatch.setattr(FakeKeyring, "trouble", "asks")
    waiting = asyncio.create_task(secrets.beside(lambda: data.token("home")))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    FakeKeyring.answer.set()
    assert await waiting == "s3cret"
    FakeKeyring.answer.clear()
    given_up = asyncio.create_task(secrets.beside(lambda: data.token("home")))
    await asyncio.sleep(0.05)
    given_up.cancel()
    FakeKeyring.answer.set()
    await asyncio.sleep(0.05)
    assert given_up.cancelled()


# ---------------------------------------------------------------- what is told of it


@pytest.mark.usefixtures("_ring")
def test_who_has_to_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = folder(tmp_path)
    data.save(ADA, "s3cret")
    assert data.asks_keyring("home")
    monkeypatch.setenv("CHAT_TUI_TOKEN_HOME", "given")
    assert not data.asks_keyring("home")
    assert data.token_place("home") == "the environment ($CHAT_TUI_TOKEN_HOME)"
    monkeypatch.delenv("CHAT_TUI_TOKEN_HOME")
    folder(tmp_path, Keep.FILE).save(ADA, "s3cret")
    assert not data.asks_keyring("home")


def test_where_new_ones_would_go(monkeypatch: pytest.MonkeyPatch) -> None:
    assert secrets.place(Keep.FILE) == secrets.place(Keep.AUTO) == "a file that only you can read"
    with pytest.raises(ConfigError, match="No usable keyring is there: start or unlock one"):
        secrets.place(Keep.KEYRING)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", FAKE)
    monkeypatch.setattr(FakeKeyring, "present", True)
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    assert secrets.place(Keep.AUTO) == secrets.place(Keep.KEYRING) == "the keyring (fake_keyring)"
    assert kept() == []
