"""From what a person types to a homeserver: addresses, .well-known, ways to sign in, and servers that are none."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from chat_tui_core.contract import Backend, LoginWay, ServerFound
from chat_tui_core.errors import ChatError, ConfigError, TransportError
from chat_tui_matrix import discovery
from chat_tui_matrix.addresses import Address, base_url, read_address
from chat_tui_matrix.calling import Caller
from chat_tui_matrix.discovery import discover, find_base
from chat_tui_matrix.entry import backend
from tests.matrix.homeserver_stage import CLIENT, Homeserver

WELL_KNOWN = "/.well-known/matrix/client"
BOTH = ("m.login.sso", "m.login.password", "m.login.token", "m.login.application_service")


@pytest.fixture
async def server() -> AsyncIterator[Homeserver]:
    async with Homeserver() as server:
        yield server


@pytest.fixture
async def other() -> AsyncIterator[Homeserver]:
    async with Homeserver() as server:
        yield server


async def base_of(url: str, *, exact: bool = False) -> str:
    async with Caller() as caller:
        return await find_base(caller, Address(exact=exact, urls=(url,)))


# ---------------------------------------------------------------- what is typed


@pytest.mark.parametrize(
    ("typed", "urls"),
    [
        ("matrix.example", ["https://matrix.example"]),
        (" matrix.example ", ["https://matrix.example"]),
        ("matrix.example:8448", ["https://matrix.example:8448"]),
        ("MATRIX.Example", ["https://matrix.example"]),
        ("bücher.example", ["https://xn--bcher-kva.example"]),
        ("localhost:8008", ["http://localhost:8008", "https://localhost:8008"]),
        ("127.0.0.1", ["http://127.0.0.1", "https://127.0.0.1"]),
        ("[::1]:8008", ["http://[::1]:8008", "https://[::1]:8008"]),
        ("@ann:matrix.example", ["https://matrix.example"]),
        ("@ann:matrix.example:8448", ["https://matrix.example", "https://matrix.example:8448"]),
        ("@ann:localhost:8008", ["http://localhost:8008", "https://localhost:8008"]),
        ("https://matrix.example/", ["https://matrix.example"]),
        ("https://example.org/a/b/", ["https://example.org/a/b"]),
        ("http://10.0.0.1:8008", ["http://10.0.0.1:8008"]),
    ],
)
def test_an_address_is_a_url_a_name_or_a_person(typed: str, urls: list[str]) -> None:
    address = read_address(typed)
    assert list(address.urls) == urls
    assert address.exact is ("://" in typed)
    assert address.user == (typed if typed.startswith("@") else "")


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "ws://x", "file:///etc/passwd", "https://", "https://u:p@matrix.example", "matrix.example/path", "@ann",
        "@ann:", "a b", "https://matrix.example?x=1", "https://matrix.example#x", "https://a\x1b[2J.example", "http://:80",
        "https://matrix.example:0", "https://matrix.example:99999", "ann@matrix.example", "https://\udcff", "a\\b", "x" * 3000,
    ],
)  # fmt: skip
async def test_what_is_no_address_is_told_with_an_example(typed: str) -> None:
    with pytest.raises(
        ConfigError, match=r"is no Matrix server's address; write it like https://matrix\.example"
    ) as told:
        await discover(typed)
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 300


@pytest.mark.parametrize("text", [None, 7, "", "javascript:1", "//x", "https://x\n", "https://é/é"])
def test_what_a_server_names_as_an_address_is_checked(text: object) -> None:
    assert base_url(text) is None


# ---------------------------------------------------------------- where it is


async def test_a_url_is_tried_as_it_is(server: Homeserver) -> None:
    server.is_homeserver(*BOTH)
    checked: Backend = backend
    found = await checked.discover(server.url + "/")
    assert found == ServerFound(server.url, (LoginWay.PASSWORD, LoginWay.SSO, LoginWay.TOKEN))
    assert server.seen == [f"GET {CLIENT}/versions", f"GET {CLIENT}/v3/login"]


async def test_a_name_leads_to_where_it_says(server: Homeserver, other: Homeserver) -> None:
    other.is_homeserver("m.login.password")
    server.on(WELL_KNOWN, {"m.homeserver": {"base_url": f"{other.url}/"}, "m.identity_server": 7})
    name = server.url.removeprefix("http://")
    assert await discover(name) == ServerFound(other.url, (LoginWay.PASSWORD, LoginWay.TOKEN))
    assert (await discover(f"@ann:{name}")).url == other.url


async def test_a_name_that_says_nothing_is_the_server_itself(server: Homeserver) -> None:
    server.is_homeserver("m.login.password")
    assert await base_of(server.url) == server.url
    for said in ("<html>not found</html>", "[]", "{", json.dumps({"m.homeserver": []}), "x" * 2_000_000):
        server.on(WELL_KNOWN, said)
        assert await base_of(server.url) == server.url


@pytest.mark.parametrize("said", ["<html>hello</html>", "[]", "{", json.dumps({"m.homeserver": []})])
async def test_a_garbled_well_known_is_told_where_nothing_else_answers(server: Homeserver, said: str) -> None:  # A10
    server.on(WELL_KNOWN, said)
    hint = f"No Matrix server answers at {server.url}, and {server.url}{WELL_KNOWN} does not say where it is; ask"
    for exact in (False, True):
        with pytest.raises(ConfigError, match=re.escape(hint)) as told:
            await base_of(server.url, exact=exact)
        assert str(told.value).endswith("give the homeserver's own address.")


async def test_the_address_of_a_company_leads_to_its_homeserver(server: Homeserver, other: Homeserver) -> None:
    other.is_homeserver("m.login.password")
    server.on("/", "<html>Welcome to our company</html>")
    with pytest.raises(ConfigError, match="No Matrix server answers at"):
        await base_of(f"{server.url}/about", exact=True)
    server.on(WELL_KNOWN, {"m.homeserver": {"base_url": other.url}})
    assert await base_of(f"{server.url}/about", exact=True) == other.url


@pytest.mark.parametrize("base", ["", 7, None, "matrix.example", "file:///x", "https://u@x", "https://x?y"])
async def test_a_name_that_says_what_cannot_be_meant(server: Homeserver, base: object) -> None:
    server.is_homeserver("m.login.password")
    server.on(WELL_KNOWN, {"m.homeserver": {"base_url": base}})
    with pytest.raises(ConfigError, match="names no address that can be used; ask the people who run the server"):
        await base_of(server.url)


async def test_a_name_may_lead_to_a_dead_end(server: Homeserver, other: Homeserver) -> None:
    server.on(WELL_KNOWN, {"m.homeserver": {"base_url": other.url}})
    with pytest.raises(ConfigError, match=f"No Matrix server answers at {other.url}"):
        await base_of(server.url)


async def test_redirects_of_a_name_are_followed_a_little(server: Homeserver, other: Homeserver) -> None:
    other.is_homeserver("m.login.password")
    at = "/elsewhere/matrix.json"

    async def moved(_request: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently(at)

    server.on(WELL_KNOWN, moved)
    server.on("/elsewhere", {"m.homeserver": {"base_url": other.url}})
    assert await base_of(server.url) == other.url
    for bad in (WELL_KNOWN, "file:///etc/passwd", "http://[", "", "https://user@x/"):
        at = bad
        server.is_homeserver("m.login.password")
        assert await base_of(server.url) == server.url
    assert server.seen.count(f"GET {WELL_KNOWN}") <= 1 + 3 + 4


async def test_nothing_secret_is_sent_before_anybody_signs_in(server: Homeserver) -> None:  # E12
    server.is_homeserver(*BOTH)
    await discover(server.url)
    assert not any("Authorization" in headers or "Cookie" in headers for headers in server.headers)


# ---------------------------------------------------------------- how one signs in


@pytest.mark.parametrize(
    ("flows", "ways"),
    [
        ([{"type": "m.login.password"}], ["password", "token"]),
        ([{"type": "m.login.sso", "identity_providers": []}], ["sso", "token"]),
        ([], ["token"]),
        ("x", ["token"]),
        ([None, 7, {}, {"type": 7}, {"type": ["m.login.sso"]}, {"type": "m.login.password"}], ["password", "token"]),
    ],
)
async def test_the_ways_are_what_the_server_tells(server: Homeserver, flows: object, ways: list[str]) -> None:
    server.is_homeserver()
    server.on(f"{CLIENT}/v3/login", {"flows": flows})
    found = await discover(server.url)
    assert [way.value for way in found.ways] == ways
    assert bool(found.note) is (ways == ["token"])


@pytest.mark.parametrize("answer", [{"errcode": "M_UNRECOGNIZED", "error": "x"}, "<html>404</html>"])
async def test_a_server_without_a_sign_in_of_its_own_takes_a_token(
    server: Homeserver, answer: Mapping[str, Any] | str
) -> None:
    server.is_homeserver()
    server.on(f"{CLIENT}/v3/login", answer, 404)
    found = await discover(server.url)
    assert found.ways == (LoginWay.TOKEN,)
    assert found.note == "Neither password nor browser: take an access token of yours."


async def test_a_way_that_others_can_read_is_told(server: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    server.is_homeserver("m.login.password")
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    found = await discover("http://matrix.example")
    assert found.note == "Not encrypted: others on the way can read your password."


# ---------------------------------------------------------------- what is no homeserver, or none now


@pytest.mark.parametrize(
    ("answer", "status", "kind", "told"),
    [
        ("<html>hello</html>", 200, ConfigError, "No Matrix server answers at"),
        ("", 200, ConfigError, "No Matrix server answers at"),
        ("x", 404, ConfigError, "No Matrix server answers at"),
        ("x", 401, ConfigError, "No Matrix server answers at"),
        ({"versions": "v1.1"}, 200, ConfigError, "No Matrix server answers at"),
        ({"versions": []}, 200, ConfigError, "speaks none of the versions"),
        ({"versions": ["v9.1", 7]}, 200, ConfigError, "speaks none of the versions"),
        (
            "<html>bad gateway</html>",
            502,
            TransportError,
            r"cannot serve us now \(HTTP 502: Bad Gateway\); try again later",
        ),
        ({"errcode": "M_LIMIT_EXCEEDED", "error": "Too many"}, 429, TransportError, r"\(Too many\); try again later"),
    ],
)
async def test_what_answers_is_no_homeserver(
    server: Homeserver, answer: Mapping[str, Any] | str, status: int, kind: type[ChatError], told: str
) -> None:
    server.on(f"{CLIENT}/versions", answer, status)
    with pytest.raises(kind, match=told) as error:
        await discover(server.url)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        ("<html>hello</html>", 200, "does not answer as a Matrix server does"),
        ("x", 503, "cannot serve us now"),
        ({"errcode": "M_LIMIT_EXCEEDED", "error": "x", "retry_after_ms": 7000}, 429, "asks to wait: try again in 7 s"),
        ({"errcode": "M_LIMIT_EXCEEDED", "error": "x"}, 429, "asks to wait: try again later"),
    ],
)
async def test_a_homeserver_that_cannot_say_how_to_sign_in(
    server: Homeserver, answer: Mapping[str, Any] | str, status: int, told: str
) -> None:
    server.is_homeserver()
    server.on(f"{CLIENT}/v3/login", answer, status)
    with pytest.raises(TransportError, match=told):
        await discover(server.url)


async def test_a_body_without_end_is_not_read_to_it(server: Homeserver) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(800):
                await response.write(b"x" * 65_536)
                sent += 65_536
        except ConnectionError:
            pass
        return response

    server.on("/", endless)
    with pytest.raises(ConfigError, match="No Matrix server answers"):
        await discover(server.url)
    assert sent < 30_000_000


async def test_nobody_waits_for_ever(server: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(20):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    async def silent(_request: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.Response()

    monkeypatch.setattr(discovery, "PATIENCE", 0.4)
    server.on("/", slow)
    with pytest.raises(TransportError, match="took longer than 0 s"):
        await discover(server.url)
    monkeypatch.setattr(discovery, "PATIENCE", 30.0)
    monkeypatch.setattr(discovery, "STEP_TIME", 0.2)
    server.on("/", silent)
    with pytest.raises(TransportError, match="cannot be reached: the server did not answer in time"):
        await discover(server.url)


async def test_nothing_listens_there() -> None:
    async with Homeserver() as gone:
        url = gone.url
    with pytest.raises(TransportError, match=r"cannot be reached: connection refused; is the server running\?\Z"):
        await discover(url)
    with pytest.raises(TransportError, match="cannot be reached: connection refused"):
        await discover(url.removeprefix("http://"))
    with pytest.raises(TransportError, match="no host of this name, or no network"):
        await discover("https://no-such-host.invalid")


async def test_something_else_listens_there() -> None:
    async def ssh(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(ssh, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(TransportError, match=r"no web server is there; is the address right\?\Z"):
            await discover(f"http://127.0.0.1:{port}")
        with pytest.raises(TransportError, match="TLS did not come about"):
            await discover(f"https://127.0.0.1:{port}")
