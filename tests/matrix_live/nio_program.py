"""Runs in matrix-nio's environment: a second, independent Matrix client, led by JSON lines on its standard input.

Each line in is {"id": number, "do": name, ...arguments}; each line out {"id": number, "result": ...} or
{"id": number, "failed": text}. Commands may be under way together. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

# By name: what is installed there is not installed where types are checked.
nio: Any = importlib.import_module("nio")
PAGE = 500
PAGES = 100
FILTER = {"room": {"timeline": {"limit": 50}}}


class Failed(Exception):
    """The homeserver, or nio, said no."""


def good(answer: Any) -> Any:
    """An answer that is no error."""
    if isinstance(answer, nio.ErrorResponse):
        raise Failed(str(answer))
    return answer


def relation(event: Any) -> dict[str, Any]:
    """What an event says it is related to."""
    found = event.source.get("content", {}).get("m.relates_to", {})
    return found if isinstance(found, dict) else {}


class Peer:
    """One nio client and every event it has seen, in order, by room."""

    def __init__(self) -> None:
        self.client: Any = None
        self.events: dict[str, dict[str, Any]] = {}
        self.syncing = asyncio.Lock()

    async def login(self, url: str, user: str, password: str, device: str = "") -> dict[str, str]:
        """Sign in."""
        config = nio.AsyncClientConfig(max_timeouts=2, max_limit_exceeded=3)
        self.client = nio.AsyncClient(url, user, device_id=device or None, config=config)
        answer = good(await self.client.login(password, device_name="nio"))
        return {"user_id": answer.user_id, "device_id": answer.device_id}

    async def sync(self, timeout: int = 0) -> str:
        """One sync; the new token. What a limited timeline leaves out is fetched."""
        async with self.syncing:
            since = self.client.next_batch
            answer = good(await self.client.sync(timeout=timeout, sync_filter=FILTER))
            for room, news in answer.rooms.join.items():
                seen = self.events.setdefault(room, {})
                # A room that is new here begins with its whole history.
                missing = news.timeline.limited or not seen
                gap = await self.between(room, news.timeline.prev_batch, since if seen else None) if missing else []
                for event in [*gap, *news.timeline.events]:
                    seen.setdefault(event.event_id, event)
            return str(answer.next_batch)

    async def between(self, room: str, start: str, end: str | None) -> list[Any]:
        """The events before a token, back to another or to the room's creation; oldest first."""
        found: list[Any] = []
        place: str | None = start
        for _ in range(PAGES):
            page = good(await self.client.room_messages(room, place, end, limit=PAGE))
            found += page.chunk
            if not page.end or page.end == place:
                break
            place = page.end
        return found[::-1]

    async def put(self, room: str, kind: str, content: dict[str, Any]) -> str:
        """Send an event; its id."""
        return str(good(await self.client.room_send(room, kind, content)).event_id)

    async def send(self, room: str, text: str, msgtype: str = "m.text", reply_to: str = "") -> str:
        """Send a message."""
        content: dict[str, Any] = {"msgtype": msgtype, "body": text}
        if reply_to:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": reply_to}}
        return await self.put(room, "m.room.message", content)

    async def send_file(self, room: str, path: str, mime: str) -> str:
        """Upload a file and send the message that brings it; the message's id."""
        where = Path(path)
        size = where.stat().st_size
        answer, _ = await self.client.upload(lambda *_: path, content_type=mime, filename=where.name, filesize=size)
        url = str(good(answer).content_uri)
        info = {"size": size, "mimetype": mime}
        return await self.put(
            room, "m.room.message", {"msgtype": "m.file", "body": where.name, "url": url, "info": info}
        )

    async def fetch_file(self, room: str, event: str, path: str) -> dict[str, Any]:
        """Download the file that a message brings; what nio knows of it."""
        found = self.events[room][event]
        answer = good(await self.client.download(found.url))
        Path(path).write_bytes(answer.body)
        return {"kind": type(found).__name__, "content": found.source["content"], "mime": answer.content_type}

    async def edit(self, room: str, event: str, text: str) -> str:
        """Replace a message's text."""
        new = {"msgtype": "m.text", "body": text}
        edit = {"rel_type": "m.replace", "event_id": event}
        return await self.put(
            room, "m.room.message", new | {"body": f"* {text}", "m.new_content": new, "m.relates_to": edit}
        )

    async def react(self, room: str, event: str, key: str) -> str:
        """React to a message."""
        annotation = {"rel_type": "m.annotation", "event_id": event, "key": key}
        return await self.put(room, "m.reaction", {"m.relates_to": annotation})

    async def redact(self, room: str, event: str, reason: str = "") -> str:
        """Redact an event."""
        return str(good(await self.client.room_redact(room, event, reason or None)).event_id)

    async def read(self, room: str, event: str) -> None:
        """Say what is read."""
        good(await self.client.update_receipt_marker(room, event))

    async def typing(self, room: str, on: bool = True) -> None:
        """Say that one types, or no more."""
        good(await self.client.room_typing(room, on, 20_000))

    async def join(self, room: str) -> str:
        """Join by id or alias."""
        return str(good(await self.client.join(room)).room_id)

    async def leave(self, room: str) -> None:
        """Leave."""
        good(await self.client.room_leave(room))

    async def create(self, name: str, invite: list[str]) -> str:
        """Make a room."""
        return str(good(await self.client.room_create(name=name, invite=invite)).room_id)

    async def rooms(self) -> dict[str, list[str]]:
        """The rooms that nio has, as of the last sync."""
        return {"joined": sorted(self.client.rooms), "invited": sorted(self.client.invited_rooms)}

    async def room(self, room: str) -> dict[str, Any]:
        """What nio makes of a room, as of the last sync."""
        found = self.client.rooms[room]
        return {
            "name": found.display_name,
            "topic": found.topic or "",
            "members": {user: member.display_name or "" for user, member in found.users.items()},
            "typing": list(found.typing_users),
            "read": {user: receipt.event_id for user, receipt in found.read_receipts.items()},
        }

    async def seen(self, room: str) -> list[dict[str, Any]]:
        """The events of a room as a person sees them, oldest first: what changes another event is brought to that."""
        events = self.events.get(room, {})
        lines = {key: self.line(event) for key, event in events.items() if not self.is_annex(event)}
        for event in events.values():
            target = lines.get(relation(event).get("event_id", ""))
            if isinstance(event, nio.ReactionEvent) and event.reacts_to in lines:
                lines[event.reacts_to]["reactions"].setdefault(event.key, []).append(event.sender)
            elif isinstance(event, nio.RedactionEvent) and event.redacts in lines:
                lines[event.redacts] |= {"redacted": True, "body": "", "edits": 0}
            elif target and self.is_annex(event) and target["sender"] == event.sender and not target["redacted"]:
                # Only an author edits (specification, "Validity of replacement events").
                target |= {"body": event.source["content"]["m.new_content"]["body"], "edits": target["edits"] + 1}
        return list(lines.values())

    def is_annex(self, event: Any) -> bool:
        """Whether an event only changes another."""
        replaces = isinstance(event, nio.RoomMessage) and relation(event).get("rel_type") == "m.replace"
        redacted = isinstance(event, nio.RedactedEvent) and event.type == "m.reaction"
        return replaces or redacted or isinstance(event, (nio.ReactionEvent, nio.RedactionEvent))

    def line(self, event: Any) -> dict[str, Any]:
        """One event; `kind` is what nio took it for: RoomMessageText, UnknownEvent, BadEvent ..."""
        return {
            "event_id": event.event_id,
            "sender": event.sender,
            "kind": type(event).__name__,
            "body": getattr(event, "body", ""),
            "reply_to": relation(event).get("m.in_reply_to", {}).get("event_id", ""),
            "edits": 0,
            "reactions": {},
            "redacted": isinstance(event, nio.RedactedEvent),
        }


async def answer(peer: Peer, line: str) -> None:
    """Do what one line says, and write what came of it."""
    asked = json.loads(line)
    number, name = asked.pop("id"), asked.pop("do")
    command: Callable[..., Awaitable[Any]] = getattr(peer, name)
    try:
        said: dict[str, Any] = {"id": number, "result": await command(**asked)}
    except Exception as error:  # noqa: BLE001 -- whatever it is, the test is told
        said = {"id": number, "failed": f"{name}: {type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Read lines until there are no more."""
    peer = Peer()
    reader = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks: set[asyncio.Task[None]] = set()
    while line := await reader.readline():
        task = asyncio.create_task(answer(peer, line.decode()))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    for task in tasks:
        task.cancel()
    if peer.client is not None:
        await peer.client.close()


if __name__ == "__main__":
    asyncio.run(main())
