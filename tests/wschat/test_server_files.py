"""The server's rules for files: offers, who gets them, what ends them, and what each of them answers (wschat 3.9)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.memory_storage import MemoryStorage
from chat_tui_wschat.server.sqlite_storage import SqliteStorage
from tests.wschat.file_stage import (
    CHUNK,
    GENEROUS,
    accept,
    chunks,
    content,
    events,
    offer,
    offered,
    stage_with,
    stored,
    taken,
)
from tests.wschat.wschat_peer import hear

BODY = content(7 * CHUNK + 5)

# ---------------------------------------------------------------- offers


def test_an_offer_is_an_item_of_the_timeline_and_counts_as_unread() -> None:  # D1, A17
    _, (ann, bob) = stage_with("ann", "bob")
    data = offered(ann, BODY, name="photo.png", mime="image/png")
    assert {key: data[key] for key in ("xid", "next", "pos", "fid")} == {"xid": "x1", "next": 1, "pos": 3, "fid": "f1"}
    (event,) = [one for one in bob.events() if one.words[1] == "file"]
    assert event.words == ("EVENT", "file", "OFFER", "general")
    assert {key: event.data[key] for key in ("fid", "pos", "from", "name", "size", "chunk", "mime")} == {
        "fid": "f1",
        "pos": 3,
        "from": "ann",
        "name": "photo.png",
        "size": len(BODY),
        "chunk": CHUNK,
        "mime": "image/png",
    }
    (item,) = bob.ok("HISTORY general LATEST * 1")["events"]
    assert item == {"type": "file", "action": "OFFER", **event.data}
    (room,) = bob.ok("LSCHANS")["channels"]
    assert (room["unread"], room["last"]["text"], room["pos"]) == (1, "photo.png", 3)


def test_an_offer_said_again_is_the_same_offer() -> None:  # D1, A14
    stage, (ann, bob) = stage_with("ann", "bob")
    first = ann.ask(f"@id=7 {offer(BODY)}")
    again = ann.ask(f"@id=7 {offer(BODY)}")
    assert (again.words, again.data, again.tags["dup"]) == (first.words, first.data, "1")
    assert events(bob) == ["OFFER general"]
    assert len(stage.rules.hall.shelf.files) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "."},
        {"name": ".."},
        {"name": "../x"},
        {"name": "/etc/x"},
        {"name": "C:\\x"},
        {"name": "a\nb"},
        {"name": "a\tb"},
        {"name": "é" * 128},
        {"name": 7},
        {"size": -1},
        {"size": 1.5},
        {"size": True},
        {"size": None},
        {"chunk": 0},
        {"chunk": 262_145},
        {"chunk": "16"},
        {"sha256": "0"},
        {"sha256": "A" * 64},
        {"sha256": None},
        {"mime": "text"},
        {"mime": "a b/c"},
        {"mime": 1},
    ],
    ids=repr,
)
def test_an_offer_that_makes_no_sense_changes_nothing(change: dict[str, Any]) -> None:  # D8
    stage, (ann, bob) = stage_with("ann", "bob")
    assert ann.code(offer(BODY, **change)) == "BADARGS"
    assert not stage.rules.hall.shelf.files
    assert bob.hear() == []


@pytest.mark.parametrize("name", ["a", "é" * 127, "a b,c.tar.gz", "-rf", ".hidden", "x" * 255])
def test_names_that_are_no_paths_are_passed_on(name: str) -> None:  # D8
    _, (ann, bob) = stage_with("ann", "bob")
    offered(ann, BODY, name=name)
    assert [one.data["name"] for one in bob.events()] == [name]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (replace(GENEROUS, file_max=len(BODY) - 1), "NOSPACE"),
        (replace(GENEROUS, file_quota=2 * len(BODY) - 1), "NOSPACE"),
        (replace(GENEROUS, file_count=1), "NOSPACE"),
        (replace(GENEROUS, file_transfers=1), "RATELIMIT"),
    ],
    ids=["file_max", "quota", "count", "transfers"],
)
def test_limits_of_files_are_kept_before_a_byte_is_sent(limits: Limits, code: str) -> None:
    stage, (ann, bob) = stage_with("ann", "bob", limits=limits)
    if limits.file_max >= len(BODY):
        offered(ann, BODY)
    bob.hear()
    assert ann.code(f"@id=200 {offer(BODY, name='b')}") == code
    assert bob.hear() == []
    assert len(stage.rules.hall.shelf.files) == (limits.file_max >= len(BODY))


def test_an_offer_that_came_too_early_may_come_again_with_the_same_id() -> None:  # A23
    _, (ann,) = stage_with("ann", limits=replace(GENEROUS, file_transfers=1))
    first = offered(ann, BODY)
    assert ann.ask(f"@id=200 {offer(BODY, name='b')}").tags["retry"] == "5"
    ann.ok(f"FILE CANCEL {first['fid']}")
    assert ann.ask(f"@id=200 {offer(BODY, name='b')}").words[0] == "CONFIRM"


def test_a_file_in_a_direct_channel_brings_the_other_side_back() -> None:
    _, (ann, bob) = stage_with("ann", "bob")
    ann.ok("CREATE @ann+bob")
    bob.ok("PART @ann+bob")
    bob.hear()
    offered(ann, BODY, room="@ann+bob")
    assert events(bob) == ["OFFER @ann+bob"]


# ---------------------------------------------------------------- up


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, len(BODY)])
def test_all_sizes_arrive_byte_for_byte(size: int) -> None:  # D1
    _, (ann, bob) = stage_with("ann", "bob")
    body = content(size)
    file = stored(ann, body)
    assert events(bob) == ["OFFER general", f"STORED {file['fid']}"]
    xid = accept(bob, file["fid"])
    assert taken(bob, xid) == body
    bob.ok(f"FILE DONE {xid}")
    heard = events(ann)
    assert heard[-3:] == [f"ACCEPT {xid}", f"ACK {xid}", f"DONE {xid}"]


def test_each_acknowledgement_means_that_the_chunks_are_kept() -> None:  # D4
    stage, (ann,) = stage_with("ann")
    file = offered(ann, BODY)
    for number, frame in enumerate(chunks(file["xid"], BODY), 1):
        (ack,) = [one for one in map(hear, ann.say(frame)) if one.words[2] == "ACK"]
        assert ack.data == {"n": number, "bytes": min(len(BODY), number * CHUNK)}
        assert stage.store.load(0).files[0].stored == number
        assert stage.store.chunks.read(1, 0, len(BODY)) == BODY[: number * CHUNK]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([b"x1 2 " + BODY[CHUNK : 2 * CHUNK]], "FILECHUNK"),
        ([b"x1 1 " + BODY[: CHUNK - 1]], "FILECHUNK"),
        ([b"x1 1 " + BODY[: CHUNK + 1]], "FILECHUNK"),
        ([*chunks("x1", BODY), b"x1 9 "], "FILECHUNK"),
        ([b"x1 99 " + BODY[:CHUNK]], "FILECHUNK"),
        ([b"x2 1 " + BODY[:CHUNK]], "NOTFOUND"),
    ],
    ids=["skipped", "short", "long", "after the end", "past the end", "unknown"],
)
def test_chunks_that_are_not_next_end_the_upload(frames: list[bytes], code: str) -> None:  # D2
    _, (ann, bob) = stage_with("ann", "bob")
    offered(ann, BODY)
    bob.hear()
    replies = [hear(one) for one in ann.say(*frames)]
    assert [one.words[1] for one in replies if one.words[0] == "ERROR"] == [code]
    failed = [one.data for one in bob.events() if one.words[2] == "FAIL"]
    assert failed == [{"fid": "f1", "reason": "CHUNK"}] * (code == "FILECHUNK")


def test_a_chunk_that_came_before_is_acknowledged_again_and_not_written() -> None:  # D2
    stage, (ann,) = stage_with("ann")
    offered(ann, BODY)
    first, second = chunks("x1", BODY)[:2]
    ann.say(first, second)
    (ack,) = [hear(one) for one in ann.say(b"x1 1 " + b"?" * CHUNK)]
    assert ack.data["n"] == 2
    assert stage.store.chunks.read(1, 0, CHUNK) == BODY[:CHUNK]


def test_chunks_beyond_the_window_are_not_taken() -> None:  # D2
    stage, (ann,) = stage_with("ann", limits=replace(GENEROUS, window=2))
    offered(ann, BODY)
    for frame in chunks("x1", BODY)[:3]:  # none of them is durable before all of them came
        stage.rules.received(ann.number, frame, stage.now)
    stage.settle()
    assert [one.words[1] for one in map(hear, ann.hear()) if one.words[0] == "ERROR"] == ["FILECHUNK"]


def test_chunk_nought_means_that_the_sender_gave_up() -> None:  # D2, D5
    _, (ann, bob) = stage_with("ann", "bob")
    file = offered(ann, BODY)
    bob.hear()
    ann.say(b"x1 0 ")
    assert events(bob) == [f"CANCEL {file['fid']}"]
    assert bob.code(f"FILE ACCEPT {file['fid']} 1") == "FILESTATE"


@pytest.mark.parametrize(
    "wrong", [BODY[::-1], BODY[:-1] + b"?", BODY[CHUNK : 2 * CHUNK] + BODY[:CHUNK] + BODY[2 * CHUNK :]]
)
def test_a_file_that_is_not_what_was_offered_is_dead(wrong: bytes) -> None:  # D9
    _, (ann, bob) = stage_with("ann", "bob")
    file = offered(ann, BODY)
    xid = accept(bob, file["fid"])
    for frame in chunks("x1", wrong):
        ann.say(frame)
    (failed,) = [one for one in bob.events() if one.words[2] == "FAIL"]
    assert (failed.words[3], failed.data) == (file["fid"], {"fid": file["fid"], "reason": "DIGEST"})
    assert bob.code(f"FILE DONE {xid}") == "FILESTATE"
    assert ann.code(f"FILE RESUME {file['xid']}") == "FILESTATE"


class Unwilling(MemoryStorage):
    """Its disk takes no chunk from some moment on."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        keep = self.chunks.keep

        def refuse(file: int, offset: int, parts: list[bytes]) -> None:
            if self.full:
                raise OSError(28, "No space left on device")
            keep(file, offset, parts)

        self.chunks.keep = refuse  # type: ignore[method-assign,assignment]


