"""S3's chat message grammar: octets to values and back, and the messages that wschat 3.11 gives a meaning to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

MAX_OCTETS: Final = 1 << 20
"""Octets of one chat message."""

MAX_PARTS: Final = 4096
"""Parts of one chat message."""

MAX_NUMBER: Final = 2**63 - 1
"""The largest message number."""

MAX_POS: Final = 2**53 - 1
"""The largest position that a message refers to (wschat 3.1, num)."""

MAX_ANNOUNCED: Final = 2**53 - 1
"""Octets of a part that is announced and follows in chunks (wschat 3.8, file_max)."""

_NUMBER = re.compile(r"[0-9]+").fullmatch
_EVENT = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)+").fullmatch
# Everything but comma, space and control characters; UTF-8 beyond ASCII is a deliberate extension of S3.
_PARAM = re.compile("[^, \x00-\x1f\x7f-\x9f\ud800-\udfff]+").fullmatch
_TYPE = re.compile("[A-Za-z][A-Za-z0-9]*\\.[^:, \x00-\x1f\x7f-\x9f\ud800-\udfff]+").fullmatch
_HASH = re.compile(r"[A-Za-z0-9+/_-]+={0,2}").fullmatch
_ESCAPED = re.compile("[%, \x00-\x1f\x7f-\x9f]")
_ESCAPE = re.compile("(?:%[0-9A-Fa-f]{2})+")


class ChatSyntaxError(ValueError):
    """Octets that are no chat message, or a value that none could be written for."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a chat message.

    Attributes:
        type: namespace and name, such as "x.text", "x.dag" or "i.image/jpg". S3 writes MIME types with "i." and with
            "m."; here they are always "i.". Unknown types are kept as they are.
        body: the octets.
        hash: base64, not interpreted; None when absent.
    """

    type: str
    body: bytes
    hash: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", _canonical(self.type))


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A chat message as S3's grammar sees it: any event, with any parameters and parts.

    Attributes:
        event: such as "x.msg.new"; known or not.
        params: none may be empty, or hold a space, comma or control character.
        parts: in their order.
        id: the number that other messages refer to; wschat leaves it out and uses ``pos``.
    """

    event: str
    params: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    id: int | None = None


def _canonical(type_: str) -> str:
    return f"i.{type_[2:]}" if type_.startswith("m.") else type_


def _number(word: str, most: int, what: str) -> int:
    """Read a decimal number; leading zeros are accepted, a sign or more than `most` is not."""
    digits = word.lstrip("0") or word[:1]
    if not _NUMBER(word) or len(digits) > len(str(most)) or int(digits) > most:
        raise ChatSyntaxError(f"{what} is not a number from 0 to {most}")
    return int(digits)


def parse(data: bytes) -> ChatMessage:
    """Read one chat message, in time linear in its length.

    Raises:
        ChatSyntaxError: when it does not follow S3's grammar as wschat 3.11 uses it.
    """
    if len(data) > MAX_OCTETS:
        raise ChatSyntaxError(f"The message is longer than {MAX_OCTETS} octets")
    fields = data.split(b" ", 4)
    if len(fields) < 5:
        raise ChatSyntaxError("The message ends before its parts")
    try:
        number, event, params, parts = (field.decode() for field in fields[:4])
    except UnicodeDecodeError as error:
        raise ChatSyntaxError("The message is not UTF-8 before its bodies") from error
    if not _EVENT(event):
        raise ChatSyntaxError("The event is not names joined by dots")
    return ChatMessage(
        event,
        _read_params(params),
        tuple(_read_parts(parts, fields[4])),
        _number(number, MAX_NUMBER, "The message number") if number else None,
    )


def _read_params(text: str) -> tuple[str, ...]:
    params = tuple(text.split(",")) if text else ()
    if not all(map(_PARAM, params)):
        raise ChatSyntaxError("A parameter is empty or holds a control character")
    return params


