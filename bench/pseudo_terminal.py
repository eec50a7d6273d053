"""Run a program in a pseudo-terminal and tell when its output shows something, and what that has cost."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

ASKS_SYNC: Final = b"\x1b[?2026$p"
HAS_SYNC: Final = b"\x1b[?2026;2$y"
_NOT_OURS: Final = ("COLUMNS", "LINES", "NO_COLOR", "PYTHONDONTWRITEBYTECODE", "TEXTUAL_DRIVER", "TEXTUAL_FPS")


def environment(settings: dict[str, str]) -> dict[str, str]:
    """This process's environment with `settings`, without what would make a program behave otherwise than for people."""
    return {name: value for name, value in os.environ.items() if name not in _NOT_OURS} | settings


class NeverShown(Exception):
    """A program did not show in time what it was waited for."""


class Piece(NamedTuple):
    """Output that came at once: when (seconds), and how much processor time the program had used by then."""

    at: float
    cpu: float
    output: bytes


class PseudoTerminal:
    """A program in a terminal of its own that answers the question for synchronised output.

    Times are seconds on time.perf_counter's clock. A thread reads all the time and notes when each piece came.
    """

    def __init__(
        self, command: Sequence[str], columns: int = 120, rows: int = 40, settings: dict[str, str] | None = None
    ) -> None:
        terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._master, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, columns * 8, rows * 16))
        self.started = time.perf_counter()
        self._program = subprocess.Popen(
            command,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=environment(terminal | (settings or {})),
            start_new_session=True,
        )
        os.close(inner)
        self._pieces: list[Piece] = []
        self._more = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _read(self) -> None:
        while not self._ended:
            if not select.select([self._master], [], [], 0.2)[0]:
                continue
            try:
                output = os.read(self._master, 65_536)
            except OSError:  # the program has ended
                break
            came = Piece(time.perf_counter(), self._cpu(), output)
            if ASKS_SYNC in output:
                os.write(self._master, HAS_SYNC)
            with self._more:
                self._pieces.append(came)
                self._more.notify_all()
        with self._more:
            self._ended = True
            self._more.notify_all()

    def mark(self) -> int:
        """The present place in the output, for `shown`."""
        with self._more:
            return len(self._pieces)

    def shown(self, text: str, since: int = 0, patience: float = 20.0) -> Piece:
        """The piece of output that completed `text` after a mark; raises NeverShown."""
        wanted, seen, end = text.encode(), b"", time.perf_counter() + patience
        with self._more:
            while True:
                for piece in self._pieces[since:]:
                    since += 1
                    seen = seen[-len(wanted) :] + piece.output
                    if wanted in seen:
                        return piece
                left = end - time.perf_counter()
                if left <= 0 or self._ended:
                    output = b"".join(piece.output for piece in self._pieces)
                    raise NeverShown(f"{text!r}; the last output: {output[-2000:]!r}")
                self._more.wait(left)

    def send(self, keys: str) -> float:
        """Type keys; gives when."""
        at = time.perf_counter()
        os.write(self._master, keys.encode())
        return at

    def echo(self, key: str) -> float:
        """Seconds from a key to the first output that holds it. The key must be on the screen nowhere else."""
        mark = self.mark()
        sent = self.send(key)
        return self.shown(key, mark).at - sent

    def quiet(self, gap: float = 0.4, patience: float = 20.0) -> None:
        """Wait until nothing has come for `gap` seconds; raises NeverShown."""
        end = time.perf_counter() + patience
        while time.perf_counter() < end:
            with self._more:
                last = self._pieces[-1].at if self._pieces else time.perf_counter()
            if time.perf_counter() - last > gap:
                return
            time.sleep(gap / 8)
        raise NeverShown("quiet")

    def _cpu(self) -> float:
        """Seconds of processor time that the program has used so far, all its threads together (Linux)."""
        clock = (~self._program.pid << 3) | 2  # what clock_getcpuclockid(3) gives for a process
        with contextlib.suppress(OSError):
            return time.clock_gettime(clock)
        return 0.0  # it has ended

    def memory(self) -> float:
        """Mebibytes that the program has resident (Linux)."""
        status = Path(f"/proc/{self._program.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024

    def close(self) -> None:
        """End the program."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._program.pid, signal.SIGKILL)
        self._program.wait()
        self._ended = True
        self._reader.join()
        os.close(self._master)
