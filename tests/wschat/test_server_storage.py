"""What every storage engine must do, run over both; and what only the SQLite file must."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chat_tui_core.errors import StoreDamaged, StoreError, StoreTooNew, StoreUnwritable
from chat_tui_wschat.server.memory_storage import MemoryStorage
from chat_tui_wschat.server.sqlite_storage import SqliteStorage
from chat_tui_wschat.server.storage import (
    Append,
    DropChannel,
    DropInvite,
    DropMember,
    DropTokens,
    ForgetReplies,
    PutChannel,
    PutInvite,
    PutMember,
    PutRead,
    PutToken,
    PutUser,
    ReadItems,
    ReadReply,
    Replace,
    Settle,
    Store,
    Write,
)

ANN, BOB = PutUser(1, "ann", "hash"), PutUser(2, "bob", "")
GENERAL = PutChannel(1, "general", "talk", 1, private=False, locked=False, base=0)
SECRET = PutChannel(2, "secret", "", 2, private=True, locked=True, base=0)

Reopen = Callable[[], Store]


class Engine:
    """A storage engine that can be closed and opened again; memory cannot, and stays as it is."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.path = folder / "server.db"
        self.kind = kind
        self.store: Store = MemoryStorage() if kind == "memory" else SqliteStorage(self.path)

    def reopen(self) -> Store:
        if self.kind == "sqlite":
            self.store.close()
            self.store = SqliteStorage(self.path)
        return self.store


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(request.param, tmp_path)
    engine.store.commit([ANN, BOB, GENERAL, SECRET], ())
    yield engine
    engine.store.close()


def items(count: int, first: int = 1, channel: int = 1) -> list[Write]:
    return [Append(channel, pos, 1 + pos % 2, pos % 3 != 0, f'{{"pos":{pos}}}') for pos in range(first, first + count)]


def test_what_is_put_is_loaded(engine: Engine) -> None:
    engine.store.commit(
        [
            PutToken(b"one", 1, "laptop", 5),
            PutToken(b"two", 1, "laptop", 6),
            PutToken(b"three", 2, "phone", 7),
            PutMember(1, 1),
            PutMember(1, 2),
            PutMember(2, 2),
            DropMember(1, 2),
            PutInvite(2, 1),
            PutInvite(1, 2),
            DropInvite(1, 2),
            PutRead(1, 1, 3),
            PutRead(1, 1, 4),
            PutUser(2, "bob", "changed"),
            PutChannel(1, "general", "new topic", 1, private=False, locked=True, base=0),
        ],
        (),
    )
    loaded = engine.reopen().load(10)
    assert sorted(loaded.users, key=lambda user: user.number) == [ANN, PutUser(2, "bob", "changed")]
    assert sorted(token.digest for token in loaded.tokens) == [b"three", b"two"]
    assert sorted((row.channel, row.user) for row in loaded.members) == [(1, 1), (2, 2)]
    assert loaded.invites == [PutInvite(2, 1)]
    assert loaded.reads == [PutRead(1, 1, 4)]
    first, second = sorted(loaded.channels, key=lambda row: row.number)
    assert (first.topic, first.locked, first.private, first.head, first.alive) == ("new topic", True, False, 0, True)
    assert (second.name, second.creator, second.private) == ("secret", 2, True)


@pytest.mark.parametrize(("device", "left"), [("phone", [b"one"]), ("", [])])
def test_tokens_end_by_device_or_all_at_once(engine: Engine, device: str, left: list[bytes]) -> None:
    engine.store.commit([PutToken(b"one", 1, "laptop", 5), PutToken(b"two", 1, "phone", 6), DropTokens(1, device)], ())
    assert [token.digest for token in engine.reopen().load(0).tokens] == left


def test_a_timeline_grows_by_one_and_is_read_by_range(engine: Engine) -> None:
    assert engine.store.commit(items(9), [ReadItems(1, 3, 5), ReadItems(1, 8, 99), ReadItems(2, 1, 9)]) == [
        ['{"pos":3}', '{"pos":4}', '{"pos":5}'],
        ['{"pos":8}', '{"pos":9}'],
        [],
    ]
    row = next(row for row in engine.reopen().load(4).channels if row.number == 1)
    assert (row.head, row.base) == (9, 0)
    assert row.tail == ((6, 0), (7, 2), (8, 1), (9, 0))
    assert row.last == '{"pos":8}'
    assert engine.store.commit(items(1, 10), [ReadItems(1, 0, 1), ReadItems(1, 10, 10), ReadItems(1, 5, 4)]) == [
        ['{"pos":1}'],
        ['{"pos":10}'],
        [],
    ]


@pytest.mark.parametrize("pos", [1, 3, 5])
def test_a_position_that_does_not_follow_is_refused(engine: Engine, pos: int) -> None:
    engine.store.commit(items(3), ())
    with pytest.raises(StoreError):
        engine.store.commit([Append(1, pos, 1, spoken=True, body="{}")], ())


def test_an_item_is_replaced_in_its_place(engine: Engine) -> None:
    engine.store.commit([*items(4), Replace(1, 4, spoken=False, body="{}"), Replace(1, 2, spoken=True, body="[]")], ())
    assert engine.store.commit((), [ReadItems(1, 1, 4)]) == [['{"pos":1}', "[]", '{"pos":3}', "{}"]]
    row = next(row for row in engine.reopen().load(9).channels if row.number == 1)
    assert (row.tail, row.last) == (((1, 2), (2, 1), (3, 0), (4, 0)), "[]")


