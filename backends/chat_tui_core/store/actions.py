"""Stores what the user did, before its first byte is sent and until its echo came."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from chat_tui_core.actions import NOTES, Action, Cause, Kind, State, after
from chat_tui_core.store import ids
from chat_tui_core.store.rows import Row, as_json, json_object, select, select_one

COLUMNS: Final = (
    "room_id, id, kind, content, state, doubt, attempts, depends_on, not_before, created_at, written_at, answered_at,"
    " confirmed_at, error_code, error_text, event_id, event_order, retry_of, let_pass"
)
INSERT: Final = f"INSERT INTO actions ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
UPDATE: Final = (
    "UPDATE actions SET room_id = ?, kind = ?, content = ?, state = ?, doubt = ?, attempts = ?, depends_on = ?,"
    " not_before = ?, created_at = ?, written_at = ?, answered_at = ?, confirmed_at = ?, error_code = ?,"
    " error_text = ?, event_id = ?, event_order = ?, retry_of = ?, let_pass = ? WHERE id = ?"
)
LOAD: Final = f"SELECT {COLUMNS} FROM actions WHERE id = ?"  # noqa: S608
OPEN: Final = f"SELECT {COLUMNS} FROM actions WHERE state IN ('pending', 'sent', 'failed') ORDER BY id"  # noqa: S608
RECENT: Final = f"SELECT {COLUMNS} FROM actions ORDER BY id DESC LIMIT ?"  # noqa: S608
ANSWERED: Final = f"SELECT {COLUMNS} FROM actions WHERE state = 'sent' ORDER BY id"  # noqa: S608
DEPENDENTS: Final = (
    f"SELECT {COLUMNS} FROM actions WHERE depends_on = ? AND depends_on <> 0"  # noqa: S608
    " AND state IN ('pending', 'failed') ORDER BY id"
)
# What is done to a message bears the message's own event id.
BY_EVENT: Final = (
    f"SELECT {COLUMNS} FROM actions WHERE room_id = ? AND event_id = ? AND event_id <> ''"  # noqa: S608
    f" AND kind NOT IN ({', '.join(repr(kind.value) for kind in sorted(NOTES))}) ORDER BY id DESC LIMIT 1"
)
WAITING_BESIDE: Final = "SELECT 1 FROM actions WHERE state IN ('pending', 'failed') AND room_id = ? AND id <> ? LIMIT 1"
UNWRITTEN: Final = (
    "SELECT id FROM actions WHERE state = 'pending' AND written_at = 0 AND attempts = 0 AND doubt = 0 AND id >= ?"
    " ORDER BY id"
)
RENUMBER: Final = "UPDATE actions SET id = ? WHERE id = ?"
FOLLOW: Final = "UPDATE actions SET depends_on = ? WHERE depends_on = ?"
DOUBT: Final = "UPDATE actions SET doubt = 1 WHERE state = 'pending' AND written_at > 0 AND doubt = 0"
INTERRUPTED: Final = "SELECT 1 FROM actions WHERE state = 'pending' AND written_at > 0 AND doubt = 0 LIMIT 1"
# Only the oldest of each is looked at, for a start must not read them all.
STALE: Final = (
    "SELECT 1 FROM (SELECT confirmed_at AS at FROM actions WHERE state = 'confirmed' ORDER BY id LIMIT 1) WHERE at < ?1"
    " UNION ALL"
    " SELECT 1 FROM (SELECT created_at AS at FROM actions WHERE state = 'cancelled' ORDER BY id LIMIT 1) WHERE at < ?1"
)
PRUNE: Final = (
    "DELETE FROM actions WHERE (state = 'confirmed' AND confirmed_at < ?1 OR state = 'cancelled' AND created_at < ?1)"
    " AND NOT EXISTS (SELECT 1 FROM actions AS later WHERE later.depends_on = actions.id AND later.depends_on <> 0"
    " AND later.state IN ('pending', 'sent', 'failed'))"
)
# What the person held back counts from when it was due; what had to be tried again tells nothing about how quick it goes.
LATENCY: Final = (
    "SELECT max(created_at, not_before), answered_at, confirmed_at FROM actions"
    " WHERE state IN ('sent', 'confirmed') AND (not_before = 0 OR attempts = 1) ORDER BY id DESC LIMIT ?"
)

#: How long what is done with is kept, in milliseconds: 30 days.
KEPT: Final = 30 * 86_400_000


def new_action(db: sqlite3.Connection, draft: Action, now_ms: int) -> Action:
    """Store what the user just did under a new id, which is returned with it. Always durable."""
    action = replace(draft, id=ids.allocate(db), created_at=now_ms)
    room_id, *others = _values(action)
    db.execute(INSERT, (room_id, action.id, *others))
    return action


def save_action(db: sqlite3.Connection, action: Action) -> bool:
    """Store what became of an action; False where no action has this id (it was renumbered, or pruned)."""
    return db.execute(UPDATE, (*_values(action), action.id)).rowcount == 1


def rekey_action(
    db: sqlite3.Connection, action: Action, now_ms: int, content: Mapping[str, Any] | None = None
) -> Action:
    """Try a refused action again: the same row under a new id, pending, with other content where given. Always durable.

    Actions that depend on it follow. Raises IllegalTransition unless the action failed.
    """
    again = Action(
        id=ids.allocate(db),
        kind=action.kind,
        room_id=action.room_id,
        content=action.content if content is None else content,
        state=after(action.state, Cause.RETRIED),
        depends_on=action.depends_on,
        created_at=now_ms,
        retry_of=action.place,
    )
    _renumber(db, [(action.id, again.id)])
    save_action(db, again)
    return again


def raise_id_floor(db: sqlite3.Connection, last_id: int) -> list[tuple[int, int]]:
    """Signed in: the server has seen ids up to `last_id` from this device (0 = it cannot tell). All new ids are higher.

    Returns the (old, new) ids of what had to be renumbered, in order. That happens only where the file is an older
    copy of a lost one: what was typed since, before this sign-in, may bear ids that the lost one used for something
    else. Older actions keep theirs, even if they look unwritten: the program may have ended, or the file may have
    been copied, just before that could be noted, and under a new id they would come twice.
    """
    fresh_from = ids.signed_in(db, last_id)
    waiting = [row[0] for row in db.execute(UNWRITTEN, (fresh_from,))] if fresh_from else []
    if not waiting or last_id > ids.MAX_FLOOR or waiting[0] > last_id:
        return []
    first = ids.allocate(db, len(waiting))
    pairs = [(old, first + index) for index, old in enumerate(waiting)]
    _renumber(db, pairs)
    return pairs


def load_action(db: sqlite3.Connection, action_id: int) -> Action | None:
    """One action, or None."""
    return select_one(db, LOAD, (action_id,), _action)


def open_actions(db: sqlite3.Connection) -> list[Action]:
    """What is pending, sent or failed, by id: the outbox."""
    return select(db, OPEN, (), _action)


def answered_actions(db: sqlite3.Connection) -> list[Action]:
    """What was answered and not seen in the stream yet, by id."""
    return select(db, ANSWERED, (), _action)


def dependents(db: sqlite3.Connection, action_id: int) -> list[Action]:
    """The open actions that wait for this one's event, by id."""
    return select(db, DEPENDENTS, (action_id,), _action)


