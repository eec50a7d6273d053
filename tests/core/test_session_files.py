"""A session's files on a real disk: nothing is lost or doubled, whatever ends, breaks or fills up in between."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from chat_tui_core import transfers
from chat_tui_core.durable import write_parts
from chat_tui_core.errors import FileTrouble, IllegalTransition, LocalError, TransportError
from chat_tui_core.file_news import (
    AcceptFile,
    EndFile,
    Ending,
    FileDone,
    FileEnded,
    FileMoved,
    FileOffered,
    FileRefused,
    FileStopped,
    FileTaken,
    FileTold,
    KeptFile,
    OfferFile,
    PauseFile,
    RecipientMoved,
    ResumeFile,
)
from chat_tui_core.link import Capability, Link, LinkChanged
from chat_tui_core.model import EventKind, FileInfo, RoomEvent
from chat_tui_core.news import Answered, Arrived, RefusedAction, RoomsListed, SignedIn, Written
from chat_tui_core.session.files import gathering, places
from chat_tui_core.session.files.waiting import BEHIND, OFFLINE, TURN
from chat_tui_core.store import transfers as stored
from chat_tui_core.transfers import Direction, State, Transfer
from tests.core.file_play import FilePlay
from tests.core.scripted import joined

BODY = bytes(n * 31 % 251 for n in range(20_000))
DIGEST = sha256(BODY).hexdigest()


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[FilePlay]:
    play = FilePlay(tmp_path / "chat.db")
    yield play
    await play.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "to send.bin"
    path.write_bytes(BODY)
    return path


# ---------------------------------------------------------------- out


async def test_a_file_is_stored_hashed_offered_sent_and_complete(play: FilePlay, source: Path) -> None:  # D1, D7
    await play.online(joined())
    transfer = await play.session.files.offer("r", source)
    assert (transfer.state, transfer.name, transfer.size) == (State.NEW, "to send.bin", len(BODY))
    order = await play.order(OfferFile)
    assert order == OfferFile(transfer.id, "r", "to send.bin", len(BODY), DIGEST, "application/octet-stream")
    await play.news(FileTaken(transfer.id, "f1", "x1", "16", "m1.3"))
    now = play.session.files.get(transfer.id)
    assert (now.state, now.ref, now.ticket, now.memo, now.event_id) == (State.ACCEPTED, "f1", "x1", "16", "m1.3")
    assert await play.wire.files.read(transfer.id, 100, 50) == BODY[100:150]
    await play.news(FileMoved(transfer.id, 150))
    assert (now := play.session.files.get(transfer.id)).state is State.CONNECTED
    assert (now.done, now.percent) == (150, 0)
    await play.news(FileDone(transfer.id))
    assert (now := play.session.files.get(transfer.id)).state is State.COMPLETE
    assert (now.done, now.percent) == (len(BODY), 100)
    assert play.take() == [PauseFile(transfer.id)]
    states = list(dict.fromkeys(one.state for one in play.moved if one.id == transfer.id))
    assert states == [State.NEW, State.ACCEPTED, State.CONNECTED, State.COMPLETE]


async def test_a_file_goes_after_the_messages_that_were_typed_before_it(
    play: FilePlay, source: Path
) -> None:  # A13, D1
    await play.online(joined(), joined("q"))
    look, elsewhere = await play.session.send("r", "look"), await play.session.send("q", "elsewhere")
    first = await play.session.files.offer("r", source)
    later = await play.session.send("r", "and?")
    assert await play.waits(first.id, "typed before") == BEHIND
    assert play.take() == []
    await play.news(Written(look.id), Answered(look.id, "m1", 1))
    assert (await play.order(OfferFile)).transfer == first.id
    assert {action.id for action in play.connection.done} == {look.id, elsewhere.id, later.id}
    second = await play.session.files.offer("r", source)
    await play.news(Written(later.id), RefusedAction(later.id, "NO", "No."))
    await play.waits(second.id, BEHIND)
    assert play.take() == []
    await play.session.cancel(later.id)
    assert (await play.order(OfferFile)).transfer == second.id


async def test_what_is_no_file_is_refused_at_once(play: FilePlay, tmp_path: Path) -> None:  # D12
    for path in (tmp_path, tmp_path / "not there"):
        with pytest.raises(FileTrouble):
            await play.session.files.offer("r", path)
    assert play.session.files.all() == []


async def test_a_server_without_files_is_told_from_one_that_has_them(play: FilePlay, source: Path) -> None:
    play.session.connect()
    able = frozenset(Capability) - {Capability.FILES}
    await play.news(SignedIn("me", "device", 0, able), RoomsListed((joined(),)), LinkChanged(Link.ONLINE))
    transfer = await play.session.files.offer("r", source)
    await asyncio.sleep(0.05)
    assert play.take() == []
    assert play.session.files.why(play.session.files.get(transfer.id)) == OFFLINE


async def test_an_offer_made_offline_leaves_with_the_connection(play: FilePlay, source: Path) -> None:  # D13
    transfer = await play.session.files.offer("r", source)
    assert await play.waits(transfer.id, OFFLINE)
    await play.restart()
    assert play.session.files.get(transfer.id).state is State.NEW
    await play.online(joined())
    assert (await play.order(OfferFile)).digest == DIGEST


async def test_an_offer_in_doubt_is_offered_again_under_the_same_id(play: FilePlay, source: Path) -> None:  # D3, A14
    await play.online(joined())
    transfer = await play.session.files.offer("r", source)
    first = await play.order(OfferFile)
    await play.offline()
    await play.restart()
    await play.online()
    assert await play.order(OfferFile) == first
    assert first.transfer == transfer.id


@pytest.mark.parametrize("how", ["connection", "program"])
async def test_an_upload_goes_on_after_a_break(play: FilePlay, source: Path, how: str) -> None:  # D3, D13
    await play.online(joined())
    transfer = await play.session.files.offer("r", source)
    await play.order(OfferFile)
    await play.news(FileTaken(transfer.id, "f1", "x1", "memo"), FileMoved(transfer.id, 5_000))
    if how == "connection":
        await play.offline()
        assert play.session.files.get(transfer.id).state is State.ACCEPTED
    else:
        await play.restart()
        assert play.session.files.get(transfer.id).state is State.ACCEPTED
    play.wire.orders.clear()
    await play.online()
    assert await play.order(ResumeFile) == ResumeFile(transfer.id, "f1", "x1", len(BODY), "memo")
    await play.news(FileTaken(transfer.id, "f1", "x1", "memo", done=4_000))
    assert play.session.files.get(transfer.id).done == 4_000, "the server knows best"
    assert await play.wire.files.read(transfer.id, 4_000, 10) == BODY[4_000:4_010]


@pytest.mark.parametrize("new", [BODY[:-1], b"?" + BODY[1:]], ids=["shorter", "another"])
@pytest.mark.parametrize("when", ["while it is sent", "before it goes on"])
async def test_a_source_that_changed_fails_and_the_server_hears_it(  # D3
    play: FilePlay, source: Path, new: bytes, when: str
) -> None:
    await play.online(joined())
    transfer = await play.session.files.offer("r", source)
    await play.order(OfferFile)
    await play.news(FileTaken(transfer.id, "f1", "x1"))
    if when == "before it goes on":
        await play.offline()
    source.write_bytes(new)
    os.utime(source, ns=(1, 1))
    if when == "while it is sent":
        with pytest.raises(FileTrouble):
            await play.wire.files.read(transfer.id, len(BODY) - 10, 10)
        await play.order(PauseFile)
    else:
        await play.online()
    failed = await play.until(transfer.id, State.FAILED)
    assert "not what it was when it was offered" in failed.reason
    end = await play.order(EndFile)
    assert (end.ref, end.ticket, end.ending) == ("f1", "x1", Ending.IO)
    await play.news(FileTold(transfer.id))
    assert play.session.files.get(transfer.id).tell == ""


async def test_a_source_that_is_gone_is_waited_for(play: FilePlay, source: Path) -> None:  # D3
    await play.online(joined())
    transfer = await play.session.files.offer("r", source)
    await play.order(OfferFile)
    await play.news(FileTaken(transfer.id, "f1", "x1"))
    await play.offline()
    away = source.rename(source.with_name("away"))
    await play.online()
    assert str(source) in await play.waits(transfer.id, "is not there")
    away.rename(source)
    assert (await play.order(ResumeFile)).ticket == "x1"
    assert play.session.files.why(play.session.files.get(transfer.id)) == ""


async def test_a_server_that_cannot_store_now_is_asked_again(play: FilePlay, source: Path) -> None:  # D4
    await play.online(joined())
    transfer = await play.session.files.offer("r", source)
    await play.order(OfferFile)
    await play.news(
        FileTaken(transfer.id, "f1", "x1"), FileStopped(transfer.id, 0.1, "The server cannot store it now.")
    )
    assert await play.waits(transfer.id, "The server cannot store it now.")
    assert (await play.order(ResumeFile)).ticket == "x1"


@pytest.mark.parametrize(("gone", "state"), [(False, State.FAILED), (True, State.CANCELLED)])
async def test_a_definite_no_ends_it_with_the_reason(  # A22
    play: FilePlay, source: Path, gone: bool, state: State
) -> None:
    await play.online(joined())
    transfer = await play.session.files.offer("r", source)
    await play.order(OfferFile)
    await play.news(FileRefused(transfer.id, "NOSPACE", "The file has too many bytes", gone))
    ended = play.session.files.get(transfer.id)
    assert (ended.state, ended.reason, ended.tell) == (state, "The file has too many bytes", "")


# ---------------------------------------------------------------- in


async def test_a_file_is_accepted_reserved_written_acknowledged_and_named(play: FilePlay) -> None:  # D1, D4, D8
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    assert (offered.direction, offered.state, offered.sender, offered.size) == (
        Direction.IN,
        State.NEW,
        "ann",
        len(BODY),
    )
    assert play.take() == [], "an offer waits for the person"
    accepted = await play.session.files.accept(offered.id)
    assert accepted.state is State.ACCEPTED
    assert play.received() == {"a.bin": b"", "a.bin.part": b""}
    assert await play.order(AcceptFile) == AcceptFile(offered.id, "r", "f1", len(BODY))
    await play.news(FileTaken(offered.id, "f1", "x2", "memo", size=len(BODY)))
    play.write(offered.id, BODY[:7_000])
    while (await play.order(KeptFile)).done < 7_000:
        pass
    assert play.received() == {"a.bin": b"", "a.bin.part": BODY[:7_000]}
    assert play.session.files.get(offered.id).state is State.CONNECTED
    play.write(offered.id, BODY, 7_000)
    done = await play.until(offered.id, State.COMPLETE)
    assert done.path == str(play.folder / "a.bin")
    assert play.received() == {"a.bin": BODY}
    assert play.take()[-1] == EndFile(offered.id, "f1", "x2", Ending.DONE)
    await play.news(FileTold(offered.id))
    assert play.session.files.get(offered.id).tell == ""


async def test_an_offer_that_comes_again_is_one_offer(play: FilePlay) -> None:
    await play.online(joined())
    await play.offered(BODY)
    await play.offered(BODY)
    assert len(play.session.files.all()) == 1


@pytest.mark.parametrize("size", [0, 1])
async def test_the_smallest_files_arrive(play: FilePlay, size: int) -> None:  # D1, D7
    await play.online(joined())
    body = BODY[:size]
    offered = await play.offered(body, sha256(body).hexdigest())
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    assert play.session.files.get(offered.id).percent == 0
    await play.news(FileTaken(offered.id, "f1", "x2", size=size))
    if size:
        play.write(offered.id, body)
    assert (await play.until(offered.id, State.COMPLETE)).percent == 100
    assert play.received() == {"a.bin": body}


@pytest.mark.parametrize("at", [0, 1, 999, 1_000, 7_000, 19_999, 20_000])
@pytest.mark.parametrize("how", ["connection", "program"])
async def test_a_download_goes_on_from_what_is_durable(play: FilePlay, at: int, how: str) -> None:  # D3, D4
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", "memo", size=len(BODY)))
    play.write(offered.id, BODY[:at])
    if how == "connection":
        await play.offline()
        await play.online()
    else:
        await play.restart()
        await play.online()
    if at < len(BODY):
        order = await anything_but_kept(play)
        assert isinstance(order, AcceptFile)
        assert (order.done, order.ticket, order.memo) == (at, "x2", "memo")
        start = max(0, at - 500)  # the backend may begin a little before: chunks need not fit
        play.write(offered.id, BODY, start, 700)
    await play.until(offered.id, State.COMPLETE)
    assert play.received() == {"a.bin": BODY}


async def test_what_waits_for_a_slow_disk_while_the_connection_breaks_is_noted(  # D3, D4
    play: FilePlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def slow(fd: int, offset: int, pieces: Sequence[bytes]) -> None:
        assert released.wait(20)
        write_parts(fd, offset, pieces)

    monkeypatch.setattr(gathering, "write_parts", slow)
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", "memo", size=len(BODY)))
    play.write(offered.id, BODY[:3_000])
    await play.offline()
    await play.online()
    released.set()
    order = await anything_but_kept(play)
    assert isinstance(order, AcceptFile)
    assert order.done == 3_000
    noted = play.session.store.read(stored.load_transfer, offered.id)
    assert noted is not None
    assert noted.done == 3_000, "who is killed now goes on from here"
    play.write(offered.id, BODY, 3_000)
    await play.until(offered.id, State.COMPLETE)


async def anything_but_kept(play: FilePlay) -> object:
    while isinstance(order := await play.order(object), KeptFile | PauseFile):
        pass
    return order


async def test_the_program_may_end_right_after_the_file_got_its_name(play: FilePlay) -> None:  # D3
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    accepted = await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
    play.write(offered.id, BODY[:-1])
    while (await play.order(KeptFile)).done < len(BODY) - 1:
        pass
    noted = play.session.files.get(offered.id)
    await play.close()
    place = places.Place.of_stamp(accepted.path, noted.stamp)
    with place.part.open("ab") as part:
        part.write(BODY[-1:])
    places.put_in_place(place)
    play.open()
    await play.online()
    done = await play.until(offered.id, State.COMPLETE)
    assert done.path == accepted.path
    assert play.received() == {"a.bin": BODY}
    assert (await play.order(EndFile)).ending is Ending.DONE


@pytest.mark.parametrize("wrong", [BODY[:-1] + b"?", BODY[1_000:2_000] + BODY[:1_000] + BODY[2_000:]])
async def test_a_file_that_is_not_what_was_offered_never_gets_the_name(play: FilePlay, wrong: bytes) -> None:  # D9
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
    play.write(offered.id, wrong)
    failed = await play.until(offered.id, State.FAILED)
    assert "is not what was offered" in failed.reason
    await play.session.files.bytes.freed(offered.id)
    assert play.received() == {"a.bin.part": wrong}
    assert play.session.files.get(offered.id).path == str(play.folder / "a.bin.part")
    order = await anything_but_kept(play)
    assert isinstance(order, EndFile)
    assert order.ending is Ending.DIGEST


async def test_a_server_with_a_file_of_another_size_is_not_believed(play: FilePlay) -> None:  # D9
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY) + 1))
    assert play.session.files.get(offered.id).state is State.FAILED
    await play.session.files.bytes.freed(offered.id)
    assert play.received() == {}
    assert [order.ending for order in play.take() if isinstance(order, EndFile)] == [Ending.SIZE]


async def test_bytes_out_of_their_turn_and_of_nothing_are_not_written(play: FilePlay) -> None:  # D2
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    play.wire.files.write(offered.id, 0, BODY[:10])
    play.wire.files.write(999, 0, b"x")
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    play.wire.files.write(offered.id, 5_000, BODY[5_000:6_000])
    play.wire.files.write(offered.id, 0, BODY[:1_000])
    play.wire.files.write(offered.id, 0, b"?" * 1_000)
    play.wire.files.write(offered.id, 500, b"?" * 500 + BODY[1_000:1_500])
    while (await play.order(KeptFile)).done < 1_500:
        pass
    assert play.received()["a.bin.part"] == BODY[:1_500]


async def test_a_size_that_nobody_told_is_learnt_on_the_way(play: FilePlay) -> None:  # D1
    await play.online(joined())
    event = RoomEvent("r", "$img", 5, EventKind.FILE, "ann", 1, file=FileInfo("pic.png", ref="mxc://a/b"))
    await play.news(Arrived("r", (event,)))
    assert play.session.files.all() == [], "a file in the timeline is no offer by itself"
    accepted = await play.session.files.accept_event("r", "$img")
    assert accepted.size == -1
    assert (await play.order(AcceptFile)).size == -1
    await play.news(FileTaken(accepted.id, "mxc://a/b", "way"))
    play.write(accepted.id, BODY)
    await asyncio.sleep(0.05)
    assert play.session.files.get(accepted.id).state is State.CONNECTED
    await play.news(FileDone(accepted.id, size=len(BODY)))
    await play.until(accepted.id, State.COMPLETE)
    assert play.received() == {"pic.png": BODY}


# ---------------------------------------------------------------- where it goes


async def test_a_second_file_of_a_name_gets_a_number(play: FilePlay) -> None:  # D8
    await play.online(joined())
    many = [await play.offered(BODY, DIGEST, "a.tar.gz", f"f{n}") for n in range(3)]
    found = await asyncio.gather(*(play.session.files.accept(one.id) for one in many))
    assert sorted(Path(one.path).name for one in found) == ["a.tar.gz", "a_1.tar.gz", "a_2.tar.gz"]


@pytest.mark.parametrize("name", ["../x", "/etc/x", "C:\\x", "a\x00b", "a\nb", "x" * 300, ".", "a\u202eb", "NUL"])
async def test_a_hostile_name_stays_in_the_folder(play: FilePlay, name: str) -> None:  # D8
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST, name)
    accepted = await play.session.files.accept(offered.id)
    path = Path(accepted.path)
    assert path.parent == play.folder
    assert path.is_file()
    assert set(play.received()) == {path.name, f"{path.name}.part"}


async def test_accepting_twice_takes_one_name(play: FilePlay) -> None:  # D8
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    both = await asyncio.gather(*(play.session.files.accept(offered.id) for _ in range(2)), return_exceptions=True)
    assert sum(isinstance(one, Transfer) for one in both) == 1
    assert [str(one) for one in both if isinstance(one, LocalError)] == [f"File {offered.id} is accepted already."]
    assert len(play.received()) == 2, "the other one took nothing"


async def test_a_given_name_is_used_and_never_overwritten(play: FilePlay, tmp_path: Path) -> None:  # D8
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    (tmp_path / "mine").write_bytes(b"old")
    with pytest.raises(FileTrouble, match="nothing is overwritten"):
        await play.session.files.accept(offered.id, tmp_path / "mine")
    assert (await play.session.files.accept(offered.id, tmp_path / "other")).path == str(tmp_path / "other")
    assert (tmp_path / "mine").read_bytes() == b"old"


async def test_unknown_and_own_files_cannot_be_accepted(play: FilePlay, source: Path) -> None:  # D12
    await play.online(joined())
    own = await play.session.files.offer("r", source)
    with pytest.raises(LocalError, match="is one that you send"):
        await play.session.files.accept(own.id)
    for what in (play.session.files.accept(999), play.session.files.cancel(999)):
        with pytest.raises(LocalError, match="There is no file 999"):
            await what
    with pytest.raises(LocalError, match="There is no file in that message"):
        await play.session.files.accept_event("r", "nothing")


# ---------------------------------------------------------------- the disk does not play along


class Disk:
    """Refuses writes, or syncs, with an error from some moment on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, where: str) -> None:
        self.number = number
        self.refuses = False
        real = getattr(gathering, where)

        def work(fd: int, *args: object) -> None:
            if where == "write_parts":
                real(fd, *args)  # some of it may be there
            if self.refuses:
                raise OSError(self.number, os.strerror(self.number))
            if where != "write_parts":
                real(fd, *args)

        monkeypatch.setattr(gathering, where, work)


