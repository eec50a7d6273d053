"""Threads as values: the word that names one as a place to talk in, how much was said, what is asked and told of it."""

from __future__ import annotations

from typing import Final

from chat_tui_core.model import RoomEvent
from chat_tui_core.values import frozen

__all__ = ["Answers", "AskThread", "ThreadGiven", "ThreadTold", "place_of", "room_of", "root_of"]

_BETWEEN: Final = "\n"
"""Stands in no id of a room and of no event."""


def place_of(room_id: str, root: str = "") -> str:
    """The word that names a room, or with `root`, the event that it began with, a thread in it, as a place to talk in."""
    return f"{room_id}{_BETWEEN}{root}" if root else room_id


def room_of(place: str) -> str:
    """The room that a place is in."""
    return place.partition(_BETWEEN)[0]


def root_of(place: str) -> str:
    """The event that a place's thread began with; "" for a room."""
    return place.partition(_BETWEEN)[2]


@frozen
class Answers:
    """How many answers a thread has, deleted ones apart, and when the last one came (ms since 1970)."""

    count: int
    last_ts: int


@frozen
class AskThread:
    """The newest `count` answers of a thread, and the event that it began with. Answered by ThreadGiven."""

    request: int
    room_id: str
    root: str
    count: int


@frozen
class ThreadGiven:
    """The answer to AskThread: ascending events, their orders only relative to each other."""

    request: int
    room_id: str
    root: str
    events: tuple[RoomEvent, ...]


@frozen
class ThreadTold:
    """What the server says of a thread of which not everything may be here."""

    room_id: str
    root: str
    answers: int
    last_ts: int
