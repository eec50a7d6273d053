"""Where an account's secret is kept: in the system's keyring where there is a good one, else in a file of its owner's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chat_tui_core.errors import ConfigError, StoreUnwritable
from chat_tui_core.safe_text import one_line
from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

VARIABLE: Final = "CHAT_TUI_SECRETS"
TOKEN_VARIABLE: Final = "CHAT_TUI_TOKEN_"  # noqa: S105
SERVICE: Final = "chat-tui"
PATIENCE: Final = 30.0
"""Seconds that a keyring may take: it may have to ask the person for its password first."""

_RECOMMENDED: Final = 1
"""The least priority of a keyring that its own library would recommend; 0 and less are no keyrings at all."""

_NEVER: Final = ("keyrings.alt.", "keyring.backends.fail.", "keyring.backends.null.", "keyring.backends.chainer.")
"""Plain text in another place, nothing, and a row of others of which nobody knows who has the secret."""

T = TypeVar("T")


class Keep(StrEnum):
    """Where a new secret shall go."""

    AUTO = "auto"  # the keyring where there is a usable one, else the file
    KEYRING = "keyring"
    FILE = "file"


@frozen
class Entry:
    """A secret in a keyring: the keyring's class as a dotted name, and what the entry is called there."""

    keyring: str
    name: str

    @property
    def title(self) -> str:
        """The keyring's name for people: "SecretService", "macOS"."""
        return self.keyring.split(".")[-2] if "." in self.keyring else self.keyring


class KeyringFailed(Exception):
    """A keyring did not do what it was asked; it says why, as the end of a sentence."""


def wanted(configured: str = Keep.AUTO) -> Keep:
    """Where a new secret shall go: as $CHAT_TUI_SECRETS says, else as it is configured; raises ConfigError."""
    word = os.environ.get(VARIABLE) or configured
    try:
        return Keep(word)
    except ValueError:
        where = f"${VARIABLE}" if os.environ.get(VARIABLE) else "The setting `secrets`"
        raise ConfigError(f"{where} must be auto, keyring or file, not {one_line(word, 40)!r}.") from None


def from_environment(account: str) -> str:
    """The secret that the environment gives for an account: $CHAT_TUI_TOKEN_WORK_2 for `work-2`; "" for none."""
    return os.environ.get(variable_of(account), "").strip()


def variable_of(account: str) -> str:
    """The environment's variable that gives an account's secret, where it is set to something; else ""."""
    name = TOKEN_VARIABLE + "".join(character if character.isalnum() else "_" for character in account.upper())
    return name if os.environ.get(name, "").strip() else ""


# ---------------------------------------------------------------- a keyring; each of these may wait for the person


def put(account: str, secret: str, keep: Keep) -> Entry | None:
    """Put a secret into the best keyring, as a new entry, where it shall go there and can; None = a file must keep it.

    Raises ConfigError when it must go into a keyring and there is none that takes it.
    """
    if keep is Keep.FILE:
        return None
    try:
        return _in_time(lambda: _put(account, secret))
    except KeyringFailed as error:
        if keep is Keep.AUTO:
            return None
        raise ConfigError(
            f"The token cannot go into a keyring: {error}. Start or unlock one, or set `secrets` to file."
        ) from error


def get(account: str, entry: Entry) -> str:
    """The secret; raises ConfigError when the keyring is gone, locked, or has no such entry."""
    try:
        return _in_time(lambda: _get(entry))
    except KeyringFailed as error:
        raise ConfigError(
            f"The token of {account!r} is in the keyring ({entry.title}), but {error}: "
            f"start or unlock it, or sign in again with `chat-tui login {account} ...`."
        ) from error


def replace(entry: Entry, secret: str) -> None:
    """Put another secret into the same entry, as a whole; raises StoreUnwritable."""
    try:
        _in_time(lambda: _write(_open(entry), entry, secret))
    except KeyringFailed as error:
        raise StoreUnwritable(f"The keyring ({entry.title}) did not take the token: {error}.") from error


def remove(entry: Entry) -> str:
    """Take a secret out of its keyring; gives a sentence when it may still be there, else ""."""
    try:
        _in_time(lambda: _open(entry).delete_password(SERVICE, entry.name))
    except KeyringFailed as error:
        return f"The keyring ({entry.title}) may still have the entry {entry.name!r} of {SERVICE!r}: {error}."
    return ""


