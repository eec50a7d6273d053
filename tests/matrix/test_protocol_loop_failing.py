"""The sync loop when something fails: what is said, when it is tried again, and that it comes back."""

from __future__ import annotations

from typing import Final

import pytest

from chat_tui_core.contract import (
    Link,
    LinkChanged,
    Postponed,
)
from chat_tui_matrix.protocol.backoff import Backoff
from chat_tui_matrix.protocol.line import SILENT
from chat_tui_matrix.wire.calls import Failed, Garbled, Refusal
from tests.matrix.driver import (
    ROOM,
    VERSIONS,
    message,
    query,
    reply,
    section,
    send,
)
from tests.matrix.loop_stage import Mode, Stage, each_mode, kinds

# ---------------------------------------------------------------- B3: failing and coming back


def fail(stage: Stage, how: object, status: int = 200) -> None:
    """The request that is under way fails."""
    (call,) = stage.all_calls()
    stage.reply_to(call, how, status)


BROKEN: Final = Failed(0, "connection reset")
HTML: Final = Garbled("Is this a Matrix server? It answered with a web page.")
TROUBLES: Final[list[tuple[object, int, str]]] = [
    (BROKEN, 0, "connection reset"),
    (Failed(0, "timed out", sent=True), 0, "timed out"),
    (HTML, 200, "Is this a Matrix server? It answered with a web page"),
    (Garbled(""), 200, "the server's answer cannot be read"),
    (Refusal("M_UNKNOWN", "Internal server error"), 500, "the server has a fault, 500 (Internal server error)"),
    (Refusal("", ""), 502, "the server has a fault, 502"),
    (Refusal("M_FORBIDDEN", "no"), 403, "the server refused to sync (no)"),
    (Refusal("", "\x1b[2J" + "x" * 999), 400, ""),
    ({"errcode": "M_UNKNOWN"}, 200, "the server's answer is not what was asked for"),
    (reply(""), 200, "the server's answer is not what was asked for"),
]


@each_mode
@pytest.mark.parametrize(("how", "status", "reason"), TROUBLES)
def test_whatever_fails_is_said_and_tried_again(mode: Mode, how: object, status: int, reason: str) -> None:  # B3
    stage = Stage(mode)
    stage.up()
    fail(stage, how, status)
    (link,) = stage.only(LinkChanged)
    assert (link.link, link.retry_at, link.attempt) == (Link.WAITING, stage.now + 2.0, 1)
    assert link.reason == reason or (not reason and "\x1b" not in link.reason and len(link.reason) < 200)
    assert not stage.all_calls()
    assert stage.core.wake_at() == link.retry_at
    stage.advance(1.99)
    assert not stage.all_calls()
    stage.advance(0.01)
    assert stage.links() == [(Link.RESUMING, "")]
    assert query(stage.poll)[mode.param] == "t1"
    assert query(stage.poll)["timeout"] == "0"
    stage.brings("t2", "missed")
    assert kinds(stage.news()) == ["Arrived", "LinkChanged", "Position"]
    assert stage.at(Link.ONLINE)
    assert query(stage.poll)["timeout"] == "30000"
    stage.brings("t3", "more")
    assert stage.links() == []


NO_SYNC: Final = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"<html><body>It works!</body></html>",
    b'{"errcode": "M_UNKNOWN", "error": "oops"}',
    b'{"rooms": {}}',
    b'{"next_batch": 3, "pos": 3, "end": 3}',
    b'{"next_batch": "", "pos": "", "end": ""}',
    b"\xff\xfe" + b"[" * 100_000,
)


@each_mode
@pytest.mark.parametrize("answer", NO_SYNC, ids=range(len(NO_SYNC)))
def test_bytes_that_are_no_sync_are_a_failure_and_never_the_end(mode: Mode, answer: bytes) -> None:  # B1, B3
    stage = Stage(mode)
    stage.begin()
    stage.quiet()
    for seconds in (2.0, 4.0):
        stage.raw(mode.first, answer)
        (link,) = [item for item in stage.only(LinkChanged) if item.link is Link.WAITING]
        assert link.reason
        assert link.retry_at == stage.now + seconds
        stage.advance(seconds)
    stage.raw(mode.first, {"next_batch": "t1", "pos": "t1", "end": "t1", "lists": {"rooms": {"count": 1}}})
    stage.breaks()
    stage.advance(2.0)
    stage.raw(mode.later, answer)
    assert stage.links()[-1][0] is Link.WAITING
    stage.advance(4.0)
    assert query(stage.poll)[mode.param] == "t1"


