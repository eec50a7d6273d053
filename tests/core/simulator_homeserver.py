"""The simulator's homeserver: rooms, one stream, transaction ids of what has them, and no memory of what has none."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from chat_tui_core.actions import Kind
from chat_tui_matrix.wire.calls import Refusal, Request
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection, SyncReply
from tests.core.simulator_wire import Effect

ME: Final = "@ann:hs"
BOB: Final = "@bob:hs"
VICTIM: Final = "@cid:hs"
GENERAL: Final = "!general:hs"
DEN: Final = "!den:hs"
YARD: Final = "!yard:hs"
DOOR: Final = "!door:hs"
MEMBER: Final = "m.room.member"
MADE: Final = "chat.tui.made"

Value = tuple[int, Any]
"""Status and the value that a decoder gives."""


@dataclass
class _Room:
    """One room: who is in it, what happened, its state by type and key."""

    members: set[str]
    events: list[tuple[int, MatrixEvent]] = field(default_factory=list)
    state: dict[tuple[str, str], MatrixEvent] = field(default_factory=dict)
    joined_at: int = 0  # the place in the stream from which this user sees it


class Homeserver:
    """Does what it is asked; what this user has done is in `effects`. Tokens are places in the stream."""

    def __init__(self, chance: random.Random) -> None:
        self.effects: list[Effect] = []
        self.clock_ms = 0
        self._limit = chance.choice((2, 50))
        self._rooms: dict[str, _Room] = {}
        self._done: dict[tuple[str, str], Value] = {}  # by endpoint and transaction id
        self._texts: dict[str, str] = {}
        self._place = 0
        self._left_at: dict[str, int] = {}
        for room_id in (GENERAL, DEN):
            self._rooms[room_id] = _Room({ME, BOB, VICTIM})
            for user in (BOB, ME, VICTIM):
                self._say(room_id, user, MEMBER, {"membership": "join"}, key=user)
        for room_id in (YARD, DOOR):
            self._rooms[room_id] = _Room({BOB})
            self._left_at[room_id] = 0
            self._say(room_id, BOB, MEMBER, {"membership": "join"}, key=BOB)
        self._own: dict[tuple[str, str], str] = {}  # what this user has set of a room, and of itself
        self._tags: set[tuple[str, str]] = set()

    # ------------------------------------------------------------ what other people do

    def speak(self, room_id: str, text: str, sender: str = BOB) -> None:
        """Bob says something, or this user does on another device."""
        if sender in self._rooms[room_id].members:
            self._say(room_id, sender, "m.room.message", {"msgtype": "m.text", "body": text})

    def remove_me(self) -> None:
        """Bob removes this user from the general room."""
        if ME in self._rooms[GENERAL].members:
            self._leave(GENERAL, ME, BOB, "")

    def bring_back(self) -> None:
        """Whoever was removed comes back."""
        if VICTIM not in self._rooms[DEN].members:
            self._rooms[DEN].members.add(VICTIM)
            self._say(DEN, VICTIM, MEMBER, {"membership": "join"}, key=VICTIM)

    def is_member(self, room_id: str) -> bool:
        """Whether this user is in a room."""
        return ME in self._rooms[room_id].members

    # ------------------------------------------------------------ how things stand

    def setting(self, room_id: str, what: str) -> str:
        """Somebody's membership, a room's name, or what this user has set."""
        word, _, user = what.partition(" ")
        if word == "member":
            return self._membership(room_id, user)
        if word == "m.space.child":
            held = self._rooms[room_id].state.get((word, user))
            return str(held is not None and bool(held.content))
        if what == "m.room.name":
            event = self._rooms[room_id].state.get((what, ""))
            return str(event.content["name"]) if event else ""
        if what == "tags":
            return " ".join(sorted(_TAGS[tag] for room, tag in self._tags if room == room_id))
        return self._own.get((room_id, what), "False" if what == "mute" else "")

    def _membership(self, room_id: str, user: str) -> str:
        event = self._rooms[room_id].state.get((MEMBER, user))
        return str(event.content["membership"]) if event else "leave"

    # ------------------------------------------------------------ requests

    def answer(self, request: Request) -> Value:
        """Carry a request out."""
        parts = [unquote(part) for part in request.path.removeprefix("/_matrix/client/").split("/") if part != "v3"]
        body = json.loads(request.body) if request.body else {}
        match request.method, parts:
            case "GET", ["versions"]:
                return 200, {"versions": ["v1.11"]}
            case "GET", ["sync"]:
                return 200, self._sync(request)
            case "PUT", ["rooms", room_id, "send", type_, txn]:
                return self._once(f"send {room_id}", txn, lambda: self._send(room_id, type_, txn, body))
            case "PUT", ["rooms", room_id, "redact", event_id, txn]:
                return self._once(f"redact {room_id}", txn, lambda: self._redact(room_id, event_id, txn))
            case "PUT", ["rooms", room_id, "state", type_, *key]:
                return self._set_state(room_id, type_, body, "".join(key))
            case "GET", ["rooms", room_id, "state", type_, key]:
                return self._get_state(room_id, type_, key)
            case "POST", ["rooms", room_id, "kick"]:
                return self._kick(room_id, body["user_id"], body.get("reason", ""))
            case "POST", ["join", room_id]:
                return self._join(room_id)
            case "POST", ["createRoom"]:
                return self._create(body)
            case "POST", ["rooms", room_id, ("invite" | "ban" | "unban") as what]:
                return self._change(room_id, body["user_id"], what)
            case "POST", ["rooms", room_id, "leave"]:
                return self._go(room_id)
            case "POST", ["rooms", room_id, "forget"]:
                return _WRONG if self._membership(room_id, ME) in {"join", "knock"} else (200, {})
            case "POST", ["knock", room_id]:
                return self._knock(room_id)
            case "GET", ["v1" | "unstable", *_, "room_summary" | "summary", room_id]:
                return 200, {"room_id": room_id, "membership": self._membership(room_id, ME)}
            case "POST", ["rooms", room_id, "read_markers"]:
                return self._set(room_id, "read", body["m.read"])
            case "PUT", ["profile", _, "displayname"]:
                return self._set("", "displayname", body["displayname"])
            case "PUT" | "DELETE" as method, ["user", _, "rooms", room_id, "tags", tag]:
                return self._tag(room_id, tag, on=method == "PUT")
            case "PUT" | "DELETE" as method, ["pushrules", "global", "override", room_id]:
                return self._set(room_id, "mute", str(method == "PUT"))
        raise AssertionError(f"the simulated homeserver has no {request.method} {request.path}")

    def _once(self, endpoint: str, txn: str, do: Any) -> Value:
        """What bears a transaction id is done once; a refusal is not remembered."""
        known = self._done.get((endpoint, txn))
        if known is None:
            known = do()
            if known[0] == 200:
                self._done[endpoint, txn] = known
        return known

    def _send(self, room_id: str, type_: str, txn: str, content: dict[str, Any]) -> Value:
        if ME not in self._rooms[room_id].members:
            return _forbidden("You are not in this room.")
        relation = content.get("m.relates_to", {})
        if type_ == "m.reaction":
            self.effects.append(Effect(Kind.REACT, room_id, relation["key"]))
        elif relation.get("rel_type") == "m.replace":
            self.effects.append(Effect(Kind.EDIT, room_id, content["m.new_content"]["body"]))
        else:
            self.effects.append(Effect(Kind.SEND, room_id, content["body"]))
        event_id = self._say(room_id, ME, type_, content, txn=txn)
        self._texts[event_id] = content.get("body", "")
        return 200, {"event_id": event_id}

    def _redact(self, room_id: str, event_id: str, txn: str) -> Value:
        if ME not in self._rooms[room_id].members:
            return _forbidden("You are not in this room.")
        self.effects.append(Effect(Kind.REDACT, room_id, self._texts.get(event_id, "")))
        return 200, {"event_id": self._say(room_id, ME, "m.room.redaction", {}, txn=txn, redacts=event_id)}

    def _set_state(self, room_id: str, type_: str, content: dict[str, Any], key: str) -> Value:
        room = self._rooms[room_id]
        if ME not in room.members:
            return _forbidden("You are not in this room.")
        known = room.state.get((type_, key))
        if known is not None and known.content == content:
            return 200, {"event_id": known.event_id}
        if "topic" in content:
            self.effects.append(Effect(Kind.TOPIC, room_id, content["topic"]))
        return 200, {"event_id": self._say(room_id, ME, type_, content, key=key)}

    def _get_state(self, room_id: str, type_: str, key: str) -> Value:
        known = self._rooms[room_id].state.get((type_, key))
        return (200, known.content) if known is not None else (404, Refusal("M_NOT_FOUND", "There is none."))

    def _kick(self, room_id: str, user: str, reason: str) -> Value:
        room = self._rooms[room_id]
        if ME not in room.members or user not in room.members:
            return _forbidden("Nobody of that name is in the room.")
        self.effects.append(Effect(Kind.KICK, room_id, reason))
        self._leave(room_id, user, ME, reason)
        return 200, {}

    def _join(self, room_id: str) -> Value:
        room = self._rooms[room_id]
        if ME not in room.members:
            room.members.add(ME)
            room.joined_at = self._place
            self._say(room_id, ME, MEMBER, {"membership": "join"}, key=ME)
        return 200, {"room_id": room_id}

    def _create(self, body: dict[str, Any]) -> Value:
        room_id = f"!{len(self._rooms)}:hs"
        self.effects.append(Effect(Kind.CREATE_ROOM, body["name"], body["name"]))
        self._rooms[room_id] = _Room({ME}, joined_at=self._place)
        self._say(room_id, ME, MEMBER, {"membership": "join"}, key=ME)
        for told in body["initial_state"]:
            self._say(room_id, ME, told["type"], told["content"], key="")
        return 200, {"room_id": room_id}

    # ------------------------------------------------------------ what only has to stand so in the end

    def _set(self, room_id: str, what: str, value: str) -> Value:
        self._own[room_id, what] = value
        return 200, {}

    def _tag(self, room_id: str, tag: str, *, on: bool) -> Value:
        if not on and (room_id, tag) not in self._tags:
            return 404, Refusal("M_NOT_FOUND", "There is no such tag.")
        (self._tags.add if on else self._tags.discard)((room_id, tag))
        return 200, {}

    def _change(self, room_id: str, user: str, what: str) -> Value:
        was, will = self._membership(room_id, user), _WILL[what]
        fits = what == "ban" or (what == "unban") == (was == "ban")
        if ME not in self._rooms[room_id].members or not fits:
            return _forbidden("This cannot be done to that person.")
        if was != will:
            self._say(room_id, ME, MEMBER, {"membership": will}, key=user)
        return 200, {}

    def _go(self, room_id: str) -> Value:
        if ME in self._rooms[room_id].members:
            self._leave(room_id, ME, ME, "")
        elif self._membership(room_id, ME) == "knock":
            self._say(room_id, ME, MEMBER, {"membership": "leave"}, key=ME)
        return 200, {}

    def _knock(self, room_id: str) -> Value:
        if self._membership(room_id, ME) in {"join", "knock"}:
            return _forbidden("You are in, or have asked already.")
        self._say(room_id, ME, MEMBER, {"membership": "knock"}, key=ME)
        return 200, {"room_id": room_id}

    # ------------------------------------------------------------ the stream

    def has_news(self, request: Request) -> bool:
        """Whether a sync that waits can be answered."""
        return bool(self._sync(request).rooms)

    def _sync(self, request: Request) -> SyncReply:
        since = int(request.query.get("since", "0"))
        asked = json.loads(request.query["filter"])["room"]
        only = asked.get("state", {}).get("types")
        found = (self._section(room_id, room, since, only) for room_id, room in self._rooms.items())
        return SyncReply(str(self._place), tuple(section for section in found if section is not None))

    def _section(self, room_id: str, room: _Room, since: int, only: list[str] | None) -> RoomSection | None:
        if only is not None:
            marks = tuple(event for event in room.state.values() if event.type in only)
            return RoomSection(room_id, "join", state=marks) if marks and ME in room.members else None
        end = self._left_at.get(room_id, self._place) if ME not in room.members else self._place
        new = [event for place, event in room.events if max(since, room.joined_at) < place <= end]
        if not new:
            return None
        if ME not in room.members:
            return RoomSection(room_id, "leave", timeline=tuple(new[-self._limit :]), limited=len(new) > self._limit)
        whole = since <= room.joined_at
        shown = tuple(new[-self._limit :])
        limited = len(shown) < len(new) or (whole and room.joined_at > 0)
        state = tuple(room.state.values()) if whole else _changed_before(new[: -self._limit])
        before = str(since) if limited else ""
        return RoomSection(room_id, "join", shown, state, limited=limited, prev_batch=before, whole=whole and not since)

    def _say(
        self,
        room_id: str,
        sender: str,
        type_: str,
        content: dict[str, Any],
        *,
        key: str | None = None,
        txn: str = "",
        redacts: str = "",
    ) -> str:
        self._place += 1
        room = self._rooms[room_id]
        unsigned = {"transaction_id": txn} if txn else {}
        event_id = f"${self._place}"
        event = MatrixEvent(type_, content, sender, event_id, self.clock_ms, key, redacts, unsigned)
        room.events.append((self._place, event))
        if key is not None:
            room.state[type_, key] = event
        return event_id

    def _leave(self, room_id: str, user: str, by: str, reason: str) -> None:
        self._rooms[room_id].members.discard(user)
        self._say(room_id, by, MEMBER, {"membership": "leave", "reason": reason}, key=user)
        if user == ME:
            self._left_at[room_id] = self._place


_WRONG: Final[Value] = (400, Refusal("M_UNKNOWN", "You are in this room."))
_WILL: Final = {"invite": "invite", "ban": "ban", "unban": "leave"}
_TAGS: Final = {"m.favourite": "favourite", "m.lowpriority": "low"}


def _forbidden(text: str) -> Value:
    return 403, Refusal("M_FORBIDDEN", text)


def _changed_before(events: list[MatrixEvent]) -> tuple[MatrixEvent, ...]:
    """The state that changed in the part of a timeline that is not brought."""
    newest = {(event.type, event.state_key): event for event in events if event.state_key is not None}
    return tuple(newest.values())
