"""Files between real sessions over a real server: byte for byte, through cuts, restarts and faults, while chat goes on."""

from __future__ import annotations

import asyncio
import os
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui_core.actions import State as ActionState
from chat_tui_core.contract import ServerOptions
from chat_tui_core.errors import IllegalTransition
from chat_tui_core.model import EventKind
from chat_tui_core.transfers import State
from chat_tui_wschat.protocol_file_calls import SMALL as CHUNK
from chat_tui_wschat.server.maker import WschatServerMaker
from tests.wschat.file_people import FAST, ROOM, named, people
from tests.wschat.live_client import CHEAP

pytestmark = pytest.mark.live

SMALL = replace(FAST, max_chunk=16_384)
"""S3's example: 100,000 bytes are 7 chunks, the last of 1,696 bytes."""


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 100_000])
async def test_files_of_all_sizes_arrive_byte_for_byte(tmp_path: Path, size: int) -> None:  # D1, D9
    async with people(tmp_path, "ann", "bob", limits=SMALL if size == 100_000 else FAST) as (_, _, (ann, bob)):
        out = await ann.offer(content(size))
        got = await bob.session.files.accept((await bob.offered()).id)
        done = await bob.reaches(got, State.COMPLETE)
        assert bob.files() == {"a.bin": content(size)}
        assert done.path == str(bob.received / "a.bin")
        sent = await ann.reaches(out, State.COMPLETE)
        await ann.until(
            lambda all_: next((one for one in all_ for who in one.recipients if who.state is State.COMPLETE), None)
        )
        sent = ann.session.files.get(out.id)
        assert [(who.user, who.state, who.done) for who in sent.recipients] == [("bob", State.COMPLETE, size)]


async def test_an_offer_is_a_line_in_both_timelines_and_in_history(tmp_path: Path) -> None:  # D1
    async with people(tmp_path, "ann", "bob") as (_, _, (ann, bob)):
        out = await ann.offer(b"abc", "photo.png")
        await bob.offered("photo.png")
        await ann.reaches(out, State.COMPLETE)
        for person in (ann, bob):
            (event,) = [one for one in await person.session.history(ROOM, 10) if one.kind is EventKind.FILE]
            assert event.file is not None
            assert (event.file.name, event.file.size, event.file.mime, event.sender) == (
                "photo.png",
                3,
                "image/png",
                "ann",
            )
            assert event.event_id == ann.session.files.get(out.id).event_id
        assert bob.session.rooms[ROOM].last_text == "photo.png"


async def test_a_file_of_long_ago_is_fetched_by_its_message(tmp_path: Path) -> None:  # D13
    async with people(tmp_path, "ann", "bob") as (_, _, (ann, bob)):
        await bob.stop()
        out = await ann.offer(content(5_000))
        await ann.reaches(out, State.COMPLETE)
        await ann.stop()
        await bob.start()
        await bob.online()
        (event,) = [one for one in await bob.session.history(ROOM, 10) if one.kind is EventKind.FILE]
        got = await bob.session.files.accept_event(ROOM, event.event_id)
        await bob.reaches(got, State.COMPLETE)
        assert bob.files() == {"a.bin": content(5_000)}
        await ann.start()


# ---------------------------------------------------------------- breaks


@pytest.mark.parametrize("seed", range(4))
async def test_cut_wires_cost_at_most_a_window_each(tmp_path: Path, seed: int) -> None:  # D3
    rng, size = random.Random(seed), 40 * 16_384 + 77
    async with people(tmp_path, "ann", "bob", limits=replace(SMALL, window=4), wired=True) as (_, wire, (ann, bob)):
        assert wire is not None
        out = await ann.offer(content(size))
        got = await bob.session.files.accept((await bob.offered()).id)
        for _ in range(6):
            await asyncio.sleep(rng.random() * 0.05)
            wire.cut()
            for person in (ann, bob):
                person.session.connect_now()
        await bob.reaches(got, State.COMPLETE)
        await ann.reaches(out, State.COMPLETE)
        assert bob.files() == {"a.bin": content(size)}


