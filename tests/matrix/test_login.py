"""Signing in by password and token, what servers may answer to it, and signing out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from chat_tui_core.contract import Credentials
from chat_tui_core.errors import AuthRefused, ChatError, ConfigError, TransportError
from chat_tui_core.model import Account
from chat_tui_matrix.entry import backend
from tests.matrix.homeserver_stage import CLIENT, Homeserver

ANN = "@ann:matrix.example"
GIVEN = {"user_id": ANN, "access_token": "acc3ss", "device_id": "PHONE", "refresh_token": "r3fresh"}
LOGIN, LOGOUT, WHOAMI, REFRESH = (f"{CLIENT}/v3/{name}" for name in ("login", "logout", "account/whoami", "refresh"))


@pytest.fixture
async def server() -> AsyncIterator[Homeserver]:
    async with Homeserver() as server:
        server.is_homeserver("m.login.password")
        yield server


def answers(server: Homeserver, answer: Mapping[str, Any] | str, status: int = 200) -> None:
    """Answer a sign-in so, and offer a password."""

    async def say(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"flows": [{"type": "m.login.password"}]})
        if isinstance(answer, str):
            return web.Response(text=answer, status=status)
        return web.json_response(answer, status=status)

    server.on(LOGIN, say)


async def sign_in(server: Homeserver, user: str = "ann", secret: str = "pw", kind: str = "password") -> Credentials:
    return await backend.login(server.url, user, secret, kind=kind, device="d1")


# ---------------------------------------------------------------- by password


@pytest.mark.parametrize(
    ("user", "identifier"),
    [
        ("ann", {"type": "m.id.user", "user": "ann"}),
        (ANN, {"type": "m.id.user", "user": ANN}),
        ("ann@mail.example", {"type": "m.id.thirdparty", "medium": "email", "address": "ann@mail.example"}),
    ],
)
async def test_by_password(server: Homeserver, user: str, identifier: dict[str, str]) -> None:
    answers(server, GIVEN)
    given = await sign_in(server, user, "p w\u00e9")
    assert server.bodies[-1] == {
        "type": "m.login.password",
        "identifier": identifier,
        "password": "p w\u00e9",
        "device_id": "d1",
        "initial_device_display_name": "chat-tui",
        "refresh_token": True,
    }
    assert (given.user, given.device, given.url) == (ANN, "PHONE", server.url)
    assert json.loads(given.token) == {"access_token": "acc3ss", "refresh_token": "r3fresh"}
    assert "acc3ss" not in repr(given)


async def test_a_server_that_gives_no_token_to_renew_and_no_device(server: Homeserver) -> None:
    answers(server, {"user_id": ANN, "access_token": "acc3ss", "refresh_token": 7, "home_server": 7})
    given = await sign_in(server)
    assert (given.device, given.token) == ("d1", "acc3ss")


async def test_a_person_s_full_id_is_an_address_and_a_user(server: Homeserver) -> None:
    answers(server, GIVEN)
    name = server.url.removeprefix("http://")
    given = await backend.login(f"@ann:{name}", "", "pw", kind="password", device="d1")
    assert server.bodies[-1]["identifier"]["user"] == f"@ann:{name}"
    assert given.url == server.url


async def test_what_the_answer_says_of_the_server_s_address_is_left_aside(server: Homeserver) -> None:
    answers(server, {**GIVEN, "well_known": {"m.homeserver": {"base_url": "https://evil.example"}}})
    assert (await sign_in(server)).url == server.url


async def test_what_the_server_does_not_offer_is_not_tried(server: Homeserver) -> None:
    server.is_homeserver("m.login.sso")
    with pytest.raises(ConfigError, match="has no sign-in by password; it has: browser, access token"):
        await sign_in(server)
    server.is_homeserver("m.login.password")
    with pytest.raises(ConfigError, match="has no sign-in by browser; it has: password, access token"):
        await sign_in(server, kind="sso")
    with pytest.raises(ConfigError, match="has no sign-in by telepathy"):
        await sign_in(server, kind="telepathy")
    with pytest.raises(ConfigError, match="Say who you are there"):
        await sign_in(server, user="")
    assert not any(seen.startswith("POST") for seen in server.seen)


@pytest.mark.parametrize(
    ("status", "answer", "kind", "told"),
    [
        (
            403,
            {"errcode": "M_FORBIDDEN", "error": "Invalid"},
            AuthRefused,
            "does not accept this user name with this pass",
        ),
        (403, {"errcode": "M_USER_DEACTIVATED", "error": "x"}, AuthRefused, "This account was closed"),
        (401, {"errcode": "M_USER_LOCKED", "error": "x"}, AuthRefused, "locked by the people who run the server"),
        (400, {"errcode": "M_INVALID_USERNAME", "error": "x"}, AuthRefused, "has no such user name"),
        (400, {"errcode": "M_UNKNOWN", "error": "no\x1b[2J."}, AuthRefused, r"^The server refused: no\S*\[2J\.$"),
        (400, {"errcode": "X", "error": ""}, AuthRefused, "The server refused: X"),
        (
            429,
            {"errcode": "M_LIMIT_EXCEEDED", "error": "x", "retry_after_ms": 3000},
            TransportError,
            "try again in 3 s",
        ),
        (500, {"errcode": "M_UNKNOWN", "error": "Internal"}, TransportError, "cannot serve us now"),
        (502, "<html>", TransportError, "cannot serve us now"),
        (404, "<html>", TransportError, "What answers there refuses .HTTP 404: Not Found.: is the address right"),
        (307, "", TransportError, "HTTP 307"),
        (200, "<html>", TransportError, "does not answer as a Matrix server does"),
        (200, {}, TransportError, "does not answer as a Matrix server does"),
        (200, {**GIVEN, "access_token": "a\r\nb"}, TransportError, "nobody can be that"),
        (200, {**GIVEN, "refresh_token": "a b"}, TransportError, "nobody can be that"),
        (200, {**GIVEN, "device_id": "a b"}, TransportError, "nobody can be that"),
        (200, {**GIVEN, "device_id": 7}, TransportError, "nobody can be that"),
        (200, {**GIVEN, "user_id": "ann"}, TransportError, "nobody can be that"),
        (200, {**GIVEN, "user_id": "@a\x1b[2J:b"}, TransportError, "nobody can be that"),
    ],
)
async def test_what_servers_answer(
    server: Homeserver, status: int, answer: Mapping[str, Any] | str, kind: type[ChatError], told: str
) -> None:
    answers(server, answer, status)
    with pytest.raises(kind, match=told) as error:
        await sign_in(server)
    assert str(error.value).isprintable()
    assert server.seen.count(f"POST {LOGIN}") == 1, "asked once, no loop"


# ---------------------------------------------------------------- by token


async def test_by_token(server: Homeserver) -> None:
    server.on(WHOAMI, {"user_id": ANN, "device_id": "PHONE"})
    for user in ("", "ann", "Ann", ANN):
        given = await sign_in(server, user, " acc3ss\n", "token")
        assert (given.user, given.device, given.token, given.url) == (ANN, "PHONE", "acc3ss", server.url)
    assert server.headers[-1]["Authorization"] == "Bearer acc3ss"
    both = json.dumps({"access_token": "acc3ss", "refresh_token": "r3fresh"})
    assert (await sign_in(server, "", both, "token")).token == both
    with pytest.raises(AuthRefused, match=r"This token belongs to @ann:matrix\.example, not to bob"):
        await sign_in(server, "bob", "acc3ss", "token")


async def test_a_token_that_is_none(server: Homeserver) -> None:
    for text in ("", "a b", "a\r\nX: y", "t\u00f6ken", '{"access_token": "a b"}', '{"x": 1}'):
        with pytest.raises(ConfigError, match="This is no access token"):
            await sign_in(server, "", text, "token")
    assert f"GET {WHOAMI}" not in server.seen
    server.on(WHOAMI, {"errcode": "M_UNKNOWN_TOKEN", "error": "x", "soft_logout": True}, 401)
    with pytest.raises(AuthRefused, match="does not accept this access token"):
        await sign_in(server, "", "acc3ss", "token")
    server.on(WHOAMI, {"user_id": ["x"]})
    with pytest.raises(TransportError, match="nobody can be that"):
        await sign_in(server, "", "acc3ss", "token")


async def test_a_token_without_a_device_gets_ours(server: Homeserver) -> None:
    server.on(WHOAMI, {"user_id": ANN})
    assert (await sign_in(server, "", "acc3ss", "token")).device == "d1"


# ---------------------------------------------------------------- the end


def account(server: Homeserver) -> Account:
    return Account("home", "matrix", server.url, ANN, "PHONE")


async def test_signing_out(server: Homeserver) -> None:
    server.on(LOGOUT, {})
    await backend.logout(account(server), "acc3ss")
    assert server.seen == [f"POST {LOGOUT}"]
    assert server.headers[-1]["Authorization"] == "Bearer acc3ss"


async def test_a_token_that_has_expired_is_renewed_to_sign_out(server: Homeserver) -> None:
    async def guarded(request: web.Request) -> web.Response:
        if request.headers["Authorization"] == "Bearer fresh":
            return web.json_response({})
        return web.json_response({"errcode": "M_UNKNOWN_TOKEN", "error": "x", "soft_logout": True}, status=401)

    server.on(LOGOUT, guarded)
    server.on(REFRESH, {"access_token": "fresh"})
    secret = json.dumps({"access_token": "old", "refresh_token": "r3fresh"})
    await backend.logout(account(server), secret)
    assert server.seen == [f"POST {LOGOUT}", f"POST {REFRESH}", f"POST {LOGOUT}"]
    assert server.bodies[1] == {"refresh_token": "r3fresh"}
    with pytest.raises(AuthRefused):
        await backend.logout(account(server), "old")
    server.on(REFRESH, {"errcode": "M_FORBIDDEN", "error": "x"}, 403)
    with pytest.raises(AuthRefused):
        await backend.logout(account(server), secret)
    server.on(LOGOUT, "<html>", 503)
    with pytest.raises(TransportError, match="cannot serve us now"):
        await backend.logout(account(server), secret)
