"""The access token: renewed without anybody noticing, kept before it is used, and an honest end where there is none."""

from __future__ import annotations

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.contract import Answered, AskHistory, AskRefused, Link, LinkChanged, LostAction, Written
from chat_tui_matrix.protocol.sign_in import EXPIRED, LOCKED, REVOKED, Secret, read_secret, write_secret
from chat_tui_matrix.wire.calls import Call, Failed, Garbled, KeepSecret, Refusal
from tests.matrix.driver import ROOM, VERSIONS, Driver, body, message, query, reply, section, send
from tests.matrix.loop_stage import SYNC, Mode, Stage, each_mode, kinds

PAIR: Final = '{"access_token": "old", "refresh_token": "r1"}'
FRESH: Final = {"access_token": "new", "refresh_token": "r2", "expires_in_ms": 60_000}


def refuse_token(stage: Driver, pattern: str, *, soft: bool = True) -> Call:
    """The server no longer takes the token of a call."""
    return stage.refuse(pattern, 401, "M_UNKNOWN_TOKEN", "Access token has expired", soft_logout=soft)


def renewing(mode: Mode = SYNC) -> Stage:
    """Online with a pair of tokens, and nothing left to look at."""
    stage = Stage(mode, secret=PAIR)
    stage.up()
    return stage


# ---------------------------------------------------------------- the stored secret


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("syt_abc", Secret("syt_abc")),
        (" syt_abc\n", Secret("syt_abc")),
        (PAIR, Secret("old", "r1")),
        ('{"access_token": "a", "expires_at": 17}', Secret("a")),
        ('{"access_token": "a", "refresh_token": null}', Secret("a")),
        ('{"access_token": 3}', Secret('{"access_token": 3}')),
        ('{"access_token": "a", "refresh_token": 3}', Secret('{"access_token": "a", "refresh_token": 3}')),
        ("{" * 5000, Secret("{" * 5000)),
    ],
)
def test_a_secret_is_a_pair_or_a_token_alone(text: str, secret: Secret) -> None:
    assert read_secret(text) == secret


token_texts = st.text(st.characters(codec="ascii", categories=["L", "N", "P"], exclude_characters="{"), min_size=1)


@given(token_texts, st.one_of(st.just(""), token_texts))
def test_what_is_written_is_read(access: str, refresh: str) -> None:
    assert read_secret(write_secret(Secret(access, refresh))) == Secret(access, refresh)


def test_secrets_are_in_no_repr() -> None:  # E12
    stage = renewing()
    shown = repr([read_secret(PAIR), stage.poll, KeepSecret(PAIR), stage.core])
    assert "old" not in shown
    assert "r1" not in shown


# ---------------------------------------------------------------- renewing


@each_mode
def test_an_expired_token_is_renewed_and_nobody_notices(mode: Mode) -> None:  # B13
    stage = renewing(mode)
    stage.do(send(1))
    poll = refuse_token(stage, mode.later)
    refresh = stage.call("refresh")
    assert (refresh.token, body(refresh)) == ("", {"refresh_token": "r1"})
    act = refuse_token(stage, "act/1")
    stage.answer("refresh", dict(FRESH))
    assert stage.all_calls() == []
    assert json.loads(stage.keep_secret()) == {"access_token": "new", "refresh_token": "r2"}
    again = stage.all_calls()
    assert [(call.id, call.token) for call in again] == [(poll.id, "new"), (act.id, "new")]
    assert [call.request for call in again] == [poll.request, act.request]
    stage.answer("act/1", {})
    stage.brings("t2", "news")
    assert kinds(stage.news()) == ["Written", "Answered", "Arrived", "Position"]
    assert stage.poll.token == "new"


def test_the_new_token_is_not_used_before_it_is_kept() -> None:
    stage = renewing()
    refuse_token(stage, "sync")
    stage.answer("refresh", dict(FRESH))
    stage.do(send(1))
    assert stage.all_calls() == []
    assert len(stage.secrets) == 1
    stage.keep_secret()
    assert {call.token for call in stage.all_calls()} == {"new"}


