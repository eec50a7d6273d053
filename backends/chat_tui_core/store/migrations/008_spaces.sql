-- Format 8: what a space holds, a list of the ids of rooms in its order; '' = the room is no space.

ALTER TABLE rooms ADD COLUMN children TEXT NOT NULL DEFAULT '';
