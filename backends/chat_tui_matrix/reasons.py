"""What may go wrong between us and an HTTP server, in words for the status bar."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from chat_tui_core.socks import ProxyRefused

CONNECT_TIME: Final = 15.0
"""Seconds at most for name look-up, TCP and TLS together."""


class CallFailed(Exception):
    """No answer came. `reason` is half a sentence. `fatal`: trying again cannot help. `sent`: it may have arrived."""

    def __init__(self, reason: str, *, fatal: bool = False, sent: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fatal = fatal
        self.sent = sent


def failure(error: BaseException) -> CallFailed:
    """What an exception of the HTTP library, or of the system below it, means. Nothing of it is quoted but its cause."""
    for kind, words, fatal, sent in _table():
        if isinstance(error, kind):
            return CallFailed(words(error) if callable(words) else words, fatal=fatal, sent=sent)
    return CallFailed(f"an unexpected fault: {type(error).__name__}")


def _certificate(error: Any) -> str:
    cause = getattr(error, "certificate_error", error)
    why = getattr(cause, "verify_message", "") or "it does not fit the server's name"
    return f"the server's certificate is not to be trusted: {why}"


def _system(error: Any) -> str:
    cause = getattr(error, "os_error", error)
    return str(cause.strerror or "the server cannot be reached").lower()


_BROKE: Final = "the connection broke"
_NO_HTTP: Final = "no web server is there; is the address right?"

_Row = tuple[type[BaseException], str | Callable[[Any], str], bool, bool]


@cache
def _table() -> tuple[_Row, ...]:
    """What is raised, the words for it, whether it is fatal, whether the request may have arrived; the first that fits."""
    import aiohttp

    return (
        (aiohttp.ClientConnectorCertificateError, _certificate, True, False),
        (ssl.SSLCertVerificationError, _certificate, True, False),
        (aiohttp.ClientSSLError, "TLS did not come about; is it http:// and not https://?", False, False),
        (aiohttp.ClientConnectorDNSError, "there is no host of this name, or no network", False, False),
        (aiohttp.ClientProxyConnectionError, "the proxy cannot be reached", False, False),
        (aiohttp.ClientHttpProxyError, _refused_by_proxy, False, False),
        (aiohttp.ClientConnectorError, _connecting, False, False),
        (aiohttp.ConnectionTimeoutError, "the server did not take the connection in time", False, False),
        (TimeoutError, "the server did not answer in time", False, True),
        (aiohttp.ServerDisconnectedError, "the server hung up", False, True),
        (aiohttp.ClientPayloadError, "the connection broke in the middle of an answer", False, True),
        (aiohttp.InvalidURL, "the address cannot be right", True, False),
        (aiohttp.ClientResponseError, _NO_HTTP, False, True),
        (aiohttp.ClientOSError, _BROKE, False, True),
        (aiohttp.ClientConnectionError, _BROKE, False, True),
        (ConnectionError, _BROKE, False, True),
        (OSError, _system, False, True),
        (UnicodeError, "the address cannot be right", True, False),
    )


def _refused_by_proxy(error: Any) -> str:
    if error.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return "the proxy asks for a user and a password"
    return "the proxy does not let us through"


def _connecting(error: Any) -> str:
    cause = error.os_error
    if isinstance(cause, ProxyRefused):
        return cause.reason
    if isinstance(cause, socket.gaierror):
        return "there is no host of this name, or no network"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused; is the server running?"
    return _system(error)
