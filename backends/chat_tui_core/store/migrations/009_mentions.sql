-- Format 9: whether an event is meant for this account's user, 1 or 0, -1 = its sender does not say.

ALTER TABLE events ADD COLUMN names_me INTEGER NOT NULL DEFAULT -1;

CREATE INDEX events_naming ON events (ts) WHERE names_me = 1;
