"""Which keys terminals keep for themselves as they come, so that an app never hears of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["PROGRAMS", "TERMINALS", "taken_by", "takers"]

_PANES: Final = "with several panes"
_TABS: Final = "with several tabs"


def _all(keys: str, when: str = "") -> dict[str, str]:
    return dict.fromkeys(keys.split(), when)


_EDITING: Final = _all("ctrl+shift+c ctrl+shift+v ctrl+shift+t ctrl+shift+w ctrl+shift+n ctrl+shift+f")
_ZOOM: Final = _all("ctrl+plus ctrl+minus ctrl+0")
_SCROLL: Final = _all("shift+pageup shift+pagedown shift+home shift+end")

#: Terminal -> key -> when it takes it; "" = always, as it is installed.
TERMINALS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "xterm": {
            **_all("alt+enter shift+pageup shift+pagedown shift+insert"),
            **_all("ctrl+shift+c ctrl+shift+v", "where it is set to"),
        },
        "GNOME Terminal": {
            **_EDITING,
            **_ZOOM,
            **_SCROLL,
            **_all("f1 f10 f11"),
            **_all("ctrl+pageup ctrl+pagedown", _TABS),
            **{f"alt+{digit}": _TABS for digit in range(10)},
            **_all("alt+f alt+e alt+v alt+s alt+t alt+h", "where menus have shortcuts"),
        },
        "kitty": {**_EDITING, **_all("ctrl+shift+up ctrl+shift+down ctrl+shift+pageup ctrl+shift+pagedown")},
        "Alacritty": {**_ZOOM, **_SCROLL, **_all("ctrl+shift+c ctrl+shift+v ctrl+shift+f ctrl+shift+b shift+insert")},
        "iTerm2": _all("shift+pageup shift+pagedown shift+home shift+end ctrl+tab"),
        "Terminal (macOS)": _all("pageup pagedown home end", "where its profile scrolls with them; Shift sends them"),
        "Windows Terminal": {
            **_EDITING,
            **_ZOOM,
            **_all("alt+enter f11 ctrl+tab ctrl+v ctrl+comma alt+f4 alt+space ctrl+shift+up ctrl+shift+down"),
            **_all("alt+up alt+down alt+left alt+right", _PANES),
            **_all("ctrl+c", "with a selection of its own"),
        },
        "tmux": _all("ctrl+b"),
        "GNU Screen": _all("ctrl+a"),
        "Linux console": {
            **_all("alt+left alt+right shift+pageup shift+pagedown"),
            **{f"alt+f{number}": "" for number in range(1, 13)},
        },
    }
)
#: What else may hold a terminal -> key -> when.
PROGRAMS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "Visual Studio Code": _all("f1 ctrl+f ctrl+k ctrl+p ctrl+q"),
        "browsers": _all("ctrl+n ctrl+t ctrl+w"),
        "Xfce Terminal": _all("f1 f10 f11"),
        "Guake, Yakuake": _all("f12"),
        "desktops": _all("alt+tab alt+f4 alt+space"),
        "terminals that stop and start output by it": _all("ctrl+s ctrl+q", "where `stty ixon` is kept"),
        "terminals without the Kitty keyboard protocol": _all("shift+enter"),
    }
)


def takers(key: str) -> Iterable[tuple[str, str]]:
    """(Who takes a key, when it does), terminals first."""
    for taken in (TERMINALS, PROGRAMS):
        yield from ((name, keys[key]) for name, keys in taken.items() if key in keys)


def taken_by(key: str) -> str:
    """Which programs take a key for themselves whatever one does; empty where none does."""
    return ", ".join(name for name, when in takers(key) if not when)
