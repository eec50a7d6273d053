"""Files that are sent: what they are, their digest, and whether they are still the same. Blocking: for threads."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from chat_tui_core.errors import FileTrouble
from chat_tui_core.file_news import Ending
from chat_tui_core.session.files.trouble import Broken, explain

_PIECE: Final = 1 << 20
_CHANGED: Final = "{path} is not what it was when it was offered."


def examine(path: Path) -> tuple[int, str]:
    """Size and stamp of a file; raises FileTrouble with a sentence for what is no file, not there, or not readable."""
    try:
        with Source(path) as source:
            return source.facts()
    except OSError as error:
        raise explain(error, path) from error


def digest(path: Path, going_on: Callable[[], bool]) -> tuple[int, str, str]:
    """Size, stamp and SHA-256 of a file as it is now; raises FileTrouble, also while somebody writes to it.

    `going_on` is asked now and then; when it says no, FileTrouble is raised.
    """
    try:
        with Source(path) as source:
            before, hasher = source.facts(), sha256()
            offset = 0
            while piece := os.pread(source.fd, _PIECE, offset):
                if not going_on():
                    raise FileTrouble("Not needed any more.")
                hasher.update(piece)
                offset += len(piece)
                if offset > before[0]:
                    break  # it grows: reading on might never end
            if source.facts() != before or offset != before[0]:
                raise FileTrouble(f"{path} is just being written to.")
            return *before, hasher.hexdigest()
    except OSError as error:
        raise explain(error, path) from error


class Source:
    """An open file that is sent. `stamp` is what it was when its digest was computed."""

    def __init__(self, path: Path, stamp: str = "") -> None:
        """Open it; raises OSError, or FileTrouble where it is no file."""
        self.path = path
        self._stamp = stamp
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not make anybody wait
        try:
            mode = os.fstat(self.fd).st_mode
            if not stat.S_ISREG(mode):
                what = "a folder" if stat.S_ISDIR(mode) else "no file"
                raise FileTrouble(f"{path} is {what}: only files can be sent.")
        except BaseException:
            self.close()
            raise

    def facts(self) -> tuple[int, str]:
        """Size and stamp, as of now."""
        found = os.fstat(self.fd)
        return found.st_size, f"{found.st_size}:{found.st_mtime_ns}"

    def read(self, offset: int, length: int) -> bytes:
        """Exactly these bytes. Raises OSError, Broken where the file is no longer what was offered."""
        data = os.pread(self.fd, length, offset)
        while 0 < len(data) < length and (more := os.pread(self.fd, length - len(data), offset + len(data))):
            data += more
        if len(data) < length or self.facts()[1] != self._stamp:
            raise Broken(_CHANGED.format(path=self.path), Ending.IO)
        return data

    def close(self) -> None:
        """Release it; a second call does nothing."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def reopened(path: Path, stamp: str, wanted: str, going_on: Callable[[], bool]) -> tuple[Source, str]:
    """The source of an upload that goes on, and its stamp; its digest is computed again where size or time differ.

    Raises FileTrouble; Broken where it is no longer what was offered.
    """
    size_then = int(stamp.partition(":")[0] or 0)
    try:
        with Source(path) as source:
            size, now = source.facts()
        if now != stamp and (size != size_then or digest(path, going_on)[1:] != (now, wanted)):
            raise Broken(_CHANGED.format(path=path), Ending.IO)
        return Source(path, now), now
    except OSError as error:
        raise explain(error, path) from error
