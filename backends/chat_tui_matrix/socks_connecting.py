"""Connections of the HTTP library that go through a SOCKS 5 proxy, which also looks the hosts up."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from aiohttp import ClientConnectorCertificateError, ClientConnectorError, ClientConnectorSSLError, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_exceptions import cert_errors, ssl_errors

from chat_tui_core.proxies import Proxy
from chat_tui_core.socks import connect_through

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class _Unasked(AbstractResolver):
    """Gives an address that nobody connects to: the proxy gets the name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See AbstractResolver."""
        return [
            ResolveResult(hostname=host, host="192.0.2.1", port=port, family=socket.AF_INET, proto=0, flags=_NUMERIC)
        ]

    async def close(self) -> None:
        """Nothing is held."""


class SocksConnector(TCPConnector):
    """The library's connector, whose TCP connections a proxy makes."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(limit=0, resolver=_Unasked())
        self._through = proxy

    async def _wrap_create_connection(
        self,
        *args: Any,
        addr_infos: list[Any],
        req: Any,
        timeout: Any,
        client_error: type[Exception] = ClientConnectorError,
        **options: Any,
    ) -> tuple[asyncio.Transport, Any]:
        """As the library's own, on a socket that the proxy has connected. It is inside the time for connecting."""
        key = req.connection_key
        try:
            tunnel = await connect_through(self._through, req.url.raw_host, req.port)
        except OSError as error:
            raise ClientConnectorError(key, error) from error
        try:
            return await self._loop.create_connection(*args, **options, sock=tunnel)
        except BaseException as error:
            tunnel.close()
            if isinstance(error, cert_errors):
                raise ClientConnectorCertificateError(key, error) from error
            if isinstance(error, ssl_errors):
                raise ClientConnectorSSLError(key, error) from error
            if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                raise client_error(key, error) from error
            raise
