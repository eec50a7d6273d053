"""Small pictures of files as values: what a session asks of a backend with Capability.PICTURES, and the answer."""

from __future__ import annotations

from dataclasses import field

from chat_tui_core.model import FileInfo
from chat_tui_core.values import frozen

__all__ = ["AskPicture", "PictureGiven"]


@frozen
class AskPicture:
    """A small picture of a file: so many pixels are enough, and no more than `most` bytes are wanted."""

    request: int
    file: FileInfo
    width: int
    height: int
    most: int


@frozen
class PictureGiven:
    """The answer to AskPicture: an image as the server gave it, unchecked but for its size."""

    request: int
    data: bytes = field(repr=False)
