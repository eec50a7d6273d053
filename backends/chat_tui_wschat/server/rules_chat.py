"""Rules for CHAT: what S3's chat messages do to a channel (wschat 3.11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from chat_tui_core.chat_syntax import (
    ChatSyntaxError,
    Delete,
    New,
    React,
    Reply,
    Unknown,
    Update,
    parse,
)
from chat_tui_core.chat_syntax import read as meaning
from chat_tui_wschat.frame_json import encode_object
from chat_tui_wschat.grammar import REST_REFUSED
from chat_tui_wschat.reply_codec import event_body
from chat_tui_wschat.server.hall import Refusal
from chat_tui_wschat.server.items import chat_content, last_of, tombstone, visible
from chat_tui_wschat.server.rules_chunks import end
from chat_tui_wschat.server.rules_messages import check_text, say
from chat_tui_wschat.server.shelf import Shelved
from chat_tui_wschat.server.state import Channel
from chat_tui_wschat.server.turn import MESSAGE, Turn, confirm

_DEFINED: Final = frozenset({"x.msg.new", "x.msg.update", "x.msg.delete", "w.msg.reply", "w.msg.react"})
_KEY_BYTES: Final = 64
_KEY_LENGTH: Final = 32
_ROOM: Final = 512


def chat(turn: Turn) -> str:
    """CHAT: say, change, delete, answer or react to a message; any other chat message is kept as it is."""
    channel = turn.joined()
    try:
        parsed = parse(turn.command.body or b"")
    except ChatSyntaxError as error:
        raise Refusal("BADARGS", f"Not a chat message: {error}") from error
    wish = meaning(parsed)
    if isinstance(wish, Unknown) and parsed.event in _DEFINED:
        raise Refusal("BADARGS", f"{parsed.event} has other parameters or parts than these")
    return _HANDLERS[type(wish)](turn, channel, wish)


def _keep(turn: Turn, channel: Channel, _wish: Unknown) -> str:
    return say(turn, channel, chat_content(turn.command.body or b""))


def _new(turn: Turn, channel: Channel, wish: New | Reply) -> str:
    if wish.text or not wish.parts:
        check_text(turn, wish.text)
    return say(turn, channel, chat_content(turn.command.body or b""))


def _reply(turn: Turn, channel: Channel, wish: Reply) -> str:
    _there(channel, wish.pos)
    return _new(turn, channel, wish)


def _there(channel: Channel, pos: int) -> None:
    if not channel.base < pos <= channel.head:
        raise Refusal("NOTFOUND", f"No message {pos} in {channel.name}")


def _item(turn: Turn, channel: Channel, pos: int) -> dict[str, Any]:
    """Give the item at a position.

    Raises:
        Refusal: NOTFOUND when there is no message, now or any more.
        ItemNeeded: it must be read first.
    """
    _there(channel, pos)
    item = turn.hall.item(channel, pos, turn.found)
    if item.get("type") not in {"message", "file"}:
        raise Refusal("NOTFOUND", f"No message {pos} in {channel.name}")
    return item


def _living(turn: Turn, channel: Channel, pos: int) -> dict[str, Any]:
    item = _item(turn, channel, pos)
    if item["action"] == "DELETE":
        raise Refusal("NOTFOUND", f"Message {pos} in {channel.name} was deleted")
    return item


def _replace(turn: Turn, channel: Channel, item: dict[str, Any]) -> None:
    """Store a changed item that must still fit into a page."""
    body = encode_object(item)
    if len(body.encode()) > turn.hall.limits.max_frame - _ROOM:
        raise Refusal("NOPERM", f"Message {item['pos']} can take no more")
    turn.hall.replace(channel, item["pos"], body, spoken=item["action"] != "DELETE")


def _withdraw(turn: Turn, item: Mapping[str, Any]) -> None:
    """The message that offered a file was deleted: nobody gets the file any more."""
    file = turn.hall.shelf.files.get(int(item["fid"][1:]))
    if file is not None and file.alive:
        end(turn.hall, file, Shelved.CANCELLED, by=turn.user.name, reason="deleted")


def _update(turn: Turn, channel: Channel, wish: Update) -> str:
    item = _living(turn, channel, wish.pos)
    if item["from"] != turn.user.name:
        raise Refusal("NOPERM", "Only its author may change a message")
    if item["type"] == "file":
        raise Refusal("NOPERM", "An offered file cannot be changed")
    check_text(turn, wish.text)
    ts = turn.ts
    item = {**item, "text": wish.text, "edited": ts}
    _replace(turn, channel, item)
    if channel.last is not None and channel.last.pos == wish.pos:
        channel.last = last_of(item)
    data = {"id": item["id"], "pos": wish.pos, "by": turn.user.name, "ts": ts, "text": wish.text}
    turn.tell(channel.online, MESSAGE, event_body("message", "UPDATE", channel.name, data))
    return confirm("CHAT", channel.name, data={"id": item["id"], "pos": wish.pos, "ts": ts})


def _delete(turn: Turn, channel: Channel, wish: Delete) -> str:
    item = _item(turn, channel, wish.pos)
    about = {"id": item["id"], "pos": wish.pos}
    if item["action"] == "DELETE":
        return confirm("CHAT", channel.name, data={**about, "noop": True})
    if item["from"] != turn.user.name and not channel.moderated_by(turn.user):
        raise Refusal("NOPERM", "Only its author or the moderator may delete a message")
    _replace(turn, channel, tombstone(channel.number, wish.pos, turn.user.name))
    if item["type"] == "file":
        _withdraw(turn, item)
    channel.silenced(wish.pos)
    if channel.last is not None and channel.last.pos == wish.pos:
        channel.last = last_of({**item, "text": ""})
    body = event_body("message", "DELETE", channel.name, {**about, "by": turn.user.name})
    turn.tell(channel.online, MESSAGE, body)
    return confirm("CHAT", channel.name, data=about)


def _react(turn: Turn, channel: Channel, wish: React) -> str:
    item = _living(turn, channel, wish.pos)
    key, name = wish.key, turn.user.name
    if not visible(key) or REST_REFUSED(key):
        raise Refusal("BADARGS", "A reaction is one emoji or a short text")
    if len(key) > _KEY_LENGTH or len(key.encode()) > _KEY_BYTES:
        raise Refusal("TOOLONG", f"A reaction has at most {_KEY_LENGTH} characters and {_KEY_BYTES} bytes")
    reactions: dict[str, list[str]] = dict(item.get("reactions", {}))
    people = reactions.get(key, [])
    about: dict[str, Any] = {"id": item["id"], "pos": wish.pos}
    if (name in people) != wish.remove:
        return confirm("CHAT", channel.name, data={**about, "noop": True})
    reactions[key] = [person for person in people if person != name] if wish.remove else [*people, name]
    _replace(turn, channel, {**item, "reactions": {key: people for key, people in reactions.items() if people}})
    data = {**about, "by": name, "key": key, "op": "remove" if wish.remove else "add"}
    turn.tell(channel.online, MESSAGE, event_body("message", "REACT", channel.name, data))
    return confirm("CHAT", channel.name, data=about)


_HANDLERS: Final[Mapping[type[Any], Callable[[Turn, Channel, Any], str]]] = {
    New: _new,
    Reply: _reply,
    Update: _update,
    Delete: _delete,
    React: _react,
    Unknown: _keep,
}
