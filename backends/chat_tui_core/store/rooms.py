"""Stores the room list, who is in the rooms, and how far everyone has read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from chat_tui_core.model import Member, Membership, Presence, Role, Room, RoomKind, RoomTag
from chat_tui_core.store.rows import Row, as_json, select, text_list

LOAD: Final = (
    "SELECT room_id, name, topic, kind, membership, members, aliases, unread, mentions, head, read_to, last_ts,"
    " last_sender, last_text, tag, muted, inviter, successor, direct, children FROM rooms ORDER BY room_id"
)
SAVE: Final = (
    "INSERT INTO rooms (room_id, name, topic, kind, membership, members, aliases, unread, mentions, head, read_to,"
    " last_ts, last_sender, last_text, tag, muted, inviter, successor, direct, children)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room_id)"
    " DO UPDATE SET name = excluded.name, topic = excluded.topic, kind = excluded.kind,"
    " membership = excluded.membership, members = excluded.members, aliases = excluded.aliases,"
    " unread = excluded.unread, mentions = excluded.mentions, head = excluded.head, read_to = excluded.read_to,"
    " last_ts = excluded.last_ts, last_sender = excluded.last_sender, last_text = excluded.last_text,"
    " tag = excluded.tag, muted = excluded.muted, inviter = excluded.inviter, successor = excluded.successor,"
    " direct = excluded.direct, children = excluded.children"
)
#: Everything that a room is stored in, but for its actions.
FORGET: Final = (
    "DELETE FROM rooms WHERE room_id = ?",
    "DELETE FROM members WHERE room_id = ?",
    "DELETE FROM reads WHERE room_id = ?",
    "DELETE FROM events WHERE room_id = ?",
    "DELETE FROM gaps WHERE room_id = ?",
    "DELETE FROM starts WHERE room_id = ?",
    "DELETE FROM drafts WHERE room_id = ?1 OR substr(room_id, 1, length(?1) + 1) = ?1 || char(10)",
    "DELETE FROM threads WHERE room_id = ?",
    "DELETE FROM state WHERE room_id = ?",
    "DELETE FROM reactions WHERE room_id = ?",
    "DELETE FROM ahead WHERE room_id = ?",
)
SAVE_MEMBER: Final = (
    "INSERT INTO members (room_id, user_id, name, presence, role) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (room_id, user_id) DO UPDATE SET name = excluded.name, presence = excluded.presence,"
    " role = excluded.role"
)
CLEAR_MEMBERS: Final = "DELETE FROM members WHERE room_id = ?"
REMOVE_MEMBER: Final = "DELETE FROM members WHERE room_id = ? AND user_id = ?"
LOAD_MEMBERS: Final = "SELECT room_id, user_id, name, presence, role FROM members WHERE room_id = ? ORDER BY user_id"
SET_READ: Final = (
    "INSERT INTO reads (room_id, user_id, read_to) VALUES (?, ?, ?) ON CONFLICT (room_id, user_id)"
    " DO UPDATE SET read_to = excluded.read_to WHERE read_to < excluded.read_to"
)
_TAGS: Final = {tag.value: tag for tag in RoomTag}
_KINDS: Final = {kind.value: kind for kind in RoomKind}
_MEMBERSHIPS: Final = {membership.value: membership for membership in Membership}

LOAD_PEOPLE: Final = (
    "SELECT user_id, max(name) FROM (SELECT user_id, name FROM members LIMIT ?) GROUP BY user_id ORDER BY user_id"
)
LOAD_READS: Final = "SELECT room_id, user_id, read_to FROM reads WHERE room_id = ? AND read_to >= ?"


def load_people(db: sqlite3.Connection, most: int) -> list[Member]:
    """Who is in any room, each person once; `most` entries of the rooms' lists are looked at."""
    return select(db, LOAD_PEOPLE, (most,), lambda row: Member(*row))


def load_rooms(db: sqlite3.Connection) -> list[Room]:
    """All rooms, those with the newest message first."""
    rooms = select(db, LOAD, (), _room)
    rooms.sort(key=attrgetter("last_ts"), reverse=True)  # SQLite would copy all their texts for it
    return rooms


def save_rooms(db: sqlite3.Connection, rooms: Iterable[Room]) -> None:
    """Store rooms, each with all its fields."""
    db.executemany(SAVE, map(_values, rooms))


def forget_room(db: sqlite3.Connection, room_id: str) -> None:
    """Delete a room with its members, events, gaps and draft. Its actions stay: they are the user's."""
    for query in FORGET:
        db.execute(query, (room_id,))


def save_members(db: sqlite3.Connection, room_id: str, members: Iterable[Member], replace: bool) -> None:
    """Store members; with `replace` they are all that there are."""
    if replace:
        db.execute(CLEAR_MEMBERS, (room_id,))
    db.executemany(
        SAVE_MEMBER,
        ((room_id, member.user_id, member.name, member.presence.value, member.role.value) for member in members),
    )


def remove_member(db: sqlite3.Connection, room_id: str, user_id: str) -> None:
    """Delete one member; one that is not there is no error."""
    db.execute(REMOVE_MEMBER, (room_id, user_id))


def load_members(db: sqlite3.Connection, room_id: str) -> list[Member]:
    """A room's members by user id."""
    return select(db, LOAD_MEMBERS, (room_id,), _member)


def set_read(db: sqlite3.Connection, room_id: str, user_id: str, order: int) -> None:
    """A person has read up to and including an order; it never moves back."""
    db.execute(SET_READ, (room_id, user_id, order))


def load_reads(db: sqlite3.Connection, room_id: str, least: int = 0) -> dict[str, int]:
    """How far everyone has read a room, by user id; without those who have not come to the order `least`."""
    return dict(select(db, LOAD_READS, (room_id, least), _read_position))


def _values(room: Room) -> tuple[str | int, ...]:
    return (
        room.room_id,
        room.name,
        room.topic,
        room.kind.value,
        room.membership.value,
        room.members,
        as_json(room.aliases),
        room.unread,
        room.mentions,
        room.head,
        room.read,
        room.last_ts,
        room.last_sender,
        room.last_text,
        room.tag.value,
        int(room.muted),
        room.inviter,
        room.successor,
        room.direct,
        "" if room.children is None else as_json(room.children),
    )


def _room(row: Row) -> Room:
    known = _KINDS[row[3]], _MEMBERSHIPS[row[4]]  # calling an enumeration takes longer than all else together
    fields = (*row[:3], *known, row[5], text_list(row[6]), *row[7:14], _TAGS[row[14]], bool(row[15]), *row[16:19])
    return Room(*fields, *((text_list(row[19]),) if row[19] else ()))


def _member(row: Row) -> Member:
    _, user_id, name, presence, role = row
    return Member(user_id, name, Presence(presence), Role(role))


def _read_position(row: Row) -> tuple[str, int]:
    return row[1], row[2]
