"""Stores the files that are on their way, so that they go on after the program has ended in any way."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import Final

from chat_tui_core.store import ids
from chat_tui_core.store.rows import Row, select, select_one
from chat_tui_core.transfers import Direction, Recipient, State, Transfer

COLUMNS: Final = (
    "room_id, id, direction, name, size, state, done, digest, mime, sender, event_id, path, ref, ticket, memo, stamp,"
    " asked, tell, reason, created_at, ended_at, thread"
)
INSERT: Final = f"INSERT INTO transfers ({COLUMNS}) VALUES ({', '.join('?' * 22)})"  # noqa: S608
UPDATE: Final = (
    "UPDATE transfers SET room_id = ?, direction = ?, name = ?, size = ?, state = ?, done = ?, digest = ?, mime = ?,"
    " sender = ?, event_id = ?, path = ?, ref = ?, ticket = ?, memo = ?, stamp = ?, asked = ?, tell = ?, reason = ?,"
    " created_at = ?, ended_at = ?, thread = ? WHERE id = ?"
)
LOAD: Final = f"SELECT {COLUMNS} FROM transfers WHERE id = ?"  # noqa: S608
OPEN: Final = (
    f"SELECT {COLUMNS} FROM transfers WHERE state IN ('new', 'accepted', 'connected')"  # noqa: S608
    f" UNION SELECT {COLUMNS} FROM transfers WHERE tell <> ''"
    f" UNION SELECT {COLUMNS} FROM transfers WHERE state IN ('cancelled', 'failed') AND direction = 'in' AND stamp <> ''"
    " ORDER BY 2"
)
RECENT: Final = f"SELECT {COLUMNS} FROM transfers ORDER BY id DESC LIMIT ?"  # noqa: S608
OFFERS: Final = f"SELECT {COLUMNS} FROM transfers WHERE state = 'new' AND direction = 'in' ORDER BY id"  # noqa: S608
OLD_OFFERS: Final = (
    f"SELECT {COLUMNS} FROM transfers WHERE state = 'new' AND direction = 'in' ORDER BY id DESC LIMIT -1 OFFSET ?"  # noqa: S608
)
DELETE: Final = "DELETE FROM transfers WHERE id = ?"
BY_REF: Final = f"SELECT {COLUMNS} FROM transfers WHERE ref = ? AND ref <> '' ORDER BY id DESC"  # noqa: S608
BY_EVENT: Final = (
    f"SELECT {COLUMNS} FROM transfers WHERE room_id = ? AND event_id = ? AND event_id <> '' AND direction = 'in'"  # noqa: S608
    " ORDER BY id DESC LIMIT 1"
)
JOURNAL: Final = "UPDATE transfers SET done = ?, stamp = ?, state = 'connected' WHERE id = ? AND state IN ('accepted', 'connected') AND done <= ?"
PRUNE: Final = "DELETE FROM transfers WHERE ended_at <> 0 AND ended_at < ? AND tell = ''"
PRUNE_RECIPIENTS: Final = "DELETE FROM recipients WHERE transfer NOT IN (SELECT id FROM transfers)"
PUT_RECIPIENT: Final = (
    "INSERT INTO recipients (transfer, ticket, user_id, state, done, reason) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (transfer, ticket) DO UPDATE SET user_id = excluded.user_id, state = excluded.state,"
    " done = excluded.done, reason = excluded.reason"
)
RECIPIENTS: Final = (
    "SELECT ticket, user_id, state, done, reason FROM recipients WHERE transfer = ? ORDER BY length(ticket), ticket"
)
OF_TICKET: Final = "SELECT transfer FROM recipients WHERE ticket = ? ORDER BY transfer DESC LIMIT 1"

#: How long what has ended is listed, in milliseconds: 90 days.
KEPT: Final = 90 * 86_400_000

#: Entries of one file's list of recipients that are kept.
MOST_RECIPIENTS: Final = 1_000


def new_transfer(db: sqlite3.Connection, draft: Transfer, now_ms: int) -> Transfer:
    """Store a new transfer under a new id, which is returned with it; always durable."""
    transfer = replace(draft, id=ids.allocate(db), created_at=now_ms)
    room_id, *others = _values(transfer)
    db.execute(INSERT, (room_id, transfer.id, *others))
    return transfer


def save_transfer(db: sqlite3.Connection, transfer: Transfer) -> None:
    """Store what became of a transfer; its recipients are stored one by one."""
    db.execute(UPDATE, (*_values(transfer), transfer.id))


def journal(db: sqlite3.Connection, transfer_id: int, done: int, stamp: str) -> bool:
    """Note that the first `done` bytes are durable; False where the transfer has ended, or is further."""
    return db.execute(JOURNAL, (done, stamp, transfer_id, done)).rowcount == 1


def put_recipient(db: sqlite3.Connection, transfer_id: int, recipient: Recipient) -> None:
    """Store how far somebody has got a file of ours."""
    values = (recipient.ticket, recipient.user, recipient.state.value, recipient.done, recipient.reason)
    db.execute(PUT_RECIPIENT, (transfer_id, *values))


def load_transfer(db: sqlite3.Connection, transfer_id: int) -> Transfer | None:
    """One transfer with its recipients, or None."""
    return _whole(db, select_one(db, LOAD, (transfer_id,), _transfer))


def open_transfers(db: sqlite3.Connection) -> list[Transfer]:
    """What is not settled (Transfer.is_settled), by id; with recipients."""
    return [_with_recipients(db, one) for one in select(db, OPEN, (), _transfer)]


def offers(db: sqlite3.Connection) -> list[Transfer]:
    """What others offer and nobody has accepted here, by id."""
    return select(db, OFFERS, (), _transfer)


def prune(db: sqlite3.Connection, now_ms: int) -> None:
    """Forget what ended long ago."""
    db.execute(PRUNE, (now_ms - KEPT,))
    db.execute(PRUNE_RECIPIENTS)


def drop_offers(db: sqlite3.Connection, most: int) -> list[Transfer]:
    """Forget the oldest offers that nobody has accepted here, as far as there are more than `most`; gives them."""
    found = select(db, OLD_OFFERS, (most,), _transfer)
    db.executemany(DELETE, [(one.id,) for one in found])
    return found


def recent_transfers(db: sqlite3.Connection, n: int) -> list[Transfer]:
    """The newest `n` transfers in any state, by id; with recipients."""
    return [_with_recipients(db, one) for one in select(db, RECENT, (n,), _transfer)[::-1]]


def transfers_of_file(db: sqlite3.Connection, ref: str) -> list[Transfer]:
    """Every transfer of one of the backend's files, the newest first; with recipients."""
    return [_with_recipients(db, one) for one in select(db, BY_REF, (ref,), _transfer)]


