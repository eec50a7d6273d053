"""A first sync of ten megabytes never holds up whoever types: rooms appear while the rest is still read and stored."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from bench import sync_body
from chat_tui.sweeping import THRESHOLDS
from chat_tui_core.link import Link
from chat_tui_core.model import Account
from chat_tui_core.registry import load
from chat_tui_core.session import Session
from chat_tui_core.session_changes import LinkMoved
from chat_tui_core.store import Store
from tests.matrix.homeserver_stage import CLIENT, Handler, Homeserver, Typist, in_pieces, until

SIZE: Final = 10_000_000
ROOMS: Final = sync_body.rooms_for(SIZE)
HELD: Final = 0.05
"""Seconds of processor time that may pass between two turns of whoever types, on a machine that is not slow."""

PARTS: Final = 40
"""On a slower one: the part of everything that was to do which one step may be."""

PATIENCE: Final = 50.0

Body = dict[str, Any]


def as_sync(told: Body) -> Body:
    """The answer to /sync."""
    return told


def as_sliding(told: Body) -> Body:
    """The same rooms as a sliding sync tells them, all in one answer."""
    rooms = {}
    for room_id, room in told["rooms"]["join"].items():
        timeline, summary = room["timeline"], room["summary"]
        rooms[room_id] = {
            "initial": True,
            "required_state": room["state"]["events"],
            "timeline": timeline["events"],
            "limited": True,
            "prev_batch": timeline["prev_batch"],
            "joined_count": summary["m.joined_member_count"],
            "invited_count": 0,
        }
    return {"pos": "p1", "lists": {"rooms": {"count": len(rooms)}}, "rooms": rooms, "extensions": {}}


def as_legacy(told: Body) -> Body:
    """The same rooms as initialSync tells them."""
    rooms = [
        {
            "room_id": room_id,
            "membership": "join",
            "messages": {"chunk": room["timeline"]["events"], "start": room["timeline"]["prev_batch"], "end": "e1"},
            "state": room["state"]["events"],
        }
        for room_id, room in told["rooms"]["join"].items()
    ]
    return {"end": "e1", "rooms": rooms, "presence": told["presence"]["events"]}


MODES: Final[dict[str, tuple[str, Callable[[Body], Body], Body]]] = {
    "sync": ("v3/sync", as_sync, {"next_batch": sync_body.NEXT}),
    "sliding": ("unstable/org.matrix.simplified_msc3575/sync", as_sliding, {"pos": "p1"}),
    "legacy": ("v3/initialSync", as_legacy, {}),
}


def serve(server: Homeserver, mode: str) -> None:
    """Answer the first question with everything, later ones with nothing, after a while."""
    path, shape, nothing = MODES[mode]
    first = [json.dumps(shape(json.loads(sync_body.body(ROOMS, 15)))).encode()]

    def saying(later: Body) -> Handler:
        async def answer(_request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(0.2)
            return web.json_response(later)

        return answer

    async def everything(request: web.Request) -> web.StreamResponse:
        if first:
            return await in_pieces(first.pop())(request)
        return await saying(nothing)(request)

    server.on(f"{CLIENT}/versions", {"versions": ["v1.11"]})
    server.on(f"{CLIENT}/v3/events", saying({"end": "e1", "chunk": []}))
    server.on(f"{CLIENT}/v3/sync", saying({"next_batch": "s1"}))  # how much is unread, where another call does not tell
    server.on(f"{CLIENT}/{path}", everything)


@pytest.fixture
def _as_in_the_app() -> Iterator[None]:
    """Have garbage collected as the app does: what the tests before left behind is not gone through again."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    yield
    gc.set_threshold(*usual)
    gc.unfreeze()


@pytest.mark.usefixtures("_as_in_the_app")
@pytest.mark.parametrize("mode", MODES)
async def test_ten_megabytes_hold_nobody_up(mode: str, tmp_path: Path) -> None:  # B1
    async with Homeserver() as server:
        serve(server, mode)
        account = Account("home", "matrix", server.url, sync_body.ME, "DEVICE", {"mode": mode})
        store = Store.open(tmp_path / "account.db")
        session = Session(account, load("matrix"), "token", store)
        told: list[tuple[str, int]] = []
        session.subscribe(LinkMoved, lambda change: told.append((change.link.reason, len(session.rooms))))
        typist = Typist()
        try:
            async with typist.typing():
                session.connect()
                await until(lambda: session.link.link is Link.ONLINE and len(session.rooms) == ROOMS, PATIENCE)
        finally:
            await session.close()
            await store.close()
    assert typist.longest < max(HELD, typist.spent / PARTS)
    # Rooms are there, and it is told how many, while others are still to come.
    progress = [count for reason, count in told if reason.endswith(f" of {ROOMS} rooms")]
    assert len(progress) > 5
    assert 0 < progress[len(progress) // 2] < ROOMS
