"""What the screenshots of files show: files on their way, and a folder of pictures to choose from."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFilter

from chat_tui.screens.file_work import send_files
from chat_tui.transfer_words import Pace
from chat_tui_core.file_news import FileOffered
from chat_tui_core.model import EventKind, FileInfo, RoomEvent
from chat_tui_core.news import Arrived
from chat_tui_core.session_changes import TransferMoved
from chat_tui_core.store.transfers import save_transfer
from chat_tui_core.transfers import Direction, Recipient, State, Transfer
from tests.tui.stage import Stage

DAY: Final = 1_794_816_000
"""A Monday, in seconds since 1970."""
FILES: Final[tuple[tuple[str, str, int, str, Mapping[str, Any]], ...]] = (
    ("autumn.zip", "application/zip", 48_210_000, "mei", {"state": State.CONNECTED, "done": 30_120_000}),
    ("release-notes.pdf", "application/pdf", 184_200, "ada", {"state": State.COMPLETE, "done": 184_200}),
    ("build-log.txt", "text/plain", 2_411_000, "bruno", {"state": State.NEW}),
    (
        "demo.mp4",
        "video/mp4",
        96_400_000,
        "",
        {
            "state": State.CONNECTED,
            "done": 71_300_000,
            "recipients": (
                Recipient("1", "ada", State.COMPLETE, 96_400_000),
                Recipient("2", "hana", State.COMPLETE, 96_400_000),
                Recipient("3", "ivo", State.CONNECTED, 9_000_000),
            ),
        },
    ),
)
"""Name, type, size, who sends it ("" = the person), how it stands."""


class _Steady(Pace):
    """Always the same pace: a picture must be the same whenever it is made."""

    def rate(self, now: float) -> float:
        """Bytes a second."""
        return 2_140_000.0


async def moving(stage: Stage, me: str) -> None:
    """Have files on their way in the open room, one of each kind of standing."""
    os.environ["HOME"] = str(stage.folder)
    downloads = stage.folder / "Downloads"
    downloads.mkdir()
    for number, (name, mime, size, who, part) in enumerate(FILES, 41):
        info = FileInfo(name, size, mime, f"f{number}")
        said = stage.clock - 90_000
        event = RoomEvent("general", f"general{number}", number, EventKind.FILE, who or me, said, "", file=info)
        if who:
            await stage.news(Arrived("general", (event,)), FileOffered("general", event.event_id, who, info))
            made = stage.session.files.all()[-1]
        else:
            await stage.news(Arrived("general", (event,)))
            (stage.folder / name).touch()
            made = await stage.session.files.offer("general", stage.folder / name)
            await stage.settle()
        direction = Direction.IN if who else Direction.OUT
        made = replace(made, direction=direction, event_id=event.event_id, size=size, mime=mime, digest="0" * 64)
        await _put(stage, replace(made, path=str(downloads / name), **part))
    await stage.settle()


async def _put(stage: Stage, transfer: Transfer) -> None:
    """Have a transfer stand like this; no server is there that would let it move."""
    await stage.session.store.write(save_transfer, transfer)
    stage.session.files.bytes.open[transfer.id] = transfer
    stage.session.files.bytes._ordered.add(transfer.id)  # noqa: SLF001
    stage.main.cards.paces[transfer.id] = _Steady()
    stage.main.feed.push(TransferMoved(transfer))


async def picking(stage: Stage) -> None:
    """Have the dialog open on a folder of pictures, two of them marked."""
    stage.main.start(send_files(stage.main.desk, await asyncio.to_thread(_album, stage.folder / "home")))
    await stage.pilot.pause(0.5)
    await stage.pilot.press("down", "down", "tab", "tab", "down")
    await stage.pilot.pause(0.8)


async def pictured(stage: Stage) -> None:
    """Have two pictures in the open room: a photograph that came, and a drawing of the person's own."""
    album = await asyncio.to_thread(_album, stage.folder / "home")
    drawing = await asyncio.to_thread(_drawing, album / "plan.png")
    photo = album / "autumn_03.jpg"
    for number, path, who, mime in ((41, photo, "mei", "image/jpeg"), (42, drawing, "sam", "image/png")):
        size = path.stat().st_size
        info = FileInfo(path.name, size, mime, f"f{number}")
        said = stage.clock - (240 - number) * 1_000
        event = RoomEvent("general", f"general{number}", number, EventKind.FILE, who, said, "", file=info)
        own = who == "sam"
        way, state = Direction.OUT if own else Direction.IN, State.COMPLETE
        done = Transfer(number, way, "general", path.name, size, mime=mime, path=str(path), event_id=event.event_id)
        recipients = tuple(Recipient(name, name, State.COMPLETE, size) for name in ("ada", "mei")) if own else ()
        await _put(stage, replace(done, state=state, done=size, recipients=recipients))
        await stage.news(Arrived("general", (event,)))
    shelf = stage.main.cards.pictures._shelf  # noqa: SLF001
    async with asyncio.timeout(30):
        while len(shelf) < 2:
            await stage.settle()
            await stage.pilot.pause(0.05)


def _drawing(path: Path) -> Path:
    """A plan of a garden, as somebody might draw one."""
    picture = Image.new("RGB", (640, 360), (250, 248, 240))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((30, 30, 610, 330), outline=(90, 80, 70), width=8)
    for bed, colour in enumerate(((196, 70, 60), (230, 160, 50), (90, 150, 80))):
        draw.rectangle((80 + 170 * bed, 80, 200 + 170 * bed, 200), fill=colour)
    draw.ellipse((420, 225, 560, 305), fill=(110, 160, 210))
    draw.line((80, 265, 380, 265), fill=(150, 130, 110), width=18)
    picture.save(path)
    return path


def _album(folder: Path) -> Path:
    """A folder of pictures and texts, as somebody might have one."""
    os.environ["HOME"] = str(folder)
    album = folder / "Pictures" / "autumn"
    for name in ("Pictures/autumn/raw", "Documents", "Downloads", "notes"):
        (folder / name).mkdir(parents=True)
    picture = Image.new("RGB", (960, 640))
    draw = ImageDraw.Draw(picture)
    for y in range(480):
        share = min(1.0, y / 400)
        draw.line((0, y, 960, y), fill=(int(52 + 200 * share), int(46 + 110 * share), int(110 - 20 * share)))
    draw.ellipse((560, 230, 720, 390), fill=(255, 226, 150))
    for hill, (height, shade) in enumerate(((380, (96, 62, 92)), (440, (62, 44, 74)), (510, (34, 28, 50)))):
        points = [(x, height - 60 * math.sin((x + 260 * hill) / (170 + 40 * hill))) for x in range(0, 981, 20)]
        draw.polygon([(0, 640), *points, (960, 640)], fill=shade)
    picture = picture.filter(ImageFilter.GaussianBlur(1))
    for number in range(1, 13):
        picture.save(album / f"autumn_{number:02}.jpg", quality=60 + 3 * number)
    (album / "captions.md").write_text("# Autumn\n\nThe hill behind the house, at five.\n", encoding="utf-8")
    (album / "autumn.zip").write_bytes(bytes(48_210))
    for number, path in enumerate(sorted(album.iterdir())):
        os.utime(path, (DAY - 6_000 * number,) * 2)
    return album