def test_requests_that_are_made_meanwhile_wait_for_the_new_token() -> None:
    stage = renewing()
    refuse_token(stage, "sync")
    stage.do(send(1), send(2))
    assert [call.request.path for call in stage.all_calls()] == ["/_matrix/client/v3/refresh"]
    stage.answer("refresh", dict(FRESH))
    stage.keep_secret()
    assert [call.request.path.rpartition("/")[2] for call in stage.all_calls()] == ["sync", "1", "2"]


def test_a_call_with_the_old_token_that_comes_back_late_is_made_again_with_the_new_one() -> None:
    stage = renewing()
    stage.do(send(1))
    refuse_token(stage, "sync")
    stage.answer("refresh", dict(FRESH))
    stage.keep_secret()
    refuse_token(stage, "act/1", soft=False)
    assert stage.call("act/1").token == "new"
    assert not stage.all_calls("refresh")


def test_a_refresh_token_that_is_not_replaced_stays_in_use() -> None:
    stage = renewing()
    refuse_token(stage, "sync")
    stage.answer("refresh", {"access_token": "new"})
    assert json.loads(stage.keep_secret()) == {"access_token": "new", "refresh_token": "r1"}


def test_a_second_renewal_uses_the_second_refresh_token() -> None:
    stage = renewing()
    refuse_token(stage, "sync")
    stage.answer("refresh", dict(FRESH))
    stage.keep_secret()
    stage.brings("t2")
    refuse_token(stage, "sync")
    assert body(stage.call("refresh")) == {"refresh_token": "r2"}
    stage.answer("refresh", {"access_token": "newer", "refresh_token": "r3"})
    stage.keep_secret()
    assert stage.poll.token == "newer"


@pytest.mark.parametrize(
    ("how", "status", "reason", "seconds"),
    [
        (Failed(0, "connection refused"), 0, "connection refused", 2.0),
        (Refusal("", "bad gateway"), 502, "the server has a fault, 502 (bad gateway)", 2.0),
        (Garbled("It is a web page."), 200, "It is a web page", 2.0),
        (Refusal("M_LIMIT_EXCEEDED", "slowly", 7.0), 429, "the server asks to slow down", 7.0),
        ({"access_token": ""}, 200, "the server's answer is not what was asked for", 2.0),
    ],
)
def test_a_renewal_that_fails_for_now_is_tried_again_with_the_poll(
    how: object, status: int, reason: str, seconds: float
) -> None:  # B3
    stage = renewing()
    stage.do(send(1))
    refuse_token(stage, "sync")
    refuse_token(stage, "act/1")
    stage.answer("refresh", how, status)
    news = stage.news()
    assert LostAction(1) in news
    assert news[-1] == LinkChanged(Link.WAITING, reason, stage.now + seconds, 1)
    assert not stage.all_calls()
    stage.advance(seconds)
    assert body(stage.call("refresh")) == {"refresh_token": "r1"}
    stage.answer("refresh", dict(FRESH))
    stage.keep_secret()
    assert (stage.poll.token, query(stage.poll)["since"]) == ("new", "t1")
    stage.brings("t2")
    assert stage.links()[-1] == (Link.ONLINE, "")


def test_a_renewal_that_stays_silent_ends_with_the_polls_own_time() -> None:
    stage = renewing()
    refuse_token(stage, "sync")
    stage.take()
    stage.advance(60.0)
    assert stage.links()[-1][0] is Link.WAITING
    stage.advance(2.0)
    stage.answer("refresh", dict(FRESH))
    stage.keep_secret()
    assert stage.poll.token == "new"


def test_the_start_can_begin_with_an_expired_token() -> None:
    stage = Stage(secret=PAIR, device="")
    stage.begin()
    refuse_token(stage, "whoami")
    stage.answer("refresh", dict(FRESH))
    stage.keep_secret()
    stage.answer("whoami", {"user_id": "@ann:chat.example", "device_id": "D"})
    stage.answer("sync", reply("t1", section(ROOM, message("x"))))
    assert stage.at(Link.ONLINE)


# ---------------------------------------------------------------- the end


