"""What the user did: the frame of each action, and what every order of answers, echoes and losses makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import (
    Answered,
    Arrived,
    Echoed,
    Link,
    LostAction,
    News,
    Postponed,
    Problem,
    RefusedAction,
    Written,
)
from chat_tui_wschat.protocol import Opened
from chat_tui_wschat.protocol_actions import Unsendable
from chat_tui_wschat.protocol_actions import frame as action_frame
from chat_tui_wschat.protocol_labels import FIRST_LABEL
from chat_tui_wschat.protocol_link import Limits
from tests.wschat.protocol_driver import HELLO, SID, Driver, frame, message, send


@pytest.fixture
def driver() -> Driver:
    made = Driver()
    made.sign_in()
    made.quiet()
    return made


# ---------------------------------------------------------------- actions as frames


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (Kind.SEND, {"text": "hello  there "}, "@id=5 MSG general hello  there "),
        (Kind.SEND, {"text": "a\r\nb\rc"}, "@id=5 MSG general a\nb\nc"),
        (
            Kind.SEND,
            {"text": "é", "reply_to": "m4", "target_order": 4},
            "@id=5 CHAT general  w.msg.reply 4 x.text:2 é ",
        ),
        (Kind.SEND, {"text": "a", "reply_to": "general/4"}, "@id=5 CHAT general  w.msg.reply 4 x.text:1 a "),
        (Kind.SEND, {"text": "a", "reply_to": ""}, "@id=5 MSG general a"),
        (Kind.SEND, {"text": "waves", "kind": "emote"}, "@id=5 MSG general /me waves"),
        (Kind.SEND, {"text": "build 7 is green", "kind": "notice"}, "@id=5 MSG general build 7 is green"),
        (
            Kind.SEND,
            {"text": "nods", "kind": "emote", "reply_to": "m4", "target_order": 4},
            "@id=5 CHAT general  w.msg.reply 4 x.text:8 /me nods ",
        ),
        (
            Kind.EDIT,
            {"target": "m4", "target_order": 4, "text": "bows", "kind": "emote"},
            "@id=5 CHAT general  x.msg.update 4 x.text:8 /me bows ",
        ),
        (
            Kind.SEND,
            {"text": "a\nb", "reply_to": "m4", "target_order": 4},
            b"@id=5 CHAT general  w.msg.reply 4 x.text:3 a\nb ",
        ),
        (
            Kind.EDIT,
            {"target": "m4", "target_order": 4, "text": "new"},
            "@id=5 CHAT general  x.msg.update 4 x.text:3 new ",
        ),
        (Kind.REDACT, {"target": "m4", "target_order": 4, "reason": "x"}, "@id=5 CHAT general  x.msg.delete 4  "),
        (
            Kind.REACT,
            {"target": "m4", "target_order": 4, "key": "👍"},
            "@id=5 CHAT general  w.msg.react 4,add x.text:4 👍 ",
        ),
        (
            Kind.REACT,
            {"target": "m4", "target_order": 4, "key": "👍", "remove": True},
            "@id=5 CHAT general  w.msg.react 4,remove x.text:4 👍 ",
        ),
        (Kind.JOIN, {}, "@id=5 JOIN general"),
        (Kind.LEAVE, {}, "@id=5 PART general"),
        (Kind.LEAVE, {"reason": "so\nlong"}, "@id=5 PART general so long"),
        (Kind.CREATE_ROOM, {}, "@id=5 CREATE general"),
        (
            Kind.CREATE_ROOM,
            {"topic": "t", "private": True, "invite": ["bob", "eve"]},
            '@id=5 CREATE general {"topic":"t","private":true,"invite":["bob","eve"]}',
        ),
        (Kind.DELETE_ROOM, {}, "@id=5 DELETE general"),
        (Kind.INVITE, {"user": "bob"}, "@id=5 INVITE general bob"),
        (Kind.KICK, {"user": "bob", "reason": "rude"}, "@id=5 KICK general bob rude"),
        (Kind.TOPIC, {"topic": " new  topic "}, "@id=5 TOPIC general new topic"),
        (Kind.TOPIC, {"topic": ""}, "@id=5 TOPIC general   "),
        (Kind.READ, {"order": 41}, "@id=5 READ general 41"),
    ],
)
def test_every_action_has_its_frame(kind: Kind, content: Mapping[str, Any], expected: str | bytes) -> None:  # A18
    assert action_frame(Action(5, kind, "general", content), Limits()) == expected


@pytest.mark.parametrize(
    ("kind", "room", "content", "code"),
    [
        (Kind.BAN, "general", {"user": "bob"}, "UNSUPPORTED"),
        (Kind.UNBAN, "general", {"user": "bob"}, "UNSUPPORTED"),
        (Kind.NAME, "general", {"name": "x"}, "UNSUPPORTED"),
        (Kind.FORGET, "general", {}, "UNSUPPORTED"),
        (Kind.HOLD, "general", {"room": "random", "held": True}, "UNSUPPORTED"),
        (Kind.JOIN, "", {}, "BADARGS"),
        (Kind.JOIN, "General", {}, "BADARGS"),
        (Kind.JOIN, "..", {}, "BADARGS"),
        (Kind.JOIN, "a" * 51, {}, "BADARGS"),
        (Kind.JOIN, "a b", {}, "BADARGS"),
        (Kind.SEND, "general", {}, "EMPTY"),
        (Kind.SEND, "general", {"text": 5}, "EMPTY"),
        (Kind.SEND, "general", {"text": " \n\u200b\u2060\u00a0"}, "EMPTY"),
        (Kind.SEND, "general", {"text": "a\x00b"}, "BADFRAME"),
        (Kind.SEND, "general", {"text": "a\x1b[2J"}, "BADFRAME"),
        (Kind.SEND, "general", {"text": "a\ud800"}, "BADFRAME"),
        (Kind.SEND, "general", {"text": "a\ud800", "reply_to": "m", "target_order": 1}, "BADARGS"),
        (Kind.SEND, "general", {"text": "a", "reply_to": "m4"}, "BADARGS"),
        (Kind.EDIT, "general", {"text": "a", "target": "m4", "target_order": True}, "BADARGS"),
        (Kind.EDIT, "general", {"text": " ", "target": "m4", "target_order": 4}, "EMPTY"),
        (Kind.REACT, "general", {"key": " ", "target": "m4", "target_order": 4}, "EMPTY"),
        (Kind.INVITE, "general", {"user": "Bob Smith"}, "BADARGS"),
        (Kind.KICK, "general", {}, "BADARGS"),
        (Kind.CREATE_ROOM, "general", {"invite": ["bob", 5]}, "BADARGS"),
        (Kind.TOPIC, "general", {"topic": "é" * 151}, "TOOLONG"),
        (Kind.LEAVE, "general", {"reason": "x" * 301}, "TOOLONG"),
        (Kind.READ, "general", {"order": "4"}, "BADARGS"),
        (Kind.READ, "general", {"order": -4}, "BADARGS"),
    ],
)
def test_what_cannot_be_said_is_refused_here(
    driver: Driver, kind: Kind, room: str, content: Mapping[str, Any], code: str
) -> None:  # A18, A22, A23
    driver.do(Action(5, kind, room, content))
    (refused,) = driver.only(RefusedAction)
    assert (refused.action_id, refused.code) == (5, code)
    assert refused.text.endswith((".", "!"))
    assert not driver.take()


@pytest.mark.parametrize("text", ["x" * 10, "é" * 5, "👍👍é"])
def test_length_is_counted_in_bytes_to_the_last_one(text: str) -> None:  # A23
    driver = Driver()
    driver.sign_in(hello={**HELLO, "max_text": 10})
    driver.quiet()
    driver.do(send(1, text))
    assert driver.verbs() == ["MSG"]
    driver.do(send(2, text + "x"))
    (refused,) = driver.only(RefusedAction)
    assert (refused.code, refused.text) == ("TOOLONG", "The text has 11 bytes, and the server takes 10 at most.")
    assert not driver.take()


def test_a_frame_over_the_limit_is_refused_here() -> None:  # A23
    with pytest.raises(Unsendable) as caught:
        action_frame(send(1, "x" * 1020), Limits(max_frame=1024))
    assert caught.value.code == "TOOLONG"


def test_a_server_without_chat_takes_no_replies() -> None:  # E1
    with pytest.raises(Unsendable) as caught:
        action_frame(send(1, reply_to="m4", target_order=4), Limits(caps=frozenset()))
    assert caught.value.code == "UNSUPPORTED"


@pytest.mark.parametrize("action_id", [0, -1, FIRST_LABEL])
def test_ids_that_are_no_action_ids_are_refused(driver: Driver, action_id: int) -> None:
    driver.do(send(action_id))
    assert [item.code for item in driver.only(RefusedAction)] == ["BADARGS"]


@given(st.text(), st.sampled_from([Kind.SEND, Kind.TOPIC, Kind.LEAVE, Kind.EDIT, Kind.REACT]))
def test_no_text_raises_anything_else(text: str, kind: Kind) -> None:  # A22
    content = {"text": text, "topic": text, "reason": text, "key": text, "target_order": 3}
    with suppress(Unsendable):
        assert action_frame(Action(1, kind, "general", content), Limits())


def test_the_same_action_has_the_same_bytes_every_time() -> None:  # A14
    action = send(7, "a\r\nb", reply_to="m4", target_order=4)
    assert action_frame(action, Limits()) == action_frame(action, Limits(max_text=100))


def test_while_not_online_an_action_goes_back_as_it_is() -> None:  # A13
    driver = Driver()
    driver.do(send(1))
    (back,) = driver.only(Postponed)
    assert (back.action_id, back.seconds) == (1, 0.0)


# ---------------------------------------------------------------- the ten orderings
#
# One action with id 1; the server's answer and echo come, or do not, in every order. `world` is what the server
# really did. What is told must settle the action exactly once, and a retry must carry the same id and bytes.


def confirm(**more: Any) -> str:
    return frame("@id=1 CONFIRM MSG general", {"id": "m41", "pos": 41, "ts": 9, **more})


DUP = confirm().replace("@id=1 ", "@id=1;dup=1 ")
ECHO = message(41, seq=1, action=1, sender="ann")
PLAIN = message(41, seq=1, sender="ann")


def told(news: list[News]) -> list[str]:
    names: Mapping[type, str] = {
        Written: "written",
        Answered: "answered",
        Echoed: "echoed",
        LostAction: "lost",
        RefusedAction: "refused",
        Arrived: "arrived",
    }
    return [names[type(item)] for item in news if type(item) in names]


def reconnect(driver: Driver, *replay: str, last: int = 0) -> None:
    driver.advance(1)
    driver.resume(last, last + len(replay), *replay)
    driver.answer_lists()


def again(driver: Driver) -> None:
    """What the session does after LostAction: the same action, the same id."""
    driver.do(send(1))
    (msg,) = (command for command in driver.commands() if command.verb == "MSG")
    assert (msg.id, msg.text) == (1, "hello")


def response_then_echo(driver: Driver) -> None:
    driver.feed(confirm(), ECHO)


def echo_then_response(driver: Driver) -> None:
    driver.feed(ECHO, confirm())


def response_lost(driver: Driver) -> None:
    driver.feed(ECHO)
    driver.close()
    reconnect(driver, last=1)


def echo_lost(driver: Driver) -> None:
    driver.feed(confirm())
    driver.close()
    reconnect(driver, ECHO)


def both_lost_and_applied(driver: Driver) -> None:
    driver.close()
    reconnect(driver, ECHO)


def both_lost_and_applied_in_an_old_session(driver: Driver) -> None:
    """The session is gone with its echo: the same id is answered again, and the message comes by history."""
    driver.close()
    driver.advance(1)
    driver.open()
    (resume,) = driver.commands()
    driver.refuse(resume, "NOSESSION")
    (auth,) = driver.commands()
    driver.confirm(auth, "ann", {"session": "another-session-1", "seq": 0})
    driver.answer_lists()
    again(driver)
    driver.feed(DUP)


def both_lost_and_not_applied(driver: Driver) -> None:
    driver.close()
    reconnect(driver)
    again(driver)
    driver.feed(confirm(), ECHO)


def duplicate_echo(driver: Driver) -> None:
    driver.feed(confirm(), ECHO, ECHO)


def echo_after_restart(driver: Driver) -> None:
    """A new process knows nothing of the action, the store does."""
    driver.close()
    fresh = Driver({"sid": SID, "seq": "0"})
    fresh.resume(0, 1, ECHO)
    fresh.answer_lists()
    driver.core = fresh.core


def two_sessions_of_one_user(driver: Driver) -> None:
    """The other session's message has no id here, whatever its author; ours is settled by its own answer."""
    driver.feed(message(40, seq=1, sender="ann"), confirm())


