"""Which account the app opens, and taking it: its lock, its file, its token; nothing runs yet."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from chat_tui.config import AppOptions
from chat_tui.log import hide
from chat_tui_core import registry
from chat_tui_core.accounts import AccountLock, DataFolder
from chat_tui_core.contract import Backend
from chat_tui_core.model import Account
from chat_tui_core.session import Session
from chat_tui_core.store import Store
from chat_tui_core.values import slotted

__all__ = ["Opened", "choose_account", "open_account"]

STORE_FILE: Final = "chat.db"


@slotted
class Opened:
    """An account that this process has for itself, with its store open and nothing running yet."""

    account: Account
    backend: Backend
    token: str
    store: Store
    lock: AccountLock
    folder: Path

    def session(self) -> Session:
        """The account's session, not connected yet."""
        return Session(self.account, self.backend, self.token, self.store)

    def release(self) -> None:
        """Close the file and let others have the account."""
        self.store.close_now()
        self.lock.release()


def open_account(data: DataFolder, name: str) -> Opened:
    """Take an account; raises ChatError with the sentence for the person: busy, damaged, unknown, unreadable."""
    account, token = data.account(name), data.token(name)
    hide(token)
    lock = data.lock(name)
    try:
        backend = registry.load(account.backend)
        store = Store.open(data.folder(name) / STORE_FILE)
    except BaseException:
        lock.release()
        raise
    return Opened(account, backend, token, store, lock, data.folder(name))


def choose_account(options: AppOptions) -> str:
    """The account to open: the one that was named, else the configured one, else the one that was used last."""
    if name := options.account or options.config.account:
        return options.data.account(name).name
    names = options.data.names()
    return max(names, key=lambda name: _last_used(options.data.folder(name)), default="")


def _last_used(folder: Path) -> float:
    """When an account's lock was last taken; 0 if never."""
    with contextlib.suppress(OSError):
        return (folder / "lock").stat().st_mtime
    return 0.0
