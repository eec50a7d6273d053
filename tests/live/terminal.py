"""Drive the real program in a real terminal: tmux, a server socket of its own for each test."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

PATIENCE: Final = 20.0
TMUX: Final = shutil.which("tmux")


class Terminal:
    """One tmux pane of a fixed size. `home` is the empty HOME that the program sees."""

    def __init__(self, folder: Path, name: str = "t", columns: int = 120, rows: int = 40) -> None:
        self.home = folder / f"home-{name}"
        self.home.mkdir(parents=True, exist_ok=True)
        self.size = (columns, rows)
        self._socket = f"chat-tui-{os.getpid()}-{folder.name}-{name}"

    def start(self, *arguments: str, **environment: str) -> None:
        """Run `chat-tui` with these arguments behind a shell, so that what it leaves on the terminal can be seen."""
        command = shlex.join([sys.executable, "-m", "chat_tui", *arguments])
        settings = {"HOME": str(self.home), "TERM": "tmux-256color", "LANG": "C.UTF-8", "PS1": "shell> "}
        settings |= {"CHAT_TUI_SECRETS": "file", **environment}  # never the keyring of whoever runs the tests
        exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
        columns, rows = self.size
        self._tmux(
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            str(columns),
            "-y",
            str(rows),
            f"env -u COLUMNS -u LINES {exports} sh",
        )
        self._tmux("set-option", "-g", "status", "off")
        self.resize(columns, rows)  # else tmux may fall back to 80x24 while nobody is attached
        self.wait_for("shell>")
        self.type(f"cd {shlex.quote(str(self.home))}; {command}; echo left-with-$?")
        self.press("Enter")

    def type(self, text: str) -> None:
        """Type literal text."""
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names (Enter, PPage, C-q, M-1 …)."""
        self._tmux("send-keys", *keys)

    def paste(self, text: str) -> None:
        """Paste text as a bracketed paste."""
        self._tmux("load-buffer", "-", stdin=text)
        self._tmux("paste-buffer", "-p", "-d")

    def screen(self, *, styled: bool = False) -> str:
        """What the pane shows now; with its escape sequences when `styled`."""
        return self._tmux("capture-pane", "-p", *(["-e"] if styled else []))

    def lines(self) -> list[str]:
        """The screen's lines without trailing blanks."""
        return [line.rstrip() for line in self.screen().splitlines()]

    def wait_for(self, text: str, seconds: float = PATIENCE) -> str:
        """Wait until the screen shows a text; the screen is in the error when it never does."""
        return self._until(lambda screen: text in screen, f"{text!r} never came", seconds)

    def wait_gone(self, text: str, seconds: float = PATIENCE) -> str:
        """Wait until the screen no longer shows a text."""
        return self._until(lambda screen: text not in screen, f"{text!r} never went", seconds)

    def go_to_room(self, name: str) -> None:
        """Open a room of the app by Ctrl+K."""
        self.press("C-k")
        self.wait_for("Go to room")
        self.type(name)
        self.press("Enter")
        self.wait_gone("Go to room")

    def pid(self) -> int:
        """The process id of the running program."""
        shell = self._tmux("display-message", "-p", "#{pane_pid}").strip()
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="ascii").split()
        return int(children[0])

    def resize(self, columns: int, rows: int) -> None:
        """Give the pane another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def close(self) -> None:
        """End the terminal and everything in it."""
        subprocess.run(self._command("kill-server"), capture_output=True, check=False, timeout=10)

    def _until(self, condition: object, complaint: str, seconds: float) -> str:
        assert callable(condition)
        end = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if condition(screen):
                return screen
            if time.monotonic() > end:
                raise AssertionError(f"{complaint} within {seconds} s; the screen is:\n{screen}")
            time.sleep(0.05)

    def _command(self, *arguments: str) -> list[str]:
        assert TMUX is not None
        return [TMUX, "-L", self._socket, *arguments]

    def _tmux(self, *arguments: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            self._command(*arguments), input=stdin, capture_output=True, text=True, check=False, timeout=10
        )
        if done.returncode:
            raise AssertionError(f"tmux {arguments[0]}: {done.stderr.strip()}")
        return done.stdout
