"""Look words up with a program that speaks the ispell pipe protocol: aspell, hunspell, enchant; its answers are not trusted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from chat_tui.strings import _
from chat_tui_core.errors import LocalError
from chat_tui_core.safe_text import one_line
from chat_tui_core.values import frozen

__all__ = ["PROGRAMS", "SpellChecker", "add_own_word", "command_for", "own_words", "trouble"]

_LOG = logging.getLogger(__name__)

PROGRAMS: Final = ("aspell", "hunspell", "enchant-2")
"""In the order in which they are looked for."""
STILL: Final = 0.3
"""Seconds for which words are gathered before they are looked up."""
PATIENCE: Final = 10.0
"""Seconds that the program has for one word; it may have to read its dictionaries first."""
RESTARTS: Final = 3
"""How often a program that fails is started again."""
KNOWN: Final = 5_000
"""Words of which it is known whether they are right."""
AT_ONCE: Final = 500
"""Words that wait at most; of more, the newest."""
LINES: Final = 50
"""Lines of an answer at most."""
LONGEST_LINE: Final = 1 << 16
SUGGESTED: Final = 8
"""Suggestions that are offered."""
LONGEST: Final = 60
OWN: Final = "words.txt"
OWN_BYTES: Final = 1 << 20


@frozen
class Answer:
    """What a program says of a word."""

    right: bool
    suggestions: tuple[str, ...] = ()


def command_for(
    language: str, program: str = "auto", which: Callable[[str], str | None] = shutil.which
) -> tuple[str, ...]:
    """The command that looks words of a language up. Raises LocalError where nothing that does is installed."""
    wanted = PROGRAMS if program == "auto" else (program,)
    found = next(filter(which, wanted), "")
    if not found:
        raise LocalError(_("To check spelling, install {programs}.").format(programs=" / ".join(wanted)))
    if found == "aspell":
        return (found, "-a", "--encoding=utf-8", f"--lang={language}")
    return (found, "-a", *(("-i", "utf-8") if found == "hunspell" else ()), "-d", language)


def trouble(command: Sequence[str]) -> str:
    """Why a command cannot look words up, "" where it can; for a thread."""
    import subprocess

    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603
            command, input=b"^a\n", capture_output=True, check=False, timeout=PATIENCE, env=environment
        )
        if done.stdout.startswith(b"@"):
            return ""
    return _no_dictionary(command)


def _no_dictionary(command: Sequence[str]) -> str:
    return _("{program} cannot check the spelling; has it a dictionary for the language that is set?").format(
        program=Path(command[0]).name
    )


def own_words(folder: Path) -> frozenset[str]:
    """The person's own words, which stand in a file, one a line; for a thread."""
    try:
        with (folder / OWN).open("rb") as file:
            text = file.read(OWN_BYTES).decode("utf-8", "replace")
    except OSError:
        return frozenset()
    return frozenset(line.strip().casefold() for line in text.splitlines() if line.strip())


def add_own_word(folder: Path, word: str) -> None:
    """Add a word to the person's own; for a thread. Raises LocalError."""
    path = folder / OWN
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = path.read_bytes() if path.exists() else b""
        gap = b"" if not text or text.endswith(b"\n") else b"\n"
        with path.open("ab") as file:
            file.write(gap + word.encode() + b"\n")
    except OSError as error:
        raise LocalError(_("{path} cannot be written ({why}).").format(path=path, why=error.strerror)) from error


def _read_answer(lines: Iterable[str]) -> Answer:
    """What the lines of an answer say: `&` with near misses, `?` with guesses, `#` with neither."""
    right, suggestions = True, list[str]()
    for line in lines:
        if line[:1] in {"&", "?", "#"}:
            right = False
            _about, colon, misses = line.partition(": ")
            suggestions += [one_line(miss.strip(), LONGEST) for miss in misses.split(",")] if colon else []
    kept = dict.fromkeys(word for word in suggestions if word and word.isprintable())
    return Answer(right, tuple(kept)[:SUGGESTED])


