"""People on a homeserver, over plain HTTP: what tests do and see without the client under test."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import secrets
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

import aiohttp
from yarl import URL

from tests.matrix_live.synapse_config import REGISTRATION_SECRET

# Parsed JSON: an object in everything this client asks for.
Json = dict[str, Any]
CLIENT = "/_matrix/client/v3"
REGISTER = "/_synapse/admin/v1/register"
PAGE = 500
# Seconds for one request; longer than any long poll that a test makes.
PATIENCE = 120.0


class Refused(Exception):
    """The server refused: its `status`, the `errcode` (empty if there is none), the `body`, parsed if it was JSON."""

    def __init__(self, call: str, status: int, body: object) -> None:
        self.status = status
        self.body = body
        self.errcode = str(body.get("errcode", "")) if isinstance(body, dict) else ""
        super().__init__(f"{call}: {status} {str(body)[:300]}")


def part(text: str) -> str:
    """One part of a path, quoted whole: room ids and event ids may hold anything."""
    return quote(text, safe="")


class Raw:
    """Calls to one homeserver, one HTTP request each: aiohttp's silent second try is off.

    Paths that begin with a slash are whole, others count from /_matrix/client/v3/.
    """

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url.rstrip("/")
        self.token = token
        self.session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=PATIENCE), connector=aiohttp.TCPConnector(limit=0)
        )
        # aiohttp has no public switch for it.
        self.session._retry_connection = False

    async def call(self, method: str, path: str, body: object = None, **query: object) -> Json:
        """Make one request; the parsed answer. Raises Refused with the status, or aiohttp's ClientError."""
        whole = path if path.startswith("/") else f"{CLIENT}/{path}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent: dict[str, Any] = {} if body is None else {"json": body}
        given = {name: _query_value(value) for name, value in query.items()}
        async with self.session.request(
            method, _url(self.url + whole), params=given, headers=headers, allow_redirects=False, **sent
        ) as answer:
            text = await answer.text()
            try:
                parsed = json.loads(text)
            except ValueError:
                parsed = text
            if answer.status != 200 or not isinstance(parsed, dict):
                raise Refused(f"{method} {whole}", answer.status, parsed)
            return parsed

    async def get(self, path: str, **query: object) -> Json:
        """GET; query values that are no text are sent as JSON."""
        return await self.call("GET", path, **query)

    async def put(self, path: str, body: object, **query: object) -> Json:
        """PUT of a JSON body."""
        return await self.call("PUT", path, body, **query)

    async def post(self, path: str, body: object, **query: object) -> Json:
        """POST of a JSON body."""
        return await self.call("POST", path, body, **query)

    async def close(self) -> None:
        """Close its connections."""
        await self.session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _url(text: str) -> URL:
    """An address that aiohttp takes as it is, without quoting it again."""
    return URL(text, encoded=True)


