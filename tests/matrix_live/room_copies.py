"""Copies the one room of a stopped Synapse's database many times, and makes a room long, in seconds instead of minutes.

By its API a homeserver makes about ten rooms a second. Here rows are copied with other ids and numbers, and event ids
are computed as the Matrix specification says (room version 12), so that the server takes the copies for its own.
Only the signatures are those of the original; a homeserver looks at the signatures of others' events alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Rows = dict[str, list[Row]]

# Numbers that must differ between rooms, by what they count. A name with a table's name before it wins.
NUMBERS = {
    "stream_ordering": "events",
    "event_stream_ordering": "events",
    "bump_stamp": "events",
    "completed_delta_stream_id": "events",
    "current_state_delta_stream.stream_id": "events",
    "receipts_linearized.stream_id": "receipts",
    "state_group": "groups",
    "prev_state_group": "groups",
    "state_groups.id": "groups",
    "chain_id": "chains",
    "origin_chain_id": "chains",
    "target_chain_id": "chains",
}
HIGHEST = {
    "events": "SELECT max(stream_ordering) FROM events",
    "receipts": "SELECT coalesce(max(stream_id), 0) FROM receipts_linearized",
    "groups": "SELECT max(id) FROM state_groups",
    "chains": "SELECT max(chain_id) FROM event_auth_chains",
}
# Tables that belong to the room although no id in them says so.
NAMELESS = ("state_group_edges", "event_auth_chain_links")
# What the search index and the memory of transaction ids keep: made by itself, or of no use in a copy.
LEFT_OUT = ("event_search_", "event_txn_id_device_id", "sqlite_")
# How far the server's own chores have come. Left behind, they would chew through every copy at the next start.
CHORES = (
    "UPDATE stream_positions SET stream_id = :events WHERE stream_name = 'events'",
    "UPDATE stream_positions SET stream_id = :receipts WHERE stream_name = 'receipts'",
    "UPDATE federation_stream_position SET stream_id = :events WHERE type = 'events'",
    "UPDATE stats_incremental_position SET stream_id = :events",
    "UPDATE user_directory_stream_pos SET stream_id = :events",
    "UPDATE delayed_events_stream_pos SET stream_id = :events",
    "UPDATE room_forgetter_stream_pos SET stream_id = :events",
    """UPDATE user_stats_current SET completed_delta_stream_id = :events, joined_rooms =
    (SELECT count(*) FROM local_current_membership AS m
     WHERE m.user_id = user_stats_current.user_id AND membership = 'join')""",
)
# Content that survives a redaction, and so counts for an event's id (room versions 11 and 12).
KEPT_CONTENT = {
    "m.room.member": ("membership", "join_authorised_via_users_server"),
    "m.room.join_rules": ("join_rule", "allow"),
    "m.room.power_levels": (
        *("ban", "events", "events_default", "invite", "kick", "redact", "state_default", "users", "users_default"),
    ),
    "m.room.history_visibility": ("history_visibility",),
    "m.room.redaction": ("redacts",),
}
KEPT = (
    *("type", "room_id", "sender", "state_key", "content", "hashes", "depth"),
    *("prev_events", "auth_events", "origin_server_ts"),
)
MINUTE_MS = 60_000


def canonical(value: object) -> bytes:
    """Canonical JSON (specification, appendix "Canonical JSON")."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def content_hash(event: Row) -> str:
    """An event's content hash (server-server API, "Calculating the content hash for an event")."""
    plain = {key: value for key, value in event.items() if key not in {"unsigned", "signatures", "hashes"}}
    return base64.b64encode(hashlib.sha256(canonical(plain)).digest()).decode().rstrip("=")


def event_id(event: Row) -> str:
    """An event's id: the hash of what a redaction leaves (server-server API, "Calculating the reference hash")."""
    redacted = {key: event[key] for key in KEPT if key in event}
    if event["type"] != "m.room.create":
        kept = KEPT_CONTENT.get(event["type"], ())
        redacted["content"] = {key: value for key, value in event["content"].items() if key in kept}
    return "$" + base64.urlsafe_b64encode(hashlib.sha256(canonical(redacted)).digest()).decode().rstrip("=")


