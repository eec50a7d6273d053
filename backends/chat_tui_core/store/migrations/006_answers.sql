-- Format 6: answers are found newest first, whatever lies between them.

CREATE INDEX events_answering ON events (ts) WHERE reply_to <> '';