def _query_value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@dataclass
class Person:
    """Somebody who is signed in with one device."""

    raw: Raw
    user_id: str
    password: str
    device_id: str
    refresh_token: str = ""
    # 0: for ever.
    expires_in_ms: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def token(self) -> str:
        """The access token."""
        return self.raw.token

    @property
    def name(self) -> str:
        """The user id's own part, which is what one signs in with."""
        return self.user_id[1:].split(":", 1)[0]

    def transaction(self) -> str:
        """A transaction id that this device has not used."""
        return f"{secrets.token_hex(4)}.{next(self.numbers)}"

    async def create_room(self, name: str = "", *, invite: Iterable[Person] = (), **more: object) -> str:
        """Make a room; its id. `more` goes into the request (topic, preset, visibility, room_version ...)."""
        body: Json = {"invite": [person.user_id for person in invite], "preset": "private_chat"}
        body |= ({"name": name} if name else {}) | more
        return str((await self.raw.post("createRoom", body))["room_id"])

    async def join(self, room: str, via: str = "") -> str:
        """Join by id or alias; the room's id. `via`: a homeserver that knows the room."""
        query = {"server_name": via} if via else {}
        return str((await self.raw.post(f"join/{part(room)}", {}, **query))["room_id"])

    async def leave(self, room: str) -> None:
        """Leave, or decline an invitation."""
        await self.raw.post(f"rooms/{part(room)}/leave", {})

    async def act_on(self, action: str, room: str, who: Person, **more: object) -> None:
        """Do `action` (invite, kick, ban, unban) to somebody."""
        await self.raw.post(f"rooms/{part(room)}/{action}", {"user_id": who.user_id, **more})

    async def send(self, room: str, kind: str, content: Mapping[str, object], transaction: str = "") -> str:
        """Send an event of type `kind`; its id."""
        path = f"rooms/{part(room)}/send/{part(kind)}/{part(transaction or self.transaction())}"
        return str((await self.raw.put(path, content))["event_id"])

    async def send_text(self, room: str, text: str, transaction: str = "", **more: object) -> str:
        """Send a text message; its id. `more` goes into its content (m.relates_to ...)."""
        return await self.send(room, "m.room.message", {"msgtype": "m.text", "body": text, **more}, transaction)

    async def send_many(self, room: str, texts: Iterable[str], at_once: int = 16) -> dict[str, str]:
        """Send many messages, `at_once` under way together, so in no certain order; text -> event id."""
        waiting = iter(texts)
        sent: dict[str, str] = {}

        async def work() -> None:
            for text in waiting:
                sent[text] = await self.send_text(room, text)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())
        return sent

    async def edit(self, room: str, event: str, text: str) -> str:
        """Replace a message's text; the id of the edit."""
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event}
        whole = new | {"body": f"* {text}", "m.new_content": new, "m.relates_to": relation}
        return await self.send(room, "m.room.message", whole)

    async def react(self, room: str, event: str, key: str) -> str:
        """React to a message; the reaction's id."""
        relation = {"rel_type": "m.annotation", "event_id": event, "key": key}
        return await self.send(room, "m.reaction", {"m.relates_to": relation})

    async def redact(self, room: str, event: str, reason: str = "") -> str:
        """Redact an event; the redaction's id."""
        path = f"rooms/{part(room)}/redact/{part(event)}/{part(self.transaction())}"
        return str((await self.raw.put(path, {"reason": reason} if reason else {}))["event_id"])

    async def set_state(self, room: str, kind: str, content: Mapping[str, object], key: str = "") -> str:
        """Set one piece of a room's state; the event's id."""
        return str((await self.raw.put(f"rooms/{part(room)}/state/{part(kind)}/{part(key)}", content))["event_id"])

    async def read(self, room: str, event: str) -> None:
        """Say that everything up to and including this event is read."""
        await self.raw.post(f"rooms/{part(room)}/receipt/m.read/{part(event)}", {})

    async def typing(self, room: str, on: bool = True, timeout_ms: int = 20_000) -> None:
        """Say that one is typing, or no more."""
        body = {"typing": True, "timeout": timeout_ms} if on else {"typing": False}
        await self.raw.put(f"rooms/{part(room)}/typing/{part(self.user_id)}", body)

    async def events(self, room: str, newest: int | None = None) -> list[Json]:
        """Every event of a room, oldest first, from its creation to now; or the `newest` so many of them."""
        found: list[Json] = []
        query: dict[str, object] = {"dir": "b", "limit": min(PAGE, newest or PAGE)}
        while True:
            page = await self.raw.get(f"rooms/{part(room)}/messages", **query)
            found += page["chunk"]
            if page.get("end") in {None, query.get("from")} or (newest is not None and len(found) >= newest):
                return found[:newest][::-1]
            query["from"] = page["end"]

    async def messages(self, room: str) -> list[Json]:
        """Every event of type m.room.message that still has content, edits included, oldest first."""
        return [event for event in await self.events(room) if event["type"] == "m.room.message" and event["content"]]

    async def texts(self, room: str) -> list[str]:
        """The body of every message, edits included, oldest first."""
        return [event["content"]["body"] for event in await self.messages(room)]

    async def state(self, room: str) -> dict[tuple[str, str], Json]:
        """A room's state: (type, state key) -> content."""
        async with self.raw.session.get(
            _url(f"{self.raw.url}{CLIENT}/rooms/{part(room)}/state"), headers={"Authorization": f"Bearer {self.token}"}
        ) as answer:
            events = await answer.json()
            if answer.status != 200:
                raise Refused("GET state", answer.status, events)
            return {(event["type"], event["state_key"]): event["content"] for event in events}

    async def members(self, room: str) -> dict[str, str]:
        """User id -> membership, of everybody who ever was in the room or invited."""
        chunk = (await self.raw.get(f"rooms/{part(room)}/members"))["chunk"]
        return {event["state_key"]: event["content"]["membership"] for event in chunk}

    async def sync(self, since: str = "", timeout_ms: int = 0, **more: object) -> Json:
        """One /sync."""
        return await self.raw.get("sync", timeout=timeout_ms, **({"since": since} if since else {}), **more)

    async def wait_for_text(self, room: str, text: str, seconds: float = 30.0) -> Json:
        """Wait until a message with this body is in the room; its event. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            since = (await self.sync(filter={"room": {"timeline": {"limit": 1}}}))["next_batch"]
            while True:
                # After the token was taken: what comes from now on wakes the next poll.
                for event in reversed(await self.messages(room)):
                    if event["content"].get("body") == text:
                        return event
                since = (await self.sync(since, timeout_ms=1000))["next_batch"]

    async def login(self, *, device_id: str = "", refresh: bool = False) -> Person:
        """Sign in once more, by default with a device of its own; close the new person's `raw` after use."""
        return await login(self.raw.url, self.name, self.password, device_id=device_id, refresh=refresh)


