"""Every request for a small picture of a file, a function each: answers are bytes, and no more of them than are wanted."""

from __future__ import annotations

from chat_tui_matrix.wire.calls import Request
from chat_tui_matrix.wire.paths import FAR, MEDIA
from chat_tui_matrix.wire.requesting import V1, path

__all__ = ["old_thumbnail", "original", "thumbnail"]


def thumbnail(server: str, media: str, width: int, height: int, most: int) -> Request:
    """A picture that the server has made smaller, for whoever is signed in (1.11)."""
    where = path("media", "thumbnail", server, media, version=V1)
    return Request("GET", where, _size(width, height), reads="bytes", timeout=FAR, most=most)


def old_thumbnail(server: str, media: str, width: int, height: int, most: int) -> Request:
    """The same, of servers before 1.11, which ask nobody who they are."""
    where = path("thumbnail", server, media, version=MEDIA)
    told = _size(width, height) | {"allow_redirect": "false"}
    return Request("GET", where, told, reads="bytes", timeout=FAR, auth=False, most=most)


def original(server: str, media: str, most: int) -> Request:
    """The file itself, where it is small enough."""
    return Request("GET", path("media", "download", server, media, version=V1), reads="bytes", timeout=FAR, most=most)


def _size(width: int, height: int) -> dict[str, str]:
    return {"width": str(width), "height": str(height), "method": "scale", "animated": "false"}
