"""Keyrings for tests: one that works, and the ways in which others fail."""

from __future__ import annotations

import threading
from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.errors import KeyringLocked, PasswordDeleteError


class FakeKeyring(KeyringBackend):
    """Keeps secrets in memory while `present`; `trouble` is what it does wrong."""

    present: ClassVar[bool] = False
    trouble: ClassVar[str] = ""
    kept: ClassVar[dict[tuple[str, str], str]] = {}
    answer: ClassVar[threading.Event] = threading.Event()

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 - as keyring's own backends
        """As a real one; RuntimeError while there is none."""
        if not cls.present:
            raise RuntimeError("the fake keyring is not running")
        return 5.0

    def get_password(self, service: str, username: str) -> str | None:
        self._stumble("get")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._stumble("set")
        if self.trouble != "forgets":
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._stumble("delete")
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("no such entry")

    def _stumble(self, what: str) -> None:
        if self.trouble in {"locked", f"locked at {what}"}:
            raise KeyringLocked("Failed to unlock the collection!")
        if self.trouble == "broken":
            raise OSError("the bus is\nnot there")
        if self.trouble == "asks":
            self.answer.wait(20)


class WeakKeyring(FakeKeyring):
    """Would be taken where nothing better is, but its own library would not recommend it."""

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805
        """More than nothing."""
        if not cls.present:
            raise RuntimeError("the weak keyring is not running")
        return 0.5
