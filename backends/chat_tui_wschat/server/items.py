"""Timeline items as JSON objects: how each kind is made, and what lists show of them (wschat 3.5)."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from chat_tui_core.chat_syntax import ChatSyntaxError, parse, read
from chat_tui_wschat.server.state import Last

_SHOWN: Final = 120
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp", "Zs"})
# Letters and symbols of Unicode that are blank all the same, and marks that only change the character before them.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SELECTORS: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def visible(text: str) -> bool:
    """Say whether a text has a character that can be seen; blanks, controls and joiners cannot (EMPTY, wschat 3.7)."""
    return any(
        unicodedata.category(char) not in _UNSEEN
        and char not in _BLANK
        and not any(ord(char) in selectors for selectors in _SELECTORS)
        for char in text
    )


def message_id(channel: int, pos: int) -> str:
    """Give the id of the message at a position; a channel's number and its positions are never given twice."""
    return f"m{channel}.{pos}"


def message(channel: int, pos: int, sender: str, ts: int, content: Mapping[str, Any]) -> dict[str, Any]:
    """Make the item of a message; `content` is {"text"}, {"chat"} or {"chat64"}."""
    head = {"pos": pos, "type": "message", "action": "CREATE", "id": message_id(channel, pos), "from": sender}
    return {**head, **content, "ts": ts}


def offer(channel: int, pos: int, sender: str, ts: int, file: Mapping[str, Any]) -> dict[str, Any]:
    """Make the item of an offered file; `file` is {"fid", "name", "size", "chunk", "sha256"} and perhaps {"mime"}."""
    head = {"pos": pos, "type": "file", "action": "OFFER", "id": message_id(channel, pos), "from": sender}
    return {**head, **file, "ts": ts}


def tombstone(channel: int, pos: int, by: str) -> dict[str, Any]:
    """Make what stays of a deleted message."""
    head = {"pos": pos, "type": "message", "action": "DELETE"}
    return {**head, "id": message_id(channel, pos), "by": by}


def membership(pos: int, action: str, username: str, ts: int, **more: str) -> dict[str, Any]:
    """Make the item of somebody coming or going: JOIN, PART or KICK. Empty values in `more` are left out."""
    head = {"pos": pos, "type": "user", "action": action, "username": username}
    return {**head, **{key: value for key, value in more.items() if value}, "ts": ts}


def topic(pos: int, by: str, text: str, ts: int) -> dict[str, Any]:
    """Make the item of a new topic."""
    return {"pos": pos, "type": "channel", "action": "TOPIC", "by": by, "topic": text, "ts": ts}


def chat_content(body: bytes) -> dict[str, str]:
    """Give a chat message as an item carries it: as text, or in base64 when it is not UTF-8 (wschat 3.3)."""
    try:
        return {"chat": body.decode()}
    except UnicodeDecodeError:
        return {"chat64": base64.b64encode(body).decode()}


def last_of(item: Mapping[str, Any]) -> Last:
    """Give what lists show of a spoken item."""
    text = item["text"] if "text" in item else item["name"] if item["type"] == "file" else _chat_text(item)
    return Last(item["pos"], item["from"], item["ts"], text[:_SHOWN])


def _chat_text(item: Mapping[str, Any]) -> str:
    """Give what a chat message says in plain text, "" when it says nothing."""
    body = base64.b64decode(item["chat64"]) if "chat64" in item else item["chat"].encode()
    try:
        return str(getattr(read(parse(body)), "text", ""))
    except ChatSyntaxError:
        return ""
