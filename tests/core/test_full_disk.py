"""A real file system without room: a transfer waits, says why, and goes on when there is room again (Linux, root)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from chat_tui_core.file_news import AcceptFile, FileTaken, KeptFile, PauseFile
from chat_tui_core.transfers import State
from tests.core.file_play import FilePlay
from tests.core.scripted import joined

ROOM = 512 * 1024
BODY = bytes(n * 31 % 251 for n in range(200_000))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of ROOM bytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.name == "posix" and os.geteuid() == 0
    if mounted:
        command = ("mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder))
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("a file system can only be mounted by root")
    yield folder
    subprocess.run(("umount", "-l", str(folder)), check=True)


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[FilePlay]:
    play = FilePlay(tmp_path / "chat.db")
    await play.online(joined())
    yield play
    await play.close()


async def test_a_full_disk_is_waited_for_and_then_gone_on_with(small_disk: Path, play: FilePlay) -> None:  # D4
    play.session.files.folder = small_disk
    offered = await play.offered(BODY, sha256(BODY).hexdigest())
    await play.session.files.accept(offered.id)
    assert (await play.order(AcceptFile)).done == 0
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
    play.write(offered.id, BODY[:50_000])
    while (await play.order(KeptFile)).done < 50_000:
        pass
    (small_disk / "other").write_bytes(bytes(ROOM - 100_000))
    play.write(offered.id, BODY[:150_000], 50_000)
    while not isinstance(await play.order(object), PauseFile):
        pass
    assert "waits" in await play.waits(offered.id, "disk")
    kept = play.session.files.get(offered.id).done
    assert 50_000 <= kept < 150_000
    part = (small_disk / "a.bin.part").read_bytes()
    assert part == BODY[:kept], "nothing counts that is not durable, and nothing else takes room"
    (small_disk / "other").unlink()
    while not isinstance(order := await play.order(object), AcceptFile):
        pass
    assert order.done == kept
    play.write(offered.id, BODY, kept)
    await play.until(offered.id, State.COMPLETE)
    assert {path.name: path.read_bytes() for path in small_disk.iterdir()} == {"a.bin": BODY}


async def test_a_disk_that_is_taken_out_is_waited_for(small_disk: Path, play: FilePlay) -> None:  # D4
    play.session.files.folder = small_disk
    offered = await play.offered(BODY, sha256(BODY).hexdigest())
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.offline()
    subprocess.run(("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small_disk)), check=True)
    try:
        await play.online()
        assert "waits for it" in await play.waits(offered.id, "The disk of")
        assert list(small_disk.iterdir()) == []
    finally:
        subprocess.run(("umount", "-l", str(small_disk)), check=True)
    assert (await play.order(AcceptFile)).done == 0
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
    play.write(offered.id, BODY)
    await play.until(offered.id, State.COMPLETE)
    assert (small_disk / "a.bin").read_bytes() == BODY
