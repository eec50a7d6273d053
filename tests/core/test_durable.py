"""What a large file leaves in the system's memory, and which threads step back."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chat_tui_core.background import BACK, step_back
from chat_tui_core.durable import STAYS, let_go, sync_file, write_parts

PIECE = 3 << 20


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system has no posix_fadvise")
def test_a_growing_file_lets_go_of_all_but_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # D4
    ranges: list[tuple[int, int]] = []
    real = os.posix_fadvise

    def noted(fd: int, offset: int, length: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_DONTNEED
        ranges.append((offset, offset + length))
        real(fd, offset, length, advice)

    monkeypatch.setattr(os, "posix_fadvise", noted)
    fd = os.open(tmp_path / "a.bin", os.O_RDWR | os.O_CREAT)
    try:
        for number in range(12):
            write_parts(fd, number * PIECE, [bytes((number,)) * PIECE])
            sync_file(fd)
            let_go(fd, number * PIECE, PIECE)
            end = (number + 1) * PIECE - STAYS
            assert (max((b for _, b in ranges), default=0)) == max(0, end)
    finally:
        os.close(fd)
    reached = 0
    for start, end in ranges:
        assert start <= reached < end, "no hole"
        reached = end
    assert (tmp_path / "a.bin").read_bytes() == b"".join(bytes((number,)) * PIECE for number in range(12))


def test_a_system_that_cannot_let_go_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # D4
    def refuse(*_: int) -> None:
        raise OSError("not here")

    monkeypatch.setattr(os, "posix_fadvise", refuse, raising=False)
    with (tmp_path / "a.bin").open("wb") as file:
        let_go(file.fileno(), STAYS, PIECE)
    monkeypatch.delattr(os, "posix_fadvise")
    let_go(-1, STAYS, PIECE)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no rank of their own")
def test_a_thread_steps_back_alone() -> None:  # D11
    def rank() -> int:
        return os.getpriority(os.PRIO_PROCESS, 0)

    mine = rank()
    with ThreadPoolExecutor(1, initializer=step_back) as back, ThreadPoolExecutor(1) as plain:
        assert back.submit(rank).result() == min(19, mine + BACK)
        assert plain.submit(rank).result() == mine
    assert rank() == mine
