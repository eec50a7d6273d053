"""A homeserver with a big account: a thousand rooms, one of them with five thousand messages, ready in seconds.

Made once for each version of Synapse and of the code that makes it, kept beside the installed environments.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.matrix_live import environments, people, room_copies, synapse_config
from tests.matrix_live.people import Person, Raw, people_at
from tests.matrix_live.synapse import Synapse

ROOMS = 1000
MESSAGES = 5000
NAMES = ("ann", "bob", "carol", "dave")
DATA = ("homeserver.db", "signing.key", "account.json")
# Seconds until a new database's upgrades have run.
UPGRADES_TIMEOUT = 60.0


@dataclass(frozen=True)
class Signed:
    """Somebody's device on the prepared server."""

    user_id: str
    password: str
    device_id: str
    token: str

    def at(self, url: str) -> Person:
        """The person, talking to `url`; close their `raw` after use."""
        return Person(Raw(url, self.token), self.user_id, self.password, self.device_id)


@dataclass(frozen=True)
class BigAccount:
    """What is there: people who are all in every room, the rooms' number, the long room's id, its number of messages.

    The rooms are called "Room 0000" to "Room 0999". "Room 0000" is the long one and the newest; of the others a higher
    number is newer. Each begins with its state, three texts by ann ("line 0" ...), one by bob (who has read ann's last)
    and a reaction by ann. The long room goes on with "message 0000" to "message 4999", by ann and bob in turn.
    """

    people: dict[str, Signed]
    rooms: int
    long_room: str
    messages: int


def prepared_folder() -> Path:
    """Where this version's data is; the name changes with everything that shapes it."""
    sources = (__file__, people.__file__, room_copies.__file__, synapse_config.__file__)
    text = b"".join(Path(str(source)).read_bytes() for source in sources)
    return environments.cache_folder() / f"rooms-{environments.SYNAPSE_VERSION}-{hashlib.sha256(text).hexdigest()[:12]}"


def big_homeserver(folder: Path) -> tuple[Synapse, BigAccount]:
    """A homeserver, not started yet, with a copy of the big account's data in `folder`."""
    source = prepared_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with environments.alone("rooms"):
        if not (source / environments.READY).exists():
            for old in environments.cache_folder().glob("rooms-*-*"):
                shutil.rmtree(old, ignore_errors=True)
            asyncio.run(_make(source))
            (source / environments.READY).touch()
        for name in DATA:
            shutil.copyfile(source / name, folder / name)
    found = json.loads((folder / "account.json").read_text())
    found["people"] = {name: Signed(**signed) for name, signed in found["people"].items()}
    return Synapse(folder), BigAccount(**found)


async def _make(folder: Path) -> None:
    async with Synapse(folder) as server, people_at(server.url) as somebody:
        everybody = {name: await somebody(name) for name in NAMES}
        room = await _original(everybody)
        await _upgraded(folder / "homeserver.db")
    account = BigAccount(
        {name: Signed(p.user_id, p.password, p.device_id, p.token) for name, p in everybody.items()},
        ROOMS,
        room,
        MESSAGES,
    )
    db = room_copies.open_database(folder / "homeserver.db")
    room_copies.copy_room(db, _name(0), [_name(number) for number in range(1, ROOMS)])
    room_copies.lengthen(db, room, MESSAGES, lambda number: f"message {number:04}")
    room_copies.finish(db)
    (folder / "account.json").write_text(json.dumps(asdict(account)))


def _name(number: int) -> str:
    return f"Room {number:04}"


async def _original(everybody: dict[str, Person]) -> str:
    """Make the room that is copied; its id."""
    ann, bob, *_ = everybody.values()
    others = [person for person in everybody.values() if person is not ann]
    room = await ann.create_room(_name(0), invite=others, topic=f"About {_name(0)}", room_version="12")
    for person in others:
        await person.join(room)
    lines = [await ann.send_text(room, f"line {number}") for number in range(3)]
    answer = await bob.send_text(room, f"an answer in {_name(0)}")
    await ann.react(room, answer, "👍")
    await bob.read(room, lines[-1])
    return room


async def _upgraded(database: Path) -> None:
    """Wait until a new database's upgrades have run: later they would go through every room."""
    async with asyncio.timeout(UPGRADES_TIMEOUT):
        while True:
            with closing(sqlite3.connect(database)) as db:
                if db.execute("SELECT count(*) FROM background_updates").fetchone()[0] == 0:
                    return
            await asyncio.sleep(0.1)
