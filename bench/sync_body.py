"""Make up the body of a Matrix /sync answer: rooms with their state and events, the same bytes for the same seed."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterator, Sequence
from typing import Any, Final

ME: Final = "@ada:chat.example"
"""Whose account the body is for."""
NEXT: Final = "s72595_4483_1934_1_1_1_1_10_0_1"
"""The body's next_batch."""
SAID_IN: Final = 1_700_000_000_000

_ID_LETTERS: Final = string.ascii_letters + string.digits + "-_"
_TEXT: Final = (
    "the a of and to in is that it was for on are with as at be this have from or one had by word but not what all "
    "were we when your can said there use an each which she do how their if will up other about out many then them "
    "größer naïve café 日本語 🙂 https://chat.example/a/b **bold** `code`"
)
_WORDS: Final = tuple(_TEXT.split())
_SERVERS: Final = ("chat.example", "elsewhere.example", "far.example")

Event = dict[str, Any]


def body(rooms: int, events: int, members: int = 4, seed: int = 1) -> bytes:
    """A first /sync of `rooms` joined rooms, each with `events` in its timeline and its state before them.

    The state is create, member (`members` of them), power levels, join rules, name and topic. With everything that
    surrounds it an event takes about 375 bytes: 1,087 rooms of 15 are 10 MB.
    """
    chance = random.Random(seed)
    joined = {_id("!", chance): _room(events, members, chance) for _ in range(rooms)}
    answer = {
        "next_batch": NEXT,
        "account_data": {"events": _account_data(list(joined), chance)},
        "presence": {"events": [_presence(chance) for _ in range(min(rooms, 50))]},
        "device_one_time_keys_count": {"signed_curve25519": 50},
        "device_unused_fallback_key_types": ["signed_curve25519"],
        "rooms": {"join": joined},
    }
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def rooms_for(size: int, events: int = 15, members: int = 4, seed: int = 1) -> int:
    """How many rooms make a body of about `size` bytes."""
    return max(1, round(size / (len(body(20, events, members, seed)) / 20)))


def _id(sigil: str, chance: random.Random) -> str:
    return sigil + "".join(chance.choices(_ID_LETTERS, k=43))


def _user(chance: random.Random) -> str:
    return f"@{chance.choice(_WORDS[:30])}{chance.randrange(900)}:{chance.choice(_SERVERS)}"


def _text(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS, k=chance.choice((3, 5, 8, 8, 12, 20, 40))))


def _event(kind: str, sender: str, content: Event, ts: int, chance: random.Random) -> Event:
    """An event as a server gives it in /sync: without its room."""
    return {
        "type": kind,
        "sender": sender,
        "content": content,
        "origin_server_ts": ts,
        "unsigned": {"membership": "join", "age": chance.randrange(10**9)},
        "event_id": _id("$", chance),
    }


def _state(place: tuple[str, str], sender: str, content: Event, ts: int, chance: random.Random) -> Event:
    kind, key = place
    return _event(kind, sender, content, ts, chance) | {"state_key": key}


def _member(user: str, ts: int, chance: random.Random) -> Event:
    name = user[1:].partition(":")[0].title()
    content = {"membership": "join", "displayname": name, "avatar_url": "mxc://chat.example/" + _id("", chance)[:24]}
    return _state(("m.room.member", user), user, content, ts, chance)


def _room(events: int, members: int, chance: random.Random) -> Event:
    people = [ME, *(_user(chance) for _ in range(members - 1))]
    ts = SAID_IN + chance.randrange(10**9)
    timeline = list(_timeline(events, people, ts + 10**6, chance))
    return {
        "timeline": {"events": timeline, "prev_batch": "t" + _id("", chance)[:30], "limited": True},
        "state": {"events": list(_room_state(people, ts, chance))},
        "account_data": {"events": [{"type": "m.fully_read", "content": {"event_id": _id("$", chance)}}]},
        "ephemeral": {"events": [_receipt(people, timeline, ts)] if timeline else []},
        "unread_notifications": {"notification_count": chance.choice((0, 0, 3, 40)), "highlight_count": 0},
        "summary": {"m.joined_member_count": members, "m.invited_member_count": 0, "m.heroes": people[1:6]},
    }


