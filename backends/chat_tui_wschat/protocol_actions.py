"""What the user did, as commands: the frame of every kind of action, or one sentence why there is none."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from chat_tui_core import chat_syntax
from chat_tui_core.actions import Action, Kind
from chat_tui_core.chat_syntax import ChatMessage, ChatSyntaxError
from chat_tui_wschat.frames import Command
from chat_tui_wschat.grammar import FrameError, channel_name_ok, user_name_ok
from chat_tui_wschat.protocol_link import Limits
from chat_tui_wschat.protocol_timeline import order_of
from chat_tui_wschat.wire import write_command

SHORT_TEXT: Final = 300
"""Bytes of a topic or a reason (wschat 3.8)."""

EMOTE: Final = "/me "
"""How a message begins that tells what its sender does: wschat has no such kind of message."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Cs"})


class Unsendable(Exception):
    """The action cannot be said in this protocol, or is over a limit; nothing was sent."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def frame(action: Action, limits: Limits) -> str | bytes:
    """Give the frame of an action, with its id.

    Raises:
        Unsendable: TOOLONG with the byte count, EMPTY, BADARGS or UNSUPPORTED, and one sentence for the person.
    """
    make = _COMMANDS.get(action.kind)
    if make is None:
        raise Unsendable("UNSUPPORTED", f"wschat servers cannot do this: {action.kind.replace('_', ' ')}.")
    if not channel_name_ok(action.room_id):
        raise Unsendable(
            "BADARGS",
            "A channel's name has 1 to 50 of the characters a-z 0-9 _ - . and begins and ends with a letter or digit.",
        )
    try:
        command = replace(make(action, action.content, limits), id=action.id)
        message = write_command(command)
    except FrameError as error:
        raise Unsendable(error.code, f"{error.text}.") from error
    except ChatSyntaxError as error:
        raise Unsendable("BADARGS", f"{error}.") from error
    size = len(message if isinstance(message, bytes) else message.encode())
    if size > limits.max_frame:
        raise Unsendable(
            "TOOLONG", f"This takes {size} bytes to send, and the server takes {limits.max_frame} at most."
        )
    return message


def _string(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key, "")
    return value if isinstance(value, str) else ""


def _said(content: Mapping[str, Any], limits: Limits) -> str:
    """Give the text of a message within the limits (A23): its line ends as LF, so that every retry has the same bytes."""
    said = _string(content, "text").replace("\r\n", "\n").replace("\r", "\n")
    if not _visible(said):
        raise Unsendable("EMPTY", "A message needs at least one character that can be seen.")
    if content.get("kind") == "emote":
        said = EMOTE + said
    return _within(said, limits.max_text, "The text")


def _visible(said: str) -> bool:
    return any(unicodedata.category(char) not in _UNSEEN for char in said)


def _within(said: str, most: int, what: str) -> str:
    size = len(said.encode("utf-8", "replace"))
    if size > most:
        raise Unsendable("TOOLONG", f"{what} has {size} bytes, and the server takes {most} at most.")
    return said


def _user(content: Mapping[str, Any]) -> str:
    user = _string(content, "user")
    if not user_name_ok(user):
        raise Unsendable("BADARGS", "A user's name has 3 to 32 of the characters a-z 0-9 _ and single dots inside.")
    return user


def _reason(content: Mapping[str, Any]) -> str | None:
    return _within(" ".join(_string(content, "reason").split()), SHORT_TEXT, "The reason") or None


def _target(action: Action, key: str) -> int:
    """Give the pos of the event that an action is about."""
    order = action.content.get("target_order")
    if not isinstance(order, int) or isinstance(order, bool) or order < 1:
        order = order_of(action.room_id, _string(action.content, key))
    if not order:
        raise Unsendable("BADARGS", "The message that this is about has no position on the server; try again later.")
    return order


def _chat(action: Action, limits: Limits, message: ChatMessage) -> Command:
    if limits.caps is not None and "chat" not in limits.caps:
        raise Unsendable("UNSUPPORTED", "This server knows no replies, edits, deletions and reactions.")
    return Command("CHAT", (action.room_id,), body=chat_syntax.write(message))


def _send(action: Action, content: Mapping[str, Any], limits: Limits) -> Command:
    said = _said(content, limits)
    if content.get("reply_to"):
        return _chat(action, limits, chat_syntax.reply(_target(action, "reply_to"), said))
    return Command("MSG", (action.room_id,), text=said)


def _edit(action: Action, content: Mapping[str, Any], limits: Limits) -> Command:
    return _chat(action, limits, chat_syntax.update(_target(action, "target"), _said(content, limits)))


def _redact(action: Action, content: Mapping[str, Any], limits: Limits) -> Command:
    return _chat(action, limits, chat_syntax.delete(_target(action, "target")))


def _react(action: Action, content: Mapping[str, Any], limits: Limits) -> Command:
    key = _string(content, "key")
    if not _visible(key):
        raise Unsendable("EMPTY", "A reaction needs an emoji or a short text.")
    return _chat(action, limits, chat_syntax.react(_target(action, "target"), key, remove=bool(content.get("remove"))))


def _bare(verb: str) -> Callable[[Action, Mapping[str, Any], Limits], Command]:
    return lambda action, _content, _limits: Command(verb, (action.room_id,))


def _leave(action: Action, content: Mapping[str, Any], limits: Limits) -> Command:
    return Command("PART", (action.room_id,), text=_reason(content))


def _create(action: Action, content: Mapping[str, Any], limits: Limits) -> Command:
    data: dict[str, Any] = {}
    if topic := _line(content, "topic"):
        data["topic"] = topic
    if content.get("private"):
        data["private"] = True
    invite = content.get("invite")
    if isinstance(invite, list | tuple) and invite:
        data["invite"] = [_user({"user": user}) for user in invite]
    return Command("CREATE", (action.room_id,), data=data or None)


def _line(content: Mapping[str, Any], key: str) -> str:
    return _within(" ".join(_string(content, key).split()), SHORT_TEXT, "The topic")


def _invite(action: Action, content: Mapping[str, Any], limits: Limits) -> Command:
    return Command("INVITE", (action.room_id, _user(content)))


def _kick(action: Action, content: Mapping[str, Any], limits: Limits) -> Command:
    return Command("KICK", (action.room_id, _user(content)), text=_reason(content))


def _topic(action: Action, content: Mapping[str, Any], limits: Limits) -> Command:
    # The grammar has no empty topic; a blank one clears it.
    return Command("TOPIC", (action.room_id,), text=_line(content, "topic") or " ")


def _read(action: Action, content: Mapping[str, Any], limits: Limits) -> Command:
    order = content.get("order")
    if not isinstance(order, int) or isinstance(order, bool):
        raise Unsendable("BADARGS", "A read position is a number.")
    return Command("READ", (action.room_id, order))


_COMMANDS: Final[Mapping[Kind, Callable[[Action, Mapping[str, Any], Limits], Command]]] = {
    Kind.SEND: _send,
    Kind.EDIT: _edit,
    Kind.REDACT: _redact,
    Kind.REACT: _react,
    Kind.JOIN: _bare("JOIN"),
    Kind.LEAVE: _leave,
    Kind.CREATE_ROOM: _create,
    Kind.DELETE_ROOM: _bare("DELETE"),
    Kind.INVITE: _invite,
    Kind.KICK: _kick,
    Kind.TOPIC: _topic,
    Kind.READ: _read,
}
"""Kind of action -> its command. What is missing has no verb in wschat."""