@pytest.mark.parametrize("where", ["write_parts", "sync_file"])
@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "The disk is full"), (errno.EROFS, "cannot be written to"), (errno.EIO, "cannot read or write")],
)
async def test_a_disk_that_refuses_is_waited_for_and_nothing_is_acknowledged(  # D4
    play: FilePlay, monkeypatch: pytest.MonkeyPatch, where: str, number: int, words: str
) -> None:
    disk = Disk(monkeypatch, number, where)
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
    play.write(offered.id, BODY[:3_000])
    while (await play.order(KeptFile)).done < 3_000:
        pass
    disk.refuses = True
    play.write(offered.id, BODY[:5_000], 3_000)
    await play.order(PauseFile)
    assert words in await play.waits(offered.id, words)
    assert play.session.files.get(offered.id).done == 3_000
    play.write(offered.id, BODY, 5_000)  # what is still on its way is dropped
    disk.refuses = False
    again = await play.order(AcceptFile)
    assert again.done == 3_000
    play.write(offered.id, BODY, 3_000)
    await play.until(offered.id, State.COMPLETE)
    assert play.received() == {"a.bin": BODY}


@pytest.mark.parametrize("at", range(0, 21_000, 1_000))
async def test_a_write_that_fails_anywhere_costs_nothing(  # D4
    play: FilePlay, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    real, failed = write_parts, [False]

    def work(fd: int, offset: int, pieces: Sequence[bytes]) -> None:
        if not failed[0] and offset + sum(map(len, pieces)) > at:
            failed[0] = True
            real(fd, offset, [b"".join(pieces)[:7]])
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd, offset, pieces)

    monkeypatch.setattr(gathering, "write_parts", work)
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    order = await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
    play.write(offered.id, BODY)
    if at < len(BODY):
        order = await anything_but_kept(play)  # type: ignore[assignment]
        assert isinstance(order, AcceptFile)
        play.write(offered.id, BODY, order.done)
    await play.until(offered.id, State.COMPLETE)
    assert play.received() == {"a.bin": BODY}


