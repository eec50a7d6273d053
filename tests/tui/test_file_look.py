"""A first look at files: sizes of images by their first bytes, pictures as half blocks, texts; no bomb, no pipe, no wait."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chat_tui.file_look import FileLook, look_at
from chat_tui.image_size import image_size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WebP", "BMP"])
def test_sizes_are_those_that_a_decoder_finds(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture"
    Image.new("RGB", (123, 45), (200, 30, 30)).save(path, kind.upper())
    assert image_size(path.read_bytes()[:4096]) == (kind, 123, 45)
    seen = look_at(path, 20, 10)
    assert seen.about == f"{kind} 123 × 45"
    assert len(seen.cells[0]) == 20
    assert 3 <= len(seen.cells) <= 4
    (red, green, blue), _ = seen.cells[1][10]
    assert (red > 150, green < 90, blue < 90) == (True, True, True)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_every_kind_of_pixel_is_drawn(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("picture.jpg" if mode == "CMYK" else "picture.png")
    Image.new(mode, (64, 64)).save(path)
    assert look_at(path, 10, 10).cells


def _png(width: int, height: int) -> bytes:
    """A PNG that tells of so many pixels; its data are tiny."""
    head = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    body = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_bomb_is_told_of_and_not_drawn(tmp_path: Path) -> None:  # E7
    path = tmp_path / "bomb.png"
    path.write_bytes(_png(60_000, 60_000))
    assert look_at(path, 20, 10) == FileLook("PNG 60000 × 60000, too large to draw")
    path.write_bytes(_png(5_000, 7_000))
    assert look_at(path, 20, 10).about.startswith("PNG 5000 × 7000")
    with path.open("wb") as file:
        file.write(_png(10, 10))
        file.truncate(100 << 20)
    assert look_at(path, 20, 10).about == "PNG 10 × 10, too large to draw"


@given(st.binary(max_size=400), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"GIF89a", b"RIFF", b"BM"]))
def test_no_bytes_make_it_fail(data: bytes, start: bytes) -> None:
    found = image_size(start + data)
    assert found is None or (found[1] > 0 and found[2] > 0)


def test_texts_and_what_is_none(tmp_path: Path) -> None:
    cases = {
        "a.py": (b"print('hello')\n", "text/x-python", "print('hello')\n"),
        "b": ("ünïcode".encode(), "text", "ünïcode"),
        "c.bin": (b"\0\1\2", "application/octet-stream", ""),
        "d": (b"\xff\xfe\xfd", "data", ""),
        "e": (b"", "empty", ""),
        "f.txt": ("é".encode() * 10_000, "text/plain", "é" * 4_096),
        "g.txt": (b"x" + "é".encode() * 10_000, "text/plain", "x" + "é" * 4_095),
    }
    for name, (body, about, text) in cases.items():
        (tmp_path / name).write_bytes(body)
        assert look_at(tmp_path / name, 20, 10) == FileLook(about, text), name


def test_what_is_no_file_is_said_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert look_at(tmp_path / "pipe", 20, 10).about == "no file"
    assert look_at(tmp_path, 20, 10).about == "folder"
    assert look_at(tmp_path / "none", 20, 10).about == "cannot be read (No such file or directory)"
