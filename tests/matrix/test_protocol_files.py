"""Files on the Matrix core: which requests an order becomes, and the one word that ends it; hostile answers included."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chat_tui_core.contract import Capability, Link, SignedIn
from chat_tui_core.file_news import (
    AcceptFile,
    EndFile,
    Ending,
    FileDone,
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
    ResumeFile,
)
from chat_tui_core.model import FileInfo
from chat_tui_matrix.protocol.file_fetching import GONE
from chat_tui_matrix.protocol.file_sending import Outgoing, read_memo
from chat_tui_matrix.wire.calls import (
    Began,
    Call,
    Download,
    Fetched,
    OnItsWay,
    Pictured,
    Refusal,
    Sent,
    Stilled,
    Unfit,
    Upload,
)
from tests.matrix.driver import BOB, ME, ROOM, Driver, body, event, message, section

SIZE = 100_000
DIGEST = "0123456789abc" + "f" * 51
TXN = f"7.{0x0123456789ABC}"
OFFER = OfferFile(7, ROOM, "cat.png", SIZE, DIGEST, "image/png")
MXC = "mxc://chat.example/Media1"
ACCEPT = AcceptFile(8, ROOM, MXC, SIZE)
MEMO = Outgoing(7, ROOM, "cat.png", SIZE, "image/png", TXN)
PENDING = f"upload:{TXN}"
CONFIG, UPLOAD, SEND, REDACT = r"v1/media/config$", r"media/v3/upload$", rf"send/m.room.message/{TXN}$", r"/redact/"
DOWNLOAD, OLD_DOWNLOAD = r"v1/media/download/chat.example/Media1$", r"media/v3/download/chat.example/Media1$"
NEWS = (FileOffered, FileTaken, FileMoved, FileDone, FileTold, FileRefused, FileStopped)


def started(*rooms: Any, limit: int = 10_000_000) -> Driver:
    driver = Driver()
    driver.online(*(rooms or (section(ROOM, message("before")),)))
    driver.quiet()
    if limit >= 0:
        driver.always(CONFIG, lambda _call: {"m.upload.size": limit})
    return driver


def give(driver: Driver, order: FileOrder) -> list[FileNews]:
    driver.core.order(order, driver.now)
    return told(driver)


def told(driver: Driver) -> list[FileNews]:
    return [item for item in driver.news() if isinstance(item, NEWS)]


def meet(driver: Driver, item: OnItsWay) -> list[FileNews]:
    driver.core.receive(item, driver.now)
    return told(driver)


def uploaded(driver: Driver, order: OfferFile = OFFER) -> Call:
    """The call of the message, once the bytes are there."""
    give(driver, order)
    driver.answer(UPLOAD, {"content_uri": MXC})
    return driver.call("send")


# ---------------------------------------------------------------- there


def test_files_are_declared() -> None:
    driver = Driver()
    driver.online(section())
    (signed_in,) = driver.only(SignedIn)
    assert Capability.FILES in signed_in.capabilities


def test_a_file_is_uploaded_and_then_its_message_is_sent(  # D1, B12
) -> None:
    driver = started()
    taken = FileTaken(7, PENDING, memo=MEMO.text())
    assert give(driver, OFFER) == [taken]
    call = driver.call(UPLOAD)
    assert (call.request.upload, call.request.query) == (Upload(7, SIZE, "image/png"), {"filename": "cat.png"})
    assert call.token == "tok"
    assert meet(driver, Pictured(call.id, 640, 480)) == []
    assert meet(driver, Sent(call.id, 50_000)) == [FileMoved(7, 50_000)]
    assert not driver.asks("send"), "no message before the bytes are there"
    driver.answer(UPLOAD, {"content_uri": MXC})
    memo = replace(MEMO, width=640, height=480)
    assert told(driver) == [FileTaken(7, MXC, memo=memo.text(), done=SIZE)]
    assert meet(driver, Sent(call.id, SIZE)) == [], "what comes too late means nothing"
    message = driver.call(SEND)
    assert body(message) == {
        "msgtype": "m.image",
        "body": "cat.png",
        "filename": "cat.png",
        "url": MXC,
        "info": {"size": SIZE, "mimetype": "image/png", "w": 640, "h": 480},
        "m.mentions": {},
    }
    driver.answer(SEND, {"event_id": "$e"})
    assert told(driver) == [FileTaken(7, MXC, memo=memo.text(), event_id="$e", done=SIZE), FileDone(7, MXC, SIZE)]
    assert driver.calls == driver.all_calls("sync")


def test_a_file_for_a_thread_says_so_and_goes_on_there_after_a_restart() -> None:  # C3, D1, D3
    driver = started()
    content = body(uploaded(driver, replace(OFFER, thread="$root")))
    related = {"rel_type": "m.thread", "event_id": "$root", "is_falling_back": True}
    assert content["m.relates_to"] == {**related, "m.in_reply_to": {"event_id": "$root"}}
    memo = replace(MEMO, thread="$root").text()
    later = started()
    give(later, ResumeFile(7, MXC, "", SIZE, memo))
    assert body(later.call(SEND)) == content


def test_a_note_from_before_there_were_threads_is_read() -> None:  # D3
    known = json.loads(MEMO.text())
    assert read_memo(json.dumps(known[:8])) == MEMO
    assert read_memo(json.dumps([*known, "more"])) is None


@pytest.mark.parametrize(
    ("mime", "msgtype"),
    [
        ("image/png", "m.image"),
        ("video/mp4", "m.video"),
        ("audio/ogg", "m.audio"),
        ("text/plain", "m.file"),
        ("", "m.file"),
    ],
)
def test_the_sort_of_message_follows_the_sort_of_file(mime: str, msgtype: str) -> None:  # D1
    driver = started()
    content = body(uploaded(driver, replace(OFFER, mime=mime)))
    assert content["msgtype"] == msgtype
    assert content["info"] == {"size": SIZE, **({"mimetype": mime} if mime else {})}


@pytest.mark.parametrize(
    ("size", "limit", "words"),
    [
        (2_000_001, 2_000_000, "The server takes files of up to 2,000,000 bytes; this one has 2,000,001."),
        (3_100_000, 1_048_576, "The server takes files of up to 1.049 MB; this one has 3.1 MB."),
        (2, 1, "The server takes files of up to 1 byte; this one has 2 bytes."),
    ],
)
def test_what_is_too_large_is_refused_before_a_byte_leaves(size: int, limit: int, words: str) -> None:  # D1
    driver = started(limit=limit)
    assert give(driver, replace(OFFER, size=size)) == [FileRefused(7, "M_TOO_LARGE", words)]
    assert not driver.all_calls(UPLOAD)
    # What it may be is known from now on.
    driver.made.clear()
    assert give(driver, replace(OFFER, transfer=9, size=limit))[-1:] != []
    assert driver.asks(UPLOAD)
    assert not [call for call in driver.made if "config" in call.request.path]


def test_a_server_that_names_no_limit_says_it_when_it_has_one(  # D1
) -> None:
    driver = started(limit=-1)
    give(driver, OFFER)
    driver.refuse(CONFIG, 404, "M_UNRECOGNIZED")
    driver.answer(r"/_matrix/media/v3/config$", {"m.upload.size": "many"})
    driver.refuse(UPLOAD, 413, "M_TOO_LARGE", "Upload request body is too large")
    assert told(driver)[-1] == FileRefused(7, "M_TOO_LARGE", "The server takes no file of 100 kB.")


def test_an_upload_that_breaks_starts_again_and_says_so() -> None:  # D3
    driver = started()
    give(driver, OFFER)
    for seconds in (2.0, 4.0, 8.0, 16.0, 30.0, 30.0):
        driver.fail(UPLOAD, "the connection broke", sent=True)
        words = "The upload broke off (the connection broke); Matrix cannot resume uploads, so it starts again."
        assert told(driver) == [FileStopped(7, seconds, words)]
        assert give(driver, ResumeFile(7, PENDING, "", SIZE, MEMO.text())) == [FileTaken(7, PENDING, memo=MEMO.text())]
    driver.answer(UPLOAD, {"content_uri": MXC})
    assert driver.asks(SEND)


def test_429_and_faults_are_waited_for() -> None:  # B13
    driver = started()
    give(driver, OFFER)
    driver.refuse(UPLOAD, 429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after=17.0)
    assert told(driver) == [FileStopped(7, 17.0, "Too Many Requests")]
    give(driver, OFFER)
    driver.refuse(UPLOAD, 502)
    assert told(driver) == [FileStopped(7, 2.0, "The server has a fault (502).")]
    uploaded(driver)
    driver.refuse(SEND, 500, "M_UNKNOWN", "Internal server error")
    assert told(driver)[-1] == FileStopped(7, 4.0, "The server has a fault (500: Internal server error).")


def test_the_message_alone_goes_on_once_the_bytes_are_there() -> None:  # D3, B12
    driver = started()
    uploaded(driver)
    driver.fail(SEND, "the connection broke", sent=True)
    assert told(driver)[-1] == FileStopped(7, 2.0, "No answer: the connection broke.")
    assert give(driver, ResumeFile(7, MXC, "", SIZE, MEMO.text())) == [FileTaken(7, MXC, memo=MEMO.text(), done=SIZE)]
    assert not driver.all_calls(UPLOAD)
    again = driver.call(SEND)
    assert body(again)["url"] == MXC
    driver.answer(SEND, {"event_id": "$e"})
    assert told(driver)[-1] == FileDone(7, MXC, SIZE)


def test_each_try_of_a_file_has_the_same_transaction_and_no_other_file_has_it() -> None:  # B12
    others = (OFFER, OFFER, replace(OFFER, digest="1" + DIGEST[1:]), replace(OFFER, transfer=70))
    first, again, other, third = [uploaded(started(), offer).request.path for offer in others]
    assert first == again
    assert len({first, other, third}) == 3


@pytest.mark.parametrize(
    "answer", [{}, {"content_uri": 3}, {"content_uri": "https://x/y"}, {"content_uri": "mxc://x/../y"}, []]
)
def test_an_answer_without_an_address_is_no_upload(answer: object) -> None:  # B5
    driver = started()
    give(driver, OFFER)
    driver.raw(UPLOAD, answer)
    (stopped,) = told(driver)
    assert isinstance(stopped, FileStopped)
    assert not driver.asks("send")


def test_nothing_is_sent_to_an_encrypted_room() -> None:  # E12
    encrypted = section(ROOM, state=(event("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}, key=""),))
    driver = started(encrypted)
    (refused,) = give(driver, OFFER)
    assert isinstance(refused, FileRefused)
    assert refused.code == "ENCRYPTED"
    assert not driver.all_calls(UPLOAD)
    # One that was encrypted while the bytes were on their way gets no message either.
    driver = started()
    give(driver, OFFER)
    driver.sync("s2", encrypted)
    driver.answer(UPLOAD, {"content_uri": MXC})
    assert [item.code for item in told(driver) if isinstance(item, FileRefused)] == ["ENCRYPTED"]
    assert not driver.all_calls("send")


@pytest.mark.parametrize(
    "memo",
    ["", "{}", "[]", "[" * 9_000, '[7,"!r","a",1,"","7.1",0]', '[8,"!r","a",100000,"","7.1",0,0]', MEMO.text()[:-1]],
)
def test_a_memo_that_makes_no_sense_is_refused(memo: str) -> None:  # D3
    driver = started()
    (refused,) = give(driver, ResumeFile(7, PENDING, "", SIZE, memo))
    assert isinstance(refused, FileRefused)
    assert refused.code == "BADMEMO"


def test_a_memo_is_what_was_noted() -> None:  # D3
    assert read_memo(MEMO.text()) == MEMO


# ---------------------------------------------------------------- cancelled


def test_a_cancelled_upload_is_dropped() -> None:  # D5
    driver = started()
    give(driver, OFFER)
    call = driver.call(UPLOAD)
    assert give(driver, EndFile(7, PENDING, "", Ending.CANCELLED)) == [FileTold(7)]
    assert driver.hung_up == [call.id]
    assert not driver.asks("send")
    assert give(driver, EndFile(7, PENDING, "", Ending.CANCELLED)) == [FileTold(7)]


def test_a_message_that_may_have_left_is_taken_back(  # D5
) -> None:
    driver = started()
    uploaded(driver)
    told(driver)
    assert give(driver, EndFile(7, MXC, "", Ending.CANCELLED)) == []
    driver.refuse(SEND, 503)  # the server's fault is waited out
    driver.advance(2.0)
    driver.answer(SEND, {"event_id": "$e"})
    call = driver.call(REDACT)
    assert "%24e" in call.request.path
    assert not call.request.path.endswith(TXN)
    assert told(driver) == []
    driver.answer(REDACT, {"event_id": "$r"})
    assert told(driver) == [FileTold(7)]
    assert give(driver, EndFile(7, MXC, "", Ending.CANCELLED)) == [FileTold(7)]
    assert not driver.all_calls("send")


def test_a_message_in_doubt_is_taken_back_after_a_break_too() -> None:  # D5
    driver = started()
    uploaded(driver)
    driver.fail("sync")
    assert len(told(driver) + driver.hung_up) == 2, "its answer is not waited for"
    driver.advance(3.0)
    driver.sync("s2", section())
    assert driver.at(Link.ONLINE)
    assert give(driver, EndFile(7, MXC, "", Ending.CANCELLED)) == []
    driver.refuse(SEND, 403, "M_FORBIDDEN", "You are not in the room")
    assert told(driver) == [FileTold(7)]


def test_a_pause_drops_what_is_under_way() -> None:  # D4
    driver = started()
    give(driver, OFFER)
    give(driver, ACCEPT)
    calls = {driver.call(UPLOAD).id, driver.call(DOWNLOAD).id}
    assert give(driver, PauseFile(7)) == give(driver, PauseFile(8)) == []
    assert set(driver.hung_up) == calls


def test_a_break_forgets_downloads_and_what_only_asks() -> None:  # D3
    driver = started(limit=-1)
    give(driver, OFFER)
    give(driver, ACCEPT)
    asked = {driver.call(CONFIG).id, driver.call(DOWNLOAD).id}
    driver.fail("sync")
    assert told(driver) == []
    assert set(driver.hung_up) == asked
    driver.core.order(OFFER, driver.now)
    assert not driver.all_calls(CONFIG), "without a link nothing is ordered"


def again_online(driver: Driver) -> None:
    driver.fail("sync")
    driver.advance(3.0)
    driver.sync("s2", section())
    assert driver.at(Link.ONLINE)


def test_an_upload_outlives_a_break_of_the_stream() -> None:  # D3
    driver = started()
    give(driver, OFFER)
    call = driver.call(UPLOAD)
    meet(driver, Sent(call.id, 60_000))
    again_online(driver)
    assert driver.hung_up == []
    told(driver)
    resume = ResumeFile(7, PENDING, "", SIZE, MEMO.text())
    assert give(driver, resume) == [FileTaken(7, PENDING, memo=MEMO.text(), done=60_000)]
    assert driver.call(UPLOAD) is call
    assert give(driver, resume) == [FileTaken(7, PENDING, memo=MEMO.text())], "given twice, it begins again"
    assert driver.call(UPLOAD) is not call
    # It may come to its end in the meantime.
    driver.fail("sync")
    driver.answer(UPLOAD, {"content_uri": MXC})
    driver.answer(SEND, {"event_id": "$e"})
    assert told(driver)[-1] == FileDone(7, MXC, SIZE)


def test_an_upload_that_the_disk_has_ended_is_begun_anew() -> None:  # D3
    driver = started()
    give(driver, OFFER)
    call = driver.call(UPLOAD)
    driver.fail("sync")
    assert meet(driver, Stilled(call.id)) == []
    driver.advance(3.0)
    driver.sync("s2", section())
    give(driver, OFFER)
    assert driver.call(UPLOAD) is not call


def test_nothing_goes_on_after_the_end() -> None:  # D3
    driver = started()
    give(driver, OFFER)
    call = driver.call(UPLOAD)
    driver.core.stop(driver.now)
    assert told(driver) == []
    assert call.id in driver.hung_up


def test_a_cancel_that_crosses_the_answer_takes_the_message_back() -> None:  # D5
    driver = started()
    uploaded(driver)
    driver.answer(SEND, {"event_id": "$e"})
    told(driver)
    assert give(driver, EndFile(7, MXC, "", Ending.CANCELLED)) == []
    driver.answer(SEND, {"event_id": "$e"})
    driver.answer(REDACT, {"event_id": "$r"})
    assert told(driver) == [FileTold(7)]


# ---------------------------------------------------------------- and back


def test_a_file_is_fetched() -> None:  # D1
    driver = started()
    assert give(driver, ACCEPT) == []
    call = driver.call(DOWNLOAD)
    assert (call.request.download, call.token) == (Download(8, SIZE), "tok")
    assert meet(driver, Began(call.id, 0, SIZE, '"e"', True)) == [FileTaken(8, MXC, "on", '"e"', done=0, size=SIZE)]
    assert give(driver, KeptFile(8, 1_000)) == []
    driver.answer(DOWNLOAD, Fetched(SIZE))
    assert told(driver) == [FileDone(8, size=SIZE)]
    assert give(driver, EndFile(8, MXC, "on", Ending.DONE)) == [FileTold(8)]


def test_an_older_server_is_asked_in_its_own_way_and_without_the_token() -> None:  # D1
    driver = started()
    give(driver, ACCEPT)
    driver.refuse(DOWNLOAD, 404, "M_UNRECOGNIZED")
    call = driver.call(OLD_DOWNLOAD)
    assert (call.token, call.request.download) == ("", Download(8, SIZE))
    driver.answer(OLD_DOWNLOAD, Fetched(SIZE))
    assert told(driver) == [FileDone(8, size=SIZE)]


@pytest.mark.parametrize(
    ("resumes", "rest"),
    [
        (True, "it goes on where it was"),
        (False, "this server cannot resume downloads, so it starts again"),
    ],
)
def test_a_download_that_breaks_goes_on_and_says_from_where(resumes: bool, rest: str) -> None:  # D3
    driver = started()
    give(driver, ACCEPT)
    meet(driver, Began(driver.call(DOWNLOAD).id, 0, SIZE, '"e"', resumes))
    driver.fail(DOWNLOAD, "the server hung up", sent=True)
    assert told(driver) == [FileStopped(8, 2.0, f"The download broke off (the server hung up); {rest}.")]
    give(driver, replace(ACCEPT, done=40_000, ticket="on", memo='"e"'))
    assert driver.call(DOWNLOAD).request.download == Download(8, SIZE, 40_000, '"e"')
    driver.fail(DOWNLOAD)
    assert told(driver) == [FileStopped(8, 4.0, "No answer: connection refused.")]
    give(driver, KeptFile(8, 50_000))
    give(driver, ACCEPT)
    driver.fail(DOWNLOAD)
    assert told(driver) == [FileStopped(8, 2.0, "No answer: connection refused.")], "something had come meanwhile"


@pytest.mark.parametrize(
    ("answer", "status", "expected"),
    [
        (Refusal("M_NOT_FOUND", "Not found"), 404, FileRefused(8, "M_NOT_FOUND", GONE, gone=True)),
        (Refusal("M_FORBIDDEN", "No"), 403, FileRefused(8, "M_FORBIDDEN", "No")),
        (
            Unfit("The server has a file of another size."),
            200,
            FileRefused(8, "UNFIT", "The server has a file of another size."),
        ),
        (Refusal("M_LIMIT_EXCEEDED", "", 9.0), 429, FileStopped(8, 9.0, "The server asks for a pause.")),
        (Refusal("M_NOT_YET_UPLOADED", "Not yet"), 504, FileStopped(8, 2.0, "The server has a fault (504: Not yet).")),
        ({}, 200, FileStopped(8, 2.0, "The server's answer is no file.")),
    ],
)
def test_every_other_answer_to_a_download(answer: object, status: int, expected: FileNews) -> None:  # D9, B13
    driver = started()
    give(driver, ACCEPT)
    driver.answer(DOWNLOAD, answer, status)
    assert told(driver) == [expected]


@pytest.mark.parametrize(
    ("ref", "code"),
    [("", "NOADDRESS"), ("https://x/y", "NOADDRESS"), (f"encrypted:{MXC}", "ENCRYPTED"), ("mxc://x/../y", "NOADDRESS")],
)
def test_what_cannot_be_fetched_is_refused_in_a_sentence(ref: str, code: str) -> None:  # D8
    driver = started()
    (refused,) = give(driver, replace(ACCEPT, ref=ref))
    assert isinstance(refused, FileRefused)
    assert (refused.code, refused.text[-1], refused.gone) == (code, ".", False)
    assert driver.calls == driver.all_calls("sync")


# ---------------------------------------------------------------- offers


def brought(sender: str = BOB, event_id: str = "$f", **more: Any) -> Any:
    content = {"msgtype": "m.file", "body": "a.bin", "url": MXC, "info": {"size": 5}} | more
    return event(
        "m.room.message", {k: v for k, v in content.items() if v is not None}, sender=sender, event_id=event_id
    )


@pytest.mark.parametrize(
    ("more", "file"),
    [
        ({}, FileInfo("a.bin", 5, ref=MXC)),
        ({"info": None}, FileInfo("a.bin", -1, ref=MXC)),
        ({"info": {"size": 2**80}}, FileInfo("a.bin", -1, ref=MXC)),
        ({"info": {"size": -3, "mimetype": 7}}, FileInfo("a.bin", -1, ref=MXC)),
        ({"msgtype": "m.image", "body": "x\x1b[2J" * 100}, FileInfo(("x�[2J" * 100)[:255], 5, ref=MXC)),
        ({"body": "../../etc/passwd"}, FileInfo("../../etc/passwd", 5, ref=MXC)),
        ({"url": None}, None),
        ({"url": "https://evil.example/a"}, None),
        ({"url": None, "file": {"url": MXC, "v": "v2"}}, None),
    ],
)
def test_a_file_that_is_brought_is_an_offer(more: dict[str, Any], file: FileInfo | None) -> None:  # D1, D8
    driver = started()
    driver.sync("s2", section(ROOM, brought(**more)))
    offers = told(driver)
    assert offers == ([FileOffered(ROOM, "$f", BOB, file)] if file else [])


def test_neither_our_own_files_nor_those_of_before_are_offers() -> None:  # D1
    driver = Driver()
    driver.online(section(ROOM, brought(event_id="$before")))
    assert told(driver) == []
    driver.sync("s2", section(ROOM, brought(ME, "$own")))
    assert told(driver) == []