def _read_parts(text: str, bodies: bytes) -> Iterable[Part]:
    """Cut the bodies by the sizes of the part list; each body is followed by one space, the last one too."""
    if text.count(",") >= MAX_PARTS:
        raise ChatSyntaxError(f"The message has more than {MAX_PARTS} parts")
    start = 0
    for item in text.split(",") if text else ():
        type_, size, digest = _read_part(item, MAX_OCTETS)
        end = start + size
        if bodies[end : end + 1] != b" ":
            raise ChatSyntaxError("A body does not end where its size says")
        yield Part(type_, bodies[start:end], digest)
        start = end + 1
    if start != len(bodies):
        raise ChatSyntaxError("There is more after the last body")


def _read_part(item: str, most: int) -> tuple[str, int, str | None]:
    type_, *rest = item.split(":")
    if not _TYPE(type_) or not 1 <= len(rest) <= 2 or (len(rest) == 2 and not _HASH(rest[1])):
        raise ChatSyntaxError("A part is not a type and a size, and perhaps a hash")
    return type_, _number(rest[0], most, "The size of a part"), rest[1] if len(rest) == 2 else None


def write(message: ChatMessage) -> bytes:
    """Write one chat message; `parse` gives it back.

    Raises:
        ChatSyntaxError: when the value has no message that could be read back.
    """
    if not _EVENT(message.event) or not all(map(_PARAM, message.params)) or len(message.parts) > MAX_PARTS:
        raise ChatSyntaxError("The event, a parameter or the number of parts does not fit a message")
    if message.id is not None and not 0 <= message.id <= MAX_NUMBER:
        raise ChatSyntaxError(f"The message number is not a number from 0 to {MAX_NUMBER}")
    for part in message.parts:
        if not _TYPE(part.type) or not (part.hash is None or _HASH(part.hash)):
            raise ChatSyntaxError("The type or hash of a part does not fit a message")
    parts = ",".join(
        f"{part.type}:{len(part.body)}" + ("" if part.hash is None else f":{part.hash}") for part in message.parts
    )
    number = "" if message.id is None else message.id
    head = f"{number} {message.event} {','.join(message.params)} {parts}"
    data = b" ".join((head.encode(), *(part.body for part in message.parts), b""))
    if len(data) > MAX_OCTETS:
        raise ChatSyntaxError(f"The message is longer than {MAX_OCTETS} octets")
    return data


# Names in parameters


def encode_name(name: str) -> str:
    """Write a file name as a parameter: percent, comma, space and control characters as %XX of their UTF-8.

    Raises:
        ChatSyntaxError: when the name is empty or no UTF-8.
    """
    param = _ESCAPED.sub(lambda found: "".join(f"%{octet:02X}" for octet in found[0].encode()), name)
    if not _PARAM(param):
        raise ChatSyntaxError("The name is empty or not UTF-8")
    return param


def decode_name(param: str) -> str:
    """Read a file name from a parameter; what is no escape stays as it is. The name is unchecked: it may be a path."""
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace"), param)


# The messages that mean something (wschat 3.11)