def send_during_resume(driver: Driver) -> None:
    driver.close()
    driver.advance(1)
    driver.open()
    (resume,) = driver.commands()
    driver.do(send(1))
    assert not [command for command in driver.commands() if command.verb == "MSG"]
    driver.confirm(resume, SID, {"from": 1, "to": 1})
    driver.feed(PLAIN.replace("m41", "m39"), frame(f"EVENT session RESUMED {SID}", {"seq": 1}))
    driver.answer_lists()
    again(driver)
    driver.feed(confirm(), message(41, seq=2, action=1, sender="ann"))


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        (response_then_echo, ["written", "answered", "arrived", "echoed"]),
        (echo_then_response, ["written", "arrived", "echoed", "answered"]),
        (response_lost, ["written", "arrived", "echoed"]),
        (echo_lost, ["written", "answered", "arrived", "echoed"]),
        (both_lost_and_applied, ["written", "lost", "arrived", "echoed"]),
        (both_lost_and_applied_in_an_old_session, ["written", "lost", "written", "answered"]),
        (both_lost_and_not_applied, ["written", "lost", "written", "answered", "arrived", "echoed"]),
        (duplicate_echo, ["written", "answered", "arrived", "echoed", "echoed"]),
        (echo_after_restart, ["arrived", "echoed"]),
        (two_sessions_of_one_user, ["written", "arrived", "answered"]),
        (send_during_resume, ["written", "lost", "arrived", "written", "answered", "arrived", "echoed"]),
    ],
)
def test_orderings(driver: Driver, ordering: Callable[[Driver], None], expected: list[str]) -> None:  # A13, A14, A15
    driver.do(send(1))
    driver.take()
    ordering(driver)
    news = driver.news()
    assert told(news) == expected
    assert driver.core.link is Link.ONLINE
    for item in news:
        if isinstance(item, Answered | Echoed):
            assert (item.action_id, item.event_id, item.order) == (1, "m41", 41)
    driver.close()
    assert "lost" not in told(driver.news())  # it is settled, and lost only once


