-- Format 5: threads are found by the event that they began with, and what the server says of those that are not here whole.

CREATE INDEX events_by_thread ON events (room_id, thread, ord) WHERE thread <> '';

CREATE TABLE threads (
    room_id TEXT NOT NULL,
    root TEXT NOT NULL,
    answers INTEGER NOT NULL,
    last_ts INTEGER NOT NULL,
    PRIMARY KEY (room_id, root)
) STRICT, WITHOUT ROWID;
