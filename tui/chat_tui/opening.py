"""Which account the app opens, and taking it: its lock, its file, its token; nothing runs yet."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final

from chat_tui.config import AppOptions
from chat_tui.log import hide
from chat_tui_core import registry, secrets
from chat_tui_core.accounts import AccountLock, DataFolder
from chat_tui_core.contract import Backend, KeepSecret, forget_secret
from chat_tui_core.model import Account
from chat_tui_core.session import Session
from chat_tui_core.store import Store
from chat_tui_core.values import slotted

__all__ = ["Opened", "choose_account", "open_account"]

STORE_FILE: Final = "chat.db"


@slotted
class Opened:
    """An account that this process has for itself, with its store open and nothing running yet.

    `token` is "" while `ask_token`, which may have to wait for the person, has not been asked.
    """

    account: Account
    backend: Backend
    token: str
    store: Store
    lock: AccountLock
    folder: Path
    ask_token: Callable[[], str] | None = None
    keep_token: KeepSecret = forget_secret

    def session(self, undo_seconds: float = 0.0) -> Session:
        """The account's session, not connected yet; where its token is not known yet, `connect` needs it."""
        return Session(
            self.account,
            self.backend,
            self.token,
            self.store,
            undo_seconds=undo_seconds,
            keep_secret=self._keep,
        )

    async def unlock(self) -> str:
        """The token, once the keyring that has it has given it; raises ConfigError."""
        if self.ask_token is not None:
            self.token = await secrets.beside(self.ask_token)
            self.ask_token = None
            hide(self.token)
        return self.token

    async def renew(self, data: DataFolder) -> str:
        """The token that a new sign-in has stored; raises ConfigError."""
        self.ask_token = partial(data.token, self.account.name)
        return await self.unlock()

    async def session_in(self, stack: AsyncExitStack) -> Session:
        """The account's session with its token; `stack` closes it and the store, and lets others have the account."""
        stack.callback(self.lock.release)
        stack.push_async_callback(self.store.close)
        await self.unlock()
        session = self.session()
        stack.push_async_callback(session.close)
        return session

    async def _keep(self, token: str) -> None:
        hide(token)
        await self.keep_token(token)


def open_account(data: DataFolder, name: str) -> Opened:
    """Take an account; raises ChatError with the sentence for the person: busy, damaged, unknown, unreadable."""
    account, ask = data.account(name), data.asks_keyring(name)
    token = "" if ask else data.token(name)
    hide(token)
    lock = data.lock(name)
    try:
        backend = registry.load(account.backend)
        store = Store.open(data.folder(name) / STORE_FILE)
    except BaseException:
        lock.release()
        raise
    ask_token = partial(data.token, name) if ask else None
    return Opened(account, backend, token, store, lock, data.folder(name), ask_token, data.keeper(name))


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
