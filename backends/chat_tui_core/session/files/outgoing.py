"""A file on its way from here: its digest first, then the bytes that the backend asks for."""

from __future__ import annotations

import asyncio
from pathlib import Path

from chat_tui_core.errors import FileTrouble
from chat_tui_core.session.files import sources
from chat_tui_core.session.files.disk import Disk
from chat_tui_core.session.files.sources import Source
from chat_tui_core.transfers import Transfer


class Outgoing:
    """One transfer's source. What it raises is FileTrouble; Broken where the file is no longer what was offered."""

    def __init__(self, transfer: Transfer, disk: Disk) -> None:
        self._path = Path(transfer.path)
        self._disk = disk
        self._source: Source | None = None
        self._reading = asyncio.Lock()
        self._closed = False

    async def digest(self) -> tuple[int, str, str]:
        """Size, stamp and SHA-256 of the file as it is now."""
        return await self._disk.run(self._path, sources.digest, self._path, self._goes_on)

    async def open(self, stamp: str, digest: str) -> str:
        """Have the file ready if it is still what was offered; gives its stamp now."""
        async with self._reading:
            self._release()
            self._source, now = await self._disk.run(
                self._path, sources.reopened, self._path, stamp, digest, self._goes_on
            )
            return now

    async def read(self, offset: int, length: int) -> bytes:
        """Exactly these bytes."""
        async with self._reading:
            if self._source is None or self._closed:
                raise FileTrouble("This file is not sent now.")
            return await self._disk.run(self._path, self._source.read, offset, length)

    async def close(self) -> None:
        """Release the file, once nobody reads it."""
        self._closed = True
        async with self._reading:
            self._release()

    def _release(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None

    def _goes_on(self) -> bool:
        return not self._closed
