"""Make a server's data file with many users whose passwords are quick to check, all of them in some rooms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chat_tui_wschat.server.passwords import Cost, hash_password
from chat_tui_wschat.server.sqlite_storage import SqliteStorage
from chat_tui_wschat.server.storage import PutChannel, PutMember, PutUser, Write

PASSWORD: Final = "secret"  # noqa: S105
QUICK: Final = Cost(16, 1, 1)


def guest(number: int) -> str:
    """Give the name of a user."""
    return f"guest{number}"


def fill(path: Path, users: int, rooms: Sequence[str] = (), more: Sequence[str] = ()) -> None:
    """Make the file: `users` guests and the users named in `more`; the first one moderates the rooms."""
    hashed = hash_password(PASSWORD, QUICK)
    names = [*more, *(guest(number) for number in range(users))]
    writes: list[Write] = [PutUser(number, name, hashed) for number, name in enumerate(names, 1)]
    for number, room in enumerate(rooms, 1):
        writes.append(PutChannel(number, room, "", 1, private=False, locked=False, base=0))
        writes += [PutMember(number, user) for user in range(1, len(names) + 1)]
    store = SqliteStorage(path)
    try:
        store.commit(writes, ())
    finally:
        store.close()
