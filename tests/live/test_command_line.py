"""The command line against a real server, every command a real process."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.command import Client, Running, Server

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for all tests that do not end it."""
    with Server("--open") as server:
        yield server
        assert server.end() == (0, "")


@pytest.fixture
def ada(server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Client:
    """Somebody who is signed in and in a room of her own that is called like the test."""
    client = Client(tmp_path / "ada")
    done = client.login(server.url, "ada")
    assert (done.code, done.error) == (0, "")
    assert client("create", room_of(request)).code == 0
    return client


@pytest.fixture
def bob(ada: Client, server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Client:
    """Somebody else in the same room."""
    client = Client(tmp_path / "bob")
    assert client.login(server.url, "bob").code == 0
    assert client("join", room_of(request)).code == 0
    return client


@pytest.fixture
def room(request: pytest.FixtureRequest) -> str:
    """The test's room."""
    return room_of(request)


def room_of(request: pytest.FixtureRequest) -> str:
    name: str = request.node.name
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[-40:].strip("-")


def texts(client: Client, room: str) -> list[str]:
    """What was said in a room, as its history tells it."""
    return [row["text"] for row in client("history", room, "--json").rows if row["kind"] == "message"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def holding(client: Client, running: Running) -> Running:
    """The same, as soon as this process runs the account."""
    deadline = time.monotonic() + 30
    while not (client.folder / "accounts" / "home" / "control.sock").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return running


def in_step(speaker: Client, room: str, *tails: Running) -> None:
    """Say something until every tail has shown it: from here on they certainly follow, and nothing is left to show."""
    for number in range(20):
        text = f"probe {number}"
        assert speaker("send", room, text).code == 0
        shown = [tail.shows(text, 3) for tail in tails]
        if all(shown):
            return
    raise AssertionError("a tail shows nothing")


# A13, A17
def test_what_is_said_is_read(ada: Client, bob: Client, room: str) -> None:
    first = ada("send", room, "Good morning", "--wait", "confirmed", "--json")
    assert first.code == 0
    (row,) = first.rows
    assert set(row) == {"action_id", "state", "event_id"}
    assert row["state"] == "confirmed"
    assert bob("send", room, "-", stdin="two\nlines\n").code == 0

    events = ada("history", room, "--json").rows
    assert [(event["kind"], event["sender"], event["text"]) for event in events[-2:]] == [
        ("message", "ada", "Good morning"),
        ("message", "bob", "two\nlines"),
    ]
    own, other = events[-2:]
    assert set(own) == {"account", "room_id", "event_id", "pos", "sender", "ts", "kind", "text", "action_id"}
    assert set(other) == set(own) - {"action_id"}  # A15
    assert (own["account"], own["room_id"], own["event_id"]) == ("home", room, row["event_id"])
    assert abs(own["ts"] / 1000 - time.time()) < 120
    assert [event["pos"] for event in events] == list(range(1, len(events) + 1))

    assert ada("history", room.upper(), "-n", "1", "--json").rows == [other]
    assert ada("history", room, "--before", own["event_id"], "--json").rows == events[:-2]
    assert ada("history", room, "--before", str(own["pos"]), "--json").rows == events[:-2]

    (mine,) = [row for row in ada("rooms", "--json").rows if row["room_id"] == room]
    assert set(mine) == {"account", "room_id", "name", "topic", "members", "unread", "last"}
    assert mine["members"] == 2
    assert mine["last"] == {"sender": "bob", "ts": other["ts"], "text": "two lines"}
    assert [row["user_id"] for row in bob("members", room, "--json").rows] == ["ada", "bob"]
    assert "Good morning" in bob("history", room).out


# A18
def test_rooms_are_made_joined_and_left(ada: Client, bob: Client, room: str) -> None:
    assert ada("create", room, "--json").rows[0]["state"] == "failed"
    again = ada("create", room)
    assert again.code == 3
    assert "refused" in again.sentence
    assert ada("outbox").out == "", "what was told here and now does not stay"
    assert bob("leave", room).code == 0
    assert room not in {row["room_id"] for row in bob("rooms", "--json").rows}
    outside = bob("send", room, "hi")
    assert (outside.code, outside.sentence) == (
        1,
        f"chat-tui: You are not in {room!r}: run `chat-tui join {room}` first.\n",
    )
    assert bob("members", room).code == bob("history", room).code == 1
    assert {"room_id": room, "membership": "none"}.items() <= {
        key: value
        for row in bob("rooms", "--all", "--json").rows
        if row["room_id"] == room
        for key, value in row.items()
    }.items()
    assert bob("join", "no-such-room-anywhere").code == 3
    unknown = bob("send", "no-such-room-anywhere", "hi")
    assert unknown.code == 1
    assert "There is no room 'no-such-room-anywhere'; there are: " in unknown.sentence


# A16, E11
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_tail_shows_each_event_once_and_ends_cleanly(
    ada: Client, bob: Client, room: str, number: signal.Signals
) -> None:
    bob("send", room, "before")
    with ada.start("tail", "--json", room) as tail:
        in_step(bob, room, tail)
        for text in ("one", "two", "three"):
            assert bob("send", room, text).code == 0
        shown = [json.loads(tail.line()) for _ in range(3)]
        assert tail.end(number) == (0, "")
        assert tail.rest() == []
    assert [row["text"] for row in shown] == ["one", "two", "three"]
    assert shown == ada("history", room, "-n", "3", "--json").rows


def test_tail_ends_when_nobody_reads_it(ada: Client) -> None:
    command = [sys.executable, "-m", "chat_tui", "tail"]
    reader, writer = os.pipe()
    with subprocess.Popen(
        command, stdout=writer, stderr=subprocess.PIPE, env={**os.environ, **ada.environment}
    ) as tail:
        os.close(writer)
        deadline = time.monotonic() + 30
        while not (ada.folder / "accounts" / "home" / "control.sock").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.close(reader)
        _, error = tail.communicate(timeout=20)
    assert (tail.returncode, error) == (0, b"")


# A13: 8 processes at once, one account
def test_many_sends_at_once_are_all_said_once(ada: Client, room: str) -> None:
    said = [f"message {number}" for number in range(8)]
    started = [ada.start("send", room, text, "--wait", "confirmed", "--timeout", "25", "--json") for text in said]
    rows = []
    for process in started:
        assert process.wait() == (0, "")
        rows += [json.loads(line) for line in process.rest()]
    assert {row["state"] for row in rows} == {"confirmed"}
    assert len({row["action_id"] for row in rows}) == len(said)
    assert sorted(texts(ada, room)) == sorted(said)


# E3, A13
def test_while_the_server_is_away_messages_wait_in_order(tmp_path: Path) -> None:
    port = free_port()
    data = str(tmp_path / "server.db")
    client = Client(tmp_path / "ada")
    with Server("--open", "--data", data, port=port) as server:
        assert client.login(server.url, "ada").code == 0
        assert client("create", "plans").code == 0
        assert server.end()[0] == 0
    for text in ("one", "two"):
        done = client("send", "plans", text, "--timeout", "0.5")
        assert done.code == 4
        assert "is kept and leaves with the next connection" in done.sentence
    began = time.monotonic()
    stored = client("send", "plans", "three", "--wait", "pending", "--json")
    assert (stored.code, stored.error, stored.rows[0]["state"]) == (0, "", "pending")
    assert time.monotonic() - began < 5
    waiting = client("outbox", "--json").rows
    told = {"action_id", "kind", "room_id", "text", "state", "attempts", "waits", "why"}
    assert [set(row) - {"waits_for"} for row in waiting] == [told] * 3
    assert [row.get("waits_for") for row in waiting[1:]] == [row["action_id"] for row in waiting[:1]] * 2
    assert [(row["text"], row["state"], row["kind"]) for row in waiting] == [
        (text, "pending", "send") for text in ("one", "two", "three")
    ]
    assert client("outbox", "cancel", str(waiting[1]["action_id"])).code == 0
    rooms = client("rooms")
    assert (rooms.code, "This is what is stored." in rooms.sentence) == (0, True)
    with Server("--open", "--data", data, port=port) as server:
        assert client("send", "plans", "four", "--timeout", "20").code == 0
        assert texts(client, "plans") == ["one", "three", "four"]
        assert client("outbox").out == ""


# E3
def test_a_refused_message_is_kept_and_holds_the_room_back(ada: Client, room: str) -> None:
    refused = ada("send", room, "x" * 5_000, "--json")
    assert refused.code == 3
    (row,) = refused.rows
    assert row["state"] == "failed"
    assert row["error"]
    number = str(row["action_id"])
    assert f"chat-tui outbox cancel {number}" in refused.sentence
    behind = ada("send", room, "behind")
    assert behind.code == 4
    assert f"message {number} before it was refused" in behind.sentence
    assert ada("outbox", "retry", number).code == 3
    (failed,) = [row for row in ada("outbox", "--json").rows if row["state"] == "failed"]
    assert failed["action_id"] > row["action_id"], "a new id after a definite refusal"
    assert ada("outbox", "pass", str(failed["action_id"])).code == 0
    assert ada("send", room, "after").code == 0
    assert texts(ada, room) == ["behind", "after"]
    assert ada("outbox", "cancel", str(failed["action_id"])).code == 0
    gone = ada("outbox", "cancel", number)
    assert (gone.code, gone.sentence) == (
        1,
        f"chat-tui: There is no action {number} in the outbox: see `chat-tui outbox`.\n",
    )


def test_other_commands_work_while_one_process_runs_the_account(ada: Client, bob: Client, room: str) -> None:
    with ada.start("tail", "--json") as tail:
        in_step(bob, room, tail)
        before = len(texts(ada, room))
        assert ada("send", room, "through the socket", "--wait", "confirmed").code == 0
        assert json.loads(tail.line())["text"] == "through the socket"
        assert texts(ada, room)[before:] == ["through the socket"]
        assert room in ada("rooms").out
        assert [row["user_id"] for row in ada("members", room, "--json").rows] == ["ada", "bob"]
        assert ada("outbox").code == 0
        wrong = ada("history", "nowhere-at-all")
        assert (wrong.code, "There is no room" in wrong.sentence) == (1, True)
        assert ada("doctor").code == 0
        # A second one goes on alone when the first one ends, and shows nothing twice.
        with ada.start("tail", "--json") as second:
            in_step(bob, room, tail, second)
            assert bob("send", room, "to both").code == 0
            assert json.loads(second.line())["text"] == json.loads(tail.line())["text"] == "to both"
            assert tail.end(signal.SIGINT) == (0, "")
            assert bob("send", room, "to the second").code == 0
            assert json.loads(second.line())["text"] == "to the second"
            assert second.end() == (0, "")
            assert second.rest() == []


# A14
def test_a_killed_process_leaves_nothing_in_the_way(ada: Client, room: str) -> None:
    with holding(ada, ada.start("tail")) as tail:
        tail.end(signal.SIGKILL)
    assert (ada.folder / "accounts" / "home" / "control.sock").exists()
    assert ada("send", room, "still here").code == 0
    assert texts(ada, room) == ["still here"]
    assert not (ada.folder / "accounts" / "home" / "control.sock").exists()


def test_an_account_that_is_held_without_an_answer_is_told(ada: Client, room: str) -> None:
    hold = "import sys; from pathlib import Path; from chat_tui_core.accounts import DataFolder\n"
    hold += "lock = DataFolder(Path(sys.argv[1])).lock('home'); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(ada.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        done = ada("send", room, "x")
        assert done.code == 1
        assert f"is run by process {holder.pid}; close that one and try again." in done.sentence
        holder.kill()


def test_an_interrupted_send_is_kept(tmp_path: Path, server: Server) -> None:
    client = Client(tmp_path / "ada")
    with Server("--open") as mine:
        client.login(mine.url, "ada")
        client("create", "plans")
    with client.start("send", "plans", "hello", "--timeout", "60") as waiting:
        deadline = time.monotonic() + 20
        while not client("outbox").out:
            assert time.monotonic() < deadline
        code, error = waiting.end(signal.SIGINT)
        assert code == 130
        assert "Interrupted; action" in error
    assert "hello" in client("outbox").out


# A10
def test_users_of_a_closed_server_need_their_password(tmp_path: Path) -> None:
    data = str(tmp_path / "users.db")
    client = Client(tmp_path / "ada")
    added = client("server", "user", "add", "ada", "--password-stdin", "--data", data, stdin="right\n")
    assert (added.code, added.out) == (0, "ada can sign in now.\n")
    with Server("--data", data) as server:
        wrong = client.login(server.url, "ada", "wrong")
        assert wrong.code == 1
        assert wrong.sentence
        assert client.login(server.url, "eve", "wrong").code == 1
        assert not (tmp_path / "ada" / "accounts").exists()
        assert client.login(server.url, "ada", "right").code == 0
        device = json.loads((client.folder / "accounts/home/account.json").read_text())["device"]
        assert client.login(server.url, "ada", "right").code == 0
        assert json.loads((client.folder / "accounts/home/account.json").read_text())["device"] == device
        taken = client("server", "--open", "--port", str(server.port))
        assert taken.code == 1
        assert f"Port {server.port} is taken" in taken.sentence


def test_what_cannot_be_reached_or_written_is_one_sentence(tmp_path: Path) -> None:
    client = Client(tmp_path / "ada")
    away = client.login(f"ws://127.0.0.1:{free_port()}", "ada")
    assert (away.code, "Cannot connect" in away.sentence) == (1, True)
    with Server("--open", "--welcome", "") as server:
        nowhere = Client(Path(os.devnull) / "data").login(server.url, "ada")
        assert (nowhere.code, "/dev/null" in nowhere.sentence) == (1, True)
        assert client.login(server.url, "ada").code == 0
        assert client("create", "plans").code == 0
        (client.folder / "accounts/home/token").write_text("forged")
        forged = client("rooms")
        assert (forged.code, "ended the connection for good" in forged.sentence) == (1, True)
        kept = client("send", "plans", "hi")
        assert (kept.code, "is kept" in kept.sentence) == (4, True)
        fresh = Client(tmp_path / "eve")
        assert fresh.login(server.url, "eve").code == 0
    empty = fresh("rooms")
    assert (empty.code, "cannot be reached" in empty.sentence) == (1, True)


def test_signing_out_keeps_what_is_stored_and_forgetting_removes_it(tmp_path: Path) -> None:  # E3
    client = Client(tmp_path / "ada")
    port, stored = free_port(), str(tmp_path / "server.db")
    with Server("--open", "--data", stored, port=port) as mine:
        assert client.login(mine.url, "ada").code == 0
        assert client("create", "plans").code == 0
    assert client("send", "plans", "not yet", "--wait", "pending").code == 0
    kept = client("logout", "home", "--forget")
    assert (kept.code, kept.out) == (1, "")
    assert "One thing of 'home' is not sent yet: send or cancel what `chat-tui outbox --account home`" in kept.sentence
    out = client("logout", "home")
    assert (out.code, "One thing is not sent yet; that happens when you sign in again" in out.sentence) == (0, True)
    assert out.out.startswith("Signed out of 'home'; what is stored of it stays")
    assert not (client.folder / "accounts/home/token").exists()
    again = client("logout", "home")
    assert (again.code, "has no token: sign in again" in again.sentence) == (1, True)
    with Server("--open", "--data", stored, port=port) as mine:
        assert client.login(mine.url, "ada").code == 0
        assert client("send", "plans", "and now", "--wait", "confirmed").code == 0
        assert texts(client, "plans") == ["not yet", "and now"]
        with holding(client, client.start("tail")):
            busy = client("logout", "home")
            assert (busy.code, "is run by process" in busy.sentence) == (1, True)
    (client.folder / "accounts/home/account.json").write_text("{")
    gone = client("logout", "home", "--forget")
    assert (gone.code, "is damaged" in gone.sentence) == (0, True)
    assert gone.out == "Removed the account 'home' and all that was stored of it.\n"
    assert not (client.folder / "accounts/home").exists()


# E12
def test_no_secret_and_no_message_is_in_the_log(ada: Client, room: str) -> None:
    assert ada("--debug", "send", room, "a very private sentence").code == 0
    token = (ada.folder / "accounts/home/token").read_text()
    logs = "".join(path.read_text() for path in ada.folder.glob("*.log*"))
    assert "private sentence" not in logs
    assert token not in logs
    assert "pw" not in logs.split()
    shown = ada("doctor").out + ada("accounts").out
    assert token not in shown


def test_output_that_nobody_reads_is_no_failure(ada: Client, bob: Client, room: str) -> None:
    with contextlib.ExitStack() as stack:
        reader, writer = os.pipe()
        command = [sys.executable, "-m", "chat_tui", "history", room]
        process = stack.enter_context(
            subprocess.Popen(command, stdout=writer, stderr=subprocess.PIPE, env={**os.environ, **ada.environment})
        )
        os.close(writer)
        os.close(reader)
        _, error = process.communicate(timeout=20)
    assert (process.returncode, error) == (0, b"")


def test_a_server_with_debug_says_what_it_does_without_secrets_or_messages(tmp_path: Path) -> None:  # E12
    with Server("--open", "--debug") as server:
        ann = Client(tmp_path / "ann")
        ann.login(server.url, "ann", password="a-password-of-ann")
        assert ann("send", "general", "private words", "--wait", "confirmed").code == 0
        code, told = server.end()
    assert code == 0
    assert "user=ann" in told
    assert "a-password-of-ann" not in told
    assert "private words" not in told