async def test_a_folder_that_is_gone_is_waited_for(play: FilePlay) -> None:  # D4, D8
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
    play.write(offered.id, BODY[:3_000])
    while (await play.order(KeptFile)).done < 3_000:
        pass
    await play.offline()
    away = play.folder.rename(play.folder.with_name("away"))
    await play.online()
    assert str(play.folder) in await play.waits(offered.id, "is not there")
    away.rename(play.folder)
    again = await play.order(AcceptFile)
    assert again.done == 3_000
    play.write(offered.id, BODY, 3_000)
    await play.until(offered.id, State.COMPLETE)


async def test_a_part_that_was_deleted_begins_anew(play: FilePlay) -> None:  # D3
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
    play.write(offered.id, BODY[:3_000])
    while (await play.order(KeptFile)).done < 3_000:
        pass
    await play.restart()
    (play.folder / "a.bin.part").unlink()
    await play.online()
    assert (await play.order(AcceptFile)).done == 0
    play.write(offered.id, BODY)
    await play.until(offered.id, State.COMPLETE)
    assert play.received() == {"a.bin": BODY}


# ---------------------------------------------------------------- cancel


@pytest.mark.parametrize("when", ["new", "offered", "taken", "moving", "offline"])
async def test_the_sender_cancels_once_and_the_server_hears_it(  # D5
    play: FilePlay, source: Path, when: str
) -> None:
    if when != "new":
        await play.online(joined())
    transfer = await play.session.files.offer("r", source)
    if when != "new":
        await play.order(OfferFile)
    if when not in {"new", "offered"}:
        await play.news(FileTaken(transfer.id, "f1", "x1"))
    if when in {"moving", "offline"}:
        await play.news(FileMoved(transfer.id, 500))
    if when == "offline":
        await play.offline()
    cancelled = await play.session.files.cancel(transfer.id)
    assert cancelled.state is State.CANCELLED
    with pytest.raises(IllegalTransition):
        await play.session.files.cancel(transfer.id)
    with pytest.raises(FileTrouble):
        await play.session.files.bytes.read(transfer.id, 0, 10)
    if when in {"new", "offline"}:
        await play.restart()
        await play.online()
    if when == "new":
        await asyncio.sleep(0.05)
        assert [order for order in play.take() if not isinstance(order, PauseFile)] == [], "it had never left"
        return
    if when == "offered":  # whether the server has it is not known: it is named first
        await play.order(PauseFile)
        assert (await play.order(OfferFile)).transfer == transfer.id
        await play.news(FileTaken(transfer.id, "f1", "x1"))
    order = await anything_but_kept(play)
    assert order == EndFile(transfer.id, "f1", "x1", Ending.CANCELLED)
    await play.news(FileTold(transfer.id))
    assert play.session.files.get(transfer.id).is_settled
    await play.news(FileMoved(transfer.id, 900), FileDone(transfer.id))
    assert play.session.files.get(transfer.id).state is State.CANCELLED, "late news mean nothing"