def test_the_id_of_the_own_action_is_on_its_event(driver: Driver) -> None:  # A13
    driver.do(send(1))
    driver.feed(ECHO, message(42, seq=2))
    assert [item.events[0].action_id for item in driver.only(Arrived)] == [1, 0]


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("kind", "content", "answer", "final"),
    [
        (Kind.SEND, {"text": "a"}, "CONFIRM MSG general {}", False),
        (Kind.JOIN, {}, 'CONFIRM JOIN general {"pos":41}', False),
        (Kind.JOIN, {}, 'CONFIRM JOIN general {"pos":41,"noop":true}', True),
        (Kind.LEAVE, {}, 'CONFIRM PART general {"noop":true}', True),
        (Kind.READ, {"order": 40}, "CONFIRM READ general", True),
        (Kind.INVITE, {"user": "bob"}, "CONFIRM INVITE general bob", False),
    ],
)
def test_what_has_no_echo_is_final(
    driver: Driver, kind: Kind, content: Mapping[str, Any], answer: str, final: bool
) -> None:  # A18
    driver.do(Action(1, kind, "general", content))
    driver.feed(f"@id=1 {answer}")
    (answered,) = driver.only(Answered)
    assert (answered.final, answered.room_id) == (final, "general")
    assert answered.event_id == ("general/41" if "41" in answer and not final else "")


