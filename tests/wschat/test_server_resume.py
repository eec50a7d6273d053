"""Sessions that lost their socket: resume, replay, snapshots, expiry. Rules only, no I/O."""

from __future__ import annotations

import dataclasses

import pytest

from tests.wschat.rules_stage import GENEROUS, Client, Stage, token_of
from tests.wschat.wschat_peer import hear

# ---------------------------------------------------------------- A11: resume with replay


def chatter(stage: Stage, count: int, said: str = "line") -> Client:
    ann = stage.sign_in("ann", device="writer")
    ann.say("CREATE general", *[f"MSG general {said} {number}" for number in range(count)])
    return ann


def listener(stage: Stage) -> Client:
    bob = stage.sign_in("bob", "message")
    bob.say("JOIN general")
    return bob


def test_a_resumed_session_hears_what_it_missed_byte_by_byte() -> None:  # A11
    stage = Stage()
    ann = chatter(stage, 0)
    bob = listener(stage)
    sent = [*bob.say("@id=5 MSG general mine")]
    ann.say("MSG general one", "MSG general two")
    live = [frame for frame in (*sent, *bob.hear()) if "EVENT" in frame]
    assert live[0].startswith("@seq=1;id=5 EVENT")
    bob.lose()
    ann.say("MSG general three")
    again = stage.connect()
    again.hear()
    heard = again.say(f"@id=9 RESUME {bob.sid} 0", "LSEVENTS")
    assert heard[0] == f'@id=9 CONFIRM RESUME {bob.sid} {{"from":1,"to":4}}'
    assert heard[1:4] == live
    assert hear(heard[4]).tags == {"seq": "4"}
    assert heard[5] == f'EVENT session RESUMED {bob.sid} {{"seq":4}}'
    assert heard[6] == 'CONFIRM LSEVENTS {"events":["message"]}'
    ann.say("MSG general four")
    assert [hear(frame).tags["seq"] for frame in again.hear()] == ["5"]


def test_what_was_acknowledged_is_not_kept_but_what_was_not_is() -> None:  # A11
    stage = Stage()
    ann = chatter(stage, 0)
    bob = listener(stage)
    ann.say(*[f"MSG general {n}" for n in range(6)])
    bob.say("PING 4")
    session = stage.rules.hall.sessions[bob.sid]
    assert len(session.replay) == 2
    bob.say("PING 3", "PING 0", "PING 99")
    assert len(session.replay) == 0
    ann.say("MSG general more")
    bob.lose()
    heard = stage.connect().say(f"RESUME {bob.sid} 6")
    assert hear(heard[0 if "RESUME" in heard[0] else 1]).data == {"from": 7, "to": 7}


@pytest.mark.parametrize(
    ("sid", "last", "code"), [("{sid}", 99, "BADSEQ"), ("k3J9xQ2mP0vTz7aB", 0, "NOSESSION"), ("{sid}x", 0, "NOSESSION")]
)
def test_a_resume_that_cannot_be_leaves_the_socket_open(sid: str, last: int, code: str) -> None:  # A11
    stage = Stage()
    bob = stage.sign_in("bob")
    bob.lose()
    client = stage.connect()
    assert client.code(f"RESUME {sid.format(sid=bob.sid)} {last}") == code
    assert client.end() == 0
    assert client.ok(f"RESUME {bob.sid} 0")


def test_a_session_resumed_twice_belongs_to_the_later_socket() -> None:  # A11
    stage = Stage()
    first = stage.sign_in("bob", "message")
    second, third = stage.connect(), stage.connect()
    second.ok(f"RESUME {first.sid} 0")
    third.ok(f"RESUME {first.sid} 0")
    for old in (first, second):
        assert old.end() == 4005
        assert [event.words[2] for event in old.events()][-1] == "BYE"
    assert third.ok("LSEVENTS") == {"events": ["message"]}


