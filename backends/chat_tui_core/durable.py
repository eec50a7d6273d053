"""Write bytes to a file so that they are there after a power cut."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

STAYS = 16 << 20
"""The last bytes of a growing file that stay in the system's memory when they are on the disk: they are read soon."""

_MOST_PARTS = 512  # of one call to the system


def write_parts(fd: int, offset: int, parts: Sequence[bytes | memoryview]) -> None:
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


def let_go(fd: int, offset: int, length: int) -> None:
    """These bytes, the last of the file, were just synced: what lies STAYS before them need not stay in the system's memory.

    So a large file does not push out what others have there, and its next bytes find memory at hand: on a virtual
    machine memory that was not used for a while costs more processor time than all the rest of writing.
    """
    end = offset + length - STAYS
    if end > 0 and hasattr(os, "posix_fadvise"):
        start = max(0, offset - 2 * STAYS)  # a block of memory on the edge of what was let go before goes with this
        with contextlib.suppress(OSError):
            os.posix_fadvise(fd, start, end - start, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: Path) -> None:
    """Wait until names that were made or changed in a folder are on its disk, where the system can do that."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
