"""Keep a scene's pictures as a text that people can review: texts, then runs of looks, both themes at once."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.gallery.picture import Look, Picture

__all__ = ["FOLDER", "Shots", "diff", "told"]

FOLDER: Final = Path(__file__).parent / "stored"
Size = tuple[int, int]
Shots = Mapping[Size, tuple[Picture, Picture]]
"""By size of the terminal: a scene in the dark theme and in the light one."""
HALF_BLOCK: Final = "▀"
IMAGE: Final = Look("image", "image", "")
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class _Looks:
    """Short names for pairs of looks: the dark theme's and the light one's."""

    def __init__(self) -> None:
        self._names: dict[tuple[Look, Look], str] = {}

    def name(self, pair: tuple[Look, Look]) -> str:
        """The name of a pair: a to z, then ba, bb and so on."""
        if pair not in self._names:
            number, name = len(self._names), ""
            while number or not name:
                number, letter = divmod(number, len(LETTERS))
                name = LETTERS[letter] + name
            self._names[pair] = name
        return self._names[pair]

    def told(self) -> list[str]:
        """A line for every name."""
        return [
            f"{name:<3}{_colours(dark):<20}  {_colours(light):<20}  {_marks(dark, light)}".rstrip()
            for (dark, light), name in self._names.items()
        ]


def _colours(look: Look) -> str:
    return f"{look.text or '-':<7} on {look.ground}"


def _marks(dark: Look, light: Look) -> str:
    return dark.marks if dark.marks == light.marks else f"{dark.marks} / {light.marks}"


def told(shots: Shots) -> str:
    """A scene's pictures as a text."""
    looks = _Looks()
    lines: list[str] = []
    for (width, height), (dark, light) in shots.items():
        lines += [f"=== {width} x {height}", *_texts(dark, light), "--- looks", *_runs(looks, dark, light), ""]
    return "\n".join([*lines, "=== looks: dark, light", *looks.told()]) + "\n"


def _texts(dark: Picture, light: Picture) -> list[str]:
    rows = [f"|{line.rstrip()}" for line in dark.lines]
    other = zip(dark.lines, light.lines, strict=True)
    return rows + [f"light {number}|{two.rstrip()}" for number, (one, two) in enumerate(other, 1) if one != two]


def _runs(looks: _Looks, dark: Picture, light: Picture) -> list[str]:
    rows = [_row(looks, dark, light, number) for number in range(len(dark.rows))]
    lines, first = [], 1
    for row, same in groupby(rows):
        last = first + len(list(same)) - 1
        lines.append(f"{first}{f'-{last}' if last > first else ''} {row}")
        first = last + 1
    return lines


def _row(looks: _Looks, dark: Picture, light: Picture, number: int) -> str:
    pairs = zip(_row_looks(dark, number), _row_looks(light, number), strict=True)
    return " ".join(f"{looks.name(pair)}{len(list(same))}" for pair, same in groupby(pairs))


def _row_looks(picture: Picture, number: int) -> list[Look]:
    """A row's looks; an image in half blocks has one look, for its colours are those of the library that scales it."""
    return [IMAGE if text == HALF_BLOCK else look for text, look in picture.cells(number)]


def diff(stored: str, shown: str) -> str:
    """What differs, as people read it."""
    lines: Sequence[str] = list(
        difflib.unified_diff(stored.splitlines(), shown.splitlines(), "stored", "shown", lineterm="", n=2)
    )
    return "\n".join(lines[:200])
