"""Run the real program in real processes: a server, and clients with data folders of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

PATIENCE = 30.0
PROGRAM = (sys.executable, "-m", "chat_tui")


class Running:
    """A process that goes on, and its lines of standard output as they come."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def line(self) -> str:
        """The next line."""
        try:
            return self._lines.get(timeout=PATIENCE).rstrip("\n")
        except Empty:
            self.process.kill()
            raise AssertionError(f"no line came: {self.process.communicate()[1]}") from None

    def shows(self, text: str, seconds: float) -> bool:
        """Whether an event with this text is told in time; what is told before it is dropped."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left)
            except Empty:
                return False
            if json.loads(line)["text"] == text:
                return True
        return False

    def rest(self) -> list[str]:
        """The lines that nobody has taken, once the process has ended."""
        self._reader.join(PATIENCE)
        return [self._lines.get_nowait().rstrip("\n") for _ in range(self._lines.qsize())]

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; gives the exit code and standard error."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait for the end; gives the exit code and standard error."""
        assert self.process.stderr is not None
        error = self.process.stderr.read()
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.stderr.close()
        return code, error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.wait()


class Server(Running):
    """A server on a free port, or on the given one."""

    def __init__(self, *arguments: str, port: int = 0) -> None:
        super().__init__("server", "--port", str(port), *arguments)
        self.url = self.line().removeprefix("Listening on ")
        self.port = int(self.url.rpartition(":")[2])


class Done:
    """What a command that has ended left."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code = done.returncode
        self.out = done.stdout
        self.error = done.stderr

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def sentence(self) -> str:
        """Its standard error, which must be one sentence from the program."""
        assert self.error.startswith("chat-tui: "), self.error
        assert self.error.count("\n") == 1, self.error
        return self.error


class Client:
    """One person's data folder."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            "CHAT_TUI_DATA_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder / "no-config"),
            "CHAT_TUI_SECRETS": "file",  # never the keyring of whoever runs the tests
        }
        self.folder = folder

    def __call__(self, *arguments: str, stdin: str = "") -> Done:
        """Run a command to its end."""
        done = subprocess.run(
            [*PROGRAM, *arguments],
            env={**os.environ, **self.environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Done(done)

    def start(self, *arguments: str) -> Running:
        """Run a command that goes on."""
        return Running(*arguments, **self.environment)

    def login(self, url: str, user: str, password: str = "pw", name: str = "home") -> Done:
        """Sign in."""
        return self("login", name, "--url", url, "--user", user, "--password-stdin", stdin=f"{password}\n")
