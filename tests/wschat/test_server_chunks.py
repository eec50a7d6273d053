"""Where the server keeps files: rows beside its other rows, bytes beside its database; and what a disk can do to it."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_wschat.server import chunk_files
from chat_tui_wschat.server.chunk_files import ChunkFiles
from chat_tui_wschat.server.memory_storage import MemoryChunks, MemoryStorage
from chat_tui_wschat.server.sqlite_storage import SqliteStorage
from chat_tui_wschat.server.storage import (
    ChunkStore,
    DropFile,
    PutChannel,
    PutDownload,
    PutFile,
    PutUser,
    Store,
)

BODY = bytes(n % 251 for n in range(1_000))
FILE = PutFile(3, 7, 1, 5, 1, "laptop", "a.bin", 1_000, 100, "d" * 64, 123, 4, "open")
FETCH = PutDownload(9, 3, 2, "phone", 2, "open")

Reopened = Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reopened]:
    """Gives the engine, closed and opened again where that is possible."""
    kept: list[Store] = []

    def reopen() -> Store:
        if kept and request.param == "memory":
            return kept[0]
        if kept:
            kept.pop().close()
        kept.append(MemoryStorage() if request.param == "memory" else SqliteStorage(tmp_path / "server.db"))
        return kept[0]

    store = reopen()
    people = [PutUser(1, "ann", ""), PutUser(2, "bob", "")]
    store.commit([*people, PutChannel(1, "general", "", 1, private=False, locked=False, base=0)], ())
    yield reopen
    kept[0].close()


def test_files_and_downloads_are_put_changed_and_dropped(reopened: Reopened) -> None:  # D3
    store = reopened()
    store.commit([FILE, FETCH, replace(FILE, number=4, upload=8)], ())
    store.commit([replace(FILE, stored=9, state="stored"), replace(FETCH, acked=5, state="done")], ())
    loaded = reopened().load(0)
    assert loaded.files == [replace(FILE, stored=9, state="stored"), replace(FILE, number=4, upload=8)]
    assert loaded.downloads == [replace(FETCH, acked=5, state="done")]
    reopened().commit([DropFile(3)], ())
    loaded = reopened().load(0)
    assert ([file.number for file in loaded.files], loaded.downloads) == ([4], [])


def test_the_highest_numbers_outlive_what_bore_them(reopened: Reopened) -> None:  # D3
    assert (reopened().load(0).last_file, reopened().load(0).last_way) == (0, 0)
    reopened().commit([FILE, FETCH, DropFile(3)], ())
    loaded = reopened().load(0)
    assert (loaded.last_file, loaded.last_way) == (3, 9)


# ---------------------------------------------------------------- bytes


@pytest.fixture(params=["memory", "disk"])
def chunks(request: pytest.FixtureRequest, tmp_path: Path) -> ChunkStore:
    return MemoryChunks() if request.param == "memory" else ChunkFiles(tmp_path / "files")


def test_what_is_kept_is_read(chunks: ChunkStore) -> None:  # D1, D4
    chunks.keep(1, 0, [BODY[:100], BODY[100:200]])
    chunks.keep(2, 0, [b""])
    chunks.keep(1, 200, [BODY[200:]])
    assert chunks.read(1, 0, 2_000) == BODY
    assert chunks.read(1, 150, 100) == BODY[150:250]
    assert (chunks.read(2, 0, 10), chunks.read(1, 5_000, 10)) == (b"", b"")
    assert (chunks.digest(1, 1_000), chunks.digest(2, 0)) == (sha256(BODY).hexdigest(), sha256(b"").hexdigest())


@given(st.lists(st.integers(0, 9), max_size=40))
def test_a_digest_is_right_whatever_was_written_again(order: list[int]) -> None:  # D9
    with tempfile.TemporaryDirectory() as folder:
        engines = (MemoryChunks(), ChunkFiles(Path(folder)))
        there = 0
        for number in order:
            if number <= there:
                for chunks in engines:
                    chunks.keep(1, number * 100, [BODY[number * 100 : number * 100 + 100]])
                there = number + 1
        for chunks in engines if there else ():
            assert chunks.digest(1, there * 100) == sha256(BODY[: there * 100]).hexdigest()


def test_a_digest_on_disk_is_right_after_a_restart_and_after_a_second_writing(tmp_path: Path) -> None:  # D3, D9
    first = ChunkFiles(tmp_path / "files")
    first.keep(1, 0, [BODY[:500]])
    second = ChunkFiles(tmp_path / "files")
    second.keep(1, 500, [BODY[500:]])
    assert second.digest(1, 1_000) == sha256(BODY).hexdigest()
    third = ChunkFiles(tmp_path / "files")
    third.keep(2, 0, [BODY[:300]])
    third.keep(2, 100, [BODY[100:600]])
    third.keep(2, 600, [BODY[600:]])
    assert third.digest(2, 1_000) == sha256(BODY).hexdigest()
    assert third.digest(2, 1_000) == sha256(BODY).hexdigest(), "asked again, too"


def test_what_is_dropped_is_gone(chunks: ChunkStore) -> None:  # D5
    for number in (1, 2, 3):
        chunks.keep(number, 0, [BODY])
    chunks.drop(1)
    chunks.drop(1)
    with pytest.raises(OSError, match="o such file"):
        chunks.read(1, 0, 1)
    chunks.tidy([3])
    with pytest.raises(OSError, match="o such file"):
        chunks.read(2, 0, 1)
    assert chunks.read(3, 0, 5) == BODY[:5]


def test_files_are_the_servers_alone_and_strangers_are_left_alone(tmp_path: Path) -> None:
    chunks = ChunkFiles(tmp_path / "files")
    chunks.tidy([])
    chunks.keep(12, 0, [BODY])
    assert stat.S_IMODE((tmp_path / "files").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "files" / "f12").stat().st_mode) == 0o600
    (tmp_path / "files" / "notes.txt").write_text("mine")
    (tmp_path / "files" / "f9").symlink_to(tmp_path / "precious")
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        chunks.keep(9, 0, [BODY])
    chunks.tidy([])
    assert [path.name for path in (tmp_path / "files").iterdir()] == ["notes.txt"]
    assert (tmp_path / "precious").read_text() == "mine"


def test_memory_for_files_is_bounded() -> None:
    chunks = MemoryChunks(1_500)
    chunks.keep(1, 0, [BODY])
    with pytest.raises(OSError, match="used up"):
        chunks.keep(2, 0, [BODY])
    chunks.drop(1)
    chunks.keep(2, 0, [BODY])


@pytest.mark.parametrize("where", ["write_parts", "sync_file"])
def test_what_a_disk_did_not_take_comes_again(  # D4
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    chunks = ChunkFiles(tmp_path / "files")
    chunks.keep(1, 0, [BODY[:100]])

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(chunk_files, where, refuse)
        with pytest.raises(OSError, match="No space"):
            chunks.keep(1, 100, [BODY[100:]])
    chunks.keep(1, 100, [BODY[100:]])
    assert chunks.digest(1, 1_000) == sha256(BODY).hexdigest()
