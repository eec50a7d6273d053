"""Run a chat server, or a part of a benchmark, in a process of its own; look at its memory, end it or kill it (Linux)."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE: Final = 30.0


class Process:
    """A Python program whose standard output is read line by line, and which ends with the block."""

    def __init__(self, *arguments: str) -> None:
        paths = (str(ROOT / "tui"), str(ROOT / "backends"), str(ROOT))
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._rest = b""

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def line(self, seconds: float = PATIENCE) -> str:
        """Give its next line; raises TimeoutError, or EOFError when it has ended."""
        out = self._process.stdout
        assert out is not None  # noqa: S101 - a pipe was asked for
        end = time.monotonic() + seconds
        while b"\n" not in self._rest:
            ready, _, _ = select.select([out], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise TimeoutError(f"process {self.pid} says nothing")
            more = os.read(out.fileno(), 1 << 16)
            if not more:
                raise EOFError(f"process {self.pid} has ended with {self._process.wait()}")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - a pipe was asked for
        pipe.write(f"{line}\n".encode())
        pipe.flush()

    def memory(self) -> int:
        """Give the bytes that it holds in memory now."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * resource.getpagesize()

    def processor(self) -> float:
        """Give the seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def runs(self) -> bool:
        """Say whether it has not ended yet."""
        return self._process.poll() is None

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and give the exit code, once it has ended."""
        if self.runs():
            self._process.send_signal(number)
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.end(signal.SIGKILL)


_LOGGING: Final = """
import logging, sys
logging.basicConfig(level=logging.INFO, filename=sys.argv.pop(1))
from chat_tui.__main__ import main
sys.exit(main())
"""


class ServerProcess(Process):
    """`chat-tui server`, which keeps everything in `data`: with `welcome` it lets everybody in, with `log` it logs."""

    def __init__(
        self, data: Path, port: int = 0, rate: int = 1_000_000, *, welcome: bool = True, log: bool = False
    ) -> None:
        self._log = data.with_suffix(".log")
        program = ("-c", _LOGGING, str(self._log)) if log else ("-m", "chat_tui")
        options = ["--data", str(data), "--port", str(port), "--rate", str(rate)]
        super().__init__(*program, "server", *options, *(["--open"] if welcome else []))
        self.url = self.line().removeprefix("Listening on ")
        self.port = int(self.url.rpartition(":")[2])

    def logged(self, words: str) -> int:
        """Give how often these words are in the server's log."""
        return self._log.read_text(encoding="utf-8").count(words)


def allow_many_files() -> None:
    """Let this process open as many sockets as the system lets it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
