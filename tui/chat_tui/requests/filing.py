"""Files: list them, send one, get one, cancel one; and follow a transfer until it has ended, or gets no further."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

from chat_tui.requests import acting
from chat_tui.requests.values import Cursor, Done, Note, Request, Row, Told
from chat_tui.requests.watching import online, until, watched, why_offline
from chat_tui.strings import _
from chat_tui_core.contract import Link
from chat_tui_core.errors import ConfigError, LocalError
from chat_tui_core.session import Session
from chat_tui_core.session_changes import LinkMoved, SessionChange, TransferMoved
from chat_tui_core.store.event_rows import event_by_id
from chat_tui_core.transfers import Direction, State, Transfer

TELL_EVERY: Final = 0.25
"""Seconds between two rows of one file's progress."""

GOODBYE: Final = 3.0
"""Seconds that an end waits to be heard by the server before the answer is complete."""


async def files(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """The newest files of both directions, oldest first."""
    stale = not await online(session)
    for transfer in session.files.all():
        yield Row(file_row(session, transfer))
    if stale:
        yield Note(_("{why} This is what is stored.").format(why=why_offline(session)))
    yield Done()


async def send_file(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Offer a file to a room, after a message if there is a text; both are stored before anything leaves."""
    room = await acting.joined_room(session, request)
    action_id = (await acting.say(session, room, request)).id if request.text else 0
    transfer = await session.files.offer(room.room_id, Path(request.file))
    rest = {"do": "follow_file", "file_id": str(transfer.id), "action_id": action_id}
    yield Cursor(rest)
    async for told in follow_file(session, request.resumed(rest)):
        yield told


async def get_file(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Have an offered file brought here, by its id or its message's; one that is on its way already is only followed."""
    await online(session)
    to = _target(request.to)
    found = await _wanted(session, request.file_id)
    if found is None:
        room_id = _room_of(session, request.file_id)
        found = await session.files.accept_event(room_id, request.file_id, to)
    elif not found.wants_to_move:
        found = await session.files.accept(found.id, to)
    rest = {"do": "follow_file", "file_id": str(found.id)}
    yield Cursor(rest)
    async for told in follow_file(session, request.resumed(rest)):
        yield told


async def cancel_file(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """End a transfer; the other side hears of it now, or with the next connection."""
    found = await _wanted(session, request.file_id)
    if found is None:
        raise LocalError(_("There is no file {id!r}: see `chat-tui files`.").format(id=request.file_id))
    ended = await session.files.cancel(found.id)
    yield Row(file_row(session, ended))
    if ended.tell and not (await online(session) and await _told(session, ended.id)):
        yield Note(_("The other side will hear of it with the next connection."))
    yield Done()


async def follow_file(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Tell of a stored transfer until it has ended, or has not moved for `timeout` seconds; it goes on by itself then."""
    code = 0
    if request.action_id:
        async for told in acting.wait(session, request):
            if isinstance(told, Done):
                code = told.code
            else:
                yield told
    async for told in _followed(session, request):
        yield Done(told.code or code) if isinstance(told, Done) else told


async def _followed(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    transfer_id = int(request.file_id)
    now = session.files.get(transfer_id)
    if request.wait == "pending" and now.direction is Direction.OUT:
        yield Row(file_row(session, now))
        yield Done()
        return
    session.connect()
    follower = _Follower(session, transfer_id, request.timeout)
    with watched(session, follower.note):
        async for now in follower.progress():
            yield Row(file_row(session, now))
    now = session.files.get(transfer_id)
    if now.is_open:
        why = _(session.files.why(now)) or _("It does not move now.")
        yield Note(
            _("{why} File {id} is kept and goes on whenever chat-tui runs: see `chat-tui files`.").format(
                why=why, id=transfer_id
            )
        )
        yield Done(4)
        return
    await _told(session, transfer_id)
    if now.state is not State.COMPLETE:
        yield Note(_ended(now))
    yield Done(0 if now.state is State.COMPLETE else 3)


class _Follower:
    """One transfer as it moves."""

    def __init__(self, session: Session, transfer_id: int, patience: float) -> None:
        self._session = session
        self._id = transfer_id
        self._patience = patience
        self._changed = asyncio.Event()

    def note(self, change: SessionChange) -> None:
        """Look again; called for every change of the session."""
        if isinstance(change, LinkMoved) or (isinstance(change, TransferMoved) and change.transfer.id == self._id):
            self._changed.set()

    async def progress(self) -> AsyncGenerator[Transfer, None]:
        """The transfer at the beginning, now and then, and at its end; ends too when it has stood still for too long."""
        shown: tuple[State | None, int] = (None, -1)
        moved: tuple[State | None, int] = (None, -1)
        shown_at, moved_at = 0.0, time.monotonic()
        while True:
            now = self._session.files.get(self._id)
            at, clock = (now.state, now.done), time.monotonic()
            if at != moved:
                moved, moved_at = at, clock
            if at != shown and (clock >= shown_at + TELL_EVERY or not now.is_open):
                yield now
                shown, shown_at = at, clock
            idle = clock - moved_at >= self._patience
            if not now.is_open or idle or self._session.link.link is Link.STOPPED:
                return
            await self._wait(shown_at + TELL_EVERY - clock if at != shown else moved_at + self._patience - clock)

    async def _wait(self, seconds: float) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._changed.wait()
        except TimeoutError:
            return


async def _told(session: Session, transfer_id: int) -> bool:
    """Wait a moment until the server knows how a transfer ended."""

    def look() -> bool | None:
        return True if not session.files.get(transfer_id).tell else None

    return bool(await until(session, look, (TransferMoved,), GOODBYE))


async def _wanted(session: Session, file_id: str) -> Transfer | None:
    """The transfer of this id, None for what is no number: it is a message's id then."""
    if not (file_id.isascii() and file_id.isdigit()):
        return None
    return session.files.get(int(file_id[:18]))


def _target(text: str) -> Path | None:
    """Where a file is to go; with a slash at its end it must be a folder."""
    if text.endswith("/") and not Path(text).is_dir():
        raise ConfigError(_("There is no folder {folder}.").format(folder=_shown(text)))
    return Path(text) if text else None


def _room_of(session: Session, event_id: str) -> str:
    """The room that has the message with this id."""
    for room_id in session.rooms:
        if session.store.read(event_by_id, room_id, event_id) is not None:
            return room_id
    raise LocalError(
        _("There is no file {id!r}, and no message of that id is stored: see `chat-tui files`.").format(id=event_id)
    )


def _ended(transfer: Transfer) -> str:
    reason = f": {_(transfer.reason).rstrip('.')}" if transfer.reason else ""
    left = (
        " " + _("What has come is in {path}.").format(path=_shown(transfer.path))
        if transfer.direction is Direction.IN and transfer.path
        else ""
    )
    failed = transfer.state is State.FAILED
    said = _("File {id} failed{reason}.") if failed else _("File {id} was cancelled{reason}.")
    return said.format(id=transfer.id, reason=reason) + left


def _shown(path: str) -> str:
    """A path as text: its bytes need not be UTF-8."""
    return path.encode("utf-8", "replace").decode()


def file_row(session: Session, transfer: Transfer) -> dict[str, Any]:
    """A transfer as `files --json` gives it; `size` is null while nobody has told it, all sizes are bytes."""
    row: dict[str, Any] = {
        "id": transfer.id,
        "direction": transfer.direction.value,
        "name": transfer.name,
        "size": transfer.size if transfer.size >= 0 else None,
        "done": transfer.done,
        "state": transfer.state.value,
    }
    if transfer.path:
        row["path"] = _shown(transfer.path)
    row |= {"room_id": transfer.room_id, "percent": transfer.percent}
    if transfer.sender:
        row["sender"] = transfer.sender
    if transfer.reason:
        row["error"] = transfer.reason
    if waits := session.files.why(transfer):
        row["waits"] = waits
    if transfer.recipients:
        row["recipients"] = [
            {"user": who.user, "state": who.state.value, "done": who.done} for who in transfer.recipients
        ]
    return row
