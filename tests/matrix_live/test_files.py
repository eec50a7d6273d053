"""Files over a real homeserver: byte for byte in both directions and to another client, through cuts and kills."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from chat_tui_core.model import EventKind
from chat_tui_core.session import Session
from chat_tui_core.transfers import Direction, State, Transfer
from tests.matrix_live.conftest import PeerOf
from tests.matrix_live.ours import session_of
from tests.matrix_live.people import People, Person
from tests.matrix_live.synapse_config import MAX_UPLOAD
from tests.matrix_live.watching import joined, showing

LIMIT = MAX_UPLOAD * 1024 * 1024
PATIENCE = 30.0


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class Filer:
    """A session and the folders of its files."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session = session
        self.folder = folder
        self.received = folder / "received"
        self.received.mkdir(exist_ok=True)
        session.files.folder = self.received

    async def offer(self, room: str, body: bytes, name: str) -> Transfer:
        path = self.folder / name
        await asyncio.to_thread(path.write_bytes, body)
        return await self.session.files.offer(room, path)

    async def offered(self, name: str) -> Transfer:
        async with asyncio.timeout(PATIENCE):
            while True:
                for one in self.session.files.all():
                    if (one.name, one.direction) == (name, Direction.IN):
                        return one
                await asyncio.sleep(0.02)

    async def reaches(self, transfer_id: int, state: State) -> Transfer:
        files = self.session.files
        try:
            async with asyncio.timeout(PATIENCE):
                while (now := files.get(transfer_id)).state is not state:
                    assert now.is_open, f"{now.state}: {now.reason}"
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{now.state}, {now.done} of {now.size}: {files.why(now)}") from None
        return now


@asynccontextmanager
async def filer(person: Person, folder: Path, mode: str = "sync", *, url: str = "") -> AsyncIterator[Filer]:
    place = folder / person.name
    place.mkdir(exist_ok=True)
    async with session_of(person, place, mode, url=url) as session:
        yield Filer(session, place)


async def test_files_arrive_byte_for_byte(people: People, tmp_path: Path) -> None:  # D1, D9
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Files", invite=[bob])
    await bob.join(room)
    async with filer(ann, tmp_path) as out, filer(bob, tmp_path) as back:
        await joined(out.session, room)
        await joined(back.session, room)
        for size in (0, 1, 100_000, LIMIT):
            sent = await out.offer(room, content(size), f"{size}.bin")
            print(size, (await out.reaches(sent.id, State.COMPLETE)))
            offer = await back.offered(f"{size}.bin")
            got = await back.session.files.accept(offer.id)
            done = await back.reaches(got.id, State.COMPLETE)
            assert digest(Path(done.path).read_bytes()) == digest(content(size))
