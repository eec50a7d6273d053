"""Units of work: in order, whole or not at all, one failing alone; reads beside them."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat_tui_core.actions import Action, Kind
from chat_tui_core.errors import StoreError, StoreUnwritable
from chat_tui_core.store import Store, actions, meta


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "store.db")
    yield store
    store.close_now()


def write_then_fail(db: sqlite3.Connection, key: str) -> None:
    meta.set_meta(db, key, "half")
    raise LookupError(key)


def statements(store: Store) -> list[str]:
    """Everything that the writing connection runs from now on."""
    seen: list[str] = []
    store._writing.set_trace_callback(seen.append)
    return seen


async def held_up(store: Store) -> threading.Event:
    """Keep the writer busy until the event is set, so that what comes meanwhile waits together."""
    started, go_on = threading.Event(), threading.Event()

    def hold(_db: sqlite3.Connection) -> None:
        started.set()
        assert go_on.wait(10)

    holding = asyncio.get_running_loop().create_task(store.write(hold))
    await asyncio.to_thread(started.wait, 10)
    assert not holding.done()
    return go_on


async def test_what_waits_together_shares_a_transaction_and_keeps_its_order(store: Store) -> None:  # E4
    go_on = await held_up(store)
    seen = statements(store)

    def append(db: sqlite3.Connection, mark: str) -> str:
        text = (meta.get_meta(db, "log") or "") + mark
        meta.set_meta(db, "log", text)
        return text

    waiting = [asyncio.create_task(store.write(append, mark)) for mark in "abcdef"]
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(*waiting) == ["a", "ab", "abc", "abcd", "abcde", "abcdef"]
    assert await store.fetch(meta.get_meta, "log") == "abcdef"
    assert seen.count("BEGIN IMMEDIATE") == 1
    assert seen.count("COMMIT") == 2  # the one that held the writer up, and theirs


async def test_one_failing_unit_leaves_the_others(store: Store) -> None:  # E4
    go_on = await held_up(store)
    waiting = [
        asyncio.create_task(store.write(meta.set_meta, "a", "1")),
        asyncio.create_task(store.write(write_then_fail, "b")),
        asyncio.create_task(store.write(meta.set_meta, "c", "3")),
    ]
    await asyncio.sleep(0)
    go_on.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert outcomes[0] is None
    assert isinstance(outcomes[1], LookupError)
    assert outcomes[2] is None
    assert [store.read(meta.get_meta, key) for key in "abc"] == ["1", None, "3"]


async def test_a_unit_whose_statement_is_refused_is_told_as_a_store_error(store: Store) -> None:
    def broken(db: sqlite3.Connection) -> None:
        meta.set_meta(db, "a", "half")
        db.execute("INSERT INTO gaps (room_id, after_ord, before_ord) VALUES ('r', 5, 5)")

    with pytest.raises(StoreError, match="CHECK constraint"):
        await store.write(broken)
    assert store.read(meta.get_meta, "a") is None


async def test_when_the_transaction_itself_is_lost_every_unit_hears_of_it(store: Store) -> None:  # E4
    go_on = await held_up(store)

    def disk_gives_up(db: sqlite3.Connection) -> None:
        db.execute("ROLLBACK")
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    waiting = [
        asyncio.create_task(store.write(meta.set_meta, "a", "1")),
        asyncio.create_task(store.write(disk_gives_up)),
        asyncio.create_task(store.write(meta.set_meta, "c", "3")),
    ]
    await asyncio.sleep(0)
    go_on.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreUnwritable] * 3
    assert len({id(outcome) for outcome in outcomes}) == 3
    assert [store.read(meta.get_meta, key) for key in "ac"] == [None, None]
    await store.write(meta.set_meta, "a", "again")
    assert store.read(meta.get_meta, "a") == "again"


async def test_a_queued_unit_is_carried_out_though_nobody_waits(store: Store) -> None:  # E3
    go_on = await held_up(store)
    waiting = asyncio.create_task(store.write(meta.set_meta, "a", "1"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await store.write(meta.set_meta, "b", "2")
    assert store.read(meta.get_meta, "a") == "1"


async def test_closing_finishes_what_is_queued(tmp_path: Path) -> None:  # E3
    store = Store.open(tmp_path / "other.db")
    go_on = await held_up(store)
    waiting = [asyncio.create_task(store.write(meta.set_meta, f"key {number}", "kept")) for number in range(600)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    await asyncio.gather(*waiting)
    again = Store.open(tmp_path / "other.db")
    assert {again.read(meta.get_meta, f"key {number}") for number in range(600)} == {"kept"}
    again.close_now()


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreError, match="closed already"):
        await store.write(meta.set_meta, "a", "1")
    with pytest.raises(StoreError, match="closed already"):
        await store.fetch(meta.get_meta, "a")
    with pytest.raises(StoreError, match="closed already"):
        store.read(meta.get_meta, "a")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("chat-store")]


def test_opening_and_reading_start_no_thread(store: Store) -> None:  # E4
    before = threading.active_count()
    assert store.read(meta.get_position) == {}
    assert threading.active_count() == before


async def test_a_read_sees_one_moment_while_writes_go_on(store: Store) -> None:  # E4
    await store.write(meta.set_meta, "a", "old")
    half_way, go_on = threading.Event(), threading.Event()

    def read_twice(db: sqlite3.Connection) -> list[str | None]:
        first = meta.get_meta(db, "a")
        half_way.set()
        assert go_on.wait(10)
        return [first, meta.get_meta(db, "a")]

    fetching = asyncio.create_task(store.fetch(read_twice))
    await asyncio.to_thread(half_way.wait, 10)
    await store.write(meta.set_meta, "a", "new")
    assert store.read(meta.get_meta, "a") == "new"
    go_on.set()
    assert await fetching == ["old", "old"]


async def test_writes_and_reads_of_many_tasks_lose_nothing(store: Store) -> None:  # E4
    def add_one(db: sqlite3.Connection, key: str) -> None:
        meta.set_meta(db, key, str(int(meta.get_meta(db, key) or 0) + 1))

    async def task(key: str) -> list[int]:
        seen = []
        for _ in range(50):
            await store.write(add_one, key)
            seen.append(int(await store.fetch(meta.get_meta, key) or 0))
        return seen

    for seen in await asyncio.gather(*(task(f"key {number}") for number in range(8))):
        assert seen == list(range(1, 51))  # a write that has returned is seen by every later read


async def test_a_long_fetch_does_not_hold_up_reads(store: Store) -> None:  # E5
    started, go_on = threading.Event(), threading.Event()

    def long(_db: sqlite3.Connection) -> str:
        started.set()
        assert go_on.wait(10)
        return "done"

    fetching = asyncio.create_task(store.fetch(long))
    await asyncio.to_thread(started.wait, 10)
    assert store.read(meta.get_meta, "a") is None
    go_on.set()
    assert await fetching == "done"


async def test_what_reads_cannot_write(store: Store) -> None:
    with pytest.raises(StoreUnwritable, match="cannot be changed"):
        store.read(meta.set_meta, "a", "1")
    with pytest.raises(StoreUnwritable, match="cannot be changed"):
        await store.fetch(meta.set_meta, "a", "1")
    with pytest.raises(sqlite3.ProgrammingError):
        store.read(lambda db: db.execute("SELECT ?"))
    assert store.read(meta.get_meta, "a") is None


def test_a_durable_unit_is_synced_and_the_next_one_need_not_be(store: Store) -> None:  # E3
    seen = statements(store)
    store.write_now(meta.set_meta, "a", "1", durable=True)
    store.write_now(meta.set_meta, "a", "2", durable=True)
    store.write_now(meta.set_meta, "a", "3")
    assert [line for line in seen if line.startswith(("PRAGMA", "COMMIT"))] == [
        "PRAGMA synchronous = FULL",
        "COMMIT",
        "COMMIT",
        "PRAGMA synchronous = NORMAL",
        "COMMIT",
    ]


def test_an_id_is_on_the_disk_before_anyone_has_it(store: Store) -> None:  # E3
    """A commit without a sync is followed by one with, before the caller gets its answer."""
    seen = statements(store)
    action = store.write_now(actions.new_action, Action(0, Kind.SEND, "general", {"text": "hi"}), 5)
    told = list(seen)
    assert action.id == 1
    after_commit = told[told.index("COMMIT") + 1 :]
    assert after_commit[0] == "PRAGMA synchronous = FULL"
    assert after_commit[1].startswith("UPDATE action_ids")
    log = store.path.with_name("store.db-wal")
    size = log.stat().st_size
    store.write_now(setattr, "must_sync", True)
    assert log.stat().st_size > size  # only a commit that writes something syncs
