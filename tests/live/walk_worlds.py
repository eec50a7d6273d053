"""The servers that feature walks go through: ours, and a Synapse."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from chat_tui_core.accounts import DataFolder
from chat_tui_core.model import Account
from tests.live.command import Client, Server
from tests.live.walk import Walk, World

__all__ = ["WORLDS", "matrix_world", "wschat_world"]

TOO_LONG = "far too long for this server " * 170


class _Wschat:
    """Our own server, in a process of its own."""

    name, choice, password, bob_id, presence = "wschat", 1, "a password", "bob", True

    def __init__(self, folder: Path) -> None:
        self._file = folder / "server.db"
        self._server = self._begin(0)
        self.url = self._server.url
        self.ann, self.bob = Client(folder / "ann"), Client(folder / "bob")
        assert self.bob.login(self.url, "bob", self.password).code == 0

    def _begin(self, port: int) -> Server:
        return Server("--open", "--data", str(self._file), "--rate", "100000", port=port)

    def stop(self) -> None:
        self._server.end()

    def start(self) -> None:
        self._server = self._begin(int(self.url.rpartition(":")[2]))

    def refuse(self, walk: Walk) -> None:
        """Say something that is longer than the server takes."""
        walk.ann.paste(TOO_LONG)
        walk.ann.press("Enter")

    def relent(self, walk: Walk) -> None:
        """Make it shorter."""
        walk.press("e")
        walk.see("far too long for this server")
        walk.press("C-c")
        walk.enter("short enough")

    def close(self) -> None:
        if self._server.process.poll() is None:
            self._server.end()


@contextmanager
def wschat_world(folder: Path) -> Iterator[_Wschat]:
    """Our own server, with ann's and bob's data folders."""
    world = _Wschat(folder)
    try:
        yield world
    finally:
        world.close()


class _Matrix:
    """A Synapse."""

    name, choice, presence = "matrix", 2, False

    def __init__(self, folder: Path) -> None:
        from tests.matrix_live.people import register
        from tests.matrix_live.synapse import Synapse
        from tests.matrix_live.synapse_config import FAST

        self._server = Synapse(folder / "synapse", FAST)
        self._server.__enter__()
        self.url = self._server.url
        ann, bob = (asyncio.run(self._person(register, name)) for name in ("ann", "bob"))
        self.password, self.ann_id = ann[1], ann[0]
        self.bob_id, self._bob_token = bob[0], bob[3]
        self.ann, self.bob = Client(folder / "ann"), Client(folder / "bob")
        account = Account("home", "matrix", self.url, self.bob_id, bob[2])
        DataFolder(self.bob.folder).save(account, self._bob_token)
        self._quiet = ""

    async def _person(self, register: object, name: str) -> tuple[str, str, str, str]:
        assert callable(register)
        made = await register(self.url, name, displayname=name)
        await made.raw.session.close()
        return made.user_id, made.password, made.device_id, made.token

    def stop(self) -> None:
        self._server.stop_now()

    def start(self) -> None:
        self._server.start_now()
        self._server.wait_until_it_answers()

    def _call(self, method: str, path: str, body: object = None) -> dict[str, object]:
        request = urllib.request.Request(
            f"{self.url}/_matrix/client/v3/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._bob_token}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            given: dict[str, object] = json.load(answer)
            return given

    def _needed(self, level: int) -> None:
        path = f"rooms/{quote(self._quiet)}/state/m.room.power_levels"
        levels = self._call("GET", path)
        self._call("PUT", path, {**levels, "events_default": level})

    def refuse(self, walk: Walk) -> None:
        """Only bob may speak in the open room."""
        joined = self._call("GET", "joined_rooms")["joined_rooms"]
        assert isinstance(joined, list)
        names = {room: self._call("GET", f"rooms/{quote(room)}/state/m.room.name")["name"] for room in joined}
        self._quiet = next(room for room, name in names.items() if name == walk.room)
        self._needed(50)
        walk.enter("short enough")

    def relent(self, walk: Walk) -> None:
        """Everybody may speak again."""
        self._needed(0)
        walk.press("r")

    def close(self) -> None:
        self._server.__exit__(None, None, None)


@contextmanager
def matrix_world(folder: Path) -> Iterator[_Matrix]:
    """A Synapse, with ann's and bob's data folders."""
    world = _Matrix(folder)
    try:
        yield world
    finally:
        world.close()


WORLDS: Final[Mapping[str, Callable[[Path], AbstractContextManager[World]]]] = {
    "wschat": wschat_world,
    "matrix": matrix_world,
}
