"""The store's file: made, migrated, refused, and every way in which a disk can say no."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat_tui_core.errors import StoreDamaged, StoreError, StoreTooNew, StoreUnwritable
from chat_tui_core.store import Store, connect, faults, meta, schema

SCHEMA = Path(schema.__file__).with_name("schema.sql").read_text(encoding="utf-8")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ann" / "store.db"


def made(path: Path) -> Path:
    store = Store.open(path)
    store.write_now(meta.set_meta, "name", "ann")
    store.close_now()
    return path


def changed(path: Path, script: str) -> None:
    with sqlite3.connect(path) as db:
        db.executescript(script)
    db.close()


def test_a_new_file_is_private_and_complete(path: Path) -> None:  # E4
    store = Store.open(path)
    assert store.path == path
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["store.db", "store.db-shm", "store.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    store.close_now()
    assert [file.name for file in path.parent.iterdir()] == ["store.db"]


def test_an_open_file_is_made_private(path: Path) -> None:  # E4
    made(path).chmod(0o644)
    Store.open(path).close_now()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_stored_is_there_again(path: Path) -> None:  # E4
    store = Store.open(made(path))
    assert store.read(meta.get_meta, "name") == "ann"
    assert store.read(meta.get_meta, "other") is None
    store.close_now()
    store.close_now()  # a second time does nothing


def test_every_table_is_strict_and_every_column_has_its_say(path: Path) -> None:
    store = Store.open(path)

    def loose(db: sqlite3.Connection) -> list[tuple[str, str]]:
        tables = [
            row[0] for row in db.execute("SELECT name FROM pragma_table_list WHERE NOT strict AND type = 'table'")
        ]
        found = [(name, "not strict") for name in tables if not name.startswith("sqlite_")]
        query = "SELECT t.name, c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c WHERE t.strict"
        return found + db.execute(f"{query} AND NOT c.\"notnull\" AND NOT (c.pk AND c.type = 'INTEGER')").fetchall()

    assert store.read(loose) == []
    store.close_now()


# ---------------------------------------------------------------- formats


def test_steps_are_taken_once_each_and_in_order(tmp_path: Path) -> None:  # E4
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    schema.migrate(db, tmp_path / "a.db", [SCHEMA])
    db.execute("INSERT INTO meta (key, value) VALUES ('a', 'kept')")
    steps = [SCHEMA, "ALTER TABLE meta ADD COLUMN at INTEGER NOT NULL DEFAULT 7;", "UPDATE meta\nSET at = at * 6;"]
    schema.migrate(db, tmp_path / "a.db", steps)
    schema.migrate(db, tmp_path / "a.db", steps)
    assert db.execute("SELECT key, value, at FROM meta").fetchall() == [("a", "kept", 42)]
    assert db.execute("PRAGMA user_version").fetchone() == (3,)
    db.close()


def test_a_step_that_fails_leaves_the_one_before(tmp_path: Path) -> None:  # E4
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    broken = "CREATE TABLE half (a INTEGER);\nINSERT INTO nowhere (a) VALUES (1);\n"
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        schema.migrate(db, tmp_path / "a.db", [SCHEMA, broken])
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").fetchone() == (0,)
    schema.migrate(db, tmp_path / "a.db", [SCHEMA, "CREATE TABLE half (a INTEGER);"])
    assert db.execute("PRAGMA user_version").fetchone() == (2,)
    db.close()


def test_a_later_format_is_refused_and_left_alone(path: Path) -> None:  # E4
    changed(made(path), "PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match=r"format 99, this one knows 9.* update the program"):
        Store.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("script", ["CREATE TABLE bookmarks (url TEXT)", "PRAGMA application_id = 5"])
def test_another_programs_database_is_left_alone(path: Path, script: str) -> None:  # E4
    path.parent.mkdir(parents=True)
    changed(path, script)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="belongs to another program"):
        Store.open(path)
    assert path.read_bytes() == before


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\0" + b"\xff" * 8000])
def test_what_is_no_database_is_left_alone(path: Path, content: bytes) -> None:  # E4
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged) as caught:
        Store.open(path)
    assert str(path) in str(caught.value)
    assert "move it away" in str(caught.value)
    assert path.read_bytes() == content


def test_damage_in_the_middle_is_told_when_it_is_met(path: Path) -> None:  # E4
    store = Store.open(made(path))
    for number in range(300):
        store.write_now(meta.set_meta, f"key {number}", "x" * 500)
    store.close_now()
    whole = bytearray(path.read_bytes())
    for page in range(len(whole) // 4096 // 2, len(whole) // 4096):
        whole[page * 4096 : page * 4096 + 4096] = b"\xa5" * 4096
    path.write_bytes(whole)
    store = Store.open(path)

    def overwrite(db: sqlite3.Connection) -> None:
        for number in range(300):
            meta.set_meta(db, f"key {number}", "y")

    with pytest.raises(StoreDamaged, match="move it away"):
        store.read(lambda db: [meta.get_meta(db, f"key {number}") for number in range(300)])
    with pytest.raises(StoreDamaged, match="move it away"):
        store.write_now(overwrite)
    store.close_now()


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    store = Store.open(path)
    assert store.read(meta.get_position) == {}
    store.close_now()


# ---------------------------------------------------------------- not writable


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(path: Path) -> None:  # E4
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o500)
    with pytest.raises(StoreUnwritable, match="make the file and its folder writable"):
        Store.open(path)
    path.parent.chmod(0o700)


@pytest.mark.parametrize("file_exists", [False, True])
def test_a_folder_that_denies_writing_is_named(path: Path, file_exists: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if file_exists:
        made(path)
    monkeypatch.setattr(os, "access", lambda place, _mode: Path(place) != path.parent)
    with pytest.raises(StoreUnwritable, match="make the file and its folder writable"):
        Store.open(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:  # E4
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnwritable, match="cannot be opened: check that its folder exists"):
        Store.open(tmp_path / "file" / "ann" / "store.db")
    with pytest.raises(StoreUnwritable, match="cannot be opened"):
        Store.open(tmp_path)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.01)


@pytest.fixture
def stranger(path: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(made(path), isolation_level=None)
    yield db
    db.close()


@pytest.mark.usefixtures("impatient")
def test_a_file_locked_by_another_program_is_named(path: Path, stranger: sqlite3.Connection) -> None:  # E4
    stranger.execute("PRAGMA locking_mode = EXCLUSIVE")
    stranger.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnwritable, match="locked by another program"):
        Store.open(path)


@pytest.mark.usefixtures("impatient")
def test_a_write_that_meets_a_lock_is_told_and_the_next_one_works(path: Path, stranger: sqlite3.Connection) -> None:
    store = Store.open(path)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnwritable, match="locked by another program"):
        store.write_now(meta.set_meta, "a", "1")
    stranger.execute("ROLLBACK")
    store.write_now(meta.set_meta, "a", "2")
    assert store.read(meta.get_meta, "a") == "2"
    store.close_now()


def test_a_full_disk_is_told_and_writing_goes_on_once_there_is_room(path: Path) -> None:  # E4
    store = Store.open(path)

    def limit(db: sqlite3.Connection, pages: int) -> None:
        db.execute(f"PRAGMA max_page_count = {pages}")

    store.write_now(meta.set_meta, "before", "safe")
    store.write_now(limit, 50)
    with pytest.raises(StoreUnwritable, match="is full: free some space"):
        store.write_now(meta.set_meta, "big", "x" * 1_000_000)
    store.write_now(meta.set_meta, "small", "fits")
    store.write_now(limit, 1_000_000)
    store.write_now(meta.set_meta, "big", "x" * 1_000_000)
    store.close_now()
    store = Store.open(path)
    found = [store.read(meta.get_meta, key) for key in ("before", "small", "big")]
    assert found == ["safe", "fits", "x" * 1_000_000]
    store.close_now()


def test_a_disk_that_refuses_bytes_is_told_and_writing_goes_on(path: Path) -> None:  # E4
    store = Store.open(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(StoreUnwritable, match="what was stored before is safe"):
            store.write_now(meta.set_meta, "big", "x" * 1_000_000, durable=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    store.write_now(meta.set_meta, "big", "y" * 1_000_000, durable=True)
    assert store.read(meta.get_meta, "big") == "y" * 1_000_000
    store.close_now()


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_file_that_went_away_is_told_at_the_next_write(path: Path, how: str) -> None:  # E4
    store = Store.open(path)
    store.write_now(meta.set_meta, "a", "1")
    path.rename(path.with_name("moved"))
    if how == "replaced":
        path.write_bytes(path.with_name("moved").read_bytes())
    with pytest.raises(StoreUnwritable, match="while it was in use: start the program again"):
        store.write_now(meta.set_meta, "a", "2")
    store.close_now()


# ---------------------------------------------------------------- the table of sentences


@pytest.mark.parametrize("code", sorted(faults.BY_CODE))
def test_every_sentence_names_the_file_and_says_what_to_do(code: int) -> None:
    error = sqlite3.OperationalError("SQLite's own words")
    error.sqlite_errorcode = code | 3 << 8  # an extended code of the same kind
    explained = faults.explain(error, Path("/data/store.db"))
    assert type(explained) is faults.BY_CODE[code][0]
    assert "/data/store.db" in str(explained)
    assert ":" in str(explained)
    assert explained.__cause__ is error


def test_what_no_row_names_is_a_store_error_with_its_detail() -> None:
    assert type(faults.explain(sqlite3.OperationalError("odd"), Path("a"))) is StoreError
    assert "odd" in str(faults.explain(sqlite3.OperationalError("odd"), Path("a")))
    full = faults.explain(OSError(28, "No space left on device"), Path("a"))
    assert isinstance(full, StoreUnwritable)
    assert "full" in str(full)
