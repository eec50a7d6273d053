"""The accounts of one data folder: who signs in where, their tokens, and the lock that keeps each to one process.

Layout: ROOT/accounts/NAME/ (0700) holds account.json, token (0600), lock, and what the session and the control
socket put there. Every file is replaced as a whole, so a crash leaves the old or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

from chat_tui_core.errors import AccountBusy, ConfigError, StoreUnwritable
from chat_tui_core.model import Account

NAME: Final = re.compile(r"[a-z0-9._-]{1,32}\Z")
DEVICE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_FILE, _TOKEN, _LOCK = "account.json", "token", "lock"
_FIELDS = ("backend", "url", "user", "device")
_LARGEST = 65_536


class AccountLock:
    """The right to run one account, held until `release` or until the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another process run the account; doing it twice is doing it once."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.release()


class DataFolder:
    """Where accounts are kept. Nothing is read or made before it is asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, name: str) -> Path:
        """The folder of the account with this name, whether it is there or not; raises ConfigError for a bad name."""
        if not NAME.match(name) or not name.strip("."):
            raise ConfigError(
                f"{name[:40]!r} cannot name an account: take 1 to 32 of a-z, 0-9, dot, underscore and hyphen."
            )
        return self.root / "accounts" / name

    def names(self) -> list[str]:
        """The names of all accounts, readable or not; raises ConfigError when the folder cannot be read."""
        top = self.root / "accounts"
        with _reading(top):
            if self.root.exists() and not self.root.is_dir():
                raise ConfigError(f"{self.root} is not a folder: choose another one with --data-dir.")
            found = sorted(top.iterdir()) if top.is_dir() else []
            return [entry.name for entry in found if NAME.match(entry.name) and (entry / _FILE).exists()]

    def accounts(self) -> list[Account]:
        """All accounts whose files can be read, by name."""
        found = []
        for name in self.names():
            with contextlib.suppress(ConfigError):
                found.append(self.account(name))
        return found

    def account(self, name: str) -> Account:
        """The account with this name; raises ConfigError that names those that exist, or says what is damaged."""
        path = self.folder(name) / _FILE
        with _reading(path):
            if not path.exists():
                raise ConfigError(_no_account(name, self.names()))
            return _account(name, path, _read(path))

    def token(self, name: str) -> str:
        """The account's secret; raises ConfigError when it is missing or when others could read it."""
        path = self.folder(name) / _TOKEN
        with _reading(path):
            if not path.exists():
                raise ConfigError(f"The account {name!r} has no token: sign in again with `chat-tui login {name} ...`.")
            if path.stat().st_mode & 0o077:
                raise ConfigError(f"Others can read the token of {name!r}: run `chmod 600 {path}`.")
            return _read(path).decode("utf-8", "strict").strip()

    def save(self, account: Account, token: str) -> None:
        """Store an account and its token, durably; raises StoreUnwritable."""
        folder = self.folder(account.name)
        fields = {field: getattr(account, field) for field in _FIELDS} | {"options": dict(account.options)}
        with _writing(folder):
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
            _replace(folder / _TOKEN, token.encode())
            _replace(folder / _FILE, json.dumps(fields, indent=1, ensure_ascii=False).encode() + b"\n")

    def lock(self, name: str) -> AccountLock:
        """Take the account for this process; raises AccountBusy, StoreUnwritable, ConfigError for an unknown name."""
        folder = self.folder(name)
        with _writing(folder):
            if not folder.is_dir():
                raise ConfigError(_no_account(name, self.names()))
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            if error.errno in {errno.EAGAIN, errno.EACCES}:
                raise AccountBusy(_busy(name, holder)) from None
            raise StoreUnwritable(f"{folder} cannot be locked ({error.strerror}): choose a local disk.") from error
        with contextlib.suppress(OSError):  # the number is for people; the lock holds without it
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        return AccountLock(descriptor)

    def forget(self, name: str) -> None:
        """Remove an account with everything that is stored of it; raises StoreUnwritable."""
        import shutil

        folder = self.folder(name)
        with _writing(folder):
            shutil.rmtree(folder)


def _no_account(name: str, names: list[str]) -> str:
    there = f"there are: {', '.join(names)}" if names else "there are none yet"
    return f"There is no account {name!r}, {there}; make one with `chat-tui login {name} ...`."


def _busy(name: str, holder: str) -> str:
    by = f"process {holder}" if holder.isdigit() else "another process"
    return f"The account {name!r} is run by {by}; close that one and try again."


def _account(name: str, path: Path, raw: bytes) -> Account:
    try:
        data: Any = json.loads(raw)
        account = Account(name=name, options=dict(data.get("options", {})), **{field: data[field] for field in _FIELDS})
        texts: list[Any] = [
            account.backend,
            account.url,
            account.user,
            account.device,
            *account.options,
            *account.options.values(),
        ]
        if all(isinstance(text, str) and text.isprintable() for text in texts) and DEVICE.match(account.device):
            return account
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise ConfigError(f"{path} is damaged: sign in again with `chat-tui login {name} ...`.")


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST)


def _replace(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all, even when the power fails."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}): check that it is yours.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is damaged: sign in again.") from error


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnwritable(
            f"{path} cannot be written ({error.strerror}): check its permissions and the space on the disk, "
            "or choose another folder with --data-dir."
        ) from error