@dataclass(frozen=True)
class Original:
    """The room that is copied: its rows, its events in the order they came, what its ids and numbers are."""

    room_id: str
    name: str
    rows: Rows
    events: dict[str, Row]
    highest: dict[str, int]


def read_original(db: sqlite3.Connection, name: str) -> Original:
    """Everything about the database's only room, whose name is `name`."""
    [room] = [row["room_id"] for row in db.execute("SELECT room_id FROM rooms")]
    pairs = db.execute("SELECT event_id, json FROM events JOIN event_json USING (event_id) ORDER BY stream_ordering")
    events = {row["event_id"]: json.loads(row["json"]) for row in pairs.fetchall()}
    wrong = [
        key
        for key, event in events.items()
        if event_id(event) != key or content_hash(event) != event["hashes"]["sha256"]
    ]
    if wrong:
        raise ValueError(f"this Synapse computes event ids in another way than it is done here: {wrong}")
    tables = [row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    ids = {room, *events}
    rows: Rows = {}
    for table in tables:
        if not table.startswith(LEFT_OUT):
            every = [dict(row) for row in db.execute(f'SELECT * FROM "{table}"')]
            mine = every if table in NAMELESS else [row for row in every if _speaks_of(row, ids)]
            rows |= {table: mine} if mine else {}
    return Original(room, name, rows, events, highest(db))


def _speaks_of(row: Row, ids: set[str]) -> bool:
    return any(isinstance(value, str) and any(key in value for key in ids) for value in row.values())


def highest(db: sqlite3.Connection) -> dict[str, int]:
    """The highest number given so far, for each thing that is counted."""
    return {what: int(db.execute(query).fetchone()[0]) for what, query in HIGHEST.items()}


class Copy:
    """One copy of the original: its number (from 1), its name, how much older its events are."""

    def __init__(self, original: Original, number: int, name: str, earlier_ms: int) -> None:
        self.original = original
        self.number = number
        self.earlier_ms = earlier_ms
        self.ids = {original.name: name}
        self.pattern = re.compile("|".join(re.escape(key) for key in (*self.ids, original.room_id, *original.events)))
        # By the original's event id.
        self.events = {old: self.copied_event(old, event) for old, event in original.events.items()}

    def renamed(self, text: str) -> str:
        """A text with the copy's ids and name in it, as far as they are known."""
        return self.pattern.sub(lambda found: self.ids.get(found[0], found[0]), text)

    def copied_event(self, old: str, event: Row) -> Row:
        """An event of the copy; those that it names must have been copied before it."""
        new: Row = json.loads(self.renamed(json.dumps(event, ensure_ascii=False)))
        new["origin_server_ts"] -= self.earlier_ms
        new["unsigned"]["age_ts"] = new["origin_server_ts"]
        new["hashes"] = {"sha256": content_hash(new)}
        self.ids[old] = event_id(new)
        if event["type"] == "m.room.create":
            # A room's id is its creation's (room version 12).
            self.ids[self.original.room_id] = "!" + self.ids[old].removeprefix("$")
        return new

    def rows(self) -> Rows:
        """Everything that goes into the database."""
        return {table: [self.copied_row(table, row) for row in rows] for table, rows in self.original.rows.items()}

    def copied_row(self, table: str, row: Row) -> Row:
        """One row, with the copy's ids, numbers and times."""
        new: Row = {}
        for column, value in row.items():
            what = NUMBERS.get(f"{table}.{column}") or NUMBERS.get(column)
            if what and value is not None:
                new[column] = value + self.number * self.original.highest[what]
            elif column in {"origin_server_ts", "received_ts"}:
                new[column] = value - self.earlier_ms
            else:
                new[column] = self.renamed(value) if isinstance(value, str) else value
        if table == "event_json":
            new["json"] = canonical(self.events[row["event_id"]]).decode()
        return new


def insert(db: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    """Put rows of one shape into a table."""
    columns = list(rows[0])
    marks = ", ".join("?" for _ in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    db.executemany(
        f'INSERT INTO "{table}" ({names}) VALUES ({marks})', [[row[column] for column in columns] for row in rows]
    )


def copy_room(db: sqlite3.Connection, name: str, names: list[str]) -> None:
    """Copy the only room, called `name`, once for each of `names`; later ones are newer, the original is the newest."""
    original = read_original(db, name)
    for number, other in enumerate(names, 1):
        copy = Copy(original, number, other, (len(names) + 1 - number) * MINUTE_MS)
        for table, rows in copy.rows().items():
            insert(db, table, rows)


def lengthen(db: sqlite3.Connection, room: str, count: int, body: Callable[[int], str]) -> None:
    """Add `count` messages to the end of a room, after every other event, by turns from those who wrote in it before.

    `body` gives each message's text from its number, which begins with 0. They are a millisecond apart.
    """
    query = "SELECT event_id, json FROM event_forward_extremities JOIN event_json USING (event_id, room_id)"
    [(last, text)] = [tuple(row) for row in db.execute(f"{query} WHERE room_id = ?", (room,))]
    last_event: Row = json.loads(text)
    samples = message_samples(db, room)
    stream = highest(db)["events"]
    new_rows: Rows = {}
    for number in range(count):
        stream += 1
        sample, rows = samples[number % len(samples)]
        previous, last_event = last, following(last, last_event, sample, body(number))
        last = event_id(last_event)
        changed = changed_columns(last_event, last, previous, stream)
        for table, row in rows:
            new_rows.setdefault(table, []).append(row | {key: changed[key] for key in row.keys() & changed.keys()})
    for table, every in new_rows.items():
        insert(db, table, every)
    db.execute("UPDATE event_forward_extremities SET event_id = ? WHERE room_id = ?", (last, room))
    db.execute("INSERT INTO stream_ordering_to_exterm VALUES (?, ?, ?)", (stream, room, last))
    for column in ("event_stream_ordering", "bump_stamp"):
        db.execute(f"UPDATE sliding_sync_joined_rooms SET {column} = ? WHERE room_id = ?", (stream, room))


def message_samples(db: sqlite3.Connection, room: str) -> list[tuple[Row, list[tuple[str, Row]]]]:
    """For everybody who wrote in a room, their last message: the event, and the rows that make it one."""
    query = "SELECT max(stream_ordering), event_id FROM events WHERE type = 'm.room.message' AND room_id = ?"
    tables = ("events", "event_json", "event_edges", "event_auth", "event_to_state_groups", "event_search")
    found = []
    for _, key in [tuple(row) for row in db.execute(f"{query} GROUP BY sender", (room,))]:
        rows = [
            (table, dict(row))
            for table in tables
            for row in db.execute(f'SELECT * FROM "{table}" WHERE event_id = ?', (key,))
        ]
        [event] = [json.loads(row["json"]) for table, row in rows if table == "event_json"]
        found.append((event, rows))
    return found


def following(last: str, last_event: Row, sample: Row, text: str) -> Row:
    """The message after an event, in the manner of a sample."""
    new: Row = {
        **sample,
        "content": sample["content"] | {"body": text},
        "depth": last_event["depth"] + 1,
        "origin_server_ts": last_event["origin_server_ts"] + 1,
        "prev_events": [last],
        "unsigned": {"age_ts": last_event["origin_server_ts"] + 1},
    }
    return new | {"hashes": {"sha256": content_hash(new)}}


def changed_columns(event: Row, key: str, previous: str, stream: int) -> Row:
    """What columns with these names hold for a new message, in whatever table."""
    return {
        "event_id": key,
        "prev_event_id": previous,
        "stream_ordering": stream,
        "topological_ordering": event["depth"],
        "depth": event["depth"],
        "origin_server_ts": event["origin_server_ts"],
        "received_ts": event["origin_server_ts"],
        "json": canonical(event).decode(),
        "value": event["content"]["body"],
    }


def open_database(file: Path) -> sqlite3.Connection:
    """A stopped Synapse's database, for many writes: nothing is forced to disk before the end."""
    db = sqlite3.connect(file)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA synchronous = OFF")
    return db


def finish(db: sqlite3.Connection) -> None:
    """Tell the server's chores where the end is now, and bring everything into the one file."""
    for chore in CHORES:
        db.execute(chore, {key: value for key, value in highest(db).items() if f":{key}" in chore})
    db.commit()
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