@pytest.mark.parametrize("who", ["sender", "recipient", "both"])
async def test_programs_that_are_restarted_go_on(tmp_path: Path, who: str) -> None:  # D3, D13
    size = 60 * 16_384
    async with people(tmp_path, "ann", "bob", limits=replace(SMALL, window=2)) as (_, _, (ann, bob)):
        out = await ann.offer(content(size))
        got = await bob.session.files.accept((await bob.offered()).id)
        for part in (1, 2):
            await bob.has(got, size * part // 4)
            for person in {"sender": (ann,), "recipient": (bob,), "both": (ann, bob)}[who]:
                await person.stop()
            for person in {"sender": (ann,), "recipient": (bob,), "both": (ann, bob)}[who]:
                await person.start()
        await bob.reaches(got, State.COMPLETE)
        await ann.reaches(out, State.COMPLETE)
        assert bob.files() == {"a.bin": content(size)}


async def test_a_server_that_is_restarted_goes_on(tmp_path: Path) -> None:  # D3, D13
    size, data, limits = 60 * 16_384, str(tmp_path / "server.db"), replace(SMALL, window=2)
    async with people(tmp_path, "ann", "bob", limits=limits) as (server, _, (ann, bob)):
        out = await ann.offer(content(size))
        got = await bob.session.files.accept((await bob.offered()).id)
        await bob.has(got, size // 4)
        port = int(server.url.rpartition(":")[2])
        await server.close()
        again = await WschatServerMaker().start(
            ServerOptions(data=data, port=port, open_registration=True), limits=limits, cost=CHEAP
        )
        try:
            for person in (ann, bob):
                person.session.connect_now()
            await bob.reaches(got, State.COMPLETE)
            await ann.reaches(out, State.COMPLETE)
            assert bob.files() == {"a.bin": content(size)}
        finally:
            for person in (ann, bob):
                await person.session.close()
            await again.close()


@pytest.mark.parametrize("seed", range(3))
async def test_a_server_full_of_faults_brings_whole_files_all_the_same(tmp_path: Path, seed: int) -> None:  # D3, A25
    options = ServerOptions(
        data=str(tmp_path / "server.db"),
        open_registration=True,
        chaos=f"seed={seed},drop=0.02,delay=0.1:0.05,duplicate=0.02,reorder=0.02,cut=0.02,lose-confirm=0.05,mend=0.2",
    )
    server = await WschatServerMaker().start(options, limits=replace(SMALL, window=4), cost=CHEAP)
    try:
        async with named(tmp_path, server.url, "ann", "bob") as (ann, bob):
            out = await ann.offer(content(300_000))
            got = await bob.session.files.accept((await bob.offered()).id)
            async with asyncio.timeout(60):
                await bob.reaches(got, State.COMPLETE)
            await ann.reaches(out, State.COMPLETE)
            assert bob.files() == {"a.bin": content(300_000)}
    finally:
        await server.close()


# ---------------------------------------------------------------- the end, from either side


@pytest.mark.parametrize("who", ["sender", "recipient"])
async def test_either_side_cancels_and_both_show_it(tmp_path: Path, who: str) -> None:  # D5, D6
    size = 400 * 16_384
    async with people(tmp_path, "ann", "bob", limits=replace(SMALL, window=2)) as (_, _, (ann, bob)):
        out = await ann.offer(content(size))
        got = await bob.session.files.accept((await bob.offered()).id)
        await bob.has(got, 16_384)
        person, mine = (ann, out) if who == "sender" else (bob, got)
        await person.session.files.cancel(mine.id)
        with pytest.raises(IllegalTransition):
            await person.session.files.cancel(mine.id)
        ended = await bob.reaches(got, State.CANCELLED)
        if who == "sender":
            assert ended.reason == "cancelled by ann"
            await ann.reaches(out, State.CANCELLED)
        else:
            await ann.until(
                lambda all_: next((one for one in all_ for to in one.recipients if to.state is State.CANCELLED), None)
            )
            await ann.reaches(out, State.COMPLETE)  # the server keeps it for others
        await bob.session.files.bytes.freed(got.id)
        left = bob.files()["a.bin.part"]
        assert list(bob.files()) == ["a.bin.part"]
        assert content(size).startswith(left)
        await asyncio.sleep(0.1)
        assert bob.files() == {"a.bin.part": left}, "no later chunk is written"
        said = await bob.session.send(ROOM, "chat goes on")
        async with asyncio.timeout(5):
            await bob.session.settled(said.id, ActionState.CONFIRMED)


async def test_an_end_while_disconnected_is_told_afterwards(tmp_path: Path) -> None:  # D5
    async with people(tmp_path, "ann", "bob", limits=replace(SMALL, window=2)) as (_, _, (ann, bob)):
        out = await ann.offer(content(400 * 16_384))
        got = await bob.session.files.accept((await bob.offered()).id)
        await bob.has(got, 16_384)
        await ann.session.close()
        await ann.session.files.cancel(out.id)
        await ann._store.close()
        await ann.start()
        await bob.reaches(got, State.CANCELLED)
        async with asyncio.timeout(5):
            while ann.session.files.get(out.id).tell:
                await asyncio.sleep(0.01)


async def test_a_file_is_refused_before_a_byte_is_sent(tmp_path: Path) -> None:
    async with people(tmp_path, "ann", limits=replace(FAST, file_max=10)) as (server, _, (ann,)):
        out = await ann.offer(content(11))
        failed = await ann.reaches(out, State.FAILED)
        assert failed.reason == "The file has 11 bytes, 10 are the most"
        assert not server.rules.hall.shelf.files


# ---------------------------------------------------------------- several, and chat beside them


async def test_several_recipients_and_several_files_at_once(tmp_path: Path) -> None:  # D10, D11
    async with people(tmp_path, "ann", "bob", "cid", limits=SMALL) as (_, _, (ann, bob, cid)):
        bodies = {f"{n}.bin": content(200_000 + n) for n in range(5)}
        for name, body in bodies.items():
            await ann.offer(body, name)
        for person in (bob, cid):
            for name in bodies:
                await person.session.files.accept((await person.offered(name)).id)
        for person in (bob, cid):
            await person.until(
                lambda all_: all_[0] if [one.state for one in all_] == [State.COMPLETE] * len(bodies) else None
            )
            assert person.files() == bodies
        await ann.until(
            lambda all_: (
                all_[0]
                if [[who.state for who in one.recipients] for one in all_] == [[State.COMPLETE] * 2] * len(bodies)
                else None
            )
        )


async def test_messages_flow_while_files_do(tmp_path: Path) -> None:  # D11
    """The bound: a message comes back within half a second, however many files are on their way."""
    async with people(tmp_path, "ann", "bob") as (_, _, (ann, bob)):
        for n in range(6):
            await ann.offer(os.urandom(12_000_000), f"{n}.bin")
        for n in range(6):
            await bob.session.files.accept((await bob.offered(f"{n}.bin")).id)
        slowest = 0.0
        for number in range(30):
            began = time.perf_counter()
            said = await (ann, bob)[number % 2].session.send(ROOM, f"line {number}")
            await (ann, bob)[number % 2].session.settled(said.id, ActionState.CONFIRMED)
            slowest = max(slowest, time.perf_counter() - began)
            await asyncio.sleep(0.005)
        assert slowest < 0.5
        await bob.until(lambda all_: all_[0] if all(one.state is State.COMPLETE for one in all_) else None)
        assert all(len(body) == 12_000_000 for body in bob.files().values())


async def test_a_slow_disk_of_one_recipient_holds_nobody_else_up(  # D11
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with people(tmp_path, "ann", "bob", "cid", limits=SMALL) as (_, _, (ann, bob, cid)):
        await ann.offer(content(2_000_000))
        slow = await bob.session.files.accept((await bob.offered()).id)
        real = bob.session.files.bytes.disk.run

        async def run(*args: object) -> object:
            await asyncio.sleep(0.2)
            return await real(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(bob.session.files.bytes.disk, "run", run)
        got = await cid.session.files.accept((await cid.offered()).id)
        began = time.perf_counter()
        await cid.reaches(got, State.COMPLETE)
        assert time.perf_counter() - began < 5
        assert cid.files() == {"a.bin": content(2_000_000)}
        monkeypatch.undo()
        await bob.reaches(slow, State.COMPLETE)
