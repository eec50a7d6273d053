"""Files on this connection: what was ordered, what flows now, and what the server says of it (wschat 3.9)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from chat_tui_core.file_news import (
    AcceptFile,
    EndFile,
    Ending,
    FileDone,
    FileEnded,
    FileMoved,
    FileNews,
    FileOrder,
    FileRefused,
    FileStopped,
    FileTaken,
    FileTold,
    KeptFile,
    OfferFile,
    PauseFile,
    RecipientMoved,
    ResumeFile,
)
from chat_tui_core.safe_text import one_line
from chat_tui_core.transfers import Receiving, State, Take, chunk_length, chunks_within
from chat_tui_wschat.frames import Chunk, Command, Confirm, Event, Failure
from chat_tui_wschat.grammar import FID, XID, FrameError
from chat_tui_wschat.protocol_fields import Data, flag, named, text, whole
from chat_tui_wschat.protocol_file_calls import TEXT_LIMIT, Called, Calls, chunk_of, command_of, first_wanted
from chat_tui_wschat.protocol_file_list import recipients
from chat_tui_wschat.protocol_labels import Labels
from chat_tui_wschat.protocol_link import Limits, Pace
from chat_tui_wschat.protocol_timeline import made_id
from chat_tui_wschat.protocol_upload import Upload
from chat_tui_wschat.protocol_values import DropChunks, KeepChunk, Out, Send, SendChunk
from chat_tui_wschat.wire import write_command

TELL_EVERY: Final = 0.1
"""Seconds between two times that a session hears how far an upload is."""

_LONGEST_WAIT: Final = 600.0
_GONE: Final = frozenset({"FILESTATE", "NOTFOUND", "NOTJOINED"})

_REASONS: Final[Mapping[str, str]] = {
    "DIGEST": "what arrived is not what was offered",
    "SIZE": "it has not the size that was offered",
    "CHUNK": "a part of it came out of its turn",
    "IO": "it could not be read or stored",
    "expired": "its time on the server is over",
    "deleted": "the message was deleted",
}


@dataclass(slots=True)
class _Download:
    transfer: int
    ref: str
    xid: str
    flow: Receiving


class Files:
    """Everything about files between an order and its end on this connection. Nothing in here outlives the connection."""

    def __init__(self, labels: Labels) -> None:
        self.calls = Calls(labels)
        self._out: list[Out] = []
        self._limits = Limits()
        self._uploads: dict[str, Upload] = {}
        self._downloads: dict[str, _Download] = {}
        self._now = 0.0

    # ------------------------------------------------------------ orders

    def order(self, order: FileOrder, limits: Limits) -> list[FileNews]:
        """Take an order."""
        self._limits = limits
        match order:
            case KeptFile():
                self._kept(order)
            case PauseFile():
                self._forget(order.transfer)
            case _:
                return self._call(order)
        return []

    def _call(self, order: Called) -> list[FileNews]:
        if not isinstance(order, EndFile) or not order.recipient:
            self._forget(order.transfer)
        try:
            self.calls.put(order, command_of(order, self._chunk(order)))
        except FrameError as error:
            return [FileRefused(order.transfer, error.code, f"{error.text}.")]
        return []

    def _chunk(self, order: Called) -> int:
        return chunk_of(order.size, self._limits.max_chunk) if isinstance(order, OfferFile) else 0

    def _kept(self, order: KeptFile) -> None:
        """Bytes are durable here: acknowledge them."""
        for download in self._downloads.values():
            flow = download.flow
            if download.transfer == order.transfer:
                durable = min(flow.taken, chunks_within(flow.size, flow.chunk, order.done))
                if flow.keep(durable):
                    self._acknowledge(download)

    def _acknowledge(self, download: _Download) -> None:
        self._out.append(Send(write_command(Command("FILE", ("ACK", download.xid, download.flow.kept)))))

    def _forget(self, transfer: int) -> None:
        """Nothing of this transfer flows any more, and nothing of it is asked."""
        self.calls.forget(transfer)
        if any(one.transfer == transfer for one in self._uploads.values()):
            self._out.append(DropChunks(transfer))
        self._uploads = {xid: one for xid, one in self._uploads.items() if one.transfer != transfer}
        self._downloads = {xid: one for xid, one in self._downloads.items() if one.transfer != transfer}

    def lost(self) -> None:
        """The connection is gone; the session gives its orders again."""
        self._out.clear()
        self.calls.clear()
        self._uploads.clear()
        self._downloads.clear()

    def at(self, now: float) -> None:
        """It is this time now, for what comes in next."""
        self._now = now

    def take_out(self, pace: Pace, now: float) -> list[Out]:
        """Give what the shell must do now, with the commands whose turn it is."""
        out, self._out = self._out, []
        return [*out, *(Send(frame) for frame in self.calls.release(pace, now))]

    # ------------------------------------------------------------ answers

    def confirm(self, reply: Confirm) -> list[FileNews]:
        """A command was carried out."""
        data = reply.data or {}
        match self.calls.answered(reply.id).order:
            case OfferFile() as order:
                return self._offered(order, reply, data)
            case ResumeFile() as order:
                return self._resumed(order, data)
            case AcceptFile() as order:
                return self._accepted(order, reply, data)
            case EndFile() as order:
                return [FileTold(order.transfer)]

    def _offered(self, order: OfferFile, reply: Confirm, data: Data) -> list[FileNews]:
        fid = reply.words[1] if len(reply.words) > 1 else ""
        xid, pos = named(data, "xid"), whole(data, "pos")
        if not FID.ok(fid) or not XID.ok(xid):
            return [FileRefused(order.transfer, "BADREPLY", "The server's answer to the offer makes no sense.")]
        event_id = named(data, "id") or made_id(order.room_id, pos)
        chunk = self._chunk(order)
        if reply.dup:  # of an earlier connection: the server says from where on
            self._call(ResumeFile(order.transfer, fid, xid, order.size, str(chunk)))
        else:
            self._start(Upload(order.transfer, fid, xid, order.size, chunk, self._limits.window), 1)
        return [FileTaken(order.transfer, fid, xid, str(chunk), event_id)]

    def _resumed(self, order: ResumeFile, data: Data) -> list[FileNews]:
        ref, chunk, size = named(data, "fid") or order.ref, whole(data, "chunk"), _size(data)
        if not chunk or size != order.size:
            return [FileRefused(order.transfer, "BADREPLY", "The server has another file under this name.", gone=True)]
        upload = Upload(order.transfer, ref, order.ticket, size, chunk, self._limits.window)
        self._start(upload, whole(data, "next"))
        news: list[FileNews] = [
            FileTaken(order.transfer, ref, order.ticket, str(chunk), done=upload.flow.done, size=size)
        ]
        news += recipients(ref, data)
        if flag(data, "stored"):
            self._uploads.pop(order.ticket, None)
            news.append(FileDone(order.transfer, ref))
        return news

    def _start(self, upload: Upload, first: int) -> None:
        upload.flow.go_on_from(max(1, first))
        self._uploads[upload.xid] = upload
        self._send_due(upload)

    def _send_due(self, upload: Upload) -> None:
        flow = upload.flow
        for number in upload.take_due(self._now):
            offset, length = (number - 1) * flow.chunk, chunk_length(flow.size, flow.chunk, number)
            self._out.append(SendChunk(upload.transfer, upload.xid, number, offset, length))

    def _accepted(self, order: AcceptFile, reply: Confirm, data: Data) -> list[FileNews]:
        xid = reply.words[1] if len(reply.words) > 1 else ""
        chunk, size, first = whole(data, "chunk"), _size(data), whole(data, "next")
        if not XID.ok(xid) or not chunk or size < 0 or first != first_wanted(order):
            return [FileRefused(order.transfer, "BADREPLY", "The server's answer makes no sense.")]
        flow = Receiving(size, chunk, self._limits.window)
        flow.go_on_from(first)
        self._downloads[xid] = _Download(order.transfer, order.ref, xid, flow)
        return [FileTaken(order.transfer, order.ref, xid, str(chunk), done=flow.done, size=size)]

    def fail(self, reply: Failure, now: float) -> list[FileNews]:
        """The server said no, or not now."""
        call = self.calls.answered(reply.id)
        if self.calls.again(call, reply, now):
            return []
        transfer, said = call.order.transfer, one_line(reply.text, TEXT_LIMIT) or reply.code
        if isinstance(call.order, EndFile):
            return [FileTold(transfer)]  # it has ended in another way
        gone = reply.code in _GONE and not isinstance(call.order, OfferFile)
        return [FileRefused(transfer, reply.code, said, gone)]

    # ------------------------------------------------------------ events and chunks

    def event(self, event: Event) -> Iterator[FileNews]:
        """Give the news of an event about a file, other than an offer."""
        handler = _EVENTS.get(event.action)
        if handler is not None:
            yield from handler(self, event)

    def _stored(self, event: Event) -> Iterator[FileNews]:
        done = [upload for upload in self._uploads.values() if upload.ref == event.resource]
        for upload in done:
            del self._uploads[upload.xid]
        yield FileDone(done[0].transfer if done else 0, event.resource)

    def _acknowledged(self, event: Event) -> Iterator[FileNews]:
        upload = self._uploads.get(event.resource)
        if upload is None:
            ref, user = named(event.data, "fid"), named(event.data, "by")
            if ref and user:
                yield RecipientMoved(ref, event.resource, user, State.CONNECTED, whole(event.data, "bytes"))
            return
        flow = upload.flow
        if upload.acknowledge(whole(event.data, "n"), self._now):
            if flow.all_kept or self._now >= upload.told_at + TELL_EVERY:
                upload.told_at = self._now
                yield FileMoved(upload.transfer, flow.done)
            self._send_due(upload)
        if "wait" in event.data:
            self._forget(upload.transfer)
            yield FileStopped(upload.transfer, _wait(event.data), "The server cannot store it now.")

    def _taken(self, event: Event) -> Iterator[FileNews]:
        yield from _moved(event, State.ACCEPTED)

    def _done(self, event: Event) -> Iterator[FileNews]:
        yield from _moved(event, State.COMPLETE)

    def _ended(self, event: Event) -> Iterator[FileNews]:
        whole_file = FID.ok(event.resource) is not None
        ref = event.resource if whole_file else named(event.data, "fid")
        ways: list[Upload | _Download] = [*self._uploads.values(), *self._downloads.values()]
        for way in ways:
            if way.xid == event.resource or (whole_file and way.ref == ref):
                self._forget(way.transfer)
        state = State.FAILED if event.action == "FAIL" else State.CANCELLED
        said = text(event.data, "reason", TEXT_LIMIT)
        yield FileEnded(
            ref, "" if whole_file else event.resource, state, named(event.data, "by"), _REASONS.get(said, said)
        )

    def chunk(self, frame: Chunk) -> list[FileNews]:
        """Take a chunk; one that nobody waits for any more means nothing."""
        download = self._downloads.get(frame.xid)
        if download is None:
            return []
        flow = download.flow
        if frame.num == 0:
            del self._downloads[frame.xid]
            return [FileEnded(download.ref, frame.xid, State.CANCELLED)]
        take = flow.take(frame.num, len(frame.body))
        if take is Take.KEEP:
            self._out.append(KeepChunk(download.transfer, (frame.num - 1) * flow.chunk, frame.body))
        elif take is Take.AGAIN:
            self._acknowledge(download)
        else:
            del self._downloads[frame.xid]
            wrong = Command("FILE", ("FAIL", frame.xid, "CHUNK"))
            self.calls.put(EndFile(0, download.ref, frame.xid, Ending.CANCELLED), wrong)
            return [FileEnded(download.ref, frame.xid, State.FAILED, reason=_REASONS["CHUNK"])]
        return []


def _wait(data: Data) -> float:
    """Give the seconds that the server asks to wait."""
    wait = data.get("wait")
    if isinstance(wait, bool) or not isinstance(wait, int | float) or not math.isfinite(wait):
        return 30.0
    return min(max(1.0, float(wait)), _LONGEST_WAIT)


def _size(data: Data) -> int:
    """Give the size that an answer tells, -1 when it tells none."""
    return whole(data, "size") if isinstance(data.get("size"), int) else -1


def _moved(event: Event, state: State) -> Iterator[FileNews]:
    ref, user = named(event.data, "fid"), named(event.data, "by")
    if ref and user:
        yield RecipientMoved(ref, event.resource, user, state)


_EVENTS: Final[Mapping[str, Callable[[Files, Event], Iterator[FileNews]]]] = {
    "STORED": Files._stored,  # noqa: SLF001
    "ACK": Files._acknowledged,  # noqa: SLF001
    "ACCEPT": Files._taken,  # noqa: SLF001
    "DONE": Files._done,  # noqa: SLF001
    "FAIL": Files._ended,  # noqa: SLF001
    "CANCEL": Files._ended,  # noqa: SLF001
}
