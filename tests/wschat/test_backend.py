"""The backend as its entry point gives it: signing in, and every way in which that fails."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.server import serve

import chat_tui_wschat
from chat_tui_core.contract import API_VERSION, Capability, Connection, ServerOptions
from chat_tui_core.errors import AuthRefused, ConfigError, TransportError
from chat_tui_core.model import Account
from chat_tui_wschat import backend
from chat_tui_wschat.dialing import CONNECT_TIME, check_url, reason_of
from chat_tui_wschat.entry import CAPABILITIES
from chat_tui_wschat.protocol_link import ALL_CAPABILITIES
from tests.wschat.live_client import serving, tcp_server, token_for
from tests.wschat.test_client import s0


def test_what_the_entry_point_gives() -> None:  # E1
    assert chat_tui_wschat.backend is backend
    assert (backend.name, backend.api_version) == ("wschat", API_VERSION)
    assert backend.capabilities == CAPABILITIES == ALL_CAPABILITIES
    assert Capability.CONTIGUOUS in backend.capabilities
    check_url(backend.url_example)


async def test_a_connection_is_one(unused_tcp_port: int) -> None:  # E1
    account = Account("a", "wschat", f"ws://127.0.0.1:{unused_tcp_port}", "ann", "laptop")
    assert isinstance(backend.connect(account, "token", {}, lambda _: None), Connection)


async def test_password_gives_a_token_and_the_token_is_good() -> None:  # A10
    async with serving() as server:
        made = await backend.login(server.url, "ann", "secret", kind="password", device="laptop")
        assert (made.user, made.device) == ("ann", "laptop")
        assert made.token
        assert made.token not in repr(made)
        again = await backend.login(server.url, "ann", made.token, kind="token", device="laptop")
        assert again == made
        assert (await backend.login(server.url, "", made.token, kind="token", device="laptop")).user == "ann"
        with pytest.raises(AuthRefused, match="belongs to ann"):
            await backend.login(server.url, "bob", made.token, kind="token", device="laptop")


@pytest.mark.parametrize(("kind", "device"), [("password", "laptop"), ("token", "laptop"), ("token", "phone")])
async def test_wrong_credentials_are_refused(kind: str, device: str) -> None:  # A10
    async with serving() as server:
        token = await token_for(server.url)
        secret = token if device == "phone" else "wrong"
        with pytest.raises(AuthRefused) as caught:
            await backend.login(server.url, "ann", secret, kind=kind, device=device)
        assert caught.value.code == "BADAUTH"
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "chat.example",
        "http://chat.example",
        "ws://",
        "wss://:8765",
        "ws://a:99999",
        "ws://a:0",
        "ws://a b",
        "ws://a\n",
    ],
)
async def test_a_url_that_cannot_be_right(url: str) -> None:  # A21
    with pytest.raises(ConfigError, match=r"wss://chat\.example"):
        await backend.login(url, "ann", "secret", kind="password", device="laptop")


@pytest.mark.parametrize(
    ("user", "secret", "kind", "device"),
    [
        ("Ann Smith", "secret", "password", "laptop"),
        ("ann", "sec\nret", "password", "laptop"),
        ("ann", "", "password", "laptop"),
        ("ann", "two words", "token", "laptop"),
        ("ann", "secret", "password", "my laptop"),
        ("ann", "secret", "fingerprint", "laptop"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_connecting(user: str, secret: str, kind: str, device: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await backend.login("ws://127.0.0.1:9", user, secret, kind=kind, device=device)
    assert not secret or kind == "fingerprint" or secret not in str(caught.value)


async def test_unreachable(unused_tcp_port: int) -> None:  # A21
    with pytest.raises(TransportError, match="connection refused"):
        await backend.login(f"ws://127.0.0.1:{unused_tcp_port}", "ann", "x", kind="password", device="laptop")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "HTTP status 200"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP status 404"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "no WebSocket server is there"),
        (b"", "no WebSocket server is there"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "no WebSocket server is there"),
    ],
)
async def test_what_is_no_websocket_server(answer: bytes, words: str) -> None:  # A21
    async with tcp_server(answer) as port:
        with pytest.raises(TransportError, match=words):
            await backend.login(f"ws://127.0.0.1:{port}", "ann", "secret", kind="password", device="laptop")


async def test_tls_where_there_is_none() -> None:  # A21
    async with serving() as server:
        with pytest.raises(TransportError, match=r"ws:// or wss://|TLS did not come about"):
            await backend.login(server.url.replace("ws:", "wss:"), "ann", "secret", kind="password", device="laptop")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ssl.SSLCertVerificationError(1, "self-signed"), "certificate is not to be trusted"),
        (ssl.SSLError(1, "wrong version"), "TLS did not come about"),
        (socket.gaierror(-2, "unknown"), "there is no host of this name"),
        (TimeoutError(), f"no answer within {CONNECT_TIME:.0f} s"),
        (ConnectionRefusedError(111, "Connection refused"), "connection refused; is the server running?"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection reset by peer"),
        (ConnectionResetError(), "is it ws:// or wss://?"),
        (OSError(113, "No route to host"), "no route to host"),
        (EOFError(), "no WebSocket server is there"),
        (RuntimeError("odd"), "an unexpected fault: RuntimeError"),
    ],
)
def test_every_failure_has_words(error: Exception, words: str) -> None:  # A21
    assert words in reason_of(error)


async def test_a_bare_s0_server_has_nothing_to_check(unused_tcp_port: int) -> None:  # A10
    async with serve(s0, "127.0.0.1", unused_tcp_port, close_timeout=1):
        made = await backend.login(
            f"ws://127.0.0.1:{unused_tcp_port}", "ann", "secret", kind="password", device="laptop"
        )
    assert (made.user, made.token) == ("ann", "-")


async def test_the_server_of_the_backend(tmp_path: Path) -> None:  # E1
    data = str(tmp_path / "server.db")
    assert backend.server is not None
    await backend.server.add_user(data, "ann", "secret")
    server = await backend.server.start(ServerOptions(data=data))
    try:
        made = await backend.login(server.url, "ann", "secret", kind="password", device="laptop")
        assert made.user == "ann"
    finally:
        await server.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
