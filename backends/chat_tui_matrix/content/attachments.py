"""Read and write what a message tells of the file, picture, sound or film that it brings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chat_tui_core.model import FileInfo
from chat_tui_core.safe_text import harmless_id
from chat_tui_matrix.content.fields import address, amount, mapping

__all__ = ["ENCRYPTED", "LONGEST_NAME", "content", "file_info", "has_caption"]

LONGEST_NAME: Final = 255
"""Characters of a file's name, as many as file systems take bytes at most."""

ENCRYPTED: Final = "encrypted:"
"""Before the address of a file that is encrypted: what is there can be fetched, and is of no use here."""

_MSGTYPES: Final = {"image": "m.image", "video": "m.video", "audio": "m.audio"}
_mime: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,62}").fullmatch


def file_info(content: Mapping[str, Any]) -> FileInfo | None:
    """The file of m.file, m.image, m.audio, m.video or m.sticker; None where neither body nor filename is a string.

    The address of a file that is encrypted begins with ENCRYPTED. What is missing or wrong is empty or 0.
    """
    name = _filename(content)
    if name is None:
        return None
    info = mapping(content.get("info"))
    mime = info.get("mimetype")
    return FileInfo(
        name=harmless_id(name, LONGEST_NAME) or "file",
        size=amount(info.get("size")),
        mime=mime.lower() if isinstance(mime, str) and _mime(mime.lower()) else "",
        ref=_ref(content),
        width=amount(info.get("w")),
        height=amount(info.get("h")),
        thumbnail=_address(info, "thumbnail_url", "thumbnail_file"),
    )


def content(name: str, address: str, size: int, mime: str = "", *, width: int = 0, height: int = 0) -> dict[str, Any]:
    """The content of a message that brings a file; `width` and `height` are 0 where they are not known."""
    info: dict[str, Any] = {"size": size, **({"mimetype": mime} if mime else {})}
    if width and height:
        info |= {"w": width, "h": height}
    msgtype = _MSGTYPES.get(mime.partition("/")[0], "m.file")
    return {"msgtype": msgtype, "body": name, "filename": name, "url": address, "info": info, "m.mentions": {}}


def has_caption(content: Mapping[str, Any]) -> bool:
    """Whether the body is a caption: a filename is told, and is another text (MSC2530, specification 1.10)."""
    name, body = content.get("filename"), content.get("body")
    return isinstance(name, str) and isinstance(body, str) and name != body


def _filename(content: Mapping[str, Any]) -> str | None:
    for key in ("filename", "body"):
        value = content.get(key)
        if isinstance(value, str) and value.strip():
            return value
    return "" if isinstance(content.get("body"), str) else None


def _ref(content: Mapping[str, Any]) -> str:
    plain, hidden = address(content.get("url")), address(mapping(content.get("file")).get("url"))
    return plain or (f"{ENCRYPTED}{hidden}" if hidden else "")


def _address(content: Mapping[str, Any], plain: str, encrypted: str) -> str:
    """The mxc address at `plain`, else that of the encrypted file at `encrypted`."""
    return address(content.get(plain)) or address(mapping(content.get(encrypted)).get("url"))
