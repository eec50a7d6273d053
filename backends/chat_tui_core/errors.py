"""Everything that can go wrong, as a tree; each error carries one sentence for the person.

ChatError
├── LocalError              we, or the person, broke a rule; nothing left the machine
│   ├── IllegalTransition   an action cannot do that now
│   ├── UnknownBackend      no such backend is installed
│   ├── UnknownRoom         no such room in this account
│   ├── AccountBusy         another process runs this account
│   ├── FileTrouble         a file on this disk cannot be read or written now
│   └── ConfigError         an account, option or file is not usable as written
├── RemoteError             the server refused, or broke its protocol
│   ├── Refused             a definite no to one action or question
│   └── AuthRefused         the credentials are not accepted: ask, do not loop
├── TransportError          the server cannot be reached: may be tried again
└── StoreError              the data on disk cannot be read or written
    ├── StoreDamaged        the file is no database, or a damaged one
    ├── StoreTooNew         written by a later version of the program
    └── StoreUnwritable     full, read-only, locked or gone
"""

from __future__ import annotations


class ChatError(Exception):
    """Base of all errors that a person may see; `str(error)` is one sentence that says what to do."""


class LocalError(ChatError):
    """We, or the person, broke a rule; nothing left the machine."""


class IllegalTransition(LocalError):
    """The action table has no such step from this state; the action is unchanged."""


class UnknownBackend(LocalError):
    """No installed backend has this name."""


class UnknownRoom(LocalError):
    """This account has no such room."""


class AccountBusy(LocalError):
    """Another process runs this account (one at a time)."""


class FileTrouble(LocalError):
    """A file that is sent or received cannot be read or written now: gone, changed, no room, no rights."""


class ConfigError(LocalError):
    """An account, an option or a configuration file cannot be used as it is written."""


class RemoteError(ChatError):
    """The server refused something, or broke its protocol. `code` is the server's own word for it."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Refused(RemoteError):
    """A definite no to one action or question; repeating it unchanged brings the same no."""


class AuthRefused(RemoteError):
    """The credentials are not accepted: ask the person, do not try again by yourself."""


class TransportError(ChatError):
    """The server cannot be reached, or the connection broke; trying again later is right."""


class StoreError(ChatError):
    """The data on disk cannot be read or written."""


class StoreDamaged(StoreError):
    """The file is no database, or SQLite finds it damaged; it was left as it is."""


class StoreTooNew(StoreError):
    """The file was written by a later version of the program; it was left as it is."""


class StoreUnwritable(StoreError):
    """The file, its folder or its disk refuses the write: full, read-only, locked or gone."""


def sentence(words: str) -> str:
    """The words with a full stop, unless they end as a sentence already: a cause may be a question."""
    return words if words.endswith((".", "?")) else f"{words}."