def _room_state(people: Sequence[str], ts: int, chance: random.Random) -> Iterator[Event]:
    owner = people[-1]
    powers = {
        "users": {owner: 100},
        "users_default": 0,
        "events_default": 0,
        "state_default": 50,
        "ban": 50,
        "kick": 50,
    }
    powers["events"] = {"m.room.name": 50, "m.room.power_levels": 100, "m.room.history_visibility": 100}
    yield _state(("m.room.create", ""), owner, {"room_version": "11"}, ts, chance)
    for user in people:
        yield _member(user, ts + 1, chance)
    yield _state(("m.room.power_levels", ""), owner, powers, ts + 2, chance)
    yield _state(("m.room.join_rules", ""), owner, {"join_rule": "invite"}, ts + 3, chance)
    yield _state(("m.room.name", ""), owner, {"name": _text(chance)[:40]}, ts + 4, chance)
    yield _state(("m.room.topic", ""), owner, {"topic": _text(chance)}, ts + 5, chance)


def _timeline(count: int, people: Sequence[str], ts: int, chance: random.Random) -> Iterator[Event]:
    """What was said: mostly plain messages, with replies, edits, reactions, pictures and renames among them."""
    said: list[str] = []
    kinds = chance.choices(
        ("text", "html", "reply", "edit", "reaction", "image", "rename"), (60, 12, 10, 5, 8, 3, 2), k=count
    )
    for number, kind in enumerate(kinds):
        sender, when = chance.choice(people), ts + 60_000 * number
        if kind == "rename":
            event = _member(sender, when, chance)
            event["unsigned"] |= {"prev_content": {"membership": "join"}, "replaces_state": _id("$", chance)}
        elif kind == "reaction" and said:
            relation = {"rel_type": "m.annotation", "event_id": chance.choice(said), "key": "👍"}
            event = _event("m.reaction", sender, {"m.relates_to": relation}, when, chance)
        else:
            event = _event("m.room.message", sender, _message(kind, said, chance), when, chance)
        if sender == ME:
            event["unsigned"]["transaction_id"] = f"{number + 1}.{when}"
        said.append(event["event_id"])
        yield event


def _message(kind: str, said: Sequence[str], chance: random.Random) -> Event:
    text = _text(chance)
    content: Event = {"msgtype": "m.text", "body": text}
    if kind == "html":
        content |= {"format": "org.matrix.custom.html", "formatted_body": f"<p><strong>{text}</strong></p>"}
    elif kind == "reply" and said:
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": chance.choice(said)}}
    elif kind == "edit" and said:
        content["m.new_content"] = {"msgtype": "m.text", "body": text}
        content["m.relates_to"] = {"rel_type": "m.replace", "event_id": chance.choice(said)}
    elif kind == "image":
        info = {"w": 1024, "h": 768, "size": chance.randrange(10**7), "mimetype": "image/jpeg"}
        content = {"msgtype": "m.image", "body": "picture.jpg", "url": "mxc://chat.example/" + _id("", chance)[:24]}
        content["info"] = info
    return content


def _receipt(people: Sequence[str], timeline: Sequence[Event], ts: int) -> Event:
    last = timeline[-1]["event_id"]
    return {"type": "m.receipt", "content": {last: {"m.read": {user: {"ts": ts} for user in people}}}}


def _account_data(rooms: Sequence[str], chance: random.Random) -> list[Event]:
    direct = {_user(chance): [room] for room in rooms[:20]}
    return [{"type": "m.direct", "content": direct}, {"type": "m.push_rules", "content": {"global": {"override": []}}}]


def _presence(chance: random.Random) -> Event:
    content = {"presence": "online", "last_active_ago": chance.randrange(10**6), "currently_active": True}
    return {"type": "m.presence", "sender": _user(chance), "content": content}
