"""Find the installed backends by their entry points; import only the one that is asked for."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final, cast

from chat_tui_core.contract import API_VERSION, Backend
from chat_tui_core.errors import ConfigError, UnknownBackend

GROUP: Final = "chat_tui.backends"


@cache
def _found() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def names() -> list[str]:
    """The names of all installed backends; none is imported."""
    return sorted(_found())


def load(name: str) -> Backend:
    """The backend of this name, imported now.

    Raises UnknownBackend with the names that there are, ConfigError when it was made for another contract.
    """
    point = _found().get(name)
    if point is None:
        raise UnknownBackend(f"There is no backend {name!r}; installed: {', '.join(names()) or 'none'}.")
    backend = cast("Backend", point.load())
    if backend.api_version != API_VERSION:
        raise ConfigError(
            f"The backend {name!r} was made for version {backend.api_version} of the contract, "
            f"this program has {API_VERSION}; install a matching release."
        )
    return backend
