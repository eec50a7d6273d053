"""The part of a received file on the disk: bytes are appended, made durable and hashed on the way. For threads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from chat_tui_core.durable import let_go, sync_file, write_parts
from chat_tui_core.errors import FileTrouble
from chat_tui_core.file_news import Ending
from chat_tui_core.session.files import places
from chat_tui_core.session.files.places import Place
from chat_tui_core.session.files.trouble import Broken

_PIECE: Final = 1 << 20


class Part:
    """The first `done` bytes of a file, durable, and their digest."""

    def __init__(self, place: Place, done: int, size: int, going_on: Callable[[], bool]) -> None:
        """Go on where the journal says; anew where the part is shorter, or not what the journal says.

        `going_on` is asked now and then; when it says no, FileTrouble is raised. Raises OSError too.
        """
        self._fd, self.place = places.open_part(place, max(0, size - done))
        self._hasher = sha256()
        self.done = 0
        try:
            if self.place == place:
                self._go_on(done, going_on)
            os.ftruncate(self._fd, self.done)
        except BaseException:
            self.close()
            raise

    def _go_on(self, done: int, going_on: Callable[[], bool]) -> None:
        hasher, offset = sha256(), 0
        while offset < done and (piece := os.pread(self._fd, min(_PIECE, done - offset), offset)):
            if not going_on():
                raise FileTrouble("Not needed any more.")
            hasher.update(piece)
            offset += len(piece)
        if offset == done and self.place.prefix in {"", hasher.hexdigest()}:
            self._hasher, self.done = hasher, done

    def append(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Write these bytes behind the others and make them durable. Raises OSError; nothing of them counts then."""
        try:
            write_parts(self._fd, self.done, pieces)
            sync_file(self._fd)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self.done)
            raise
        start = self.done
        for piece in pieces:
            self._hasher.update(piece)
            self.done += len(piece)
        let_go(self._fd, start, self.done - start)
        self.place = replace(self.place, prefix=self._hasher.hexdigest())

    def check(self, size: int, digest: str) -> None:
        """Whether this is the file that was offered, whole. Raises Broken, OSError."""
        if size not in {-1, self.done} or os.fstat(self._fd).st_size != self.done:
            raise Broken(f"{self.place.path.name} has not the size that was offered.", Ending.SIZE)
        if digest and digest.lower() != self._hasher.hexdigest():
            raise Broken(f"What came of {self.place.path.name} is not what was offered.", Ending.DIGEST)

    def close(self) -> None:
        """Release it; a second call does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
