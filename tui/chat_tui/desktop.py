"""Show a notice on the desktop: by the system's own program, or by asking the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from chat_tui.notices import Notice, summed_up

__all__ = ["Desktop", "asked_of_terminal", "program_for"]

_LOG = logging.getLogger(__name__)
PATIENCE: Final = 5.0
"""Seconds that the program may take; while it runs, further notices gather and become one."""
_APPLE: Final = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)
_MARKUP: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def program_for(
    notice: Notice,
    *,
    platform: str = sys.platform,
    environment: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
) -> tuple[str, ...]:
    """The command that shows a notice here, empty where there is none: no desktop, or nothing installed.

    Texts are arguments of their own and never part of a script; notification servers read a body as markup.
    """
    if platform == "darwin":
        program = which("osascript")
        script = tuple(part for line in _APPLE for part in ("-e", line))
        return (program, *script, "--", notice.title, notice.body) if program else ()
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return ()
    program = which("notify-send")
    body = notice.body.translate(_MARKUP)
    return (program, "--app-name=chat-tui", "--category=im.received", "--", notice.title, body) if program else ()


def asked_of_terminal(notice: Notice, way: str, *, in_tmux: bool = False) -> str:
    """The escape sequence that has a terminal show a notice: OSC 9 (one text) or OSC 777 (title; text).

    Inside tmux it is wrapped, so that it gets through where `allow-passthrough` is on.
    """
    title, body = (_plain(text) for text in (notice.title, notice.body))
    if way == "osc777":
        sequence = f"\x1b]777;notify;{title.replace(';', ',')};{body}\x07"
    else:
        sequence = f"\x1b]9;{title}: {body}\x07"
    if in_tmux:
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence


def _plain(text: str) -> str:
    """The text without anything that could end or begin a sequence."""
    return "".join(character for character in text if character.isprintable())


class Desktop:
    """Shows notices one after the other; what comes while one is being shown is summed up in the next."""

    def __init__(
        self,
        way: Callable[[], str],
        write: Callable[[str], object],
        find: Callable[[Notice], Sequence[str]] = program_for,
    ) -> None:
        """`way` gives the setting notify.desktop; `write` sends to the terminal what is no text of the screen."""
        self._way = way
        self._write = write
        self._find = find
        self._waiting: list[Notice] = []
        self._task: asyncio.Task[None] | None = None

    def show(self, notices: Sequence[Notice]) -> None:
        """Show these as soon as possible; never blocks."""
        way = self._way()
        if not notices or way == "off":
            return
        if way in {"osc9", "osc777"}:
            self._write(asked_of_terminal(summed_up(notices), way, in_tmux=bool(os.environ.get("TMUX"))))
            return
        self._waiting += notices
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Show nothing any more; a program that still runs is ended."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._waiting:
                notice = summed_up(self._waiting)
                self._waiting.clear()
                if command := self._find(notice):
                    await _run(command)
        finally:
            self._task = None


async def _run(command: Sequence[str]) -> None:
    """Run a program to its end, for a few seconds at most; what it could not do is logged without its texts."""
    nothing = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=nothing, stdout=nothing, stderr=nothing)
    except OSError as error:
        _LOG.warning("%s cannot be run (%s)", command[0], error.strerror)
        return
    try:
        async with asyncio.timeout(PATIENCE):
            code = await process.wait()
        if code:
            _LOG.warning("%s ended with %s", command[0], code)
    except TimeoutError:
        _LOG.warning("%s took more than %s s", command[0], PATIENCE)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
