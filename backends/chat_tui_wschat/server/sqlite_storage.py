"""The storage engine that keeps everything in one SQLite file."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from chat_tui_core.errors import StoreDamaged, StoreError, StoreTooNew, StoreUnwritable
from chat_tui_wschat.server.chunk_files import ChunkFiles
from chat_tui_wschat.server.schema import APPLICATION_ID, MIGRATIONS
from chat_tui_wschat.server.storage import (
    Append,
    ChunkStore,
    DropChannel,
    DropFile,
    DropInvite,
    DropMember,
    DropTokens,
    ForgetReplies,
    Loaded,
    PutChannel,
    PutDownload,
    PutFile,
    PutInvite,
    PutMember,
    PutRead,
    PutToken,
    PutUser,
    Read,
    ReadItems,
    Replace,
    Result,
    Settle,
    StoredChannel,
    Write,
)

Statement = tuple[str, tuple[Any, ...]]

_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# The next position is one above the last one that is stored, or above the channel's base (see storage.Append).
_APPEND: Final = """
INSERT INTO item SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?2 - 1 = coalesce(
    (SELECT max(pos) FROM item WHERE channel = ?1), (SELECT base FROM channel WHERE number = ?1 AND alive))
"""
_PUT_CHANNEL: Final = """
INSERT INTO channel VALUES (?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (number) DO UPDATE SET
    topic = excluded.topic, creator = excluded.creator, private = excluded.private, locked = excluded.locked,
    base = excluded.base, alive = 1
"""
_FORGET: Final = """
DELETE FROM reply WHERE user = ?1 AND device = ?2 AND ts < ?3 AND id < (
    SELECT id FROM reply WHERE user = ?1 AND device = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?4)
"""
_PUT_FILE: Final = """
INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET
    stored = excluded.stored, state = excluded.state
"""
_PUT_DOWNLOAD: Final = """
INSERT INTO download VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET
    acked = excluded.acked, state = excluded.state
"""


def _put_user(row: PutUser) -> Iterable[Statement]:
    sql = "INSERT INTO user VALUES (?, ?, ?) ON CONFLICT (number) DO UPDATE SET password = excluded.password"
    yield sql, (row.number, row.name, row.password)


def _put_token(row: PutToken) -> Iterable[Statement]:
    yield "INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?)", (row.user, row.device, row.digest, row.ts)


def _drop_tokens(row: DropTokens) -> Iterable[Statement]:
    yield "DELETE FROM token WHERE user = ?1 AND ?2 IN ('', device)", (row.user, row.device)


def _put_channel(row: PutChannel) -> Iterable[Statement]:
    yield _PUT_CHANNEL, (row.number, row.name, row.topic, row.creator, row.private, row.locked, row.base)


def _drop_channel(row: DropChannel) -> Iterable[Statement]:
    yield "UPDATE channel SET alive = 0, topic = '', base = ? WHERE number = ?", (row.head, row.number)
    yield "DELETE FROM item WHERE channel = ?", (row.number,)
    yield "DELETE FROM member WHERE channel = ?", (row.number,)
    yield "DELETE FROM invite WHERE channel = ?", (row.number,)
    yield "DELETE FROM seen WHERE channel = ?", (row.number,)


def _put_member(row: PutMember) -> Iterable[Statement]:
    yield "INSERT OR IGNORE INTO member VALUES (?, ?)", (row.channel, row.user)


def _drop_member(row: DropMember) -> Iterable[Statement]:
    yield "DELETE FROM member WHERE channel = ? AND user = ?", (row.channel, row.user)


def _put_invite(row: PutInvite) -> Iterable[Statement]:
    yield "INSERT OR IGNORE INTO invite VALUES (?, ?)", (row.channel, row.user)


def _drop_invite(row: DropInvite) -> Iterable[Statement]:
    yield "DELETE FROM invite WHERE channel = ? AND user = ?", (row.channel, row.user)


def _put_read(row: PutRead) -> Iterable[Statement]:
    yield "INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (row.channel, row.user, row.pos)


def _append(row: Append) -> Iterable[Statement]:
    yield _APPEND, (row.channel, row.pos, row.author, row.spoken, row.body)


def _replace(row: Replace) -> Iterable[Statement]:
    sql = "UPDATE item SET spoken = ?, body = ? WHERE channel = ? AND pos = ?"
    yield sql, (row.spoken, row.body, row.channel, row.pos)


def _settle(row: Settle) -> Iterable[Statement]:
    for low in row.absorbed:
        yield "DELETE FROM settled WHERE user = ? AND device = ? AND low = ?", (row.user, row.device, low)
    yield "INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?)", (row.user, row.device, row.low, row.high)
    values = (row.user, row.device, row.id, row.digest, row.reply, row.ts)
    yield "INSERT OR REPLACE INTO reply VALUES (?, ?, ?, ?, ?, ?)", values


def _forget(row: ForgetReplies) -> Iterable[Statement]:
    yield _FORGET, (row.user, row.device, row.ts, row.keep - 1)


def _put_file(row: PutFile) -> Iterable[Statement]:
    yield _PUT_FILE, dataclasses.astuple(row)
    yield "UPDATE serial SET last = max(last, ?) WHERE kind = 'file'", (row.number,)
    yield "UPDATE serial SET last = max(last, ?) WHERE kind = 'way'", (row.upload,)


def _put_download(row: PutDownload) -> Iterable[Statement]:
    yield _PUT_DOWNLOAD, dataclasses.astuple(row)
    yield "UPDATE serial SET last = max(last, ?) WHERE kind = 'way'", (row.number,)


def _drop_file(row: DropFile) -> Iterable[Statement]:
    yield "DELETE FROM download WHERE file = ?", (row.number,)
    yield "DELETE FROM file WHERE number = ?", (row.number,)


_WRITERS: Final[dict[type[Any], Callable[[Any], Iterable[Statement]]]] = {
    PutUser: _put_user,
    PutToken: _put_token,
    DropTokens: _drop_tokens,
    PutChannel: _put_channel,
    DropChannel: _drop_channel,
    PutMember: _put_member,
    DropMember: _drop_member,
    PutInvite: _put_invite,
    DropInvite: _drop_invite,
    PutRead: _put_read,
    Append: _append,
    Replace: _replace,
    Settle: _settle,
    ForgetReplies: _forget,
    PutFile: _put_file,
    PutDownload: _put_download,
    DropFile: _drop_file,
}


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say into sentences."""
    try:
        yield
    except OSError as error:
        raise StoreUnwritable(f"The data file {path} cannot be written: {error.strerror or error}.") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise StoreDamaged(
                f"The data file {path} is damaged or no chat-tui server's; choose another file."
            ) from error
        if code in _BUSY:
            raise StoreUnwritable(
                f"The data file {path} is in use by a running server; stop that one first."
            ) from error
        raise StoreUnwritable(f"The data file {path} cannot be read or written: {error}.") from error


class SqliteStorage:
    """A `Store` in one file, readable by its owner only. One process at a time opens it; the file says so itself."""

    def __init__(self, path: Path) -> None:
        """Open the file, make it if it is not there, bring it to this version's schema.

        Raises:
            StoreDamaged: it is no database of ours.
            StoreTooNew: a later version wrote it.
            StoreUnwritable: it cannot be opened for writing, or another server has it open.
        """
        self._path = path
        self.chunks: ChunkStore = ChunkFiles(Path(f"{path}-files"))
        with _explained(path):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, timeout=0.5)
        try:
            with _explained(path):
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        db = self._db
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN IMMEDIATE")
        version: int = db.execute("PRAGMA user_version").fetchone()[0]
        owner: int = db.execute("PRAGMA application_id").fetchone()[0]
        tables: int = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if (tables or owner) and owner != APPLICATION_ID:
            raise StoreDamaged(f"The file {self._path} is another program's database; choose another file.")
        if version > len(MIGRATIONS):
            raise StoreTooNew(f"The data file {self._path} was written by a later version; install that version.")
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")

    def load(self, tail: int) -> Loaded:
        """See Store.load."""
        with _explained(self._path):
            rows = self._db.execute
            return Loaded(
                users=[PutUser(*row) for row in rows("SELECT number, name, password FROM user")],
                tokens=[PutToken(*row) for row in rows("SELECT digest, user, device, ts FROM token ORDER BY ts")],
                channels=[self._channel(row, tail) for row in rows("SELECT * FROM channel ORDER BY number")],
                members=[PutMember(*row) for row in rows("SELECT channel, user FROM member")],
                invites=[PutInvite(*row) for row in rows("SELECT channel, user FROM invite")],
                reads=[PutRead(*row) for row in rows("SELECT channel, user, pos FROM seen")],
                settled=list(rows("SELECT user, device, low, high FROM settled ORDER BY user, device, low")),
                files=[PutFile(*row) for row in rows("SELECT * FROM file ORDER BY number")],
                downloads=[PutDownload(*row) for row in rows("SELECT * FROM download ORDER BY number")],
                **{f"last_{kind}": last for kind, last in rows("SELECT kind, last FROM serial")},
            )

    def _channel(self, row: tuple[Any, ...], tail: int) -> StoredChannel:
        number, name, topic, creator, private, locked, base, alive = row
        newest = self._db.execute(
            "SELECT pos, author * spoken FROM item WHERE channel = ? ORDER BY pos DESC LIMIT ?", (number, tail)
        ).fetchall()
        last = self._db.execute(
            "SELECT body FROM item WHERE channel = ? AND spoken ORDER BY pos DESC LIMIT 1", (number,)
        ).fetchone()
        top = self._db.execute("SELECT max(pos) FROM item WHERE channel = ?", (number,)).fetchone()[0]
        return StoredChannel(
            number,
            name,
            topic,
            creator,
            bool(private),
            bool(locked),
            base,
            base if top is None else top,
            bool(alive),
            tuple(reversed(newest)),
            last[0] if last else "",
        )

    def commit(self, writes: Sequence[Write], reads: Sequence[Read]) -> list[Result]:
        """See Store.commit."""
        try:
            with _explained(self._path):
                if writes:
                    self._write(writes)
                return [self._read(read) for read in reads]
        except StoreError:
            self.close()
            raise

    def _write(self, writes: Sequence[Write]) -> None:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            for write in writes:
                for sql, values in _WRITERS[type(write)](write):
                    done = db.execute(sql, values)
                    if sql is _APPEND and done.rowcount != 1:
                        raise StoreError(f"Position {values[1]} does not follow in channel {values[0]}.")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _read(self, read: Read) -> Result:
        if isinstance(read, ReadItems):
            sql = "SELECT body FROM item WHERE channel = ? AND pos BETWEEN ? AND ? ORDER BY pos"
            return [body for (body,) in self._db.execute(sql, (read.channel, read.low, read.high))]
        sql = "SELECT digest, body FROM reply WHERE user = ? AND device = ? AND id = ?"
        found: tuple[bytes, str] | None = self._db.execute(sql, (read.user, read.device, read.id)).fetchone()
        return found

    def close(self) -> None:
        """See Store.close."""
        self._db.close()
