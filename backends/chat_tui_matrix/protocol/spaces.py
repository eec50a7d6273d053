"""What a space holds: read from its state, in the order that the specification gives, and asked of its server page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chat_tui_core.model import Membership, Room, RoomKind
from chat_tui_core.news import News
from chat_tui_core.safe_text import harmless_id, harmless_name, one_line
from chat_tui_core.spaces import AskSpace, Held, SpaceGiven, SpaceRoom
from chat_tui_matrix.protocol.replies import Steps, object_of, text_of
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.event_reading import is_id, token

CHILD: Final = "m.space.child"
"""Type of the state that puts a room into a space; its key is the room, and without servers it puts none there."""
SPACE: Final = "m.space"
"""`type` in m.room.create of a room that is a space."""

PAGE: Final = 50
"""Rooms that one page is asked for."""
MOST_HELD: Final = 2_000
"""Children of a space that are read."""
_MOST_SERVERS: Final = 5
_TOPIC_LIMIT: Final = 500
_ORDER: Final = re.compile(r"[\x20-\x7E]{1,50}")


def is_space(created: Mapping[str, Any] | None) -> bool:
    """Whether a room that was made with this content is a space."""
    return created is not None and created.get("type") == SPACE


def children(contents: Mapping[str, Mapping[str, Any]], times: Mapping[str, int]) -> tuple[str, ...]:
    """The rooms that a space's state puts into it, in its order.

    Those with an `order` first, by it; then by when that was said; then by their ids (Matrix: "ordering of children
    within a space").
    """
    there = (room_id for room_id, content in contents.items() if is_room(room_id) and _servers(content))
    ranked = sorted(_rank(room_id, contents[room_id], times.get(room_id, 0)) for room_id in there)
    return tuple(room_id for *_, room_id in ranked)[:MOST_HELD]


def is_room(room_id: object) -> bool:
    """Whether this can be a room's id."""
    return is_id(room_id) and room_id.startswith("!")


def _rank(room_id: str, content: Mapping[str, Any], ts: int) -> tuple[bool, str, int, str]:
    order = content.get("order")
    if isinstance(order, str) and _ORDER.fullmatch(order):
        return False, order, ts, room_id
    return True, "", ts, room_id


def _servers(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The servers through which a child can be joined; without one it is none."""
    named = content.get("via")
    found = (name for name in named if is_id(name)) if isinstance(named, list) else ()
    return tuple(found)[:_MOST_SERVERS]


# ---------------------------------------------------------------- the whole of it, as a server lists it


def hierarchy(asked: AskSpace) -> Steps[tuple[News, ...]]:
    """Give a page of what is in a space. Raises Declined, Unreadable."""
    answer = object_of((yield paths.hierarchy(asked.room_id, PAGE, asked.token)))
    items = answer.get("rooms")
    found = tuple(_listed(items)) if isinstance(items, list) else ()
    following = token(text_of(answer, "next_batch"))
    return (SpaceGiven(asked.request, asked.room_id, found, "" if following == asked.token else following),)


def _listed(items: Sequence[Any]) -> Iterator[SpaceRoom]:
    for item in items[: 2 * PAGE]:  # a server that gives more than it was asked for is not read to its end
        if isinstance(item, dict) and is_room(item.get("room_id")):
            yield _room(item)


def _room(item: Mapping[str, Any]) -> SpaceRoom:
    holds = tuple(_held(item)) if item.get("room_type") == SPACE else None
    alias, count = harmless_id(text_of(item, "canonical_alias"), 255), item.get("num_joined_members")
    room = Room(
        item["room_id"],
        harmless_name(text_of(item, "name")) or alias,
        one_line(text_of(item, "topic"), _TOPIC_LIMIT),
        RoomKind.PUBLIC if item.get("join_rule") == "public" else RoomKind.PRIVATE,
        Membership.NONE,
        count if isinstance(count, int) and count > 0 else 0,
        (alias,) if alias else (),
        children=None if holds is None else tuple(held.room_id for held in holds),
    )
    return SpaceRoom(room, holds or ())


def _held(item: Mapping[str, Any]) -> Iterator[Held]:
    """What a listed space holds, in its order."""
    told = item.get("children_state")
    contents: dict[str, Mapping[str, Any]] = {}
    times: dict[str, int] = {}
    for event in told[:MOST_HELD] if isinstance(told, list) else ():
        if not isinstance(event, dict) or event.get("type") != CHILD:
            continue
        key, content, ts = event.get("state_key"), event.get("content"), event.get("origin_server_ts")
        if isinstance(key, str) and isinstance(content, dict):
            contents[key] = content
            times[key] = ts if isinstance(ts, int) else 0
    for room_id in children(contents, times):
        yield Held(room_id, _servers(contents[room_id]), contents[room_id].get("suggested") is True)
