"""Pictures from elsewhere, made small: limits first, lying heads, one frame, upright, on paper; whatever the bytes are."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chat_tui import small_image
from chat_tui.image_size import image_size
from chat_tui.picture_drawing import Canvas, Way, canvas_for, draw_bytes, draw_file
from chat_tui.small_image import UNASKED, Limits, SmallImage, Undrawn, half_blocks, read_whole, shrink

RED, BLUE = (250, 10, 10), (10, 10, 250)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def drawn(data: bytes, across: int = 20, down: int = 20, limits: Limits = UNASKED) -> SmallImage:
    return shrink(data, len(data), across, down, limits)


def near(found: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 30 for one, other in zip(found, wanted, strict=True))


def at(image: SmallImage, x: int, y: int) -> tuple[int, ...]:
    place = 3 * (y * image.width + x)
    return tuple(image.pixels[place : place + 3])


# ---------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_each_format_becomes_small_and_keeps_its_shape(kind: str) -> None:
    small = drawn(saved(Image.new("RGB", (300, 150), RED), kind))
    assert (small.width, small.height) == (20, 10)
    assert len(small.pixels) == 600
    assert near(at(small, 10, 5), RED)
    assert small.about.endswith("300 × 150")


def test_what_is_small_is_not_made_larger() -> None:
    small = drawn(saved(Image.new("RGB", (3, 5), RED)))
    assert (small.width, small.height) == (3, 5)


def test_what_is_transparent_is_paper() -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    image.putpixel((0, 0), (*BLUE, 255))
    small = drawn(saved(image))
    assert (at(small, 0, 0), at(small, 3, 3)) == (BLUE, small_image.PAPER)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_what_moves_the_first_frame_is_drawn(kind: str) -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in (RED, BLUE, BLUE)]
    small = drawn(saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50))
    assert near(at(small, 5, 5), RED)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_camera_that_was_held_upright_is_heard(kind: str) -> None:
    image = Image.new("RGB", (200, 100), BLUE)
    image.paste(RED, (0, 0, 100, 100))
    exif = Image.Exif()
    exif[small_image.UPRIGHT] = 6  # its top is on the right: to be turned by a quarter
    small = drawn(saved(image, kind, exif=exif))
    assert (small.width, small.height) == (10, 20)
    assert near(at(small, 5, 2), RED)
    assert near(at(small, 5, 17), BLUE)


def test_two_rows_of_pixels_are_a_row_of_cells() -> None:
    pixels = bytes(range(2 * 3 * 3))
    assert half_blocks(SmallImage("", 2, 3, pixels)) == (
        (((0, 1, 2), (6, 7, 8)), ((3, 4, 5), (9, 10, 11))),
        (((12, 13, 14), (12, 13, 14)), ((15, 16, 17), (15, 16, 17))),
    )


# ---------------------------------------------------------------- what is refused


def _png(width: int, height: int, body: bytes = b"\0" * 1_000_000) -> bytes:
    """A PNG that tells of so many pixels."""
    head = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def refused(data: bytes, limits: Limits = UNASKED) -> str:
    with pytest.raises(Undrawn) as caught:
        drawn(data, limits=limits)
    return str(caught.value)


def test_a_bomb_is_refused_before_a_decoder_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:  # E7
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(Image, "open", never)
    assert refused(_png(60_000, 60_000)) == "PNG 60000 × 60000, too large to draw"
    assert refused(_png(6_000, 4_001)) == "PNG 6000 × 4001, too large to draw"
    assert refused(_png(10, 10), Limits(1_000_000, 100)) == "PNG 10 × 10, too large to draw"


def test_a_head_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:  # E7
    # A GIF may tell of a small screen, and then of a frame that is larger than it.
    frame = struct.pack("<BHHHHB", 0x2C, 0, 0, 9_000, 9_000, 0)
    gif = b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0x80, 0, 0) + bytes(6) + frame + b"\x02\x02\x4c\x01\x00;"
    assert image_size(gif) == ("GIF", 4, 4)
    assert "too large" in refused(gif) or "cannot be drawn" in refused(gif)
    # Two sizes in one JPEG: the first one is what is looked at, the decoder's own is looked at too.
    told = saved(Image.new("RGB", (400, 400), RED), "JPEG")
    monkeypatch.setattr(small_image, "image_size", lambda _head: ("JPEG", 1, 1))
    assert refused(told, Limits(100 * 100, 1 << 20)) == "JPEG 1 × 1, too large to draw"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"II*\0" + bytes(100), b"8BPS" + bytes(100), b"<svg/>"])
def test_what_is_no_image_of_these_kinds_is_left_alone(data: bytes) -> None:
    assert refused(data) == "no image"


def test_what_breaks_off_or_is_broken_cannot_be_drawn() -> None:
    whole = saved(Image.effect_noise((200, 200), 90))
    assert refused(whole[: len(whole) // 2]) == "PNG 200 × 200, cannot be drawn"
    assert refused(_png(50, 50, b"")) == "PNG 50 × 50, cannot be drawn"
    assert refused(b"BM" + bytes(16) + struct.pack("<ii", 10, 10) + bytes(100)).startswith("BMP 10 × 10")


@given(st.binary(max_size=600), st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "BMP"]), st.integers(0, 400))
def test_no_bytes_raise_anything_else(noise: bytes, kind: str, where: int) -> None:
    whole = saved(Image.new("RGB", (8, 8), RED), kind)
    data = whole[:where] + noise + whole[where + len(noise) :]
    try:
        small = drawn(data)
    except Undrawn:
        return
    assert len(small.pixels) == 3 * small.width * small.height


# ---------------------------------------------------------------- files


def test_a_file_must_be_the_one_that_was_sent(tmp_path: Path) -> None:
    path, data = tmp_path / "a.png", saved(Image.new("RGB", (30, 30), RED))
    path.write_bytes(data)
    digest = sha256(data).hexdigest()
    assert read_whole(path, len(data), digest) == read_whole(path, len(data), "") == data
    canvas = Canvas(Way.BLOCKS, 10, 4)
    assert draw_file(path, len(data), digest, canvas).width == 8
    path.write_bytes(data[:-1] + b"x")
    for size, known in ((len(data), digest), (len(data) + 1, ""), (0, "")):
        with pytest.raises(Undrawn, match="another one by now"):
            read_whole(path, size, known)
    with pytest.raises(Undrawn, match="too large to draw"):
        read_whole(path, UNASKED.bytes + 1, "")


def test_what_is_no_file_makes_nobody_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Undrawn, match="no file"):
        read_whole(tmp_path / "pipe", 10, "")
    with pytest.raises(Undrawn, match="folder"):
        read_whole(tmp_path, 10, "")
    with pytest.raises(Undrawn, match="cannot be read"):
        read_whole(tmp_path / "none", 10, "")


def test_without_pillow_it_says_so() -> None:
    code = (
        "import sys; sys.modules['PIL'] = None\n"
        "from chat_tui.small_image import UNASKED, Undrawn, shrink\n"
        f"data = {_png(10, 10, b'')!r}\n"
        "try:\n    shrink(data, len(data), 5, 5, UNASKED)\n"
        "except Undrawn as why:\n    print(why)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=50, check=True)
    assert done.stdout.strip() == "PNG 10 × 10, Pillow is not installed"


# ---------------------------------------------------------------- as cells


def test_the_room_for_a_picture_is_bounded() -> None:
    assert canvas_for(Way.BLOCKS, 110, 100) == Canvas(Way.BLOCKS, 48, 12)
    assert canvas_for(Way.BLOCKS, 20, 24) == Canvas(Way.BLOCKS, 20, 8)
    assert canvas_for(Way.BLOCKS, 0, 1) == Canvas(Way.BLOCKS, 1, 1)


@pytest.mark.parametrize("way", [Way.BLOCKS, Way.PALETTE])
def test_a_picture_fits_and_its_rows_are_equally_wide(way: Way) -> None:
    picture = draw_bytes(saved(Image.effect_noise((90, 60), 90)), Canvas(way, 30, 8))
    assert (picture.width, len(picture.rows)) == (24, 8)
    assert all(sum(len(segment.text) for segment in row) == 24 for row in picture.rows)
    assert picture.about == "PNG 90 × 60"
    styles = [segment.style for row in picture.rows for segment in row]
    colours = {style.color.type.name for style in styles if style is not None and style.color is not None}
    assert colours == ({"TRUECOLOR"} if way is Way.BLOCKS else {"EIGHT_BIT"})


def test_equal_neighbours_are_one_segment() -> None:
    picture = draw_bytes(saved(Image.new("RGB", (40, 40), RED)), Canvas(Way.BLOCKS, 20, 10))
    assert [len(row) for row in picture.rows] == [1] * 10
    assert picture.size < 12_000