def test_a_full_disk_lets_an_upload_wait_and_nothing_is_lost() -> None:  # D4
    store = Unwilling()
    _, (ann, bob) = stage_with("ann", "bob", store=store)
    offered(ann, BODY)
    frames = chunks("x1", BODY)
    ann.say(*frames[:3])
    store.full = True
    (ack,) = [hear(one) for one in ann.say(frames[3])]
    assert ack.data == {"n": 3, "bytes": 3 * CHUNK, "wait": 30.0}
    assert [hear(one).words[1] for one in ann.say(frames[4])] == ["FILESTATE"], "it must be resumed first"
    assert ann.ok("MSG general chat goes on")
    store.full = False
    assert ann.ok("FILE RESUME x1")["next"] == 4
    ann.say(*frames[3:])
    assert events(bob)[-1] == "STORED f1"


# ---------------------------------------------------------------- down


def test_a_recipient_is_fed_while_the_upload_runs_and_never_beyond_the_window() -> None:  # D1, D6
    _, (ann, bob) = stage_with("ann", "bob", limits=replace(GENEROUS, window=2))
    file = offered(ann, BODY)
    xid = accept(bob, file["fid"])
    assert bob.chunks == []
    frames = chunks("x1", BODY)
    ann.say(frames[0])
    assert [number for _, number, _ in bob.chunks] == [1]
    for frame in frames[1:]:
        ann.say(frame)
    assert [number for _, number, _ in bob.chunks] == [1, 2]
    bob.say(f"FILE ACK {xid} 1")
    assert [number for _, number, _ in bob.chunks] == [1, 2, 3]
    assert taken(bob, xid) == BODY


