"""The accounts of one data folder: who signs in where, their tokens, and the lock that keeps each to one process.

Layout: ROOT/accounts/NAME/ (0700) holds account.json, token (0600), lock, and what the session and the control
socket put there. Every file is replaced as a whole, so a crash leaves the old or the new one. Where account.json names
an entry of a keyring, the token is there and no file holds it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final, Self

from chat_tui_core import secrets
from chat_tui_core.errors import AccountBusy, ConfigError, StoreUnwritable
from chat_tui_core.model import Account

NAME: Final = re.compile(r"[a-z0-9._-]{1,32}\Z")
DEVICE: Final = re.compile(r"[!-~]{1,255}\Z")
"""Any word: a token that comes from elsewhere brings the name of its device along."""

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


def _in_files() -> secrets.Keep:
    return secrets.Keep.FILE


def _as_the_environment(_name: str) -> str:
    return ""


class DataFolder:
    """Where accounts are kept. Nothing is read or made before it is asked for.

    `keep` is asked when an account is saved: where its token shall go. `proxy` gives the proxy that the person has named
    for an account, see `proxies.proxy_for`.
    """

    def __init__(
        self,
        root: Path,
        keep: Callable[[], secrets.Keep] = _in_files,
        proxy: Callable[[str], str] = _as_the_environment,
    ) -> None:
        self.root = root
        self._keep = keep
        self.proxy = proxy

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

    # ------------------------------------------------------------ tokens; a keyring may take its time over each of these

    def token(self, name: str) -> str:
        """The account's secret; raises ConfigError when it is missing, when others could read it, or its keyring is gone.

        What the environment gives goes before what is kept.
        """
        path = self.folder(name) / _TOKEN
        if given := secrets.from_environment(name):
            return given
        entry = self._entry(name)
        if entry is not None:
            return secrets.get(name, entry)
        with _reading(path):
            if not path.exists():
                raise ConfigError(f"The account {name!r} has no token: sign in again with `chat-tui login {name} ...`.")
            if path.stat().st_mode & 0o077:
                raise ConfigError(f"Others can read the token of {name!r}: run `chmod 600 {path}`.")
            return _read(path).decode("utf-8", "strict").strip()

    def asks_keyring(self, name: str) -> bool:
        """Whether `token` has to ask a keyring, which may have to ask the person; raises ConfigError."""
        return not secrets.from_environment(name) and self._entry(name) is not None

    def token_place(self, name: str) -> str:
        """Where the account's secret is, in words: "the keyring (SecretService)"."""
        if variable := secrets.variable_of(name):
            return f"the environment (${variable})"
        entry = self._entry(name)
        return f"the keyring ({entry.title})" if entry is not None else secrets.IN_FILE

    def save(self, account: Account, token: str) -> None:
        """Store an account and its token, durably; raises StoreUnwritable, or ConfigError where there is no keyring.

        The token that was there before is removed when the new one is in its place, and not before.
        """
        folder = self.folder(account.name)
        before = self._entry(account.name)
        entry = secrets.put(account.name, token, self._keep())
        try:
            with _writing(folder):
                folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.mkdir(mode=0o700, exist_ok=True)
                folder.chmod(0o700)
                if entry is None:
                    _replace(folder / _TOKEN, token.encode())
                _replace(folder / _FILE, _as_json(account, entry))
                if entry is not None:
                    (folder / _TOKEN).unlink(missing_ok=True)
        finally:
            for unused in {before, entry} - {self._entry(account.name)}:
                _removed(unused)

    def keep_token(self, name: str, token: str) -> None:
        """Store another token where the account's token is, durably; raises StoreUnwritable."""
        folder = self.folder(name)
        try:
            entry = self._entry(name)
        except ConfigError as error:
            raise StoreUnwritable(str(error)) from error
        if entry is not None:
            secrets.replace(entry, token)
            return
        with _writing(folder):
            _replace(folder / _TOKEN, token.encode())

    def keeper(self, name: str) -> Callable[[str], Awaitable[None]]:
        """What stores another token of this account while the loop goes on: see contract.KeepSecret."""

        async def keep(token: str) -> None:
            await secrets.beside(lambda: self.keep_token(name, token))

        return keep

    def drop_token(self, name: str) -> str:
        """Remove the account's token and keep the rest; gives a sentence when a keyring may still have it, else "".

        Raises ConfigError for an unknown account, StoreUnwritable.
        """
        account, entry = self.account(name), self._entry(name)
        folder = self.folder(name)
        left = _removed(entry)
        with _writing(folder):
            (folder / _TOKEN).unlink(missing_ok=True)
            _replace(folder / _FILE, _as_json(account, None))
        return left

    def _entry(self, name: str) -> secrets.Entry | None:
        """Give the keyring's entry that account.json names; None where the token is a file, or nothing is there."""
        path = self.folder(name) / _FILE
        with _reading(path):
            raw = _read(path) if path.exists() else b""
        return _named_entry(raw)

    # ------------------------------------------------------------ the right to run one, and its end

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

    def forget(self, name: str) -> str:
        """Remove an account with everything that is stored of it; raises StoreUnwritable.

        Gives a sentence when a keyring may still have the token, else "".
        """
        import shutil

        folder, left = self.folder(name), ""
        with contextlib.suppress(ConfigError):
            entry = self._entry(name)
            left = _removed(entry)
        with _writing(folder):
            shutil.rmtree(folder)
        return left


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


def _as_json(account: Account, entry: secrets.Entry | None) -> bytes:
    fields: dict[str, Any] = {field: getattr(account, field) for field in _FIELDS} | {"options": dict(account.options)}
    if entry is not None:
        fields["secret"] = {"keyring": entry.keyring, "name": entry.name}
    return json.dumps(fields, indent=1, ensure_ascii=False).encode() + b"\n"


def _named_entry(raw: bytes) -> secrets.Entry | None:
    try:
        found: Any = json.loads(raw)["secret"]
        keyring, name = found["keyring"], found["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return secrets.Entry(keyring, name) if isinstance(keyring, str) and isinstance(name, str) else None


def _removed(entry: secrets.Entry | None) -> str:
    """Take a token that is no longer needed out of its keyring; gives a sentence when it may still be there."""
    return secrets.remove(entry) if entry is not None else ""


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
