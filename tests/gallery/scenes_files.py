"""Scenes of files: on their way in the timeline and in their list, and the dialog that chooses them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from PIL import Image

from chat_tui.screens.file_work import send_files
from chat_tui.screens.picker import PickerScreen
from chat_tui.transfer_words import Pace
from chat_tui_core.file_news import FileOffered
from chat_tui_core.model import EventKind, FileInfo, RoomEvent
from chat_tui_core.news import Arrived
from chat_tui_core.session_changes import TransferMoved
from chat_tui_core.store.transfers import save_transfer
from chat_tui_core.transfers import Direction, Recipient, State, Transfer
from tests.gallery.fixed import NOW
from tests.gallery.scene import Scene, by_sam, then
from tests.gallery.world import ME, Sam, general, long

__all__ = ["SCENES"]

_Rows = tuple[tuple[str, str, int, str, Mapping[str, Any]], ...]
FILES: Final[_Rows] = (
    ("autumn.zip", "application/zip", 48_210_000, "mei", {"state": State.CONNECTED, "done": 30_120_000}),
    ("release-notes.pdf", "application/pdf", 184_200, "ada", {"state": State.COMPLETE, "done": 184_200}),
    ("build-log.txt", "text/plain", 2_411_000, "bruno", {"state": State.NEW}),
    (
        "old.iso",
        "application/octet-stream",
        700_000_000,
        "ivo",
        {"state": State.FAILED, "reason": "It is not offered any more."},
    ),
    (
        "demo.mp4",
        "video/mp4",
        9_640_000,
        "",
        {
            "state": State.CONNECTED,
            "done": 7_130_000,
            "recipients": (
                Recipient("1", "ada", State.COMPLETE, 9_640_000),
                Recipient("2", "hana", State.COMPLETE, 9_640_000),
                Recipient("3", "ivo", State.CONNECTED, 900_000),
            ),
        },
    ),
)
"""Name, type, size, who sends it ("" = Sam), how it stands."""
LONG: Final[_Rows] = (
    (
        f"{long('file')[:180]}-the-end.zip",
        "application/zip",
        48_210_000,
        "mei",
        {"state": State.CONNECTED, "done": 30_120_000},
    ),
    (
        f"{long('film')[:180]}-the-end.mp4",
        "video/mp4",
        2_411_000,
        "bruno",
        {"state": State.FAILED, "reason": "no " * 60},
    ),
)


class _Steady(Pace):
    """Always the same pace."""

    def rate(self, now: float) -> float:
        return 2_140_000.0


def _moving(rows: _Rows) -> Callable[[Sam], Awaitable[None]]:
    """Files in the open room, one of each kind of standing."""

    async def play(stage: Sam) -> None:
        await general(stage)
        downloads = Path.home() / "Downloads"
        for number, (name, mime, size, who, part) in enumerate(rows, 41):
            info = FileInfo(name, size, mime, f"f{number}")
            event = RoomEvent(
                "general", f"general{number}", number, EventKind.FILE, who or ME, NOW - 90_000, "", file=info
            )
            await stage.news(Arrived("general", (event,)))
            if who:
                await stage.news(FileOffered("general", event.event_id, who, info))
                made = stage.session.files.all()[-1]
            else:
                made = Transfer(number, Direction.OUT, "general", name, size, mime=mime)
            direction = Direction.IN if who else Direction.OUT
            made = replace(made, direction=direction, event_id=event.event_id, size=size, mime=mime, digest="0" * 64)
            await _put(stage, replace(made, path=str(downloads / name), **part))
        await stage.settle()
        await stage.comes(lambda: not stage.session.rooms["general"].unread)
        await stage.settle()
        stage.app.clear_notifications()

    return play


async def _put(stage: Sam, transfer: Transfer) -> None:
    """Have a transfer stand like this; no server is there that would let it move."""
    await stage.session.store.write(save_transfer, transfer)
    stage.session.files.bytes.open[transfer.id] = transfer
    stage.session.files.bytes._ordered.add(transfer.id)
    stage.main.cards.paces[transfer.id] = _Steady()
    stage.main.feed.push(TransferMoved(transfer))


async def _pictures(stage: Sam) -> None:
    """A picture that came, and one of Sam's own."""
    await general(stage)
    album = await asyncio.to_thread(_album, Path.home())
    for number, who in ((41, "mei"), (42, ME)):
        path = album / f"autumn_{number - 40:02}.png"
        size = path.stat().st_size
        file = FileInfo(path.name, size, "image/png", f"f{number}")
        event = RoomEvent("general", f"general{number}", number, EventKind.FILE, who, NOW - 90_000, "", file=file)
        way = Direction.OUT if who == ME else Direction.IN
        made = Transfer(
            number, way, "general", path.name, size, mime="image/png", path=str(path), event_id=event.event_id
        )
        await _put(stage, replace(made, state=State.COMPLETE, done=size))
        await stage.news(Arrived("general", (event,)))
    await stage.comes(lambda: len(stage.main.cards.pictures._shelf) == 2)
    stage.app.clear_notifications()


