"""A room's timeline items as values: the same from the stream, from a page of history and from CHAT bodies."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Final

from chat_tui_core.chat_syntax import ChatSyntaxError, New, Reply, parse, read
from chat_tui_core.model import EventKind, FileInfo, Reaction, RoomEvent
from chat_tui_core.safe_text import harmless
from chat_tui_wschat.grammar import FID
from chat_tui_wschat.protocol_fields import Data, flag, moment, named, names, text, whole

UNREADABLE: Final = "This item could not be read."
_MOST_REACTIONS: Final = 100
_NAME_SHOWN: Final = 255


class EventIds:
    """The event id behind a room's pos, as far as it went by lately; else a name made of room and pos.

    Ids that end in their pos, as most servers make them, take no room: only the stretches of a room are kept in which
    they do, each as [first pos, last pos].
    """

    MOST: Final = 2_000
    """Ids of any other form that are kept, and beginnings of ids."""
    MOST_STRETCHES: Final = 200
    """Of one beginning."""

    def __init__(self) -> None:
        self._odd: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._stretches: OrderedDict[tuple[str, str], list[list[int]]] = OrderedDict()  # by room and beginning
        self._beginnings: dict[str, list[str]] = {}  # by room, the latest last

    def note(self, room_id: str, order: int, event_id: str) -> None:
        """Keep the id of an event; the oldest is forgotten."""
        digits = str(order)
        if event_id.endswith(digits):
            self._odd.pop((room_id, order), None)
            self._stretch(room_id, event_id[: -len(digits)], order)
            return
        self._odd[room_id, order] = event_id
        self._odd.move_to_end((room_id, order))
        if len(self._odd) > self.MOST:
            self._odd.popitem(last=False)

    def find(self, room_id: str, order: int) -> str:
        """Give the id of the event at a pos."""
        if (odd := self._odd.get((room_id, order))) is not None:
            return odd
        for start in reversed(self._beginnings.get(room_id, ())):
            stretches = self._stretches[room_id, start]
            at = bisect_right(stretches, order, key=itemgetter(0)) - 1
            if at >= 0 and order <= stretches[at][1]:
                return f"{start}{order}"
        return made_id(room_id, order)

    def _stretch(self, room_id: str, start: str, order: int) -> None:
        """Note that the id at a pos is this beginning and the pos."""
        stretches = self._stretches.get((room_id, start))
        if stretches is None:
            stretches = self._stretches[room_id, start] = []
            self._beginnings.setdefault(room_id, []).append(start)
            if len(self._stretches) > self.MOST:
                (room, old), _ = self._stretches.popitem(last=False)
                self._beginnings[room].remove(old)
        at = bisect_right(stretches, order, key=itemgetter(0))
        if at and order <= stretches[at - 1][1] + 1:
            stretches[at - 1][1] = max(order, stretches[at - 1][1])
        else:
            stretches.insert(at, [order, order])
            at += 1
        if at < len(stretches) and stretches[at][0] <= stretches[at - 1][1] + 1:
            stretches[at - 1][1] = max(stretches[at - 1][1], stretches.pop(at)[1])
        if len(stretches) > self.MOST_STRETCHES:
            del stretches[0]


def made_id(room_id: str, order: int) -> str:
    """Give the event id of an item that the server gives none."""
    return f"{room_id}/{order}"


def order_of(room_id: str, event_id: str) -> int:
    """Give the pos inside an id that `made_id` made for this room; 0 for every other id."""
    room, _, digits = event_id.rpartition("/")
    return int(digits) if room == room_id and digits.isascii() and digits.isdigit() and len(digits) <= 16 else 0


class Timeline:
    """Makes timeline events of JSON; remembers ids so that replies can name what they answer."""

    def __init__(self) -> None:
        self.ids = EventIds()

    def item(self, room_id: str, type_: str, action: str, data: Data, action_id: int = 0) -> RoomEvent | None:
        """Give the event of one item; None when it has no pos, and so no place.

        What has a place but makes no sense is UNSUPPORTED: it keeps its place, so that no hole seems to be there.
        """
        order = whole(data, "pos")
        if not order:
            return None
        make = _ITEMS.get((type_, action))
        event = make(room_id, order, data) if make is not None else None
        if event is None:
            said = UNREADABLE if make is not None else f"Unsupported item: {type_} {action}"
            event = _event(room_id, order, data, EventKind.UNSUPPORTED, _sender(data), text_=said)
        self.ids.note(room_id, order, event.event_id)
        if answered := _reply_order(event.reply_to):
            event = replace(event, reply_to=self.ids.find(room_id, answered))
        return replace(event, action_id=action_id) if action_id else event


def _reply_order(reply_to: str) -> int:
    return int(reply_to) if reply_to.isdigit() else 0


def _sender(data: Data) -> str:
    return named(data, "from") or named(data, "by") or named(data, "username")


def _event(
    room_id: str,
    order: int,
    data: Data,
    kind: EventKind,
    sender: str,
    *,
    text_: str = "",
    target: str = "",
    reply_to: str = "",
) -> RoomEvent:
    return RoomEvent(
        room_id,
        named(data, "id") or made_id(room_id, order),
        order,
        kind,
        sender,
        moment(data),
        text_,
        text(data, "display", 80),
        target,
        reply_to,
        moment(data, "edited"),
        _reactions(data),
    )


def _reactions(data: Data) -> tuple[Reaction, ...]:
    """Read `{"reactions":{key:[user…]}}` of a history item."""
    found = data.get("reactions")
    if not isinstance(found, Mapping):
        return ()
    keys = [key for key in found if isinstance(key, str)][:_MOST_REACTIONS]
    made = (Reaction(harmless(key, 32), names(found, key)) for key in keys)
    return tuple(reaction for reaction in made if reaction.key and reaction.users)


def _message(room_id: str, order: int, data: Data) -> RoomEvent | None:
    sender = named(data, "from")
    if flag(data, "deleted"):
        return _event(room_id, order, data, EventKind.REDACTED, sender)
    if not sender:
        return None
    body = _chat_body(data)
    kind, said, answered = (EventKind.MESSAGE, "", 0) if body is None else read_chat(body)
    if isinstance(data.get("text"), str):  # of a CHAT message too, once it was edited
        kind, said = EventKind.MESSAGE, text(data, "text")
    elif body is None:
        return None
    return _event(room_id, order, data, kind, sender, text_=said, reply_to=str(answered or ""))


def _tombstone(room_id: str, order: int, data: Data) -> RoomEvent:
    return _event(room_id, order, data, EventKind.REDACTED, named(data, "from") or named(data, "by"))


def _membership(kind: EventKind) -> Callable[[str, int, Data], RoomEvent | None]:
    def make(room_id: str, order: int, data: Data) -> RoomEvent | None:
        person = named(data, "username")
        said = text(data, "reason", 300)
        by = named(data, "by") or person
        return _event(room_id, order, data, kind, by, text_=said, target=person) if person else None

    return make


def _topic(room_id: str, order: int, data: Data) -> RoomEvent:
    return _event(room_id, order, data, EventKind.TOPIC, named(data, "by"), text_=text(data, "topic", 300))


def _file(room_id: str, order: int, data: Data) -> RoomEvent | None:
    sender, name, fid = named(data, "from"), text(data, "name", _NAME_SHOWN), named(data, "fid")
    if not sender or not name or not FID.ok(fid):
        return None
    event = _event(room_id, order, data, EventKind.FILE, sender)
    digest = text(data, "sha256", 64)
    return replace(event, file=FileInfo(name, whole(data, "size"), text(data, "mime", 100), fid, digest=digest))


_ITEMS: Final[Mapping[tuple[str, str], Callable[[str, int, Data], RoomEvent | None]]] = {
    ("message", "CREATE"): _message,
    ("message", "DELETE"): _tombstone,
    ("user", "JOIN"): _membership(EventKind.JOIN),
    ("user", "PART"): _membership(EventKind.LEAVE),
    ("user", "KICK"): _membership(EventKind.KICK),
    ("channel", "TOPIC"): _topic,
    ("file", "OFFER"): _file,
}


# ---------------------------------------------------------------- CHAT bodies (wschat 3.11)


def _chat_body(data: Data) -> bytes | None:
    """Give the octets of a CHAT message; None when the item is no such message, or its base64 is broken."""
    if isinstance(data.get("chat"), str):
        return str(data["chat"]).encode("utf-8", "replace")
    if isinstance(data.get("chat64"), str):
        try:
            return base64.b64decode(data["chat64"], validate=True)
        except (binascii.Error, ValueError):
            return b""
    return None


def read_chat(body: bytes) -> tuple[EventKind, str, int]:
    """Give kind, text and the pos that it answers (0 = none) of a CHAT body; what is not known is said in words."""
    try:
        message = parse(body)
    except ChatSyntaxError:
        return EventKind.UNSUPPORTED, "Unsupported message: it does not follow the chat syntax.", 0
    meaning = read(message)
    if not isinstance(meaning, New | Reply):
        return EventKind.UNSUPPORTED, f"Unsupported message: {harmless(message.event, 60)}", 0
    lines = [harmless(meaning.text)] if meaning.text else []
    lines += [f"[attachment: {harmless(part.type, 60)}, {len(part.body)} bytes]" for part in meaning.parts]
    answered = meaning.pos if isinstance(meaning, Reply) else 0
    if not lines:
        return EventKind.UNSUPPORTED, "Unsupported message: it has no text.", answered
    return (EventKind.MESSAGE if meaning.text else EventKind.UNSUPPORTED), "\n".join(lines), answered
