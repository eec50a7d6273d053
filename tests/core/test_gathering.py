"""Bytes of a received file are made durable together, and never wait for more than a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from chat_tui_core.durable import sync_file
from chat_tui_core.file_news import AcceptFile, FileTaken, KeptFile
from chat_tui_core.session.files import gathering, incoming
from chat_tui_core.transfers import State
from tests.core.file_play import FilePlay
from tests.core.scripted import joined

PIECE = 1 << 18
BODY = bytes(range(256)) * (10 * PIECE // 256) + b"the end"


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[FilePlay]:
    play = FilePlay(tmp_path / "chat.db")
    await play.online(joined())
    yield play
    await play.close()


async def accepted(play: FilePlay) -> int:
    """A file that may come."""
    offered = await play.offered(BODY, sha256(BODY).hexdigest())
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
    return offered.id


async def test_pieces_that_come_one_by_one_are_synced_together(  # D4
    play: FilePlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def counted(fd: int) -> None:
        synced.append(fd)
        sync_file(fd)

    monkeypatch.setattr(gathering, "sync_file", counted)
    monkeypatch.setattr(incoming, "MOMENT", 60.0)
    transfer = await accepted(play)
    for start in range(0, len(BODY), PIECE):
        play.write(transfer, BODY[: start + PIECE], start, PIECE)
        await asyncio.sleep(0)
    await play.until(transfer, State.COMPLETE)
    assert len(synced) <= 2
    assert play.received() == {"a.bin": BODY}


async def test_a_few_bytes_are_acknowledged_though_nothing_follows(play: FilePlay) -> None:  # D4
    transfer = await accepted(play)
    play.write(transfer, BODY[:1_000])
    while (await play.order(KeptFile)).done < 1_000:
        pass
    assert play.session.files.get(transfer).done == 1_000


async def test_what_waits_for_more_is_stored_when_the_program_ends(  # D3, D4
    play: FilePlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "MOMENT", 60.0)
    transfer = await accepted(play)
    play.write(transfer, BODY[:1_000])
    await play.restart()
    await play.online()
    assert (await play.order(AcceptFile)).done == 1_000
