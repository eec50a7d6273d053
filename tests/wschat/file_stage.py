"""Files on the server's stage: what is offered, chunks as frames, and a client that takes what it is fed."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.storage import Store
from tests.wschat.rules_stage import Client, Stage

CHUNK = 16
GENEROUS = Limits(burst=1_000_000)


def content(size: int) -> bytes:
    """Bytes that differ from place to place."""
    return bytes((n * 7 + n // 251) % 256 for n in range(size))


def offer(body: bytes, *, chunk: int = CHUNK, name: str = "a.bin", room: str = "general", **more: Any) -> str:
    """FILE OFFER of these bytes."""
    data = {"name": name, "size": len(body), "chunk": chunk, "sha256": sha256(body).hexdigest(), **more}
    return f"FILE OFFER {room} {json.dumps(data)}"


def chunks(xid: str, body: bytes, chunk: int = CHUNK, first: int = 1) -> list[bytes]:
    """The chunk frames of a body, from a number on."""
    count = max(1, -(-len(body) // chunk))
    return [f"{xid} {n} ".encode() + body[(n - 1) * chunk : n * chunk] for n in range(first, count + 1)]


def stage_with(*users: str, limits: Limits = GENEROUS, store: Store | None = None) -> tuple[Stage, list[Client]]:
    """A stage where these users are in the channel general, with all that concerns files as intent."""
    stage = Stage(limits, store=store)
    people = [stage.sign_in(user, "file") for user in users]
    people[0].ok("CREATE general")
    for one in people[1:]:
        one.ok("JOIN general")
    for one in people:
        one.hear()
    return stage, people


def offered(owner: Client, body: bytes, number: int = 100, **more: Any) -> dict[str, Any]:
    """Offer these bytes; gives the answer's JSON with the file's id."""
    reply = owner.ask(f"@id={number} {offer(body, **more)}")
    assert reply.words[:3] == ("CONFIRM", "FILE", "OFFER"), reply.raw
    return {**reply.data, "fid": reply.words[3]}


def stored(owner: Client, body: bytes, number: int = 100, **more: Any) -> dict[str, Any]:
    """Offer these bytes and send all of them, within the window."""
    data = offered(owner, body, number, **more)
    for frame in chunks(data["xid"], body, more.get("chunk", CHUNK)):
        owner.say(frame)
    return data


def accept(client: Client, fid: str, first: int = 1) -> str:
    """Accept a file; gives the download's id."""
    reply = client.ask(f"FILE ACCEPT {fid} {first}")
    assert reply.words[:3] == ("CONFIRM", "FILE", "ACCEPT"), reply.raw
    return str(reply.words[3])


def taken(client: Client, xid: str) -> bytes:
    """What a client was fed so far under this id, acknowledging each chunk until no more comes."""
    body = b""
    number = 0
    while client.chunks:
        fed, client.chunks = client.chunks, []
        for way, n, data in fed:
            if way == xid:
                assert n == number + 1 or not number
                number = n
                body += data
        client.say(f"FILE ACK {xid} {number}")
    return body


def events(client: Client) -> list[str]:
    """The file events that a client has heard, as action and resource."""
    return [f"{one.words[2]} {one.words[3]}" for one in client.events() if one.words[1] == "file"]
