"""Files over a real homeserver: byte for byte in both directions and to another client, through cuts and kills."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import signal
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chat_tui_core.model import EventKind
from chat_tui_core.session import Session
from chat_tui_core.transfers import Direction, State, Transfer
from tests.live.command import Client
from tests.matrix_live.answers import limited
from tests.matrix_live.conftest import PeerOf
from tests.matrix_live.faults import cut_after, cut_within, held, instead, slow
from tests.matrix_live.ours import session_of
from tests.matrix_live.people import People, Person
from tests.matrix_live.proxy import HEAD_END, Exchange, Proxy
from tests.matrix_live.synapse import Synapse
from tests.matrix_live.synapse_config import MAX_UPLOAD
from tests.matrix_live.watching import each_mode, joined, showing

LIMIT = MAX_UPLOAD * 1024 * 1024
PATIENCE = 30.0
UPLOAD, MESSAGE, DOWNLOAD = r"/media/v3/upload$", r"/send/m\.room\.message/", r"/v1/media/download/"


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def picture(width: int, height: int) -> bytes:
    """A PNG in one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\x40\x80\xc0" * width) * height)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class Filer:
    """A session and the folders of its files."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session = session
        self.folder = folder
        received = folder / "received"
        received.mkdir(exist_ok=True)
        session.files.folder = received

    async def offer(self, room: str, body: bytes, name: str) -> Transfer:
        path = self.folder / name
        await asyncio.to_thread(path.write_bytes, body)
        return await self.session.files.offer(room, path)

    async def offered(self, name: str) -> Transfer:
        """What somebody offers, once it is there."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for one in self.session.files.all():
                    if (one.name, one.direction) == (name, Direction.IN):
                        return one
                await asyncio.sleep(0.02)

    async def reaches(self, transfer: Transfer, state: State) -> Transfer:
        """The transfer once it is in this state; it must not end in another one."""
        files, now = self.session.files, transfer
        try:
            async with asyncio.timeout(PATIENCE):
                while (now := files.get(transfer.id)).state is not state:
                    assert now.is_open, f"{now.state}: {now.reason}"
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{now.state}, {now.done} of {now.size}: {files.why(now)}") from None
        return now

    async def waits(self, transfer: Transfer, words: str) -> None:
        """Wait until it says that it waits for this, and have it wait no longer."""
        async with asyncio.timeout(PATIENCE):
            while words not in self.session.files.why(self.session.files.get(transfer.id)):
                await asyncio.sleep(0.02)
        self.session.files.retry(transfer.id)

    async def fetched(self, offer: Transfer) -> bytes:
        """Accept what is offered; its bytes."""
        done = await self.reaches(await self.session.files.accept(offer.id), State.COMPLETE)
        return await asyncio.to_thread(Path(done.path).read_bytes)

    def parts(self) -> list[str]:
        """What is in the folder of received files."""
        return sorted(path.name for path in (self.folder / "received").iterdir())


@asynccontextmanager
async def filer(person: Person, folder: Path, mode: str = "sync", *, url: str = "") -> AsyncIterator[Filer]:
    place = folder / person.name
    place.mkdir(exist_ok=True)
    async with session_of(person, place, mode, url=url) as session:
        yield Filer(session, place)


async def pair(people: People) -> tuple[Person, Person, str]:
    """Two people in a room."""
    ann, bob = await people("ann"), await people("bob")
    room = await ann.create_room("Files", invite=[bob])
    await bob.join(room)
    return ann, bob, room


async def brought(person: Person, room: str) -> list[dict[str, Any]]:
    """The contents of the messages that bring files."""
    return [event["content"] for event in await person.messages(room) if "url" in event["content"]]