def test_an_answer_given_again_is_final_where_no_timeline_can_tell(driver: Driver) -> None:  # A14
    driver.do(Action(1, Kind.INVITE, "general", {"user": "bob"}), send(2))
    driver.feed("@id=1;dup=1 CONFIRM INVITE general bob", '@id=2;dup=1 CONFIRM MSG general {"id":"m1","pos":1}')
    assert [item.final for item in driver.only(Answered)] == [True, False]


def test_without_the_intent_no_echo_is_awaited() -> None:  # A2
    driver = Driver()
    driver.sign_in(hello={**HELLO, "events": ["message"]})
    driver.do(Action(1, Kind.TOPIC, "general", {"topic": "x"}), send(2))
    driver.feed('@id=1 CONFIRM TOPIC general {"pos":41}', '@id=2 CONFIRM MSG general {"id":"m42","pos":42}')
    assert [item.final for item in driver.only(Answered)] == [True, False]


def test_a_text_that_the_server_altered_is_told(driver: Driver) -> None:  # A13
    driver.do(send(1))
    driver.feed(confirm(text="hell\x07o"))
    assert driver.only(Answered)[0].text == "hell\ufffdo"


@pytest.mark.parametrize("code", ["NOPERM", "NOTJOINED", "EXISTS", "IDREUSE", "IDSTALE", "EMPTY", "WHATEVER"])
def test_a_no_is_told_with_its_code(driver: Driver, code: str) -> None:  # A22
    driver.do(send(1))
    driver.feed(f"@id=1 ERROR {code} MSG because\tso")
    assert driver.only(RefusedAction) == [RefusedAction(1, code, "because so")]


