"""Sizes of pictures by their first bytes: every form that is known, and whatever is none."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_matrix.content.pictures import LARGEST, pixels

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"


def png(width: int, height: int) -> bytes:
    return PNG + struct.pack(">II", width, height) + b"\x08\x02\x00\x00\x00"


def jpeg(width: int, height: int, *, before: bytes = b"", marker: int = 0xC0) -> bytes:
    frame = struct.pack(">BBHBHH", 0xFF, marker, 17, 8, height, width)
    return b"\xff\xd8" + before + frame + b"\x03\x01\x22\x00"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def webp(kind: bytes, body: bytes) -> bytes:
    return b"RIFF\x00\x00\x00\x00WEBP" + kind + struct.pack("<I", len(body)) + body


# D1
@pytest.mark.parametrize(
    ("head", "size"),
    [
        (png(640, 480), (640, 480)),
        (b"GIF89a" + struct.pack("<HH", 3, 2), (3, 2)),
        (b"GIF87a" + struct.pack("<HH", 3, 2), (3, 2)),
        (jpeg(4000, 3000), (4000, 3000)),
        (jpeg(40, 30, before=segment(0xE1, b"Exif" * 9_000) + segment(0xC4, b"tables"), marker=0xC2), (40, 30)),
        (jpeg(40, 30, before=b"\xff\xff" + segment(0xE0, b"JFIF")), (40, 30)),
        (webp(b"VP8X", b"\x00" * 4 + b"\x09\x00\x00\x04\x00\x00"), (10, 5)),
        (webp(b"VP8L", b"\x2f" + struct.pack("<I", 9 | 4 << 14) + b"\x00"), (10, 5)),
        (webp(b"VP8 ", b"\x00" * 3 + b"\x9d\x01\x2a" + struct.pack("<HH", 10, 5)), (10, 5)),
        (b"BM" + b"\x00" * 16 + struct.pack("<ii", 10, 5), (10, 5)),
        (b"BM" + b"\x00" * 16 + struct.pack("<ii", 10, -5), (10, 5)),
        (png(0, 480), (0, 0)),
        (png(LARGEST + 1, 1), (0, 0)),
        (jpeg(1, 1)[:8], (0, 0)),
        (b"\xff\xd8\xff\xe0\x00\x00" * 9, (0, 0)),
        (b"<svg width='10'/>", (0, 0)),
        (b"", (0, 0)),
    ],
)
def test_how_large_a_picture_is(head: bytes, size: tuple[int, int]) -> None:
    assert pixels(head) == size


@given(
    st.sampled_from([PNG, b"GIF89a", b"\xff\xd8\xff", b"RIFFxxxxWEBPVP8X", b"RIFFxxxxWEBPVP8L", b"BM", b""]),
    st.binary(max_size=200),
)
def test_no_file_breaks_anything(magic: bytes, rest: bytes) -> None:  # E7
    width, height = pixels(magic + rest)
    assert (width, height) == (0, 0) or (0 < width <= LARGEST and 0 < height <= LARGEST)


@pytest.mark.parametrize("form", ["PNG", "GIF", "JPEG", "WEBP", "BMP"])
def test_what_another_program_writes(form: str) -> None:  # D1
    image = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    image.new("RGB", (123, 45)).save(file, form)
    assert pixels(file.getvalue()) == (123, 45)
