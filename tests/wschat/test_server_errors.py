"""Every error code that this server gives, provoked: one answer, labelled, nothing changed. Rules only, no I/O."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from chat_tui_wschat.server import rulebook
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.rulebook import Rule
from chat_tui_wschat.server.turn import Turn
from tests.wschat.rules_stage import Client, Stage
from tests.wschat.wschat_peer import hear

Where = Callable[[Stage], Client]


def fresh(stage: Stage) -> Client:
    client = stage.connect()
    client.hear()
    return client


def member(stage: Stage) -> Client:
    """Bob, in general and not in closed, who is not the moderator of either."""
    stage.sign_in("ann").say("CREATE general", "CREATE closed", 'CREATE secret {"private":true}')
    bob = stage.sign_in("bob")
    bob.say("@id=1 JOIN general")
    return bob


CASES: list[tuple[str, Where, str, str]] = [
    ("BADFRAME", member, "@id=5 MSG  general hi", "MSG"),
    ("BADFRAME", member, "@id=5 JOIN general\x00", "JOIN"),
    ("BADFRAME", member, '@id=5 CREATE new {"a"}', "CREATE"),
    ("BADFRAME", member, "@id=5 CREATE new " + '{"a":' * 9 + "1" + "}" * 9, "CREATE"),
    ("BADCMD", member, "@id=5 NICK bob", "NICK"),
    ("BADARGS", member, "@id=5 JOIN", "JOIN"),
    ("BADARGS", member, "@id=5 JOIN Über", "JOIN"),
    ("BADARGS", member, "@id=5 READ general soon", "READ"),
    ("BADSTATE", fresh, "@id=5 JOIN general", "JOIN"),
    ("BADSTATE", member, "@id=5 AUTH TOKEN a b", "AUTH"),
    ("BADAUTH", fresh, "@id=5 AUTH TOKEN a b", "AUTH"),
    ("BADAUTH", fresh, "@id=5 AUTH PASS a ann b", "AUTH"),
    ("NOPERM", member, "@id=5 DELETE general", "DELETE"),
    ("NOTFOUND", member, "@id=5 MSG secret hi", "MSG"),
    ("EXISTS", member, "@id=5 CREATE general", "CREATE"),
    ("NOTJOINED", member, "@id=5 MSG closed hi", "MSG"),
    ("EMPTY", member, "@id=5 MSG general  ", "MSG"),
    ("TOOLONG", member, "@id=5 MSG general " + "x" * 4001, "MSG"),
    ("IDREUSE", member, "@id=1 JOIN closed", "JOIN"),
    ("NOSESSION", fresh, "@id=5 RESUME k3J9xQ2mP0vTz7aB 0", "RESUME"),
    ("BADARGS", member, '@id=5 FILE OFFER general {"name":"a","size":1,"chunk":1,"sha256":"0"}', "FILE"),
    ("NOTFOUND", member, "@id=5 FILE ACK x1 1", "FILE"),
]


@pytest.mark.parametrize(("code", "where", "frame", "verb"), CASES, ids=[f"{case[0]}-{case[2][:24]}" for case in CASES])
def test_each_code_is_given_once_labelled_and_changes_nothing(
    code: str, where: Where, frame: str, verb: str
) -> None:  # A22
    stage = Stage()
    client = where(stage)
    before = (stage.store.load(99).channels, stage.store.load(99).members, stage.rules.hall.sessions.copy())
    (answer,) = [hear(line) for line in client.say(frame)]
    assert answer.words[:3] == ("ERROR", code, verb)
    assert answer.tags == {"id": frame[4]}
    assert len(answer.words[3]) > 5
    assert (stage.store.load(99).channels, stage.store.load(99).members, stage.rules.hall.sessions) == before
    assert client.end() == 0
    assert client.say("PING 0") == ["PONG 0"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("@id=5;id MSG general hi", "BADFRAME"),
        ("@" + "a" * 300 + "=1 MSG general hi", "BADFRAME"),
        ("", "BADFRAME"),
        (" ", "BADFRAME"),
        ("nonsense", "BADCMD"),
        ("@id=7 \U0001f600", "BADCMD"),
        ("HELLO wschat-ie/1 {}", "BADCMD"),
        ("EVENT channel CREATE x", "BADCMD"),
        ("MSG secret \x00", "BADFRAME"),
        ("MSG SECRET hi", "BADARGS"),
        ("KICK closed ann", "NOTJOINED"),
        ("KICK general dan", "NOTFOUND"),
        ("MSG closed  ", "NOTJOINED"),
        ("DELETE nowhere", "NOTFOUND"),
        ("TOPIC general " + "x" * 301, "TOOLONG"),
    ],
)
def test_the_first_thing_that_is_wrong_decides(frame: str, code: str) -> None:  # A22
    assert member(Stage()).code(frame) == code


def test_the_first_thing_that_is_wrong_decides_before_signing_in() -> None:
    client = fresh(Stage())
    assert [client.code(frame) for frame in ("MSG  x", "nonsense", "MSG", "MSG x y", "AUTH", "RESUME short 0")] == [
        "BADFRAME",
        "BADCMD",
        "BADSTATE",
        "BADSTATE",
        "BADARGS",
        "BADARGS",
    ]


def test_too_many_commands_are_asked_to_wait_and_pings_are_not_counted() -> None:  # A23
    stage = Stage(Limits(burst=10, refill=2.0))
    bob = stage.sign_in("bob")
    answers = [hear(frame) for frame in bob.say(*["LSEVENTS"] * 12, *["PING 0"] * 50)]
    limited = [answer for answer in answers if answer.words[:2] == ("ERROR", "RATELIMIT")]
    assert len(limited) == 3
    assert all(0.4 < float(answer.tags["retry"]) <= 0.6 for answer in limited)
    assert sum(answer.words[0] == "PONG" for answer in answers) == 50
    stage.wait(float(limited[-1].tags["retry"]))
    assert bob.ask("LSEVENTS").words[0] == "CONFIRM"


@pytest.mark.parametrize("frame", ["LSEVENTS", "nonsense", "JOIN", "MSG  x"])
def test_hard_abuse_closes_with_the_time_to_wait(frame: str) -> None:  # A23
    stage = Stage(Limits(burst=10, refill=2.0))
    bob = stage.sign_in("bob")
    bob.say(*[frame] * 200)
    assert bob.close is not None
    assert bob.close.code == 4001
    assert json.loads(bob.close.reason) == {"retry_after": 5.0}
    assert stage.connect().ok(f"RESUME {bob.sid} 0")


@pytest.mark.parametrize("message", [b"x1 01 data", b"x1 0 data", b"MSG general hi", b"\xff\xfe", b""])
def test_binary_messages_other_than_chat_and_chunks_close_the_socket(message: bytes) -> None:  # A22
    bob = member(Stage())
    assert bob.say(message) == []
    assert bob.end() == 1003


def test_a_fault_of_ours_is_internal_and_the_session_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:  # A22, E12
    def broken(turn: Turn) -> str:
        raise KeyError(turn.command.text)

    stage = Stage()
    bob = member(stage)
    monkeypatch.setattr(rulebook, "RULES", {**rulebook.RULES, "MSG": Rule(broken, keeps=True)})
    assert bob.ask("@id=5 MSG general a secret").words[:2] == ("ERROR", "INTERNAL")
    assert "KeyError" in caplog.text
    assert "a secret" not in caplog.text
    monkeypatch.undo()
    assert bob.ask("@id=5 MSG general a secret").words[:2] == ("CONFIRM", "MSG")
