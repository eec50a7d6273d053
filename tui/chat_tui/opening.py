"""Which accounts the app opens, and taking them: their locks, their files, their tokens; nothing runs yet."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final

from chat_tui.config import AppOptions
from chat_tui.log import hide
from chat_tui_core import registry, secrets
from chat_tui_core.accounts import AccountLock, DataFolder
from chat_tui_core.contract import Backend, KeepSecret, forget_secret
from chat_tui_core.errors import AccountBusy, ChatError
from chat_tui_core.model import Account
from chat_tui_core.session import Session
from chat_tui_core.store import Store
from chat_tui_core.values import slotted

__all__ = ["Opened", "choose_accounts", "open_account", "open_accounts"]

STORE_FILE: Final = "chat.db"
RELOAD_SECONDS: Final = 5.0
LOOK_AGAIN: Final = 0.05


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
        proxy = data.proxy(name)
        hide(proxy)
        backend = registry.through(registry.load(account.backend), proxy)
        store = Store.open(data.folder(name) / STORE_FILE)
    except BaseException:
        lock.release()
        raise
    ask_token = partial(data.token, name) if ask else None
    return Opened(account, backend, token, store, lock, data.folder(name), ask_token, data.keeper(name))


def choose_accounts(options: AppOptions) -> list[str]:
    """The accounts to open, in the order in which they are shown; raises ConfigError for one that does not exist.

    That is the one that was named; else those that the configuration lists; else all, the configured one first.
    """
    data, config = options.data, options.config
    if options.account:
        return [data.account(options.account).name]
    if config.accounts:
        return [data.account(name).name for name in dict.fromkeys(config.accounts)]
    first = [data.account(config.account).name] if config.account else []
    return [*first, *(name for name in data.names() if name not in first)]


def open_accounts(data: DataFolder, names: Iterable[str]) -> tuple[list[Opened], dict[str, ChatError]]:
    """Take these accounts, each that can be taken; with what keeps the others from it, by their names.

    A page in a browser that was loaded again waits until the app of the page before has ended.
    """
    give_up = time.monotonic() + (RELOAD_SECONDS if os.environ.get("TEXTUAL_DRIVER") else 0)
    opened: list[Opened] = []
    absent: dict[str, ChatError] = {}
    for name in names:
        try:
            opened.append(_open_patiently(data, name, give_up))
        except ChatError as error:
            absent[name] = error
    return opened, absent


def _open_patiently(data: DataFolder, name: str, give_up: float) -> Opened:
    """Take an account; where another process has it, try again until a time of the monotonic clock."""
    while True:
        try:
            return open_account(data, name)
        except AccountBusy:
            if time.monotonic() > give_up:
                raise
            time.sleep(LOOK_AGAIN)
