"""Give every user the same colour everywhere, from the user id alone (after XEP-0392, Consistent Color Generation).

The id's hash is a hue; lightness and chroma are fixed in OKLCH, so that all names are equally readable, on a dark or a
light background.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, radians, sin
from typing import TYPE_CHECKING

from rich.color import Color

if TYPE_CHECKING:
    from chat_tui.contrast import Rgb

try:  # as `random` does: hashlib loads all of OpenSSL's digests, for which a first frame would wait
    from _sha1 import sha1  # type: ignore[import-not-found]
except ImportError:  # another Python than CPython
    from hashlib import sha1

__all__ = ["hue_of", "nick_color", "tone_on"]

DARK = (0.78, 0.105)
"""(lightness, chroma) of names on a dark background."""
LIGHT = (0.46, 0.115)
"""(lightness, chroma) of names on a light background."""
ANSI = (2, 3, 4, 5, 6)
"""The terminal's own colours that names take in an ANSI theme: all but red, which means failure, and the greys."""


def hue_of(user: str) -> float:
    """Give a user's hue angle in degrees (XEP-0392 section 5.1)."""
    digest = sha1(user.encode("utf-8", "replace"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:2], "little") / 65536 * 360


@lru_cache(maxsize=4096)
def nick_color(
    user: str, *, dark: bool, ansi: bool = False, ground: Rgb | None = None, people: tuple[str, ...] = ()
) -> Color:
    """Give the colour of a user's name on a `dark` or light background; `ansi`: one of the terminal's own.

    `ground`: the background, where it is not one of the app's own themes'. `people`: it is one of these.
    """
    hue = hue_of(user)
    if ansi:
        return Color.from_ansi(ANSI[int(hue / 360 * len(ANSI))])
    if people:
        return Color.parse(people[int(hue / 360 * len(people))])
    lightness, chroma = tone_on(ground, dark=dark) if ground else DARK if dark else LIGHT
    return Color.from_rgb(*oklch_to_rgb(lightness, chroma, hue))


@lru_cache(maxsize=64)
def tone_on(ground: Rgb, *, dark: bool) -> tuple[float, float]:
    """Give the (lightness, chroma) of names that can be read on a background in every hue: as near as can be to the usual."""
    from chat_tui.contrast import READABLE, contrast

    usual, chroma = DARK if dark else LIGHT
    nearest = sorted((step / 50 for step in range(51)), key=lambda lightness: abs(lightness - usual))
    best = (0.0, usual)
    for lightness in (usual, *nearest):
        worst = min(contrast(ground, oklch_to_rgb(lightness, chroma, hue)) for hue in range(0, 360, 10))
        if worst >= READABLE + 0.1:  # the hues between are no more than that apart
            return lightness, chroma
        best = max(best, (worst, lightness))
    return best[1], chroma


def oklch_to_rgb(lightness: float, chroma: float, hue: float) -> tuple[int, int, int]:
    """Convert OKLCH (hue in degrees) to sRGB, 0 to 255, clipped (B. Ottosson's OKLab matrices)."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return _byte(red), _byte(green), _byte(blue)


def _byte(linear: float) -> int:
    """Give the sRGB value of a linear one."""
    linear = min(1.0, max(0.0, linear))
    return round(255 * (12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055))
