"""Write bytes to a file so that they are there after a power cut."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

_MOST_PARTS = 512  # of one call to the system


def write_parts(fd: int, offset: int, parts: Sequence[bytes]) -> None:
    """Write these bytes one after the other, beginning at `offset`. Raises OSError; then some may be there."""
    for first in range(0, len(parts), _MOST_PARTS):
        some = parts[first : first + _MOST_PARTS]
        wanted = sum(map(len, some))
        written = os.pwritev(fd, some, offset) if wanted else 0
        if written < wanted:
            _write_rest(fd, offset, memoryview(b"".join(some)), written)
        offset += wanted


def _write_rest(fd: int, offset: int, data: memoryview, done: int) -> None:
    while done < len(data):
        done += os.pwrite(fd, data[done:], offset + done)


def sync_file(fd: int) -> None:
    """Wait until what was written to a file is on its disk. Raises OSError."""
    if sys.platform == "darwin":  # there a sync ends in the drive's own memory
        import fcntl

        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(fd)


def sync_folder(folder: Path) -> None:
    """Wait until names that were made or changed in a folder are on its disk, where the system can do that."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
