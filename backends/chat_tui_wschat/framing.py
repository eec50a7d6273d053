"""What frames of wschat-ie/1 share in both directions: tag section, size, allowed characters, file chunks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from chat_tui_wschat.frames import Chunk
from chat_tui_wschat.grammar import (
    MAX_MESSAGE,
    MAX_NUM,
    MAX_TAGS,
    MTEXT_REFUSED,
    OCTETS_REFUSED,
    REST_REFUSED,
    FrameError,
    number_ok,
    tag_ok,
)


class Tags(NamedTuple):
    """The tags that mean something; every other tag is read over (wschat 3.1)."""

    id: int | None = None
    seq: int | None = None
    dup: bool = False
    retry: float | None = None


_NO_TAGS: Final = Tags()
# The tag sections of nearly every frame; numbers of 16 digits go the long way, where their range is checked.
_USUAL_TAGS: Final = re.compile(r"@(?:seq=([1-9][0-9]{0,14})(?:;id=([1-9][0-9]{0,14}))?|id=([1-9][0-9]{0,14})) ").match
_RETRY: Final = re.compile(r"[0-9]{1,17}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?").fullmatch
_CHUNK: Final = re.compile(rb"(x[0-9]{1,20}) (0|[1-9][0-9]{0,15}) ").match


def bad_frame(text: str) -> FrameError:
    """Give the error for what cannot be taken apart."""
    return FrameError("BADFRAME", text)


def bad_args(text: str) -> FrameError:
    """Give the error for arguments of wrong number or form."""
    return FrameError("BADARGS", text)


def _counter(values: Mapping[str, str], key: str) -> int | None:
    """Give a tag that counts from 1, or None when it is absent."""
    word = values.get(key)
    if word is None:
        return None
    if word == "0" or not number_ok(word):
        raise bad_frame(f"The tag {key} is not a number from 1 to {MAX_NUM}")
    return int(word)


def _seconds(word: str) -> float | None:
    """Give the value of the tag retry; what is no number of seconds counts as absent."""
    value = float(word) if _RETRY(word) else math.inf
    return value if math.isfinite(value) else None


def _read_tags(section: str, *, reply: bool) -> Tags:
    """Read a tag section without its "@"; of a repeated key the last counts."""
    values: dict[str, str] = {}
    for item in section.split(";"):
        if not tag_ok(item):
            raise bad_frame("The tag section cannot be read")
        key, _, value = item.partition("=")
        values[key] = value
    if not reply:
        return Tags(id=_counter(values, "id"))
    seq = _counter(values, "seq")
    try:
        number = _counter(values, "id")
    except FrameError as error:
        error.seq = seq
        raise
    return Tags(number, seq, values.get("dup") == "1", _seconds(values.get("retry", "")))


def split_tags(message: str, *, reply: bool) -> tuple[Tags, str]:
    """Give the tags of a text message and the frame without them.

    Args:
        message: the whole message.
        reply: whether it comes from a server; to a server no tag but id means anything.

    Raises:
        FrameError: BADFRAME when the tag section is malformed or too long.
    """
    if message[:1] != "@":
        return _NO_TAGS, message
    usual = _USUAL_TAGS(message)
    if usual is not None:
        seq, echo, number = usual.groups()
        number = number or echo
        return Tags(int(number) if number else None, int(seq) if seq else None), message[usual.end() :]
    end = message.find(" ", 0, MAX_TAGS + 1)
    if end < 0:
        raise bad_frame(f"The tag section does not end within {MAX_TAGS} bytes")
    return _read_tags(message[1:end], reply=reply), message[end + 1 :]


def tag(
    body: str,
    *,
    seq: int | None = None,
    id: int | None = None,  # noqa: A002
    dup: bool = False,
    retry: float | None = None,
) -> str:
    """Put a tag section before a frame: seq, id, dup, retry in this order, those that are given.

    Args:
        body: a frame without tags, as `event_body` or `write_reply` gives it.
        seq: the session's number of the event, from 1.
        id: the action id, from 1.
        dup: whether the frame was sent before.
        retry: seconds, finite and not negative.
    """
    if seq is not None and not dup and retry is None:
        return f"@seq={seq} {body}" if id is None else f"@seq={seq};id={id} {body}"
    tags = [f"{key}={number}" for key, number in (("seq", seq), ("id", id)) if number is not None]
    if dup:
        tags.append("dup=1")
    if retry is not None:
        tags.append(f"retry={int(retry) if retry == int(retry) and retry <= MAX_NUM else retry!r}")
    return f"@{';'.join(tags)} {body}" if tags else body


def check_number(name: str, number: int | None, least: int = 1) -> None:
    """Refuse to write a number that could not be read back; None stands for an absent one.

    Raises:
        FrameError: BADFRAME.
    """
    if number is not None and not least <= number <= MAX_NUM:
        raise bad_frame(f"{name} is not a number from {least} to {MAX_NUM}")


def check_size(message: str) -> None:
    """Refuse a text message of more than MAX_MESSAGE bytes.

    Raises:
        FrameError: BADFRAME.
    """
    length = len(message)
    if length > MAX_MESSAGE // 4 and (
        length > MAX_MESSAGE or len(message.encode("utf-8", "surrogatepass")) > MAX_MESSAGE
    ):
        raise bad_frame(f"The frame is longer than {MAX_MESSAGE} bytes")


def check_characters(text: str, verb: str = "") -> None:
    """Refuse control characters and half surrogate pairs, by what the verb may carry (wschat 3.1).

    Raises:
        FrameError: BADFRAME.
    """
    if not text.isprintable():
        refused = MTEXT_REFUSED if verb == "MSG" else OCTETS_REFUSED if verb == "CHAT" else REST_REFUSED
        if refused(text):
            raise bad_frame("The frame holds a character that is not allowed there")


def write_rest(text: str) -> str:
    """Write a text that ends a frame; after a final space of its own comes the one that a reader drops (wschat 3.1)."""
    return f" {text} " if text.endswith(" ") else f" {text}"


def read_chunk(message: bytes) -> Chunk:
    """Read a chunk-frame (wschat 3.9), from either side; its body is a view of the message, not a copy.

    Raises:
        FrameError: BADFRAME when it is none.
    """
    head = _CHUNK(message)
    if head is None or len(message) > MAX_MESSAGE:
        raise bad_frame("Not a file chunk: a transfer id, a chunk number and the bytes")
    num = int(head[2])
    body = memoryview(message)[head.end() :]
    if num > MAX_NUM or (num == 0 and body):
        raise bad_frame("Not a file chunk: its number is out of range, or chunk 0 has bytes")
    return Chunk(head[1].decode(), num, body)


def write_chunk(chunk: Chunk) -> bytes:
    """Write a chunk-frame.

    Raises:
        FrameError: BADFRAME when it could not be read back.
    """
    head = chunk_head(chunk.xid, chunk.num)
    usual = _CHUNK(head)
    check_number("The chunk number", chunk.num, 0)
    if usual is None or usual.end() != len(head) or (chunk.num == 0 and chunk.body):
        raise bad_frame("Not a file chunk: a transfer id, a chunk number and the bytes; chunk 0 has none")
    if len(head) + len(chunk.body) > MAX_MESSAGE:
        raise bad_frame(f"The chunk is longer than {MAX_MESSAGE} bytes")
    return b"".join((head, chunk.body))


def chunk_head(xid: str, number: int) -> bytes:
    """What stands before the bytes of a chunk."""
    return f"{xid} {number} ".encode("ascii", "replace")
