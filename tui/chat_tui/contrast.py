"""Say how well one colour can be read on another: the contrast of WCAG 2."""

from __future__ import annotations

from typing import Final

__all__ = ["READABLE", "contrast", "rgb_of"]

READABLE: Final = 4.5
"""The contrast that text needs (WCAG 2.1, 1.4.3)."""

Rgb = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""


def rgb_of(color: str) -> Rgb:
    """The parts of a colour such as "#7af" or "#7aa5e8"."""
    digits = color.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def contrast(one: Rgb, other: Rgb) -> float:
    """How much lighter one is than the other: from 1, the same, to 21, black and white."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
