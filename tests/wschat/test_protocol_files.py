"""The client core's part in files: orders become commands, chunks flow within the window, events become news."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import pytest

from chat_tui_core.contract import Arrived, Capability, Link, SignedIn
from chat_tui_core.file_news import (
    AcceptFile,
    EndFile,
    Ending,
    FileDone,
    FileEnded,
    FileMoved,
    FileNews,
    FileOffered,
    FileOrder,
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
from chat_tui_core.model import EventKind, FileInfo
from chat_tui_core.transfers import WINDOW_BYTES, State
from chat_tui_wschat.protocol_file_calls import LARGE, LARGE_FROM, SMALL, chunk_of
from chat_tui_wschat.protocol_labels import FIRST_LABEL
from chat_tui_wschat.protocol_upload import FEWEST, FIRST, QUICK, SLOW, Upload
from chat_tui_wschat.protocol_values import DropChunks, KeepChunk, Send, SendChunk
from chat_tui_wschat.wire import Chunk, parse_command, write_reply
from tests.wschat.protocol_driver import HELLO, Driver, frame

N = TypeVar("N")
SIZE, CHUNK = 100, 16
OFFER = OfferFile(7, "general", "a.bin", SIZE, "d" * 64, "text/plain")
LIMITS = {**HELLO, "caps": [*HELLO["caps"], "files"], "max_chunk": CHUNK, "window": 4}


def driver_with(**limits: object) -> Driver:
    """An online core whose server takes small chunks."""
    driver = Driver()
    driver.sign_in(hello={**LIMITS, **limits})
    driver.quiet()
    return driver


def give(driver: Driver, *orders: FileOrder) -> list[object]:
    """Give orders; everything that the shell has to do then."""
    for order in orders:
        driver.core.order(order, driver.now)
    return driver.take()


def said(outs: list[object]) -> list[str]:
    """The text frames among what the shell has to do, without their tags."""
    frames = (out.message for out in outs if isinstance(out, Send) and isinstance(out.message, str))
    return [frame_.partition(" ")[2] if frame_[0] == "@" else frame_ for frame_ in frames]


def labels(outs: list[object]) -> list[int | None]:
    """The ids of the commands among what the shell has to do."""
    commands = (parse_command(out.message) for out in outs if isinstance(out, Send))
    return [command.id for command in commands if not isinstance(command, Chunk)]


def numbers(outs: list[object]) -> list[int]:
    """The chunks that are to be sent."""
    return [out.number for out in outs if isinstance(out, SendChunk)]


def of(driver: Driver, kind: type[N]) -> list[N]:
    return [item for item in driver.news() if isinstance(item, kind)]


def confirm(
    driver: Driver, label: int | None, words: str, data: Mapping[str, Any] | None = None, dup: str = ""
) -> None:
    driver.feed(f"@id={label}{dup} {frame(f'CONFIRM FILE {words}', data)}")


def offered(driver: Driver) -> list[object]:
    """Offer and be confirmed; what the shell has to do then."""
    (label,) = labels(give(driver, OFFER))
    confirm(driver, label, "OFFER f1", {"xid": "x1", "next": 1, "id": "m1.3", "pos": 3, "ts": 1})
    return driver.take()


def accepted(driver: Driver, first: int = 1, done: int = 0, memo: str = "") -> None:
    """Accept f1 as transfer 9 and be confirmed."""
    (label,) = labels(give(driver, AcceptFile(9, "general", "f1", SIZE, done, memo=memo)))
    confirm(driver, label, "ACCEPT x2", {"fid": "f1", "next": first, "size": SIZE, "chunk": CHUNK})


def chunk(number: int, body: bytes = b"x" * CHUNK, xid: str = "x2") -> bytes:
    return bytes(write_reply(Chunk(xid, number, body)))  # type: ignore[arg-type]


def ack(n: int, **more: object) -> str:
    return frame("EVENT file ACK x1", {"n": n, "bytes": min(SIZE, n * CHUNK), **more})


# ---------------------------------------------------------------- what the server offers


def test_files_are_a_capability_where_their_events_are_offered() -> None:  # E1
    with_files, without = Driver(), Driver()
    with_files.sign_in(hello=LIMITS)
    without.sign_in(hello={**LIMITS, "events": ["channel", "message"]})
    able = [Capability.FILES in of(one, SignedIn)[-1].capabilities for one in (with_files, without)]
    assert able == [True, False]


def test_an_offer_in_the_stream_is_a_line_of_the_room_and_can_be_accepted() -> None:  # D1
    driver = driver_with()
    data = {"id": "m1.3", "fid": "f1", "pos": 41, "from": "bob", "name": "a.png", "size": 3, "chunk": 16}
    driver.feed(frame("@seq=1 EVENT file OFFER general", {**data, "sha256": "d" * 64, "mime": "image/png", "ts": 5}))
    news = driver.news()
    file = FileInfo("a.png", 3, "image/png", "f1", digest="d" * 64)
    ((event,),) = (item.events for item in news if isinstance(item, Arrived))
    assert (event.kind, event.text, event.file, event.event_id) == (EventKind.FILE, "", file, "m1.3")
    assert [item for item in news if isinstance(item, FileOffered)] == [FileOffered("general", "m1.3", "bob", file)]


def test_our_own_offer_is_only_a_line() -> None:
    driver = driver_with()
    data = {"id": "m1.3", "fid": "f1", "pos": 41, "from": "ann", "name": "a.png", "size": 3, "chunk": 16}
    driver.feed(frame("@seq=1;id=7 EVENT file OFFER general", data))
    assert of(driver, FileOffered) == []


@pytest.mark.parametrize("change", [{"fid": ""}, {"fid": "x1"}, {"name": ""}, {"from": ""}, {"size": -1}, {"fid": 1}])
def test_an_offer_that_makes_no_sense_keeps_its_place_and_nothing_more(change: dict[str, object]) -> None:  # A5
    driver = driver_with()
    data = {"id": "m1.3", "fid": "f1", "pos": 41, "from": "bob", "name": "a.png", "size": 3, **change}
    driver.feed(frame("@seq=1 EVENT file OFFER general", data))
    news = driver.news()
    ((event,),) = (item.events for item in news if isinstance(item, Arrived))
    assert event.order == 41
    offers = [item for item in news if isinstance(item, FileOffered)]
    assert len(offers) == (event.kind is EventKind.FILE)
    assert all(offer.file.size == 0 for offer in offers)


def test_history_has_files_too() -> None:  # A17
    driver = driver_with()
    item = {"type": "file", "action": "OFFER", "id": "m1.3", "fid": "f1", "pos": 3, "from": "bob", "name": "a.png"}
    event = driver.core._desk.stream.timeline.item("general", "file", "OFFER", item)
    assert event is not None
    assert event.file == FileInfo("a.png", ref="f1")


# ---------------------------------------------------------------- up


def test_an_offer_is_said_with_its_transfer_as_the_action_id() -> None:  # D1, A14
    outs = give(driver := driver_with(), OFFER)
    assert labels(outs) == [7]
    words, data = said(outs)[0].split(" {", 1)
    assert words == "FILE OFFER general"
    assert json.loads("{" + data) == {
        "name": "a.bin",
        "size": SIZE,
        "chunk": CHUNK,
        "sha256": "d" * 64,
        "mime": "text/plain",
    }
    assert driver.news() == []


def test_chunks_leave_within_the_window_and_go_on_with_each_acknowledgement() -> None:  # D1, D6
    driver = driver_with()
    outs = offered(driver)
    assert numbers(outs) == [1, 2, 3, 4]
    assert [out for out in outs if isinstance(out, SendChunk)][3] == SendChunk(7, "x1", 4, 48, 16)
    assert of(driver, FileTaken) == [FileTaken(7, "f1", "x1", str(CHUNK), "m1.3")]
    driver.feed(ack(2))
    assert numbers(driver.take()) == [5, 6]
    driver.feed(ack(2), ack(1), ack(99))
    assert numbers(driver.take()) == []
    driver.feed(ack(6))
    (last,) = [out for out in driver.take() if isinstance(out, SendChunk)]
    assert (last.number, last.offset, last.length) == (7, 96, 4)
    assert of(driver, FileMoved)
    driver.feed(ack(7), "@seq=1 EVENT file STORED f1")
    news = driver.news()
    assert [item for item in news if isinstance(item, FileMoved | FileDone)] == [
        FileMoved(7, SIZE),
        FileDone(7, "f1"),
    ]


def test_few_chunks_are_on_their_way_at_first_however_large_the_window() -> None:  # D11
    driver = driver_with(window=64, max_chunk=1)
    assert numbers(offered(driver)) == list(range(1, FIRST + 1))


@pytest.mark.parametrize(
    ("size", "most", "chunk"),
    [(0, 1 << 18, SMALL), (LARGE_FROM, 1 << 18, LARGE), (LARGE_FROM, 1_000, 1_000), (1, 9, 9)],
)
def test_large_files_have_larger_chunks_as_far_as_the_server_takes_them(
    size: int, most: int, chunk: int
) -> None:  # D11
    assert chunk_of(size, most) == chunk
    assert Upload(7, "f1", "x1", size, chunk, 10_000).flow.window == min(FIRST, WINDOW_BYTES // chunk)


def test_as_many_chunks_are_on_their_way_as_are_soon_acknowledged() -> None:  # D11
    upload = Upload(7, "f1", "x1", 10_000, 1, window=32)
    now, acked, windows = 0.0, 0, list[int]()
    for delay in (*[QUICK / 2] * 4, *[SLOW * 2] * 6, (QUICK + SLOW) / 2, QUICK / 2):
        acked += len(upload.take_due(now))
        now += delay
        assert upload.acknowledge(acked, now)
        windows.append(upload.flow.window)
    assert windows == [16, 32, 32, 32, 16, 8, 4, FEWEST, FEWEST, FEWEST, FEWEST, 2 * FEWEST]
    assert not upload.acknowledge(acked, now), "that is no news"


@pytest.mark.parametrize("window", [1, 2, 5])
def test_a_small_window_is_kept_to(window: int) -> None:  # D2
    upload = Upload(7, "f1", "x1", 100, 1, window)
    for delay in (0.0, 0.0, 1.0, 1.0, 0.0):
        due = upload.take_due(10.0)
        assert 1 <= len(due) <= window
        upload.acknowledge(due[-1], 10.0 + delay)


def test_progress_is_told_now_and_then_and_at_the_end() -> None:  # D7
    driver = driver_with(max_chunk=1, window=64)
    offered(driver)
    for n in range(1, SIZE + 1):
        driver.now += 0.01
        driver.feed(frame("EVENT file ACK x1", {"n": n, "bytes": n}))
        driver.take()
    told = [item.done for item in of(driver, FileMoved)]
    assert 9 <= len(told) <= 12
    assert told[-1] == SIZE


def test_an_empty_file_has_one_empty_chunk() -> None:  # D1
    driver = driver_with()
    (label,) = labels(give(driver, OfferFile(7, "general", "a", 0, "d" * 64)))
    confirm(driver, label, "OFFER f1", {"xid": "x1", "next": 1, "pos": 3})
    assert [out for out in driver.take() if isinstance(out, SendChunk)] == [SendChunk(7, "x1", 1, 0, 0)]


def test_an_offer_that_was_answered_before_goes_on_where_the_server_is() -> None:  # D3, A14
    driver = driver_with()
    give(driver, OFFER)
    confirm(driver, 7, "OFFER f1", {"xid": "x1", "next": 1, "id": "m1.3", "pos": 3}, dup=";dup=1")
    outs = driver.take()
    assert (numbers(outs), said(outs)) == ([], ["FILE RESUME x1"])
    assert of(driver, FileTaken) == [FileTaken(7, "f1", "x1", str(CHUNK), "m1.3")]
    data = {"fid": "f1", "next": 6, "bytes": 80, "size": SIZE, "chunk": CHUNK}
    confirm(driver, labels(outs)[0], "RESUME x1", data)
    assert numbers(driver.take()) == [6, 7]
    assert of(driver, FileTaken) == [FileTaken(7, "f1", "x1", str(CHUNK), done=80, size=SIZE)]


def resumed(driver: Driver, **data: object) -> list[FileNews]:
    (label,) = labels(give(driver, ResumeFile(7, "f1", "x1", SIZE, str(CHUNK))))
    confirm(driver, label, "RESUME x1", {"fid": "f1", "next": 3, "size": SIZE, "chunk": 8, **data})
    return [item for item in driver.news() if isinstance(item, FileNews)]


def test_an_upload_goes_on_with_the_chunks_that_it_began_with() -> None:  # D3
    driver = driver_with()
    assert resumed(driver) == [FileTaken(7, "f1", "x1", "8", done=16, size=SIZE)]
    assert next(out for out in driver.take() if isinstance(out, SendChunk)) == SendChunk(7, "x1", 3, 16, 8)


def test_an_upload_that_had_arrived_is_done() -> None:  # D3
    driver = driver_with()
    news = resumed(driver, next=14, stored=True)
    assert news == [FileTaken(7, "f1", "x1", "8", done=SIZE, size=SIZE), FileDone(7, "f1")]
    assert numbers(driver.take()) == []


def test_who_has_come_how_far_is_told_when_an_upload_goes_on() -> None:  # D10
    people = [
        {"xid": "x2", "by": "bob", "state": "open", "bytes": 16},
        {"xid": "x3", "by": "cid", "state": "done", "bytes": SIZE},
        {"xid": "x4", "by": "dan", "state": "cancelled", "bytes": 0},
        {"xid": "x5", "by": "eve", "state": "?", "bytes": 0},
        {"xid": "x6"},
        7,
    ]
    moved = [one for one in resumed(driver_with(), recipients=people) if isinstance(one, RecipientMoved)]
    assert moved == [
        RecipientMoved("f1", "x2", "bob", State.ACCEPTED, 16),
        RecipientMoved("f1", "x3", "cid", State.COMPLETE, SIZE),
        RecipientMoved("f1", "x4", "dan", State.CANCELLED, 0),
    ]


def test_a_server_with_another_file_is_not_believed() -> None:  # D3
    (refused,) = resumed(driver_with(), size=SIZE + 1)
    assert isinstance(refused, FileRefused)
    assert refused.gone


def test_a_server_that_cannot_store_now_stops_the_upload() -> None:  # D4
    driver = driver_with()
    offered(driver)
    driver.news()
    driver.feed(ack(2, wait=12.5))
    assert driver.take()[-1] == DropChunks(7)
    assert of(driver, FileStopped) == [FileStopped(7, 12.5, "The server cannot store it now.")]
    driver.feed(ack(3))
    assert driver.take() == []


@pytest.mark.parametrize(("wait", "seconds"), [(0, 1.0), (-5, 1.0), (1e9, 600.0), (True, 30.0), ("x", 30.0)])
def test_a_hostile_wait_is_bounded(wait: object, seconds: float) -> None:
    driver = driver_with()
    offered(driver)
    driver.feed(ack(2, wait=wait))
    assert [item.seconds for item in of(driver, FileStopped)] == [seconds]


# ---------------------------------------------------------------- down


def test_chunks_that_are_durable_already_are_acknowledged_as_they_come_again() -> None:  # D3, D4
    driver = driver_with()
    (label,) = labels(give(driver, AcceptFile(9, "general", "f1", SIZE, 96)))  # how long its chunks are was not noted
    confirm(driver, label, "ACCEPT x2", {"fid": "f1", "next": 1, "size": SIZE, "chunk": CHUNK})
    driver.take()
    for number in range(1, 7):
        driver.feed(chunk(number))
        driver.take()
        assert said(give(driver, KeptFile(9, 96))) == [f"FILE ACK x2 {number}"]


def test_chunks_are_handed_on_in_order_and_acknowledged_when_durable() -> None:  # D4
    driver = driver_with()
    accepted(driver)
    assert of(driver, FileTaken) == [FileTaken(9, "f1", "x2", str(CHUNK), size=SIZE)]
    driver.take()
    driver.feed(chunk(1), chunk(2))
    assert driver.take() == [KeepChunk(9, 0, b"x" * CHUNK), KeepChunk(9, 16, b"x" * CHUNK)]
    assert said(give(driver, KeptFile(9, 31))) == ["FILE ACK x2 1"]
    assert said(give(driver, KeptFile(9, 32), KeptFile(9, 32), KeptFile(9, 16))) == ["FILE ACK x2 2"]
    assert labels(give(driver, KeptFile(9, 48))) == [], "what did not come cannot be durable"


@pytest.mark.parametrize(
    ("done", "memo", "first"),
    [(0, "", 1), (48, "16", 4), (50, "16", 4), (48, "", 1), (48, "junk", 1), (SIZE, "16", 8), (48, "-16", 1)],
)
def test_what_is_wanted_first_follows_from_what_is_durable(done: int, memo: str, first: int) -> None:  # D3
    driver = driver_with()
    assert said(give(driver, AcceptFile(9, "general", "f1", SIZE, done, memo=memo))) == [f"FILE ACCEPT f1 {first}"]


@pytest.mark.parametrize(
    "data",
    [
        {"fid": "f1", "next": 2, "size": SIZE, "chunk": CHUNK},
        {"fid": "f1", "next": 1, "size": SIZE},
        {"fid": "f1", "next": 1, "size": SIZE, "chunk": 0},
        {"fid": "f1", "next": 1, "size": "100", "chunk": CHUNK},
        {},
    ],
    ids=repr,
)
def test_an_answer_that_makes_no_sense_is_a_refusal(data: dict[str, object]) -> None:
    driver = driver_with()
    (label,) = labels(give(driver, AcceptFile(9, "general", "f1", SIZE)))
    confirm(driver, label, "ACCEPT x2", data)
    assert [item.code for item in of(driver, FileRefused)] == ["BADREPLY"]
    driver.feed(chunk(1))
    assert driver.take() == []


@pytest.mark.parametrize(
    "wrong",
    [chunk(3), chunk(1, b"x" * 15), chunk(1, b"x" * 17), chunk(8, b""), chunk(99)],
    ids=["skipped", "short", "long", "past the end", "far past the end"],
)
def test_a_chunk_that_is_not_next_ends_the_download(wrong: bytes) -> None:  # D2
    driver = driver_with()
    accepted(driver)
    driver.take()
    driver.feed(wrong)
    outs = driver.take()
    assert said(outs) == ["FILE FAIL x2 CHUNK"]
    assert of(driver, FileEnded) == [FileEnded("f1", "x2", State.FAILED, reason="a part of it came out of its turn")]
    driver.feed(chunk(1))
    assert driver.take() == []


def test_a_chunk_that_came_before_is_acknowledged_again() -> None:  # D2
    driver = driver_with()
    accepted(driver)
    driver.feed(chunk(1))
    give(driver, KeptFile(9, 16))
    driver.feed(chunk(1, b"?" * 16))
    assert said(driver.take()) == ["FILE ACK x2 1"]


def test_chunk_nought_means_that_the_sender_gave_up() -> None:  # D2, D5
    driver = driver_with()
    accepted(driver)
    driver.news()
    driver.feed(chunk(0, b""))
    assert of(driver, FileEnded) == [FileEnded("f1", "x2", State.CANCELLED)]


@pytest.mark.parametrize("junk", [b"x99 1 abc", chunk(1), b"x2 0 "])
def test_chunks_of_nothing_that_flows_mean_nothing(junk: bytes) -> None:  # D2
    driver = driver_with()
    driver.feed(junk)
    assert (driver.take(), driver.news()) == ([], [])


def test_what_is_paused_takes_and_sends_nothing_more() -> None:  # D4
    driver = driver_with()
    offered(driver)
    accepted(driver)
    driver.take()
    assert give(driver, PauseFile(7), PauseFile(9)) == [DropChunks(7)]
    driver.feed(chunk(1), ack(2))
    assert driver.take() == []


# ---------------------------------------------------------------- the end, from either side


@pytest.mark.parametrize(
    ("order", "frame_"),
    [
        (EndFile(9, "f1", "x2", Ending.DONE), "FILE DONE x2"),
        (EndFile(9, "f1", "x2", Ending.DIGEST), "FILE FAIL x2 DIGEST"),
        (EndFile(9, "f1", "x2", Ending.SIZE), "FILE FAIL x2 SIZE"),
        (EndFile(9, "f1", "x2", Ending.IO), "FILE FAIL x2 IO"),
        (EndFile(9, "f1", "x2", Ending.CANCELLED), "FILE CANCEL x2"),
        (EndFile(9, "f1", "", Ending.CANCELLED, "no\nmore "), "FILE CANCEL f1 no more"),
        (EndFile(7, "f1", "x1", Ending.CANCELLED, recipient="x5"), "FILE CANCEL x5"),
    ],
)
def test_an_end_is_told_until_it_is_heard(order: EndFile, frame_: str) -> None:  # D5, D6
    driver = driver_with()
    outs = give(driver, order)
    assert said(outs) == [frame_]
    assert (labels(outs)[0] or 0) >= FIRST_LABEL, "no action: it may be said again"
    driver.now += 21
    driver.core.tick(driver.now)
    (again,) = labels(driver.take())[-1:]
    driver.feed(f"@id={again} ERROR FILESTATE FILE It is over")
    assert of(driver, FileTold) == [FileTold(order.transfer)]


def test_cancelling_for_one_recipient_lets_the_upload_go_on() -> None:  # D10
    driver = driver_with()
    offered(driver)
    give(driver, EndFile(7, "f1", "x1", Ending.CANCELLED, recipient="x5"))
    driver.feed(ack(2))
    assert numbers(driver.take()) == [5, 6]


@pytest.mark.parametrize(
    ("event", "news"),
    [
        ('ACCEPT x5 {"fid":"f1","by":"bob"}', RecipientMoved("f1", "x5", "bob", State.ACCEPTED)),
        ('DONE x5 {"fid":"f1","by":"bob"}', RecipientMoved("f1", "x5", "bob", State.COMPLETE)),
        ('ACK x5 {"n":2,"bytes":32,"fid":"f1","by":"bob"}', RecipientMoved("f1", "x5", "bob", State.CONNECTED, 32)),
        ('CANCEL x5 {"fid":"f1","by":"bob"}', FileEnded("f1", "x5", State.CANCELLED, "bob")),
        (
            'CANCEL f1 {"fid":"f1","by":"ann","reason":"too big"}',
            FileEnded("f1", "", State.CANCELLED, "ann", "too big"),
        ),
        (
            'FAIL f1 {"fid":"f1","reason":"DIGEST"}',
            FileEnded("f1", "", State.FAILED, reason="what arrived is not what was offered"),
        ),
        (
            'FAIL x5 {"fid":"f1","by":"bob","reason":"IO"}',
            FileEnded("f1", "x5", State.FAILED, "bob", "it could not be read or stored"),
        ),
        ("STORED f9", FileDone(0, "f9")),
        ("ACCEPT x5", None),
        ('ACCEPT x5 {"fid":1,"by":2}', None),
        ("ACK x5", None),
    ],
)
def test_events_become_news(event: str, news: FileNews | None) -> None:  # D5, D6, D7, D10
    driver = driver_with()
    driver.feed(f"@seq=1 EVENT file {event}")
    assert [item for item in driver.news() if isinstance(item, FileNews)] == ([news] if news else [])


@pytest.mark.parametrize("end", ['CANCEL f1 {"fid":"f1","by":"bob"}', 'FAIL x1 {"fid":"f1","by":"bob"}'])
def test_what_the_other_side_ended_flows_no_more(end: str) -> None:  # D5, D6
    driver = driver_with()
    offered(driver)
    driver.feed(f"@seq=1 EVENT file {end}")
    assert DropChunks(7) in driver.take()
    driver.feed(ack(3))
    assert numbers(driver.take()) == []


# ---------------------------------------------------------------- refusals, breaks


@pytest.mark.parametrize(
    ("order", "code", "gone"),
    [
        (OFFER, "NOSPACE", False),
        (OFFER, "NOTJOINED", False),
        (ResumeFile(7, "f1", "x1", SIZE), "FILESTATE", True),
        (AcceptFile(9, "general", "f1", SIZE), "NOTFOUND", True),
        (AcceptFile(9, "general", "f1", SIZE), "BADARGS", False),
    ],
)
def test_a_definite_no_is_told_with_its_reason(order: FileOrder, code: str, gone: bool) -> None:  # A22
    driver = driver_with()
    (label,) = labels(give(driver, order))
    driver.feed(f"@id={label} ERROR {code} FILE That is so")
    (refused,) = of(driver, FileRefused)
    assert (refused.code, refused.text, refused.gone) == (code, "That is so", gone)


@pytest.mark.parametrize(("code", "seconds"), [("RATELIMIT", 5.0), ("INTERNAL", 2.0)])
def test_not_now_is_asked_again_with_the_same_id(code: str, seconds: float) -> None:  # A23
    driver = driver_with()
    give(driver, OFFER)
    driver.feed(f"@id=7 ERROR {code} FILE Later")
    assert (driver.take(), of(driver, FileRefused)) == ([], [])
    driver.advance(seconds - 0.1)
    assert labels(driver.take()) == []
    driver.advance(0.2)
    assert labels(driver.take()) == [7]


def test_an_order_without_an_answer_is_said_again() -> None:
    driver = driver_with()
    driver.answers_pings = True
    give(driver, OFFER)
    driver.advance(20.5)
    assert [label for label in labels(driver.take()) if label and label < FIRST_LABEL] == [7]


def test_names_that_no_frame_can_hold_are_refused_here() -> None:
    driver = driver_with()
    assert labels(give(driver, OfferFile(7, "no such channel!", "a", 1, "d" * 64))) == []
    assert [item.transfer for item in of(driver, FileRefused)] == [7]


def test_a_break_forgets_all_orders() -> None:  # D3
    driver = driver_with()
    offered(driver)
    accepted(driver)
    give(driver, ResumeFile(8, "f3", "x3", 5))
    driver.close()
    driver.advance(2)
    driver.resume(0, 0)
    assert not [frame_ for frame_ in said(driver.take()) if frame_.startswith("FILE")]
    driver.feed(chunk(1), ack(2))
    assert numbers(driver.take()) == []


def test_orders_while_offline_are_not_taken() -> None:
    driver = Driver()
    driver.core.order(OFFER, driver.now)
    assert driver.take() == []


@pytest.mark.parametrize("code", ["FILESTATE", "FILECHUNK", "NOTFOUND"])
def test_a_chunk_that_was_too_late_is_no_problem(code: str) -> None:
    driver = driver_with()
    driver.feed(f"ERROR {code} FILE Too late")
    assert len(driver.news()) == (code != "FILESTATE")
    assert driver.core.link is Link.ONLINE