async def test_files_arrive_byte_for_byte(people: People, tmp_path: Path) -> None:  # D1, D9
    ann, bob, room = await pair(people)
    async with filer(ann, tmp_path) as out, filer(bob, tmp_path, "sliding") as back:
        await joined(out.session, room)
        await joined(back.session, room)
        sizes = (0, 1, 100_000, LIMIT)
        for size in sizes:
            await out.reaches(await out.offer(room, content(size), f"{size}.bin"), State.COMPLETE)
            offer = await back.offered(f"{size}.bin")
            assert digest(await back.fetched(offer)) == digest(content(size))
        # One byte more than the server takes is refused before a byte leaves.
        refused = await out.offer(room, content(LIMIT + 1), "large.bin")
        async with asyncio.timeout(PATIENCE):
            while out.session.files.get(refused.id).is_open:
                await asyncio.sleep(0.02)
        failed = out.session.files.get(refused.id)
        assert (failed.state, failed.done) == (State.FAILED, 0)
        assert failed.reason == "The server takes files of up to 1,048,576 bytes; this one has 1,048,577."
        line = await showing(out.session, room, lambda event: event.file is not None and event.file.name == "1.bin")
        assert (line.kind, line.sender) == (EventKind.FILE, ann.user_id)
    assert [said["filename"] for said in await brought(bob, room)] == [f"{size}.bin" for size in sizes]


async def test_files_to_and_from_another_client(people: People, nio_peer: PeerOf, tmp_path: Path) -> None:  # D1, D9
    ann, bob, room = await pair(people)
    peer = await nio_peer(bob)
    body, image = content(100_000), picture(320, 200)
    async with filer(ann, tmp_path) as ours:
        await joined(ours.session, room)
        for name, sent, kind in (("a.bin", body, "RoomMessageFile"), ("cat.png", image, "RoomMessageImage")):
            event_id = (await ours.reaches(await ours.offer(room, sent, name), State.COMPLETE)).event_id
            await peer.wait_for(room, lambda lines, wanted=event_id: wanted in {line.event_id for line in lines})  # type: ignore[misc]
            known = await peer.fetch_file(room, event_id, tmp_path / "theirs")
            assert digest((tmp_path / "theirs").read_bytes()) == digest(sent)
            assert (known["kind"], known["content"]["body"]) == (kind, name)
        (_, said) = await brought(bob, room)
        assert said["info"] == {"size": len(image), "mimetype": "image/png", "w": 320, "h": 200}
        (tmp_path / "from them.bin").write_bytes(body[::-1])
        await peer.send_file(room, tmp_path / "from them.bin")
        assert digest(await ours.fetched(await ours.offered("from them.bin"))) == digest(body[::-1])


@each_mode
async def test_what_came_while_we_were_away_is_offered(mode: str, people: People, tmp_path: Path) -> None:  # D13
    ann, bob, room = await pair(people)
    async with filer(bob, tmp_path, mode) as back:
        await joined(back.session, room)
        await bob.send_text(room, "before")
        await showing(back.session, room, lambda event: event.text == "before")
    async with filer(ann, tmp_path) as out:
        await joined(out.session, room)
        await out.reaches(await out.offer(room, b"abc", "a.txt"), State.COMPLETE)
    async with filer(bob, tmp_path, mode) as back:
        assert await back.fetched(await back.offered("a.txt")) == b"abc"
        assert [one.name for one in back.session.files.all()] == ["a.txt"]


async def test_cuts_and_pauses_cost_no_byte_and_make_nothing_twice(  # D3, B13
    people: People, proxy: Proxy, tmp_path: Path
) -> None:
    ann, bob, room = await pair(people)
    body = content(600_000)
    proxy.on("POST", UPLOAD, cut_after())
    proxy.on("POST", UPLOAD, instead(limited(0.5)))
    proxy.on("PUT", MESSAGE, cut_after())
    proxy.on("GET", DOWNLOAD, cut_within())
    async with filer(ann, tmp_path, url=proxy.url) as out, filer(bob, tmp_path, url=proxy.url) as back:
        await joined(out.session, room)
        await joined(back.session, room)
        sent = await out.offer(room, body, "a.bin")
        await out.waits(sent, "Matrix cannot resume uploads, so it starts again.")
        await out.waits(sent, "No answer")
        await out.reaches(sent, State.COMPLETE)
        got = await back.session.files.accept((await back.offered("a.bin")).id)
        await back.waits(got, "this server cannot resume downloads, so it starts again.")
        done = await back.reaches(got, State.COMPLETE)
        assert digest(Path(done.path).read_bytes()) == digest(body)
    assert [one.status for one in proxy.requests("POST", UPLOAD)] == [200, 0, 200]
    assert len(proxy.requests("PUT", MESSAGE)) == 2
    assert len(await brought(bob, room)) == 1


