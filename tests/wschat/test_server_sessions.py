"""Sessions: signing in, several of one user, heartbeats. Rules only, no I/O."""

from __future__ import annotations

import dataclasses

import pytest

from chat_tui_wschat.server.limits import Limits
from tests.wschat.rules_stage import GENEROUS, Stage, password_of, token_of
from tests.wschat.wschat_peer import hear

# ---------------------------------------------------------------- A10: signing in


def test_hello_comes_first_and_tells_the_limits() -> None:  # A10
    hello = hear(Stage().connect().hear()[0])
    assert hello.words == ("HELLO", "wschat-ie/1")
    assert (hello.data["heartbeat"], hello.data["auth_timeout"], hello.data["max_text"]) == (30_000, 10, 4_000)
    assert hello.data["events"] == ["channel", "user", "message", "presence", "typing", "file"]
    assert "files" in hello.data["caps"]


def test_a_fresh_session_has_no_intents_and_its_users_channels() -> None:  # A10
    stage = Stage()
    stage.sign_in("ann", "message").ok("CREATE general")
    ann = stage.sign_in("ann", device="phone")
    assert ann.ok("LSEVENTS") == {"events": []}
    assert ann.ok("LSSUBS") == {"at": 0, "channels": ["general"]}


@pytest.mark.parametrize(
    "frame",
    [
        "SUBEVENT channel",
        "SUBEVENT",
        "MSG general hi",
        "LSCHANS",
        "JOIN",
        "FILE RESUME x1",
        "FILE",
        "HISTORY general LATEST * 1",
    ],
)
def test_commands_before_auth_are_badstate(frame: str) -> None:  # A10, A22
    client = Stage().connect()
    assert client.code(frame) == "BADSTATE"
    assert client.end() == 0


def test_ping_pong_and_quit_are_legal_before_auth() -> None:
    client = Stage().connect()
    client.hear()
    assert client.say("PING 0", "PONG 5", "@id=4 QUIT") == ["PONG 0", "@id=4 CONFIRM QUIT"]
    assert client.end() == 1000


@pytest.mark.parametrize(
    "frame", ["AUTH TOKEN a b", "AUTH PASS a ann b", "AUTH", "RESUME k3J9xQ2mP0vTz7aB 0", "RESUME"]
)
def test_signing_in_twice_is_badstate(frame: str) -> None:  # A10
    assert Stage().sign_in("ann").code(frame) == "BADSTATE"


def test_a_token_belongs_to_its_device() -> None:
    stage = Stage()
    token = stage.give_token("ann", "laptop")
    client = stage.connect()
    assert client.code(f"AUTH TOKEN phone {token}") == "BADAUTH"
    assert client.ok(f"AUTH TOKEN laptop {token}")["device"] == "laptop"


def test_a_password_gives_a_token_that_takes_the_place_of_the_older_one() -> None:
    stage = Stage()
    tokens = []
    for _ in range(2):
        client = stage.connect()
        data = client.ok(f"@id=1 AUTH PASS laptop ann {password_of('ann')}")
        assert (data["device"], data["last_id"], data["seq"]) == ("laptop", 0, 0)
        tokens.append(data["token"])
    stage.restart()
    assert stage.connect().code(f"AUTH TOKEN laptop {tokens[0]}") == "BADAUTH"
    assert "token" not in stage.connect().ok(f"AUTH TOKEN laptop {tokens[1]}")


def test_the_oldest_token_goes_when_a_user_has_too_many() -> None:
    stage = Stage(dataclasses.replace(GENEROUS, tokens_per_user=2))
    tokens = [stage.connect().ok(f"@id=1 AUTH PASS d{n} ann {password_of('ann')}")["token"] for n in range(3)]
    stage.restart()
    assert stage.connect().code(f"AUTH TOKEN d0 {tokens[0]}") == "BADAUTH"
    assert stage.connect().ok(f"AUTH TOKEN d1 {tokens[1]}")


@pytest.mark.parametrize("frame", ["AUTH PASS a nobody secret", "AUTH PASS a ann wrong", "AUTH TOKEN a wrong"])
def test_three_failures_close_and_slow_the_address_down(frame: str) -> None:  # A10
    stage = Stage()
    client = stage.connect("192.0.2.7")
    assert [client.code(frame) for _ in range(3)] == ["BADAUTH"] * 3
    assert client.end() == 4000
    again, other = stage.connect("192.0.2.7"), stage.connect("192.0.2.8")
    token = stage.give_token("ann", "laptop")
    again.hear()
    assert again.say(f"AUTH TOKEN laptop {token}", "SUBEVENT user") == []
    assert other.ok(f"AUTH TOKEN laptop {token}")
    stage.wait(0.6)
    assert [hear(frame).head for frame in again.hear()] == ["CONFIRM AUTH ann", "CONFIRM SUBEVENT user"]


def test_the_delay_grows_to_a_limit_and_is_forgotten() -> None:
    stage = Stage()
    waits: list[float] = []
    for _ in range(10):
        client, begin = stage.connect(), stage.now
        client.hear()
        heard = client.say("AUTH TOKEN a wrong")
        for _ in range(40):
            if heard:
                break
            stage.wait(0.25)
            heard = client.hear()
        assert [hear(frame).words[1] for frame in heard] == ["BADAUTH"]
        waits.append(stage.now - begin)
    assert waits == [0, 0, 0, 0.5, 1, 2, 4, 8, 8, 8]
    stage.wait(700)
    assert stage.connect().code("AUTH TOKEN a wrong") == "BADAUTH"