def _picking(make: Callable[[Path], Path], shown: str, then: str, *keys: str) -> Callable[[Sam], Awaitable[None]]:
    """The dialog, open on a folder below the home folder; keys after `shown`, and what is seen then."""

    async def play(stage: Sam) -> None:
        await general(stage)
        stage.main.start(send_files(stage.main.desk, await asyncio.to_thread(make, Path.home())))
        await stage.until_shown(shown)
        for key in keys:
            await stage.pilot.press(key)
            await stage.settle()
        await stage.until_shown(then)

    return play


def _album(home: Path) -> Path:
    """A folder of pictures and texts, as somebody might have one."""
    album = home / "Pictures" / "autumn"
    for name in ("Pictures/autumn/raw", "Documents", "Downloads", "notes"):
        (home / name).mkdir(parents=True)
    picture = Image.new("RGB", (96, 64), (96, 62, 92))
    picture.paste((255, 226, 150), (56, 16, 72, 32))
    picture.paste((34, 28, 50), (0, 48, 96, 64))
    for number in range(1, 13):
        picture.save(album / f"autumn_{number:02}.png", compress_level=0)
    (album / "captions.md").write_text("# Autumn\n\nThe hill behind the house, at five.\n" * 9, encoding="utf-8")
    (album / "autumn.zip").write_bytes(bytes(48_210))
    return _dated(album)


def _dated(folder: Path) -> Path:
    for number, path in enumerate(sorted(folder.iterdir())):
        os.utime(path, (NOW / 1000 - 9_000_000 - 6_000 * number,) * 2)
    return folder


def _empty(home: Path) -> Path:
    (home / "empty").mkdir()
    return home / "empty"


def _long_entries(home: Path) -> Path:
    folder = home / f"{long('folder')[:150]}-the-end"
    folder.mkdir()
    for what in ("file", "film", "text"):
        (folder / f"{long(what)[:200]}-the-end.txt").write_text("a line\n" * 40, encoding="utf-8")
    return _dated(folder)


async def _saving(stage: Sam) -> None:
    """A folder is chosen."""
    await general(stage)
    await asyncio.to_thread(_album, Path.home())
    _dated(Path.home())
    stage.app.push_screen(PickerScreen(stage.session, saves="release-notes.pdf", start=Path.home()))
    await stage.until_shown("Documents")


def _files(
    name: str, about: str, screen: str, play: Callable[[Sam], Awaitable[None]], *shows: str, listed: bool = False
) -> Scene:
    return Scene(name, about, screen, by_sam(play), shows, listed=listed)


PICKER, TRANSFERS = "PickerScreen", "TransfersScreen"
SCENES: Final = (
    _files("files", "Files in a room", "MainScreen", _moving(FILES), "demo.mp4", listed=True),
    _files("pictures", "Pictures in a room", "MainScreen", _pictures, "autumn_02.png", "▀▀▀▀", listed=True),
    _files("files-long", "Files with very long names", "MainScreen", _moving(LONG)),
    _files("transfers", "Files on their way", TRANSFERS, then(_moving(FILES), "f3"), "autumn.zip", listed=True),
    _files("transfers-empty", "No files yet", TRANSFERS, then(general, "f3"), "No files yet."),
    _files("transfers-long", "Files on their way, with very long names", TRANSFERS, then(_moving(LONG), "f3")),
    _files(
        "picker",
        "Files are chosen",
        PICKER,
        _picking(_album, "autumn_02.png", "The hill", "down", "down", "tab", "tab", *["pagedown"] * 3),
        "captions.md",
        listed=True,
    ),
    _files(
        "picker-picture",
        "Files are chosen: a picture",
        PICKER,
        _picking(_album, "autumn_02.png", "96 × 64", "down", "down"),
        "Esc close",
    ),
    _files(
        "picker-typed",
        "Files are chosen: nothing fits",
        PICKER,
        _picking(_album, "autumn_02.png", "Nothing fits.", *"qqq"),
        "Nothing fits.",
        "Esc close",
    ),
    _files(
        "picker-empty",
        "An empty folder",
        PICKER,
        _picking(_empty, "~/empty", "The folder is empty."),
        "The folder is empty.",
        "Esc close",
    ),
    _files(
        "picker-long",
        "Files are chosen: very long names",
        PICKER,
        _picking(_long_entries, "280 B", "a line"),
        "Esc close",
    ),
    _files("picker-saves", "A folder is chosen to save to", PICKER, _saving, "Save it here", "Esc close"),
)
