"""Bring one file here: from the media repository, from where it broke off or from its beginning; and what is offered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from chat_tui_core.file_news import AcceptFile, FileDone, FileOffered, FileTaken
from chat_tui_core.model import RoomEvent
from chat_tui_matrix.content.attachments import ENCRYPTED
from chat_tui_matrix.content.fields import address
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.replies import Declined, Steps, Unreadable
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Began, Download, Fetched, OnItsWay, Unfit

TICKET: Final = "on"
"""What a session hears as the name of a download: a file has no other here."""

HIDDEN: Final = "This file is encrypted, and this client cannot decrypt it yet: use another client for it."
NO_PLACE: Final = "This message does not say where its file is."
GONE: Final = "The server does not have this file, or no longer."

IS_GONE: Final = frozenset({404, 410})
"""Statuses that say so."""

_UNKNOWN: Final = frozenset({404, 405})


def offers(lines: Iterable[RoomEvent], me: str) -> Iterator[FileOffered]:
    """What others offer in new events: every file that can be fetched and read here. A size that is not told is -1."""
    for line in lines:
        if line.file is not None and line.sender != me and address(line.file.ref):
            yield FileOffered(line.room_id, line.event_id, line.sender, replace(line.file, size=line.file.size or -1))


def is_unknown(no: Declined) -> bool:
    """Whether the server has no such call: it is older, or something before it lets only what it knows pass."""
    return no.code == "M_UNRECOGNIZED" or (no.status in _UNKNOWN and no.code.startswith("HTTP "))


class Fetching:
    """One file on its way here. `order` says what is wanted and what is here already."""

    def __init__(self, desk: Desk, order: AcceptFile) -> None:
        self.transfer = order.transfer
        self._desk = desk
        self._order = order
        self._began = self._resumes = False

    def steps(self) -> Steps[None]:
        """The requests for it; everything is told where it happens."""
        order = self._order
        if order.ref.startswith(ENCRYPTED):
            raise Declined("ENCRYPTED", HIDDEN)
        if not address(order.ref):
            raise Declined("NOADDRESS", NO_PLACE)
        server, _, media = order.ref.removeprefix("mxc://").partition("/")
        to = Download(order.transfer, order.size, order.done, order.memo)
        try:
            got = yield from self._asked(server, media, to)
        except Declined as no:
            if no.status not in IS_GONE:
                raise
            raise Declined(no.code, GONE, no.status) from no
        if isinstance(got, Unfit):
            raise Declined("UNFIT", got.text)
        if not isinstance(got, Fetched):
            raise Unreadable("The server's answer is no file.")
        self._desk.say(FileDone(order.transfer, size=got.size))

    def _asked(self, server: str, media: str, to: Download) -> Steps[object]:
        try:
            return (yield paths.download(server, media, to))
        except Declined as no:
            if not is_unknown(no):
                raise
        return (yield paths.old_download(server, media, to))

    def met(self, item: OnItsWay) -> None:
        """The answer has begun."""
        if isinstance(item, Began):
            self._began, self._resumes = True, item.resumes
            order = self._order
            self._desk.say(FileTaken(order.transfer, order.ref, TICKET, item.etag, done=item.start, size=item.size))

    def broke(self, reason: str) -> str:
        """What is said when no whole answer came."""
        if not self._began:
            return f"No answer: {reason}."
        rest = "it goes on where it was" if self._resumes else "this server cannot resume downloads, so it starts again"
        return f"The download broke off ({reason}); {rest}."
