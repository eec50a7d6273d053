"""HTTP requests, each made once and exactly as it is written; answers decoded, failures in words."""

from __future__ import annotations

import asyncio
import base64
import importlib
import logging
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from traceback import extract_tb
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlencode

from chat_tui_core.proxies import Proxy, WrongProxy, proxy_for
from chat_tui_core.values import frozen
from chat_tui_matrix.reasons import CONNECT_TIME, CallFailed, failure
from chat_tui_matrix.wire.calls import SHORT, Garbled, Request, Unfit
from chat_tui_matrix.wire.decoding import decode

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

LARGEST: Final = 200_000_000
"""Bytes of an answer's body, unpacked, beyond which it is no longer read: the first sync of 10,000 rooms is half that."""

SMALL: Final = 1_000_000
"""The same for an answer about a file: it names an address, or says no."""

ASIDE: Final = 65_536
"""Bytes beyond which a body is decoded in a thread: more would be felt by whoever types."""

BREATH: Final = 500_000
"""Bytes that are taken of a body before whoever types gets a turn."""

BODY_TIME: Final = 300.0
"""Seconds that a body may trickle in, on top of the wait for its first byte."""

TOO_LARGE: Final = "The server sends more than is wanted."

_LOG = logging.getLogger(__name__)


@frozen
class Fetched:
    """An answer as it came. `body` is None when it was larger than allowed."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


class Caller:
    """Makes requests, several at once, over connections that are kept for a while.

    `proxy`: the one that the account has, see `proxies.proxy_for`.
    """

    def __init__(self, proxy: str = "") -> None:
        self._proxy = proxy
        self._sessions: dict[Proxy | None, ClientSession] = {}  # one of its own for each SOCKS proxy
        self._open = False

    async def __aenter__(self) -> Self:
        """Import the library, which takes a fifth of a second, beside the loop."""
        await asyncio.to_thread(importlib.import_module, "chat_tui_matrix.resolving")
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        self._open = False
        while self._sessions:
            await self._sessions.popitem()[1].close()

    async def call(self, base: str, request: Request, token: str = "", most: int = LARGEST) -> tuple[int, Any]:
        """Make a request to the server at `base`; gives the status, and what the decoder gave, a Refusal or Garbled.

        Raises CallFailed. Redirects are not followed: they would carry the token to another server.
        """
        url, most = url_of(base, request), request.most or most
        got = await self.fetch(request.method, url, request.body, token=token, seconds=request.timeout, most=most)
        if got.body is None and request.most and got.status // 100 == 2:
            return got.status, Unfit(TOO_LARGE)
        if got.body is None:
            return got.status, _too_large(got, most)
        if len(got.body) <= ASIDE:
            return got.status, _decoded(request.reads, got.status, got.headers, got.body)
        return got.status, await asyncio.to_thread(_decoded, request.reads, got.status, got.headers, got.body)

    async def fetch(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        token: str = "",
        seconds: float = SHORT,
        most: int = LARGEST,
    ) -> Fetched:
        """Make a request to a URL that is quoted already.

        `seconds` may pass without a byte coming; `most` bytes of the body are read. Raises CallFailed.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            async with (
                asyncio.timeout(seconds + BODY_TIME),
                self.opened(method, url, body, headers, token=token, seconds=seconds) as response,
            ):
                return Fetched(response.status, response.headers, await _read(response, most))
        except CallFailed:
            raise
        except Exception as error:
            raise failure(error) from error

    @asynccontextmanager
    async def opened(
        self,
        method: str,
        url: str,
        body: bytes | AsyncIterable[bytes] | None,
        headers: Mapping[str, str],
        *,
        token: str = "",
        seconds: float = SHORT,
    ) -> AsyncIterator[ClientResponse]:
        """Make a request to a URL that is quoted already; gives its answer, of which only the head has been read.

        Raises CallFailed for what cannot be tried, and what the library raises: see `reasons.failure`.
        """
        if not self._open:
            raise CallFailed("the connection is closed", sent=False)
        from aiohttp import ClientTimeout
        from yarl import URL

        proxy = _proxy_for(url, self._proxy)
        by_socks = proxy if proxy is not None and proxy.scheme == "socks5" else None
        way, more = _by_http(url, None if by_socks else proxy)
        if token:
            more["Authorization"] = f"Bearer {token}"
        async with self._session(by_socks).request(
            method,
            URL(url, encoded=True),
            data=body,
            headers={**headers, **more},
            allow_redirects=False,
            timeout=ClientTimeout(total=None, connect=min(CONNECT_TIME, seconds), sock_read=seconds),
            **way,
        ) as response:
            yield response

    def _session(self, by_socks: Proxy | None) -> ClientSession:
        """The connections that are made directly, or by this SOCKS proxy."""
        if by_socks not in self._sessions:
            self._sessions[by_socks] = _new_session(by_socks)
        return self._sessions[by_socks]


