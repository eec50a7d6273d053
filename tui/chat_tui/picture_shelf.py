"""Keep what was drawn last, up to a number of bytes: what was not looked at for longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Shelf"]

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Shelf(Generic[K, T]):
    """Things by key, at most `most` bytes of them, but for those that are needed now."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        """Bytes of all that is here."""
        self._things: OrderedDict[K, tuple[T, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._things)

    def get(self, key: K) -> T | None:
        """The thing with this key, which is looked at now; None where there is none."""
        found = self._things.get(key)
        if found is None:
            return None
        self._things.move_to_end(key)
        return found[0]

    def put(self, key: K, thing: T, size: int, needed: Callable[[K], bool]) -> dict[K, T]:
        """Keep a thing of so many bytes; gives what had to go for it. What is `needed` stays."""
        gone = self._dropped(key)
        self._things[key] = thing, size
        self.size += size
        for old in list(self._things):
            if self.size <= self.most:
                break
            if old != key and not needed(old):
                gone |= self._dropped(old)
        return gone

    def things(self) -> list[T]:
        """All that is here, what was looked at last coming last."""
        return [thing for thing, _ in self._things.values()]

    def clear(self) -> dict[K, T]:
        """Forget everything; gives what was here."""
        gone = {key: thing for key, (thing, _) in self._things.items()}
        self._things.clear()
        self.size = 0
        return gone

    def _dropped(self, key: K) -> dict[K, T]:
        found = self._things.pop(key, None)
        if found is None:
            return {}
        self.size -= found[1]
        return {key: found[0]}
