"""Rules for FILE: offer, accept, resume, acknowledge, end (wschat 3.9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chat_tui_core.transfers import Receiving, Sending, window_of
from chat_tui_wschat.framing import tag
from chat_tui_wschat.grammar import MAX_NUM, REST_REFUSED
from chat_tui_wschat.reply_codec import event_body
from chat_tui_wschat.server.hall import Refusal
from chat_tui_wschat.server.items import offer as offer_item
from chat_tui_wschat.server.outgoing import Halt
from chat_tui_wschat.server.rules_chunks import both_ends, end, end_download, feed, tell_progress
from chat_tui_wschat.server.rules_messages import call_back
from chat_tui_wschat.server.rules_presence import stop_typing
from chat_tui_wschat.server.shelf import Download, Fetched, SharedFile, Shelved
from chat_tui_wschat.server.state import Channel
from chat_tui_wschat.server.turn import FILE, Turn, confirm, happened

_NAME_BYTES: Final = 255
_TRY_AGAIN: Final = 5.0
"""Seconds after which a user with too many files on their way may try again."""

_digest_ok: Final = re.compile(r"[0-9a-f]{64}").fullmatch
_mime_ok: Final = re.compile(r"[!-~]{1,60}/[!-~]{1,60}").fullmatch
_OFFER: Final = 'FILE OFFER takes {"name":text,"size":bytes,"chunk":bytes,"sha256":hex} and perhaps {"mime":text}'


# ---------------------------------------------------------------- OFFER


def offer(turn: Turn) -> str:
    """FILE OFFER: a file for everybody in the channel; its chunks may come at once."""
    hall, channel = turn.hall, turn.joined(1)
    wish = _read_offer(turn)
    _check_space(turn, wish["size"])
    if channel.direct:
        call_back(turn.unlabelled(), channel)
    if channel.typing:
        stop_typing(hall, channel, turn.user, turn.now)
    file = _shelve(turn, channel, wish)
    item = offer_item(channel.number, file.pos, turn.user.name, file.ts, {"fid": file.fid, **wish})
    hall.append(channel, turn.user, item, spoken=True)
    hall.write(file.row)
    hall.wake(turn.now + hall.limits.file_ttl, "file", file.number)
    hall.shelf.bind(file, turn.session)
    turn.tell(channel.online, FILE, happened(item, channel.name))
    data = {"xid": file.xid, "next": 1, "id": item["id"], "pos": file.pos, "ts": file.ts}
    return confirm("FILE", "OFFER", file.fid, data=data)


def _shelve(turn: Turn, channel: Channel, wish: Mapping[str, Any]) -> SharedFile:
    shelf, device = turn.hall.shelf, turn.session.device.name
    number, upload = shelf.next_file(), shelf.next_way()
    flow = Receiving(wish["size"], wish["chunk"], turn.hall.limits.window)
    file = SharedFile(
        number, upload, channel, channel.head + 1, turn.user, device, wish["name"], wish["sha256"], turn.ts, flow
    )
    shelf.add(file)
    return file


def _read_offer(turn: Turn) -> dict[str, Any]:
    """Read the JSON of FILE OFFER; unknown keys mean nothing.

    Raises:
        Refusal: BADARGS.
    """
    data = turn.command.data or {}
    name, size, chunk, digest, mime = (data.get(key) for key in ("name", "size", "chunk", "sha256", "mime"))
    if not (isinstance(name, str) and _whole(size) and isinstance(digest, str) and _digest_ok(digest)):
        raise Refusal("BADARGS", _OFFER)
    if not isinstance(mime, str | None) or (mime and not _mime_ok(mime)):
        raise Refusal("BADARGS", _OFFER)
    if not isinstance(chunk, int) or isinstance(chunk, bool) or not 1 <= chunk <= turn.hall.limits.max_chunk:
        raise Refusal("BADARGS", f"A chunk has 1 to {turn.hall.limits.max_chunk} bytes")
    if not name_ok(name):
        raise Refusal("BADARGS", f"A file's name is no path, and has 1 to {_NAME_BYTES} bytes")
    wish = {"name": name, "size": size, "chunk": chunk, "sha256": digest}
    return {**wish, "mime": mime} if mime else wish


def name_ok(name: str) -> bool:
    """Say whether this is a file's base name that everybody can be shown."""
    if name in {"", ".", ".."} or "/" in name or "\\" in name or REST_REFUSED(name) or "\t" in name:
        return False
    return len(name.encode()) <= _NAME_BYTES


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_NUM


