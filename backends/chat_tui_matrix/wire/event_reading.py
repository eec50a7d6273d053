"""Make MatrixEvents of JSON: who they are from and what they say is checked for shape and size, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, ClassVar, Final, Generic, Self, TypeGuard, TypeVar

import msgspec

from chat_tui_core.safe_text import one_line
from chat_tui_matrix.wire.events import MatrixEvent
from chat_tui_matrix.wire.json_reading import SetAside, plain

MAX_ID: Final = 255
"""Characters of a room's, user's or event's id, a type and a state key (Matrix: 255 bytes)."""
MAX_TEXT: Final = 65_536
"""Characters of one text: a whole event has no more bytes. What is longer is cut."""
MAX_DEPTH: Final = 64
"""Objects and arrays inside one another in an event's content; what is deeper becomes None."""
MAX_TIME: Final = 2**53
MAX_TOKEN: Final = 4_096
"""Characters of a sync or page token; a longer one could not be sent back."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID)]
Key = Annotated[str, msgspec.Meta(max_length=MAX_ID)]
Time = Annotated[int, msgspec.Meta(ge=0, le=MAX_TIME)]


class Added(msgspec.Struct, gc=False):
    """What a server adds to an event, as far as anybody here reads it: not its age, which every event has."""

    transaction_id: Any = msgspec.UNSET
    prev_content: Any = msgspec.UNSET
    prev_sender: Any = msgspec.UNSET
    replaces_state: Any = msgspec.UNSET
    redacted_because: Any = msgspec.UNSET
    redacted_by: Any = msgspec.UNSET
    relations: Any = msgspec.field(default=msgspec.UNSET, name="m.relations")


class WireEvent(msgspec.Struct, kw_only=True, gc=False):
    """An event of any kind as it stands in an answer: account data, ephemeral, presence."""

    NEEDS: ClassVar[frozenset[str]] = frozenset()

    type: Id
    content: dict[str, Any]
    sender: Id | None = None
    event_id: Id | None = None
    origin_server_ts: Time = 0
    state_key: Key | msgspec.UnsetType = msgspec.UNSET
    redacts: Key | None = None
    unsigned: Added | None = None
    room_id: Id | None = None

    @classmethod
    def salvage(cls, data: bytes) -> Self:
        """An event one of whose parts has the wrong shape: without that part where it does not matter, else SetAside."""
        told = plain(data)
        if not isinstance(told, dict):
            raise SetAside("it is no object")
        if not is_id(kind := told.get("type")):
            raise SetAside("it has no type")
        called = one_line(f"{kind} {told.get('event_id', '')}", MAX_ID)
        content = told.get("content", {} if "state_key" in told else None)
        if not isinstance(content, dict):
            raise SetAside(f"its content is no object ({called})")
        kept: dict[str, Any] = {"type": kind, "content": content}
        for name in ("sender", "event_id", "room_id", "redacts"):
            if is_id(value := told.get(name)):
                kept[name] = value
            elif name in cls.NEEDS:
                raise SetAside(f"it has no usable {name} ({called})")
        if "state_key" in told or "state_key" in cls.NEEDS:
            kept["state_key"] = _key(told.get("state_key"), called)
        if type(ts := told.get("origin_server_ts")) is int:
            kept["origin_server_ts"] = min(max(ts, 0), MAX_TIME)
        if isinstance(unsigned := told.get("unsigned"), dict):
            kept["unsigned"] = msgspec.convert(unsigned, Added)
        return cls(**kept)


class SaidEvent(WireEvent, kw_only=True, gc=False):
    """An event of a room's timeline."""

    NEEDS: ClassVar[frozenset[str]] = frozenset({"sender", "event_id"})

    sender: Id
    event_id: Id


class StateEvent(SaidEvent, kw_only=True, gc=False):
    """An event of a room's state."""

    NEEDS: ClassVar[frozenset[str]] = frozenset({"sender", "event_id", "state_key"})

    state_key: Key


class StrippedEvent(WireEvent, kw_only=True, gc=False):
    """State of a room that we are not in, or a stub that says that a piece of state is gone (MSC4186)."""

    NEEDS: ClassVar[frozenset[str]] = frozenset({"state_key"})

    state_key: Key
    content: dict[str, Any] = msgspec.field(default_factory=dict)


_NOTHING: Final = Added()
_ADDED: Final = tuple((field.name, field.encode_name) for field in msgspec.structs.fields(Added))

E = TypeVar("E", bound=WireEvent)


class Listed(msgspec.Struct, Generic[E]):
    """A section that is nothing but events."""

    events: list[E] | None = None


