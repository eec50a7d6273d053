"""The wschat-ie/1 codec: frames on the wire to values and back (wschat 3.1, 3.9); parse(write(value)) == value."""

from __future__ import annotations

from chat_tui_wschat.command_codec import parse_command, write_command
from chat_tui_wschat.frames import Chunk, Command, Confirm, Event, Failure, Hello, Ping, Pong, Reply
from chat_tui_wschat.framing import tag
from chat_tui_wschat.grammar import (
    FrameError,
    channel_name_ok,
    event_type_ok,
    unsupported_event_type,
    user_name_ok,
)
from chat_tui_wschat.reply_codec import event_body, parse_reply, write_reply

__all__ = [
    "Chunk",
    "Command",
    "Confirm",
    "Event",
    "Failure",
    "FrameError",
    "Hello",
    "Ping",
    "Pong",
    "Reply",
    "channel_name_ok",
    "event_body",
    "event_type_ok",
    "parse_command",
    "parse_reply",
    "tag",
    "unsupported_event_type",
    "user_name_ok",
    "write_command",
    "write_reply",
]