class SpellChecker:
    """Knows of words whether they are right, and has those looked up that it does not know; nobody waits for it."""

    def __init__(self, command: Sequence[str], told: Callable[[], None], failed: Callable[[str], None]) -> None:
        """`told` is called when more is known, and `failed` once, with a sentence, when the program is given up."""
        self._command = tuple(command)
        self._told = told
        self._failed = failed
        self._known: OrderedDict[str, Answer] = OrderedDict()
        self._wanted: dict[str, None] = {}
        self._starts = 0
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._asking = asyncio.Lock()
        self.own: frozenset[str] = frozenset()
        """The person's own words, in small letters."""

    @property
    def given_up(self) -> bool:
        """Whether the program failed too often."""
        return self._starts > RESTARTS

    def is_wrong(self, word: str) -> bool | None:
        """Whether a word is misspelled; None while it is not known."""
        if self.own and word.casefold() in self.own:
            return False
        answer = self._known.get(word)
        return None if answer is None else not answer.right

    def ask(self, words: Iterable[str]) -> None:
        """Have words looked up soon."""
        if self.given_up:
            return
        for word in words:
            self._wanted[word] = None
        while len(self._wanted) > AT_ONCE:
            self._wanted.pop(next(iter(self._wanted)))
        if self._wanted and self._task is None:
            self._task = asyncio.create_task(self._work())

    async def suggestions(self, word: str) -> tuple[str, ...]:
        """What could be meant by a word, empty where it is right, or nothing is like it. Raises LocalError."""
        if word not in self._known:
            await self._look_up(word)
        if word not in self._known:
            raise LocalError(_no_dictionary(self._command))
        return self._known[word].suggestions

    async def close(self) -> None:
        """End the program."""
        self._starts = RESTARTS + 1
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._end()

    # ------------------------------------------------------------ the program

    async def _work(self) -> None:
        try:
            await asyncio.sleep(STILL)
            while self._wanted and not self.given_up:
                some = list(self._wanted)
                self._wanted.clear()
                for word in some:
                    if word not in self._known and not self.given_up:
                        await self._look_up(word)
                self._told()
        finally:
            self._task = None
        if self.given_up:
            self._failed(_no_dictionary(self._command))

    async def _look_up(self, word: str) -> None:
        """Ask about a word; a program that fails is ended, and may be started for the next one."""
        async with self._asking:
            if self.given_up or not (word.isprintable() and word.strip()):
                return
            try:
                async with asyncio.timeout(PATIENCE):
                    process = self._process or await self._start()
                    self._known[word] = await _answer(process, word)
                while len(self._known) > KNOWN:
                    self._known.popitem(last=False)
            except (OSError, ValueError, EOFError, TimeoutError) as error:
                _LOG.warning("%s failed (%s)", self._command[0], type(error).__name__)
                await self._end()

    async def _start(self) -> asyncio.subprocess.Process:
        """Start the program and read the line with which it begins. Raises OSError, EOFError, ValueError."""
        self._starts += 1
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=pipe,
            stdout=pipe,
            stderr=nothing,
            limit=LONGEST_LINE,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        if not (await _line(process)).startswith("@"):
            raise ValueError
        return process

    async def _end(self) -> None:
        """Have the program end, whatever it is doing, and however much it wants to say."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - else its pipes stay open
            await process.wait()


async def _answer(process: asyncio.subprocess.Process, word: str) -> Answer:
    """Raises EOFError, OSError, ValueError for what is no answer."""
    if process.stdin is None:
        raise EOFError
    process.stdin.write(f"^{word}\n".encode())
    await process.stdin.drain()
    lines: list[str] = []
    while line := await _line(process):
        lines.append(line)
        if len(lines) > LINES:
            raise ValueError
    return _read_answer(lines)


async def _line(process: asyncio.subprocess.Process) -> str:
    """A line of the program without its end. Raises EOFError at the end, ValueError for one that is too long."""
    line = await process.stdout.readline() if process.stdout is not None else b""
    if not line.endswith(b"\n"):
        raise EOFError
    return line.decode("utf-8", "replace").rstrip("\r\n")