def _check_space(turn: Turn, size: int) -> None:
    limits, shelf = turn.hall.limits, turn.hall.shelf
    if size > limits.file_max:
        raise Refusal("NOSPACE", f"The file has {size} bytes, {limits.file_max} are the most")
    if shelf.held_by(turn.user) + size > limits.file_quota:
        raise Refusal("NOSPACE", f"Your files would have more than {limits.file_quota} bytes together")
    if shelf.count_of(turn.user) >= limits.file_count:
        raise Refusal("NOSPACE", f"You have {limits.file_count} files here: cancel one of them")
    _check_moving(turn)


def _check_moving(turn: Turn) -> None:
    if turn.hall.shelf.moving(turn.user) >= turn.hall.limits.file_transfers:
        raise Refusal("RATELIMIT", "Too many files are on their way: wait for one of them", _TRY_AGAIN)


# ---------------------------------------------------------------- what goes on after a connection: ACCEPT, RESUME, ACK


def accept(turn: Turn) -> None:
    """FILE ACCEPT: this device gets the file from a chunk on; said again, it is the same download."""
    file, first = _visible(turn, turn.word(1)), turn.number(2)
    if turn.user.name not in file.channel.members:
        raise Refusal("NOTJOINED", f"You are not in {file.channel.name}")
    if not file.alive:
        raise Refusal("FILESTATE", f"The file {file.fid} was {file.state.value}")
    if not 1 <= first <= file.chunks + 1:
        raise Refusal("BADARGS", f"The file {file.fid} has the chunks 1 to {file.chunks}")
    device = turn.session.device.name
    mine = (one for one in file.downloads.values() if one.user is turn.user and one.device == device)
    download = next((one for one in mine if one.state is Fetched.OPEN), None)
    if download is None:
        download = _fetch(turn, file)
    download.flow.go_on_from(first)
    turn.hall.shelf.bind(download, turn.session)
    data = {"fid": file.fid, "next": first, "size": file.flow.size, "chunk": file.flow.chunk}
    _answer_before(turn, download.xid, confirm("FILE", "ACCEPT", download.xid, data=data))
    feed(turn.hall, download)


def _fetch(turn: Turn, file: SharedFile) -> Download:
    """Begin a download, which the offerer hears of."""
    _check_moving(turn)
    hall = turn.hall
    size, chunk = file.flow.size, file.flow.chunk
    flow = Sending(size, chunk, window_of(chunk, hall.limits.window))
    download = Download(hall.shelf.next_way(), file, turn.user, turn.session.device.name, flow)
    hall.shelf.fetch(download)
    hall.write(download.row)
    body = event_body("file", "ACCEPT", download.xid, {"fid": file.fid, "by": turn.user.name})
    turn.tell(both_ends(download), FILE, body)
    return download


def _answer_before(turn: Turn, xid: str, reply: str) -> None:
    """Answer now: no chunk that was to leave before comes after this answer, and all that follow do."""
    socket = turn.session.socket
    if socket is not None:
        turn.hall.send(socket, Halt(xid))
        turn.hall.send(socket, tag(reply, id=turn.command.id))


def resume(turn: Turn) -> str:
    """FILE RESUME: the offerer goes on with an upload on this connection."""
    file = turn.hall.shelf.uploads.get(int(turn.word(1)[1:]))
    if file is None or file.owner is not turn.user:
        raise Refusal("NOTFOUND", f"No upload {turn.word(1)} of yours")
    if not file.alive:
        raise Refusal("FILESTATE", f"The file {file.fid} was {file.state.value}")
    flow = file.flow
    data: dict[str, Any] = {
        "fid": file.fid,
        "next": flow.resume(),
        "bytes": flow.done,
        "size": flow.size,
        "chunk": flow.chunk,
    }
    if file.state is Shelved.STORED:
        data["stored"] = True
    else:
        turn.hall.shelf.bind(file, turn.session)
    if file.downloads:
        data["recipients"] = file.recipients()
    return confirm("FILE", "RESUME", file.xid, data=data)


