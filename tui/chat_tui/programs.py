"""Run a program for a person's own command: what it may say and how long it may take is bounded, and it ends with the app."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chat_tui.strings import _
from chat_tui_core.errors import LocalError
from chat_tui_core.safe_text import harmless, one_line
from chat_tui_core.secrets import TOKEN_VARIABLE

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from chat_tui.own_tables import OwnCommand

__all__ = ["MOST", "Programs"]

_LOG = logging.getLogger(__name__)

MOST: Final = 65_536
"""Bytes of output that are taken."""
TAIL: Final = 4_096
"""Bytes of what it says of faults that are kept, the last ones."""
END_SECONDS: Final = 3.0
"""After being killed a program has so long to be gone before it is waited for no more."""
PIECE: Final = 16_384


class Programs:
    """What runs of a person's own commands: each at most once at a time. Needs a running loop when something is run."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[str]] = {}

    async def run(self, own: OwnCommand, words: Sequence[str], told: Mapping[str, Any]) -> str:
        """Run a command's program with `words` behind its arguments; gives what it says on standard output, harmless.

        `told` is on its standard input, as one JSON object. Raises LocalError: it runs already, cannot be run, failed,
        said too much, took too long, or was stopped. Whoever is cancelled here has ended it with all that it began.
        """
        if own.name in self._running:
            raise LocalError(_("/{name} still runs; Esc stops it.").format(name=own.name))
        task = self._running[own.name] = asyncio.create_task(_carried_out(own, words, told))
        try:
            return await task
        except asyncio.CancelledError:
            waits = asyncio.current_task()
            if waits is not None and waits.cancelling():
                await _gone(task)
                raise
            raise LocalError(_("/{name} was stopped.").format(name=own.name)) from None
        finally:
            del self._running[own.name]

    def stop(self) -> bool:
        """End all that runs; says whether there was anything."""
        for task in self._running.values():
            task.cancel()
        return bool(self._running)


async def _gone(task: asyncio.Task[str]) -> None:
    """Wait for a task that is being cancelled."""
    task.cancel()
    await asyncio.wait((task,), timeout=END_SECONDS)


async def _carried_out(own: OwnCommand, words: Sequence[str], told: Mapping[str, Any]) -> str:
    process = await _started(own, words)
    said, faults, code = _Said(process), _Faults(), None
    try:
        async with asyncio.timeout(own.timeout):
            await asyncio.gather(_feed(process, told), said.read(), faults.read(process))
            code = await process.wait()
    except TimeoutError:
        raise LocalError(
            _("/{name} was stopped: it took longer than {seconds:g} s.").format(name=own.name, seconds=own.timeout)
        ) from None
    finally:
        _LOG.debug("/%s ended with code %s", own.name, code)  # and nothing of what it was told or said
        if code is None:
            _kill(process)
        await _ended(process)
    if said.too_much:
        raise LocalError(
            _("/{name} was stopped: it said more than {most} KiB.").format(name=own.name, most=MOST // 1024)
        )
    if code:
        raise LocalError(_failure(own.name, code, faults.last))
    return _plain(said.text)


async def _started(own: OwnCommand, words: Sequence[str]) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            _called(own.run[0]),
            *own.run[1:],
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not name.startswith(TOKEN_VARIABLE)},
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "") or _("its arguments cannot be given to a program")
        raise LocalError(
            _("/{name} cannot run {program}: {why}.").format(name=own.name, program=one_line(own.run[0], 80), why=why)
        ) from error


def _called(program: str) -> str:
    """A path of a program, or a name that is looked for in PATH."""
    return str(Path(program).expanduser()) if os.sep in program else program


async def _feed(process: Process, told: Mapping[str, Any]) -> None:
    """Write what it is told; a program need not read it."""
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(json.dumps(dict(told)).encode() + b"\n")
        await process.stdin.drain()
    process.stdin.close()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await process.stdin.wait_closed()


class _Said:
    """What a program says, as far as it is taken."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def too_much(self) -> bool:
        """Whether it said more than is taken."""
        return self._size > MOST

    @property
    def text(self) -> str:
        """All that it said, as text."""
        return b"".join(self._parts).decode("utf-8", "replace")

    async def read(self) -> None:
        """Read until it says no more; whoever says too much is ended."""
        source = self._process.stdout
        while source is not None and (part := await source.read(PIECE)):
            self._size += len(part)
            if self.too_much:
                _kill(self._process)
                return
            self._parts.append(part)


class _Faults:
    """What a program says of faults; the end of it is kept."""

    def __init__(self) -> None:
        self._tail = b""

    @property
    def last(self) -> str:
        """The last line that says anything."""
        lines = _plain(self._tail.decode("utf-8", "replace")).split("\n")
        return next((one_line(line, 200) for line in reversed(lines) if line.strip()), "")

    async def read(self, process: Process) -> None:
        """Read until it says no more."""
        while process.stderr is not None and (part := await process.stderr.read(PIECE)):
            self._tail = (self._tail + part)[-TAIL:]


def _kill(process: Process) -> None:
    """End a program and all that it began, which is in its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _ended(process: Process) -> None:
    """Wait until a program is gone, which has ended or was killed."""
    if process.returncode is None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()  # what it began elsewhere may still hold its pipes


def _failure(name: str, code: int, last: str) -> str:
    if last:
        return _("/{name} failed: {why}").format(name=name, why=last)
    if code < 0:
        return _("/{name} was ended by signal {number}.").format(name=name, number=-code)
    return _("/{name} failed with code {code} and said nothing of why.").format(name=name, code=code)


def _plain(text: str) -> str:
    """The text without what only a terminal would understand, and harmless."""
    return harmless(_sequences().sub("", text)).strip("\n")


@cache
def _sequences() -> re.Pattern[str]:
    """Finds colours, movements and titles for terminals (ECMA-48, 5.4 to 5.6)."""
    return re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[ -/]*[0-~])")
