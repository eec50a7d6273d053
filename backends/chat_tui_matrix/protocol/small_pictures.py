"""Get a small picture of a file: one that the server makes, or has been given, or the file itself where that is small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chat_tui_core.contract import News
from chat_tui_core.model import FileInfo
from chat_tui_core.small_pictures import AskPicture, PictureGiven
from chat_tui_matrix.content.attachments import ENCRYPTED
from chat_tui_matrix.content.fields import address
from chat_tui_matrix.protocol.file_fetching import HIDDEN, is_unknown
from chat_tui_matrix.protocol.replies import Declined, Steps
from chat_tui_matrix.wire import picture_paths
from chat_tui_matrix.wire.calls import Request, Unfit

__all__ = ["small_picture"]

NONE: Final = "The server gives no small picture of this file."


def small_picture(asked: AskPicture) -> Steps[tuple[News, ...]]:
    """Give the first picture that is to be had. Raises Declined."""
    if asked.file.ref.startswith(ENCRYPTED):
        raise Declined("ENCRYPTED", HIDDEN)
    why = Declined("NOPICTURE", NONE)
    for request, instead in _ways(asked):
        try:
            value = yield from _asked(request, instead)
        except Declined as no:
            why = no
            continue
        if isinstance(value, bytes) and value:
            return (PictureGiven(asked.request, value),)
        if isinstance(value, Unfit):
            why = Declined("UNFIT", value.text)
    raise why


def _asked(request: Request, instead: Request | None) -> Steps[object]:
    """Ask, and where the server does not know such a question, in the way of older servers."""
    try:
        return (yield request)
    except Declined as no:
        if instead is None or not is_unknown(no):
            raise
    return (yield instead)


def _ways(asked: AskPicture) -> Iterator[tuple[Request, Request | None]]:
    """Requests, the best one first, each with the one of older servers."""
    file = asked.file
    drawn = _is_image(file)
    for there in (file.ref if drawn else "", file.thumbnail):
        if address(there):
            server, _, media = there.removeprefix("mxc://").partition("/")
            what = server, media, asked.width, asked.height, asked.most
            yield picture_paths.thumbnail(*what), picture_paths.old_thumbnail(*what)
    if drawn and address(file.ref) and 0 < file.size <= asked.most:
        server, _, media = file.ref.removeprefix("mxc://").partition("/")
        yield picture_paths.original(server, media, asked.most), None


def _is_image(file: FileInfo) -> bool:
    return file.mime.startswith("image/") or not file.mime
