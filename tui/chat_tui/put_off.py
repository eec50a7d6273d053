"""Put off the modules that libraries import and do not look into before the first frame: each is loaded when somebody does.

`importlib.util.LazyLoader` cannot do it: on Python 3.11 a second import of such a module loads it, and two threads that look
into it at once may find it half loaded.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.abc import Loader

__all__ = ["PUT_OFF", "begin", "end", "load"]

PUT_OFF: Final = {
    "asyncio.sslproto": "_ssl",
    "asyncio.staggered": "",
    "bz2": "_bz2",
    "ipaddress": "",
    "linecache": "",
    "locale": "",
    "lzma": "_lzma",
    "mimetypes": "",
    "ssl": "_ssl",
    "textwrap": "",
    "tokenize": "",
}
"""Modules of the standard library, and the part of the interpreter without which importing one fails: where that is missing
it must fail at once, for there are importers that do without."""
_SET_BY_IMPORT: Final = frozenset({"__cached__", "__file__", "__loader__", "__package__", "__path__", "__spec__"})
_LOCK: Final = RLock()
_EMPTY: Final[dict[str, Loader]] = {}
"""What fills the modules that are put off, by their names."""


class _Later(ModuleType):
    """A module that is loaded when somebody asks it for a name."""

    def __getattr__(self, name: str) -> object:
        if name in _SET_BY_IMPORT:
            raise AttributeError(name)
        load(self)
        return ModuleType.__getattribute__(self, name)


class _Loader:
    """Gives an empty module and remembers what fills it."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The empty module."""
        _EMPTY[spec.name] = self._loader
        return _Later(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing yet."""


class _Finder:
    """Finds the modules that are put off, before anybody else does."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """How to import one of them; None for all others."""
        if (needs := PUT_OFF.get(name)) is None or not _has(needs):
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)  # type: ignore[assignment]  # it has all that importing asks for
        return spec


_FINDER: Final = _Finder()


def begin() -> None:
    """From here on those modules are put off when they are imported."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def end() -> None:
    """From here on modules are imported as ever; what was put off is loaded when it is looked into."""
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)


def load(module: ModuleType) -> None:
    """Fill a module that was put off; another thread that looks into it waits. Raises what the module raises.

    While it is filled, the thread that fills it sees what is there by then, as in any module that imports in a circle.
    """
    with _LOCK:
        if (loader := _EMPTY.pop(module.__name__, None)) is None:
            return
        try:
            loader.exec_module(module)
        except BaseException:
            _EMPTY[module.__name__] = loader
            raise
        if module.__spec__ is not None:
            module.__spec__.loader = loader
        module.__loader__, module.__class__ = loader, ModuleType


def _has(name: str) -> bool:
    return not name or name in sys.builtin_module_names or PathFinder.find_spec(name) is not None
