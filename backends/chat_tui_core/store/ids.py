"""Gives out action ids: strictly rising for this device, none ever twice, whatever happened to the file."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Final

from chat_tui_core.store.connect import WritingConnection
from chat_tui_core.store.problems import report
from chat_tui_core.values import frozen

#: Ids are reserved in blocks of this many.
BLOCK: Final = 1000
#: A server that claims to have seen a higher id than this is not believed: ids must stay below 2**53 (wschat 3.1).
MAX_FLOOR: Final = 2**53 - 2**32

GET: Final = "SELECT next_id, block_end, fresh_from, holder FROM action_ids"
LAST_USED: Final = "SELECT coalesce(max(id), 0) FROM actions"
SET: Final = (
    "INSERT INTO action_ids (one, next_id, block_end, fresh_from, holder) VALUES (1, ?, ?, ?, ?)"
    " ON CONFLICT (one) DO UPDATE SET next_id = excluded.next_id, block_end = excluded.block_end,"
    " fresh_from = excluded.fresh_from, holder = excluded.holder"
)
RELEASE: Final = "UPDATE action_ids SET holder = '' WHERE holder = ?"


@frozen
class _Counter:
    """The next id, the end of the reserved block, and the first id of this opening that was surely not sent yet."""

    next_id: int = 1
    block_end: int = 0
    fresh_from: int = 0


def allocate(db: sqlite3.Connection, count: int = 1) -> int:
    """The first of `count` new ids in a row.

    The counter is stored in the transaction that uses the ids, and that transaction is synced to the disk: an id
    that a power cut took back would be given out again, and the server would drop what is sent under it.
    """
    counter = _counter(db)
    _set(db, replace(counter, next_id=counter.next_id + count))
    return counter.next_id


def signed_in(db: sqlite3.Connection, last_id: int) -> int:
    """Let all new ids be higher than the last one that the server has seen from this device.

    When the server knows more ids than this file, the file is an older copy of a lost one, and the rest of that
    block may have been given out too: it is skipped. Returns the first id that this opening of the file gave out
    before it first signed in; 0 once it has signed in before.
    """
    counter = _counter(db)
    floor = counter.next_id
    if last_id > MAX_FLOOR:
        report(db, f"The server claims to have seen the action id {last_id} from this device; it was not believed.")
    elif last_id >= floor:
        floor = _end_of_block(last_id) + 1
    if counter.fresh_from or floor != counter.next_id:
        _set(db, replace(counter, next_id=floor, fresh_from=0))
    return counter.fresh_from


def release_block(db: sqlite3.Connection) -> None:
    """The file is closed in order: the next opening goes on where this one stopped."""
    db.execute(RELEASE, (_holder(db),))


def _counter(db: sqlite3.Connection) -> _Counter:
    """The counter as this opening of the file has to go on with it."""
    *stored, holder = db.execute(GET).fetchone() or (1, 0, 0, "")
    counter = _Counter(*stored)
    if holder and holder != _holder(db):  # the program ended, or the file was copied, in the middle of a block
        counter = replace(counter, next_id=counter.block_end + 1)
    last_used: int = db.execute(LAST_USED).fetchone()[0]
    counter = replace(counter, next_id=max(counter.next_id, last_used + 1))
    return counter if holder == _holder(db) else replace(counter, fresh_from=counter.next_id)


def _set(db: sqlite3.Connection, counter: _Counter) -> None:
    block_end = max(counter.block_end, _end_of_block(counter.next_id))
    db.execute(SET, (counter.next_id, block_end, counter.fresh_from, _holder(db)))
    if isinstance(db, WritingConnection):
        db.must_sync = True


def _end_of_block(action_id: int) -> int:
    return -(-action_id // BLOCK) * BLOCK


def _holder(db: sqlite3.Connection) -> str:
    return db.holder if isinstance(db, WritingConnection) else ""
