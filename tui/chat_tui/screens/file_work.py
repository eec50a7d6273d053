"""What is done with files: sent, brought here, cancelled, tried again, opened; by key, by mouse and by command."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chat_tui.aside import aside
from chat_tui.browsing import open_path
from chat_tui.commands import Call
from chat_tui.keys import key_of, shown_as
from chat_tui.strings import _
from chat_tui.transfer_words import FileDeed, tilde
from chat_tui_core.errors import FileTrouble, LocalError
from chat_tui_core.link import Capability, Link
from chat_tui_core.model import Membership, RoomEvent
from chat_tui_core.safe_text import one_line
from chat_tui_core.transfers import Direction, State, Transfer

if TYPE_CHECKING:
    from textual.app import App

    from chat_tui.screens.doing import Doing
    from chat_tui.screens.window import Window
    from chat_tui_core.session import Session

__all__ = [
    "FILE_WORK",
    "ask_folder",
    "do_deed",
    "do_with_message",
    "go_to_file",
    "send_clipboard",
    "send_files",
    "send_pasted",
    "send_path",
]

CLIPBOARD: Final = "clipboard"


# ---------------------------------------------------------------- one file


async def do_with_message(screen: Window, deed: FileDeed, key: str) -> None:
    """Do something with the file of the message that has this key. Raises ChatError with the sentence to show."""
    item = screen.conversation.item(key)
    if item is None or item.event is None or item.event.file is None:
        return
    transfer = screen.cards.of_event(item.event)
    if transfer is not None:
        await do_deed(screen.app, screen.session, deed, transfer)
    elif deed in {FileDeed.ACCEPT, FileDeed.SAVE}:
        await _take_event(screen, item.event, deed)


async def _take_event(screen: Window, event: RoomEvent, deed: FileDeed) -> None:
    to = None
    if deed is FileDeed.SAVE:
        to = await ask_folder(screen.app, screen.session, event.file.name if event.file else "")
        if to is None:
            return
    await screen.session.files.accept_event(event.room_id, event.event_id, to)


async def do_deed(app: App[object], session: Session, deed: FileDeed, transfer: Transfer) -> None:
    """Do something with a transfer. Raises ChatError with the sentence to show."""
    files = session.files
    match deed:
        case FileDeed.ACCEPT:
            await files.accept(transfer.id)
        case FileDeed.SAVE:
            if (folder := await ask_folder(app, session, transfer.name)) is not None:
                await files.accept(transfer.id, folder)
        case FileDeed.CANCEL:
            await files.cancel(transfer.id)
        case FileDeed.RETRY:
            await _again(session, transfer)
        case FileDeed.OPEN:
            await _open(app, Path(transfer.path))
        case FileDeed.FOLDER:
            await _open(app, Path(transfer.path).parent)
        case FileDeed.COPY:
            app.copy_to_clipboard(transfer.path.encode("utf-8", "replace").decode())
            app.notify(_("Copied."), markup=False)


async def _again(session: Session, transfer: Transfer) -> None:
    """Try now what waits; fetch, or offer, anew what has ended without coming to a good end."""
    if transfer.is_open:
        session.files.retry(transfer.id)
    elif transfer.state is not State.COMPLETE and transfer.direction is Direction.IN:
        await session.files.accept(transfer.id)
    elif transfer.state is not State.COMPLETE:
        await session.files.offer(transfer.room_id, Path(transfer.path), transfer.name, transfer.thread)


async def _open(app: App[object], path: Path) -> None:
    """Have the system open a file or a folder; where it cannot, its path is copied."""
    if not await aside(os.path.exists, path):
        raise FileTrouble(_("{name} is not there any more.").format(name=one_line(path.name, 60)))
    if not await aside(open_path, path):
        app.copy_to_clipboard(str(path).encode("utf-8", "replace").decode())
        app.notify(_("Nothing here opens files. Copied {path}").format(path=tilde(str(path))), markup=False)


async def ask_folder(app: App[object], session: Session, name: str) -> Path | None:
    """Where a file shall go; None when the person does not say."""
    from chat_tui.screens.picker import PickerScreen

    picked = await app.push_screen_wait(PickerScreen(session, saves=name))
    return picked.paths[0] if picked is not None else None


# ---------------------------------------------------------------- sending


async def send_files(screen: Window, start: Path | None = None, chosen: Sequence[Path] = ()) -> bool:
    """Ask which files the open room shall get, `chosen` ones being marked already; whether any are sent.

    `start` is the folder to begin in. Raises ChatError.
    """
    from chat_tui.screens.picker import PickerScreen

    room = screen.conversation.room
    if room is None or room.membership is not Membership.JOINED:
        raise LocalError(_("Open a room first; then files can be sent to it."))
    if Capability.FILES not in screen.session.capabilities:
        raise LocalError(_("This server takes no files."))
    thread, where = screen.conversation.thread, room.title
    if thread:
        where = _("a thread in {room}").format(room=room.title)
    picked = await screen.app.push_screen_wait(PickerScreen(screen.session, where, start=start, chosen=chosen))
    if picked is None:
        return False
    if gone := await aside(_unreadable, picked.paths):
        raise FileTrouble(_("{name} cannot be read; nothing is sent.").format(name=one_line(gone.name, 60)))
    if picked.caption:
        await screen.session.send(room.room_id, picked.caption, thread=thread)
    for path in picked.paths:
        await screen.session.files.offer(room.room_id, path, thread=thread)
    _say_when(screen)
    return True


async def send_path(screen: Window, path: Path) -> None:
    """Send a file to what is open, without a question. Raises ChatError."""
    room = screen.conversation.room
    if room is None:
        raise LocalError(_("Open a room first; then files can be sent to it."))
    await screen.session.files.offer(room.room_id, path, thread=screen.conversation.thread)
    _say_when(screen)


def _say_when(screen: Window) -> None:
    if screen.session.link.link is not Link.ONLINE:
        screen.say(
            _("Sent with the next connection; {key} lists what waits.").format(key=shown_as(key_of("files.open").keys))
        )


def _unreadable(paths: Sequence[Path]) -> Path | None:
    """The first of these that is no file to be read."""
    return next((path for path in paths if not (os.path.isfile(path) and os.access(path, os.R_OK))), None)  # noqa: PTH113


async def send_clipboard(screen: Window) -> None:
    """Send the image that is in the clipboard, once the person has looked at it. Raises LocalError."""
    from chat_tui.clipboard_image import keep_image

    path = await aside(keep_image, screen.session.store.path.parent)
    await send_files(screen, path.parent, [path])


async def send_pasted(screen: Window, text: str) -> bool:
    """Ask whether the files are to be sent whose paths were pasted; if so, the paths leave the composer.

    Whether any files were named. Raises ChatError.
    """
    from chat_tui.pasted_paths import files_in

    found = await aside(files_in, text)
    if not found or Capability.FILES not in screen.session.capabilities:
        return False
    room_id = screen.conversation.room_id
    if await send_files(screen, found[0].parent, found) and screen.conversation.room_id == room_id:
        screen.composer.drop(text)
        screen.hints.tell(problem="")
    return True


# ---------------------------------------------------------------- the list of files


async def go_to_file(screen: Window, transfer: Transfer) -> None:
    """Show the message that brings a file. Raises ChatError."""
    room = screen.session.rooms.get(transfer.room_id)
    if room is None or room.membership is not Membership.JOINED:
        raise LocalError(_("You are not in that room any more."))
    screen.open_room(room.room_id)
    if transfer.event_id:
        await screen.conversation.go_to(transfer.event_id)
        screen.timeline.focus()


# ---------------------------------------------------------------- commands


async def file(doing: Doing, call: Call) -> None:
    """Choose files to send, or begin with the one that is named."""
    if call.rest == CLIPBOARD:
        await send_clipboard(doing.screen)
        return
    if not call.rest:
        await send_files(doing.screen)
        return
    from chat_tui.pasted_paths import named_path

    path = named_path(call.rest)
    if await aside(os.path.isdir, path):
        await send_files(doing.screen, path)
    elif await aside(os.path.isfile, path):
        await send_files(doing.screen, path.parent, [path])
    else:
        raise LocalError(_("There is no file {path}.").format(path=tilde(str(path))))


async def files(doing: Doing, _call: Call) -> None:
    """Show all files."""
    doing.screen.action_transfers()


FILE_WORK: Final[Mapping[str, Callable[[Doing, Call], Awaitable[None]]]] = MappingProxyType(
    {"file": file, "files": files}
)
