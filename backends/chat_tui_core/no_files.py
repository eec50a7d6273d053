"""What stands for what a session does not lend: a disk for files, and stored state."""

from __future__ import annotations

from collections.abc import Sequence

from chat_tui_core.errors import FileTrouble

__all__ = ["NoFiles", "NoState"]


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


class NoState:
    """A store that holds nothing yet."""

    def get(self, room_id: str, kind: str, key: str = "") -> str:
        """Nothing is stored."""
        return ""

    def all(self, room_id: str, kind: str) -> dict[str, str]:
        """Nothing is stored."""
        return {}

    def rooms(self, room_ids: Sequence[str], but: str) -> dict[str, dict[str, dict[str, str]]]:
        """Nothing is stored."""
        return {}
