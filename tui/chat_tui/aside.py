"""Do what waits for a disk or for another program in a thread that nobody waits for when the app ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar, TypeVarTuple

__all__ = ["aside"]

T = TypeVar("T")
Args = TypeVarTuple("Args")


async def aside(work: Callable[[*Args], T], *args: *Args) -> T:
    """What the work gives or raises. A disk that never answers holds up neither the screen nor the end."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[T] = loop.create_future()

    def carry_out() -> None:
        tell: Callable[[], None]
        try:
            tell = partial(_given, found, work(*args))
        except Exception as error:  # noqa: BLE001 - handed on to whoever waits
            tell = partial(_raised, found, error)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=carry_out, name="aside", daemon=True).start()
    return await found


def _given(found: asyncio.Future[T], result: T) -> None:
    if not found.done():
        found.set_result(result)


def _raised(found: asyncio.Future[T], error: Exception) -> None:
    if not found.done():
        found.set_exception(error)
