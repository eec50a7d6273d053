"""The log file: what went wrong and when, without secrets and without anything that people wrote."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Final

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

        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        self._file = RotatingFileHandler(self._path, maxBytes=_BYTES, backupCount=_OLD, encoding="utf-8")
        self._file.setFormatter(_Redacting(_FORMAT))
        return self._file


_secrets: set[str] = set()


def hide(secret: str) -> None:
    """Never write this text to the log, whatever quotes it, nor a long word in it: a secret may hold several tokens.

    A very short one would hide ordinary words instead.
    """
    if len(secret) >= _SHORTEST:
        _secrets.update((secret, *_LONG_WORD.findall(secret)))


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in sorted(_secrets, key=len, reverse=True):
            line = line.replace(secret, "***")
        return line.replace("\x1b", "\ufffd")


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
