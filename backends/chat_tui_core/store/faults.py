"""Says what went wrong with the file, as one of the store's errors and one sentence for the person."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from chat_tui_core.errors import StoreDamaged, StoreError, StoreTooNew, StoreUnwritable

DAMAGED: Final = (
    "{path} is damaged and was left as it is: keep it if it may hold unsent messages, move it away, and start again;"
    " the server still has the others."
)
FOREIGN: Final = "{path} belongs to another program and was left as it is: move it away, or choose another data folder."
TOO_NEW: Final = (
    "{path} was written by a later version of this program (format {found}, this one knows {known}) and was left as"
    " it is: update the program."
)
FULL: Final = "The disk that holds {path} is full: free some space and try again; what was stored before is safe."
READ_ONLY: Final = "{path} cannot be changed: make the file and its folder writable for you, then try again."
BUSY: Final = "{path} is locked by another program: close that program, then try again."
CANNOT_OPEN: Final = "{path} cannot be opened: check that its folder exists and that you may write there."
IO_FAILED: Final = "Reading or writing {path} failed: check the disk, then try again; what was stored before is safe."
NO_MEMORY: Final = "There is not enough memory to use {path}: close some programs, then try again."
REPLACED: Final = "{path} was moved, deleted or replaced while it was in use: start the program again."
NO_WAL: Final = "{path} lies on a disk that cannot be shared between threads: choose a data folder on a local disk."
CLOSED: Final = "{path} is closed already: start the program again."
OTHER: Final = "{path} cannot be used ({detail}): keep the file, and report this."

#: SQLite's primary result code -> the error that it becomes and its sentence.
BY_CODE: Final[Mapping[int, tuple[type[StoreError], str]]] = MappingProxyType(
    {
        sqlite3.SQLITE_CORRUPT: (StoreDamaged, DAMAGED),
        sqlite3.SQLITE_NOTADB: (StoreDamaged, DAMAGED),
        sqlite3.SQLITE_FORMAT: (StoreDamaged, DAMAGED),
        sqlite3.SQLITE_FULL: (StoreUnwritable, FULL),
        sqlite3.SQLITE_READONLY: (StoreUnwritable, READ_ONLY),
        sqlite3.SQLITE_PERM: (StoreUnwritable, READ_ONLY),
        sqlite3.SQLITE_AUTH: (StoreUnwritable, READ_ONLY),
        sqlite3.SQLITE_BUSY: (StoreUnwritable, BUSY),
        sqlite3.SQLITE_LOCKED: (StoreUnwritable, BUSY),
        sqlite3.SQLITE_PROTOCOL: (StoreUnwritable, BUSY),
        sqlite3.SQLITE_CANTOPEN: (StoreUnwritable, CANNOT_OPEN),
        sqlite3.SQLITE_IOERR: (StoreUnwritable, IO_FAILED),
        sqlite3.SQLITE_NOLFS: (StoreUnwritable, IO_FAILED),
        sqlite3.SQLITE_NOMEM: (StoreUnwritable, NO_MEMORY),
    }
)

#: The same for what the system says while folders and files are made.
BY_ERRNO: Final[Mapping[int, tuple[type[StoreError], str]]] = MappingProxyType(
    {
        errno.ENOSPC: (StoreUnwritable, FULL),
        errno.EDQUOT: (StoreUnwritable, FULL),
        errno.EACCES: (StoreUnwritable, READ_ONLY),
        errno.EPERM: (StoreUnwritable, READ_ONLY),
        errno.EROFS: (StoreUnwritable, READ_ONLY),
    }
)


def explain(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """The store's own error for what SQLite or the system said; the sentence names the file."""
    if isinstance(error, OSError):
        kind, sentence = BY_ERRNO.get(error.errno or 0, (StoreUnwritable, CANNOT_OPEN))
    else:
        kind, sentence = BY_CODE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, (StoreError, OTHER))
    explained = kind(sentence.format(path=path, detail=error))
    explained.__cause__ = error
    return explained


def too_new(path: Path, found: int, known: int) -> StoreTooNew:
    """The refusal of a file whose format is not known yet."""
    return StoreTooNew(TOO_NEW.format(path=path, found=found, known=known))
