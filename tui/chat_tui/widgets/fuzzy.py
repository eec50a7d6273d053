"""Rank names by how well they fit what was typed: fast enough for ten thousand names on every key."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["rank_names"]

_WORD_START = re.compile(r"(?:^|[\s._/#@-])")


def rank_names(query: str, names: Sequence[str], limit: int = 100) -> list[int]:
    """The indices of the names that contain the query, or its characters in order, the best first.

    A name that begins with it comes before one with a word that does, before one that contains it, before one that
    only holds its characters; then the shorter and the earlier one. An empty query keeps the order of the names.
    """
    wanted = "".join(query.casefold().split())
    if not wanted:
        return list(range(min(limit, len(names))))
    loose = re.compile(".*?".join(re.escape(character) for character in wanted), re.DOTALL)
    found: list[tuple[int, int, int, int]] = []
    for index, name in enumerate(names):
        folded = name.casefold()
        at = folded.find(wanted)
        if at == 0:
            found.append((0, 0, len(name), index))
        elif at > 0:
            word = _WORD_START.match(folded, at - 1) is not None
            found.append((1 if word else 2, at, len(name), index))
        elif (match := loose.search(folded)) is not None:
            found.append((3, match.end() - match.start(), len(name), index))
    return [index for *_, index in sorted(found)[:limit]]
