"""Rank names by how well they fit what was typed: fast enough for ten thousand names on every key."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import accumulate

__all__ = ["NameIndex", "rank_names"]

LOOKED_AT = 200
"""Characters of a name that are looked at: a longer one, made to be slow, must not hold up a key."""
_BEFORE_WORDS = frozenset(" \t._/#@-")
_START, _WORD, _INSIDE, _SCATTERED = range(4)

_Hit = tuple[int, int, int, int]
"""How it fits, where or how widely, the name's length, its index: the smaller the better."""


def rank_names(query: str, names: Sequence[str], limit: int = 100) -> list[int]:
    """The same as `NameIndex(names).rank(query, limit)`, for names that are looked through once."""
    return NameIndex(names).rank(query, limit)


class NameIndex:
    """Names that are looked through again and again, as one text: what is typed is sought at the speed of `str.find`."""

    def __init__(self, names: Iterable[str]) -> None:
        self._folded = [name[:LOOKED_AT].casefold().replace("\n", " ") for name in names]
        self._text = "\n".join(["", *self._folded])
        self._starts = list(accumulate((len(name) + 1 for name in self._folded), initial=1))

    def rank(self, query: str, limit: int = 100) -> list[int]:
        """The indices of the names that contain the query, or its characters in order, the best first.

        A name that begins with it comes before one with a word that does, before one that contains it, before one that
        only holds its characters; then the shorter and the earlier one. An empty query keeps the order of the names.
        """
        wanted = "".join(query.casefold().split())
        if not wanted:
            return list(range(min(limit, len(self._folded))))
        found = list(self._beginning(wanted))
        if len(found) < limit:  # else the others are worse than all of these
            found = list(self._containing(wanted))
        if len(found) < limit:
            found += self._scattered(wanted, {index for *_, index in found})
        return [index for *_, index in nsmallest(limit, found)]

    def _beginning(self, wanted: str) -> Iterator[_Hit]:
        at = -1
        while (at := self._text.find(f"\n{wanted}", at + 1)) >= 0:
            index = bisect_right(self._starts, at + 1) - 1
            yield _START, 0, len(self._folded[index]), index

    def _containing(self, wanted: str) -> Iterator[_Hit]:
        at = 0
        while (at := self._text.find(wanted, at)) >= 0:
            index = bisect_right(self._starts, at) - 1
            before = at - self._starts[index]
            kind = _START if not before else _WORD if self._text[at - 1] in _BEFORE_WORDS else _INSIDE
            yield kind, before, len(self._folded[index]), index
            at = self._starts[index + 1]

    def _scattered(self, wanted: str, known: set[int]) -> Iterator[_Hit]:
        # Each character, then whatever is not the next one: never further than the name's end.
        loose = re.compile(re.escape(wanted[0]) + "".join(f"[^{re.escape(c)}\n]*{re.escape(c)}" for c in wanted[1:]))
        at = 0
        while (match := loose.search(self._text, at)) is not None:
            index = bisect_right(self._starts, match.start()) - 1
            if index not in known:
                yield _SCATTERED, match.end() - match.start(), len(self._folded[index]), index
            at = self._starts[index + 1]