def transfer_of_event(db: sqlite3.Connection, room_id: str, event_id: str) -> Transfer | None:
    """The newest transfer that brings the file of an event here, or None."""
    return select_one(db, BY_EVENT, (room_id, event_id), _transfer)


def transfer_of_recipient(db: sqlite3.Connection, ticket: str) -> Transfer | None:
    """The file of ours that somebody gets under this ticket, or None."""
    row = db.execute(OF_TICKET, (ticket,)).fetchone()
    return load_transfer(db, row[0]) if row else None


def _whole(db: sqlite3.Connection, transfer: Transfer | None) -> Transfer | None:
    return None if transfer is None else _with_recipients(db, transfer)


def _with_recipients(db: sqlite3.Connection, transfer: Transfer) -> Transfer:
    if transfer.direction is Direction.IN:
        return transfer
    found = tuple(select(db, RECIPIENTS, (transfer.id,), _recipient))
    return replace(transfer, recipients=found) if found else transfer


def _values(transfer: Transfer) -> tuple[str | int, ...]:
    """The transfer's columns without its id, in COLUMNS' order."""
    return (
        transfer.room_id,
        transfer.direction.value,
        transfer.name,
        transfer.size,
        transfer.state.value,
        transfer.done,
        transfer.digest,
        transfer.mime,
        transfer.sender,
        transfer.event_id,
        json.dumps(transfer.path),
        transfer.ref,
        transfer.ticket,
        transfer.memo,
        transfer.stamp,
        int(transfer.asked),
        transfer.tell,
        transfer.reason,
        transfer.created_at,
        transfer.ended_at,
        transfer.thread,
    )


def _transfer(row: Row) -> Transfer:
    room_id, number, direction, name, size, state, done, digest, mime, sender, event_id, path = row[:12]
    ref, ticket, memo, stamp, asked, tell, reason, created_at, ended_at, thread = row[12:]
    where = json.loads(path)
    if not isinstance(where, str):
        raise TypeError("a path is a text")
    return Transfer(
        number,
        Direction(direction),
        room_id,
        name,
        size,
        State(state),
        done,
        digest,
        mime,
        sender,
        event_id,
        where,
        ref,
        ticket,
        memo,
        stamp,
        bool(asked),
        tell,
        reason,
        created_at,
        ended_at,
        thread=thread,
    )


def _recipient(row: Row) -> Recipient:
    ticket, user, state, done, reason = row
    return Recipient(ticket, user, State(state), done, reason)
