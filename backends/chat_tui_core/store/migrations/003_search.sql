-- Format 3: a full-text index over what people said. Nothing else is indexed: not names, not who came and went.

CREATE VIRTUAL TABLE found USING fts5 (
    text,
    content = 'events',
    content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);

-- New events are added by whoever inserts them, many at once: that takes a quarter of the time of a trigger.
CREATE TRIGGER found_changed AFTER UPDATE OF text, kind ON events
WHEN old.text <> new.text OR old.kind <> new.kind
BEGIN
    INSERT INTO found (found, rowid, text) SELECT 'delete', old.id, old.text
        WHERE old.text <> '' AND old.kind IN ('message', 'notice', 'emote', 'file');
    INSERT INTO found (rowid, text) SELECT new.id, new.text
        WHERE new.text <> '' AND new.kind IN ('message', 'notice', 'emote', 'file');
END;

CREATE TRIGGER found_removed AFTER DELETE ON events
WHEN old.text <> '' AND old.kind IN ('message', 'notice', 'emote', 'file')
BEGIN
    INSERT INTO found (found, rowid, text) VALUES ('delete', old.id, old.text);
END;

INSERT INTO found (rowid, text) SELECT id, text FROM events
    WHERE text <> '' AND kind IN ('message', 'notice', 'emote', 'file');
