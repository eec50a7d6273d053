"""Complete the word before the cursor: a command, a person, a room, an emoji by its name, a path."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Final

from chat_tui.commands import Own, complete
from chat_tui.emoji_names import find_emoji

__all__ = ["Rooms", "completed", "completed_path", "path_in"]

Rooms = Callable[[bool], Iterable[str]]
"""Gives the names of rooms; of spaces, where that is asked for."""

_OF_SPACES: Final = ("space",)
_OF_ROOMS: Final = frozenset(
    {*((name,) for name in ("switch", "join", "forward", "knock")), ("space", "add"), ("space", "remove"), _OF_SPACES}
)
"""Words of a command that are followed by a room, or by a space."""
_OF_FILES: Final = "/file "
_NONE: Final[Own] = MappingProxyType({})
_SHORTEST_EMOJI: Final = 2
_MOST_ENTRIES: Final = 10_000


def completed(before: str, people: Iterable[str], rooms: Rooms, own: Own = _NONE) -> str | None:
    """The text before the cursor with its last word completed; None where there is nothing to complete."""
    if before.startswith("/") and not before.startswith("//") and " " not in before:
        return complete(before, own)
    word = before.replace("\n", " ").rsplit(" ", 1)[-1]
    first = before[: len(before) - len(word)]
    if first.startswith("/") and tuple(first[1:].split()) in _OF_ROOMS:
        return _with(first, "", _first(word.removeprefix("#"), rooms(tuple(first[1:].split()) == _OF_SPACES)), " ")
    if word.startswith("#") and len(word) > 1:
        return _with(first, "#", _first(word[1:], rooms(False)), " ")
    if word.startswith(":") and len(word) > _SHORTEST_EMOJI:
        return _with(first, "", _emoji(word.strip(":").replace("_", " ")), " ")
    person = _first(word.removeprefix("@"), people)
    return _with(first, "@" if word.startswith("@") else "", person, " " if first else ": ")


def _first(start: str, names: Iterable[str]) -> str:
    return next((name for name in names if start and name.lower().startswith(start.lower())), "")


def _emoji(name: str) -> str:
    return next((emoji for emoji, named in find_emoji(name) if emoji != name and name.lower() in named), "")


def _with(first: str, mark: str, name: str, end: str) -> str | None:
    return f"{first}{mark}{name}{end}" if name else None


def path_in(before: str) -> str:
    """The path that is typed after `/file`; empty where none is."""
    return before[len(_OF_FILES) :] if before.startswith(_OF_FILES) and "\n" not in before else ""


def completed_path(typed: str) -> str:
    """A path as far as it is certain, a folder with its slash; the same where nothing fits. Waits for the disk."""
    folder, _slash, start = typed.rpartition("/")
    place = Path(f"{folder}/" if folder or typed.startswith("/") else "")
    found: list[str] = []
    try:
        with os.scandir(place.expanduser()) as entries:
            for _number, entry in zip(range(_MOST_ENTRIES), entries, strict=False):
                if entry.name.startswith(start) and (start.startswith(".") or not entry.name.startswith(".")):
                    found.append(entry.name + ("/" if entry.is_dir() else ""))
    except (OSError, ValueError, RuntimeError):
        return typed
    return typed[: len(typed) - len(start)] + _shared(found) if found else typed


def _shared(names: list[str]) -> str:
    """What all of them begin with."""
    first, last = min(names), max(names)
    return next((first[:index] for index, letter in enumerate(first) if letter != last[index : index + 1]), first)
