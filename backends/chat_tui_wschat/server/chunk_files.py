"""The bytes of offered files, a file each, in a folder beside the server's database."""

from __future__ import annotations

import contextlib
import os
import re
from collections import OrderedDict
from collections.abc import Collection, Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from chat_tui_core.durable import let_go, sync_file, sync_folder, write_parts

if TYPE_CHECKING:
    from hashlib import _Hash

_PIECE: Final = 1 << 20
_MOST_HASHES: Final = 256
_ONLY_OURS: Final = 0o600
_OURS: Final = re.compile(r"f[0-9]+").fullmatch


class ChunkFiles:
    """A `ChunkStore` on a disk. The digests of files that grow here are computed on the way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hashes: OrderedDict[int, tuple[int, _Hash]] = OrderedDict()
        self._lock = Lock()

    def keep(self, file: int, offset: int, parts: Sequence[bytes | memoryview]) -> None:
        """See ChunkStore.keep."""
        path = self._path(file)
        new = not path.exists()
        if new:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _ONLY_OURS)
        try:
            write_parts(fd, offset, parts)
            sync_file(fd)
            let_go(fd, offset, sum(map(len, parts)))
        finally:
            os.close(fd)
        if new:
            sync_folder(self._folder)
        self._hash(file, offset, parts)

    def read(self, file: int, offset: int, length: int) -> bytes:
        """See ChunkStore.read."""
        fd = os.open(self._path(file), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            return os.pread(fd, length, offset)
        finally:
            os.close(fd)

    def digest(self, file: int, size: int) -> str:
        """See ChunkStore.digest."""
        with self._lock:
            position, hasher = self._hashes.pop(file, (0, None))
        if hasher is not None and position == size:
            return hasher.hexdigest()
        hasher = sha256()
        with self._path(file).open("rb", buffering=0) as body:
            while size > 0 and (piece := body.read(min(_PIECE, size))):
                hasher.update(piece)
                size -= len(piece)
        return hasher.hexdigest()

    def drop(self, file: int) -> None:
        """See ChunkStore.drop."""
        with self._lock:
            self._hashes.pop(file, None)
        self._path(file).unlink(missing_ok=True)

    def tidy(self, alive: Collection[int]) -> None:
        """See ChunkStore.tidy."""
        wanted = {self._path(file).name for file in alive}
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in wanted and _OURS(path.name):
                    path.unlink(missing_ok=True)

    def _path(self, file: int) -> Path:
        return self._folder / f"f{file}"

    def _hash(self, file: int, offset: int, parts: Sequence[bytes | memoryview]) -> None:
        """Go on with a file's digest; what is written again makes it be computed from the file at the end."""
        with self._lock:
            position, hasher = self._hashes.pop(file, (0, sha256()))
        if position != offset:
            return
        for part in parts:
            hasher.update(part)
            offset += len(part)
        with self._lock:
            self._hashes[file] = offset, hasher
            if len(self._hashes) > _MOST_HASHES:
                self._hashes.popitem(last=False)
