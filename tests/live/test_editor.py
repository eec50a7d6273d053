"""The person's own editor in a real terminal: rooms go on while it is open, and no text is lost whatever becomes of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.command import Client, Server
from tests.live.conftest import OpenTerminal
from tests.live.terminal import Terminal

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

#: Says that it has the terminal, keeps it until it is told to go on, then changes the file and ends as it is told to.
EDITOR = """#!/bin/sh
trap : INT
printf 'editor-begins\\n'
cp "$1" "$TOLD/seen"
ls -l "$1" > "$TOLD/listed"
: > "$TOLD/open"
while [ ! -e "$TOLD/go" ]; do sleep 0.05; done
cat "$TOLD/go" > "$1"
rm -f "$TOLD/open" "$TOLD/go"
printf 'editor-ends\\n'
[ -e "$TOLD/code" ] && exit 3
exit 0
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server("--open", "--data", str(tmp_path / "server.db")) as running:
        yield running


class Desk:
    """Ann's app in a terminal, an editor that does as it is told, and bob."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.ann, self.bob = Client(folder / "ann"), Client(folder / "bob")
        for client, name in ((self.ann, "ann"), (self.bob, "bob")):
            client.login(server.url, name)
        self.ann("create", "talk")
        self.bob("join", "talk")
        self.told = folder / "told"
        self.told.mkdir()
        self.editor = folder / "my editor"
        self.editor.write_text(EDITOR, encoding="ascii")
        self.editor.chmod(0o755)
        self.written = folder / "written"

    def open(self, terminal: Terminal, editor: str = "") -> None:
        editor = editor or f"'{self.editor}'"
        terminal.start("--data-dir", str(self.ann.folder), VISUAL="", EDITOR=editor, TOLD=str(self.told))
        terminal.wait_for("# talk")
        terminal.go_to_room("talk")
        terminal.wait_for("online")
        terminal._tmux("pipe-pane", f"cat >> '{self.written}'")

    def wait_file(self, name: str) -> None:
        end = time.monotonic() + 30
        while not (self.told / name).exists():
            assert time.monotonic() < end, f"no {name}"
            time.sleep(0.05)

    def go_on(self, text: str) -> None:
        """Have the editor write this and end."""
        (self.told / "made").write_text(text, encoding="utf-8")
        (self.told / "made").rename(self.told / "go")

    def between(self) -> str:
        """What was written to the terminal while the editor had it."""
        end = time.monotonic() + 30
        while (found := re.search(r"editor-begins(.*)editor-ends", self.output(), re.DOTALL)) is None:
            assert time.monotonic() < end, self.output()
            time.sleep(0.05)
        return found.group(1)

    def output(self) -> str:
        return self.written.read_text(encoding="utf-8", errors="replace") if self.written.exists() else ""

    def left(self) -> list[Path]:
        return [path for path in self.ann.folder.rglob("editing/*") if path.is_dir()]


@pytest.fixture
def desk(tmp_path: Path, server: Server) -> Desk:
    return Desk(tmp_path, server)


def test_rooms_go_on_while_the_editor_is_open(desk: Desk, open_terminal: OpenTerminal) -> None:  # E3, E9
    terminal = open_terminal()
    desk.open(terminal)
    terminal.type("a draft")
    terminal.press("M-e")
    desk.wait_file("open")
    terminal.wait_for("editor-begins")
    assert (desk.told / "seen").read_text() == "a draft\n"
    assert (desk.told / "listed").read_text().startswith("-rw-------")
    desk.bob("send", "talk", "said meanwhile", "--wait", "confirmed")
    sent = desk.ann("send", "talk", "sent meanwhile", "--wait", "confirmed")  # by the app that the editor covers
    assert sent.code == 0
    end = time.monotonic() + 30
    while "said meanwhile" not in desk.ann("history", "talk").out:
        assert time.monotonic() < end
    terminal.press("C-c")  # goes to both; neither the app nor a program that has the terminal may end of it
    desk.go_on("a draft\nand more\n")
    screen = terminal.wait_for("and more")
    assert re.search("bob.*\n.*said meanwhile", screen)
    assert "sent meanwhile" in screen
    assert set(desk.between()) <= set("\r\n^C")
    assert desk.left() == []
    terminal.type("!")
    terminal.press("Enter")
    terminal.wait_for("› Message talk")
    terminal.wait_for("and more!")
    terminal.press("C-q")
    terminal.wait_for("left-with-0")
    assert "a draft\nand more!" in [row["text"] for row in desk.ann("history", "talk", "--json").rows]


def test_an_editor_that_fails_leaves_the_draft(desk: Desk, open_terminal: OpenTerminal) -> None:  # E3
    terminal = open_terminal(columns=80, rows=24)
    desk.open(terminal)
    terminal.type("kept as it is")
    (desk.told / "code").write_text("")
    terminal.press("M-e")
    desk.wait_file("open")
    desk.go_on("half done\n")
    screen = terminal.wait_for("my editor ended with 3; the draft is as it was.")
    assert "› kept as it is" in screen
    terminal.press("C-Up")
    terminal.wait_for("› half done")
    terminal.press("C-Down")
    terminal.wait_for("› kept as it is")
    (desk.told / "code").unlink()
    terminal.press("M-e")
    desk.wait_file("open")
    (desk.told / "made").write_bytes(b"\xff\xfe")
    (desk.told / "made").rename(desk.told / "go")
    screen = terminal.wait_for("UTF-8")
    assert "› kept as it is" in screen
    assert [path.read_bytes() for path in desk.ann.folder.rglob("message.md")] == [b"\xff\xfe"]
    terminal.press("C-q")
    terminal.wait_for("left-with-0")


def test_what_an_editor_saved_survives_a_killed_app(desk: Desk, open_terminal: OpenTerminal) -> None:  # E3, A21
    terminal = open_terminal("first")
    desk.open(terminal)
    terminal.type("before")
    terminal.press("M-e")
    desk.wait_file("open")
    os.kill(terminal.pid(), signal.SIGKILL)
    desk.go_on("what the editor saved\n")
    terminal.wait_for("left-with-137")
    terminal.wait_for("editor-ends")
    again = open_terminal("second")
    desk.open(again)
    again.wait_for("› what the editor saved")
    again.press("C-q")
    again.wait_for("left-with-0")
    assert desk.left() == []


def test_an_app_that_is_told_to_end_ends_the_editor_and_keeps_its_file(
    desk: Desk, open_terminal: OpenTerminal
) -> None:  # E3
    terminal = open_terminal("first")
    desk.open(terminal)
    terminal.type("before")
    terminal.press("M-e")
    desk.wait_file("open")
    (*_, file) = desk.ann.folder.rglob("message.md")
    file.write_text("saved in the editor\n")
    os.kill(terminal.pid(), signal.SIGTERM)
    terminal.wait_for("left-with-0")
    again = open_terminal("second")
    desk.open(again)
    again.wait_for("› saved in the editor")


@pytest.mark.skipif(shutil.which("vi") is None, reason="vi is not installed")
def test_a_message_is_edited_in_vi(desk: Desk, open_terminal: OpenTerminal) -> None:  # E9
    terminal = open_terminal(columns=80, rows=24)
    desk.open(terminal, "vi")
    terminal.type("a mesage")
    terminal.press("Enter")
    terminal.wait_for("✓✓")
    terminal.press("Up", "e")
    terminal.wait_for("Editing: a mesage")
    terminal.press("M-e")
    terminal.wait_for("message.md")
    terminal.resize(100, 30)
    terminal.type(":%s/mesage/message/")
    terminal.press("Enter")
    terminal.wait_for("a message")
    terminal.type("othe second line")
    terminal.press("Escape")
    terminal.type(":wq")
    terminal.press("Enter")
    terminal.wait_for("› a message")
    screen = terminal.wait_for("the second line")
    assert "Editing: a mesage" in screen
    terminal.press("Enter")
    terminal.wait_for("› Message talk")
    terminal.wait_for("edited")
    terminal.press("C-q")
    terminal.wait_for("left-with-0")


@pytest.mark.skipif(shutil.which("ed") is None, reason="ed is not installed")
def test_a_line_editor_has_its_interrupts(desk: Desk, open_terminal: OpenTerminal) -> None:  # E3
    terminal = open_terminal(columns=80, rows=24)
    desk.open(terminal, "ed -p ed-is-here")
    terminal.type("one")
    terminal.press("M-e")
    terminal.wait_for("ed-is-here")
    terminal.press("C-c")
    terminal.wait_for("?")
    for line in ("a", "two", ".", "wq"):
        terminal.type(line)
        terminal.press("Enter")
    terminal.wait_for("› one")
    terminal.wait_for("two")
    terminal.press("C-q")
    terminal.wait_for("left-with-0")
