"""Paint what the app shows as an image: a cell is 9 by 18 pixels, blocks and bars fill theirs without a seam."""

from __future__ import annotations

from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from tests.gallery.picture import Look, Picture

__all__ = ["paint"]

WIDE, HIGH, SIZE = 9, 18, 15
"""DejaVu Sans Mono at this size has glyphs as wide as a cell, to the pixel."""
MONO: Final = "DejaVuSansMono{}.ttf"
OTHERS: Final = ("DejaVuSans.ttf", "NotoSansCJK-Regular.ttc")
EMOJI: Final = "NotoColorEmoji.ttf"
EMOJI_SIZE: Final = 109
"""The one size that the font has."""
EIGHTHS: Final = "▁▂▃▄▅▆▇█"
LEFT: Final = "▏▎▍▌▋▊▉"


def paint(picture: Picture, ground: str) -> Image.Image:
    """The picture as an image with few colours; `ground` is the colour of cells that are not there."""
    width = max(len(picture.cells(row)) for row in range(len(picture.rows)))
    image = Image.new("RGB", (width * WIDE, len(picture.rows) * HIGH), ground)
    draw = ImageDraw.Draw(image)
    for y in range(len(picture.rows)):
        cells = picture.cells(y)
        for x, (_, look) in enumerate(cells):
            if look.ground.startswith("#"):
                draw.rectangle((x * WIDE, y * HIGH, x * WIDE + WIDE - 1, y * HIGH + HIGH - 1), look.ground)
        for x, (text, look) in enumerate(cells):
            if text.strip():
                wide = x + 1 < len(cells) and not cells[x + 1][0]
                _glyph(image, (x * WIDE, y * HIGH), text, look, 2 if wide else 1)
            _lines(draw, (x * WIDE, y * HIGH), look)
    return image


def _lines(draw: ImageDraw.ImageDraw, at: tuple[int, int], look: Look) -> None:
    """Underline and strike."""
    x, y = at
    marks = look.marks.split()
    colour = look.text or "#808080"
    for mark, height in (("underline", HIGH - 2), ("strike", HIGH // 2)):
        if mark in marks:
            draw.line((x, y + height, x + WIDE - 1, y + height), colour)


def _glyph(image: Image.Image, at: tuple[int, int], text: str, look: Look, cells: int) -> None:
    x, y = at
    draw = ImageDraw.Draw(image)
    if part := _block(text):
        left, top, right, bottom = part
        box = (x + left * WIDE // 8, y + top * HIGH // 8, x + right * WIDE // 8 - 1, y + bottom * HIGH // 8 - 1)
        draw.rectangle(box, look.text)
        return
    marks = look.marks.split()
    style = {(True, False): "-Bold", (False, True): "-Oblique", (True, True): "-BoldOblique"}
    font = _font(MONO.format(style.get(("bold" in marks, "italic" in marks), "")))
    if _has(MONO.format(""), text):
        draw.text((x, y), text, look.text, font)
        return
    for name in OTHERS:
        if _has(name, text):
            other = _font(name)
            shift = max(0, (cells * WIDE - round(other.getlength(text))) // 2)
            draw.text((x + shift, y + 14), text, look.text, other, anchor="ls")
            return
    stamp = _emoji(text)
    if stamp is not None:
        image.paste(stamp, (x + (cells * WIDE - stamp.width) // 2, y + 1), stamp)


def _block(text: str) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of a block in eighths of the cell; None for anything else."""
    if text in EIGHTHS:
        return 0, 7 - EIGHTHS.index(text), 8, 8
    if text in LEFT:
        return 0, 0, LEFT.index(text) + 1, 8
    return {"▀": (0, 0, 8, 4), "▔": (0, 0, 8, 1), "▐": (4, 0, 8, 8), "▕": (7, 0, 8, 8)}.get(text)


@cache
def _font(name: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(name, SIZE)


@cache
def _has(name: str, text: str) -> bool:
    """Whether a font has a glyph of its own for a character."""
    font = _font(name)
    return bytes(font.getmask(text)) != bytes(font.getmask("\U0010ffff"))


@cache
def _emoji(text: str) -> Image.Image | None:
    font = ImageFont.truetype(EMOJI, EMOJI_SIZE)
    canvas = Image.new("RGBA", (136, 128))
    ImageDraw.Draw(canvas).text((0, 0), text, font=font, embedded_color=True)
    box = canvas.getbbox()
    return canvas.crop(box).resize((2 * WIDE - 2, HIGH - 2), Image.Resampling.LANCZOS) if box else None