class Ranging(Proxy):
    """A proxy before the homeserver that gives parts of files, which Synapse does not."""

    async def deliver(self, exchange: Exchange, request: bytes) -> tuple[bytes, bool]:
        answer, goes_on = await super().deliver(exchange, request)
        if exchange.status != 200 or not re.search(DOWNLOAD, exchange.path):
            return answer, goes_on
        head, _, body = answer.partition(HEAD_END)
        start = int(exchange.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        lines = [line for line in head.split(b"\r\n")[1:] if not line.lower().startswith(b"content-length")]
        lines += [b"Accept-Ranges: bytes", b'ETag: "media"', b"Content-Length: %d" % (len(body) - start)]
        first = b"HTTP/1.1 200 OK"
        if "range" in exchange.headers:
            first = b"HTTP/1.1 206 Partial Content"
            lines.append(b"Content-Range: bytes %d-%d/%d" % (start, len(body) - 1, len(body)))
        return b"\r\n".join([first, *lines]) + HEAD_END + body[start:], goes_on


async def test_a_download_goes_on_where_it_was(synapse: Synapse, people: People, tmp_path: Path) -> None:  # D3
    ann, bob, room = await pair(people)
    body = content(900_000)
    async with (
        Ranging(synapse.url) as proxy,
        filer(ann, tmp_path) as out,
        filer(bob, tmp_path, url=proxy.url) as back,
    ):
        proxy.on("GET", DOWNLOAD, cut_within(0.5), times=2)
        await joined(out.session, room)
        await joined(back.session, room)
        await out.reaches(await out.offer(room, body, "a.bin"), State.COMPLETE)
        got = await back.session.files.accept((await back.offered("a.bin")).id)
        for _ in range(2):
            await back.waits(got, "it goes on where it was")
        done = await back.reaches(got, State.COMPLETE)
        assert digest(Path(done.path).read_bytes()) == digest(body)
        asked = [one.headers.get("range", "") for one in proxy.requests("GET", DOWNLOAD)]
        starts = [int(text.removeprefix("bytes=").removesuffix("-")) for text in asked[1:]]
        assert (len(asked), asked[0]) == (3, "")
        assert 0 < starts[0] < starts[1] < len(body)
        assert [one.headers.get("if-range", "") for one in proxy.requests("GET", DOWNLOAD)] == [
            "",
            '"media"',
            '"media"',
        ]


async def test_hostile_messages_become_harmless_offers_or_sentences(people: People, tmp_path: Path) -> None:  # D8, E7
    ann, bob, room = await pair(people)
    async with filer(ann, tmp_path) as out:
        await joined(out.session, room)
        await out.reaches(await out.offer(room, b"12345", "real.bin"), State.COMPLETE)
    ((url),) = [said["url"] for said in await brought(bob, room)]
    async with filer(bob, tmp_path) as back:
        await joined(back.session, room)

        async def say(name: str, **more: Any) -> str:
            said = {"msgtype": "m.file", "body": name, "url": url} | more
            return await ann.send(room, "m.room.message", {key: value for key, value in said.items() if value})

        await say("../../etc/pass\x1bwd")
        await say("x" * 300)
        await say("lies.bin", info={"size": 4})
        await say("huge.bin", info={"size": 2**52})
        nowhere = await say("nowhere.bin", url=None)
        evil = await say("evil.bin", url="https://evil.example/a")
        hidden = await say("hidden.bin", url=None, file={"url": url, "v": "v2", "key": {}, "iv": "", "hashes": {}})
        await say("gone.bin", url="mxc://localhost/NoSuchMedia")
        await ann.send_text(room, "the end")
        await showing(back.session, room, lambda event: event.text == "the end")
        names = [one.name for one in back.session.files.all()]
        assert len(names) == 5
        assert all("/" not in name and "\x1b" not in name and len(name.encode()) <= 255 for name in names)
        for name in names[:2]:
            assert await back.fetched(await back.offered(name)) == b"12345"
        ends = {}
        for name in ("lies.bin", "gone.bin"):
            ends[name] = await back.session.files.accept((await back.offered(name)).id)
        for name, event_id in (("nowhere.bin", nowhere), ("evil.bin", evil), ("hidden.bin", hidden)):
            ends[name] = await back.session.files.accept_event(room, event_id)
        async with asyncio.timeout(PATIENCE):
            while any(back.session.files.get(one.id).is_open for one in ends.values()):
                await asyncio.sleep(0.02)
        reasons = {name: back.session.files.get(one.id).reason for name, one in ends.items()}
        assert reasons == {
            "lies.bin": "The server has a file of another size.",
            "gone.bin": "The server does not have this file, or no longer.",
            "nowhere.bin": "This message does not say where its file is.",
            "evil.bin": "This message does not say where its file is.",
            "hidden.bin": "This file is encrypted, and this client cannot decrypt it yet: use another client for it.",
        }
        # For this one there is no room: nothing is asked for.
        huge = await back.session.files.accept((await back.offered("huge.bin")).id)
        async with asyncio.timeout(PATIENCE):
            while not back.session.files.why(huge):
                await asyncio.sleep(0.02)
        assert (await back.session.files.cancel(huge.id)).state is State.CANCELLED
        assert len(back.parts()) == 2, "what failed leaves nothing behind"


# ---------------------------------------------------------------- the command line, and kills


class Home:
    """One person's command line; commands run in threads, for the proxy lives on the test's own loop."""

    def __init__(self, folder: Path, who: Person, url: str) -> None:
        self.client = Client(folder / f"home-{who.name}")
        self.who = who
        self.url = url

    async def sign_in(self) -> None:
        words = ("--backend", "matrix", "--url", self.url, "--user", self.who.name, "--password-stdin")
        done = await asyncio.to_thread(self.client, "login", "home", *words, stdin=f"{self.who.password}\n")
        assert done.code == 0, done.error

    async def rows(self, *words: str) -> list[dict[str, Any]]:
        done = await asyncio.to_thread(self.client, *words, "--json")
        assert done.code == 0, done.error
        return done.rows

    async def killed(self, struck: asyncio.Event, *words: str) -> dict[str, Any]:
        """Run a command and kill it as soon as something has happened; the first row that it told."""
        running = await asyncio.to_thread(self.client.start, *words, "--json")
        with running:
            first = json.loads(await asyncio.to_thread(running.line))
            async with asyncio.timeout(PATIENCE):
                await struck.wait()
            await asyncio.to_thread(running.end, signal.SIGKILL)
        return dict(first)


async def test_files_by_the_command_line(people: People, tmp_path: Path) -> None:  # D1, D7
    ann, bob, room = await pair(people)
    sender, recipient = Home(tmp_path, ann, ann.raw.url), Home(tmp_path, bob, bob.raw.url)
    await asyncio.gather(sender.sign_in(), recipient.sign_in())
    await recipient.rows("rooms")
    body = content(100_000)
    (tmp_path / "a b.bin").write_bytes(body)
    rows = await sender.rows("send", room, "look", "--file", str(tmp_path / "a b.bin"))
    assert (rows[-1]["state"], rows[-1]["done"], rows[-1]["direction"]) == ("complete", len(body), "out")
    assert (await bob.texts(room)) == ["look", "a b.bin"]
    (offer,) = await recipient.rows("files")
    assert (offer["state"], offer["size"], offer["sender"]) == ("new", len(body), ann.user_id)
    rows = await recipient.rows("files", "get", str(offer["id"]), "--to", str(tmp_path / "got.bin"))
    assert (rows[-1]["state"], rows[-1]["percent"]) == ("complete", 100)
    assert digest((tmp_path / "got.bin").read_bytes()) == digest(body)


async def test_a_cancelled_file_is_nobodys(people: People, proxy: Proxy, tmp_path: Path) -> None:  # D5, D6
    ann, bob, room = await pair(people)
    never = asyncio.Event()
    async with filer(ann, tmp_path, url=proxy.url) as out, filer(bob, tmp_path, url=proxy.url) as back:
        await joined(out.session, room)
        await joined(back.session, room)
        # Before its message has left, and while nobody knows whether it has.
        uploading = proxy.on("POST", UPLOAD, held(request=never))
        first = await out.offer(room, content(1_000), "a.bin")
        await uploading.struck.wait()
        await out.session.files.cancel(first.id)
        saying = proxy.on("PUT", MESSAGE, held(answer=never))
        second = await out.offer(room, content(1_000), "b.bin")
        await saying.struck.wait()
        await back.offered("b.bin")
        await out.session.files.cancel(second.id)
        async with asyncio.timeout(PATIENCE):
            while any(out.session.files.get(one.id).tell for one in (first, second)) or await brought(bob, room):
                await asyncio.sleep(0.02)
        # By the recipient, in the middle.
        third = await out.offer(room, content(500_000), "c.bin")
        await out.reaches(third, State.COMPLETE)
        proxy.on("GET", DOWNLOAD, slow(piece=65_536, pause=0.2))
        got = await back.session.files.accept((await back.offered("c.bin")).id)
        async with asyncio.timeout(PATIENCE):
            while not back.session.files.get(got.id).done:
                await asyncio.sleep(0.02)
        assert (await back.session.files.cancel(got.id)).state is State.CANCELLED
        (left,) = back.parts()
        assert left == "c.bin.part"
    assert [said["body"] for said in await brought(bob, room)] == ["c.bin"]


async def test_a_program_that_is_killed_ends_what_it_began(people: People, proxy: Proxy, tmp_path: Path) -> None:  # D3
    ann, bob, room = await pair(people)
    sender, recipient = Home(tmp_path, ann, proxy.url), Home(tmp_path, bob, proxy.url)
    await asyncio.gather(sender.sign_in(), recipient.sign_in())
    await recipient.rows("rooms")
    body = content(700_000)
    (tmp_path / "a.bin").write_bytes(body)
    # Within the upload, and between the upload and its message.
    never = asyncio.Event()
    rule = proxy.on("POST", UPLOAD, held(request=never))
    sent = await sender.killed(rule.struck, "send", room, "--file", str(tmp_path / "a.bin"))
    follow = ("files", "get", str(sent["id"]))
    proxy.on("PUT", MESSAGE, held(answer=never))
    carried_out = asyncio.Event()

    async def look() -> None:
        while not await brought(bob, room):
            await asyncio.sleep(0.05)
        carried_out.set()

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(look(), sender.killed(carried_out, *follow))
    proxy.calm()
    sent = (await sender.rows(*follow))[-1]
    assert sent["state"] == "complete"
    assert (sent["done"], sent["size"]) == (len(body), len(body))
    assert len(await brought(bob, room)) == 1
    # And within the download: what has come trickles, so that some of it is durable.
    (offer,) = await recipient.rows("files")
    assert (offer["direction"], offer["state"], offer["name"]) == ("in", "new", "a.bin")
    rule = proxy.on("GET", DOWNLOAD, slow(piece=65_536, pause=0.2))
    got = tmp_path / "got.bin"
    await recipient.killed(rule.struck, "files", "get", str(offer["id"]), "--to", str(got))
    rows = await recipient.rows("files", "get", str(offer["id"]))
    assert (rows[-1]["state"], rows[-1]["path"]) == ("complete", str(got))
    assert digest(got.read_bytes()) == digest(body)
