"""Keep small pictures that a server gave, in a folder of bounded size; waits for the disk, so: for threads."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import Final

__all__ = ["MOST", "MOST_EACH", "PictureCache"]

MOST: Final = 32 << 20
"""Bytes of all pictures of an account together."""
MOST_EACH: Final = 1 << 20
"""Bytes of one picture; a larger one is not taken."""
MOST_FILES: Final = 2_000


class PictureCache:
    """A folder of the account's own. What cannot be read or written is as if it were not there."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self._folder = folder
        self._most = most

    def get(self, address: str) -> bytes | None:
        """The picture that was kept under this address."""
        path = self._path(address)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(fd, "rb") as file:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    return None
                data = file.read(MOST_EACH + 1)
            os.utime(path)  # it is the newest again
        except OSError:
            return None
        return data if data and len(data) <= MOST_EACH else None

    def put(self, address: str, data: bytes) -> None:
        """Keep a picture; the oldest ones go where it gets too much."""
        if not 0 < len(data) <= MOST_EACH:
            return
        path = self._path(address)
        fresh = path.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
            fresh.replace(path)
            self._make_room()
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)

    def _path(self, address: str) -> Path:
        """Whatever an address holds, its file's name is of our making."""
        return self._folder / hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:40]

    def _make_room(self) -> None:
        with os.scandir(self._folder) as entries:
            files = [(entry.stat(follow_symlinks=False), entry.path) for entry in entries]
        files.sort(key=lambda one: one[0].st_mtime_ns)
        size, count = sum(one.st_size for one, _ in files), len(files)
        for one, path in files:
            if size <= self._most and count <= MOST_FILES:
                return
            os.unlink(path)  # noqa: PTH108 - of an entry of scandir
            size -= one.st_size
            count -= 1