async def register(
    url: str, name: str, password: str = "correct horse", *, admin: bool = False, displayname: str = ""
) -> Person:
    """Make an account with the server's shared secret, and sign in; close the person's `raw` after use."""
    raw = Raw(url)
    try:
        nonce = (await raw.get(REGISTER))["nonce"]
        words = (nonce, name, password, "admin" if admin else "notadmin")
        mac = hmac.new(REGISTRATION_SECRET.encode(), "\0".join(words).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": password, "admin": admin, "mac": mac}
        body |= {"displayname": displayname} if displayname else {}
        made = await raw.post(REGISTER, body)
    except BaseException:
        await raw.close()
        raise
    raw.token = made["access_token"]
    return Person(raw, made["user_id"], password, made["device_id"])


async def login(url: str, name: str, password: str, *, device_id: str = "", refresh: bool = False) -> Person:
    """Sign in with a password; `refresh` asks for a refresh token as well."""
    raw = Raw(url)
    body: Json = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": name},
        "password": password,
    }
    body |= ({"device_id": device_id} if device_id else {}) | ({"refresh_token": True} if refresh else {})
    try:
        made = await raw.post("login", body)
    except BaseException:
        await raw.close()
        raise
    raw.token = made["access_token"]
    refresh_token, expires = made.get("refresh_token", ""), made.get("expires_in_ms", 0)
    return Person(raw, made["user_id"], password, made["device_id"], refresh_token, expires)


class People:
    """Makes people for one test, each with a name that nobody else has, on one homeserver or another."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.made: list[Person] = []

    async def __call__(self, name: str, *, url: str = "", admin: bool = False, displayname: str = "") -> Person:
        """Somebody new; `url` names another homeserver or a proxy."""
        unique = f"{name}-{secrets.token_hex(4)}"
        self.made.append(await register(url or self.url, unique, admin=admin, displayname=displayname or name))
        return self.made[-1]

    async def again(self, person: Person, **options: Any) -> Person:
        """The same person with another device (or, by `device_id`, with the same)."""
        self.made.append(await person.login(**options))
        return self.made[-1]

    async def close(self) -> None:
        """Close everybody's connections."""
        for person in self.made:
            await person.raw.close()


@asynccontextmanager
async def people_at(url: str) -> AsyncIterator[People]:
    """People for the time of a block."""
    people = People(url)
    try:
        yield people
    finally:
        await people.close()