IN_FILE: Final = "a file that only you can read"


def place(keep: Keep) -> str:
    """Where a new secret would go, in words; raises ConfigError where it must go into a keyring and there is none."""
    if keep is Keep.FILE:
        return IN_FILE
    try:
        found = _in_time(_best)
    except KeyringFailed:
        found = None
    if found is not None:
        return f"the keyring ({_entry_in(found, '').title})"
    if keep is Keep.AUTO:
        return IN_FILE
    raise ConfigError("No usable keyring is there: start or unlock one, or set `secrets` to file.")


async def beside(work: Callable[[], T]) -> T:
    """Do one of these while the event loop goes on, in a thread that the program's end does not wait for."""
    import asyncio

    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(given: list[T], failed: Exception | None) -> None:
        if done.done():
            return
        if failed is not None:
            done.set_exception(failed)
        else:
            done.set_result(given[0])

    def run() -> None:
        given: list[T] = []
        failed: Exception | None = None
        try:
            given.append(work())
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            failed = error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(finish, given, failed)

    threading.Thread(target=run, name="secret", daemon=True).start()
    return await done


def _put(account: str, secret: str) -> Entry:
    keyring = _best()
    if keyring is None:
        raise KeyringFailed("no usable keyring is there")
    entry = _entry_in(keyring, f"{account}-{os.urandom(4).hex()}")
    _write(keyring, entry, secret)
    return entry


def _entry_in(keyring: KeyringBackend, name: str) -> Entry:
    kind = type(keyring)
    return Entry(f"{kind.__module__}.{kind.__qualname__}", name)


def _get(entry: Entry) -> str:
    secret = _open(entry).get_password(SERVICE, entry.name)
    if not secret:
        raise KeyringFailed(f"the entry {entry.name!r} is not in it")
    return secret


def _write(keyring: KeyringBackend, entry: Entry, secret: str) -> None:
    """Store, and look whether it is there: some take everything and keep nothing."""
    keyring.set_password(SERVICE, entry.name, secret)
    if keyring.get_password(SERVICE, entry.name) != secret:
        raise KeyringFailed("it does not give back what it was given")


def _open(entry: Entry) -> KeyringBackend:
    """Give the keyring that has an entry, whichever would be the best one now."""
    from keyring.core import load_keyring

    if not _may_be(entry.keyring):
        raise KeyringFailed(f"{one_line(entry.keyring, 60)} is no keyring to be used")
    return load_keyring(entry.keyring)


def _best() -> KeyringBackend | None:
    """Give the keyring that the person or the system chose, where it is one to trust with a secret."""
    import keyring
    from keyring.backends.chainer import ChainerBackend

    chosen = keyring.get_keyring()
    candidates: list[KeyringBackend] = list(ChainerBackend.backends) if _is_chainer(chosen) else [chosen]
    return next((found for found in candidates if _is_good(found)), None)


def _is_chainer(keyring: KeyringBackend) -> bool:
    return type(keyring).__module__ == "keyring.backends.chainer"


def _is_good(keyring: KeyringBackend) -> bool:
    return _may_be(_entry_in(keyring, "").keyring) and bool(keyring.priority >= _RECOMMENDED)


def _may_be(name: str) -> bool:
    return name.isascii() and name.replace(".", "").isidentifier() and not name.startswith(_NEVER)


def _in_time(work: Callable[[], T]) -> T:
    """Do something with a keyring in a thread that the program's end does not wait for: a question may stay open."""
    given: list[T] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            given.append(work())
        except Exception as error:  # noqa: BLE001 - keyrings raise whatever their systems raise
            failed.append(error)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if given:
        return given[0]
    if not failed:
        raise KeyringFailed(f"it did not answer within {PATIENCE:.0f} s; is it waiting to be unlocked?")
    raise _failure(failed[0])


def _failure(error: Any) -> KeyringFailed:
    """Give what a keyring raised in words."""
    if isinstance(error, KeyringFailed):
        return error
    words = {"KeyringLocked": "it is locked", "PasswordDeleteError": "the entry is not in it"}
    said = words.get(type(error).__name__) or one_line(str(error), 120).rstrip(".") or type(error).__name__
    return KeyringFailed(said)
