"""Sets of keys to choose from, what a person's own keys make of them, and where two actions share a key."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from chat_tui.commands import Call, Wrong, listed, read_line
from chat_tui.config import Config, meant
from chat_tui.keys import KEYS, Key, Place
from chat_tui.strings import _

__all__ = ["KEYMAPS", "bound_keys", "keymap_of", "line_keys", "problems"]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

#: Set of keys -> key id -> keys, where they differ from the table's own.
KEYMAPS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "default": _NOTHING,
        "emacs": MappingProxyType(
            {
                "app.back": "escape,ctrl+g",
                "app.palette": "alt+x",
                "room.switch": "alt+k",
                "search.open": "ctrl+s",
                "scroll.page_up": "pageup,alt+v",
                "scroll.page_down": "pagedown,ctrl+v",
                "scroll.start": "ctrl+home,alt+less_than_sign,alt+shift+comma",
                "scroll.end": "ctrl+end,alt+greater_than_sign,alt+shift+full_stop",
                "files.clipboard": "alt+y",
                "composer.older": "ctrl+up,alt+p",
                "composer.newer": "ctrl+down,alt+n",
                "rooms.up": "up,ctrl+p",
                "rooms.down": "down,ctrl+n",
                "timeline.up": "up,ctrl+p",
                "timeline.down": "down,ctrl+n",
            }
        ),
        "vim": MappingProxyType(
            {
                "room.switch": "ctrl+k,alt+g",
                "room.previous": "alt+up,alt+k",
                "room.next": "alt+down,alt+j",
                "search.open": "alt+slash",
                "scroll.page_up": "pageup,ctrl+b",
                "scroll.page_down": "pagedown,ctrl+f",
                "rooms.up": "up,k",
                "rooms.down": "down,j",
                "rooms.first": "home,g",
                "rooms.last": "end,G",
                "timeline.up": "up,k",
                "timeline.down": "down,j",
                "timeline.start": "home,g",
                "timeline.end": "end,G",
            }
        ),
        "irc": MappingProxyType(
            {
                "app.palette": "alt+x",
                "room.previous": "alt+up,alt+left,ctrl+p",
                "room.next": "alt+down,alt+right,ctrl+n",
                "room.last": "alt+z,alt+slash",
                "search.open": "ctrl+f,ctrl+r",
                "composer.older": "up,ctrl+up",
                "composer.newer": "down,ctrl+down",
            }
        ),
    }
)

_MODIFIERS: Final = frozenset({"alt", "ctrl", "hyper", "meta", "shift", "super"})
_NAMED: Final = frozenset(key.value for key in Keys) | frozenset(KEY_NAME_REPLACEMENTS.values())
#: Places whose keys work inside the main screen, where the screen's own that go before everything outdo them.
_INSIDE: Final = frozenset({Place.ROOM_LIST, Place.TIMELINE, Place.COMPOSER, Place.BANNER})


def keymap_of(config: Config) -> dict[str, str]:
    """Key id -> keys, where they differ from the table's: the chosen set, and over it the person's own."""
    return {**KEYMAPS.get(config.keymap, _NOTHING), **config.keys}


def line_keys(keys: Mapping[str, str]) -> tuple[Key, ...]:
    """The keys to which the person has given command lines: "/goto 2026-05-01" stands where else an action's name does."""
    return tuple(
        Key(line, ",".join(_parts(names)), f"give_line({line!r})", _as_words(line), Place.MAIN, over=True)
        for line, names in keys.items()
        if line.startswith("/") and _parts(names)
    )


def _as_words(line: str) -> str:
    """A line that `Key.said` gives back as it is."""
    return line.replace("{", "{{").replace("}", "}}")


def _parts(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def bound_keys(keymap: Mapping[str, str], key: Key) -> tuple[str, ...]:
    """The keys that an action has."""
    return tuple(_parts(keymap.get(key.id, key.keys)))


def problems(config: Config) -> list[str]:
    """What is wrong with the person's keys, a sentence each: unknown names, keys that mean two things in one place."""
    known = {key.id for key in KEYS}
    found = [
        _("keys: there is no {name!r}{near}").format(name=name, near=_near(name, known))
        for name in config.keys
        if name not in known and not name.startswith("/")
    ]
    found += _wrong_lines(config)
    for name, keys in config.keys.items():
        wrong = [key for key in keys.split(",") if not _is_key(key.strip())]
        found += [_("keys: {name} names {key!r}, which is no key").format(name=name, key=key.strip()) for key in wrong]
    return found + list(_shared(keymap_of(config), (*KEYS, *line_keys(config.keys))))


def _wrong_lines(config: Config) -> Iterable[str]:
    """A sentence for every command line that cannot be given as it is written."""
    for name in (name for name in config.keys if name.startswith("/")):
        typed = read_line(name, config.commands)
        if isinstance(typed, Call):
            continue
        why = typed.text if isinstance(typed, Wrong) else _("It is no command.")
        known, word = [f"/{command.name}" for command in listed(config.commands)], name.partition(" ")[0]
        near = "" if word in known or word.startswith("//") else meant(word, known)
        yield _("keys: {name}: {why}").format(name=name, why=why) + near


def _near(name: str, known: Iterable[str]) -> str:
    return meant(name, known) or _(" (docs/keys.md and F1 list the names)")


def _is_key(name: str) -> bool:
    """Whether Textual could ever report a key by this name."""
    *modifiers, last = name.split("+") if name != "+" else [name]
    if not last or not _MODIFIERS.issuperset(modifiers):
        return False
    return len(last) == 1 or last in _NAMED or last in _signs()


@cache
def _signs() -> frozenset[str]:
    """What Textual calls the signs of a keyboard: "question_mark"."""
    names = (unicodedata.name(chr(code)) for code in range(32, 127))
    return frozenset(name.lower().replace("-", "_").replace(" ", "_") for name in names)


def _shared(keymap: Mapping[str, str], keys: Iterable[Key]) -> Iterable[str]:
    """A sentence for every key that two actions have where both could be meant."""
    for place in Place:
        owners: dict[str, Key] = {}
        for key in (known for known in keys if _works_in(known, place)):
            for name in bound_keys(keymap, key):
                first = owners.setdefault(name, key)
                if first is not key and place in {first.place, key.place}:
                    yield _("keys: {name} is both {first} and {second}").format(
                        name=name, first=first.id, second=key.id
                    )


def _works_in(key: Key, place: Place) -> bool:
    outer = key.place is Place.MAIN and key.over and place in _INSIDE
    return key.place in {place, Place.EVERYWHERE} or outer