@each_mode
def test_delays_grow_and_start_anew_after_it_worked(mode: Mode) -> None:  # B3
    stage = Stage(mode)
    stage.up()
    waits, attempts = [], []
    for _ in range(7):
        fail(stage, BROKEN)
        (link,) = [item for item in stage.only(LinkChanged) if item.link is Link.WAITING]
        waits.append(link.retry_at - stage.now)
        attempts.append(link.attempt)
        stage.advance(waits[-1])
    assert waits == [2, 4, 8, 16, 30, 30, 30]
    assert attempts == [1, 2, 3, 4, 5, 6, 7]
    stage.quiet()
    stage.brings("t2")
    assert stage.only(LinkChanged) == [LinkChanged(Link.ONLINE)]
    fail(stage, BROKEN)
    assert stage.only(LinkChanged) == [LinkChanged(Link.WAITING, "connection reset", stage.now + 2.0, 1)]


@pytest.mark.parametrize(("random", "delays"), [(0.0, (1.8, 3.6, 27.0)), (1.0, (2.2, 4.4, 33.0))])
def test_chance_moves_a_delay_by_a_tenth(random: float, delays: tuple[float, ...]) -> None:  # B3
    backoff = Backoff(lambda: random)
    found = [backoff.next() for _ in range(5)]
    assert (found[0], found[1], found[4]) == pytest.approx(delays)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(7.5, 7.5), (0.0, 1.0), (-3.0, 1.0), (1e9, 600.0), (float("nan"), 1.0), (None, 2.0)],
)
def test_a_server_that_asks_to_slow_down_is_obeyed_within_reason(asked: float | None, seconds: float) -> None:  # B3
    stage = Stage()
    stage.up()
    stage.refuse("sync", 429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after=asked)
    (link,) = stage.only(LinkChanged)
    assert (link.link, link.reason) == (Link.WAITING, "the server asks to slow down")
    assert link.retry_at == stage.now + seconds


STEPS: Final = ("versions", "whoami", "first")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", [BROKEN, HTML, Refusal("", "", None)], ids=["broken", "html", "fault"])
def test_every_step_of_the_start_is_tried_again(step: str, how: object) -> None:  # B3
    stage = Stage(device="" if step == "whoami" else "LAPTOP")
    stage.core.start(stage.now)
    if step != "versions":
        stage.answer("versions", dict(VERSIONS))
    path = "sync" if step == "first" else step
    for seconds in (2.0, 4.0, 8.0):
        fail(stage, how, 503)
        assert stage.only(LinkChanged)[-1].retry_at == stage.now + seconds
        stage.advance(seconds)
        assert stage.asks(path)


@each_mode
def test_a_poll_that_stays_silent_counts_as_failed_and_may_take_longer_next_time(mode: Mode) -> None:  # B3
    stage = Stage(mode)
    stage.up()
    poll = stage.poll
    stage.advance(59.9)
    assert stage.poll is poll
    stage.advance(0.1)
    assert stage.links() == [(Link.WAITING, SILENT)]
    assert stage.hung_up == [poll.id]
    stage.reply_to(poll, reply("t2", section(ROOM, message("late"))))
    assert not stage.news()
    stage.advance(2.0)
    assert (query(stage.poll)["timeout"], stage.poll.request.timeout) == ("0", 60.0)
    stage.advance(60.0)
    stage.advance(4.0)
    assert stage.poll.request.timeout == 120.0
    stage.brings("t2")
    assert stage.poll.request.timeout == 60.0


@each_mode
def test_nobody_needs_to_wait_for_the_next_try(mode: Mode) -> None:  # B3
    stage = Stage(mode)
    stage.up()
    stage.core.connect_now(stage.now)
    assert len(stage.all_calls()) == 1
    fail(stage, BROKEN)
    stage.core.connect_now(stage.now)
    stage.core.connect_now(stage.now)
    assert stage.links() == [(Link.WAITING, "connection reset"), (Link.RESUMING, "")]
    assert query(stage.poll)["timeout"] == "0"
    assert stage.core.wake_at() == stage.now + 30.0


def test_what_cannot_be_helped_by_trying_again_stops_and_can_be_begun_anew() -> None:  # B3
    stage = Stage()
    stage.core.start(stage.now)
    stage.fail("versions", "the certificate is not trusted", fatal=True)
    assert stage.links()[-1] == (Link.STOPPED, "the certificate is not trusted")
    assert stage.core.wake_at() is None
    stage.core.connect_now(stage.now)
    assert stage.links() == [(Link.CONNECTING, "")]
    stage.answer("versions", dict(VERSIONS))
    stage.answer("sync", reply("t1"))
    assert stage.at(Link.ONLINE)


def test_a_broken_link_puts_actions_in_doubt_and_takes_no_more() -> None:  # E10
    stage = Stage()
    stage.up()
    stage.do(send(1))
    act = stage.call("POST act")
    stage.breaks()
    news = stage.news()
    assert kinds(news) == ["Written", "LostAction", "LinkChanged"]
    assert act.id in stage.hung_up
    stage.do(send(1))
    assert [type(item) for item in stage.news()] == [Postponed]
    stage.advance(2.0)
    stage.brings("t2")
    stage.quiet()
    stage.do(send(1))
    stage.answer("POST act", {})
    assert kinds(stage.news()) == ["Written", "Answered"]
