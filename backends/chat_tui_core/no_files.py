"""What stands for the disk of a session that has none for files."""

from __future__ import annotations

from chat_tui_core.errors import FileTrouble

__all__ = ["NoFiles"]


class NoFiles:
    """A session without a disk for files."""

    async def read(self, transfer: int, offset: int, length: int) -> bytes:
        """There are none."""
        raise FileTrouble("This session sends no files.")

    def write(self, transfer: int, offset: int, data: bytes | memoryview) -> None:
        """Nothing is taken."""

    async def room(self, transfer: int) -> None:
        """There is none."""
        raise FileTrouble("This session takes no files.")
