-- Format 4: files on their way, in either direction.

-- `id` is taken from the action ids. Sizes are bytes, -1 = not told. `path` is JSON: a file's name may be no UTF-8.
-- `done` is never more than what is durable where the file goes.
CREATE TABLE transfers (
    id INTEGER PRIMARY KEY,
    direction TEXT NOT NULL,
    room_id TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL DEFAULT -1,
    state TEXT NOT NULL DEFAULT 'new',
    done INTEGER NOT NULL DEFAULT 0,
    digest TEXT NOT NULL DEFAULT '',
    mime TEXT NOT NULL DEFAULT '',
    sender TEXT NOT NULL DEFAULT '',
    event_id TEXT NOT NULL DEFAULT '',
    path TEXT NOT NULL DEFAULT '""',
    ref TEXT NOT NULL DEFAULT '',
    ticket TEXT NOT NULL DEFAULT '',
    memo TEXT NOT NULL DEFAULT '',
    stamp TEXT NOT NULL DEFAULT '',
    asked INTEGER NOT NULL DEFAULT 0,
    tell TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX transfers_by_state ON transfers (state);
CREATE INDEX transfers_to_tell ON transfers (id) WHERE tell <> '';
CREATE INDEX transfers_by_ref ON transfers (ref) WHERE ref <> '';
CREATE INDEX transfers_by_event ON transfers (room_id, event_id) WHERE event_id <> '';

-- Who gets a file of ours.
CREATE TABLE recipients (
    transfer INTEGER NOT NULL,
    ticket TEXT NOT NULL,
    user_id TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'accepted',
    done INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (transfer, ticket)
) STRICT, WITHOUT ROWID;

CREATE INDEX recipients_by_ticket ON recipients (ticket);
