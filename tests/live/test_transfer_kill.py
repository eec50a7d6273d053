"""Short forms of the benchmarks of files: killed at any byte on any side, every file arrives whole; figures are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.chunk_wire import ChunkCounter
from bench.wschat_kill import ROOT
from chat_tui_wschat.frames import Chunk
from chat_tui_wschat.framing import write_chunk

pytestmark = pytest.mark.live


def run(*arguments: str) -> str:
    """Run a benchmark that must meet its targets; what it says."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=55, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


def test_files_through_kills_and_cuts_arrive_whole() -> None:  # D3, D4, D5, D6, D9, D13
    said = run("-m", "bench.transfer_kill", "--rounds", "3", "--seed", "5", "--size", "6000000")
    assert "breaks: " in said
    assert "MISSED" not in said


def frame(payload: bytes, *, masked: bool, opcode: int) -> bytes:
    """A WebSocket frame; its mask is of zeros."""
    mask = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        length = bytes([mask | size])
    elif size < 1 << 16:
        length = bytes([mask | 126]) + size.to_bytes(2)
    else:
        length = bytes([mask | 127]) + size.to_bytes(8)
    return bytes([0x80 | opcode]) + length + (bytes(4) if masked else b"") + payload


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("piece", [1, 7, 1_000, 1 << 20])
def test_the_wire_tells_chunks_from_text_and_stops_at_any_byte(masked: bool, piece: int) -> None:  # D3
    bodies = [b"", b"a", b"b" * 120, b"c" * 1_000, b"d" * 70_000]
    chunks = [write_chunk(Chunk("x1", number, body)) for number, body in enumerate(bodies, 1)]
    stream = b"GET / HTTP/1.1\r\n\r\n"
    for chunk in chunks:
        stream += frame(b"MSG room hello", masked=masked, opcode=1) + frame(chunk, masked=masked, opcode=2)
    counter, counted, at = ChunkCounter(), 0, 0
    while at < len(stream):
        taken, of_chunks = counter.take(stream[at : at + piece], 1 << 60)
        at, counted = at + taken, counted + of_chunks
    assert counted == sum(map(len, chunks))
    counter = ChunkCounter()
    at, counted = counter.take(stream, counted - 1)
    assert (stream[:at], counted) == (stream[:-1], sum(map(len, chunks)) - 1)


def test_the_benchmark_of_speed_can_be_run_on_its_own(tmp_path: Path) -> None:  # D1, D11
    said = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "transfer.py"), "--size", "5"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert said.stderr == ""
    assert "wschat as part of plain HTTP" in said.stdout