@pytest.mark.parametrize("when", ["new", "accepted", "moving", "offline"])
async def test_the_recipient_cancels_once_and_its_part_stays(play: FilePlay, when: str) -> None:  # D6
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    if when != "new":
        await play.session.files.accept(offered.id)
        await play.order(AcceptFile)
    if when in {"moving", "offline"}:
        await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
        play.write(offered.id, BODY[:3_000])
        while (await play.order(KeptFile)).done < 3_000:
            pass
    if when == "offline":
        await play.offline()
    cancelled = await play.session.files.cancel(offered.id)
    assert cancelled.state is State.CANCELLED
    with pytest.raises(IllegalTransition):
        await play.session.files.cancel(offered.id)
    play.wire.files.write(offered.id, 3_000, BODY[3_000:4_000])
    await asyncio.sleep(0.02)
    if when in {"new", "accepted"}:
        assert play.received() == {}
        assert cancelled.path == ""
    else:
        assert play.received() == {"a.bin.part": BODY[:3_000]}
        assert cancelled.path == str(play.folder / "a.bin.part")
    if when == "offline":
        await play.restart()
        await play.online()
    ends = [order for order in play.take() if isinstance(order, EndFile)]
    told = when in {"moving", "offline"}
    assert ends == [EndFile(offered.id, "f1", "x2", Ending.CANCELLED)] * told


