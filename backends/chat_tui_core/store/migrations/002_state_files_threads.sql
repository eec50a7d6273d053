-- Format 2: rooms' state for backends that need it, files and threads in events, changes that come before their event.

ALTER TABLE events ADD COLUMN thread TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN file TEXT NOT NULL DEFAULT '';

ALTER TABLE rooms ADD COLUMN tag TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN inviter TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN successor TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN direct TEXT NOT NULL DEFAULT '';

-- The event whose text is being changed.
ALTER TABLE drafts ADD COLUMN edits TEXT NOT NULL DEFAULT '';

-- `token` fetches the newest part of a hole, this one the oldest.
ALTER TABLE gaps ADD COLUMN token_after TEXT NOT NULL DEFAULT '';

-- A room's state as it is now, one row a piece; room_id '' is the account's own.
CREATE TABLE state (
    room_id TEXT NOT NULL,
    type TEXT NOT NULL,
    state_key TEXT NOT NULL,
    content TEXT NOT NULL DEFAULT '{}',
    sender TEXT NOT NULL DEFAULT '',
    event_id TEXT NOT NULL DEFAULT '',
    ts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id, type, state_key)
) STRICT, WITHOUT ROWID;

-- Reactions that are events of their own: how one is found when it is taken back, or when its target comes later.
CREATE TABLE reactions (
    room_id TEXT NOT NULL,
    reaction_id TEXT NOT NULL,
    target TEXT NOT NULL,
    sender TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (room_id, reaction_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX reactions_by_target ON reactions (room_id, target);

-- Edits and redactions of events that are not here yet.
CREATE TABLE ahead (
    room_id TEXT NOT NULL,
    target TEXT NOT NULL,
    change TEXT NOT NULL,
    by_user TEXT NOT NULL DEFAULT '',
    ts INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (room_id, target, change, by_user)
) STRICT, WITHOUT ROWID;
