"""Open a WebSocket, or say in words why that did not work."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from chat_tui_core.errors import ConfigError
from chat_tui_core.proxies import Proxy, WrongProxy, proxy_for
from chat_tui_core.safe_text import one_line
from chat_tui_wschat.grammar import MAX_MESSAGE

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

CONNECT_TIME: Final = 10.0
"""Seconds for name look-up, TCP, TLS and the WebSocket handshake together."""

CLOSE_TIME: Final = 0.6
"""Seconds that the other side has for its part of closing."""

KEEPALIVE: Final = 40.0
"""Seconds between WebSocket pings, for bare S0 servers, which have no heartbeat of their own."""

_MARGIN: Final = 1024

# The library logs frames, and frames hold tokens and what people say.
_silent: Final = logging.getLogger("chat_tui_wschat.websockets")
_silent.setLevel(logging.CRITICAL)


class DialError(Exception):
    """No WebSocket came about; `reason` is a phrase for people. `fatal`: trying again cannot help."""

    def __init__(self, reason: str, *, fatal: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fatal = fatal


def check_url(url: str) -> None:
    """Refuse what cannot be the address of a wschat server.

    Raises:
        ConfigError: with an example of what is meant.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known or not url.isprintable() or " " in url:
        shown = one_line(url, 80)
        raise ConfigError(
            f"{shown!r} is no WebSocket address; write it like wss://chat.example or ws://127.0.0.1:8765."
        )


async def dial(url: str, through: str = "") -> ClientConnection:
    """Open a WebSocket; `through` is the proxy that the account has: see `proxies.proxy_for`.

    Raises:
        DialError: whatever went wrong.
    """
    proxy: Proxy | None = None
    try:
        check_url(url)
        proxy = proxy_for(url, through)
        return await _connected(url, proxy)
    except ConfigError as error:
        raise DialError(str(error), fatal=True) from error
    except WrongProxy as error:
        raise DialError(error.reason, fatal=True) from error
    except Exception as error:
        unreached = proxy is not None and isinstance(error, ConnectionRefusedError | socket.gaierror)
        raise DialError("the proxy cannot be reached" if unreached else reason_of(error)) from error


async def _connected(url: str, proxy: Proxy | None) -> ClientConnection:
    from websockets.asyncio.client import connect

    from chat_tui_wschat.client_socket import ClientSocket

    way: dict[str, Any] = {"proxy": proxy.url if proxy is not None else None}
    if proxy is not None and proxy.scheme == "socks5":
        way = {"proxy": None, "sock": await _tunnel(url, proxy)}
    try:
        return await connect(
            url,
            create_connection=ClientSocket,
            compression=None,
            open_timeout=CONNECT_TIME,
            close_timeout=CLOSE_TIME,
            ping_interval=KEEPALIVE,
            ping_timeout=KEEPALIVE,
            max_size=MAX_MESSAGE + _MARGIN,
            logger=_silent,
            **way,
        )
    except BaseException:
        if "sock" in way:
            way["sock"].close()
        raise


async def _tunnel(url: str, proxy: Proxy) -> socket.socket:
    """A socket that the proxy has connected to the server."""
    from chat_tui_core.socks import connect_through

    parts = urlsplit(url)
    async with asyncio.timeout(CONNECT_TIME):
        return await connect_through(proxy, parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80))


def _system_reason(error: Any) -> str:
    if not error.strerror and not str(error):
        return "the other side hung up at once; is the address right, and is it ws:// or wss://?"
    return (error.strerror or str(error)).lower()


def _certificate_reason(error: Any) -> str:
    why = getattr(error, "verify_message", "") or "unknown reason"
    return f"the server's certificate is not to be trusted: {why}"


_REASONS: Final[tuple[tuple[type[Exception], Callable[[Any], str]], ...]] = (
    (ssl.SSLCertVerificationError, _certificate_reason),
    (ssl.SSLError, lambda _: "TLS did not come about; is the address to begin with ws:// instead of wss://?"),
    (socket.gaierror, lambda _: "there is no host of this name"),
    (TimeoutError, lambda _: f"no answer within {CONNECT_TIME:.0f} s"),
    (ConnectionRefusedError, lambda _: "connection refused; is the server running?"),
    (OSError, _system_reason),
)
"""What the operating system raises -> the words for it; the first that fits."""


def reason_of(error: Exception) -> str:
    """Give the words for what went wrong while connecting."""
    from websockets.exceptions import (
        InvalidHandshake,
        InvalidProxyStatus,
        InvalidStatus,
        ProxyError,
        WebSocketException,
    )

    from chat_tui_core.socks import ProxyRefused

    if isinstance(error, InvalidStatus):
        return f"no WebSocket server is there: it answered with HTTP status {error.response.status_code}"
    if isinstance(error, InvalidProxyStatus) and error.response.status_code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return "the proxy asks for a user and a password"
    if isinstance(error, ProxyError):
        return "the proxy does not let us through"
    if isinstance(error, ProxyRefused):
        return error.reason
    if isinstance(error, InvalidHandshake | WebSocketException | EOFError):
        return "no WebSocket server is there: it did not take part in the handshake"
    for kind, words in _REASONS:
        if isinstance(error, kind):
            return words(error)
    return f"an unexpected fault: {type(error).__name__}"
