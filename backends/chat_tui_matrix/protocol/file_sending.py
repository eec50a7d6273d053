"""Send one file: its bytes to the media repository, then, exactly once, the message that brings it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from chat_tui_core.file_news import FileDone, FileMoved, FileTaken, FileTold, OfferFile, ResumeFile
from chat_tui_core.values import frozen, slotted
from chat_tui_matrix.content import relations
from chat_tui_matrix.content.attachments import content
from chat_tui_matrix.content.fields import address, amount
from chat_tui_matrix.content.outgoing import clean
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.known_rooms import KnownRooms
from chat_tui_matrix.protocol.naming import is_room_id
from chat_tui_matrix.protocol.replies import Declined, Steps, Unreadable, id_of, object_of, text_of
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import OnItsWay, Pictured, Request, Sent, Upload

ENCRYPTED: Final = "This room is encrypted, and this client cannot encrypt yet: send the file with another client."
AGAIN: Final = "Matrix cannot resume uploads, so it starts again"

_PENDING: Final = "upload:"
"""Before what stands for a file's address until it has one."""

_TOO_LARGE: Final = 413
_DIGITS: Final = 13
"""Hexadecimal digits of a file's digest that stand in its transaction id: so many make a number that JSON can hold."""


@frozen
class Outgoing:
    """What is to be known of a file until its message is there; its text outlives the program."""

    transfer: int
    room_id: str
    name: str
    size: int
    mime: str
    txn: str
    width: int = 0
    height: int = 0
    thread: str = ""

    def text(self) -> str:
        """As `read_memo` reads it."""
        return json.dumps([getattr(self, name) for name in self.__match_args__], separators=(",", ":"))


def read_memo(memo: str) -> Outgoing | None:
    """What an Outgoing's text says; None where that makes no sense."""
    try:
        found = json.loads(memo)
        transfer, room_id, name, size, mime, txn, width, height, *thread = found
    except (ValueError, TypeError, RecursionError):
        return None
    if not all(isinstance(text, str) for text in (room_id, name, mime, txn, *thread)) or len(thread) > 1:
        return None
    if any(amount(number) != number for number in (transfer, size, width, height)):
        return None
    return Outgoing(transfer, room_id, name, size, mime, txn, width, height, *thread)


def of_offer(order: OfferFile) -> Outgoing:
    """The transaction id is the same for every try of this transfer, and not that of another file under its number."""
    digits = order.digest[:_DIGITS]
    number = int(digits, 16) if digits.isascii() and digits.isalnum() else 0
    txn = f"{order.transfer}.{number}"
    named = order.room_id, clean(order.name), order.size, order.mime, txn
    return Outgoing(order.transfer, *named, thread=clean(order.thread))


@slotted
class Limit:
    """How large a file the server takes: asked once for each connection, -1 where it does not say."""

    most: int | None = None

    def ask(self) -> Steps[int]:
        """Bytes."""
        if self.most is None:
            self.most = yield from self._told(paths.media_config(), paths.old_media_config())
        return self.most

    def _told(self, *requests: Request) -> Steps[int]:
        for request in requests:
            try:
                told = object_of((yield request)).get("m.upload.size")
            except Declined:
                continue
            return amount(told) or -1
        return -1


