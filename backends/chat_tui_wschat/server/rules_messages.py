"""Rules for messages: MSG, HISTORY, READ (wschat 3.3 to 3.5)."""

from __future__ import annotations

from typing import Final

from chat_tui_wschat.frame_json import encode_object
from chat_tui_wschat.framing import tag
from chat_tui_wschat.reply_codec import event_body
from chat_tui_wschat.server.hall import Refusal
from chat_tui_wschat.server.items import message, visible
from chat_tui_wschat.server.rules_channels import enter
from chat_tui_wschat.server.rules_presence import stop_typing
from chat_tui_wschat.server.state import Channel
from chat_tui_wschat.server.storage import PutRead, ReadItems, Result
from chat_tui_wschat.server.turn import MESSAGE, Turn, confirm, happened

_ROOM: Final = 512
"""Bytes of a frame that are kept free for its head, tags and the list's end."""


def check_text(turn: Turn, text: str) -> None:
    """Refuse a text that cannot be seen or is too long.

    Raises:
        Refusal: EMPTY or TOOLONG.
    """
    if not visible(text):
        raise Refusal("EMPTY", "The message has no visible character")
    limit, size = turn.hall.limits.max_text, len(text.encode())
    if size > limit:
        raise Refusal("TOOLONG", f"The message has {size} bytes, {limit} are the most")


def say(turn: Turn, channel: Channel, content: dict[str, str]) -> str:
    """Add a message to a channel's timeline; `content` is what its item and event carry. Gives the CONFIRM.

    Raises:
        Refusal: TOOLONG when the event would not fit into a frame.
    """
    hall, user = turn.hall, turn.user
    if len(encode_object(content).encode()) > hall.limits.max_frame - 2 * _ROOM:
        raise Refusal("TOOLONG", f"The message does not fit into a frame of {hall.limits.max_frame} bytes")
    if channel.direct:
        call_back(turn.unlabelled(), channel)
    if channel.typing:
        stop_typing(hall, channel, user, turn.now)
    pos, ts = channel.head + 1, turn.ts
    item = message(channel.number, pos, user.name, ts, content)
    hall.append(channel, user, item, spoken=True)
    turn.tell(channel.online, MESSAGE, happened(item, channel.name))
    return confirm(turn.command.verb, channel.name, data={"id": item["id"], "pos": pos, "ts": ts})


def call_back(turn: Turn, channel: Channel) -> None:
    """Bring the other side of a direct channel back in, so that nothing is said to nobody."""
    for name in channel.name[1:].split("+"):
        if name not in channel.members:
            enter(turn, channel, turn.person(name))


def post(turn: Turn) -> str:
    """MSG: a plain text message."""
    channel, text = turn.joined(), turn.command.text or ""
    check_text(turn, text)
    return say(turn, channel, {"text": text})


def read(turn: Turn) -> str:
    """READ: the user has read up to and including a position; it never goes back, nor beyond the newest."""
    channel, number = turn.joined(), turn.user.number
    before = channel.reads.get(number, 0)
    pos = max(before, min(turn.number(1), channel.head))
    if pos == before:
        return confirm("READ", channel.name, data={"pos": pos, "noop": True})
    channel.reads[number] = pos
    turn.hall.write(PutRead(channel.number, number, pos))
    body = event_body("message", "READ", channel.name, {"by": turn.user.name, "pos": pos})
    for session in channel.online:
        if session.intents & MESSAGE:
            turn.hall.hint(session, body, turn.command.id if session is turn.session else None)
    return confirm("READ", channel.name, data={"pos": pos})


def history(turn: Turn) -> None:
    """HISTORY: a page of the timeline; its frame is written when the storage has given the items.

    Positions are contiguous, so which items belong to the page is known before.
    """
    channel, direction = turn.joined(), turn.word(1)
    count = min(turn.number(3), turn.hall.limits.max_history)
    if direction == "AFTER":
        low = max(turn.number(2), channel.base) + 1
        high = min(channel.head, low + count - 1)
        more = high < channel.head
    else:
        bound = channel.head + 1 if direction == "LATEST" else turn.number(2)
        high = min(bound - 1, channel.head)
        low = max(channel.base + 1, high - count + 1)
        more = low > channel.base + 1
    budget, number, name = turn.hall.limits.max_frame - _ROOM, turn.command.id, channel.name

    def write(found: Result) -> str:
        bodies = [body for body in found if isinstance(body, str)] if found else []
        page, cut = _fitting(bodies, budget, newest=direction != "AFTER")
        ending = "true" if more or cut else "false"
        return tag(f'CONFIRM HISTORY {name} {{"events":[{",".join(page)}],"more":{ending}}}', id=number)

    turn.hall.later(turn.session, ReadItems(channel.number, low, high), write)


def _fitting(bodies: list[str], budget: int, *, newest: bool) -> tuple[list[str], bool]:
    """Give the newest, or the oldest, items that fit into `budget` bytes, ascending, and whether some did not."""
    taken: list[str] = []
    for body in reversed(bodies) if newest else bodies:
        budget -= len(body.encode()) + 1
        if budget < 0:
            break
        taken.append(body)
    return taken[::-1] if newest else taken, len(taken) < len(bodies)
