"""Keeps what was typed and not sent, a draft a room."""

from __future__ import annotations

import sqlite3
from typing import Final

from chat_tui_core.store.problems import storable
from chat_tui_core.store.rows import Row, as_json, select, text_list
from chat_tui_core.values import frozen

SAVE: Final = (
    "INSERT INTO drafts (room_id, text, cursor, reply_to, attachments, updated_at, edits)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (room_id) DO UPDATE SET text = excluded.text, cursor = excluded.cursor,"
    " reply_to = excluded.reply_to, attachments = excluded.attachments, updated_at = excluded.updated_at,"
    " edits = excluded.edits"
)
DELETE: Final = "DELETE FROM drafts WHERE room_id = ?"
LOAD: Final = "SELECT room_id, updated_at, text, cursor, reply_to, attachments, edits FROM drafts ORDER BY room_id"


@frozen
class Draft:
    """What stands in a room's composer: text, cursor (characters), the event replied to, paths of files.

    `room_id` is a room's, or the place of a thread (see `chat_tui_core.threads`). `edits` is the event whose text is
    being changed.
    """

    room_id: str
    text: str
    cursor: int = 0
    reply_to: str = ""
    attachments: tuple[str, ...] = ()
    updated_at: int = 0
    edits: str = ""


def save_draft(db: sqlite3.Connection, draft: Draft) -> None:
    """Keep a draft in place of the room's earlier one; one that holds nothing deletes it."""
    if not (draft.text or draft.reply_to or draft.attachments or draft.edits):
        db.execute(DELETE, (draft.room_id,))
        return
    text, files = storable(draft.text), as_json(draft.attachments)
    db.execute(SAVE, (draft.room_id, text, draft.cursor, draft.reply_to, files, draft.updated_at, draft.edits))


def load_drafts(db: sqlite3.Connection) -> dict[str, Draft]:
    """All drafts by room id."""
    return {draft.room_id: draft for draft in select(db, LOAD, (), _draft)}


def _draft(row: Row) -> Draft:
    room_id, updated_at, text, cursor, reply_to, attachments, edits = row
    return Draft(room_id, text, cursor, reply_to, text_list(attachments), updated_at, edits)
