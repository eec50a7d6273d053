"""Find what people react with, and put into their texts, by a part of its Unicode name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from chat_tui.strings import _

__all__ = ["find_emoji"]

FREQUENT: Final = "👍 👎 😄 🎉 😕 ❤️ 🚀 👀 ✅ 🙏 😂 🔥 👏 🤔 💯 😢"
RANGES: Final = ((0x1F300, 0x1F650), (0x1F680, 0x1F700), (0x1F900, 0x1FB00), (0x2600, 0x27C0), (0x2B00, 0x2C00))
"""Where Unicode keeps what people react with."""
MOST: Final = 200
LONGEST_KEY: Final = 32


@cache
def _all() -> tuple[tuple[str, str], ...]:
    return tuple(_named(chr(code) for first, end in RANGES for code in range(first, end)))


def _named(characters: Iterable[str]) -> Iterator[tuple[str, str]]:
    for character in characters:
        name = unicodedata.name(character[:1], "")
        if name and unicodedata.category(character[:1]) == "So":
            yield character, name.lower().removesuffix(" sign")


def find_emoji(query: str) -> list[tuple[str, str]]:
    """(emoji, name) of what fits the words of a query; the frequent ones for none. What is no name is offered itself."""
    words = query.lower().split()
    if not words:
        return list(_named(FREQUENT.split()))
    frequent = [one for one in _named(FREQUENT.split()) if all(word in one[1] for word in words)]
    known = {emoji for emoji, _ in frequent}
    others = [one for one in _all() if one[0] not in known and all(word in one[1] for word in words)]
    others.sort(key=lambda one: (not one[1].startswith(words[0]), f" {words[0]}" not in one[1], len(one[1])))
    own = [(query.strip(), _("as it is"))] if len(query.strip()) <= LONGEST_KEY else []
    found = [*frequent, *others][:MOST]
    return own + found if not query.isascii() else found + own
