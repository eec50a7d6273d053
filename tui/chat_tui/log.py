"""The log file: what went wrong and when, without secrets and without anything that people wrote."""

from __future__ import annotations

import logging
import os
import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from io import TextIOWrapper

_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
_BYTES, _OLD = 1_000_000, 2
_SHORTEST: Final = 4
_LONG_WORD: Final = re.compile(r"[\w.~+/=-]{16,}")
#: Their lines hold frames, and frames hold tokens and messages: never below this level.
_TALKATIVE: Final = ("aiohttp", "asyncio", "keyring", "websockets", "websockets.client", "websockets.server")


def path_in(root: Path) -> Path:
    """Where a data folder's log is."""
    return root / "chat-tui.log"


class LateFile(logging.Handler):
    """A rotating file that is opened by the first line: quick commands that have nothing to say never touch it.

    A log that cannot be written is no reason to stop: such a line is dropped.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            file = self._file or self._open()
        except OSError:
            return
        file.emit(record)

    def close(self) -> None:
        """Close the file, if it was opened."""
        if self._file is not None:
            self._file.close()
        super().close()

    def _open(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler

        class OwnFiles(RotatingFileHandler):
            """Makes the next file for its owner alone, as the first one is."""

            def _open(self) -> TextIOWrapper:
                file = open(self.baseFilename, self.mode, encoding=self.encoding, opener=_own)  # noqa: SIM115
                return cast("TextIOWrapper", file)

        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        self._file = OwnFiles(self._path, maxBytes=_BYTES, backupCount=_OLD, encoding="utf-8")
        self._file.setFormatter(_Redacting(_FORMAT))
        return self._file


def _own(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


_secrets: set[str] = set()


def hide(secret: str) -> None:
    """Never write this text to the log, whatever quotes it, nor a long word in it: a secret may hold several tokens.

    A very short one would hide ordinary words instead.
    """
    if len(secret) >= _SHORTEST:
        _secrets.update((secret, *_LONG_WORD.findall(secret)))


#: Faults whose message tells of the program, and never of what people wrote.
_OF_THE_PROGRAM: Final = (AttributeError, ImportError, NameError, RecursionError, TypeError)


def fault_text(error: BaseException) -> str:
    """A fault with its causes for a log or a report: where it was, and of its message only what tells of the program."""
    parts: list[str] = []
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        where = "".join(traceback.format_tb(now.__traceback__))
        parts.append(f"{where}{type(now).__module__}.{type(now).__qualname__}{_harmless_message(now)}")
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)
    return "\nwhich came of\n".join(parts)


def _harmless_message(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f": {error.strerror}"
    return f": {error}" if type(error) in _OF_THE_PROGRAM else ""


def redacted(text: str) -> str:
    """A text without the secrets that are known, and without control characters."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text.replace("\x1b", "\ufffd")


class _Redacting(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        return fault_text(ei[1]) if ei[1] is not None else ""

    def format(self, record: logging.LogRecord) -> str:
        own = logging.makeLogRecord(record.__dict__)
        own.exc_text = None  # what another handler has made of it
        return redacted(super().format(own))


def start(root: Path, *, debug: bool = False) -> None:
    """Log warnings, or with `debug` every step, to the data folder's file; calling it again changes the place."""
    logger = logging.getLogger()
    for handler in logger.handlers[:]:
        if isinstance(handler, LateFile):
            logger.removeHandler(handler)
            handler.close()
    logger.addHandler(LateFile(path_in(root)))
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)
    logging.raiseExceptions = debug
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def to_standard_error() -> None:
    """Log every step of a server to standard error, where whoever runs it looks (`--debug`)."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