def test_a_bare_s0_session_cannot_be_resumed() -> None:
    stage = Stage()
    bob = stage.sign_in("bob", tagged=False)
    bob.lose()
    assert stage.connect().code(f"RESUME {bob.sid} 0") == "NOSESSION"
    assert stage.rules.hall.users["bob"].state == "offline"


def test_a_detached_session_expires() -> None:
    stage = Stage()
    bob = stage.sign_in("bob")
    bob.lose()
    stage.wait(299)
    again = stage.connect()
    again.ok(f"RESUME {bob.sid} 0")
    again.lose()
    stage.wait(299)
    assert bob.sid in stage.rules.hall.sessions
    stage.wait(2)
    assert bob.sid not in stage.rules.hall.sessions


def test_quit_ends_the_session_at_once() -> None:
    stage = Stage()
    bob = stage.sign_in("bob")
    assert bob.say("@id=3 QUIT see you") == ["@id=3 CONFIRM QUIT"]
    assert bob.end() == 1000
    assert stage.connect().code(f"RESUME {bob.sid} 0") == "NOSESSION"


# ---------------------------------------------------------------- A12: snapshots


def test_after_an_overrun_come_snapshots_and_history_fills_the_gap() -> None:  # A12
    stage = Stage(dataclasses.replace(GENEROUS, replay_max=10))
    ann = chatter(stage, 0)
    ann.ok("CREATE other")
    bob = listener(stage)
    bob.ok("JOIN other")
    bob.ok("READ general 2")
    ann.say("MSG general seen")
    bob.lose()
    ann.say(*[f"MSG general missed {number}" for number in range(150)], "TOPIC general news", "DELETE other")
    client = stage.connect()
    client.hear()
    confirm, *rest = map(hear, client.say(f"RESUME {bob.sid} 1"))
    assert confirm.data == {"gap": True, "seq": 151}
    snapshot, resumed = rest
    assert snapshot.head == "EVENT session SNAPSHOT general"
    assert snapshot.data == {"topic": "news", "pos": 154, "members": ["ann", "bob"], "read": 2}
    assert (resumed.head, resumed.data) == (f"EVENT session RESUMED {bob.sid}", {"seq": 151})
    filled: list[int] = []
    more, last = True, 3
    while more:
        page = client.ok(f"HISTORY general AFTER {last} 100")
        filled += [item["pos"] for item in page["events"]]
        more, last = page["more"], filled[-1]
    assert filled == list(range(4, 155))
    ann.say("MSG general live")
    assert [event.tags["seq"] for event in client.events()] == ["152"]


@pytest.mark.parametrize(("last", "covered"), [(20, True), (19, True), (10, True), (9, False), (0, False)])
def test_the_replay_covers_exactly_what_is_kept(last: int, covered: bool) -> None:  # A12
    stage = Stage(dataclasses.replace(GENEROUS, replay_max=10))
    ann = chatter(stage, 0)
    bob = listener(stage)
    ann.say(*[f"MSG general {number}" for number in range(20)])
    bob.lose()
    client = stage.connect()
    client.hear()
    heard = [hear(frame) for frame in client.say(f"RESUME {bob.sid} {last}")]
    assert ("gap" in heard[0].data) is not covered
    seqs = [int(frame.tags["seq"]) for frame in heard if "seq" in frame.tags]
    assert seqs == (list(range(last + 1, 21)) if covered else [])


def test_after_a_restart_sessions_are_gone_and_the_rest_is_there() -> None:  # A12
    stage = Stage()
    chatter(stage, 3)
    bob = listener(stage)
    stage.restart()
    client = stage.connect()
    assert client.code(f"RESUME {bob.sid} 0") == "NOSESSION"
    client.ok(f"AUTH TOKEN laptop {token_of('bob', 'laptop')}")
    assert client.ok("LSSUBS")["channels"] == ["general"]
    assert [item["pos"] for item in client.ok("HISTORY general LATEST * 9")["events"]] == [1, 2, 3, 4, 5]