async def test_what_is_complete_stays_complete(play: FilePlay, source: Path) -> None:  # D5, D6
    await play.online(joined())
    out = await play.session.files.offer("r", source)
    await play.order(OfferFile)
    await play.news(FileTaken(out.id, "f9", "x9"), FileDone(out.id))
    offered = await play.offered(b"", sha256(b"").hexdigest())
    await play.session.files.accept(offered.id)
    await play.order(PauseFile)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", size=0))
    await play.until(offered.id, State.COMPLETE)
    for transfer_id in (out.id, offered.id):
        with pytest.raises(IllegalTransition, match="that is complete cannot be cancelled"):
            await play.session.files.cancel(transfer_id)
    await play.news(FileEnded("f1", "", State.CANCELLED, "ann"), FileEnded("f9", "", State.FAILED))
    assert {play.session.files.get(one).state for one in (out.id, offered.id)} == {State.COMPLETE}
    with pytest.raises(LocalError, match="is here already"):
        await play.session.files.accept(offered.id)
    assert play.received() == {"a.bin": b""}


@pytest.mark.parametrize(
    ("news", "state", "reason"),
    [
        (FileEnded("f1", "", State.CANCELLED, "ann"), State.CANCELLED, "cancelled by ann"),
        (FileEnded("f1", "x2", State.CANCELLED, "ann", "no more"), State.CANCELLED, "no more"),
        (
            FileEnded("f1", "", State.FAILED, reason="what arrived is not what was offered"),
            State.FAILED,
            "what arrived",
        ),
        (FileEnded("f1", "x7", State.CANCELLED), State.CONNECTED, ""),
        (FileEnded("f7", "", State.CANCELLED), State.CONNECTED, ""),
        (FileEnded("", "", State.CANCELLED), State.CONNECTED, ""),
    ],
)
async def test_the_other_side_ends_it(  # D5, D6
    play: FilePlay, news: FileEnded, state: State, reason: str
) -> None:
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.news(FileTaken(offered.id, "f1", "x2", size=len(BODY)))
    play.write(offered.id, BODY[:2_000])
    while (await play.order(KeptFile)).done < 2_000:
        pass
    await play.news(news)
    now = play.session.files.get(offered.id)
    assert now.state is state
    assert now.reason.startswith(reason)
    await play.session.files.bytes.freed(offered.id)
    left = {"a.bin.part": BODY[:2_000]} if state is not State.CONNECTED else {"a.bin": b"", "a.bin.part": BODY[:2_000]}
    assert play.received() == left
    if state is not State.CONNECTED:
        assert play.take() == [PauseFile(offered.id)], "nobody need be told"