def url_of(base: str, request: Request) -> str:
    """The whole address of a request to the server at `base`."""
    query = f"?{urlencode(request.query)}" if request.query else ""
    return f"{base.rstrip('/')}{request.path}{query}"


async def value_of(response: ClientResponse, reads: str, most: int = SMALL) -> Any:
    """What an answer that was opened says: what the decoder gave, a Refusal or Garbled."""
    body = await _read(response, most)
    if body is None:
        return _too_large(Fetched(response.status, response.headers, None), most)
    return _decoded(reads, response.status, response.headers, body)


def _new_session(by_socks: Proxy | None) -> ClientSession:
    from aiohttp import ClientSession, DummyCookieJar, TCPConnector

    if by_socks is None:
        from chat_tui_matrix.resolving import PatientResolver

        connector = TCPConnector(limit=0, resolver=PatientResolver())
    else:
        from chat_tui_matrix.socks_connecting import SocksConnector

        connector = SocksConnector(by_socks)
    # trust_env stays off: it would read ~/.netrc too, and refuse a request that has our token beside a line of that.
    session = ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": "chat-tui", "Accept": "application/json"},
    )
    # The library makes a request again when its connection breaks. Whoever counts on "once, or told of" must know.
    session._retry_connection = False  # noqa: SLF001
    return session


def _proxy_for(url: str, wanted: str) -> Proxy | None:
    """The proxy for an address; raises CallFailed for one that cannot be used."""
    try:
        return proxy_for(url, wanted)
    except WrongProxy as error:
        raise CallFailed(error.reason, fatal=True, sent=False) from error


def _by_http(url: str, proxy: Proxy | None) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the options and headers that have a request to this address go through an HTTP proxy."""
    if proxy is None:
        return {}, {}
    options: dict[str, Any] = {"proxy": proxy.shown}
    if not proxy.user:
        return options, {}
    pair = f"{proxy.user}:{proxy.password}"
    known = {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    # TLS goes through a tunnel, whose request alone is for the proxy; anything else the proxy passes on itself.
    return (options | {"proxy_headers": known}, {}) if url.startswith("https:") else (options, known)


async def _read(response: ClientResponse, most: int) -> bytes | None:
    """Give the whole body, or None when there is more of it than that."""
    if (response.content_length or 0) > most:
        return None
    parts, size, breath = [], 0, BREATH
    async for part in response.content.iter_any():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if size > breath:  # what is there already is unpacked without a pause, a thousand times its size
            breath = size + BREATH
            await asyncio.sleep(0)
    return parts[0] if len(parts) == 1 else await _joined(parts, size)


async def _joined(parts: list[bytes], size: int) -> bytes:
    return b"".join(parts) if size <= ASIDE else await asyncio.to_thread(b"".join, parts)


def _too_large(got: Fetched, most: int) -> Any:
    """Give what becomes of an answer that was not read to its end."""
    if got.status // 100 != 2:
        return _decoded("anything", got.status, got.headers, b"")
    return Garbled(f"the answer is larger than {most // 1_000_000} MB")


def _decoded(reads: str, status: int, headers: Mapping[str, str], body: bytes) -> Any:
    try:
        return decode(reads, status, headers, body)
    except Exception as error:  # noqa: BLE001 - what a server sends must not end the connection, whatever it is
        place = extract_tb(error.__traceback__)[-1]  # and no more: an error's text may quote what people wrote
        _LOG.error("a decoder failed: %s in %s:%s", type(error).__name__, place.filename, place.lineno)
        return Garbled("the answer cannot be read")