class Sending:
    """One file on its way out. `uri` is where its bytes are, "" while they are not there."""

    def __init__(self, desk: Desk, rooms: KnownRooms, limit: Limit, file: Outgoing, ref: str) -> None:
        self.transfer = file.transfer
        self.file = file
        self.uri = address(ref)
        self.said = False  # the message may be there
        self._desk = desk
        self._rooms = rooms
        self._limit = limit
        self._pixels = (file.width, file.height)
        self._sending = False
        self._done = 0

    @property
    def flows(self) -> bool:
        """Whether bytes are on their way."""
        return self._sending

    def steps(self) -> Steps[None]:
        """The requests for it; everything is told where it happens."""
        self._check_room()
        if not self.uri:
            yield from self._upload()
        self._taken(self.file.size)
        self._check_room()
        self.said = True
        try:
            event_id = id_of((yield self.message()), "event_id")
        except Declined:
            self.said = False
            raise
        self._taken(self.file.size, event_id)
        self._desk.say(FileDone(self.transfer, self.uri, self.file.size))

    def _upload(self) -> Steps[None]:
        file = self.file
        most = yield from self._limit.ask()
        if 0 <= most < file.size:
            takes, has = _size(most), _size(file.size)
            if takes == has:
                takes, has = f"{most:,} bytes", f"{file.size:,}"
            raise Declined("M_TOO_LARGE", f"The server takes files of up to {takes}; this one has {has}.")
        self._taken(0)
        self._sending = True
        try:
            told = object_of((yield paths.upload(file.name, Upload(self.transfer, file.size, file.mime))))
        except Declined as no:
            if no.status != _TOO_LARGE:
                raise
            raise Declined("M_TOO_LARGE", f"The server takes no file of {_size(file.size)}.", no.status) from no
        self._sending = False
        self.uri = address(text_of(told, "content_uri"))
        if not self.uri:
            raise Unreadable("The server does not say where it has put the file.")
        width, height = self._pixels
        self.file = replace(file, width=width, height=height)

    def message(self) -> Request:
        """The message that brings the file; made again, it is the same one."""
        file = self.file
        told = content(file.name, self.uri, file.size, file.mime, width=file.width, height=file.height)
        if file.thread:
            told |= relations.in_thread(file.thread)
        return paths.send(file.room_id, "m.room.message", file.txn, told)

    def met(self, item: OnItsWay) -> None:
        """The file is a picture, or more of it was written."""
        if isinstance(item, Pictured):
            self._pixels = (item.width, item.height)
        elif isinstance(item, Sent) and self._sending:
            self._done = item.done
            self._desk.say(FileMoved(self.transfer, item.done))

    def say_again(self) -> None:
        """The order was given once more while all goes on."""
        self._taken(self.file.size if self.uri else self._done)

    def broke(self, reason: str) -> str:
        """What is said when no answer came."""
        return f"The upload broke off ({reason}); {AGAIN}." if self._sending else f"No answer: {reason}."

    def _taken(self, done: int, event_id: str = "") -> None:
        ref = self.uri or f"{_PENDING}{self.file.txn}"
        self._desk.say(FileTaken(self.transfer, ref, "", self.file.text(), event_id, done=done))

    def _check_room(self) -> None:
        room_id = self.file.room_id
        if not is_room_id(room_id):
            raise Declined("BADARGS", "This needs a room that you are in, or know.")
        if self._rooms.state.get(room_id, "m.room.encryption") is not None:
            # What is sent to an encrypted room must never leave in clear text, whatever else goes wrong.
            raise Declined("ENCRYPTED", ENCRYPTED)


class TakingBack:
    """A file that was cancelled while its message was on its way: nobody is to have it."""

    def __init__(self, desk: Desk, sending: Sending) -> None:
        self.transfer = sending.transfer
        self.sending = sending
        self._desk = desk

    def steps(self) -> Steps[None]:
        """Learn which event the message is, by making it again under its own id, and take that back."""
        file = self.sending.file
        try:
            event_id = id_of((yield self.sending.message()), "event_id")
            yield paths.redact(file.room_id, event_id, f"{file.txn}.back", "")
        except Declined:
            pass  # it never came, or cannot be taken back: more cannot be done
        self.sending.said = False
        self._desk.say(FileTold(self.transfer))

    def met(self, _item: OnItsWay) -> None:
        """Nothing flows."""

    def broke(self, reason: str) -> str:
        """What is said when no answer came."""
        return f"No answer: {reason}."


def _size(count: int) -> str:
    """Bytes in words."""
    for unit, worth in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= worth:
            return f"{count / worth:.4g} {unit}"
    return f"{count} byte{'' if count == 1 else 's'}"


def resumed(order: ResumeFile) -> Outgoing:
    """What the memo of an order says; raises Declined where it makes no sense."""
    found = read_memo(order.memo)
    if found is None or (found.transfer, found.size) != (order.transfer, order.size):
        raise Declined("BADMEMO", "What was noted of this file makes no sense any more: send it again.")
    return found