def test_registration_is_off_unless_asked_for() -> None:
    assert Stage().connect().code("AUTH PASS a newcomer secret") == "BADAUTH"
    stage = Stage(registration=True)
    assert stage.connect().ok("AUTH PASS a newcomer secret")["token"]
    assert stage.connect().code("AUTH PASS a newcomer other") == "BADAUTH"
    stage.restart()
    assert stage.connect().ok("AUTH PASS a newcomer secret")
    assert stage.connect().code("AUTH PASS a ann guess") == "BADAUTH"


def test_of_two_who_register_one_name_at_once_one_gets_it() -> None:
    stage = Stage(registration=True)
    first, second = stage.connect(), stage.connect()
    first.hear()
    second.hear()
    stage.rules.received(first.number, "AUTH PASS a newcomer mine", stage.now)
    stage.rules.received(second.number, "AUTH PASS b newcomer theirs", stage.now)
    stage.settle()
    assert [hear(client.hear()[0]).words[1] for client in (first, second)] == ["AUTH", "BADAUTH"]
    assert stage.connect().code("AUTH PASS b newcomer theirs") == "BADAUTH"
    assert stage.connect().ok("AUTH PASS b newcomer mine")


def test_passwords_are_not_taken_in_clear_text_from_afar() -> None:
    stage = Stage()
    stage.clear_passwords = False
    stage.restart()
    client = stage.connect()
    assert client.code(f"AUTH PASS a ann {password_of('ann')}") == "NOPERM"
    assert client.end() == 0
    stage.give_token("ann", "a")
    assert client.ok(f"AUTH TOKEN a {token_of('ann', 'a')}")


def test_a_socket_must_sign_in_in_time() -> None:  # A10
    stage = Stage()
    late, signed = stage.connect(), stage.sign_in("ann")
    stage.wait(9.9)
    assert late.end() == 0
    stage.wait(0.2)
    assert late.end() == 4003
    assert signed.end() == 0


def test_sockets_that_do_not_sign_in_are_bounded() -> None:
    stage = Stage(dataclasses.replace(GENEROUS, sockets_waiting=2))
    first, second, third = (stage.connect() for _ in range(3))
    assert third.end() == 1013
    first.lose()
    assert stage.connect().end() == 0
    token = stage.give_token("ann", "laptop")
    second.ok(f"AUTH TOKEN laptop {token}")
    assert stage.connect().end() == 0
    assert stage.connect().end() == 1013


# ---------------------------------------------------------------- sessions of one user


def test_a_device_has_one_session() -> None:
    stage = Stage()
    first = stage.sign_in("ann")
    second = stage.sign_in("ann")
    assert [event.head for event in first.events()] == [f"EVENT session BYE {first.sid}"]
    assert first.end() == 4005
    assert stage.connect().code(f"RESUME {first.sid} 0") == "NOSESSION"
    assert second.ok("LSEVENTS") is not None


def test_the_oldest_detached_session_makes_room_for_a_new_device() -> None:
    stage = Stage(dataclasses.replace(GENEROUS, sessions_per_user=3))
    one, two, three = (stage.sign_in("ann", device=f"d{n}") for n in range(3))
    token = stage.give_token("ann", "d3")
    fourth = stage.connect()
    assert fourth.code(f"AUTH TOKEN d3 {token}") == "RATELIMIT"
    two.lose()
    stage.wait(1)
    one.lose()
    assert fourth.ok(f"AUTH TOKEN d3 {token}")
    assert stage.connect().code(f"RESUME {two.sid} 0") == "NOSESSION"
    assert stage.connect().ok(f"RESUME {one.sid} 0")
    assert three.end() == 0


# ---------------------------------------------------------------- A20: heartbeats


def test_a_silent_socket_is_asked_and_then_cut_and_its_session_waits() -> None:  # A20
    stage = Stage()
    bob = stage.sign_in("bob")
    stage.wait(29)
    assert bob.hear() == []
    stage.wait(2)
    assert bob.hear() == ["PING 0"]
    stage.wait(28)
    assert bob.end() == 0
    stage.wait(2)
    assert bob.end() == 4006
    assert stage.connect().ok(f"RESUME {bob.sid} 0")


@pytest.mark.parametrize("sign", ["PONG 0", "PONG 77", "PING 0", "LSEVENTS", "nonsense"])
def test_any_sign_of_life_will_do(sign: str) -> None:  # A20
    stage = Stage()
    bob = stage.sign_in("bob")
    for _ in range(8):
        stage.wait(25)
        bob.say(sign)
    assert bob.end() == 0
    assert not any(frame.startswith("PING") for frame in bob.hear())
    stage.wait(31)
    assert bob.hear()[-1:] == ["PING 0"]
    bob.say(sign)
    stage.wait(29)
    assert bob.end() == 0


def test_a_ping_is_answered_with_its_number_and_id() -> None:  # A20
    bob = Stage().sign_in("bob")
    assert bob.say("PING 7", "@id=8 PING 3") == ["PONG 7", "@id=8 PONG 3"]


def test_the_meter_goes_with_the_session() -> None:  # A23
    stage = Stage(Limits(burst=5, refill=1.0))
    bob = stage.sign_in("bob")
    assert [hear(frame).words[0] for frame in bob.say(*["LSEVENTS"] * 8)] == ["CONFIRM"] * 4 + ["ERROR"] * 4
    bob.lose()
    again = stage.connect()
    again.ok(f"RESUME {bob.sid} 0")
    assert again.code("LSEVENTS") == "RATELIMIT"
    token = stage.give_token("bob", "laptop")
    fresh = stage.connect()
    fresh.ok(f"AUTH TOKEN laptop {token}")
    assert fresh.code("LSEVENTS") == "RATELIMIT"
