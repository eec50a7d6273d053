"""Start a wschat server from options, and manage its accounts; every failure is a sentence that says what to do."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from chat_tui_core.contract import SeedRoom, ServerOptions
from chat_tui_core.errors import ConfigError
from chat_tui_wschat.server.faults import read_mix
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.memory_storage import MemoryStorage
from chat_tui_wschat.server.passwords import Cost, hash_password
from chat_tui_wschat.server.seeding import seed_writes
from chat_tui_wschat.server.shell import Setup, WsServer
from chat_tui_wschat.server.sqlite_storage import SqliteStorage
from chat_tui_wschat.server.storage import DropTokens, PutUser, Store, Write
from chat_tui_wschat.wire import channel_name_ok, user_name_ok

MOST_COMMANDS: Final = 1_000_000
"""The highest rate that may be set, in commands a minute."""

_BIND: Final = {
    errno.EADDRINUSE: "Port {port} is taken; choose another with --port.",
    errno.EACCES: "Port {port} needs rights that this user has not; choose one above 1023 with --port.",
    errno.EADDRNOTAVAIL: "This machine has no address {host}; choose another with --host.",
}


def _opener(data: str, seed: tuple[SeedRoom, ...]) -> Callable[[], Store]:
    """Give what opens the storage, in the thread that will use it."""

    def open_storage() -> Store:
        store: Store = SqliteStorage(Path(data)) if data else MemoryStorage()
        if seed:
            try:
                store.commit(seed_writes(seed, store.load(0)), ())
            except BaseException:
                store.close()
                raise
        return store

    return open_storage


def _tls(options: ServerOptions) -> ssl.SSLContext | None:
    if not options.tls_cert and not options.tls_key:
        return None
    if not (options.tls_cert and options.tls_key):
        raise ConfigError("TLS needs both a certificate and its key; give --tls-cert and --tls-key.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(options.tls_cert, options.tls_key, password="")
    except ssl.SSLError as error:
        raise ConfigError(
            f"{options.tls_cert} and {options.tls_key} are no certificate and its key in PEM form without a password."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"The TLS files {options.tls_cert} and {options.tls_key} cannot be read: {error.strerror}."
        ) from error
    return context


class WschatServerMaker:
    """The wschat server as the contract's ServerMaker."""

    async def start(
        self, options: ServerOptions, *, limits: Limits | None = None, cost: Cost | None = None
    ) -> WsServer:
        """Bind and serve. `limits` and `cost` (of a password hash) are the protocol's defaults when not given.

        Without `limits`, the options' rate holds.

        Raises:
            ConfigError: an option cannot be used: address, TLS files, rate, faults, a seed's names.
            StoreError: the data file cannot be used.
        """
        faults = read_mix(options.chaos) if options.chaos else None
        if not 1 <= options.rate <= MOST_COMMANDS:
            raise ConfigError(f"The rate is a number of commands a minute from 1 to {MOST_COMMANDS}.")
        if options.welcome and not channel_name_ok(options.welcome):
            raise ConfigError(f"{options.welcome!r} is no channel name: use 1 to 50 of a-z 0-9 _ - and dots inside.")
        setup = Setup(
            _opener(options.data, options.seed),
            options.host,
            options.port,
            _tls(options),
            options.open_registration,
            options.welcome,
            limits=limits or Limits(burst=options.rate, refill=options.rate / 60),
            cost=cost or Cost(),
            faults=faults,
        )
        server = WsServer(setup)
        try:
            await server.start()
        except OSError as error:
            text = _BIND.get(error.errno or 0, "The server cannot listen on {host} port {port}: {reason}.")
            reason = error.strerror or str(error)
            raise ConfigError(text.format(host=options.host, port=options.port, reason=reason)) from error
        return server

    async def add_user(self, data: str, name: str, password: str) -> None:
        """Make an account in a data file, or give it a new password, which ends all its tokens.

        Raises:
            ConfigError: no file is named, or name or password cannot be used.
            StoreError: the file cannot be used, or a server is using it.
        """
        if not data:
            raise ConfigError("Name the server's data file with --data; without one there is nothing to keep users in.")
        if not user_name_ok(name):
            raise ConfigError(f"{name!r} is no user name: use 3 to 32 of a-z 0-9 _ and single dots inside.")
        if not password or not password.isprintable():
            raise ConfigError("A password is one line of at least one character.")

        def work() -> None:
            store = SqliteStorage(Path(data))
            try:
                users = {user.name: user for user in store.load(0).users}
                old = users.get(name)
                number = old.number if old else len(users) + 1
                writes: list[Write] = [PutUser(number, name, hash_password(password, Cost())), DropTokens(number)]
                store.commit(writes, ())
            finally:
                store.close()

        with ThreadPoolExecutor(1) as thread:
            await asyncio.get_running_loop().run_in_executor(thread, work)
