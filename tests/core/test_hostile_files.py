"""Files from people who mean harm, through a real session to a real disk: nothing leaves the folder, nothing is overwritten."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from chat_tui_core.file_news import AcceptFile, EndFile, Ending, FileNews, FileOffered, FileTaken, OffersListed
from chat_tui_core.model import FileInfo
from chat_tui_core.session.files import units
from chat_tui_core.session.files.part import LISTED
from chat_tui_core.session.ingest_files import MOST_OFFERS
from chat_tui_core.store import transfers as stored
from chat_tui_core.transfers import Direction, State, Transfer
from tests.core.file_play import FilePlay
from tests.core.scripted import joined

BODY = bytes(n * 31 % 251 for n in range(20_000))
DIGEST = sha256(BODY).hexdigest()


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[FilePlay]:
    play = FilePlay(tmp_path / "chat.db")
    await play.online(joined())
    yield play
    await play.close()


async def begun(play: FilePlay, name: str = "a.bin", digest: str = DIGEST, size: int = len(BODY)) -> Transfer:
    """An offer of this name that was accepted and is flowing."""
    offered = await play.offered(BODY, digest, name)
    accepted = await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(accepted.id, "f1", "x2", size=size))
    return accepted


def outside(tmp_path: Path) -> dict[str, bytes]:
    """Everything beside the folder and the session's own file."""
    files = (path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith("chat.db"))
    return {str(path): path.read_bytes() for path in files if "received" not in path.parts}


NAMES = {
    "../x": "x",
    "../../../../../../etc/cron.d/x": "x",
    "/etc/x": "x",
    "C:\\x": "x",
    "..\\..\\x": "x",
    "a\x00b": "ab",
    "a\nb": "a b",
    "a\r\x1b]0;owned\x07b": "a ]0;ownedb",
    "x" * 300 + ".txt": "x" * 196 + ".txt",
    "é" * 300: "é" * 100,
    ".": "file",
    "..": "file",
    "": "file",
    "   ": "file",
    ".bashrc": "bashrc",
    "-rf": "_-rf",
    "~root": "_~root",
    "photo\u202egnp.exe": "photognp.exe",
    "a\u200bb\ufeff": "ab",
    "con": "_con",
    "NUL.txt": "_NUL.txt",
    "lpt1": "_lpt1",
    "\ud800x": "x",
    'a<b>:c|d?e*f"g': "a_b__c_d_e_f_g",
    "x.part": "x.part",
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=[repr(name)[:30] for name in NAMES])
async def test_a_name_becomes_a_harmless_one_in_the_folder(  # D8, E7
    play: FilePlay, tmp_path: Path, name: str, expected: str
) -> None:
    (tmp_path / "x").write_bytes(b"mine")
    before = outside(tmp_path)
    accepted = await begun(play, name)
    assert accepted.name == expected
    play.write(accepted.id, BODY)
    done = await play.until(accepted.id, State.COMPLETE)
    assert done.path == str(play.folder / expected)
    assert play.received() == {expected: BODY}
    assert outside(tmp_path) == before


@pytest.mark.parametrize("taken", ["a.bin", "a.bin.part"])
@pytest.mark.parametrize("dangling", [False, True])
async def test_a_link_in_the_way_is_left_alone(
    play: FilePlay, tmp_path: Path, taken: str, dangling: bool
) -> None:  # D8
    target = tmp_path / "target"
    if not dangling:
        target.write_bytes(b"mine")
    (play.folder / taken).symlink_to(target)
    before = outside(tmp_path)
    accepted = await begun(play)
    play.write(accepted.id, BODY)
    done = await play.until(accepted.id, State.COMPLETE)
    assert done.path == str(play.folder / "a_1.bin")
    assert outside(tmp_path) == before
    assert (play.folder / taken).is_symlink()


LIES = {
    "more comes than was offered": (DIGEST, BODY + b"and more", Ending.SIZE, "More came of a.bin than was offered."),
    "other bytes": (DIGEST, BODY[:-1] + b"?", Ending.DIGEST, "What came of a.bin is not what was offered."),
    "a digest of nothing": ("0" * 64, BODY, Ending.DIGEST, "What came of a.bin is not what was offered."),
}


