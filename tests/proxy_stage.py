"""A small real proxy on this machine: HTTP CONNECT, plain HTTP requests, and SOCKS 5; it leads every name to one place."""

from __future__ import annotations

import asyncio
import base64
from typing import Self

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class StageProxy:
    """Carries bytes to `port` of this machine, whatever host is asked for; `asked` are "HOST:PORT" as they came.

    `secret`: "user:password" that it asks for, "" = nobody's. `refuses`: it lets nobody through.
    """

    def __init__(self, port: int, secret: str = "", *, refuses: bool = False) -> None:
        self.asked: list[str] = []
        self._to = port
        self._secret = secret
        self._refuses = refuses
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, scheme: str, secret: str = "") -> str:
        """Where it is, with a user and a password in the address where they are given."""
        return f"{scheme}://{secret}{'@' if secret else ''}127.0.0.1:{self.port}"

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            first = await reader.readexactly(1)
            await (self._socks(reader, writer) if first == b"\5" else self._http(first, reader, writer))
        except (OSError, EOFError, asyncio.CancelledError):
            return  # a stream's task that ends by being cancelled is reported as a fault
        finally:
            writer.close()
            self._tasks.discard(task)

    # ------------------------------------------------------------ HTTP

    async def _http(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = first + await reader.readuntil(b"\r\n\r\n")
        method, target = head.split(b" ", 2)[:2]
        wanted = base64.b64encode(self._secret.encode())
        if self._secret and b"Proxy-Authorization: Basic " + wanted + b"\r\n" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif self._refuses:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        elif method == b"CONNECT":
            self.asked.append(target.decode())
            await self._carry(reader, writer, ESTABLISHED, b"")
        else:
            self.asked.append(target.decode().split("/")[2])
            await self._carry(reader, writer, b"", head.replace(b"Connection: keep-alive", b"Connection: close"))

    # ------------------------------------------------------------ SOCKS 5

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ways = await reader.readexactly((await reader.readexactly(1))[0])
        way = 2 if self._secret else 0
        writer.write(bytes([5, way if way in ways else 255]))
        if way not in ways:
            return
        if way:
            await reader.readexactly(1)
            pair = [await reader.readexactly((await reader.readexactly(1))[0]) for _ in range(2)]
            right = b":".join(pair).decode() == self._secret
            writer.write(bytes([1, 0 if right else 1]))
            if not right:
                return
        _version, _command, _nothing, kind = await reader.readexactly(4)
        length = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        host = await reader.readexactly(length)
        port = int.from_bytes(await reader.readexactly(2), "big")
        if self._refuses:
            writer.write(bytes([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]))
            return
        self.asked.append(f"{host.decode() if kind == 3 else '.'.join(map(str, host))}:{port}")
        await self._carry(reader, writer, bytes([5, 0, 0, 3, 2]) + b"me" + bytes(2), b"")

    # ------------------------------------------------------------ bytes

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes, on: bytes) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", self._to)
        writer.write(said)
        to.write(on)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(reader, to))
                both.create_task(_copy(there, writer))
        finally:
            to.close()


async def _copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            to.write(data)
            await to.drain()
    except OSError:
        return
    finally:
        to.close()
