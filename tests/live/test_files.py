"""Files by the command line, in real processes: sent, fetched, cancelled; and killed with -9 in the middle, on any side."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.live.command import Client, Running, Server

pytestmark = pytest.mark.live

BODY = random.Random(7).randbytes(3_000_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server("--open", "--data", str(tmp_path / "server.db"), "--rate", "100000") as server:
        yield server


@pytest.fixture
def ann(tmp_path: Path, server: Server) -> Client:
    return signed_in(tmp_path, server, "ann")


@pytest.fixture
def bob(tmp_path: Path, server: Server) -> Client:
    return signed_in(tmp_path, server, "bob")


def signed_in(folder: Path, server: Server, name: str) -> Client:
    """Somebody with a home folder of their own, so that nothing goes to the real one."""
    client = Client(folder / name)
    home = folder / f"{name}-home"
    (home / "Downloads").mkdir(parents=True)
    client.environment["HOME"] = str(home)
    assert client.login(server.url, name).code == 0
    return client


def downloads(client: Client) -> dict[str, bytes]:
    folder = Path(client.environment["HOME"]) / "Downloads"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def source(tmp_path: Path, body: bytes = BODY, name: str = "a file.bin") -> Path:
    path = tmp_path / name
    path.write_bytes(body)
    return path


def listed(client: Client) -> list[dict[str, Any]]:
    done = client("files", "--json")
    assert done.code == 0, done.error
    return done.rows


def test_a_file_is_sent_listed_and_fetched(tmp_path: Path, ann: Client, bob: Client) -> None:  # D1, D7, D8, D12
    path = source(tmp_path)
    sent = ann("send", "general", "here it is", "--file", str(path), "--json")
    assert sent.code == 0, sent.error
    assert sent.rows[0]["state"] in {"sent", "confirmed"}
    last = sent.rows[-1]
    assert {key: last[key] for key in ("direction", "name", "size", "done", "state", "path")} == {
        "direction": "out",
        "name": "a file.bin",
        "size": len(BODY),
        "done": len(BODY),
        "state": "complete",
        "path": str(path),
    }
    (offer,) = listed(bob)
    assert (offer["direction"], offer["state"], offer["sender"], "path" in offer) == ("in", "new", "ann", False)
    got = bob("files", "get", str(offer["id"]))
    assert got.code == 0, got.error
    rows = got.rows  # a pipe gets JSON lines without asking for them
    assert rows[-1]["state"] == "complete"
    assert [row["done"] for row in rows] == sorted(row["done"] for row in rows)
    assert downloads(bob) == {"a file.bin": BODY}
    assert [(row["recipients"][0]["user"], row["recipients"][0]["state"]) for row in listed(ann)] == [
        ("bob", "complete")
    ]
    kinds = [(row["kind"], row["text"]) for row in bob("history", "general", "--json").rows][-2:]
    assert kinds == [("message", "here it is"), ("file", "a file.bin")]


def test_a_file_is_fetched_by_its_message_to_a_given_place(tmp_path: Path, ann: Client, bob: Client) -> None:  # D8
    assert ann("send", "general", "--file", str(source(tmp_path, b"abc"))).code == 0
    (event,) = [row for row in bob("history", "general", "--json").rows if row["kind"] == "file"]
    target = tmp_path / "here.txt"
    assert bob("files", "get", event["event_id"], "--to", str(target)).code == 0
    assert target.read_bytes() == b"abc"
    assert "is here already" in bob("files", "get", event["event_id"]).sentence
    assert listed(bob)[0]["path"] == str(target)


IMPOSSIBLE = [
    (("send", "general", "--file", "{tmp}"), "is a folder"),
    (("send", "general", "--file", "{tmp}/no such file"), "is not there"),
    (("send", "nowhere", "--file", "{file}"), "There is no room 'nowhere'"),
    (("files", "get", "99"), "There is no file 99"),
    (("files", "get", "no-event"), "There is no file 'no-event'"),
    (("files", "cancel", "99"), "There is no file 99"),
    (("files", "cancel", "x"), "There is no file 'x'"),
    (("files", "get", "99", "--to", "{tmp}/no folder/"), "There is no folder"),
]


def test_what_cannot_be_is_said_in_one_sentence(tmp_path: Path, ann: Client) -> None:  # D12
    path = source(tmp_path)
    for arguments, words in IMPOSSIBLE:
        done = ann(*(argument.format(tmp=tmp_path, file=path) for argument in arguments))
        assert done.code == 1, arguments
        assert words in done.sentence, arguments


def test_the_list_is_that_of_the_store_where_no_server_is(ann: Client, bob: Client, server: Server) -> None:  # D7, D13
    path = source(ann.folder, b"abc", "b.txt")
    assert ann("send", "general", "--file", str(path)).code == 0
    assert len(listed(bob)) == 1
    server.end(signal.SIGKILL)
    done = bob("files", "--json")
    assert (done.code, [row["name"] for row in done.rows]) == (0, ["b.txt"])
    assert "cannot be reached" in done.sentence
    assert "This is what is stored." in done.sentence


def test_sending_nothing_is_wrong_usage(ann: Client) -> None:  # D12
    done = ann("send", "general")
    assert done.code == 2
    assert "usage: chat-tui" in done.error
    assert "say what to send: a text, - for standard input, or --file PATH" in done.error


def test_a_transfer_is_cancelled_once(tmp_path: Path, ann: Client, bob: Client) -> None:  # D5, D7
    sent = ann("send", "general", "--file", str(source(tmp_path)), "--wait", "pending", "--json")
    assert (sent.code, sent.rows[-1]["state"]) == (0, "new")
    number = str(sent.rows[-1]["id"])
    cancelled = ann("files", "cancel", number, "--json")
    assert (cancelled.code, cancelled.rows[-1]["state"]) == (0, "cancelled")
    again = ann("files", "cancel", number)
    assert again.code == 1
    assert "is cancelled cannot be cancelled" in again.sentence
    assert listed(bob) == []


def test_a_name_that_is_taken_is_never_overwritten(tmp_path: Path, ann: Client, bob: Client) -> None:  # D8
    for body in (b"one", b"two"):
        assert ann("send", "general", "--file", str(source(tmp_path, body, "a.tar.gz"))).code == 0
    folder = Path(bob.environment["HOME"]) / "Downloads"
    (folder / "a.tar.gz").write_bytes(b"mine")
    for row in listed(bob):
        assert bob("files", "get", str(row["id"])).code == 0
    assert downloads(bob) == {"a.tar.gz": b"mine", "a_1.tar.gz": b"one", "a_2.tar.gz": b"two"}


# ---------------------------------------------------------------- killed in the middle


def reach(running: Running, share: float) -> None:
    """Wait until a process has told that so much of its file is done, or that it has ended."""
    while True:
        row = json.loads(running.line())
        if row["state"] in {"complete", "failed", "cancelled"} or row["done"] >= share * (row["size"] or 1):
            return


KILLS = [
    pytest.param(who, share, size, marks=[] if size < 10_000_000 else [pytest.mark.slow])
    for who in ("sender", "recipient", "server")
    for share, size in ((0.2, 8_000_000), (0.0, 30_000_000), (0.5, 30_000_000), (0.9, 30_000_000))
]


@pytest.mark.parametrize(("who", "share", "size"), KILLS)
def test_whoever_is_killed_the_file_arrives_byte_for_byte(  # D3, D4, D13
    tmp_path: Path, who: str, share: float, size: int
) -> None:
    body = random.Random(3).randbytes(size)
    data = ("--open", "--data", str(tmp_path / "server.db"), "--rate", "100000")
    with ExitStack() as stack:
        server = stack.enter_context(Server(*data))
        ann, bob = (signed_in(tmp_path, server, name) for name in ("ann", "bob"))
        path = source(tmp_path, body)
        sending = stack.enter_context(ann.start("send", "general", "--file", str(path), "--json", "--timeout", "60"))
        number = str(offered(sending, bob)["id"])
        if who == "sender":
            reach(sending, share)
            sending.end(signal.SIGKILL)
            stack.enter_context(ann.start("tail", "general"))  # any process of the account goes on
        if who == "recipient":
            getting = stack.enter_context(bob.start("files", "get", number))
            reach(getting, share)
            getting.end(signal.SIGKILL)
        if who == "server":
            reach(sending, share)
            server.end(signal.SIGKILL)
            server = stack.enter_context(Server(*data, port=server.port))
        got = bob("files", "get", number, "--timeout", "25")
        assert got.code == 0 or "is here already" in got.sentence, got.error
        assert downloads(bob) == {"a file.bin": body}
        server.end()


def offered(sending: Running, client: Client) -> dict[str, Any]:
    """A file that is being sent, as somebody else sees it once the server has heard of it."""
    end = time.monotonic() + 20
    while not (rows := listed(client)):
        assert time.monotonic() < end, sending.rest()
    return rows[0]