def test_an_error_without_text_is_shown_as_its_code(driver: Driver) -> None:  # A22
    driver.do(send(1))
    driver.feed("@id=1 ERROR ODD MSG")
    assert driver.only(RefusedAction) == [RefusedAction(1, "ODD", "ODD")]


def test_an_error_after_the_echo_is_told_too(driver: Driver) -> None:  # A13: the table decides, not the core
    driver.do(send(1))
    driver.feed(ECHO, "@id=1 ERROR NOPERM MSG no")
    assert told(driver.news()) == ["written", "arrived", "echoed", "refused"]


@pytest.mark.parametrize(
    "reply", ["@id=99 CONFIRM MSG general {}", "@id=99 ERROR NOPERM MSG no", "ERROR BADFRAME * odd", "ERROR ODD"]
)
def test_answers_to_nothing_are_set_aside(driver: Driver, reply: str) -> None:  # A22
    driver.feed(reply)
    assert [type(item) for item in driver.news()] == [Problem]


@pytest.mark.parametrize(
    ("tags", "seconds"),
    [(";retry=7", 7), (";retry=0", 0.5), ("", 5), (";retry=-3", 5), (";retry=1e9", 300), (";retry=soon", 5)],
)
def test_a_rate_limit_waits_and_keeps_the_id(driver: Driver, tags: str, seconds: float) -> None:  # A23
    driver.answers_pings = True
    driver.do(send(1))
    driver.take()
    driver.feed(f"@id=1{tags} ERROR RATELIMIT MSG slow down")
    assert driver.only(Postponed) == [Postponed(1, seconds, "RATELIMIT", "slow down")]
    driver.do(send(1))
    assert not driver.take()  # nothing leaves before the time that the server named
    driver.advance(seconds + 0.01)
    assert [command.id for command in driver.commands() if command.verb == "MSG"] == [1]


def test_a_rate_limit_lets_nothing_of_the_room_overtake(driver: Driver) -> None:  # A23, order
    driver.do(send(1))
    driver.feed("@id=1;retry=9 ERROR RATELIMIT MSG slow down")
    driver.do(send(2), send(3, room="random"))
    driver.quiet()
    driver.advance(9.1)
    driver.take()
    driver.do(send(4))
    driver.feed("@id=2;retry=9 ERROR RATELIMIT MSG slow down")
    assert [item.action_id for item in driver.only(Postponed)] == [2]


def test_faults_of_the_server_are_tried_again_ever_more_slowly(driver: Driver) -> None:  # A22
    waits = []
    for _ in range(7):
        driver.do(send(1))
        driver.feed("@id=1 ERROR INTERNAL MSG oops")
        waits += [item.seconds for item in driver.only(Postponed)]
    assert waits == [2, 4, 8, 16, 30, 60, 60]


def test_a_server_that_lost_the_session_is_greeted_anew(driver: Driver) -> None:  # A22
    driver.do(send(1))
    driver.feed("@id=1 ERROR BADSTATE MSG not before AUTH")
    assert [type(item) for item in driver.news() if isinstance(item, Postponed | LostAction)] == [Postponed]
    assert driver.core.link is Link.WAITING


def test_silence_on_a_living_connection_is_a_loss(driver: Driver) -> None:  # A14
    driver.answers_pings = True
    driver.do(send(1))
    driver.advance(19.9)
    assert told(driver.news()) == ["written"]
    driver.advance(0.2)
    assert told(driver.news()) == ["lost"]
    driver.take()
    again(driver)
    driver.feed(DUP, ECHO)
    assert told(driver.news()) == ["written", "answered", "arrived", "echoed"]
    driver.close()
    assert "lost" not in told(driver.news())


def test_an_echo_that_cannot_be_read_leaves_the_action_to_its_answer(driver: Driver) -> None:  # 3.4 rule 8
    driver.do(send(1))
    driver.feed("@seq=1;id=1 EVENT message CREATE general {broken", confirm())
    assert told(driver.news()) == ["written", "answered"]


def test_every_loss_is_told_once(driver: Driver) -> None:
    driver.do(send(1), send(2, room="random"))
    driver.close()
    driver.close()
    driver.core.receive(Opened(), driver.now)
    assert [item.action_id for item in driver.only(LostAction)] == [1, 2]
