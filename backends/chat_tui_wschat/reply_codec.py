"""What a server says, read and written (wschat 3.1, s2c)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from chat_tui_wschat.frame_json import decode_object, encode_object
from chat_tui_wschat.frames import Chunk, Confirm, Event, Failure, Hello, Ping, Pong, Reply
from chat_tui_wschat.framing import (
    Tags,
    bad_args,
    bad_frame,
    check_characters,
    check_number,
    check_size,
    read_chunk,
    split_tags,
    tag,
    write_chunk,
    write_rest,
)
from chat_tui_wschat.grammar import FrameError, event_type_ok, number_ok, proto_ok, shown, verb_ok, word_ok


def parse_reply(message: str | bytes) -> Reply:
    """Read one WebSocket message from a server: str for a text message, bytes for a binary one.

    Event types, actions, error codes and words that are not known yet are read like the known ones.

    Raises:
        FrameError: and nothing else; its seq and id are set where the tags could be read, so that a frame that makes
            no sense still counts as received (wschat 3.4 rule 8). BADCMD stands for a verb that is not known.
    """
    if isinstance(message, bytes):
        return read_chunk(message)
    tags, body = split_tags(message, reply=True)
    verb, _, rest = body.partition(" ")
    try:
        check_size(message)
        check_characters(body)
        read = _READERS.get(verb)
        if read is None:
            if not verb:
                raise bad_frame("The frame has no verb, or a space before it")
            raise FrameError("BADCMD", f"Unknown frame: {shown(verb)}")
        return read(rest[:-1] if rest[-1:] == " " else rest, tags)
    except FrameError as error:
        error.id, error.seq = tags.id, tags.seq
        error.verb = verb if verb_ok(verb) else "*"
        raise


def _read_event(rest: str, tags: Tags) -> Event:
    pieces = rest.split(" ", 3)
    if len(pieces) < 3:
        raise bad_args("EVENT requires an event type, an action and a resource")
    kind, action, resource = pieces[:3]
    if not (event_type_ok(kind) and verb_ok(action) and word_ok(resource)):
        raise bad_args(f"Not an event type, action and resource: {shown(' '.join(pieces[:3]))}")
    data = decode_object(pieces[3]) if len(pieces) > 3 else {}
    return Event(kind, action, resource, data, tags.seq, tags.id)


def _read_confirm(rest: str, tags: Tags) -> Confirm:
    head, brace, json = rest.partition(" {")
    words = head.split(" ")
    if not verb_ok(words[0]) or not all(map(word_ok, words)):
        raise bad_args("CONFIRM requires a verb, its words and perhaps a JSON object")
    data = decode_object("{" + json) if brace else None
    return Confirm(words[0], tuple(words[1:]), data or None, tags.id, tags.dup)


def _read_failure(rest: str, tags: Tags) -> Failure:
    code, _, last = rest.partition(" ")
    verb, space, text = last.partition(" ")
    if not verb_ok(code) or (verb and verb != "*" and not verb_ok(verb)) or (space and not verb):
        raise bad_args("ERROR requires a code, a verb or * and a text")
    # A lone space is the text itself: there is no empty text that it could follow.
    return Failure(code, verb or "*", text or space, tags.id, tags.retry, tags.dup)


def _read_hello(rest: str, _tags: Tags) -> Hello:
    proto, _, json = rest.partition(" ")
    if not proto_ok(proto) or not json:
        raise bad_args("HELLO requires a protocol name and a JSON object")
    return Hello(proto, decode_object(json))


def _read_number(rest: str) -> int:
    if not number_ok(rest):
        raise bad_args(f"Not a number from 0 to 9007199254740991: {shown(rest)}")
    return int(rest)


_READERS: Final[Mapping[str, Callable[[str, Tags], Reply]]] = {
    "EVENT": _read_event,
    "CONFIRM": _read_confirm,
    "ERROR": _read_failure,
    "HELLO": _read_hello,
    "PING": lambda rest, _tags: Ping(_read_number(rest)),
    "PONG": lambda rest, _tags: Pong(_read_number(rest)),
}


def event_body(type: str, action: str, resource: str, data: Mapping[str, Any]) -> str:  # noqa: A002
    """Write an event without tags, once for all the sessions that get it; `tag` makes it each session's own.

    Args:
        type: the event type.
        action: what happened, in capitals.
        resource: one word: a channel, user, session, file or transfer.
        data: the JSON object; when empty, none is written.

    Raises:
        FrameError: when the event could not be read back.
    """
    if not (event_type_ok(type) and verb_ok(action) and word_ok(resource)):
        raise bad_args("EVENT requires an event type, an action and a resource")
    return f"EVENT {type} {action} {resource} {encode_object(data)}" if data else f"EVENT {type} {action} {resource}"


def write_reply(reply: Reply) -> str | bytes:
    """Write what a server says as one WebSocket message: str for a text message, bytes for a binary one.

    Raises:
        FrameError: when the value has no frame that could be read back; nothing was written.
    """
    if isinstance(reply, Chunk):
        return write_chunk(reply)
    message = _write_text(reply)
    check_size(message)
    return message


def _write_text(reply: Hello | Confirm | Failure | Event | Ping | Pong) -> str:
    match reply:
        case Event(type=kind, action=action, resource=resource, data=data, seq=seq, id=number):
            check_number("seq", seq)
            check_number("The action id", number)
            return tag(event_body(kind, action, resource, data), seq=seq, id=number)
        case Confirm():
            return _write_confirm(reply)
        case Failure():
            return _write_failure(reply)
        case Hello(proto=proto, data=data):
            if not proto_ok(proto):
                raise bad_args("HELLO requires a protocol name and a JSON object")
            return f"HELLO {proto} {encode_object(data)}"
        case Ping(num=num):
            check_number("The number of PING", num, 0)
            return f"PING {num}"
        case Pong(num=num):
            check_number("The number of PONG", num, 0)
            return f"PONG {num}"


def _write_confirm(confirm: Confirm) -> str:
    if not verb_ok(confirm.verb) or not all(map(word_ok, confirm.words)):
        raise bad_args("CONFIRM requires a verb, its words and perhaps a JSON object")
    check_number("The action id", confirm.id)
    words = ["CONFIRM", confirm.verb, *confirm.words]
    if confirm.data:
        words.append(encode_object(confirm.data))
    return tag(" ".join(words), id=confirm.id, dup=confirm.dup)


def _write_failure(failure: Failure) -> str:
    if not verb_ok(failure.code) or not (failure.verb == "*" or verb_ok(failure.verb)):
        raise bad_args("ERROR requires a code, a verb or * and a text")
    check_number("The action id", failure.id)
    if failure.retry is not None and not (math.isfinite(failure.retry) and failure.retry >= 0):
        raise bad_frame("retry is not a number of seconds")
    check_characters(failure.text)
    text = write_rest(failure.text) if failure.text else ""
    return tag(f"ERROR {failure.code} {failure.verb}{text}", id=failure.id, dup=failure.dup, retry=failure.retry)
