"""How well a text can be read on its ground: the contrast of WCAG 2, from 1 to 21."""

from __future__ import annotations

from functools import cache
from typing import Final

from tests.gallery.picture import Look

__all__ = ["HINT", "INACTIVE", "NORMAL", "contrast", "has_own_colour", "is_faded"]

NORMAL: Final = 4.5
"""What text needs (WCAG 2, 1.4.3)."""
HINT: Final = 3.0
"""What text needs that is faded on purpose: times, hints, what is less important than what stands beside it."""
INACTIVE: Final = 1.7
"""What the keys of a dialog need that do nothing where one is (WCAG 2 asks for nothing)."""
_DIM: Final = 0.5


@cache
def contrast(look: Look) -> float:
    """The contrast of a look's text with its ground."""
    front, ground = _rgb(look.text), _rgb(look.ground)
    if "dim" in look.marks.split():
        front = tuple(a * _DIM + b * (1 - _DIM) for a, b in zip(front, ground, strict=True))
    light, dark = sorted((_luminance(front), _luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@cache
def is_faded(look: Look, front: str) -> bool:
    """Whether a text's colour is the theme's own, `front`, or black or white, let down towards its ground."""
    shown, ground = _rgb(look.text), _rgb(look.ground)
    return any(_between(shown, ground, _rgb(whole)) for whole in (front, "#ffffff", "#000000"))


def _between(shown: tuple[float, ...], ground: tuple[float, ...], whole: tuple[float, ...]) -> bool:
    """Whether a colour lies between two others, and nearer to the first of them than a twelfth of the way."""
    way = [one - other for one, other in zip(whole, ground, strict=True)]
    length = sum(part * part for part in way)
    share = sum(part * (one - other) for part, one, other in zip(way, shown, ground, strict=True)) / (length or 1)
    off = max(abs(one - other - share * part) for one, other, part in zip(shown, ground, way, strict=True))
    return 0 < share < 11 / 12 and off < 4 / 255


def has_own_colour(text: str) -> bool:
    """Whether a text is but lines, bars and blocks, which carry no words, or pictures that terminals colour themselves."""
    return all(part.isspace() or "\u2500" <= part <= "\u259f" or part >= "\U0001f000" for part in text)


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def _luminance(rgb: tuple[float, ...]) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
