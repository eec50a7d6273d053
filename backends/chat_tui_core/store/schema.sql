-- The client's store: one file per account. This is format 1; later formats are migrations/NNN_*.sql.
-- Times are milliseconds since 1970, 0 = not yet or unknown. Flags are 0 or 1. Lists and contents are JSON.

PRAGMA application_id = 1668576617; -- "ctui"

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- Where the event stream stands, as the backend gave it; saved together with what it brought.
CREATE TABLE position (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- The newest 1,000 things that were set aside. The newest is never deleted, so max(id) counts all that ever were.
CREATE TABLE problems (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL DEFAULT 0,
    room_id TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE rooms (
    room_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL DEFAULT '',
    topic TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT 'public',
    membership TEXT NOT NULL DEFAULT 'joined',
    members INTEGER NOT NULL DEFAULT 0,
    aliases TEXT NOT NULL DEFAULT '[]',
    unread INTEGER NOT NULL DEFAULT 0,
    mentions INTEGER NOT NULL DEFAULT 0,
    head INTEGER NOT NULL DEFAULT 0,
    read_to INTEGER NOT NULL DEFAULT 0,
    last_ts INTEGER NOT NULL DEFAULT 0,
    last_sender TEXT NOT NULL DEFAULT '',
    last_text TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    presence TEXT NOT NULL DEFAULT 'unknown',
    role TEXT NOT NULL DEFAULT 'member',
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

-- How far each person has read.
CREATE TABLE reads (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    read_to INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

-- An event without an event id is known by its place alone.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    room_id TEXT NOT NULL,
    ord INTEGER NOT NULL,
    event_id TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT 'message',
    sender TEXT NOT NULL DEFAULT '',
    ts INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL DEFAULT '',
    sender_name TEXT NOT NULL DEFAULT '',
    target TEXT NOT NULL DEFAULT '',
    reply_to TEXT NOT NULL DEFAULT '',
    edited_ts INTEGER NOT NULL DEFAULT 0,
    reactions TEXT NOT NULL DEFAULT '[]',
    action_id INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX events_by_order ON events (room_id, ord);
CREATE UNIQUE INDEX events_by_event_id ON events (room_id, event_id) WHERE event_id <> '';
-- Counts unread events and finds the newest of a kind without touching the rows.
CREATE INDEX events_by_kind ON events (room_id, kind, ord, sender);

-- Holes: everything between the two orders (both exclusive) is not here yet.
CREATE TABLE gaps (
    room_id TEXT NOT NULL,
    after_ord INTEGER NOT NULL,
    before_ord INTEGER NOT NULL,
    token TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (room_id, after_ord, before_ord),
    CHECK (after_ord < before_ord)
) STRICT, WITHOUT ROWID;

-- Rooms whose oldest stored event is the first that the room ever had.
CREATE TABLE starts (
    room_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE actions (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    room_id TEXT NOT NULL DEFAULT '',
    content TEXT NOT NULL DEFAULT '{}',
    state TEXT NOT NULL DEFAULT 'pending',
    doubt INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    depends_on INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL DEFAULT 0,
    written_at INTEGER NOT NULL DEFAULT 0,
    answered_at INTEGER NOT NULL DEFAULT 0,
    confirmed_at INTEGER NOT NULL DEFAULT 0,
    error_code TEXT NOT NULL DEFAULT '',
    error_text TEXT NOT NULL DEFAULT '',
    event_id TEXT NOT NULL DEFAULT '',
    event_order INTEGER NOT NULL DEFAULT 0,
    retry_of INTEGER NOT NULL DEFAULT 0,
    let_pass INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX actions_by_state ON actions (state);
CREATE INDEX actions_by_event ON actions (room_id, event_id) WHERE event_id <> '';
CREATE INDEX actions_by_need ON actions (depends_on) WHERE depends_on <> 0;

-- The next action id, the end of the block it is taken from, and which opening of the file holds the block.
-- An empty holder means that the file was closed in order; else the rest of the block is never used.
-- fresh_from: the first id that the holder gave out before it signed in; 0 once it has.
-- touched: changes with every commit that is made for its sync alone.
CREATE TABLE action_ids (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    next_id INTEGER NOT NULL DEFAULT 1,
    block_end INTEGER NOT NULL DEFAULT 0,
    fresh_from INTEGER NOT NULL DEFAULT 0,
    holder TEXT NOT NULL DEFAULT '',
    touched INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE drafts (
    room_id TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL DEFAULT '',
    cursor INTEGER NOT NULL DEFAULT 0,
    reply_to TEXT NOT NULL DEFAULT '',
    attachments TEXT NOT NULL DEFAULT '[]',
    updated_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
