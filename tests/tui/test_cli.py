"""The command line by itself: usage, help, choice of the account, and every failure as one sentence."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from chat_tui import cli
from chat_tui.__main__ import main
from chat_tui.arguments import parse, parser
from chat_tui.headless import output
from chat_tui.opening_words import read
from chat_tui.requests.perform import PERFORMERS
from chat_tui.requests.values import Request, Row
from chat_tui_core.accounts import DataFolder
from chat_tui_core.model import Account

COMMANDS = [
    "login", "logout", "accounts", "rooms", "members", "history", "tail", "send", "join", "create", "leave", "outbox",
    "outbox retry", "outbox cancel", "server", "server user add", "serve", "completions", "man", "doctor",
]  # fmt: skip


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """The data folder that the commands use, and no configuration file."""
    monkeypatch.setenv("CHAT_TUI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CHAT_TUI_SECRETS", "file")
    return DataFolder(tmp_path / "data")


def account(name: str) -> Account:
    return Account(name, "wschat", "ws://127.0.0.1:9", "ada", "d-1")


def sentence(captured: pytest.CaptureFixture[str]) -> str:
    """Standard error, which must be one sentence from the program; standard output must be empty."""
    out, err = captured.readouterr()
    assert out == ""
    assert err.startswith("chat-tui: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert f"usage: chat-tui {command}".rstrip() in text
    assert "examples:" in text
    assert f"chat-tui {command.split(maxsplit=1)[0]}" in text if command else "chat-tui --demo" in text


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("chat-tui 0.")


@pytest.mark.parametrize(
    "line",
    [
        "dance",
        "send general",
        "send general hi --wait forever",
        "send general hi --timeout nan",
        "send general hi --timeout -1",
        "history general -n -1",
        "history general -n many",
        "outbox retry",
        "outbox retry x",
        "outbox cancel -1",
        "server --port 65536",
        "server user",
        "server user add ada",
        "login home --user ada",
        "login home --url ws://x --user ada --password-stdin --token-stdin",
        "login home --url ws://x --user ada --password-stdin --sso",
        "login home --url ws://x --user ada --mode legacy",
        "login home --url ws://x --user ada --mode sync --legacy",
        "logout",
        "rooms general",
        "--acc home rooms",
    ],
)
def test_wrong_usage_is_told_and_ends_with_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 2
    assert "usage: chat-tui" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    ["--account home --data-dir /d send general hi --json", "send general hi --json --account home --data-dir /d"],
)
def test_common_options_stand_before_or_after_the_command(line: str) -> None:
    args = parser(cli._COMMANDS).parse_args(line.split())
    assert (args.account, args.data_dir, args.json, args.debug) == ("home", "/d", True, False)
    assert (args.rooms, args.text, args.do, args.run) == (["general"], "hi", "send", cli._send)


@pytest.mark.parametrize(
    "line",
    ["", "--demo", "--account home --data-dir /d --debug", "--config=a=b --data-dir= --account home --account work"],
)
def test_opening_the_app_is_read_without_the_parser_as_with_it(line: str) -> None:
    found = read(line.split())
    assert found is not None
    assert vars(found) == {
        name: value for name, value in vars(parse(line.split(), cli._COMMANDS)).items() if name != "run"
    }


@pytest.mark.parametrize(
    "line",
    ["--help", "--version", "send a b", "--demo --chaos", "--account", "--data-dir -x", "--acc home", "--config --"],
)
def test_all_else_is_left_to_the_parser(line: str) -> None:
    assert read(line.split()) is None


@pytest.mark.parametrize("line", ["", "--demo --chaos 7", "--account home --data-dir /d --debug", "--demo --chaos"])
def test_opening_the_app_is_read_without_the_tree_as_with_it(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    full = parser(cli._COMMANDS).parse_args(line.split())
    monkeypatch.setattr("chat_tui.arguments.parser", None)
    assert vars(parse(line.split(), cli._COMMANDS)) == vars(full)


@pytest.mark.parametrize(
    ("line", "do"),
    [
        ("rooms", "rooms"),
        ("create x", "create_room"),
        ("outbox", "outbox"),
        ("outbox retry 3", "retry"),
        ("outbox pass 3", "pass"),
        ("tail", "tail"),
    ],
)
def test_commands_are_requests_that_can_be_performed_and_printed(line: str, do: str) -> None:
    args = parser(cli._COMMANDS).parse_args(line.split())
    assert args.do == do
    assert args.do in PERFORMERS
    assert args.do in output._LINES


def test_the_app_needs_a_terminal(
    data: DataFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["--demo"]) == 1
    assert "needs a terminal" in sentence(capsys)


def test_without_an_account_it_says_how_to_make_one(data: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rooms"]) == 1
    assert "chat-tui login NAME" in sentence(capsys)
    assert main(["accounts"]) == 0
    assert capsys.readouterr().out == ""
    assert not data.root.exists()


def test_with_several_accounts_it_asks_which(
    data: DataFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data.save(account("home"), "t")
    data.save(account("work"), "t")
    assert main(["rooms"]) == 1
    assert "--account NAME; there are: home, work." in sentence(capsys)
    assert main(["rooms", "--account", "wrk"]) == 1
    assert "There is no account 'wrk', there are: home, work" in sentence(capsys)
    (tmp_path / "c.toml").write_text('account = "work"')
    assert main(["outbox", "--config", str(tmp_path / "c.toml")]) == 0
    assert (data.folder("work") / "chat.db").exists()


def test_accounts_are_listed_and_damaged_ones_told(data: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    data.save(account("home"), "s3cret")
    data.save(account("work"), "s3cret")
    (data.folder("work") / "account.json").write_text("{")
    assert main(["accounts", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"account": "home", "backend": "wschat", "url": "ws://127.0.0.1:9", "user": "ada"}
    assert "work/account.json is damaged" in err
    assert "s3cret" not in out + err


def _damage_store(data: DataFolder) -> None:
    (data.folder("home") / "chat.db").write_bytes(b"this is no database, it only has the name of one" * 100)


def _open_token(data: DataFolder) -> None:
    (data.folder("home") / "token").chmod(0o644)


def _drop_token(data: DataFolder) -> None:
    (data.folder("home") / "token").unlink()


def _other_backend(data: DataFolder) -> None:
    data.save(Account("home", "carrier-pigeon", "x", "ada", "d"), "t")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_damage_store, "chat.db"),
        (_open_token, "chmod 600"),
        (_drop_token, "chat-tui login home"),
        (_other_backend, "no backend 'carrier-pigeon'; installed: matrix, wschat"),
    ],
)
def test_a_damaged_account_is_one_sentence(
    data: DataFolder, capsys: pytest.CaptureFixture[str], damage: object, told: str
) -> None:
    data.save(account("home"), "t")
    assert callable(damage)
    damage(data)
    assert main(["outbox"]) == 1
    assert told in sentence(capsys)


def test_a_data_folder_that_cannot_be_one(data: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    data.root.write_text("")
    assert main(["outbox"]) == 1
    assert "is not a folder: choose another one with --data-dir" in sentence(capsys)


def test_a_wrong_configuration_is_one_sentence(
    data: DataFolder, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text("colour = 1")
    assert main(["rooms", "--config", str(tmp_path / "c.toml")]) == 1
    assert "there is no setting 'colour'" in sentence(capsys)


def test_text_that_is_no_text_is_refused(data: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    data.save(account("home"), "t")
    assert main(["send", "general", "\udcff"]) == 1
    assert "UTF-8" in sentence(capsys)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("login Home --url ws://x --user ada --password-stdin", "cannot name an account"),
        ("login home --url ws://x --user ada --backend irc --password-stdin", "no backend 'irc'; installed: "),
        ("login home --url ws://ada:pw@x --user ada --password-stdin", "Leave user and password out of the URL"),
        ("login home --url ws://x --user ada --password-stdin", "is empty"),
        ("login home --url ws://x --password-stdin", "Say who you are there with --user"),
        ("login home --backend matrix --url x --password-stdin", "Say who you are there with --user"),
        ("login home --backend matrix --url @ada:x --password-stdin", "is empty"),
        ("login home --backend matrix --url ftp://x --user ada --sso", "write it like https://matrix.example"),
        ("logout Home", "cannot name an account"),
        ("logout home", "There is no account 'home', there are none yet"),
        ("logout home --forget", "There is no account 'home', there are none yet"),
        ("login home --url ws://x --user ada", "use --password-stdin"),
        ("server", "--data FILE"),
        ("server --open --tls-cert x", "belong together"),
        ("server user add ada --password-stdin --data x", "is empty"),
    ],
)
def test_what_can_be_told_before_anything_is_done(
    data: DataFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str, told: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(line.split()) == 1
    assert told in sentence(capsys)
    assert not data.root.exists()


def test_an_account_does_not_change_hands(
    data: DataFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data.save(account("home"), "t")
    monkeypatch.setattr(sys, "stdin", io.StringIO("pw\n"))
    assert main(["login", "home", "--url", "ws://x", "--user", "eve", "--password-stdin"]) == 1
    assert "The account 'home' is 'ada' with wschat: choose another name" in sentence(capsys)


def test_a_surprise_is_one_sentence_and_a_traceback_on_demand(
    data: DataFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprised(_self: DataFolder) -> list[str]:
        raise ZeroDivisionError

    monkeypatch.setattr(DataFolder, "names", surprised)
    assert main(["accounts"]) == 1
    assert "(ZeroDivisionError); --debug shows where." in sentence(capsys)
    assert main(["accounts", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


# E7
def test_what_others_wrote_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"room_id": "r", "sender": "e\x1b]0;x\x07ve", "ts": 0, "kind": "message", "text": "\x1b[2J\r\nhi\u202e"}
    output.printer(Request("history", ("r",)), as_json=False)(Row(row))
    output.printer(Request("tail"), as_json=False)(Row({**row, "kind": "join", "text": ""}))
    text = capsys.readouterr().out
    assert "hi" in text
    assert " r  * " in text
    assert not set(text) & set("\x1b\x07\r\u202e")


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show = output.printer(Request("tail"), as_json=True)
    show(Row({"text": "a\nb ü"}, {"after": {"r": 1}}))
    out = capsys.readouterr().out
    assert out == '{"text": "a\\nb ü"}\n'