@each_mode
@pytest.mark.parametrize(
    ("code", "soft", "words"),
    [
        ("M_UNKNOWN_TOKEN", True, EXPIRED),
        ("M_UNKNOWN_TOKEN", False, REVOKED),
        ("M_MISSING_TOKEN", False, REVOKED),
        ("M_USER_LOCKED", True, LOCKED),
    ],
)
def test_without_a_way_to_renew_it_the_link_stops_and_nothing_is_lost(
    mode: Mode, code: str, soft: bool, words: str
) -> None:  # B13
    stage = Stage(mode)
    stage.up()
    stage.do(send(1))
    stage.ask(AskHistory(5, ROOM, 10))
    stage.quiet()
    others = [call.id for call in stage.all_calls() if "sync" not in call.request.path.lower()]
    stage.refuse(mode.later, 401, code, "no", soft_logout=soft)
    news = stage.news()
    assert news[:2] == [LostAction(1), LinkChanged(Link.STOPPED, words)]
    assert [item.request for item in news if isinstance(item, AskRefused)] == [5]
    assert set(stage.hung_up) <= set(others)
    assert not stage.all_calls()
    assert stage.core.wake_at() is None
    stage.advance(100.0)
    assert not stage.news()


@pytest.mark.parametrize("words", [EXPIRED, REVOKED])
def test_the_words_let_the_session_know_that_it_is_about_signing_in(words: str) -> None:
    assert "token" in words


def test_an_action_may_be_the_first_to_meet_it() -> None:
    stage = Stage()
    stage.up()
    stage.do(send(1))
    refuse_token(stage, "act/1", soft=False)
    assert stage.news() == [Written(1), LostAction(1), LinkChanged(Link.STOPPED, REVOKED)]
    assert len(stage.hung_up) == 1


@pytest.mark.parametrize(("status", "code"), [(401, "M_UNKNOWN_TOKEN"), (403, "M_FORBIDDEN"), (404, "M_UNRECOGNIZED")])
@pytest.mark.parametrize("soft", [True, False])
def test_a_refused_renewal_is_the_end(status: int, code: str, soft: bool) -> None:
    stage = renewing()
    refuse_token(stage, "sync", soft=soft)
    stage.refuse("refresh", status, code, "no")
    assert stage.links() == [(Link.STOPPED, EXPIRED if soft else REVOKED)]
    assert not stage.all_calls()


def test_a_server_that_refuses_each_new_token_is_not_asked_for_ever() -> None:
    stage = renewing()
    refuse_token(stage, "sync")
    stage.answer("refresh", dict(FRESH))
    stage.keep_secret()
    refuse_token(stage, "sync")
    assert stage.links() == [(Link.STOPPED, EXPIRED)]
    assert not stage.all_calls()


def test_a_refusal_that_is_not_about_the_token_goes_to_whom_it_concerns() -> None:
    stage = renewing()
    stage.do(send(1), send(2))
    stage.quiet()
    stage.refuse("act/1", 403, "M_UNKNOWN_TOKEN", "not that kind")
    stage.refuse("act/2", 401, "", "a step of another flow")
    assert stage.news() == [LostAction(1), LostAction(2)]
    assert stage.at(Link.ONLINE)


def test_a_stopped_account_can_be_started_again() -> None:
    stage = Stage()
    stage.up()
    refuse_token(stage, "sync")
    stage.quiet()
    stage.core.connect_now(stage.now)
    stage.answer("versions", dict(VERSIONS))
    assert query(stage.poll)["since"] == "t1"
    stage.brings("t2")
    assert stage.at(Link.ONLINE)
    stage.do(send(1))
    stage.answer("act/1", {})
    assert Answered(1) in stage.news()


def test_stopping_while_a_token_is_renewed_drops_that() -> None:  # B2
    stage = renewing()
    stage.do(send(1))
    refuse_token(stage, "sync")
    refresh = stage.call("refresh")
    stage.core.stop(stage.now)
    assert stage.links() == [(Link.OFFLINE, "closed")]
    assert refresh.id in stage.hung_up
    stage.reply_to(refresh, dict(FRESH))
    assert not stage.all_calls()
    assert not stage.secrets


def test_stopping_while_a_token_is_kept_still_goes_on_with_it_later() -> None:  # B2
    stage = renewing()
    refuse_token(stage, "sync")
    stage.answer("refresh", dict(FRESH))
    stage.take()
    stage.core.stop(stage.now)
    stage.keep_secret()
    assert not stage.all_calls()
    stage.begin()
    assert stage.poll.token == "new"
