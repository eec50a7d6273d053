"""`chat-tui --plain` on a real server: a whole session from a script reads like a transcript, without an escape sequence."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.live.command import PATIENCE, PROGRAM, Client, Server

pytestmark = pytest.mark.live

SCRIPT = """hello there
/me waves
/create garden Tomatoes and more
first in the garden
/topic only tomatoes
//slash
/switch general
/edit hello here
/dance
/theme
/delete
no
/names
bye
"""
TRANSCRIPT = """chat-tui, account home. A line is said in the current room; /help lists commands, /quit leaves.
Connected.
Room general, 1 member. Topic: For everybody
00:00 ada joined
00:00 You: hello there
00:00 * You waves
Room garden, 1 member. Topic: Tomatoes and more
00:00 ada joined
00:00 You: first in the garden
00:00 ada set the topic: only tomatoes
00:00 You: /slash
Room general, 1 member. Topic: For everybody
Changed.
There is no command /dance; /help lists them, and //dance sends it as text.
There are no colours here.
Delete general for everybody, with all its messages? Type yes or no.
ada
00:00 You: bye
"""


def test_a_session_from_a_script_is_a_transcript(tmp_path: Path) -> None:  # E7
    with Server("--open") as server:
        ada = Client(tmp_path / "ada")
        ada.login(server.url, "ada")
        done = ada("--plain", stdin=SCRIPT)
        assert done.error == ""
        assert done.code == 0
        assert re.sub(r"^\d\d:\d\d", "00:00", done.out, flags=re.MULTILINE) == TRANSCRIPT
        bob = Client(tmp_path / "bob")
        bob.login(server.url, "bob")
        heard = bob("--plain").out
        assert "ada: hello here" in heard
        assert "ada: bye" in heard


TALK = """jam or honey?
/react 👍
/edit jam, honey or cheese?
not this
/redact
yes
"""
HEARD = """00:00 bob: jam or honey?
bob reacted 👍 to: jam or honey?
bob changed: jam, honey or cheese?
00:00 bob: not this
bob deleted a message: not this
"""


def test_what_becomes_of_messages_is_heard_once_each(tmp_path: Path) -> None:
    with Server("--open") as server:
        ada, bob = Client(tmp_path / "ada"), Client(tmp_path / "bob")
        ada.login(server.url, "ada")
        bob.login(server.url, "bob")
        environment = {**os.environ, **ada.environment}
        pipe = subprocess.PIPE
        listener = subprocess.Popen([*PROGRAM, "--plain"], env=environment, stdin=pipe, stdout=pipe, text=True)
        assert listener.stdin is not None
        assert listener.stdout is not None
        with listener:
            for line in listener.stdout:
                if line.startswith("Room general"):
                    break
            assert bob("--plain", stdin=TALK).code == 0
            heard = []
            for line in listener.stdout:
                heard.append(line)
                if "deleted a message" in line:
                    break
            listener.stdin.write("/quit\n")
            listener.stdin.close()
            heard += listener.stdout.readlines()
            assert listener.wait(PATIENCE) == 0
        said = [re.sub(r"^\d\d:\d\d", "00:00", line) for line in heard if "joined" not in line]
        assert "".join(said) == HEARD


def test_on_a_terminal_there_is_no_escape_sequence_either(tmp_path: Path) -> None:  # E7
    with Server("--open") as server:
        ada = Client(tmp_path / "ada")
        ada.login(server.url, "ada")
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [*PROGRAM, "--plain"],
            env={**os.environ, **ada.environment, "TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        os.write(master, b"good morning\n/quit\n")
        seen = b""
        try:
            while piece := os.read(master, 65_536):
                seen += piece
        except OSError:  # the other end is closed
            pass
        os.close(master)
        assert process.wait(PATIENCE) == 0
        assert b"You: good morning" in seen
        assert b"\x1b" not in seen
        assert b"\x07" not in seen


def test_without_a_server_what_is_said_is_kept(tmp_path: Path) -> None:  # E3
    with Server("--open", "--data", str(tmp_path / "server.db")) as server:
        ada = Client(tmp_path / "ada")
        ada.login(server.url, "ada")
        assert ada("--plain", stdin="now\n").code == 0
        port = server.port
    done = ada("--plain", stdin="later\n/outbox\n")
    assert "It is kept, and leaves with the next connection." in done.out
    assert "general: later" in done.out
    with Server("--open", "--data", str(tmp_path / "server.db"), port=port):
        assert re.findall(r"You: (now|later)", ada("--plain").out) == ["now", "later"]
