"""Rules for the bytes of files: chunks come in one after the other, and go out as far as a window lets them (wschat 3.9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from chat_tui_core.transfers import Take, chunk_length
from chat_tui_wschat.frames import Chunk, Failure
from chat_tui_wschat.reply_codec import event_body
from chat_tui_wschat.server.hall import Hall
from chat_tui_wschat.server.outgoing import Feed, Halt
from chat_tui_wschat.server.shelf import Digest, Download, Fetched, KeepChunk, SharedFile, Shelved
from chat_tui_wschat.server.state import Session, User
from chat_tui_wschat.server.storage import DropFile
from chat_tui_wschat.server.turn import FILE

_TELL_EVERY: Final = 0.25
"""Seconds between two times that an offerer hears how far one recipient is."""


def at_device(user: User, device: str) -> Iterator[Session]:
    """Give the sessions of one device, of which there is at most one."""
    return (session for session in user.sessions if session.device.name == device)


def both_ends(download: Download) -> list[Session]:
    """Give the sessions of the two devices that a download concerns."""
    file = download.file
    found = dict.fromkeys(at_device(file.owner, file.device))
    return list(found | dict.fromkeys(at_device(download.user, download.device)))


# ---------------------------------------------------------------- in


def chunk(hall: Hall, session: Session, frame: Chunk) -> Failure | None:
    """Take a chunk of an upload; gives what is wrong with it. Chunks that come too late mean nothing."""
    file = hall.shelf.uploads.get(int(frame.xid[1:]))
    if file is None or file.owner is not session.user:
        return Failure("NOTFOUND", "FILE", f"No upload {frame.xid} of yours")
    if file.state is not Shelved.OPEN:
        return None
    if file.session is not session:
        return Failure("FILESTATE", "FILE", f"Say FILE RESUME {frame.xid} first")
    if frame.num == 0:
        end(hall, file, Shelved.CANCELLED, by=file.owner.name)
        return None
    take = file.flow.take(frame.num, len(frame.body))
    if take is Take.WRONG:
        end(hall, file, Shelved.FAILED, reason="CHUNK")
        return Failure("FILECHUNK", "FILE", f"Chunk {frame.num} of {frame.xid} has not this number, or not this size")
    if take is Take.AGAIN:
        _acknowledge(hall, file)
    else:
        hall.shelf.jobs.append(KeepChunk(file, file.epoch, frame.num, (frame.num - 1) * file.flow.chunk, frame.body))
    return None


def kept(hall: Hall, jobs: Iterable[KeepChunk], now: float) -> None:
    """Chunks are durable: acknowledge them, once for each file, and feed them to whoever waits."""
    grown = {job.file: None for job in jobs if _counts(job)}
    for file in grown:
        hall.write(file.row)
        _acknowledge(hall, file)
        for download in file.downloads.values():
            feed(hall, download)
        check(hall, file)


def _counts(job: KeepChunk) -> bool:
    file = job.file
    return file.state is Shelved.OPEN and job.epoch == file.epoch and file.flow.keep(job.number)


def check(hall: Hall, file: SharedFile) -> None:
    """Have the digest computed once all chunks are here."""
    if file.state is Shelved.OPEN and file.flow.all_kept and not file.checking:
        file.checking = True
        hall.shelf.jobs.append(Digest(file))


def not_kept(hall: Hall, file: SharedFile) -> None:
    """The disk did not take a chunk: what was taken beyond the durable ones is given up, and comes again later."""
    if file.state is not Shelved.OPEN:
        return
    file.epoch += 1
    file.checking = False
    file.flow.go_on_from(file.flow.kept + 1)
    if file.session is not None:
        _acknowledge(hall, file, wait=hall.limits.file_wait)
        hall.shelf.unbind_one(file)


def digested(hall: Hall, file: SharedFile, digest: str) -> None:
    """The digest of a whole file was computed; "" = its bytes cannot be read."""
    if file.state is not Shelved.OPEN:
        return
    if digest != file.digest:
        end(hall, file, Shelved.FAILED, reason="DIGEST" if digest else "IO")
        return
    file.state = Shelved.STORED
    hall.shelf.unbind_one(file)
    hall.write(file.row)
    hall.broadcast(file.channel.online, FILE, event_body("file", "STORED", file.fid, {}))


def _acknowledge(hall: Hall, file: SharedFile, wait: float = 0.0) -> None:
    if file.session is not None:
        data: dict[str, Any] = {"n": file.flow.kept, "bytes": file.flow.done}
        if wait:
            data["wait"] = wait
        hall.hint(file.session, event_body("file", "ACK", file.xid, data))


# ---------------------------------------------------------------- out


def feed(hall: Hall, download: Download) -> None:
    """Send what a download may have now: what is here, within its window."""
    session, file = download.session, download.file
    if session is None or session.socket is None or not file.alive or download.state is not Fetched.OPEN:
        return
    for number in download.flow.take_due(file.flow.kept):
        offset = (number - 1) * file.flow.chunk
        length = chunk_length(file.flow.size, file.flow.chunk, number)
        hall.send(session.socket, Feed(download.xid, file.number, number, offset, length))


def tell_progress(hall: Hall, download: Download, now: float) -> None:
    """Let the offerer know how far a recipient is: not for every acknowledgement, but for the last one."""
    if now - download.told_at < _TELL_EVERY and not download.flow.all_kept:
        return
    download.told_at = now
    file = download.file
    data = {"n": download.flow.kept, "bytes": download.flow.done, "fid": file.fid, "by": download.user.name}
    body = event_body("file", "ACK", download.xid, data)
    for session in at_device(file.owner, file.device):
        if session.intents & FILE:
            hall.hint(session, body)


# ---------------------------------------------------------------- the end


def end(
    hall: Hall,
    file: SharedFile,
    state: Shelved,
    *,
    by: str = "",
    reason: str = "",
    origin: Session | None = None,
    number: int | None = None,
) -> None:
    """A file has ended before its time: nobody gets it any more, and its bytes go. Everybody in the channel hears it."""
    file.state = state
    hall.shelf.unbind_one(file)
    for download in file.downloads.values():
        if download.state is Fetched.OPEN:
            download.state = Fetched.CANCELLED
            _halt(hall, download)
            hall.write(download.row)
    hall.write(file.row)
    hall.batch.drops.append(file.number)
    action = "FAIL" if state is Shelved.FAILED else "CANCEL"
    body = event_body("file", action, file.fid, about(file, by, reason))
    hall.broadcast(file.channel.online, FILE, body, origin=origin, number=number)


def about(file: SharedFile, by: str, reason: str) -> Mapping[str, str]:
    """Give the JSON of what ends a file, or one way of it; without a name the server did it."""
    data = {"fid": file.fid, "by": by, "reason": reason}
    return {key: value for key, value in data.items() if value}


def end_download(
    hall: Hall,
    download: Download,
    state: Fetched,
    *,
    by: str = "",
    reason: str = "",
    origin: Session | None = None,
    number: int | None = None,
) -> None:
    """A download has come to its end, a good one or not. Both ends hear it."""
    download.state = state
    _halt(hall, download)
    hall.write(download.row)
    action = {Fetched.DONE: "DONE", Fetched.FAILED: "FAIL"}.get(state, "CANCEL")
    body = event_body("file", action, download.xid, about(download.file, by, reason))
    hall.broadcast(both_ends(download), FILE, body, origin=origin, number=number)


def _halt(hall: Hall, download: Download) -> None:
    if download.session is not None and download.session.socket is not None:
        hall.send(download.session.socket, Halt(download.xid))
    hall.shelf.unbind_one(download)


def expire(hall: Hall, number: int) -> None:
    """A file's time is over: it is forgotten."""
    file = hall.shelf.files.get(number)
    if file is None:
        return
    if file.alive:
        end(hall, file, Shelved.CANCELLED, by=file.owner.name, reason="expired")
    hall.shelf.forget(file)
    hall.write(DropFile(number))


def left(hall: Hall, user: User, files: Iterable[SharedFile]) -> None:
    """A user is no longer in these files' channel: what they were still sending there ends, and what they were getting."""
    for file in list(files):
        if file.owner is user and file.state is Shelved.OPEN:
            end(hall, file, Shelved.CANCELLED, by=user.name)
        for download in file.downloads.values():
            if download.user is user and download.state is Fetched.OPEN:
                end_download(hall, download, Fetched.CANCELLED, by=user.name)