@pytest.mark.parametrize(("digest", "body", "ending", "reason"), LIES.values(), ids=LIES)
async def test_what_is_not_what_was_offered_never_gets_the_name(  # D9
    play: FilePlay, digest: str, body: bytes, ending: Ending, reason: str
) -> None:
    accepted = await begun(play, digest=digest)
    play.write(accepted.id, body)
    failed = await play.until(accepted.id, State.FAILED)
    assert failed.reason == reason
    while not isinstance(order := await play.order(object), EndFile):
        pass
    assert order.ending is ending
    await play.session.files.bytes.freed(accepted.id)
    assert set(play.received()) <= {"a.bin.part"}
    assert len(play.received().get("a.bin.part", b"")) <= len(BODY)


async def test_a_server_that_says_another_size_is_not_believed(play: FilePlay) -> None:  # D9
    accepted = await begun(play, size=len(BODY) + 1)
    assert (await play.until(accepted.id, State.FAILED)).reason == "The server has a file of another size."


async def test_a_file_that_no_disk_can_hold_waits_and_takes_nothing(play: FilePlay) -> None:  # D4, D8
    huge = 10**15
    await play.news(FileOffered("r", "e", "ann", FileInfo("huge", huge, ref="f1")))
    (offer,) = play.session.files.all()
    accepted = await play.session.files.accept(offer.id)
    assert f"it waits for {huge} bytes" in await play.waits(accepted.id, "no room")
    assert play.received() == {"huge": b"", "huge.part": b""}
    await play.session.files.cancel(accepted.id)
    assert play.received() == {}


def offer(number: int) -> FileOffered:
    name = f"{number:05}" + "x" * 250
    return FileOffered("r", f"e{number}", "ann", FileInfo(name, 10**12, ref=f"f{number}", digest="0" * 64))


async def test_ten_thousand_offers_cost_little_and_change_nothing_on_the_disk(play: FilePlay) -> None:  # D8, B20
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for start in range(0, 10_000, 500):
        await play.news(*(offer(number) for number in range(start, start + 500)))
    play.moved.clear()
    found = play.session.files.all()
    assert [one.ref for one in found] == [f"f{number}" for number in range(10_000 - MOST_OFFERS, 10_000)]
    assert len(play.session.files.bytes.open) == MOST_OFFERS
    assert len(play.session.store.read(stored.offers)) == MOST_OFFERS
    assert len(play.session.store.read(stored.recent_transfers, 20_000)) == MOST_OFFERS
    assert play.received() == {}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 60_000, "kilobytes"
    assert LISTED < MOST_OFFERS


async def test_offers_that_are_not_in_the_servers_list_are_over(play: FilePlay) -> None:  # D5, D13
    news: list[FileNews] = [offer(1), offer(2), offer(3), offer(4)]
    await play.news(*news)
    one, two, *_ = play.session.files.all()
    play.session.files.bytes.most = 0  # what is accepted stays as it is
    await play.session.files.accept(two.id, play.folder / "two")
    await play.news(OffersListed(frozenset({"f1", "f9"})))
    states = [(each.ref, each.state) for each in play.session.files.all()]
    assert states == [
        ("f1", State.NEW),
        ("f2", State.ACCEPTED),
        ("f3", State.CANCELLED),
        ("f4", State.CANCELLED),
    ]
    assert play.session.files.get(one.id + 2).reason == "It is no longer offered."


async def test_what_ended_long_ago_leaves_the_list_with_the_next_file(play: FilePlay, tmp_path: Path) -> None:  # D7
    await play.news(offer(1), offer(2))
    old, young = play.session.files.all()
    for one, ended_at in ((old, 1), (young, 2)):
        cancelled = await play.session.files.cancel(one.id)
        await play.session.store.write(stored.save_transfer, replace(cancelled, tell="", ended_at=ended_at))
    (tmp_path / "mine").write_bytes(b"abc")
    await play.session.store.write(units.made, Transfer(0, Direction.OUT, "r", "mine", 3), stored.KEPT + 2)
    assert [one.name for one in play.session.store.read(stored.recent_transfers, 9)] == [young.name, "mine"]
