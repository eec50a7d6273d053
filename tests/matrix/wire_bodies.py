"""Bodies of answers as a homeserver writes them, for the tests of what reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chat_tui_matrix.wire.decoding import decode
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection, SyncReply

ADA, BOB = "@ada:chat.example", "@bob:chat.example"
ROOM, OTHER = "!talk:chat.example", "!other:chat.example"

Json = dict[str, Any]


def message(name: str, text: str = "hello", **more: Any) -> Json:
    """A message whose id is made of its name."""
    content = {"msgtype": "m.text", "body": text}
    told = {"type": "m.room.message", "event_id": f"${name}", "sender": BOB, "content": content, "origin_server_ts": 5}
    return told | more


def state(kind: str, key: str, content: Json, name: str = "", **more: Any) -> Json:
    """A piece of state."""
    event_id = f"${name or kind}"
    told = {"type": kind, "state_key": key, "event_id": event_id, "sender": BOB, "content": content}
    return told | {"origin_server_ts": 5} | more


def member(user: str, membership: str = "join", name: str = "", **more: Any) -> Json:
    """A member event."""
    return state("m.room.member", user, {"membership": membership}, name or f"{membership}-{user}", **more)


def stripped(kind: str, key: str, content: Json) -> Json:
    """A piece of stripped state, which has no id and no time."""
    return {"type": kind, "state_key": key, "sender": BOB, "content": content}


def without(told: Json, *names: str) -> Json:
    """The same without some of its fields."""
    return {name: value for name, value in told.items() if name not in names}


def dumped(value: Any) -> bytes:
    """JSON bytes."""
    return json.dumps(value, ensure_ascii=False).encode()


def joined(*timeline: Any, **more: Any) -> Json:
    """A room of the section join."""
    return {"timeline": {"events": list(timeline), "limited": False, "prev_batch": "before"}, **more}


def sync_body(join: Mapping[str, Any] | None = None, **more: Any) -> Json:
    """The answer to a sync; `more` are other sections of rooms."""
    return {"next_batch": "next", "rooms": {"join": dict(join or {}), **more}}


def decoded(reads: str, told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Any:
    """What an answer with this body is decoded into."""
    return decode(reads, status, headers or {}, told if isinstance(told, bytes) else dumped(told))


def synced(told: Any, reads: str = "sync") -> SyncReply:
    """The same, for an answer that must be readable."""
    reply = decoded(reads, told)
    assert isinstance(reply, SyncReply), reply
    return reply


def only(reply: SyncReply) -> RoomSection:
    """The one section of a reply."""
    (section,) = reply.rooms
    return section


def ids(events: tuple[MatrixEvent, ...]) -> list[str]:
    """The ids of events, in their order."""
    return [event.event_id for event in events]
