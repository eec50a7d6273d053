"""Reach a host through a SOCKS 5 proxy (RFC 1928), with a user and a password where it asks for them (RFC 1929)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Final

from chat_tui_core.proxies import Proxy

__all__ = ["ProxyRefused", "ProxyUnreachable", "connect_through"]

_VERSION: Final = 5
_OPEN, _PASSWORD = 0, 2
_IPV4, _NAME, _IPV6 = 1, 3, 4
_LENGTHS: Final = {_IPV4: 4, _IPV6: 16}

#: Reply of the proxy -> half a sentence (RFC 1928, section 6).
_REPLIES: Final = {
    2: "the proxy does not let us through",
    3: "the proxy says that the network cannot be reached",
    4: "the proxy says that the server cannot be reached",
    5: "the proxy says that the server refused the connection",
    6: "the proxy says that the server did not answer in time",
}


class ProxyRefused(OSError):
    """The proxy did not do what was asked; `reason` is half a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProxyUnreachable(ProxyRefused):
    """The proxy itself cannot be reached."""

    def __init__(self) -> None:
        super().__init__("the proxy cannot be reached")


async def connect_through(proxy: Proxy, host: str, port: int) -> socket.socket:
    """A connected socket to a host, whose name the proxy looks up. Raises ProxyRefused; how long it may take is the caller's."""
    found = await _reach(proxy)
    try:
        await _greet(found, proxy)
        await _ask(found, host, port)
    except (OSError, EOFError) as error:
        found.close()
        raise error if isinstance(error, ProxyRefused) else ProxyRefused(_NOT_SOCKS) from error
    except BaseException:
        found.close()
        raise
    return found


_NOT_SOCKS: Final = "the proxy hung up; is it one for SOCKS 5?"


async def _reach(proxy: Proxy) -> socket.socket:
    """A connection to the proxy itself."""
    loop = asyncio.get_running_loop()
    try:
        places = await loop.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ProxyUnreachable from error
    for family, kind, number, _name, place in places:
        found = socket.socket(family, kind, number)
        try:
            found.setblocking(False)
            await loop.sock_connect(found, place)
        except OSError:
            found.close()
        except BaseException:
            found.close()
            raise
        else:
            return found
    raise ProxyUnreachable


async def _greet(to: socket.socket, proxy: Proxy) -> None:
    """Agree on how we are known there."""
    loop = asyncio.get_running_loop()
    ways = bytes([_OPEN, _PASSWORD]) if proxy.user else bytes([_OPEN])
    await loop.sock_sendall(to, bytes([_VERSION, len(ways)]) + ways)
    version, way = await _exactly(to, 2)
    if version != _VERSION:
        raise ProxyRefused(_NOT_SOCKS)
    if way == _OPEN:
        return
    if way != _PASSWORD or not proxy.user:
        raise ProxyRefused("the proxy asks for a user and a password")
    user, password = proxy.user.encode()[:255], proxy.password.encode()[:255]
    await loop.sock_sendall(to, bytes([1, len(user)]) + user + bytes([len(password)]) + password)
    if (await _exactly(to, 2))[1]:
        raise ProxyRefused("the proxy does not accept its user and password")


async def _ask(to: socket.socket, host: str, port: int) -> None:
    """Have the proxy connect us to a host."""
    await asyncio.get_running_loop().sock_sendall(
        to, bytes([_VERSION, 1, 0]) + _address(host) + port.to_bytes(2, "big")
    )
    version, reply, _nothing, kind = await _exactly(to, 4)
    if version != _VERSION:
        raise ProxyRefused(_NOT_SOCKS)
    if reply:
        raise ProxyRefused(_REPLIES.get(reply, "the proxy could not connect us"))
    length = _LENGTHS.get(kind) or (await _exactly(to, 1))[0]
    await _exactly(to, length + 2)


def _address(host: str) -> bytes:
    """A host as the proxy reads it: an address of 4 or 16 bytes, else a name."""
    try:
        place = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        name = host.encode("idna") if not host.isascii() else host.encode()
        return bytes([_NAME, len(name[:255])]) + name[:255]
    return bytes([_IPV4 if place.version == 4 else _IPV6]) + place.packed


async def _exactly(source: socket.socket, count: int) -> bytes:
    """So many bytes; raises EOFError where they end before."""
    loop = asyncio.get_running_loop()
    got = b""
    while len(got) < count:
        more = await loop.sock_recv(source, count - len(got))
        if not more:
            raise EOFError
        got += more
    return got