def is_alone(db: sqlite3.Connection, action: Action) -> bool:
    """Whether nothing else of the action's room waits, is on its way or was refused."""
    return db.execute(WAITING_BESIDE, (action.room_id, action.id)).fetchone() is None


def action_by_event(db: sqlite3.Connection, room_id: str, event_id: str) -> Action | None:
    """The newest action that made this event, or None."""
    return select_one(db, BY_EVENT, (room_id, event_id), _action)


def recent_actions(db: sqlite3.Connection, n: int) -> list[Action]:
    """The newest `n` actions in any state, by id."""
    return select(db, RECENT, (n,), _action)[::-1]


def prune_actions(db: sqlite3.Connection, before_ms: int) -> int:
    """Delete what was confirmed, or made and then cancelled, before a time; how many there were.

    What an open action depends on is kept.
    """
    return db.execute(PRUNE, (before_ms,)).rowcount


def latency(db: sqlite3.Connection, n: int = 200) -> tuple[list[int], list[int]]:
    """Milliseconds to the answer, and to the echo, of the newest `n` actions that got so far: from the key, or when due."""
    rows = db.execute(LATENCY, (n,)).fetchall()
    answered = [answered_at - created_at for created_at, answered_at, _ in rows if answered_at]
    confirmed = [confirmed_at - created_at for created_at, _, confirmed_at in rows if confirmed_at]
    return answered, confirmed


def needs_tidying(db: sqlite3.Connection, now_ms: int) -> bool:
    """Whether `tidy` has anything to do; hardly ever, and asking does not touch the file."""
    interrupted = db.execute(INTERRUPTED).fetchone() is not None
    return interrupted or db.execute(STALE, (now_ms - KEPT,)).fetchone() is not None


def tidy(db: sqlite3.Connection, now_ms: int) -> None:
    """The program starts: what was on its way when it ended is in doubt now; what was done with long ago goes."""
    db.execute(DOUBT)
    prune_actions(db, now_ms - KEPT)


def _renumber(db: sqlite3.Connection, pairs: Sequence[tuple[int, int]]) -> None:
    swapped = [(new, old) for old, new in pairs]
    db.executemany(RENUMBER, swapped)
    db.executemany(FOLLOW, swapped)


def _values(action: Action) -> tuple[str | int, ...]:
    """The action's columns without its id, in COLUMNS' order."""
    return (
        action.room_id,
        action.kind.value,
        as_json(dict(action.content)),
        action.state.value,
        int(action.doubt),
        action.attempts,
        action.depends_on,
        action.not_before,
        action.created_at,
        action.written_at,
        action.answered_at,
        action.confirmed_at,
        action.error_code,
        action.error_text,
        action.event_id,
        action.event_order,
        action.retry_of,
        int(action.let_pass),
    )


def _action(row: Row) -> Action:
    room_id, action_id, kind, content, state, doubt, attempts, depends_on, not_before = row[:9]
    created_at, written_at, answered_at, confirmed_at, error_code, error_text = row[9:15]
    event_id, event_order, retry_of, let_pass = row[15:]
    return Action(
        action_id,
        Kind(kind),
        room_id,
        json_object(content),
        State(state),
        bool(doubt),
        attempts,
        depends_on,
        not_before,
        created_at,
        written_at,
        answered_at,
        confirmed_at,
        error_code,
        error_text,
        event_id,
        event_order,
        retry_of,
        bool(let_pass),
    )