@dataclass(frozen=True, slots=True)
class Announced:
    """A part that x.msg.new announces in its parameters because it follows in chunks: type, octets, perhaps a hash."""

    type: str
    size: int
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class New:
    """A message.

    Attributes:
        text: its x.text parts, one a line.
        kind: what it is, such as "c.text".
        parts: its other parts, without its parents.
        announced: parts that follow later.
    """

    text: str
    kind: str = "c.text"
    parts: tuple[Part, ...] = ()
    announced: tuple[Announced, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """The author changes the message at `pos`."""

    pos: int
    text: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Delete:
    """The author, or a channel moderator, deletes the message at `pos`."""

    pos: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A message that answers the one at `pos`."""

    pos: int
    text: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class React:
    """A reaction to the message at `pos`, or its removal."""

    pos: int
    key: str
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Any other message: kept as it is, shown as unsupported."""

    message: ChatMessage


def _text_part(text: str) -> Part:
    try:
        return Part("x.text", text.encode())
    except UnicodeEncodeError as error:
        raise ChatSyntaxError("The text is not UTF-8") from error


def _pos(pos: int) -> str:
    if not 1 <= pos <= MAX_POS:
        raise ChatSyntaxError(f"The position is not a number from 1 to {MAX_POS}")
    return str(pos)


def new(text: str) -> ChatMessage:
    """Give the message that says a text; every builder here raises ChatSyntaxError for what cannot be written."""
    return ChatMessage("x.msg.new", ("c.text",), (_text_part(text),))


def update(pos: int, text: str) -> ChatMessage:
    """Give the message that changes the text of the one at `pos`."""
    return ChatMessage("x.msg.update", (_pos(pos),), (_text_part(text),))


def delete(pos: int) -> ChatMessage:
    """Give the message that deletes the one at `pos`."""
    return ChatMessage("x.msg.delete", (_pos(pos),))


def reply(pos: int, text: str) -> ChatMessage:
    """Give the message that answers the one at `pos`."""
    return ChatMessage("w.msg.reply", (_pos(pos),), (_text_part(text),))


def react(pos: int, key: str, *, remove: bool = False) -> ChatMessage:
    """Give the message that adds the reaction `key`, which is not empty, to the one at `pos`, or takes it back."""
    if not key:
        raise ChatSyntaxError("The reaction is empty")
    return ChatMessage("w.msg.react", (_pos(pos), "remove" if remove else "add"), (_text_part(key),))


def _text_and_rest(message: ChatMessage) -> tuple[str, tuple[Part, ...]]:
    """Give the text and the parts that are neither text nor the parents; octets that are no UTF-8 become U+FFFD."""
    first = next((part for part in message.parts if part.type == "x.dag"), None)
    texts = (part.body.decode("utf-8", "replace") for part in message.parts if part.type == "x.text")
    return "\n".join(texts), tuple(part for part in message.parts if part.type != "x.text" and part is not first)


def _read_new(message: ChatMessage) -> New:
    kind, *infos = message.params
    text, rest = _text_and_rest(message)
    return New(text, kind, rest, tuple(_announced(info) for info in infos))


def _announced(info: str) -> Announced:
    type_, size, digest = _read_part(info, MAX_ANNOUNCED)
    return Announced(_canonical(type_), size, digest)


def _read_pos(word: str) -> int:
    pos = _number(word, MAX_POS, "The position")
    if not pos:
        raise ChatSyntaxError("Positions count from 1")
    return pos


def _read_update(message: ChatMessage) -> Update:
    (pos,) = message.params
    return Update(_read_pos(pos), *_text_and_rest(message))


def _read_delete(message: ChatMessage) -> Delete:
    (pos,) = message.params
    return Delete(_read_pos(pos))


def _read_reply(message: ChatMessage) -> Reply:
    (pos,) = message.params
    return Reply(_read_pos(pos), *_text_and_rest(message))


def _read_react(message: ChatMessage) -> React:
    pos, operation = message.params
    key, _ = _text_and_rest(message)
    if not key or operation not in {"add", "remove"}:
        raise ChatSyntaxError("A reaction has a text, and add or remove")
    return React(_read_pos(pos), key, operation == "remove")


_READERS: Final[Mapping[str, Callable[[ChatMessage], New | Update | Delete | Reply | React]]] = {
    "x.msg.new": _read_new,
    "x.msg.update": _read_update,
    "x.msg.delete": _read_delete,
    "w.msg.reply": _read_reply,
    "w.msg.react": _read_react,
}


def read(message: ChatMessage) -> New | Update | Delete | Reply | React | Unknown:
    """Give what a message means; an unknown event and a known one with wrong parameters are both Unknown."""
    reader = _READERS.get(message.event)
    if reader is None:
        return Unknown(message)
    try:
        return reader(message)
    except ValueError:  # A parameter too many or too few, or ChatSyntaxError.
        return Unknown(message)