class Maker:
    """Makes the MatrixEvents of one answer, in which equal types and senders share their text."""

    def __init__(self) -> None:
        self._shared: dict[str, str] = {}

    def event(self, wire: WireEvent, room_id: str = "") -> MatrixEvent:
        """The event; `room_id` is that of the section it stands in, "" leaves what the event says of itself."""
        share = self._shared.setdefault
        kind, sender, key, content = wire.type, wire.sender or "", wire.state_key, wire.content
        redacts = wire.redacts or ""
        if not redacts and kind == "m.room.redaction" and isinstance(told := content.get("redacts"), str):
            redacts = told[:MAX_ID]
        return MatrixEvent(
            share(kind, kind),
            content if _is_flat(content) else within(content),
            share(sender, sender),
            wire.event_id or "",
            wire.origin_server_ts,
            None if key is msgspec.UNSET else key,
            redacts,
            {} if wire.unsigned is None or wire.unsigned == _NOTHING else _told(wire.unsigned),
            room_id or wire.room_id or "",
        )

    def all(self, wires: Iterable[WireEvent] | None, room_id: str = "") -> tuple[MatrixEvent, ...]:
        """Several events, in their order."""
        return tuple([self.event(wire, room_id) for wire in wires or ()])

    def listed(self, section: Listed[Any] | None, room_id: str = "") -> tuple[MatrixEvent, ...]:
        """The events of a section, which may be absent."""
        return self.all(section.events, room_id) if section else ()


def is_id(value: object) -> TypeGuard[str]:
    """Whether this can be the id of a room, a user or an event."""
    return isinstance(value, str) and 0 < len(value) <= MAX_ID


def token(text: str | None) -> str:
    """A token for a later request; "" for one that could not be sent back."""
    return text if text and len(text) <= MAX_TOKEN else ""


def count(number: int | None) -> int | None:
    """A number of people or events, None where none is told."""
    return None if number is None else min(max(number, 0), MAX_TIME)


def within(node: dict[str, Any]) -> dict[str, Any]:
    """A JSON object: itself where no text in it is too long and nothing is too deep, else one that is cut."""
    return node if _fits(node, MAX_DEPTH) else _cut(node, MAX_DEPTH)


def before(
    after: Sequence[MatrixEvent], timeline: Sequence[MatrixEvent]
) -> tuple[tuple[MatrixEvent, ...], tuple[MatrixEvent, ...]]:
    """Turn state that holds after a timeline into the state that holds before it, and what to correct behind it.

    A piece of state that the timeline sets is, before it, what the first event that sets it says that it replaces.
    The correction is what the server says of a piece that the timeline leaves otherwise: its own choice between
    events that were sent at once.
    """
    first: dict[tuple[str, str], MatrixEvent] = {}
    last: dict[tuple[str, str], str] = {}
    for event in timeline:
        if event.state_key is not None:
            first.setdefault((event.type, event.state_key), event)
            last[event.type, event.state_key] = event.event_id
    if not first:
        return tuple(after), ()
    kept, corrections = [], []
    for event in after:
        place = event.type, event.state_key or ""
        if place not in first:
            kept.append(event)
        elif event.event_id != last[place]:
            corrections.append(event)
    kept.extend(earlier for event in first.values() if (earlier := _replaced(event)))
    return tuple(kept), tuple(corrections)


def _replaced(event: MatrixEvent) -> MatrixEvent | None:
    """The state that an event says that it replaces, None where it does not say."""
    content, told = event.unsigned.get("prev_content"), event.unsigned
    if not isinstance(content, dict):
        return None
    sender, event_id = (value if is_id(value := told.get(key)) else "" for key in ("prev_sender", "replaces_state"))
    return MatrixEvent(event.type, content, sender, event_id, state_key=event.state_key, room_id=event.room_id)


def _told(added: Added) -> dict[str, Any]:
    told = {key: value for name, key in _ADDED if (value := getattr(added, name)) is not msgspec.UNSET}
    return told if _is_flat(told) else within(told)


def _key(value: object, called: str) -> str:
    if isinstance(value, str) and len(value) <= MAX_ID:
        return value
    raise SetAside(f"its state_key cannot be one ({called})")


def _is_flat(content: dict[str, Any]) -> bool:
    """Whether this is nothing but short texts and single values, as most contents are."""
    for value in content.values():
        kind = value.__class__
        if kind is dict or kind is list or (kind is str and len(value) > MAX_TEXT):
            return False
    return True


def _fits(node: dict[str, Any] | list[Any], room: int) -> bool:
    for value in node.values() if isinstance(node, dict) else node:
        kind = value.__class__
        if kind is str:
            if len(value) > MAX_TEXT:
                return False
        elif (kind is dict or kind is list) and not (room > 1 and _fits(value, room - 1)):
            return False
    return True


def _cut(value: Any, room: int) -> Any:
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, dict):
        return {key: _cut(item, room - 1) for key, item in value.items()} if room else None
    if isinstance(value, list):
        return [_cut(item, room - 1) for item in value] if room else None
    return value
