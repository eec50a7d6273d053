"""The server's SQLite schema as numbered migrations; each runs once, in order, and is never changed afterwards."""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x77736368
"""What PRAGMA application_id says of the server's data file: "wsch"."""

_FIRST: Final = """
CREATE TABLE user (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL
) STRICT;
CREATE TABLE token (
    user INTEGER NOT NULL REFERENCES user,
    device TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    ts INTEGER NOT NULL,
    PRIMARY KEY (user, device)
) STRICT, WITHOUT ROWID;
CREATE TABLE channel (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    creator INTEGER NOT NULL,
    private INTEGER NOT NULL,
    locked INTEGER NOT NULL,
    base INTEGER NOT NULL,
    alive INTEGER NOT NULL
) STRICT;
CREATE TABLE member (
    channel INTEGER NOT NULL REFERENCES channel,
    user INTEGER NOT NULL REFERENCES user,
    PRIMARY KEY (channel, user)
) STRICT, WITHOUT ROWID;
CREATE TABLE invite (
    channel INTEGER NOT NULL REFERENCES channel,
    user INTEGER NOT NULL REFERENCES user,
    PRIMARY KEY (channel, user)
) STRICT, WITHOUT ROWID;
CREATE TABLE seen (
    channel INTEGER NOT NULL REFERENCES channel,
    user INTEGER NOT NULL REFERENCES user,
    pos INTEGER NOT NULL,
    PRIMARY KEY (channel, user)
) STRICT, WITHOUT ROWID;
CREATE TABLE item (
    channel INTEGER NOT NULL,
    pos INTEGER NOT NULL,
    author INTEGER NOT NULL,
    spoken INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (channel, pos)
) STRICT, WITHOUT ROWID;
CREATE TABLE settled (
    user INTEGER NOT NULL,
    device TEXT NOT NULL,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    PRIMARY KEY (user, device, low)
) STRICT, WITHOUT ROWID;
CREATE TABLE reply (
    user INTEGER NOT NULL,
    device TEXT NOT NULL,
    id INTEGER NOT NULL,
    digest BLOB NOT NULL,
    body TEXT NOT NULL,
    ts INTEGER NOT NULL,
    PRIMARY KEY (user, device, id)
) STRICT, WITHOUT ROWID;
"""

_FILES: Final = """
CREATE TABLE file (
    number INTEGER PRIMARY KEY,
    upload INTEGER NOT NULL UNIQUE,
    channel INTEGER NOT NULL,
    pos INTEGER NOT NULL,
    owner INTEGER NOT NULL REFERENCES user,
    device TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    digest TEXT NOT NULL,
    ts INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE TABLE download (
    number INTEGER PRIMARY KEY,
    file INTEGER NOT NULL,
    user INTEGER NOT NULL REFERENCES user,
    device TEXT NOT NULL,
    acked INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX download_of_file ON download (file);
CREATE TABLE serial (
    kind TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO serial VALUES ('file', 0), ('way', 0);
"""

MIGRATIONS: Final = (_FIRST, _FILES)
"""MIGRATIONS[n] takes a file from user_version n to n + 1."""