async def test_a_cancelled_file_can_be_fetched_anew(play: FilePlay) -> None:  # D6
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.session.files.cancel(offered.id)
    play.take()
    again = await play.session.files.accept(offered.id)
    assert again.id > offered.id
    assert (await play.order(AcceptFile)).transfer == again.id
    await play.news(FileTaken(again.id, "f1", "x3", size=len(BODY)))
    play.write(again.id, BODY)
    await play.until(again.id, State.COMPLETE)
    assert play.session.files.get(offered.id).state is State.CANCELLED, "nothing takes back how it ended"


async def test_a_name_is_freed_although_the_program_ended_in_between(play: FilePlay) -> None:  # D5
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.order(AcceptFile)
    await play.close()
    play.open()
    await play.session.store.write(
        lambda db: db.execute("UPDATE transfers SET state = 'cancelled' WHERE id = ?", (offered.id,))
    )
    await play.restart()
    await play.online()
    async with asyncio.timeout(5):
        while play.received():
            await asyncio.sleep(0.01)


# ---------------------------------------------------------------- several


async def test_only_so_many_move_at_once_and_the_rest_says_what_it_waits_for(play: FilePlay) -> None:  # D11
    await play.online(joined())
    many = [await play.offered(BODY, DIGEST, f"{n}.bin", f"f{n}") for n in range(5)]
    for one in many:
        await play.session.files.accept(one.id)
    orders = [await play.order(AcceptFile) for _ in range(transfers.AT_ONCE)]
    assert [order.transfer for order in orders] == [one.id for one in many[:3]]
    await asyncio.sleep(0.05)
    assert play.take() == []
    assert await play.waits(many[3].id, TURN) == await play.waits(many[4].id, TURN) == TURN
    await play.session.files.cancel(many[0].id)
    order = await anything_but_kept(play)
    assert isinstance(order, AcceptFile)
    assert order.transfer == many[3].id


