"""Make a small image of bytes from elsewhere: limits before anything is decoded, one frame, upright; for threads."""

from __future__ import annotations

import hashlib
import os
import stat
import warnings
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from chat_tui.image_size import HEAD, image_size
from chat_tui.strings import _
from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "CHOSEN",
    "FORMATS",
    "UNASKED",
    "Cell",
    "Limits",
    "Rgb",
    "SmallImage",
    "Undrawn",
    "as_png",
    "can_draw",
    "half_blocks",
    "opened",
    "read_whole",
    "shrink",
]

FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
"""What is decoded; whatever else a file may be is told of."""
UPRIGHT: Final = 0x0112
"""The EXIF tag that says how a camera was held."""
LARGE_PNG: Final = 48 << 10
"""Bytes that are a while on their way to a terminal at the other end of a slow line."""
PAPER: Final = (255, 255, 255)
"""What is seen through a transparent pixel."""

Rgb = tuple[int, int, int]
Cell = tuple[Rgb, Rgb]
"""The colours of the upper and of the lower half of a cell."""


@frozen
class Limits:
    """What is decoded at most: pixels, and bytes of the file."""

    pixels: int
    bytes: int


CHOSEN: Final = Limits(40_000_000, 64 << 20)
"""For a file that the person looks at."""
UNASKED: Final = Limits(24_000_000, 16 << 20)
"""For a picture that is drawn because a message brings it."""


class Undrawn(Exception):
    """Why there is no picture, in a few words; `about` is what is known of it: "PNG 60000 × 60000"."""

    def __init__(self, why: str, about: str = "") -> None:
        super().__init__(f"{about}, {why}" if about else why)


@frozen
class SmallImage:
    """Pixels as red, green and blue bytes, row by row; `about` tells of the image that it was made of."""

    about: str
    width: int
    height: int
    pixels: bytes


def can_draw() -> bool:
    """Whether there is a decoder; it is not imported for that."""
    try:
        return find_spec("PIL") is not None
    except ValueError:  # a module that was put there by hand
        return False


def opened(path: Path) -> tuple[BinaryIO, int]:
    """A file, open, and its size; nothing but a file is opened, and no pipe is waited for. Raises OSError, Undrawn."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        os.close(fd)
        raise Undrawn(_("folder") if stat.S_ISDIR(found.st_mode) else _("no file"))
    return os.fdopen(fd, "rb"), found.st_size


def read_whole(path: Path, size: int, digest: str, limits: Limits = UNASKED) -> bytes:
    """A file that must have this size, and this SHA-256 in hex where one is told. Raises Undrawn."""
    if size > limits.bytes:
        raise Undrawn(_("too large to draw"))
    try:
        file, found = opened(path)
        with file:
            data = file.read(size + 1) if found == size else b""
    except OSError as error:
        raise Undrawn(_("the file cannot be read ({reason})").format(reason=error.strerror)) from None
    if not len(data) == size == found or (digest and hashlib.sha256(data).hexdigest() != digest):
        raise Undrawn(_("the file is another one by now"))
    return data


def shrink(source: BinaryIO | bytes, size: int, across: int, down: int, limits: Limits) -> SmallImage:
    """The first frame of an image, to fit into so many pixels. Raises Undrawn for whatever cannot be drawn.

    What the file's head tells is looked at before a decoder sees it, and what the decoder says before it decodes.
    """
    file = BytesIO(source) if isinstance(source, bytes) else source
    known = image_size(file.read(HEAD))
    if known is None:
        raise Undrawn(_("no image"))
    name, width, height = known
    about = f"{name} {width} × {height}"
    if width * height > limits.pixels or size > limits.bytes:
        raise Undrawn(_("too large to draw"), about)
    file.seek(0)
    try:
        from PIL import Image
    except ImportError:
        raise Undrawn(_("Pillow is not installed"), about) from None
    Image.MAX_IMAGE_PIXELS = CHOSEN.pixels  # twice as many are an error, within frames too
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # what it is about is refused below
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > limits.pixels:
                raise Undrawn(_("too large to draw"), about)
            small = _small(picture, max(1, across), max(1, down))
            return SmallImage(about, small.width, small.height, small.tobytes())
    except Undrawn:
        raise
    except Exception:  # noqa: BLE001 - what a broken picture makes a decoder raise is in no list
        raise Undrawn(_("cannot be drawn"), about) from None


def _small(picture: Image.Image, across: int, down: int) -> Image.Image:
    """The picture upright and on paper. A JPEG is decoded at a fraction of its size."""
    from PIL import Image, ImageOps

    turned = "exif" in picture.info and picture.getexif().get(UPRIGHT) in {5, 6, 7, 8}
    small: Image.Image = picture.convert("RGBA") if picture.mode in {"1", "P", "PA"} else picture
    small.thumbnail((down, across) if turned else (across, down))
    if "exif" in picture.info:
        small = ImageOps.exif_transpose(small)
    small = small.convert("RGBA")
    paper = Image.new("RGB", small.size, PAPER)
    paper.paste(small, mask=small.getchannel("A"))
    return paper


def as_png(image: SmallImage) -> bytes:
    """The image as a file; in 256 colours where that saves much."""
    from PIL import Image

    whole = Image.frombytes("RGB", (image.width, image.height), image.pixels)
    file = BytesIO()
    whole.save(file, "PNG")
    if file.tell() > LARGE_PNG:
        file = BytesIO()
        whole.quantize(256).save(file, "PNG")
    return file.getvalue()


def half_blocks(image: SmallImage) -> tuple[tuple[Cell, ...], ...]:
    """Two rows of pixels a row of cells; an odd last row fills its cell."""
    width, data = image.width, image.pixels
    rows: list[list[Rgb]] = []
    for start in range(0, len(data), 3 * width):
        row = data[start : start + 3 * width]
        rows.append(list(zip(row[::3], row[1::3], row[2::3], strict=True)))
    if len(rows) % 2:
        rows.append(rows[-1])
    return tuple(tuple(zip(rows[y], rows[y + 1], strict=True)) for y in range(0, len(rows), 2))