def test_a_deleted_channel_leaves_its_last_position(engine: Engine) -> None:
    engine.store.commit([*items(5), PutMember(1, 1), PutRead(1, 1, 2), PutInvite(1, 2), DropChannel(1, 5)], ())
    loaded = engine.reopen().load(9)
    row = next(row for row in loaded.channels if row.number == 1)
    assert (row.alive, row.head, row.tail, row.last, row.name) == (False, 5, (), "", "general")
    assert (loaded.members, loaded.invites, loaded.reads) == ([], [], [])
    again = PutChannel(1, "general", "", 2, private=False, locked=False, base=5)
    read = ReadItems(1, 1, 99)
    assert engine.store.commit([again, *items(1, 6)], [read]) == [['{"pos":6}']]
    row = next(row for row in engine.reopen().load(9).channels if row.number == 1)
    assert (row.alive, row.base, row.head, row.creator) == (True, 5, 6, 2)


def settle(
    number: int, low: int, high: int, absorbed: tuple[int, ...] = (), *, ts: int = 0, device: str = "a"
) -> Settle:
    return Settle(1, device, number, b"%d" % number, f"reply {number}", ts, low, high, absorbed)


def test_settled_ids_are_ranges_and_replies_are_found(engine: Engine) -> None:  # A14
    engine.store.commit(
        [
            settle(1, 1, 1),
            settle(2, 1, 2),
            settle(9, 9, 9),
            settle(4, 4, 4),
            settle(3, 1, 4, (4,)),
            settle(7, 7, 7, device="b"),
        ],
        (),
    )
    assert sorted(engine.reopen().load(0).settled) == [(1, "a", 1, 4), (1, "a", 9, 9), (1, "b", 7, 7)]
    found = engine.store.commit(
        (), [ReadReply(1, "a", 3), ReadReply(1, "a", 7), ReadReply(2, "a", 3), ReadReply(1, "b", 7)]
    )
    assert found == [(b"3", "reply 3"), None, None, (b"7", "reply 7")]


def test_old_replies_go_but_for_the_newest_of_each_device(engine: Engine) -> None:
    writes: list[Write] = [settle(n, 1, n, ts=10) for n in range(1, 8)]
    writes += [settle(n, 1, n, ts=10, device="b") for n in range(1, 3)]
    writes += [settle(n, 1, n, ts=99) for n in (8, 9)]
    engine.store.commit([*writes, ForgetReplies(1, "a", 50, 4), ForgetReplies(1, "b", 50, 4)], ())
    found = engine.reopen().commit((), [ReadReply(1, "a", n) for n in range(1, 10)])
    assert [reply is not None for reply in found] == [False] * 5 + [True] * 4
    assert None not in engine.store.commit((), [ReadReply(1, "b", n) for n in (1, 2)])
    assert sorted(engine.store.load(0).settled) == [(1, "a", 1, n) for n in (9,)] + [(1, "b", 1, 2)]


# ---------------------------------------------------------------- the file


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    store = SqliteStorage(tmp_path / "server.db")
    store.commit([ANN], ())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    store.close()
    assert modes.pop("server.db") == 0o600
    assert set(modes.values()) <= {0o600}


def test_two_servers_do_not_share_a_file(tmp_path: Path) -> None:
    store = SqliteStorage(tmp_path / "server.db")
    with pytest.raises(StoreUnwritable, match="in use"):
        SqliteStorage(tmp_path / "server.db")
    store.close()
    SqliteStorage(tmp_path / "server.db").close()


def test_all_of_a_batch_is_stored_or_nothing(tmp_path: Path) -> None:
    store = SqliteStorage(tmp_path / "server.db")
    store.commit([ANN, GENERAL], ())
    with pytest.raises(StoreError):
        store.commit([BOB, *items(2), Append(1, 9, 1, spoken=True, body="{}")], ())
    with pytest.raises(StoreError):
        store.commit([BOB], ())
    store = SqliteStorage(tmp_path / "server.db")
    loaded = store.load(9)
    store.close()
    assert loaded.users == [ANN]
    assert loaded.channels[0].head == 0


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    store = SqliteStorage(tmp_path / "server.db")
    store.commit([ANN, GENERAL], ())
    store._db.execute("PRAGMA max_page_count = 30")
    with pytest.raises(StoreUnwritable, match="full"):
        store.commit([Append(1, pos, 1, spoken=True, body="x" * 4000) for pos in range(1, 100)], ())
    store = SqliteStorage(tmp_path / "server.db")
    assert store.load(9).channels[0].head == 0
    store.close()


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE something (x)")
    db.close()


def newer(path: Path) -> None:
    SqliteStorage(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()


def garbage(path: Path) -> None:
    path.write_bytes(b"no database, whatever it is called " * 99)


def broken(path: Path) -> None:
    store = SqliteStorage(path)
    store.commit([ANN, GENERAL, *items(400)], ())
    store.close()
    octets = bytearray(path.read_bytes())
    octets[4096:] = bytes(len(octets) - 4096)
    path.write_bytes(octets)


@pytest.mark.parametrize(
    ("spoil", "error"), [(foreign, StoreDamaged), (newer, StoreTooNew), (garbage, StoreDamaged), (broken, StoreDamaged)]
)
def test_a_file_that_is_not_ours_is_left_as_it_is(
    spoil: Callable[[Path], None], error: type[StoreError], tmp_path: Path
) -> None:
    path = tmp_path / "server.db"
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(error, match=r"server\.db"):
        SqliteStorage(path).load(9)
    assert path.read_bytes() == before


@pytest.mark.parametrize("path", ["missing/server.db", "."])
def test_a_place_that_cannot_be_written_is_said(path: str, tmp_path: Path) -> None:
    with pytest.raises(StoreUnwritable, match="cannot be"):
        SqliteStorage(tmp_path / path)
