-- Format 7: a file that is sent may belong into a thread.

ALTER TABLE transfers ADD COLUMN thread TEXT NOT NULL DEFAULT '';
