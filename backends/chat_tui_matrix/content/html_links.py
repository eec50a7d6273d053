"""Write a link, or a mention of a person or a room, as text."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

__all__ = ["written"]

LONGEST_ADDRESS: Final = 2_000
"""Characters of an address; of a longer one only the link's text is shown."""

_matrix_to: Final = re.compile(r"https?://matrix\.to/#/(?P<id>[^?/]++)(?P<more>/[^?])?", re.IGNORECASE).match
_matrix_uri: Final = re.compile(r"matrix:(?P<kind>u|r|roomid)/(?P<id>[^?/]++)(?P<more>/[^?])?", re.IGNORECASE).match
_SIGILS: Final = {"u": "@", "r": "#", "roomid": "!"}
_unsafe: Final = re.compile(r"[\s<>\"`\\^{}|\x00-\x1f\x7f-\x9f]")
_scheme: Final = re.compile(r"(?:https?://|mailto:|magnet:|ftp://|matrix:)", re.IGNORECASE).match


def written(text: str, href: str) -> str:
    """What stands for a link with this text: `text (address)`, only one of them where they say the same.

    A link to a person is `@name`, one to a room its name. `text` is one line without space around it, or empty.
    """
    found = _matrix_to(href) or _matrix_uri(href)
    if found and not found["more"]:
        sigil = _SIGILS.get(found.groupdict().get("kind") or "", "")
        return _mention(text, sigil + unquote(found["id"]))
    address = _address(href)
    if not address:
        return text
    scheme = _scheme(address)
    bare = address[scheme.end() :] if scheme else address
    if not text or text.rstrip("/") in {address.rstrip("/"), href.rstrip("/"), bare.rstrip("/")}:
        return address if scheme and scheme[0].lower() != "mailto:" else bare
    return f"{text} ({address})"


def _mention(text: str, target: str) -> str:
    shown = text or target
    return "@" + shown.removeprefix("@") if target.startswith("@") else shown


def _address(href: str) -> str:
    """The address on one line and without what would end it early; "" for one that is too long or no address."""
    href = href.strip()
    if len(href) > LONGEST_ADDRESS or not _scheme(href):
        return ""
    safe = _unsafe.sub(lambda found: quote(found[0]), href)
    if safe.count("(") != safe.count(")"):
        safe = safe.replace("(", "%28").replace(")", "%29")
    return safe