def acknowledge(turn: Turn) -> str | None:
    """FILE ACK: chunks are durable with the recipient. Not answered without an id; too late, it means nothing."""
    download = turn.hall.shelf.downloads.get(int(turn.word(1)[1:]))
    if download is None or download.user is not turn.user:
        raise Refusal("NOTFOUND", f"No download {turn.word(1)} of yours")
    if download.state is Fetched.OPEN and download.flow.acknowledge(turn.number(2)):
        tell_progress(turn.hall, download, turn.now)
        feed(turn.hall, download)
    return None if turn.command.id is None else confirm("FILE", "ACK", download.xid)


# ---------------------------------------------------------------- DONE, FAIL, CANCEL


def done(turn: Turn) -> str:
    """FILE DONE: the recipient has the file, whole and checked."""
    download = _open_download(turn)
    if download.file.state is not Shelved.STORED:
        raise Refusal("FILESTATE", f"The file {download.file.fid} has not arrived yet")
    download.flow.go_on_from(download.file.chunks + 1)
    _end_download(turn, download, Fetched.DONE)
    return confirm("FILE", "DONE", download.xid)


def fail(turn: Turn) -> str:
    """FILE FAIL: what came is not what was offered, or cannot be stored; said of an upload, it can no longer be sent."""
    file = turn.hall.shelf.uploads.get(int(turn.word(1)[1:]))
    if file is not None and file.owner is turn.user:
        _end_file(turn, file, Shelved.FAILED, turn.word(2), uploading=True)
    else:
        _end_download(turn, _open_download(turn), Fetched.FAILED, turn.word(2))
    return confirm("FILE", "FAIL", turn.word(1))


def cancel(turn: Turn) -> str:
    """FILE CANCEL: the offerer ends the file or one download of it, a recipient the own download."""
    name, reason = turn.word(1), turn.note()
    number, shelf = int(name[1:]), turn.hall.shelf
    if name[0] == "f":
        file = _visible(turn, name)
        if file.owner is not turn.user:
            raise Refusal("NOPERM", "Only who offered a file may cancel it for everybody")
        _end_file(turn, file, Shelved.CANCELLED, reason)
    elif number in shelf.uploads and shelf.uploads[number].owner is turn.user:
        _end_file(turn, shelf.uploads[number], Shelved.CANCELLED, reason, uploading=True)
    else:
        download = shelf.downloads.get(number)
        if download is None or turn.user not in {download.user, download.file.owner}:
            raise Refusal("NOTFOUND", f"No {name} of yours")
        _end_download(turn, _still_open(download), Fetched.CANCELLED, reason)
    return confirm("FILE", "CANCEL", name)


def _end_file(turn: Turn, file: SharedFile, state: Shelved, reason: str, *, uploading: bool = False) -> None:
    """End a file: an upload only while it goes on, an offer as long as its bytes are kept."""
    if not file.alive or (uploading and file.state is Shelved.STORED):
        raise Refusal("FILESTATE", f"The file {file.fid} is {file.state.value}")
    session, number = turn.session, turn.command.id
    end(turn.hall, file, state, by=turn.user.name, reason=reason, origin=session, number=number)


def _end_download(turn: Turn, download: Download, state: Fetched, reason: str = "") -> None:
    session, number = turn.session, turn.command.id
    end_download(turn.hall, download, state, by=turn.user.name, reason=reason, origin=session, number=number)


def _open_download(turn: Turn) -> Download:
    download = turn.hall.shelf.downloads.get(int(turn.word(1)[1:]))
    if download is None or download.user is not turn.user:
        raise Refusal("NOTFOUND", f"No download {turn.word(1)} of yours")
    return _still_open(download)


def _still_open(download: Download) -> Download:
    if download.state is not Fetched.OPEN or not download.file.alive:
        state = download.file.state if download.state is Fetched.OPEN else download.state
        raise Refusal("FILESTATE", f"The download {download.xid} is {state.value}")
    return download


def _visible(turn: Turn, name: str) -> SharedFile:
    """Give the file of this name, if its channel exists as far as the user can tell."""
    file = turn.hall.shelf.files.get(int(name[1:]))
    if file is None or not file.channel.sees(turn.user):
        raise Refusal("NOTFOUND", f"No file {name}")
    return file
