"""The link as data and as behaviour: limits, close codes, back-off, heartbeat, pace."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_core.contract import Capability, Link, LinkChanged, LostAction, Position, Postponed, Problem, Written
from chat_tui_wschat.protocol import Closed, CloseSocket, Message, Open, Opened
from chat_tui_wschat.protocol_link import (
    ALL_CAPABILITIES,
    Backoff,
    Beat,
    Heartbeat,
    Limits,
    Next,
    Pace,
    capabilities,
    closing,
    read_hello,
    retry_after,
)
from tests.wschat.protocol_driver import HELLO, SID, Driver, frame, message, send

# ---------------------------------------------------------------- A10: what HELLO says


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, Limits()),
        ({"max_text": 10, "unknown": {"a": [1]}}, Limits(max_text=10)),
        ({"heartbeat": 5000, "max_history": 7}, Limits(heartbeat=5.0, max_history=7)),
        ({"heartbeat": -1, "max_text": 0, "max_history": 10**9}, Limits(heartbeat=0.1, max_text=1, max_history=1000)),
        ({"heartbeat": "soon", "max_text": None, "max_frame": True}, Limits()),
        ({"heartbeat": 1e300, "max_frame": 5}, Limits(heartbeat=600.0, max_frame=1024)),
        ({"events": "channel", "caps": 3}, Limits()),
        ({"events": ["weather", "typing", 3, "channel", "channel"]}, Limits(events=("channel", "typing"))),
        ({"caps": ["chat", None]}, Limits(caps=frozenset({"chat"}))),
    ],
)
def test_hello_is_clamped_and_unknown_keys_mean_nothing(data: dict[str, Any], expected: Limits) -> None:  # A10
    assert read_hello(data) == expected


def test_capabilities_follow_what_the_server_offers() -> None:
    assert capabilities(read_hello(HELLO)) == ALL_CAPABILITIES
    bare = capabilities(read_hello({"events": ["message"], "caps": []}))
    assert bare.isdisjoint({Capability.EDIT, Capability.REPLY, Capability.TYPING, Capability.PRESENCE})
    assert Capability.SEND in bare


# ---------------------------------------------------------------- A21: back-off and close codes


def test_delays_double_up_to_thirty_seconds() -> None:  # A21
    backoff = Backoff(lambda: 0.5)
    assert [backoff.next() for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    backoff.reset()
    assert backoff.next() == 1


@pytest.mark.parametrize(("random", "factor"), [(0.0, 0.8), (0.25, 0.9), (0.999999, 1.2)])
def test_jitter_is_twenty_percent_to_either_side(random: float, factor: float) -> None:  # A21
    backoff = Backoff(lambda: random)
    assert [backoff.next() for _ in range(6)] == pytest.approx([d * factor for d in (1, 2, 4, 8, 16, 30)], rel=1e-5)


@pytest.mark.parametrize(
    ("code", "follows"),
    [
        (1000, Next.STOP),
        (1001, Next.RETRY),
        (1006, Next.RETRY),
        (1009, Next.STOP),
        (1011, Next.RETRY),
        (4000, Next.STOP),
        (4001, Next.WAIT),
        (4002, Next.STOP),
        (4003, Next.ONCE),
        (4004, Next.RETRY),
        (4005, Next.STOP),
        (4006, Next.RETRY),
        (4999, Next.RETRY),
    ],
)
def test_close_codes_say_what_follows(code: int, follows: Next) -> None:  # A21
    found, words = closing(code, "x\x1b[2J")
    assert found is follows
    assert words
    assert "\x1b" not in words


@pytest.mark.parametrize(
    ("reason", "seconds"),
    [
        ('{"retry_after":7}', 7),
        ('{"retry_after":-5}', 1),
        ('{"retry_after":1e99}', 600),
        ('{"retry_after":"x"}', 30),
        ("[1]", 30),
        ("", 30),
        ("[" * 100_000, 30),
    ],
)
def test_retry_after_is_sane(reason: str, seconds: float) -> None:  # A21
    assert retry_after(reason) == seconds


def last_link(driver: Driver) -> LinkChanged:
    return driver.only(LinkChanged)[-1]


def test_refused_connections_are_tried_again_with_growing_delays() -> None:  # A21
    driver = Driver()
    driver.core.start(driver.now)
    waits = []
    for _ in range(7):
        assert [type(out) for out in driver.take()] == [Open]
        driver.fail()
        link = last_link(driver)
        assert (link.link, link.reason) == (Link.WAITING, "connection refused")
        waits.append(link.retry_at - driver.now)
        assert driver.core.wake_at() == link.retry_at
        driver.core.tick(link.retry_at - 0.001)
        assert not driver.take()
        driver.now = link.retry_at
        driver.core.tick(driver.now)
    assert waits == pytest.approx([1, 2, 4, 8, 16, 30, 30])
    assert last_link(driver).attempt == 7


def test_a_server_that_flaps_is_not_hammered_and_a_stable_one_starts_anew() -> None:  # A21
    driver = Driver()
    driver.answers_pings = True
    driver.sign_in()
    waits = []
    for online_for in (1.0, 1.0, 59.0, 61.0, 1.0):
        driver.news()
        driver.advance(online_for)
        driver.take()
        driver.close(1001)
        link = last_link(driver)
        waits.append(link.retry_at - driver.now)
        driver.advance(link.retry_at - driver.now)
        driver.resume(0, 0)
        driver.answer_lists()
    assert waits == pytest.approx([1, 2, 4, 1, 2])


def test_the_person_can_force_a_try() -> None:  # A21
    driver = Driver()
    driver.core.start(driver.now)
    driver.fail()
    driver.quiet()
    driver.core.connect_now(driver.now)
    assert [type(out) for out in driver.take()] == [Open]
    driver.core.connect_now(driver.now)
    assert not driver.take()


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1009, 4000, 4002, 4005])
def test_stop_codes_stop_until_the_person_acts(code: int) -> None:  # A21
    driver = Driver()
    driver.sign_in()
    driver.quiet()
    driver.close(code)
    assert driver.links() == [Link.STOPPED]
    driver.advance(3600)
    assert not driver.take()
    assert driver.core.wake_at() is None
    driver.core.connect_now(driver.now)
    assert [type(out) for out in driver.take()] == [Open]


def test_a_fatal_failure_to_open_stops() -> None:  # A21
    driver = Driver()
    driver.core.start(driver.now)
    driver.fail("no such address", fatal=True)
    assert (last_link(driver).link, driver.core.wake_at()) == (Link.STOPPED, None)


def test_the_hard_rate_limit_names_its_own_time() -> None:  # A21
    driver = Driver()
    driver.sign_in()
    driver.close(4001, '{"retry_after":77}')
    assert last_link(driver).retry_at == driver.now + 77


def test_not_signed_in_in_time_is_tried_once_more() -> None:  # A10, A21
    driver = Driver()
    links = []
    for _ in range(2):
        driver.open()
        driver.quiet()
        driver.close(4003)
        links += driver.links()
        driver.advance(2)
    assert links == [Link.WAITING, Link.STOPPED]


def test_the_servers_goodbye_is_the_reason() -> None:  # E10
    driver = Driver()
    driver.sign_in()
    driver.feed(frame(f"EVENT session BYE {SID}", {"reason": "server is shutting down\x07"}))
    driver.close(1001)
    assert last_link(driver).reason.startswith("server is shutting down")


# ---------------------------------------------------------------- A20: heartbeat


def test_heartbeat_table() -> None:  # A20
    beat = Heartbeat(30, 0.0, 0.4)
    assert beat.wake_at() == 12
    assert beat.tick(11.9, 1) is Beat.NOTHING
    assert beat.tick(12, 7) is Beat.PING
    assert not beat.pong(8)
    assert beat.tick(41.9, 7) is Beat.NOTHING
    assert beat.pong(7)
    assert not beat.pong(7)
    assert beat.tick(42, 9) is Beat.PING
    assert beat.tick(72, 9) is Beat.DEAD


def test_a_suspended_laptop_asks_once_more_with_little_patience() -> None:  # A20
    beat = Heartbeat(30, 0.0, 0.0)
    assert beat.tick(0, 1) is Beat.PING
    assert beat.tick(5000, 1) is Beat.PING  # the answer may lie unread in the socket
    assert beat.wake_at() == 5005
    assert beat.tick(5005, 1) is Beat.DEAD
    beat = Heartbeat(30, 0.0, 0.0)
    assert beat.tick(5000, 1) is Beat.PING
    assert beat.wake_at() == 5005
    assert beat.pong(1)
    assert beat.tick(5029, 1) is Beat.NOTHING


def test_ping_says_what_is_stored_and_not_what_came() -> None:  # A20
    driver = Driver(rng=lambda: 0.5)
    driver.sign_in()
    driver.feed(message(41, seq=1), message(42, seq=2))
    position = driver.only(Position)[-1].data
    assert position == {"sid": SID, "seq": "2"}
    driver.take()
    driver.advance(15)
    (ping,) = driver.commands()
    assert (ping.verb, ping.args) == ("PING", (0,))
    driver.feed("PONG 0")
    driver.core.stored({**position, "seq": "1"}, driver.now)
    driver.core.stored({**position, "seq": "99"}, driver.now)  # beyond what came: not believed
    driver.core.stored({"sid": "some-other-session", "seq": "1"}, driver.now)
    driver.advance(30)
    assert [command.args for command in driver.commands()] == [(2,)]


def test_a_dead_server_is_left_and_the_session_resumed_at_once() -> None:  # A20
    driver = Driver()
    driver.sign_in()
    driver.feed(message(41, seq=1))
    driver.quiet()
    driver.advance(15)
    driver.feed("PONG 5")  # a wrong number answers nothing
    assert driver.only(Problem)
    driver.advance(29.9)
    assert [type(out).__name__ for out in driver.take()] == ["Send"]
    driver.advance(0.2)
    close, opening = driver.take()
    assert isinstance(close, CloseSocket)
    assert isinstance(opening, Open)
    assert driver.links() == [Link.WAITING, Link.CONNECTING]
    driver.core.receive(Opened(), driver.now)
    driver.feed(frame("HELLO wschat-ie/1", HELLO))
    (again,) = driver.commands()
    assert again.args == (SID, 1)


def test_a_dead_server_is_not_hammered() -> None:  # A20, A21
    driver = Driver()
    driver.sign_in(hello={**HELLO, "heartbeat": 1000})
    driver.advance(5)
    driver.core.receive(Opened(), driver.now)
    driver.feed(frame("HELLO wschat-ie/1", {**HELLO, "heartbeat": 1000}))
    driver.quiet()
    driver.advance(1.6)
    assert isinstance(driver.take()[-1], CloseSocket)
    link = last_link(driver)
    assert (link.link, link.attempt) == (Link.WAITING, 2)


def test_the_servers_ping_is_answered() -> None:  # A20
    driver = Driver()
    driver.sign_in()
    driver.quiet()
    driver.feed("PING 17")
    (pong,) = driver.commands()
    assert (pong.verb, pong.args) == ("PONG", (17,))


# ---------------------------------------------------------------- A23: pace


def test_pace_keeps_below_the_servers_limit_in_every_window() -> None:  # A23
    pace = Pace(Limits(burst=120, refill=2), 0.0)
    left: list[float] = []
    now = 0.0
    while now < 300:
        if pace.take(now):
            left.append(now)
        else:
            assert pace.ready_at > now
            now = pace.ready_at
    level, at = 120.0, 0.0  # the server's bucket
    for when in left:
        level, at = min(120.0, level + (when - at) * 2) - 1, when
        assert level >= 0
    assert len(left) > 400


def test_five_hundred_sends_flow_without_meeting_the_limit() -> None:  # A13, A23
    driver = Driver()
    driver.answers_pings = True
    driver.sign_in()
    driver.quiet()
    driver.do(*(send(number, room=f"room{number}") for number in range(1, 501)))
    written: list[int] = []
    for _ in range(1000):
        for command in driver.commands():
            if command.verb == "MSG":
                written.append(command.id or 0)
                driver.confirm(command, str(command.args[0]), {"id": f"m{command.id}", "pos": 1, "ts": 1})
        if len(written) == 500:
            break
        driver.advance(1)
    assert written == list(range(1, 501))
    assert [item.action_id for item in driver.only(Written)] == written


def test_what_was_not_written_goes_back_without_doubt() -> None:  # A13
    driver = Driver()
    driver.sign_in(hello={**HELLO, "commands": 20, "refill": 0.1})
    driver.quiet()
    driver.do(*(send(number, room=f"room{number}") for number in range(1, 11)))
    written = [item.action_id for item in driver.only(Written)]
    assert 0 < len(written) < 10
    driver.close()
    news = driver.news()
    assert [item.action_id for item in news if isinstance(item, LostAction)] == written
    assert [item.action_id for item in news if isinstance(item, Postponed)] == list(range(len(written) + 1, 11))


# ---------------------------------------------------------------- stop, and what comes too late


def test_stop_says_quit_and_forgets_the_session() -> None:  # E11
    driver = Driver()
    driver.sign_in()
    driver.quiet()
    driver.core.stop(driver.now)
    quit_, close = driver.take()
    assert isinstance(close, CloseSocket)
    assert close.code == 1000
    news = driver.news()
    assert Position({}) in news
    assert isinstance(news[-1], LinkChanged)
    assert news[-1].link is Link.OFFLINE
    assert driver.core.wake_at() is None
    driver.core.receive(Message(message(41, seq=1)), driver.now)
    driver.core.receive(Closed(1000), driver.now)
    assert (driver.take(), driver.news()) == ([], [])
    assert quit_ is not None


def test_stop_without_a_socket_keeps_the_session_for_later() -> None:  # A11
    driver = Driver()
    driver.sign_in()
    driver.close()
    driver.quiet()
    driver.core.stop(driver.now)
    assert not driver.only(Position)
    assert not driver.take()
    driver.core.start(driver.now)
    driver.core.receive(Opened(), driver.now)
    driver.feed(frame("HELLO wschat-ie/1", HELLO))
    driver.take()
    assert driver.links()[-1] is Link.RESUMING
