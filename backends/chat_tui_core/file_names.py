"""Names for files that came from elsewhere: whatever a sender wrote, what is left is one harmless name in one folder."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath
from typing import Final

#: Bytes of a name, so that a number and the ending of a partial file still fit into the 255 of a file system.
MOST_BYTES: Final = 200

NAMELESS: Final = "file"

#: What some file systems or shells refuse, or take for something else.
_UNWANTED: Final = re.compile(r'[<>:"|?*]')
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)", re.IGNORECASE)
#: Controls, formats such as bidi overrides, half surrogate pairs, private and unassigned characters, line separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Endings that belong to the ending before them: a.tar.gz is one name and one ending.
_PACKED: Final = frozenset({".gz", ".bz2", ".xz", ".zst", ".br", ".lz", ".z"})
_LONGEST_ENDING: Final = 24


def safe_name(raw: str) -> str:
    """The base name that a file gets here: never a path, hidden, an option, a device, invisible or too long."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", raw.encode("utf-8", "ignore").decode()))[-1]
    name = "".join(" " if char.isspace() else char for char in name)
    name = "".join(char for char in name if unicodedata.category(char) not in _UNSEEN)
    name = _UNWANTED.sub("_", name)
    name = " ".join(name.split()).strip(" .")
    name = _shortened(name)
    if not name:
        return NAMELESS
    if name[0] in "-~" or _DEVICES.match(name):
        name = f"_{name}"
    return name


def offered_name(raw: str) -> str:
    """The name under which a file of ours is offered: its own, as far as it can be said."""
    name = raw.encode("utf-8", "replace").decode()
    name = "".join("_" if char in "/\\" or unicodedata.category(char) in _UNSEEN else char for char in name)
    return (_shortened(name) if name.strip(" .") else "") or NAMELESS


def numbered(name: str, number: int) -> str:
    """Another name of the same kind: `photo.png` becomes `photo_1.png`; 0 gives the name itself."""
    if not number:
        return name
    stem, ending = _parts(name)
    return f"{stem}_{number}{ending}"


def _parts(name: str) -> tuple[str, str]:
    """A name without its ending, and the ending: the last one, or two where the last only says how it is packed."""
    path = PurePath(name)
    ending = path.suffix
    if ending.lower() in _PACKED:
        ending = PurePath(path.stem).suffix + ending
    return (name[: -len(ending)], ending) if ending and len(ending) < len(name) else (name, "")


def _shortened(name: str) -> str:
    """A name of at most MOST_BYTES; its ending is kept where it is one."""
    if len(name.encode()) <= MOST_BYTES:
        return name
    stem, ending = _parts(name)
    if len(ending.encode()) > _LONGEST_ENDING:
        stem, ending = name, ""
    room = MOST_BYTES - len(ending.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + ending
