"""Find the installed backends by their entry points; import only the one that is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from chat_tui_core.contract import API_VERSION, Backend
from chat_tui_core.errors import ConfigError, UnknownBackend

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "chat_tui.backends"


@cache
def _found() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def names() -> list[str]:
    """The names of all installed backends; none is imported."""
    return sorted(_found())


def load(name: str) -> Backend:
    """The backend of this name, imported now.

    Raises UnknownBackend with the names that there are, ConfigError when it was made for another contract.
    """
    backend = _loaded_quickly(name) or _loaded(name)
    if backend.api_version != API_VERSION:
        raise ConfigError(
            f"The backend {name!r} was made for version {backend.api_version} of the contract, "
            f"this program has {API_VERSION}; install a matching release."
        )
    return backend


def through(backend: Backend, proxy: str) -> Backend:
    """The backend, as it reaches servers through a proxy (see `proxies.proxy_for`); itself where none is named.

    Raises ConfigError for a backend that has no `through(proxy)`: it would go directly.
    """
    if not proxy:
        return backend
    made = getattr(backend, "through", None)
    if not callable(made):
        raise ConfigError(f"The backend {backend.name!r} knows no proxies: take its accounts out of [proxy].")
    return cast("Backend", made(proxy))


async def prepare(backend: Backend) -> None:
    """Import what `connect` of a backend needs, where it says how (`prepare()`): in a thread, for it takes long."""
    work = getattr(backend, "prepare", None)
    if callable(work):
        from asyncio import to_thread

        await to_thread(work)


def _loaded(name: str) -> Backend:
    point = _found().get(name)
    if point is None:
        raise UnknownBackend(f"There is no backend {name!r}; installed: {', '.join(names()) or 'none'}.")
    return cast("Backend", point.load())


def _loaded_quickly(name: str) -> Backend | None:
    """The same for what exactly one distribution in a folder gives; None leaves it to importlib.metadata.

    Importing that takes as long as opening the store and reading a thousand rooms.
    """
    places = {place for named, place in _entry_points() if named == name}
    module, _, attribute = places.pop().partition(":") if len(places) == 1 else ("", "", "")
    if not all(part.isidentifier() for part in (*module.split("."), attribute)):
        return None
    return cast("Backend", getattr(import_module(module), attribute))


def _entry_points() -> Iterator[tuple[str, str]]:
    """(name, place) of our group's entry points in every distribution that lies in a folder of the search path."""
    for folder in dict.fromkeys(sys.path):
        with suppress(OSError):
            for entry in os.listdir(folder or "."):  # noqa: PTH208 - names suffice
                if entry.endswith(".dist-info"):
                    with suppress(OSError, UnicodeDecodeError):
                        yield from _of_our_group(_read(f"{folder or '.'}/{entry}/entry_points.txt"))


def _read(path: str) -> str:
    """A small file's text; there are many, and a Path or a file object takes several times as long."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 1 << 20).decode()
    finally:
        os.close(file)


def _of_our_group(text: str) -> Iterator[tuple[str, str]]:
    ours = False
    for line in text.splitlines() if GROUP in text else ():
        if line.startswith("["):
            ours = line.strip() == f"[{GROUP}]"
        elif ours and "=" in line:
            name, _, place = line.partition("=")
            yield name.strip(), place.strip()