def test_an_acknowledgement_is_not_answered_unless_it_asks_for_it() -> None:  # D4
    _, (ann, bob) = stage_with("ann", "bob")
    xid = accept(bob, stored(ann, BODY)["fid"])
    bob.hear()
    assert bob.say(f"FILE ACK {xid} 1") == []
    assert bob.ask(f"@id=9 FILE ACK {xid} 2").words == ("CONFIRM", "FILE", "ACK", xid)
    assert bob.say(f"FILE ACK {xid} 1", f"FILE ACK {xid} 99") == [], "what is no news changes nothing"
    assert bob.code("FILE ACK x99 1") == "NOTFOUND"
    assert ann.code(f"FILE ACK {xid} 3") == "NOTFOUND", "another's download"


def test_acknowledgements_and_chunks_are_not_counted_as_commands() -> None:  # A23
    _, (ann, bob) = stage_with("ann", "bob", limits=replace(GENEROUS, burst=8, refill=0.001))
    file = stored(ann, BODY)
    xid = accept(bob, file["fid"])
    bob.hear()
    for _ in range(50):
        assert bob.say(f"FILE ACK {xid} 1") == []
    assert ann.end() == bob.end() == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("FILE ACCEPT f9 1", "NOTFOUND"),
        ("FILE ACCEPT f1 0", "BADARGS"),
        ("FILE ACCEPT f1 10", "BADARGS"),
        ("FILE ACCEPT f1", "BADARGS"),
        ("FILE RESUME x1", "NOTFOUND"),
        ("FILE DONE x9", "NOTFOUND"),
        ("FILE FAIL x1 DIGEST", "NOTFOUND"),
        ("FILE CANCEL f1", "NOPERM"),
        ("FILE CANCEL x1", "NOTFOUND"),
        ("FILE CANCEL f9", "NOTFOUND"),
        ("FILE SEND f1", "BADARGS"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(command: str, code: str) -> None:  # A22
    stage, (ann, bob) = stage_with("ann", "bob")
    stored(ann, BODY)
    before = stage.store.load(0)
    assert bob.code(command) == code
    after = stage.store.load(0)
    assert (after.files, after.downloads) == (before.files, before.downloads)


def test_who_cannot_see_the_channel_does_not_learn_of_its_files() -> None:
    stage, (ann, bob) = stage_with("ann", "bob")
    cid = stage.sign_in("cid", "file")
    file = stored(ann, BODY)
    assert cid.code(f"FILE ACCEPT {file['fid']} 1") == "NOTJOINED"
    ann.ok('CREATE den {"private":true}')
    hidden = stored(ann, BODY, 200, room="den")
    assert bob.code(f"FILE ACCEPT {hidden['fid']} 1") == "NOTFOUND"
    assert bob.code(f"FILE CANCEL {hidden['fid']}") == "NOTFOUND"


# ---------------------------------------------------------------- resume


@pytest.mark.parametrize("at", range(9))
def test_an_upload_goes_on_from_what_was_kept(at: int) -> None:  # D3
    stage, (ann, bob) = stage_with("ann", "bob")
    file = offered(ann, BODY)
    frames = chunks("x1", BODY)
    ann.say(*frames[:at])
    ann.lose()
    back = stage.connect()
    back.ok(f"RESUME {ann.sid} 0")
    if at < len(frames):
        assert [hear(one).words[1] for one in back.say(frames[0]) if one.startswith("ERROR")] == ["FILESTATE"]
    data = back.ok(f"FILE RESUME {file['xid']}")
    assert (data["next"], data["bytes"], data.get("stored", False)) == (at + 1, min(at * CHUNK, len(BODY)), at == 8)
    back.say(*chunks("x1", BODY, first=data["next"]))
    assert events(bob)[-1] == "STORED f1"
    assert taken(bob, accept(bob, "f1")) == BODY


def test_chunks_that_are_just_being_stored_need_not_come_again() -> None:  # D3
    stage, (ann, bob) = stage_with("ann", "bob", limits=replace(GENEROUS, window=2))
    file = offered(ann, BODY)
    frames = chunks("x1", BODY)
    for frame in frames[:2]:
        stage.rules.received(ann.number, frame, stage.now)
    jobs = stage.rules.jobs()
    ann.lose()
    back = stage.connect()
    back.ok(f"RESUME {ann.sid} 0")
    assert back.ok(f"FILE RESUME {file['xid']}")["next"] == 3
    for frame in frames[2:4]:  # none of them is beyond the window
        stage.rules.received(back.number, frame, stage.now)
    for job in (*jobs, *stage.rules.jobs()):
        stage._do(job)
    stage.settle()
    assert not [one for one in map(hear, back.hear()) if one.words[0] == "ERROR"]
    for frame in frames[4:]:
        back.say(frame)
    assert events(bob)[-1] == "STORED f1"


@pytest.mark.parametrize("engine", ["memory", "sqlite"])
@pytest.mark.parametrize("at", range(9))
def test_both_go_on_after_the_server_was_restarted(at: int, engine: str, tmp_path: Path) -> None:  # D3, D13
    store = MemoryStorage() if engine == "memory" else SqliteStorage(tmp_path / "server.db")
    stage, (ann, bob) = stage_with("ann", "bob", store=store)
    file = offered(ann, BODY)
    xid = accept(bob, file["fid"])
    ann.say(*chunks("x1", BODY)[:at])
    got = taken(bob, xid)
    assert got == BODY[: at * CHUNK]
    if engine == "sqlite":
        stage.store.close()
        stage.store = SqliteStorage(tmp_path / "server.db")
    stage.restart()
    ann, bob = stage.sign_in("ann", "file"), stage.sign_in("bob", "file")
    data = ann.ok(f"FILE RESUME {file['xid']}")
    assert data["next"] == at + 1
    assert [(one["xid"], one["by"], one["state"]) for one in data["recipients"]] == [(xid, "bob", "open")]
    assert accept(bob, file["fid"], at + 1) == xid, "the same download"
    ann.say(*chunks("x1", BODY, first=at + 1))
    assert got + taken(bob, xid) == BODY
    bob.ok(f"FILE DONE {xid}")
    assert events(ann)[-1] == f"DONE {xid}"
    stage.store.close()


def test_a_file_whose_last_chunk_came_just_before_the_end_is_checked_after_it() -> None:  # D3, D9
    stage, (ann, bob) = stage_with("ann", "bob")
    offered(ann, BODY)
    for frame in chunks("x1", BODY):
        stage.rules.received(ann.number, frame, stage.now)
        for job in stage.rules.jobs():
            stage._do(job)
    batch = stage.rules.take()
    assert batch is not None
    stage.store.commit(batch.writes, batch.reads)
    assert stage.store.load(0).files[0].state == "open"
    stage.restart()
    bob = stage.sign_in("bob", "file")
    stage.settle()
    assert stage.store.load(0).files[0].state == "stored"
    assert taken(bob, accept(bob, "f1")) == BODY


def test_numbers_are_never_given_again(tmp_path: Path) -> None:  # D3
    limits = replace(GENEROUS, file_ttl=100.0)
    stage, (ann, bob) = stage_with("ann", "bob", limits=limits, store=SqliteStorage(tmp_path / "server.db"))
    xid = accept(bob, stored(ann, BODY)["fid"])
    assert xid == "x2"
    stage.wait(101)
    stage.restart()
    ann = stage.sign_in("ann", "file")
    file = offered(ann, BODY, 300)
    assert (file["fid"], file["xid"]) == ("f2", "x3")
    stage.store.close()


def test_two_devices_of_one_user_get_a_file_each_in_their_own_way() -> None:  # D10
    stage, (ann, bob) = stage_with("ann", "bob")
    phone = stage.sign_in("bob", "file", device="phone")
    file = stored(ann, BODY)
    ways = [accept(one, file["fid"]) for one in (bob, phone)]
    assert len(set(ways)) == 2
    assert [taken(one, xid) for one, xid in zip((bob, phone), ways, strict=True)] == [BODY, BODY]
    phone.hear()
    bob.ok(f"FILE DONE {ways[0]}")
    assert events(phone) == []


def test_accepting_again_sends_nothing_twice_beside_each_other() -> None:  # D3
    _, (ann, bob) = stage_with("ann", "bob")
    file = stored(ann, BODY)
    xid = accept(bob, file["fid"])
    assert accept(bob, file["fid"], 3) == xid
    numbers = [number for _, number, _ in bob.chunks]
    assert numbers == [*range(1, 9), *range(3, 9)], "what left before the answer is before it"


# ---------------------------------------------------------------- several recipients


def test_each_recipient_has_their_own_progress_and_the_offerer_hears_of_all() -> None:  # D10
    stage, (ann, bob, cid, dan) = stage_with("ann", "bob", "cid", "dan")
    file = stored(ann, BODY)
    ways = {one: accept(one, file["fid"]) for one in (bob, cid, dan)}
    ann.hear()
    bob.say(f"FILE ACK {ways[bob]} 3")
    stage.wait(1)
    cid.say(f"FILE ACK {ways[cid]} 8")
    cid.ok(f"FILE DONE {ways[cid]}")
    dan.ok(f"FILE CANCEL {ways[dan]} no room")
    heard = [(one.words[2], one.words[3], one.data.get("by"), one.data.get("bytes")) for one in ann.events()]
    assert heard == [
        ("ACK", ways[bob], "bob", 3 * CHUNK),
        ("ACK", ways[cid], "cid", len(BODY)),
        ("DONE", ways[cid], "cid", None),
        ("CANCEL", ways[dan], "dan", None),
    ]
    states = {one["by"]: (one["state"], one["bytes"]) for one in ann.ok("FILE RESUME x1")["recipients"]}
    assert states == {"bob": ("open", 3 * CHUNK), "cid": ("done", len(BODY)), "dan": ("cancelled", 0)}


# ---------------------------------------------------------------- the end


@pytest.mark.parametrize("when", ["before accept", "while it runs", "when stored"])
def test_the_offerer_cancels_and_everybody_hears_it_once(when: str) -> None:  # D5
    stage, (ann, bob) = stage_with("ann", "bob")
    file = offered(ann, BODY)
    xid = accept(bob, file["fid"]) if when != "before accept" else ""
    ann.say(*chunks("x1", BODY)[: 8 if when == "when stored" else 3])
    bob.hear()
    ann.ok(f"FILE CANCEL {file['fid']} changed my mind")
    assert [(one.words[2:4], one.data) for one in bob.events()] == [
        (("CANCEL", "f1"), {"fid": "f1", "by": "ann", "reason": "changed my mind"})
    ]
    bob.chunks.clear()
    assert [hear(one).words[0] for one in ann.say(*chunks("x1", BODY)[3:])] == [], "late chunks mean nothing"
    for command in ("FILE CANCEL f1", "FILE CANCEL x1", "FILE RESUME x1"):
        assert ann.code(command) == "FILESTATE"
    assert bob.code("FILE ACCEPT f1 1") == "FILESTATE"
    if xid:
        assert bob.say(f"FILE ACK {xid} 1") == []
        assert bob.code(f"FILE DONE {xid}") == "FILESTATE"
    assert bob.hear() == []
    assert bob.chunks == []
    with pytest.raises(OSError, match="no such file"):
        stage.store.chunks.read(1, 0, 1)


def test_a_recipient_cancels_and_only_that_download_ends() -> None:  # D6, D10
    _, (ann, bob, cid) = stage_with("ann", "bob", "cid")
    file = stored(ann, BODY)
    ways = [accept(one, file["fid"]) for one in (bob, cid)]
    bob.ok(f"FILE CANCEL {ways[0]}")
    assert bob.code(f"FILE CANCEL {ways[0]}") == "FILESTATE"
    assert bob.code(f"FILE DONE {ways[0]}") == "FILESTATE"
    assert taken(cid, ways[1]) == BODY
    cid.ok(f"FILE DONE {ways[1]}")
    assert cid.code(f"FILE CANCEL {ways[1]}") == "FILESTATE", "what is done is done"
    bob.chunks.clear()
    again = accept(bob, file["fid"])
    assert again not in ways
    assert taken(bob, again) == BODY


def test_the_offerer_may_end_one_download() -> None:  # D5, D10
    _, (ann, bob, cid) = stage_with("ann", "bob", "cid")
    file = stored(ann, BODY)
    ways = [accept(one, file["fid"]) for one in (bob, cid)]
    for one in (bob, cid):
        one.hear()
    ann.ok(f"FILE CANCEL {ways[0]}")
    assert (events(bob), events(cid)) == ([f"CANCEL {ways[0]}"], [])
    assert taken(cid, ways[1]) == BODY


def test_a_finished_upload_can_only_be_cancelled_as_a_file() -> None:  # D5
    _, (ann,) = stage_with("ann")
    file = stored(ann, BODY)
    assert ann.code("FILE CANCEL x1") == "FILESTATE"
    assert ann.code("FILE FAIL x1 IO") == "FILESTATE"
    ann.ok(f"FILE CANCEL {file['fid']}")


def test_an_upload_that_cannot_go_on_fails_for_all() -> None:  # D3
    _, (ann, bob) = stage_with("ann", "bob")
    offered(ann, BODY)
    bob.hear()
    ann.ok("FILE FAIL x1 IO")
    assert [(one.words[2:4], one.data) for one in bob.events()] == [
        (("FAIL", "f1"), {"fid": "f1", "by": "ann", "reason": "IO"})
    ]


def test_a_recipient_whose_copy_is_wrong_says_so() -> None:  # D9
    _, (ann, bob) = stage_with("ann", "bob")
    xid = accept(bob, stored(ann, BODY)["fid"])
    ann.hear()
    bob.ok(f"FILE FAIL {xid} DIGEST")
    assert [(one.words[2:4], one.data) for one in ann.events()] == [
        (("FAIL", xid), {"fid": "f1", "by": "bob", "reason": "DIGEST"})
    ]


def test_done_comes_only_after_the_file_has_arrived() -> None:  # D9
    _, (ann, bob) = stage_with("ann", "bob")
    file = offered(ann, BODY)
    xid = accept(bob, file["fid"])
    assert bob.code(f"FILE DONE {xid}") == "FILESTATE"


def test_files_end_with_their_time() -> None:  # D13
    stage, (ann, bob) = stage_with("ann", "bob", limits=replace(GENEROUS, file_ttl=100.0, heartbeat=1e6))
    stored(ann, BODY)
    xid = accept(bob, "f1")
    bob.hear()
    stage.wait(99)
    assert bob.hear() == []
    stage.wait(2)
    assert [(one.words[2:4], one.data["reason"]) for one in bob.events()] == [(("CANCEL", "f1"), "expired")]
    assert bob.code("FILE ACCEPT f1 1") == "NOTFOUND"
    assert bob.code(f"FILE CANCEL {xid}") == "NOTFOUND"
    loaded = stage.store.load(0)
    assert (loaded.files, loaded.downloads) == ([], [])
    assert len(bob.ok("HISTORY general LATEST * 1")["events"]) == 1, "the offer stays in the timeline"


def test_files_end_with_their_time_after_a_restart_too() -> None:  # D13
    stage, (ann, bob) = stage_with("ann", "bob", limits=replace(GENEROUS, file_ttl=100.0, heartbeat=1e6))
    stored(ann, BODY)
    stage.now += 60
    stage.restart()
    bob = stage.sign_in("bob", "file")
    stage.wait(30)
    assert accept(bob, "f1")
    stage.wait(11)
    assert bob.code("FILE ACCEPT f1 1") == "NOTFOUND"


def test_space_that_a_file_took_is_free_again_when_it_has_ended() -> None:
    _, (ann,) = stage_with("ann", limits=replace(GENEROUS, file_quota=len(BODY)))
    for number in (100, 200, 300):
        file = stored(ann, BODY, number)
        assert ann.code(f"@id={number + 1} {offer(BODY)}") == "NOSPACE"
        ann.ok(f"FILE CANCEL {file['fid']}")


@pytest.mark.parametrize("how", ["PART general", "KICK", "DELETE general"])
def test_who_leaves_neither_gets_nor_sends_files_any_more(how: str) -> None:
    stage, (ann, bob) = stage_with("ann", "bob")
    mine, theirs = stored(ann, BODY), offered(bob, BODY, 200)
    xid = accept(bob, mine["fid"])
    ann.hear()
    if how == "KICK":
        ann.ok("KICK general bob")
    else:
        (ann if "DELETE" in how else bob).ok(how)
    shelf = stage.rules.hall.shelf
    assert shelf.downloads[int(xid[1:])].state.value == "cancelled"
    assert shelf.files[2].state.value == "cancelled"
    assert shelf.files[1].alive is ("DELETE" not in how)
    assert bob.code(f"FILE ACCEPT {theirs['fid']} 1") in {"NOTJOINED", "NOTFOUND", "FILESTATE"}


def test_deleting_the_message_withdraws_the_file() -> None:  # D5
    _, (ann, bob) = stage_with("ann", "bob")
    file = stored(ann, BODY)
    accept(bob, file["fid"])
    bob.hear()
    for one in (ann, bob):
        assert one.code(f"CHAT general  x.msg.update {file['pos']} x.text:1 a ") == "NOPERM"
    assert bob.ok(f"CHAT general  w.msg.react {file['pos']},add x.text:1 + ")["id"] == file["id"]
    ann.ok(f"CHAT general  x.msg.delete {file['pos']}  ")
    assert [one.data.get("reason") for one in bob.events() if one.words[2] == "CANCEL"] == ["deleted"]
    (item,) = bob.ok("HISTORY general LATEST * 1")["events"]
    assert (item["type"], item["action"], item["id"]) == ("message", "DELETE", file["id"])


def test_who_wants_no_file_events_gets_none() -> None:  # A4
    stage, (ann, _) = stage_with("ann", "bob")
    quiet = stage.sign_in("cid", "message")
    quiet.ok("JOIN general")
    stored(ann, BODY)
    assert events(quiet) == []


def test_nothing_about_files_is_done_before_signing_in() -> None:  # A10
    stage, _ = stage_with("ann")
    new = stage.connect()
    new.hear()
    assert [hear(one).words[:3] for one in new.say(offer(BODY), b"x1 1 abc")] == [
        ("ERROR", "BADSTATE", "FILE"),
        ("ERROR", "BADSTATE", "FILE"),
    ]


def test_what_is_offered_is_json_of_eight_levels_at_most() -> None:
    _, (ann,) = stage_with("ann")
    deep: object = 1
    for _ in range(9):
        deep = {"a": deep}
    assert ann.code(f"FILE OFFER general {json.dumps({'name': deep})}") == "BADFRAME"
