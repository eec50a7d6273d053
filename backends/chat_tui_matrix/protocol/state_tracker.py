"""Keeps the state of rooms: what was said in this run, over what is stored."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from chat_tui_core.contract import RoomStates, StateReader, StateSet
from chat_tui_matrix.wire import requesting

Content = dict[str, Any]
Place = tuple[str, str, str]
"""A piece of state: room, type, key."""

OWN: Final = "own:"
"""Begins the types that are no state events: a room's account data, and what is noted of it. "" is the account's room."""

MOST_BYTES: Final = 65_536
"""No state event may be larger (Matrix: an event has at most 65,536 bytes)."""
MOST_ACCOUNT_BYTES: Final = 1 << 20
"""Account data have no limit of their own: people with a thousand direct chats exist."""
CACHED: Final = 20_000

BESIDE: Final = "m.room.member"
"""State of which there may be so much that it is read only where it is asked for."""

_Piece = tuple[Content | None, str]
"""The content, None = there is none, and the event's id as far as it is known."""
_Generation = dict[str, dict[str, dict[str, _Piece]]]
"""Room -> type -> key -> piece."""


class StateTracker:
    """The state of all rooms, as of everything that was put; nothing is lost between that and its being stored.

    What was put is kept here until it is surely stored (`stored`), then as far as the cache goes; the rest is read.
    Contents are shared: never change one. An event without content is no state (S1: deleted state).
    """

    def __init__(self, reader: StateReader, cached: int = CACHED) -> None:
        self._reader = reader
        self._cached = cached
        self._young: _Generation = {}  # put since the last `stored`
        self._old: _Generation = {}  # put before it
        self._cache: OrderedDict[Place, _Piece] = OrderedDict()
        self._places: OrderedDict[str, Place] = OrderedDict()  # event id -> what it once was, in this run
        self._unstored: set[str] = set()  # rooms of which nothing can be stored yet
        self._read: RoomStates = {}  # all that is stored of the rooms that are expected, but for members

    # ------------------------------------------------------------ reading

    def get(self, room_id: str, kind: str, key: str = "") -> Content | None:
        """The content of one piece of state; None where there is none."""
        return self._piece((room_id, kind, key))[0]

    def all(self, room_id: str, kind: str) -> dict[str, Content]:
        """The contents by key of all state of one type."""
        found: dict[str, Content] = {}
        if room_id not in self._unstored:
            read = self._read.get(room_id) if kind != BESIDE else None
            texts = self._reader.all(room_id, kind) if read is None else read.get(kind, {})
            for key, text in texts.items():
                content = _parsed(text)
                if content is not None:
                    found[key] = content
        for generation in (self._old, self._young):
            for key, (content, _) in generation.get(room_id, {}).get(kind, {}).items():
                if content is None:
                    found.pop(key, None)
                else:
                    found[key] = content
        return found

    def event_at(self, event_id: str) -> Place | None:
        """Which piece of state an event is now; None when it is none, or is not known to be one in this run."""
        place = self._places.get(event_id)
        return place if place is not None and self._piece(place)[1] == event_id else None

    def expect(self, room_ids: Sequence[str]) -> None:
        """Read all that is stored of some rooms in one go, but for members; they are asked for next.

        Each lookup by itself waits for its turn while the store writes. What was read before is dropped.
        """
        wanted = [room_id for room_id in room_ids if room_id not in self._unstored]
        read = self._reader.rooms(wanted, BESIDE) if wanted else {}
        self._read = {room_id: read.get(room_id, {}) for room_id in wanted}

    # ------------------------------------------------------------ changing

    def begin(self, room_id: str) -> None:
        """Nothing is stored of this room: the store need not be asked."""
        self._unstored.add(room_id)

    def put(
        self,
        place: Place,
        content: Content,
        sender: str = "",
        event_id: str = "",
        ts: int = 0,
        *,
        redacted: bool = False,
    ) -> StateSet | None:
        """Make this the newest of its place, and give the news of it; None when it is there already.

        The event that is there already changes nothing (B10), unless it has been `redacted` since. Raises ValueError
        for a content that is too large or cannot be JSON; nothing is changed then.
        """
        room_id, kind, key = place
        if event_id:
            known, known_id = self._piece(place)
            if known_id == event_id and (not redacted or known == (content or None)):
                return None
        text = compact(content, MOST_BYTES if room_id and not kind.startswith(OWN) else MOST_ACCOUNT_BYTES)
        kinds = self._young.setdefault(room_id, {})
        kinds.setdefault(kind, {})[key] = (content or None, event_id)
        self._cache.pop(place, None)
        if event_id:
            self._places[event_id] = place
            if len(self._places) > self._cached:
                self._places.popitem(last=False)
        return StateSet(room_id, kind, key, text, sender, event_id, ts)

    def keep_only(self, room_id: str, kinds: Collection[str], named: Collection[tuple[str, str]]) -> Iterator[StateSet]:
        """Remove what is there of these types and not among the (type, key) that are named; gives the news."""
        for kind in kinds:
            for key in self.all(room_id, kind):
                if (kind, key) not in named:
                    news = self.put((room_id, kind, key), {})
                    if news is not None:
                        yield news

    def stored(self) -> None:
        """What was put before the last call is stored by now, and need not be kept.

        One call behind: what was put a moment ago may be on its way to the store while an earlier position is told.
        """
        room = self._cached
        for room_id, kinds in reversed(self._old.items()):
            for kind, pieces in kinds.items():
                if room <= 0:
                    break
                room -= len(pieces)
                for key, piece in pieces.items():
                    place = (room_id, kind, key)
                    if not self._is_young(place):
                        self._remember(place, piece)
        self._unstored.difference_update(self._old)
        self._old, self._young, self._read = self._young, {}, {}

    # ------------------------------------------------------------ pieces

    def _is_young(self, place: Place) -> bool:
        room_id, kind, key = place
        return key in self._young.get(room_id, {}).get(kind, {})

    def _piece(self, place: Place) -> _Piece:
        room_id, kind, key = place
        for generation in (self._young, self._old):
            kinds = generation.get(room_id)
            if kinds is not None:
                pieces = kinds.get(kind)
                if pieces is not None and key in pieces:
                    return pieces[key]
        if room_id in self._unstored:
            return None, ""
        piece = self._cache.get(place)
        if piece is not None:
            self._cache.move_to_end(place)
            return piece
        read = self._read.get(room_id) if kind != BESIDE else None
        text = self._reader.get(room_id, kind, key) if read is None else read.get(kind, {}).get(key, "")
        piece = (_parsed(text), "")
        self._remember(place, piece)
        return piece

    def _remember(self, place: Place, piece: _Piece) -> None:
        self._cache[place] = piece
        self._cache.move_to_end(place)
        if len(self._cache) > self._cached:
            self._cache.popitem(last=False)


def compact(content: Content, most: int) -> str:
    """A content as JSON without blanks, "" for an empty one; raises ValueError beyond `most` bytes."""
    if not content:
        return ""
    text = requesting.compact(content)
    size = len(text) if text.isascii() else len(text.encode())
    if size > most:
        raise ValueError(f"its content has {size} bytes")
    return text


def _parsed(text: str) -> Content | None:
    """A stored content; None for one that is empty, or that makes no sense (any more)."""
    if not text:
        return None
    try:
        content = json.loads(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) and content else None