async def test_each_recipient_has_their_own_progress(play: FilePlay, source: Path) -> None:  # D10
    await play.online(joined())
    out = await play.session.files.offer("r", source)
    await play.order(OfferFile)
    await play.news(
        FileTaken(out.id, "f1", "x1"),
        RecipientMoved("f1", "x2", "bob", State.ACCEPTED),
        RecipientMoved("f1", "x3", "cid", State.ACCEPTED),
        RecipientMoved("f1", "x4", "dan", State.ACCEPTED),
        RecipientMoved("f1", "x2", "bob", State.CONNECTED, 5_000),
        RecipientMoved("f1", "x3", "cid", State.COMPLETE),
        FileEnded("f1", "x4", State.CANCELLED, "dan"),
        RecipientMoved("f1", "x4", "dan", State.CONNECTED, 9_000),
        RecipientMoved("f7", "x5", "eve", State.ACCEPTED),
    )
    found = {one.user: (one.state, one.done) for one in play.session.files.get(out.id).recipients}
    assert found == {
        "bob": (State.CONNECTED, 5_000),
        "cid": (State.COMPLETE, len(BODY)),
        "dan": (State.CANCELLED, 0),
    }
    await play.restart()
    assert {one.user: (one.state, one.done) for one in play.session.files.get(out.id).recipients} == found
    await play.online()
    await play.order(ResumeFile)
    await play.session.files.cancel(out.id, "x2")
    assert await play.order(EndFile) == EndFile(out.id, "f1", "x1", Ending.CANCELLED, recipient="x2")
    with pytest.raises(IllegalTransition):
        await play.session.files.cancel(out.id, "x3")
    with pytest.raises(LocalError, match="Nobody gets"):
        await play.session.files.cancel(out.id, "x99")
    await play.offline()
    with pytest.raises(TransportError):
        await play.session.files.cancel(out.id, "x2")
    await play.news(FileEnded("f1", "", State.CANCELLED, "me"))
    assert {one.state for one in play.session.files.get(out.id).recipients} == {State.CANCELLED, State.COMPLETE}


async def test_our_own_offers_and_broken_news_make_no_offers(play: FilePlay) -> None:
    await play.online(joined())
    await play.news(
        FileOffered("r", "e", "me", FileInfo("a", 1, ref="f1")),
        FileTaken(77),
        FileMoved(77, 1),
        FileDone(77),
        FileDone(ref="f7"),
        FileTold(77),
        FileRefused(77, "X", "x"),
        FileStopped(77, 1.0, "x"),
        RecipientMoved("", "x", "bob", State.COMPLETE),
    )
    assert play.session.files.all() == []


async def test_everything_ends_with_the_session(play: FilePlay, source: Path) -> None:  # E11
    await play.online(joined())
    offered = await play.offered(BODY, DIGEST)
    await play.session.files.accept(offered.id)
    await play.session.files.offer("r", source)
    await play.order(AcceptFile)
    play.write(offered.id, BODY[:9_000])
    await play.close()
    assert (play.folder / "a.bin.part").read_bytes() == BODY[:9_000], "what has come is kept"
    play.open()
    assert play.session.files.get(offered.id).done == 9_000
