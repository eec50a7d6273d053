"""Look up a host's addresses in a thread that nobody waits for when the program ends."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class PatientResolver(AbstractResolver):
    """As the library's own one, which asks in threads that are joined at the end: without a network that takes half a minute."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Give the host's addresses; raises OSError when there are none."""
        found: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        threading.Thread(target=_look_up, args=(found, host, port, family), name="look-up", daemon=True).start()
        return [
            ResolveResult(hostname=host, host=_host(to), port=to[1], family=kind, proto=proto, flags=_NUMERIC)
            for kind, _, proto, _, to in await found
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _host(to: tuple[Any, ...]) -> str:
    """Give the address as text, with its zone where it is link-local."""
    zone = f"%{to[3]}" if len(to) == 4 and to[3] else ""
    return f"{to[0]}{zone}"


def _look_up(found: asyncio.Future[list[Any]], host: str, port: int, family: int) -> None:
    loop = found.get_loop()
    try:
        infos = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    except (OSError, UnicodeError) as error:
        told: tuple[Any, ...] = (_fail, found, error if isinstance(error, OSError) else socket.gaierror(str(error)))
    else:
        told = (_give, found, infos)
    with suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(*told)


def _give(found: asyncio.Future[list[Any]], infos: list[Any]) -> None:
    if not found.done():
        found.set_result(infos)


def _fail(found: asyncio.Future[list[Any]], error: OSError) -> None:
    if not found.done():
        found.set_exception(error)
