"""Open a WebSocket, or say in words why that did not work."""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from chat_tui_core.errors import ConfigError
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


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def dial(url: str) -> ClientConnection:
    """Open a WebSocket.

    Raises:
        DialError: whatever went wrong.
    """
    from websockets.asyncio.client import connect

    from chat_tui_wschat.client_socket import ClientSocket

    try:
        check_url(url)
        return await connect(
            url,
            create_connection=ClientSocket,
            compression=None,
            proxy=None if _is_loopback(url) else True,
            open_timeout=CONNECT_TIME,
            close_timeout=CLOSE_TIME,
            ping_interval=KEEPALIVE,
            ping_timeout=KEEPALIVE,
            max_size=MAX_MESSAGE + _MARGIN,
            logger=_silent,
        )
    except ConfigError as error:
        raise DialError(str(error), fatal=True) from error
    except Exception as error:
        raise DialError(reason_of(error)) from error


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
    from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidStatus, ProxyError, WebSocketException

    if isinstance(error, InvalidStatus):
        return f"no WebSocket server is there: it answered with HTTP status {error.response.status_code}"
    if isinstance(error, InvalidProxy | ProxyError):
        return "the proxy does not let us through"
    if isinstance(error, InvalidHandshake | WebSocketException | EOFError):
        return "no WebSocket server is there: it did not take part in the handshake"
    for kind, words in _REASONS:
        if isinstance(error, kind):
            return words(error)
    return f"an unexpected fault: {type(error).__name__}"
